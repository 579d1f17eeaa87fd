/* analyzer.h (implemented in study/running/work.c): the analyzer kind: (ticket, its trained copies,
 * data) → tables, and tensors.
 *
 * An analyzer implements cop_work_ops (work.h); finish fills cop_work_tables, and with what is a
 * number for each weight cop_work_result_tensors; what is no result but an opinion on results
 * (stable, matching) is said by judge. */
#ifndef COPPICE_ANALYZER_H
#define COPPICE_ANALYZER_H

#include <coppice/objective.h>
#include <coppice/table.h>
#include <coppice/work.h>

#define COP_ANALYZER_INTERFACE 2

COP_BEGIN

/* The usual objective of an analysis (objective.h): of the ticket's model in evaluation mode, over
 * the first `count` of these samples (0, or more than there are: all), `batch` at a time, on the
 * work's threads. Owned by the caller; the samples outlive it. */
COP_API cop_status cop_work_objective(const cop_work *w, const cop_samples *data, int64_t count,
                                      int64_t batch, cop_objective **out, cop_error *err);

COP_END

#endif
