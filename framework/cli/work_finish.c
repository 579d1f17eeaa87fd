/* work_finish.c: `coppice work DIR --finish`: the end of a study that others have computed, such as
 * workers of Slurm. */
#include "cli/recorded.h"
#include "cli/work.h"
#include "core/memory.h"
#include "report/report.h"
#include "store/artifact_files.h"
#include "store/holder.h"

#include <stdlib.h>

/* What is opened on the way. */
typedef struct finish {
    cop_recorded from;
    cop_store *store;
    cop_holder *holder;
} finish;

static cop_status open_all(finish *f, cop_error *err)
{
    const cop_call *call = f->from.call;
    COP_TRY(cop_recorded_read(call, call->arguments->words[0], &f->from, err));
    cop_recorded_adopt_environment(&f->from);
    COP_TRY(cop_recorded_lay_out(&f->from, err));
    COP_TRY(cop_study_only(f->from.study, call->arguments->only.items, call->arguments->only.count,
                           err));
    COP_TRY(cop_store_open(f->from.dir, &f->store, err));
    char *outline = cop_study_outline_text(f->from.study);
    if (outline == NULL)
        return cop_out_of_memory(err);
    cop_status status =
        cop_holder_take(f->from.folder, f->from.config->name, outline, call->log, &f->holder, err);
    free(outline);
    return status;
}

static cop_status say_left(const finish *f, size_t left, cop_error *err)
{
    return cop_fail(err, COP_FAILED,
                    "%zu of %zu stages are still to be computed: 'coppice run %s/%s --out %s' goes "
                    "on, with --slurm by Slurm",
                    left, f->from.records.stage_count, f->from.folder, COP_CONFIG_FILE,
                    f->from.dir);
}

/* Reports also where stages have no result: they are rows with their reason, or left out. */
static cop_status report(const finish *f, cop_error *err)
{
    const cop_call *call = f->from.call;
    const cop_report_print to = {.out = call->out, .width = cop_call_width(call)};
    return cop_report(f->from.dir, f->from.folder, &to, call->log, err);
}

/* What is said last is what matters most: that it is not the end, then why something has no
 * result. */
static cop_status finish_all(finish *f, cop_error *err)
{
    size_t left = 0;
    cop_error failure = {0}, flaw = {0};
    cop_logger *log = f->from.call->log;
    COP_TRY(open_all(f, err));
    cop_status status =
        cop_study_end(f->from.study, f->store, &f->from.records, log, &left, &failure);
    if (status == COP_OK || cop_study_failed(f->from.study)) {
        cop_status made = report(f, &flaw);
        if (made != COP_OK && status == COP_OK && left == 0) {
            status = made;
            failure = flaw;
        } else if (made != COP_OK) {
            cop_say(log, COP_LOG_ERROR, "%s", flaw.message);
        }
    }
    if (left > 0)
        return say_left(f, left, err);
    if (err != NULL)
        *err = failure;
    return status;
}

cop_status cop_call_work_finish(const cop_call *call, cop_error *err)
{
    finish f = {.from = {.call = call}};
    cop_status status = finish_all(&f, err);
    cop_holder_release(f.holder);
    cop_store_close(f.store);
    cop_recorded_clear(&f.from);
    return status;
}
