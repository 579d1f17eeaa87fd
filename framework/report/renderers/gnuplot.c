/* gnuplot.c: running gnuplot, without a shell, the user's own cells, or a file that it writes.
 */
#include "report/figures/figure.h"

#include "core/child.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* What a picture's format is called, in file names and in scripts, and how its files begin. */
typedef struct format {
    const char *name, *setting, *beginning;
} format;

static const format formats[] = {
    [COP_PICTURE_SVG] = {"svg", "to_output=1; format='svg'", "<?xml"},
    [COP_PICTURE_PDF] = {"pdf", "to_output=1; format='pdf'", "%PDF-"},
};

/* What gnuplot gave: a picture on its standard output, words on the other one. */
typedef struct answer {
    cop_text picture, words;
} answer;

static bool is_program(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

/* Looks for gnuplot in the absolute directories of PATH: a relative one would be looked up in the
 * directory of the figures, which anybody may have filled. */
static bool find_program(char *path, size_t size)
{
    const char *dirs = getenv("PATH");
    if (dirs == NULL)
        dirs = "/usr/local/bin:/usr/bin:/bin";
    for (;;) {
        size_t length = strcspn(dirs, ":");
        int needed = snprintf(path, size, "%.*s/gnuplot", (int)length, dirs);
        if (dirs[0] == '/' && needed > 0 && (size_t)needed < size && is_program(path))
            return true;
        if (dirs[length] == '\0')
            return false;
        dirs += length + 1;
    }
}

/* Starts gnuplot in `dir`. It draws to its standard output: a name of its own would be written
 * through links, and left behind in part when it is killed. */
static int start(const char *dir, const char *program, const char *script, const format *as,
                 int picture, int words, pid_t *pid)
{
    char path[COP_PATH_SIZE], plain[] = "-d", run[] = "-e", setting[64], file[128];
    (void)snprintf(path, sizeof path, "%s", program);
    (void)snprintf(file, sizeof file, "%s", script);
    (void)snprintf(setting, sizeof setting, "%s", as->setting);
    char *arguments[] = {path, plain, run, setting, file, NULL};
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
        reason = posix_spawn_file_actions_adddup2(&actions, picture, STDOUT_FILENO);
    if (reason == 0)
        reason = posix_spawn_file_actions_adddup2(&actions, words, STDERR_FILENO);
    if (reason == 0)
        reason = posix_spawn(pid, program, &actions, NULL, arguments, environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    free(environment);
    return reason;
}

/* Reads a piece; false at the end. */
static bool read_piece(int from, cop_text *to)
{
    char buffer[16384];
    ssize_t got = read(from, buffer, sizeof buffer);
    if (got > 0)
        cop_text_append_bytes(to, buffer, (size_t)got);
    return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

/* Reads both outputs to their ends. */
static void drain(int picture, int words, answer *a)
{
    struct pollfd from[2] = {{.fd = picture, .events = POLLIN}, {.fd = words, .events = POLLIN}};
    cop_text *to[2] = {&a->picture, &a->words};
    while (from[0].fd >= 0 || from[1].fd >= 0) {
        if (poll(from, 2, -1) < 0) {
            if (errno == EINTR)
                continue;
            return;
        }
        for (int i = 0; i < 2; i++) {
            if (from[i].fd >= 0 && from[i].revents != 0 && !read_piece(from[i].fd, to[i]))
                from[i].fd = -1;
        }
    }
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

static cop_status wait_for(pid_t pid, const answer *a, const char *script, const format *as,
                           cop_error *err)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return cop_fail(err, COP_FAILED, "lost gnuplot: %s", strerror(errno));
    }
    if (a->picture.failed || a->words.failed)
        return cop_out_of_memory(err);
    size_t length = strlen(as->beginning);
    bool is_picture =
        a->picture.length > length && memcmp(a->picture.data, as->beginning, length) == 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && is_picture)
        return COP_OK;
    char line[512];
    const char *said = a->words.length > 0 ? last_line(a->words.data) : "";
    return cop_fail(err, COP_FAILED, "gnuplot could not draw %s: %s", script,
                    said[0] != '\0' ? cop_escape(said, line, sizeof line) : "it gave no picture");
}

static cop_status cannot_run(int reason, cop_error *err)
{
    return cop_fail(err, COP_FAILED, "cannot run gnuplot: %s", strerror(reason));
}

/* Runs it between two pipes, both open for reading here and for writing there. */
static cop_status run(const char *dir, const char *program, const char *script, const format *as,
                      answer *a, cop_error *err)
{
    int picture[2], words[2];
    pid_t pid = 0;
    if (cop_pipe(picture) != 0)
        return cannot_run(errno, err);
    if (cop_pipe(words) != 0) {
        int reason = errno;
        (void)close(picture[0]);
        (void)close(picture[1]);
        return cannot_run(reason, err);
    }
    int reason = start(dir, program, script, as, picture[1], words[1], &pid);
    (void)close(picture[1]);
    (void)close(words[1]);
    if (reason == 0)
        drain(picture[0], words[0], a);
    (void)close(picture[0]);
    (void)close(words[0]);
    return reason == 0 ? wait_for(pid, a, script, as, err) : cannot_run(reason, err);
}

cop_status cop_gnuplot(const char *dir, const char *name, cop_picture_format format_of,
                       cop_error *err)
{
    const format *as = &formats[format_of];
    char program[COP_PATH_SIZE], script[128], path[COP_PATH_SIZE];
    answer a = {0};
    if (!find_program(program, sizeof program))
        return cop_fail(err, COP_UNAVAILABLE,
                        "there is no gnuplot in the directories of PATH (Debian: gnuplot-nox)");
    (void)snprintf(script, sizeof script, "%s.gp", name);
    COP_TRY(cop_path_join(path, sizeof path, err, dir, "%s.%s", name, as->name));
    cop_status status = run(dir, program, script, as, &a, err);
    if (status == COP_OK)
        status = cop_file_write(path, a.picture.data, a.picture.length, err);
    cop_text_free(&a.picture);
    cop_text_free(&a.words);
    return status;
}
