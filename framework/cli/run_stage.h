/* run_stage.h: `coppice run DIR --stage ID`. */
#ifndef COP_CLI_RUN_STAGE_H
#define COP_CLI_RUN_STAGE_H

#include "cli/command.h"

/* Runs one stage of a study that a run has laid out, from what is written down in its directory
 * alone; the words and options are the call's. */
cop_status cop_call_run_stage(const cop_call *call, cop_error *err);

#endif
