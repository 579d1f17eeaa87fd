/* workers.h: worker processes that pull the stages of a study (pull.h), started and watched by the
 * run that laid it out, or by another worker. A worker is a program of its own, exec'd, which lays
 * out the study anew from the output directory and is told nothing but that directory; what it says
 * is in words.h. */
#ifndef COP_STUDY_EXECUTORS_WORKERS_H
#define COP_STUDY_EXECUTORS_WORKERS_H

#include "study/executors/pull.h"

/* What is told of the way; both may be NULL. */
typedef struct cop_workers_tell {
    /* A worker has begun, or ended, a stage. */
    void (*begun)(void *own, const cop_stage *stage);
    cop_status (*ended)(void *own, const cop_stage *stage, cop_error *err);
    void *own;
} cop_workers_tell;

/* Starts as many workers as the study's choice says, by its command, and returns when all have
 * ended. A worker that dies costs the stage that it was at, whose failure is kept as that of a lost
 * process, and is replaced; so does one that is at a stage for longer than the limit: it is asked
 * to save and end, and killed where it does not. What workers say is said on the log with their
 * number in front; how far each is stands below that on a terminal, elsewhere a line says it now
 * and then.
 *
 * COP_CANCELLED where *r->stop was raised, or a budget is used up, which then stands in `budget`
 * (else empty): each has saved its state. COP_FAILED where a worker ends otherwise than by a stage,
 * with its last words. */
cop_status cop_run_workers(cop_runner *r, const cop_workers_tell *tell, char *budget, size_t size,
                           cop_error *err);

#endif
