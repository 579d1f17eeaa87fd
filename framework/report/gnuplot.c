/* gnuplot.c: running gnuplot, without a shell and without the user's own settings. */
#include "report/figure.h"

#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* This process's environment, but for the locale: numbers in scripts and data have points. The list
 * is the caller's; NULL when memory is out. */
static char **plain_environment(void)
{
    static const char locale[] = "LC_ALL=C";
    size_t count = 0, kept = 0;
    while (environ != NULL && environ[count] != NULL)
        count++;
    char **list = malloc((count + 2) * sizeof *list);
    if (list == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], "LC_ALL=", 7) != 0)
            list[kept++] = environ[i];
    }
    list[kept++] = (char *)(uintptr_t)locale; /* which is not written to */
    list[kept] = NULL;
    return list;
}

/* Starts gnuplot in `dir` with both of its outputs going to `output`. */
static int start(const char *dir, const char *script, int output, pid_t *pid)
{
    char program[] = "gnuplot", plain[] = "-d", file[128];
    (void)snprintf(file, sizeof file, "%s", script);
    char *arguments[] = {program, plain, file, NULL};
    posix_spawn_file_actions_t actions;
    int reason = posix_spawn_file_actions_init(&actions);
    if (reason != 0)
        return reason;
    char **environment = plain_environment();
    if (environment == NULL)
        reason = ENOMEM;
    if (reason == 0)
        reason = posix_spawn_file_actions_addchdir_np(&actions, dir);
    if (reason == 0)
        reason = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (reason == 0)
        reason = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (reason == 0)
        reason = posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    if (reason == 0)
        reason = posix_spawnp(pid, program, &actions, NULL, arguments, environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    free(environment);
    return reason;
}

/* Reads all of it, keeping the end as a text. */
static void drain(int from, char *text, size_t size)
{
    size_t used = 0;
    char buffer[256];
    for (;;) {
        ssize_t got = read(from, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        size_t more = (size_t)got, most = size - 1;
        if (used + more > most) {
            size_t drop = used + more - most;
            memmove(text, text + drop, used - drop);
            used -= drop;
        }
        memcpy(text + used, buffer, more);
        used += more;
    }
    text[used] = '\0';
}

/* The last line that says something: gnuplot shows the command, points at a place, and then says
 * what is wrong. */
static const char *last_line(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && strchr(" \r\n", text[length - 1]) != NULL)
        text[--length] = '\0';
    const char *end = strrchr(text, '\n');
    return end != NULL ? end + 1 : text;
}

static cop_status wait_for(pid_t pid, char *said, const char *script, cop_error *err)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return cop_fail(err, COP_FAILED, "lost gnuplot: %s", strerror(errno));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return COP_OK;
    char line[512];
    return cop_fail(err, COP_FAILED, "gnuplot could not draw %s: %s", script,
                    cop_escape(last_line(said), line, sizeof line));
}

cop_status cop_gnuplot(const char *dir, const char *name, cop_error *err)
{
    char script[128], said[2048];
    int ends[2];
    pid_t pid = 0;
    (void)snprintf(script, sizeof script, "%s.gp", name);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return cop_fail(err, COP_FAILED, "cannot run gnuplot: %s", strerror(errno));
    int reason = start(dir, script, ends[1], &pid);
    (void)close(ends[1]);
    if (reason != 0) {
        (void)close(ends[0]);
        return cop_fail(err, reason == ENOENT ? COP_UNAVAILABLE : COP_FAILED,
                        "cannot run gnuplot: %s", strerror(reason));
    }
    drain(ends[0], said, sizeof said);
    (void)close(ends[0]);
    return wait_for(pid, said, script, err);
}
