/* run.h: running a study and reporting on it. */
#ifndef COP_CLI_RUN_H
#define COP_CLI_RUN_H

#include "cli/command.h"

/* Runs what the study still lacks, in the call's --out or the place that its name gives, then
 * reports, as `coppice run` does. */
cop_status cop_call_run_study(const cop_call *call, const cop_config *config, cop_error *err);

#endif
