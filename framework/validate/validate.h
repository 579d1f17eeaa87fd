/* validate.h (implemented in validate.c): does a plugin keep the contract? One file is opened in a
 * child process and put through the checks of its kind, so that a crash, an exit or a hang is a
 * finding as any other. */
#ifndef COP_VALIDATE_VALIDATE_H
#define COP_VALIDATE_VALIDATE_H

#include <coppice/log.h>
#include <coppice/status.h>

#include <stdio.h>

typedef struct cop_validate_spec {
    const char *path;        /* of the shared object */
    const char *const *sets; /* "NAME=VALUE": options other than the defaults */
    size_t set_count;        /* of `sets` */
    const char *const *dirs; /* where models may be found, searched first */
    size_t dir_count;        /* of `dirs` */
    int seconds;             /* that one check may take */
    bool json;               /* one object, else a line a check */
    FILE *out;               /* where the answers are printed */
    cop_logger *log;         /* NULL is silent */
} cop_validate_spec;

/* Prints every check, and *findings becomes how many failed. COP_INVALID for a file that is not
 * there or an option that does not exist, COP_FAILED where the machine fails. Forks: call it before
 * OpenMP is used. [main thread] */
cop_status cop_validate(const cop_validate_spec *spec, size_t *findings, cop_error *err);

#endif
