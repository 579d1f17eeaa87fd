/* judge.h: one call of an analyzer's judge (work.h: cop_work_ops.judge). */
#ifndef COP_STUDY_RUNNING_JUDGE_H
#define COP_STUDY_RUNNING_JUDGE_H

#include <coppice/work.h>

/* One call of a judge, guarded, and the check that its verdicts fit; the caller's. `what` names the
 * analyzer in messages. Any failure but of memory is the judge's: COP_FAILED. */
cop_status cop_judge_tables(const char *what, const cop_work_ops *ops, const void *options,
                            const cop_tables *tables, const cop_tables *dense, cop_tables **out,
                            cop_error *err);

#endif
