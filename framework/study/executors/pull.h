/* pull.h: going through the stages of a study, also beside other processes that do the same: each
 * takes what is ready and nobody else has, until nothing is left. */
#ifndef COP_STUDY_EXECUTORS_PULL_H
#define COP_STUDY_EXECUTORS_PULL_H

#include "study/running/runner.h"

/* What is told of the way; each may be NULL. Stages that others compute are not told. */
typedef struct cop_pull_tell {
    /* A stage begins to be computed here. */
    void (*begun)(void *own, const cop_stage *stage);
    /* It has ended: it is published, or stage->failure says why it failed. */
    cop_status (*ended)(void *own, const cop_stage *stage, cop_error *err);
    /* It is neither, and this process goes no further: an interrupt, a full disk, no memory. */
    void (*left)(void *own, const cop_stage *stage);
    void *own;
} cop_pull_tell;

/* Computes what is missing, each stage after its inputs. A stage that fails by itself keeps its
 * reason in stage->failure, as does what depends on it, and in the store (store/failures.h), where
 * others find it; the rest goes on. Returns when every stage is published or has failed: where
 * others still compute some, it waits for them. COP_CANCELLED where *r->stop was raised; any other
 * failure (disk, memory) ends it. */
cop_status cop_pull_stages(cop_runner *r, const cop_pull_tell *tell, cop_error *err);

/* Computes nothing: finds out what is published and what has failed, as stage->failure then says.
 * *left is how many stages that are wanted are neither. */
cop_status cop_settle_stages(cop_runner *r, size_t *left, cop_error *err);

/* Forgets what those stages of the study that are wanted failed of that might not come again, with
 * `all` the others too. Returns how many are kept. */
size_t cop_forget_failures(const cop_runner *r, bool all);

#endif
