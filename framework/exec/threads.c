/* threads.c: can this process compute with so many threads? A child process finds out. */
#include "exec/threads.h"

#include "core/child.h"
#include "core/openmp.h"

#include <cblas.h>
#include <dnnl.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* For what takes a hundredth of a second. */
#define TRIAL_SECONDS 20

/* OpenBLAS maps a buffer of this size for every thread, and one for the caller. */
#define BLAS_BUFFER ((size_t)128 << 20)

/* A thread's stack. */
#define STACK ((size_t)8 << 20)

/* What a process needs beside that to compute at all: measured. With less, threads do not start, or
 * OpenBLAS waits or crashes. */
#define SLACK ((size_t)80 << 20)

/* How a trial ended; the exit status of the child. */
enum { TRIAL_WORKS = 0, TRIAL_OTHER = 1, TRIAL_FEWER = 40, TRIAL_NO_MEMORY, TRIAL_WRONG };

/* --- what the environment says ---------------------------------------------------------------- */

#ifdef _OPENMP

/* These are known without trying. OMP_DYNAMIC depends on the moment: what is enough now may not be
 * in an hour. */
static cop_status check_settings(int threads, cop_error *err)
{
    if (threads == 1)
        return COP_OK;
    if (omp_get_thread_limit() < threads)
        return cop_fail(err, COP_UNAVAILABLE,
                        "OMP_THREAD_LIMIT allows %d of %d threads: unset it, or choose "
                        "--threads %d (results depend on it)",
                        omp_get_thread_limit(), threads, omp_get_thread_limit());
    if (omp_get_max_active_levels() < 1)
        return cop_fail(err, COP_UNAVAILABLE,
                        "OMP_MAX_ACTIVE_LEVELS=0 allows 1 of %d threads: unset it, or choose "
                        "--threads 1 (results depend on it)",
                        threads);
    if (omp_get_dynamic() != 0)
        return cop_fail(err, COP_UNAVAILABLE,
                        "OMP_DYNAMIC may at any time give fewer than %d threads: unset it, or "
                        "choose --threads 1 (results depend on it)",
                        threads);
    return COP_OK;
}

static void warn_of_processors(int threads, cop_logger *log)
{
    int processors = omp_get_num_procs();
    if (processors < threads)
        cop_say(log, COP_LOG_WARNING,
                "%d threads share %d processor%s, which is slow; --threads %d is as many (results "
                "depend on it)",
                threads, processors, processors == 1 ? "" : "s", processors);
}

#else /* a serial build: OpenBLAS has OpenMP all the same, and the trial tells */

static cop_status check_settings(int threads, cop_error *err)
{
    (void)threads;
    (void)err;
    return COP_OK;
}

static void warn_of_processors(int threads, cop_logger *log)
{
    (void)threads;
    (void)log;
}

#endif

/* --- trying ----------------------------------------------------------------------------------- */

static bool blas_and_onednn_agree(void)
{
    enum { SIZE = 128 }; /* large enough for OpenBLAS to use every thread */
    size_t count = (size_t)SIZE * SIZE;
    float *one = malloc(3 * count * sizeof *one);
    if (one == NULL)
        return false;
    float *by_blas = one + count, *by_onednn = by_blas + count;
    for (size_t i = 0; i < count; i++)
        one[i] = 1.0f;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SIZE, SIZE, SIZE, 1.0f, one, SIZE, one,
                SIZE, 0.0f, by_blas, SIZE);
    bool agree = dnnl_sgemm('N', 'N', SIZE, SIZE, SIZE, 1.0f, one, SIZE, one, SIZE, 0.0f, by_onednn,
                            SIZE) == dnnl_success;
    for (size_t i = 0; agree && i < count; i++)
        agree = by_blas[i] == (float)SIZE && by_onednn[i] == (float)SIZE;
    free(one);
    return agree;
}

/* Uses the threads: counts them, and has OpenBLAS and oneDNN work with them. */
static int use_threads(int threads)
{
    int given = 0, before = omp_get_max_threads();
    omp_set_num_threads(threads);
#pragma omp parallel
    {
#pragma omp single
        given = omp_get_num_threads();
    }
#ifndef _OPENMP
    given = threads; /* our own kernels use one in any case */
#endif
    int end = given < threads ? TRIAL_FEWER : !blas_and_onednn_agree() ? TRIAL_WRONG : TRIAL_WORKS;
    omp_set_num_threads(before);
    return end;
}

/* Whether there is room for OpenBLAS's buffers: it has one for every processor that it saw when it
 * was loaded, and maps the others when it first computes. */
static bool has_room(int threads)
{
    int loaded = openblas_get_num_threads();
    size_t more = (size_t)(threads > loaded ? threads - loaded : 0) + 1;
    size_t size = more * BLAS_BUFFER + (size_t)threads * STACK + SLACK;
    void *room = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        return false;
    (void)munmap(room, size);
    return true;
}

/* Waits until the other end of the pipe is closed, which is when the child ends. */
static bool ends_in_time(int pipe_end)
{
    struct pollfd wait = {.fd = pipe_end, .events = POLLIN};
    int ready;
    while ((ready = poll(&wait, 1, TRIAL_SECONDS * 1000)) < 0 && errno == EINTR)
        ;
    return ready > 0;
}

/* TRIAL_…, -1 for a child that is late, or -2 where there is no child. */
static int try_in_child(int threads)
{
    int ends[2];
    if (cop_pipe(ends) != 0)
        return -2;
    (void)fflush(NULL);
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        cop_child_begin(parent);
        _exit(has_room(threads) ? use_threads(threads) : TRIAL_NO_MEMORY);
    }
    (void)close(ends[1]);
    bool in_time = child > 0 && ends_in_time(ends[0]);
    (void)close(ends[0]);
    if (child < 0)
        return -2;
    if (!in_time)
        (void)kill(child, SIGKILL);
    int status = cop_child_wait(child);
    if (!in_time)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : TRIAL_OTHER;
}

static cop_status judge(int end, int threads, cop_error *err)
{
    const char *less =
        threads > 1 ? ", or choose a smaller --threads N (results depend on it)" : "";
    switch (end) {
    case TRIAL_WORKS:
        return COP_OK;
    case TRIAL_FEWER:
        return cop_fail(err, COP_UNAVAILABLE,
                        "OpenMP gives fewer threads than the %d asked for: look at OMP_* in the "
                        "environment%s",
                        threads, less);
    case TRIAL_NO_MEMORY:
        return cop_fail(
            err, COP_UNAVAILABLE,
            "the address space is limited (ulimit -v) to less than OpenBLAS needs, "
            "which is 128 MiB for each of %d thread%s and some 250 more: raise the limit%s",
            threads, threads == 1 ? "" : "s",
            threads == 1 ? ""
                         : ", or choose a smaller --threads N with OMP_NUM_THREADS=N "
                           "(results depend on it)");
    case TRIAL_WRONG:
        return cop_fail(err, COP_UNAVAILABLE,
                        "a product of matrices on %d threads fails: is memory limited?", threads);
    case -1:
        return cop_fail(err, COP_UNAVAILABLE,
                        "a small product of matrices on %d threads does not end within %d s: does "
                        "something limit threads or memory (ulimit -a)? Lift it%s",
                        threads, TRIAL_SECONDS, less);
    default:
        return cop_fail(err, COP_UNAVAILABLE,
                        "%d threads cannot be started: does something limit processes or memory "
                        "(ulimit -a)? Lift it%s",
                        threads, less);
    }
}

cop_status cop_threads_check(int threads, cop_logger *log, cop_error *err)
{
    COP_TRY(check_settings(threads, err));
    if (!cop_has_threads()) {
        int end = try_in_child(threads);
        if (end != -2) /* where no child can be made there is none to find out */
            COP_TRY(judge(end, threads, err));
    }
    warn_of_processors(threads, log);
    return judge(use_threads(threads), threads, err);
}
