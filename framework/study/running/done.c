/* done.c: what of a study is there already, and what only seems to be. */
#include "core/damage.h"
#include "core/memory.h"
#include "core/path.h"
#include "store/lease.h"
#include "study/running/runner.h"

#include <stdlib.h>

cop_status cop_stage_done(const cop_store *store, const cop_stage *stage, bool *done,
                          cop_error *err)
{
    COP_TRY(cop_store_find(store, &stage->id, done, err));
    for (size_t i = 0; *done && i < stage->train.snapshot_count; i++) {
        char file[80];
        COP_TRY(cop_store_lists(store, &stage->id,
                                cop_snapshot_file(stage->train.snapshots[i], file, sizeof file),
                                done, err));
    }
    return COP_OK;
}

/* Sets a damaged artifact aside and says why it is computed again. */
static cop_status set_aside(cop_runner *r, const cop_stage *stage, const cop_error *why,
                            cop_error *err)
{
    char path[COP_PATH_SIZE];
    COP_TRY(cop_store_set_aside(r->store, &stage->id, path, sizeof path, err));
    cop_say(r->log, COP_LOG_WARNING, "%s is computed again: %s%s%s%s%s", stage->title, why->file,
            why->file[0] != '\0' ? ": " : "", why->message,
            path[0] != '\0' ? "; set aside as " : "", path);
    return COP_OK;
}

cop_status cop_stage_ready_leased(cop_runner *r, const cop_stage *stage, bool *done, cop_error *err)
{
    cop_error why = {0};
    cop_status status = cop_stage_done(r->store, stage, done, &why);
    if (status == COP_DAMAGED) {
        *done = false;
        return set_aside(r, stage, &why, err);
    }
    if (status != COP_OK && err != NULL)
        *err = why;
    return status;
}

/* Without the lease nothing is set aside: another process may have made it anew since it was looked
 * at. One that has the lease does all this. */
cop_status cop_stage_ready(cop_runner *r, const cop_stage *stage, bool *done, cop_error *err)
{
    cop_error why = {0};
    cop_lease *lease = NULL;
    cop_status status = cop_stage_done(r->store, stage, done, &why);
    if (status == COP_DAMAGED) {
        *done = false;
        COP_TRY(cop_lease_take(r->store, &stage->id, NULL, &lease, err));
        status = lease != NULL ? cop_stage_ready_leased(r, stage, done, err) : COP_OK;
        cop_lease_release(lease);
        return status;
    }
    if (status != COP_OK && err != NULL)
        *err = why;
    return status;
}

/* Makes a stage's artifact anew, with its lease, unless another process has done so by then. */
static cop_status mend_leased(cop_runner *r, const cop_stage *stage, const cop_error *why,
                              cop_run_stage run, cop_error *err)
{
    bool is_done = false;
    cop_status status = cop_stage_done(r->store, stage, &is_done, err);
    if (status == COP_OK && is_done)
        status = cop_store_verify(r->store, &stage->id, err);
    if ((status == COP_OK && is_done) || (status != COP_OK && status != COP_DAMAGED))
        return status;
    COP_TRY(set_aside(r, stage, why, err));
    return cop_run_whole(r, stage, run, err);
}

static cop_status mend(cop_runner *r, const cop_stage *stage, const cop_error *why,
                       cop_run_stage run, cop_error *err)
{
    cop_lease *lease = NULL;
    COP_TRY(cop_lease_wait(r->store, &stage->id, r->stop, &lease, err));
    cop_status status = mend_leased(r, stage, why, run, err);
    cop_lease_release(lease);
    return status;
}

/* Runs a stage until no input of it is damaged; `mended` marks those that were made again. */
static cop_status run_until_whole(cop_runner *r, const cop_stage *stage, cop_run_stage run,
                                  bool *mended, cop_error *err)
{
    for (;;) {
        cop_error why = {0};
        r->damaged = COP_NO_STAGE;
        r->own_failure = false;
        cop_status status = run(r, stage, &why);
        if (r->own_failure)
            r->failed = stage;
        if (status != COP_DAMAGED || r->damaged == COP_NO_STAGE) {
            *err = why;
            return status == COP_DAMAGED ? COP_FAILED : status;
        }
        const cop_stage *earlier = &r->study->stages[r->damaged];
        if (mended[r->damaged])
            return cop_fail_at(err, COP_FAILED, why.file, 0,
                               "%s was just made and cannot be read back: %s", earlier->title,
                               why.message);
        mended[r->damaged] = true;
        COP_TRY(mend(r, earlier, &why, run, err));
    }
}

/* Large files are tested when they are read: then a stage finds that an earlier one, which passed
 * for done, is damaged. */
cop_status cop_run_whole(cop_runner *r, const cop_stage *stage, cop_run_stage run, cop_error *err)
{
    bool *mended = calloc(r->study->stage_count, sizeof *mended);
    if (mended == NULL)
        return cop_out_of_memory(err);
    cop_status status = run_until_whole(r, stage, run, mended, err);
    free(mended);
    return status;
}
