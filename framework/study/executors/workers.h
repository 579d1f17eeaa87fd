/* workers.h: worker processes that pull the stages of a study (pull.h), started and watched by the
 * run that laid it out. A worker is a program of its own, exec'd, which lays out the study anew
 * from the output directory and is told nothing but that directory. */
#ifndef COP_STUDY_EXECUTORS_WORKERS_H
#define COP_STUDY_EXECUTORS_WORKERS_H

#include "study/executors/pull.h"

/* What a worker writes to its standard output, a line each, and the run reads:
 *
 *   begun train-<hash>     it computes that stage from now on
 *   ended train-<hash>     it is published, or its failure is kept
 *   left train-<hash>      neither, and the worker ends: not for the stage's sake
 */
#define COP_WORKER_BEGUN "begun"
#define COP_WORKER_ENDED "ended"
#define COP_WORKER_LEFT  "left"

/* Starts `jobs` workers by the command `argv` (as execv takes it, argv[0] a path) and returns when
 * all have ended. A worker that dies costs the stage that it was at, whose failure is kept as that
 * of a lost process, and is replaced. `ended`, which may be NULL, is called after each stage that
 * one of them ended. What workers say is said on the log with their number in front.
 * COP_CANCELLED where *r->stop was raised: each has saved its state then. COP_FAILED where a worker
 * ends otherwise than by a stage, with its last words. */
typedef cop_status (*cop_worker_ended)(void *own, cop_error *err);
cop_status cop_run_workers(cop_runner *r, size_t jobs, const char *const *argv,
                           cop_worker_ended ended, void *own, cop_error *err);

#endif
