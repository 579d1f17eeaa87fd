#include "command.h"

#include "core/file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_WORDS = 24 };

/* In the child: takes its outputs, its environment and its limits, and becomes the program. */
static _Noreturn void become(const char *dir, const command_way *way, char *const *argv)
{
    char path[4096];
    for (int i = 1; i <= 2; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, i == 1 ? "out" : "err");
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0 || dup2(fd, i) < 0)
            _exit(126);
    }
    for (size_t i = 0; way->environment != NULL && way->environment[i] != NULL; i++) {
        char *line = strdup(way->environment[i]);
        if (line == NULL || putenv(line) != 0)
            _exit(126);
    }
    if (way->prepare != NULL)
        way->prepare(way->own);
    (void)execv(argv[0], argv);
    _exit(127);
}

pid_t start_program(const char *dir, const command_way *way, const char *const *words)
{
    char *argv[MOST_WORDS + 2] = {0};
    int argc = 0;
    argv[argc++] = strdup(way->program != NULL ? way->program : COMMAND);
    for (; words[argc - 1] != NULL; argc++) {
        assert_true(argc <= MOST_WORDS);
        argv[argc] = strdup(words[argc - 1]);
    }
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        become(dir, way, argv);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    return pid;
}

pid_t start_command(const char *dir, const char *const *words)
{
    return start_program(dir, &(command_way){.program = NULL}, words);
}

int wait_for_end(pid_t pid)
{
    const struct timespec moment = {.tv_nsec = 10000000};
    int status = 0;
    for (int i = 0; i < 30000; i++) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return status;
        (void)nanosleep(&moment, NULL);
    }
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, &status, 0);
    return status;
}

void assert_ends(const char *dir, pid_t pid, int wanted)
{
    int status = wait_for_end(pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == wanted)
        return;
    char *said = read_text(dir, "out"), *text = read_text(dir, "err");
    fail_msg("%s %d, wanted exit status %d: %s%s", WIFEXITED(status) ? "exit status" : "signal",
             WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), wanted, said, text);
}

char *read_text(const char *dir, const char *file)
{
    char path[4096], *text = NULL;
    cop_error err = {0};
    (void)snprintf(path, sizeof path, "%s/%s", dir, file);
    assert_ok(cop_file_read(path, 1u << 24, &text, NULL, &err), &err);
    return text;
}

void write_text(const char *dir, const char *file, const char *text)
{
    char path[4096];
    cop_error err = {0};
    (void)snprintf(path, sizeof path, "%s/%s", dir, file);
    assert_ok(cop_file_write(path, text, strlen(text), &err), &err);
}

void assert_contains(const char *dir, const char *file, const char *part)
{
    char *text = read_text(dir, file);
    if (strstr(text, part) == NULL)
        fail_msg("%s lacks \"%s\": %s", file, part, text);
    free(text);
}

void assert_lacks(const char *dir, const char *file, const char *part)
{
    char *text = read_text(dir, file);
    if (strstr(text, part) != NULL)
        fail_msg("%s has \"%s\": %s", file, part, text);
    free(text);
}
