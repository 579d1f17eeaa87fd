/* threads.h: can this process compute with so many threads? */
#ifndef COP_EXEC_PROGRAM_THREADS_H
#define COP_EXEC_PROGRAM_THREADS_H

#include <coppice/log.h>
#include <coppice/status.h>

/* A child process that waits to compute on trial. It is made before plugins are opened, since one
 * of them may start a thread, and before it is known how many threads are wanted. */
typedef struct cop_trial cop_trial;

/* Forks: where this process has threads already, a child of it could not compute, and is not made;
 * NULL then, or where there can be no child. It dies with this process. Owned by the caller.
 * [main thread] */
cop_trial *cop_trial_new(void);
void cop_trial_free(cop_trial *trial);

/* Tries `threads` threads before any work. OpenBLAS waits for ever for threads that OpenMP does not
 * give, and for memory that an address limit does not; so a child process is to compute first, and
 * has so long: that of `trial`, or one made now where that is NULL or was used before.
 * COP_UNAVAILABLE, naming what stands in the way, where it cannot. Fewer processors than threads
 * are a warning. Then this process makes the same threads and memory its own. [main thread] */
cop_status cop_threads_check(cop_trial *trial, int threads, cop_logger *log, cop_error *err);

#endif
