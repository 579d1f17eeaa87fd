/* command.h: the real command as a process of its own, with what it says in the files `out` and
 * `err` of a directory. */
#ifndef COP_TEST_COMMAND_H
#define COP_TEST_COMMAND_H

#include "support.h"

#include <sys/types.h>

#define COMMAND    COPPICE_TEST_BUILD_DIR "/coppice"
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* How a program is started; zeros: `coppice`, as the test itself is. */
typedef struct command_way {
    const char *program;              /* NULL: COMMAND */
    const char *const *environment;   /* more of it: NAME=value, NULL-terminated; or NULL */
    void (*prepare)(const void *own); /* called in the child, which it may end; or NULL */
    const void *own;                  /* of prepare */
} command_way;

/* Starts it with these words, NULL-terminated, after the program's name. */
pid_t start_program(const char *dir, const command_way *way, const char *const *words);
pid_t start_command(const char *dir, const char *const *words);

/* Waits for the end and gives waitpid's status; a process that hangs is ended after five minutes. */
int wait_for_end(pid_t pid);

/* Waits for the end, and fails with what it said unless it exits with that status. */
void assert_ends(const char *dir, pid_t pid, int wanted);

/* The text of a file of the directory; the caller's. */
char *read_text(const char *dir, const char *file);

void write_text(const char *dir, const char *file, const char *text);

/* Fails unless the file has (lacks) that part. */
void assert_contains(const char *dir, const char *file, const char *part);
void assert_lacks(const char *dir, const char *file, const char *part);

#endif
