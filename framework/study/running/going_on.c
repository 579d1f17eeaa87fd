/* going_on.c: the state that a work begins from. */
#include "study/running/going_on.h"

#include "core/damage.h"
#include "store/kept.h"
#include "study/running/makers.h"

#include <stdlib.h>
#include <string.h>

/* Takes the place of *out. */
static void take(cop_runner *r, const cop_stage *stage, const cop_kept *kept, cop_saved found,
                 cop_saved *out)
{
    char name[COP_ARTIFACT_NAME_SIZE];
    cop_saved_clear(out);
    *out = found;
    cop_say(r->log, COP_LOG_INFO, "%s goes on from the %lld steps of %s", stage->title,
            (long long)kept->steps, cop_artifact_text(&kept->id, name));
    cop_makers_compare(r, stage, &kept->id);
}

/* Tries the kept bags, the longest first, as long as they are further than the checkpoint. */
static cop_status try_kept(cop_runner *r, const cop_stage *stage, const cop_kept *kept,
                           size_t count, cop_saved *out, cop_error *err)
{
    /* A checkpoint behind the end is none that fits. */
    int64_t at = out->bag != NULL && out->step <= stage->work.steps ? out->step : 0;
    for (size_t i = 0; i < count && kept[i].steps > at; i++) {
        cop_error why = {0};
        cop_saved found;
        cop_status status = cop_kept_read(r->store, &kept[i], &found, &why);
        if (status == COP_OK) {
            take(r, stage, &kept[i], found, out);
            return COP_OK;
        }
        if (status != COP_DAMAGED) {
            if (err != NULL)
                *err = why;
            return status;
        }
        cop_say(r->log, COP_LOG_WARNING, "%s cannot go on from the %lld steps of another: %s: %s",
                stage->title, (long long)kept[i].steps, why.file, why.message);
    }
    return COP_OK;
}

cop_status cop_going_on_from(cop_runner *r, const cop_stage *stage, cop_saved *out, cop_error *err)
{
    cop_kept *kept = NULL;
    size_t count = 0;
    COP_TRY(cop_checkpoint_load(r->store, &stage->id, r->log, out, err));
    if (stage->course[0] == '\0')
        return COP_OK;
    cop_status status = cop_store_kept(r->store, stage->id.kind, stage->course, stage->work.steps,
                                       &kept, &count, err);
    if (status == COP_OK)
        status = try_kept(r, stage, kept, count, out, err);
    free(kept);
    if (status != COP_OK)
        cop_saved_clear(out);
    return status;
}

cop_status cop_steps_kept(const cop_study *s, const cop_store *store, const cop_stage *stage,
                          int64_t *steps, cop_error *err)
{
    cop_kept *kept = NULL;
    size_t count = 0;
    *steps = 0;
    if (stage->course[0] == '\0')
        return COP_OK;
    if (store != NULL)
        COP_TRY(cop_store_kept(store, stage->id.kind, stage->course, stage->work.steps, &kept,
                               &count, err));
    if (count > 0)
        *steps = kept[0].steps;
    free(kept);
    for (const cop_stage *before = s->stages; before < stage; before++) {
        if (before->kind == stage->kind && strcmp(before->course, stage->course) == 0 &&
            before->work.steps <= stage->work.steps && before->work.steps > *steps)
            *steps = before->work.steps;
    }
    return COP_OK;
}
