/* going_on.h: where a work begins: anew, at its checkpoint, or where a shorter one ended. */
#ifndef COP_STUDY_RUNNING_GOING_ON_H
#define COP_STUDY_RUNNING_GOING_ON_H

#include "store/artifact.h"
#include "study/running/runner.h"

/* The state furthest on its way, the checkpoint of the stage or the kept bag of a shorter work of
 * its course. *out is the caller's (cop_saved_clear); it has no bag where there is none. A kept bag
 * that is damaged is passed over with a warning. */
cop_status cop_going_on_from(cop_runner *r, const cop_stage *stage, cop_saved *out, cop_error *err);

/* How many steps need not be done for the stage, for estimates: those of the longest kept
 * bag of its course, or of a shorter work that the study does before it. `store` may be NULL. */
cop_status cop_steps_kept(const cop_study *s, const cop_store *store, const cop_stage *stage,
                          int64_t *steps, cop_error *err);

#endif
