/* host.h (implemented in cli/): running Coppice from a program of one's own: what the `coppice`
 * command calls. */
#ifndef COPPICE_HOST_H
#define COPPICE_HOST_H

#include <coppice/base.h>

#include <stdio.h>

COP_BEGIN

/* The command line: argv[1] is the subcommand. Results go to `out`, progress and messages to `err`.
 * Returns the exit status: 0 done, 1 failed, 2 usage or config, 130 interrupted. The calling thread
 * is in the C locale meanwhile, whatever setlocale has set, and has its own again afterwards. */
COP_API int cop_command(int argc, char **argv, FILE *out, FILE *err);

/* "0.1.0" */
COP_API const char *cop_version(void);

COP_END

#endif
