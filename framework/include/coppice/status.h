/* status.h: how every fallible call of the API answers.
 *
 * A call returns a cop_status and, where it is not COP_OK, has filled the caller's cop_error with
 * one line for a person: what was wrong, with the offending value, and where. */
#ifndef COPPICE_STATUS_H
#define COPPICE_STATUS_H

#include <coppice/base.h>

COP_BEGIN

typedef enum cop_status {
    COP_OK = 0,
    COP_UNAVAILABLE = 1, /* not possible here (this CPU, this build); the message says why */
    COP_INVALID = 2,  /* the user's input is wrong: config, option, command line; exit status 2 */
    COP_FAILED = 3,   /* it was right but did not work: file, memory, numbers; exit status 1 */
    COP_CANCELLED = 4 /* asked to stop (Ctrl-C); state is saved; exit status 130 */
} cop_status;

/* The first failure on the way up. Zero-initialise it; the callee fills it, the caller prints it.
 */
typedef struct cop_error {
    cop_status status;
    int line;          /* line of `file`, 0 where there is none */
    char file[256];    /* config or data file the message is about; empty where there is none */
    char message[768]; /* one line, no trailing newline */
} cop_error;

/* Fills *err (which may be NULL) and returns `status`, so that a failing function ends with
 * `return cop_fail(err, COP_FAILED, "…", …);`. [any thread] */
COP_API cop_status cop_fail(cop_error *err, cop_status status, const char *format, ...)
    COP_PRINTF(3, 4);

/* As cop_fail, with the place in a user's file. `line` 0 means the file as a whole. */
COP_API cop_status cop_fail_at(cop_error *err, cop_status status, const char *file, int line,
                               const char *format, ...) COP_PRINTF(5, 6);

/* Puts "prefix: " before the message already in *err, and returns err->status. */
COP_API cop_status cop_fail_within(cop_error *err, const char *format, ...) COP_PRINTF(2, 3);

/* Leaves the calling function with the status of a call that did not succeed. */
#define COP_TRY(call)                                                                              \
    do {                                                                                           \
        cop_status cop_try_status = (call);                                                        \
        if (cop_try_status != COP_OK)                                                              \
            return cop_try_status;                                                                 \
    } while (0)

COP_END

#endif
