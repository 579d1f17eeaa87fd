/* rates.c: sums over the stages that are alike. */
#include "study/running/rates.h"

#include "core/damage.h"
#include "core/memory.h"
#include "store/provenance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What makes stages alike; each level looks at less of it. */
typedef struct likeness {
    cop_stage_kind kind;
    const cop_component *made_by; /* NULL: a training, or the framework itself */
    const cop_model *model;
    int threads;
} likeness;

/* The stages that are alike in everything. */
typedef struct rate {
    likeness of;
    double count, seconds, flops, memory;
    double sized, bytes; /* those whose bytes are known */
} rate;

struct cop_rates {
    rate *rates;
    size_t count, capacity;
    char provenance[1024];
};

static likeness likeness_of(const cop_stage *stage)
{
    bool is_training = stage->kind == COP_STAGE_TRAIN;
    const cop_instance *instance = is_training ? NULL : stage->work.instance;
    return (likeness){.kind = stage->kind,
                      .made_by = instance != NULL ? instance->component : NULL,
                      .model = is_training ? stage->train.model : stage->opened->model,
                      .threads = stage->opened->cell->threads};
}

static const cop_plugin *plugin_of(const cop_component *c)
{
    return c != NULL ? cop_component_entry(c)->plugin : NULL;
}

enum { LEVELS = 4 };

static bool are_alike(const likeness *a, const likeness *b, int level)
{
    bool is_same_plugin = plugin_of(a->made_by) == plugin_of(b->made_by);
    if (a->kind != b->kind)
        return false;
    if (level == 0)
        return a->made_by == b->made_by && a->model == b->model && a->threads == b->threads;
    if (level == 1)
        return is_same_plugin && a->model == b->model;
    return level == 3 || is_same_plugin;
}

bool cop_rates_learn(cop_rates *r, const cop_stage *stage, const cop_stage_costs *took)
{
    const likeness of = likeness_of(stage);
    size_t i = 0;
    while (i < r->count && !are_alike(&r->rates[i].of, &of, 0))
        i++;
    if (i == r->count) {
        rate *grown = cop_grow(r->rates, &r->capacity, r->count + 1, sizeof *grown);
        if (grown == NULL)
            return false;
        r->rates = grown;
        r->rates[r->count++] = (rate){.of = of};
    }
    rate *to = &r->rates[i];
    to->count += 1.0;
    to->seconds += fmax(0.0, took->seconds);
    to->flops += stage->flops;
    if (!isnan(took->bytes)) {
        to->bytes += took->bytes;
        to->sized += 1.0;
    }
    to->memory = fmax(to->memory, took->memory);
    return true;
}

cop_status cop_rates_learn_published(cop_rates *r, const cop_store *store, const cop_stage *stage,
                                     cop_error *err)
{
    cop_spent spent;
    cop_error why = {0};
    cop_status status = cop_store_spent(store, &stage->id, &spent, &why);
    if (status == COP_DAMAGED || stage->given != NULL ||
        (status == COP_OK && strcmp(spent.provenance, r->provenance) != 0))
        return COP_OK;
    if (status != COP_OK) {
        if (err != NULL)
            *err = why;
        return status;
    }
    const cop_stage_costs took = {.seconds = spent.seconds,
                                  .bytes = (double)spent.bytes,
                                  .memory = fmax(0.0, (double)spent.memory)};
    return cop_rates_learn(r, stage, &took) ? COP_OK : cop_out_of_memory(err);
}

static cop_status learn_all(cop_rates *r, const cop_study *s, const cop_store *store, bool *done,
                            cop_error *err)
{
    for (size_t i = 0; i < s->stage_count; i++) {
        bool is_done = false;
        cop_status status = cop_stage_done(store, &s->stages[i], &is_done, err);
        if (status != COP_OK && status != COP_DAMAGED)
            return status;
        if (done != NULL)
            done[i] = is_done;
        if (is_done)
            COP_TRY(cop_rates_learn_published(r, store, &s->stages[i], err));
    }
    return COP_OK;
}

cop_status cop_rates_make(const cop_study *s, const cop_store *store, bool *done, cop_rates **out,
                          cop_error *err)
{
    cop_rates *r = calloc(1, sizeof *r);
    if (r == NULL)
        return cop_out_of_memory(err);
    cop_provenance(r->provenance, sizeof r->provenance);
    cop_status status = store != NULL ? learn_all(r, s, store, done, err) : COP_OK;
    if (status != COP_OK) {
        cop_rates_free(r);
        return status;
    }
    *out = r;
    return COP_OK;
}

void cop_rates_free(cop_rates *r)
{
    if (r == NULL)
        return;
    free(r->rates);
    free(r);
}

/* The sums over all that are alike at that level. */
static rate sum_alike(const cop_rates *r, const likeness *of, int level)
{
    rate sum = {.count = 0.0};
    for (size_t i = 0; i < r->count; i++) {
        const rate *from = &r->rates[i];
        if (!are_alike(&from->of, of, level))
            continue;
        sum.count += from->count;
        sum.seconds += from->seconds;
        sum.flops += from->flops;
        sum.bytes += from->bytes;
        sum.sized += from->sized;
        sum.memory = fmax(sum.memory, from->memory);
    }
    return sum;
}

/* Seconds of each floating-point operation, over all stages whose operations are known; NaN where
 * none is. */
static double seconds_per_flop(const cop_rates *r)
{
    double seconds = 0.0, flops = 0.0;
    for (size_t i = 0; i < r->count; i++) {
        seconds += r->rates[i].flops > 0.0 ? r->rates[i].seconds : 0.0;
        flops += r->rates[i].flops;
    }
    return flops > 0.0 ? seconds / flops : (double)NAN;
}

cop_stage_costs cop_rates_guess(const cop_rates *r, const cop_stage *stage)
{
    const likeness of = likeness_of(stage);
    for (int level = 0; level < LEVELS; level++) {
        rate sum = sum_alike(r, &of, level);
        if (sum.count < 1.0)
            continue;
        double share =
            stage->flops > 0.0 && sum.flops > 0.0 ? stage->flops / sum.flops : 1.0 / sum.count;
        return (cop_stage_costs){.seconds = sum.seconds * share,
                                 .bytes = sum.sized > 0.0 ? sum.bytes / sum.sized : (double)NAN,
                                 .memory = sum.memory > 0.0 ? sum.memory : (double)NAN};
    }
    double seconds = stage->flops > 0.0 ? stage->flops * seconds_per_flop(r) : (double)NAN;
    return (cop_stage_costs){seconds, (double)NAN, (double)NAN};
}
