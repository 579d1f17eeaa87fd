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

/* In the child, between fork and exec: nothing but system calls. */
static void become_worker(const char *const *argv, int said, int log, pid_t parent)
{
    (void)setpgid(0, 0); /* a terminal's Ctrl-C is for the run, which tells its workers */
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
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
    *out = COP_NO_PROCESS;
    if (cop_pipe(said) != 0)
        return cop_fail(err, COP_FAILED, "no pipe for a worker: %s", strerror(errno));
    if (cop_pipe(log) != 0) {
        close_both(said);
        return cop_fail(err, COP_FAILED, "no pipe for a worker: %s", strerror(errno));
    }
    pid_t parent = getpid(), id = fork();
    if (id == 0)
        become_worker(argv, said[1], log[1], parent);
    if (id < 0) {
        int error = errno;
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
