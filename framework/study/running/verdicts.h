/* verdicts.h: what the analyzers' judges say of a study's analyses (work.h: cop_work_ops.judge). */
#ifndef COP_STUDY_RUNNING_VERDICTS_H
#define COP_STUDY_RUNNING_VERDICTS_H

#include "store/artifact.h"
#include "study/graph/record.h"

/* Has every analysis that is there judged: one for each analysis of each ticket, in their order, to
 * be freed with cop_verdicts_free. None is passed on an analysis that is missing or damaged (then
 * the next run computes it again). A judge that fails is no failure here: its verdict has the
 * reason, which names analyzer and ticket. Errors: what cannot be read, memory. */
cop_status cop_judge_study(const cop_study *s, const cop_store *store, cop_verdict **out,
                           cop_error *err);
void cop_verdicts_free(const cop_study *s, cop_verdict *verdicts);

/* The first reason why a judge failed; NULL: none did. */
const char *cop_verdicts_failure(const cop_study *s, const cop_verdict *verdicts);

#endif
