/* analyzer.h: the analyzer kind: (ticket, its trained copies, data) → tables, and tensors.
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

#endif
