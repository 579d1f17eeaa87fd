/* work.h (implemented in cli/): what `coppice work` does beside computing. */
#ifndef COP_CLI_WORK_H
#define COP_CLI_WORK_H

#include "cli/command.h"
#include "store/movement.h"

/* work_requeue.c: --requeue: the time limit of the job that this process is in is near, and its
 * workers have saved. Has Slurm put it back into the queue, where something came of its time since
 * `before`. Never COP_OK. */
cop_status cop_call_requeue(const cop_call *call, const char *dir, const cop_movement *before,
                            cop_error *err);

/* work_finish.c: --finish: computes nothing, judges and reports what is there. */
cop_status cop_call_work_finish(const cop_call *call, cop_error *err);

#endif
