/* tally.c: sums over the stages of one kind. */
#include "core/damage.h"
#include "study/estimates.h"
#include "study/running/going_on.h"

#include <math.h>

/* A damaged artifact is one still to be done. */
static cop_status is_done(const cop_store *store, const cop_stage *stage, bool *done,
                          cop_error *err)
{
    *done = false;
    if (store == NULL)
        return COP_OK;
    cop_status status = cop_stage_done(store, stage, done, err);
    return status == COP_DAMAGED ? COP_OK : status;
}

/* Of an artifact, before one like it is there: a training's weights, once for each snapshot more.
 */
static double guess_bytes(const cop_stage *stage)
{
    if (stage->kind != COP_STAGE_TRAIN)
        return 0.0;
    double weights = (double)cop_model_weight_count(stage->train.model);
    return sizeof(float) * weights * (1.0 + (double)stage->train.snapshot_count);
}

/* Adds what an open stage takes, of which `share` is left. */
static void add_open(cop_tally *t, const cop_stage *stage, double share, const cop_rates *rates)
{
    cop_stage_costs costs = cop_rates_guess(rates, stage);
    t->flops += share * stage->flops;
    t->points += stage->points;
    t->bytes += isnan(costs.bytes) ? guess_bytes(stage) : costs.bytes;
    t->memory = fmax(t->memory, costs.memory);
    if (!isnan(costs.seconds)) {
        t->seconds += share * costs.seconds;
    } else if (stage->flops > 0.0) {
        t->seconds += share * stage->flops / COP_GUESSED_FLOPS;
        t->guessed++;
    } else {
        t->unknown++;
    }
}

cop_status cop_study_tally(const cop_study *s, const cop_store *store, const cop_estimates *e,
                           cop_stage_kind kind, cop_tally *out, cop_error *err)
{
    cop_tally t = {.kind = cop_stage_kind_name(kind)};
    for (size_t i = 0; i < s->stage_count; i++) {
        const cop_stage *stage = &s->stages[i];
        if (stage->kind != kind)
            continue;
        t.count++;
        bool done = false;
        COP_TRY(is_done(store, stage, &done, err));
        if (done) {
            t.done++;
            continue;
        }
        int64_t kept = 0;
        COP_TRY(cop_steps_kept(s, store, stage, &kept, err));
        add_open(&t, stage, kept > 0 ? 1.0 - (double)kept / (double)stage->work.steps : 1.0,
                 e->rates);
    }
    *out = t;
    return COP_OK;
}

void cop_tally_add(cop_tally *to, const cop_tally *t)
{
    to->count += t->count;
    to->done += t->done;
    to->flops += t->flops;
    to->points += t->points;
    to->seconds += t->seconds;
    to->bytes += t->bytes;
    to->memory = fmax(to->memory, t->memory);
    to->guessed += t->guessed;
    to->unknown += t->unknown;
}
