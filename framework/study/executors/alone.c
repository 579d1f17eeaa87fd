/* alone.c: one stage of a study, in this process, whose inputs others have published. */
#include "core/clock.h"
#include "core/damage.h"
#include "core/memory.h"
#include "store/lease.h"
#include "study/graph/compare.h"
#include "study/running/runner.h"

#include <stdlib.h>

/* Refuses where an input is not there, or not whole: nothing but this stage is run. */
static cop_status check_input(const cop_store *store, const cop_stage *input, cop_error *err)
{
    char name[COP_ARTIFACT_NAME_SIZE];
    bool done = false;
    cop_status status = cop_stage_done(store, input, &done, err);
    if (status == COP_DAMAGED) {
        (void)cop_fail_within(err, "an input (%s) is damaged; run the study to have it mended",
                              input->title);
        return COP_FAILED;
    }
    COP_TRY(status);
    if (done)
        return COP_OK;
    return cop_fail(err, COP_FAILED,
                    "an input is not published yet: %s (%s); run it first, by --stage too",
                    cop_artifact_text(&input->id, name), input->title);
}

static cop_status check_inputs(const cop_study *s, const cop_store *store, const cop_stage *stage,
                               cop_error *err)
{
    size_t count = cop_stage_inputs(stage, NULL);
    int32_t *inputs = calloc(count + 1, sizeof *inputs);
    if (inputs == NULL)
        return cop_out_of_memory(err);
    (void)cop_stage_inputs(stage, inputs);
    cop_status status = COP_OK;
    for (size_t i = 0; i < count && status == COP_OK; i++)
        status = check_input(store, &s->stages[inputs[i]], err);
    free(inputs);
    return status;
}

static cop_status run(cop_runner *r, const cop_stage *stage, cop_error *err)
{
    double began = cop_now();
    cop_error why = {0};
    r->damaged = COP_NO_STAGE;
    cop_status status = cop_run_stage_now(r, stage, &why);
    if (status == COP_OK) {
        cop_say(r->log, COP_LOG_INFO, "%s: %.1f s", stage->title, cop_now() - began);
        return COP_OK;
    }
    if (status == COP_DAMAGED && r->damaged != COP_NO_STAGE)
        status = cop_store_advise(r->store, &r->study->stages[r->damaged].id, status, &why);
    if (err != NULL)
        *err = why;
    if (status == COP_CANCELLED)
        return status;
    (void)cop_fail_within(err, "%s", stage->title);
    return status == COP_DAMAGED ? COP_FAILED : status;
}

static cop_status run_leased(cop_runner *r, const cop_stage *stage, bool *was_there, cop_error *err)
{
    COP_TRY(cop_stage_ready_leased(r, stage, was_there, err));
    if (*was_there) {
        cop_checkpoint_remove(r->store, &stage->id);
        return COP_OK;
    }
    COP_TRY(check_inputs(r->study, r->store, stage, err));
    return run(r, stage, err);
}

static cop_status take_lease(const cop_runner *r, const cop_stage *stage, cop_lease **lease,
                             cop_error *err)
{
    char who[300];
    COP_TRY(cop_lease_take(r->store, &stage->id, NULL, lease, err));
    if (*lease != NULL)
        return COP_OK;
    (void)cop_lease_holder(cop_store_dir(r->store), &stage->id, who, sizeof who);
    return cop_fail(err, COP_FAILED, "%s is computed already, by %s: wait for it", stage->title,
                    who[0] != '\0' ? who : "another process");
}

cop_status cop_study_run_alone(cop_study *s, cop_store *store, const cop_stage_records *records,
                               size_t recorded, const volatile sig_atomic_t *stop, cop_logger *log,
                               bool *was_there, cop_error *err)
{
    int32_t position = COP_NO_STAGE;
    cop_runner r = {.study = s, .store = store, .stop = stop, .log = log};
    COP_TRY(cop_save_seconds(&r.save_seconds, err));
    COP_TRY(cop_study_compare_stage(s, records, recorded, &position, err));
    cop_lease *lease = NULL;
    COP_TRY(take_lease(&r, &s->stages[position], &lease, err));
    cop_status status = run_leased(&r, &s->stages[position], was_there, err);
    cop_lease_release(lease);
    return status;
}
