/* threads.h: can this process compute with so many threads? */
#ifndef COP_EXEC_THREADS_H
#define COP_EXEC_THREADS_H

#include <coppice/log.h>
#include <coppice/status.h>

/* Tries `threads` threads before any work. OpenBLAS waits for ever for threads that OpenMP does not
 * give, and for memory that an address limit does not; so a child process is to compute first, and
 * has so long. COP_UNAVAILABLE, naming what stands in the way, where it cannot. Fewer processors
 * than threads are a warning. Then this process makes the same threads and memory its own.
 *
 * Forks: where this process has threads already, a child of it could not compute, and is not made.
 * [main thread] */
cop_status cop_threads_check(int threads, cop_logger *log, cop_error *err);

#endif
