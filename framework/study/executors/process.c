/* process.c: starting a worker process, and what it ended of. */
#include "study/executors/process.h"

#include "core/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child, with all signals blocked: one that came by now would be noted by a handler of the
 * run's, in memory that exec throws away. What is pending comes once they are gone. */
static void drop_handlers(const sigset_t *mask)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction now;
        if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            (void)signal(numbers[i], SIG_DFL);
    }
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
}

/* In the child, between fork and exec: nothing but system calls. */
static void become_worker(const char *const *argv, int said, int log, pid_t parent,
                          const sigset_t *mask)
{
    (void)setpgid(0, 0); /* a terminal's Ctrl-C is for the run, which tells its workers */
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    drop_handlers(mask);
    if (getppid() != parent)
        _exit(1);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (dup2(null, STDIN_FILENO) >= 0 && dup2(said, STDOUT_FILENO) >= 0 &&
        dup2(log, STDERR_FILENO) >= 0)
        (void)execv(argv[0], (char *const *)argv);
    static const char text[] = "coppice: a worker cannot be started\n";
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written;
    _exit(1);
}

static void close_both(const int ends[2])
{
    (void)close(ends[0]);
    (void)close(ends[1]);
}

cop_status cop_process_start(const char *const *argv, cop_process *out, cop_error *err)
{
    int said[2], log[2];
    sigset_t all, before;
    *out = COP_NO_PROCESS;
    if (cop_pipe(said) != 0)
        return cop_fail(err, COP_FAILED, "no pipe for a worker: %s", strerror(errno));
    if (cop_pipe(log) != 0) {
        close_both(said);
        return cop_fail(err, COP_FAILED, "no pipe for a worker: %s", strerror(errno));
    }
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid(), id = fork();
    if (id == 0)
        become_worker(argv, said[1], log[1], parent, &before);
    int error = errno;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (id < 0) {
        close_both(said);
        close_both(log);
        return cop_fail(err, COP_FAILED, "a worker cannot be started: %s", strerror(error));
    }
    (void)close(said[1]);
    (void)close(log[1]);
    *out = (cop_process){.id = id, .said.file = said[0], .log.file = log[0]};
    return COP_OK;
}

void cop_process_describe_end(int status, const char *last, char *text, size_t size)
{
    static const char own[] = "coppice: ";
    const char *abbreviation = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;
    if (strncmp(last, own, sizeof own - 1) == 0)
        last += sizeof own - 1;
    if (WIFSIGNALED(status))
        (void)snprintf(text, size, "SIG%s", abbreviation != NULL ? abbreviation : "?");
    else if (last[0] != '\0')
        (void)snprintf(text, size, "%.800s", last);
    else
        (void)snprintf(text, size, "exit status %d", WEXITSTATUS(status));
}
