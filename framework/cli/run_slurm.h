/* run_slurm.h: `coppice run CONFIG --slurm`. */
#ifndef COP_CLI_RUN_SLURM_H
#define COP_CLI_RUN_SLURM_H

#include "cli/command.h"
#include "study/study.h"

/* Whether what the call says of Slurm can be done, before anything else is: without --slurm, that
 * nothing is said of it. */
cop_status cop_call_check_slurm(const cop_call *call, cop_error *err);

/* Writes the study down in its folder `record`, submits `jobs` workers and the last job, and says
 * so. COP_FAILED, and nothing done, where jobs that were submitted for it earlier are still there.
 * *submitted is false where nothing was left to compute. */
cop_status cop_call_submit(const cop_call *call, cop_study *study, cop_store *store,
                           const cop_config *config, const char *record, size_t jobs,
                           bool *submitted, cop_error *err);

#endif
