/* tool.c: starting a program, and reading both of its outputs to their ends. */
#include "core/tool.h"

#include "core/child.h"
#include "core/clock.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static bool is_program(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

bool cop_tool_find(const char *name, char *path, size_t size)
{
    const char *dirs = getenv("PATH");
    if (dirs == NULL)
        dirs = "/usr/local/bin:/usr/bin:/bin";
    for (;;) {
        size_t length = strcspn(dirs, ":");
        int needed = snprintf(path, size, "%.*s/%s", (int)length, dirs, name);
        if (dirs[0] == '/' && needed > 0 && (size_t)needed < size && is_program(path))
            return true;
        if (dirs[length] == '\0')
            return false;
        dirs += length + 1;
    }
}

/* Signals are as a program expects them: what this process ignores or has blocked is its own. */
static int start(const char *const *argv, int said, int words, pid_t *process)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int reason = posix_spawn_file_actions_init(&actions);
    if (reason != 0)
        return reason;
    reason = posix_spawnattr_init(&attributes);
    if (reason != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return reason;
    }
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &all);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    reason = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (reason == 0)
        reason = posix_spawn_file_actions_adddup2(&actions, said, STDOUT_FILENO);
    if (reason == 0)
        reason = posix_spawn_file_actions_adddup2(&actions, words, STDERR_FILENO);
    if (reason == 0) /* which takes its words as char *, and does not write to them */
        reason = posix_spawn(process, argv[0], &actions, &attributes, (char *const *)argv, environ);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return reason;
}

/* Reads a piece; false at the end. */
static bool read_piece(int from, cop_text *to)
{
    char buffer[4096];
    ssize_t got = read(from, buffer, sizeof buffer);
    if (got > 0)
        cop_text_append_bytes(to, buffer, (size_t)got);
    return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

/* Reads both outputs to their ends; false where the time is over before. */
static bool drain(const int from[2], cop_text to[2], double end)
{
    struct pollfd polls[2] = {{.fd = from[0], .events = POLLIN}, {.fd = from[1], .events = POLLIN}};
    while (polls[0].fd >= 0 || polls[1].fd >= 0) {
        double left = end - cop_now();
        if (left <= 0.0)
            return false;
        if (poll(polls, 2, (int)(1000.0 * left) + 1) < 0 && errno != EINTR)
            return false;
        for (int i = 0; i < 2; i++)
            if (polls[i].fd >= 0 && polls[i].revents != 0 && !read_piece(from[i], &to[i]))
                polls[i].fd = -1;
    }
    return true;
}

static cop_status take(cop_text texts[2], cop_tool_answer *out, cop_error *err)
{
    out->said = cop_text_take(&texts[0]);
    out->words = cop_text_take(&texts[1]);
    return out->said != NULL && out->words != NULL ? COP_OK : cop_out_of_memory(err);
}

static void close_both(const int ends[2])
{
    (void)close(ends[0]);
    (void)close(ends[1]);
}

cop_status cop_tool_run(const char *const *argv, double seconds, cop_tool_answer *out,
                        cop_error *err)
{
    int said[2], words[2];
    cop_text texts[2] = {{0}, {0}};
    pid_t process = 0;
    *out = (cop_tool_answer){.status = -1};
    if (cop_pipe(said) != 0)
        return cop_fail(err, COP_FAILED, "no pipe for %s: %s", argv[0], strerror(errno));
    if (cop_pipe(words) != 0) {
        close_both(said);
        return cop_fail(err, COP_FAILED, "no pipe for %s: %s", argv[0], strerror(errno));
    }
    int reason = start(argv, said[1], words[1], &process);
    (void)close(said[1]);
    (void)close(words[1]);
    const int from[2] = {said[0], words[0]};
    bool is_whole = reason == 0 && drain(from, texts, cop_now() + seconds);
    close_both(from);
    if (reason == 0 && !is_whole)
        (void)kill(process, SIGKILL);
    int status = reason == 0 ? cop_child_wait(process) : 0;
    if (reason == 0 && is_whole && WIFEXITED(status))
        out->status = WEXITSTATUS(status);
    cop_status taken = take(texts, out, err);
    if (reason != 0)
        return cop_fail(err, COP_FAILED, "cannot start %s: %s", argv[0], strerror(reason));
    return taken;
}

void cop_tool_clear(cop_tool_answer *answer)
{
    free(answer->said);
    free(answer->words);
    *answer = (cop_tool_answer){.status = -1};
}

/* The lines of a text, joined; what does not fit is cut. */
static void join_lines(const char *text, char *line, size_t size)
{
    size_t length = 0;
    line[0] = '\0';
    while (*text != '\0' && length + 1 < size) {
        size_t part = strcspn(text, "\r\n");
        if (part > 0) {
            int added = snprintf(line + length, size - length, "%s%.*s", length > 0 ? "; " : "",
                                 (int)(part < size ? part : size), text);
            length += added > 0 ? (size_t)added : 0;
        }
        text += part + (text[part] != '\0');
    }
}

const char *cop_tool_complaint(const cop_tool_answer *answer, char *text, size_t size)
{
    char line[600];
    join_lines(answer->words != NULL ? answer->words : "", line, sizeof line);
    if (line[0] != '\0')
        (void)cop_escape(line, text, size);
    else if (answer->status >= 0)
        (void)snprintf(text, size, "exit status %d", answer->status);
    else
        (void)snprintf(text, size, "it did not answer in time, or was killed");
    return text;
}
