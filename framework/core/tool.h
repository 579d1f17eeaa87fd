/* tool.h: asking a program of the machine something, such as a scheduler's commands. */
#ifndef COP_CORE_TOOL_H
#define COP_CORE_TOOL_H

#include <coppice/status.h>

/* Looks for a program in the absolute directories of PATH: what a relative one names depends on
 * where somebody stands. False where there is none. */
bool cop_tool_find(const char *name, char *path, size_t size);

/* What a program answered. */
typedef struct cop_tool_answer {
    int status;  /* its exit status; -1 where a signal or its time ended it */
    char *said;  /* on standard output */
    char *words; /* on standard error */
} cop_tool_answer;

/* Runs the program argv[0], a path, without a shell and with nothing to read, and takes what it
 * says. After so many seconds it is ended. COP_FAILED where it cannot be started. Clear the answer
 * whatever the status. */
cop_status cop_tool_run(const char *const *argv, double seconds, cop_tool_answer *out,
                        cop_error *err);
void cop_tool_clear(cop_tool_answer *answer);

/* What a program said on standard error, on one line that is fit for a message; where it said
 * nothing, how it ended. Returns `text`. */
const char *cop_tool_complaint(const cop_tool_answer *answer, char *text, size_t size);

#endif
