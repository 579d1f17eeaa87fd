/* openmp.h: omp.h, or in a serial build (-DCOPPICE_SERIAL=ON) the little that is used of it. */
#ifndef COP_CORE_OPENMP_H
#define COP_CORE_OPENMP_H

#ifdef _OPENMP
#include <omp.h>
#else

#include <unistd.h>

static inline int omp_get_num_procs(void)
{
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

static inline int omp_get_max_threads(void)
{
    return 1;
}

static inline int omp_get_num_threads(void)
{
    return 1;
}

static inline int omp_get_thread_num(void)
{
    return 0;
}

static inline void omp_set_num_threads(int threads)
{
    (void)threads;
}

#endif

#endif
