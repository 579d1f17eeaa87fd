/* threads.c: can this process compute with so many threads? A child process finds out. */
#include "exec/program/threads.h"

#include "core/child.h"
#include "core/openmp.h"

#include <cblas.h>
#include <dnnl.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

struct cop_trial {
    pid_t child; /* 0: it has ended */
    int ask;     /* where it reads how many threads */
    int end;     /* closed by its end */
};

/* How a trial ended; the exit status of the child. */
enum { TRIAL_WORKS = 0, TRIAL_OTHER = 1, TRIAL_FEWER = 40, TRIAL_NO_MEMORY, TRIAL_WRONG };

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

/* The threads that OpenBLAS was built for; it uses no more. */
static int blas_most(void)
{
    static const char name[] = "MAX_THREADS=";
    const char *said = strstr(openblas_get_config(), name);
    int most = said != NULL ? atoi(said + sizeof name - 1) : 0;
    return most > 0 ? most : INT_MAX;
}

/* Whether there is room for OpenBLAS's buffers: it has one for every processor that it saw when it
 * was loaded, and maps the others when it first computes. */
static bool has_room(int threads)
{
    int loaded = openblas_get_num_threads(), most = blas_most();
    int used = threads < most ? threads : most;
    size_t more = (size_t)(used > loaded ? used - loaded : 0) + 1;
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

/* Waits to be told for how many threads, and tries them. A signal to all of a terminal's processes
 * is the parent's to hear; this one ends with it in any case. */
static _Noreturn void run_child(int ask, pid_t parent)
{
    int threads = 0;
    ssize_t got;
    cop_child_begin(parent);
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    while ((got = read(ask, &threads, sizeof threads)) < 0 && errno == EINTR)
        ;
    if (got != (ssize_t)sizeof threads)
        _exit(TRIAL_OTHER); /* there is nothing to try */
    _exit(has_room(threads) ? use_threads(threads) : TRIAL_NO_MEMORY);
}

static void close_both(const int ends[2])
{
    (void)close(ends[0]);
    (void)close(ends[1]);
}

cop_trial *cop_trial_new(void)
{
    int ask[2], end[2];
    cop_trial *t = cop_has_threads() ? NULL : malloc(sizeof *t);
    if (t == NULL || cop_pipe(ask) != 0) {
        free(t);
        return NULL;
    }
    if (cop_pipe(end) != 0) {
        close_both(ask);
        free(t);
        return NULL;
    }
    (void)fflush(NULL);
    pid_t parent = getpid();
    *t = (cop_trial){.child = fork(), .ask = ask[1], .end = end[0]};
    if (t->child == 0) {
        (void)close(ask[1]); /* or it would wait for itself */
        (void)close(end[0]);
        run_child(ask[0], parent);
    }
    (void)close(ask[0]);
    (void)close(end[1]);
    if (t->child > 0)
        return t;
    (void)close(ask[1]);
    (void)close(end[0]);
    free(t);
    return NULL;
}

/* Ends the child, which is at nothing or is late. */
static int end_child(cop_trial *t)
{
    (void)kill(t->child, SIGKILL);
    int status = cop_child_wait(t->child);
    t->child = 0;
    return status;
}

void cop_trial_free(cop_trial *t)
{
    if (t == NULL)
        return;
    if (t->child > 0)
        (void)end_child(t);
    (void)close(t->ask);
    (void)close(t->end);
    free(t);
}

/* TRIAL_…, or -1 for a child that is late. A write to one that has died would be a signal; there is
 * none before it has ended, and then it has an end to tell. */
static int try_in_child(cop_trial *t, int threads)
{
    struct pollfd gone = {.fd = t->end, .events = POLLIN};
    if (poll(&gone, 1, 0) == 0 && write(t->ask, &threads, sizeof threads) < 0)
        return TRIAL_OTHER;
    if (!ends_in_time(t->end)) {
        (void)end_child(t);
        return -1;
    }
    int status = cop_child_wait(t->child);
    t->child = 0;
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

static cop_status try_with(cop_trial *trial, int threads, cop_error *err)
{
    COP_TRY(judge(try_in_child(trial, threads), threads, err));
    /* Plugins have taken some room since. */
    return has_room(threads) ? COP_OK : judge(TRIAL_NO_MEMORY, threads, err);
}

cop_status cop_threads_check(cop_trial *trial, int threads, cop_logger *log, cop_error *err)
{
    COP_TRY(check_settings(threads, err));
    bool is_ready = trial != NULL && trial->child > 0;
    cop_trial *own = is_ready ? NULL : cop_trial_new();
    if (is_ready || own != NULL) { /* where no child can be made there is none to find out */
        cop_status status = try_with(is_ready ? trial : own, threads, err);
        cop_trial_free(own);
        COP_TRY(status);
    }
    warn_of_processors(threads, log);
    return judge(use_threads(threads), threads, err);
}
