/* work_requeue.c: `coppice work DIR --requeue` at the end of its job's time. */
#include "cli/work.h"
#include "core/memory.h"
#include "study/executors/slurm.h"

cop_status cop_call_requeue(const cop_call *call, const char *dir, const cop_movement *before,
                            cop_error *err)
{
    cop_movement now;
    cop_error why = {0};
    COP_TRY(cop_movement_look(dir, &now, err));
    /* All of that time would lead to nothing again. */
    if (cop_movement_is_same(before, &now))
        return cop_fail(err, COP_FAILED,
                        "no worker of the study saved or published anything before this job's "
                        "time limit, so it is not put back into the queue: it wants more time");
    if (cop_slurm_requeue(&why) == COP_OK)
        cop_say(call->log, COP_LOG_INFO, "put back into the queue: it goes on from there");
    else
        cop_say(call->log, COP_LOG_ERROR, "not put back into the queue: %s", why.message);
    return cop_fail(err, COP_CANCELLED, "interrupted");
}
