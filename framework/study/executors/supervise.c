/* supervise.c: workers on a study that is not laid out in this process, which so needs neither its
 * data nor its plugins. */
#include "core/memory.h"
#include "study/executors/workers.h"

#include <stdlib.h>

/* Whoever watches over workers asks of a stage what it is called, and no more. */
static cop_stage *name_stages(const cop_stage_records *records)
{
    cop_stage *stages = calloc(records->stage_count + 1, sizeof *stages);
    for (size_t i = 0; stages != NULL && i < records->stage_count; i++) {
        stages[i].id = records->stages[i].id;
        stages[i].title = (char *)(uintptr_t)records->stages[i].title; /* which is not written to */
    }
    return stages;
}

cop_status cop_study_supervise(const cop_stage_records *records, cop_store *store, size_t jobs,
                               const char *const *argv, const volatile sig_atomic_t *stop,
                               cop_logger *log, cop_error *err)
{
    cop_study names = {.stages = name_stages(records), .stage_count = records->stage_count};
    cop_runner r = {.study = &names, .store = store, .stop = stop, .log = log};
    if (names.stages == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_run_workers(&r, jobs, argv, NULL, NULL, err);
    free(names.stages);
    return status;
}
