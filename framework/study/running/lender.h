/* lender.h: what a running work borrows of earlier stages: read when it is asked for, and kept
 * while there is room, so that a hundred trainings with fifty snapshots each need not fit the
 * memory. */
#ifndef COP_STUDY_RUNNING_LENDER_H
#define COP_STUDY_RUNNING_LENDER_H

#include "study/running/runner.h"
#include "study/running/work.h"

typedef struct cop_lender cop_lender;

/* For the work of this stage. Of what is not borrowed at the time, at most `budget` bytes of
 * tensors stay. Owned by the caller; runner and stage outlive it. */
cop_status cop_lender_new(cop_runner *r, const cop_stage *stage, size_t budget, cop_lender **out,
                          cop_error *err);
void cop_lender_free(cop_lender *l);

/* What to fill a work's `source` with. */
cop_work_source cop_lender_source(cop_lender *l);

/* The mask so far, until the lender is freed. */
cop_status cop_lender_mask(cop_lender *l, const cop_tensors **out, cop_error *err);

#endif
