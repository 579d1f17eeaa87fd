/* child.c: child processes that find something out. */
#include "core/child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

bool cop_has_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;
    if (tasks == NULL)
        return true;
    for (const struct dirent *entry; (entry = readdir(tasks)) != NULL;)
        count += entry->d_name[0] != '.';
    (void)closedir(tasks);
    return count > 1;
}

int cop_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        int old = ends[i];
        if (old > STDERR_FILENO)
            continue;
        ends[i] = fcntl(old, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        int error = errno;
        (void)close(old);
        if (ends[i] >= 0)
            continue;
        (void)close(ends[1 - i]);
        errno = error;
        return -1;
    }
    return 0;
}

void cop_child_begin(pid_t parent)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE,  SIGILL, SIGABRT,
                                  SIGTERM, SIGINT, SIGALRM, SIGHUP, SIGPIPE};
    struct rlimit none = {0, 0};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        (void)signal(signals[i], SIG_DFL);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before that */
        _exit(1);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd <= 2 && null >= 0; fd++)
        if (fd != null)
            (void)dup2(null, fd);
}

int cop_child_wait(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return 0;
    return status;
}
