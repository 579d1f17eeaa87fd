/* output.h: a file that the user names for results: written *to*, whatever it is.
 *
 * A file is replaced whole, as everywhere; but what the user names may be a link, whose target is
 * meant, or a device or a pipe, which is written into and stays what it is. */
#ifndef COP_CLI_OUTPUT_H
#define COP_CLI_OUTPUT_H

#include "core/path.h"

#include <coppice/status.h>

typedef struct cop_output {
    const char *named;
    char path[COP_PATH_SIZE]; /* to be written as a file, then given to cop_output_end */
    char dir[64]; /* a temporary one that holds it; "" where it stands in its place. Then `named`
                        may be standard output, and nothing else belongs there. */
} cop_output;

/* Says where to write what goes to `named`, which outlives *out. */
cop_status cop_output_begin(const char *named, cop_output *out, cop_error *err);

/* Brings it to its place, unless `written` is a failure, which is handed on; removes what was
 * temporary. */
cop_status cop_output_end(cop_output *out, cop_status written, cop_error *err);

/* COP_INVALID where the file's name says that it is of a format that is not safetensors. */
cop_status cop_output_check_safetensors(const char *named, cop_error *err);

#endif
