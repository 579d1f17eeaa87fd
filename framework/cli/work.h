/* work.h (implemented in cli/): what `coppice work` does beside computing in its own process. */
#ifndef COP_CLI_WORK_H
#define COP_CLI_WORK_H

#include "cli/command.h"

/* work_crew.c: --jobs and --requeue: workers are processes of their own, watched over by this one.
 */
cop_status cop_call_work_crew(const cop_call *call, cop_error *err);

/* work_finish.c: --finish: computes nothing, judges and reports what is there. */
cop_status cop_call_work_finish(const cop_call *call, cop_error *err);

#endif
