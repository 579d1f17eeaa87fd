/* estimates.c: rates of what is done, and of what is tried. */
#include "study/estimates.h"

#include "core/memory.h"
#include "study/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Trainings that are tried. */
#define MOST_TRIED 6

/* Open trainings that are alike to whoever tries them. */
typedef struct sort_of_training {
    const cop_stage *stage; /* the first */
    double flops;           /* of all */
} sort_of_training;

static bool are_alike(const cop_stage *a, const cop_stage *b)
{
    return a->train.model == b->train.model && a->train.recipe.batch == b->train.recipe.batch &&
           a->opened->cell->threads == b->opened->cell->threads;
}

static bool can_be_tried(const cop_stage *stage)
{
    return stage->kind == COP_STAGE_TRAIN && stage->given == NULL &&
           stage->train.distil == COP_NO_STAGE && stage->flops > 0.0;
}

static int by_flops(const void *left, const void *right)
{
    const sort_of_training *a = left, *b = right;
    return (a->flops < b->flops) - (a->flops > b->flops);
}

/* The sorts of trainings, the costliest first; the caller's. */
static sort_of_training *find_sorts(const cop_study *s, const cop_store *store, size_t *count)
{
    sort_of_training *sorts = calloc(s->stage_count + 1, sizeof *sorts);
    *count = 0;
    for (size_t i = 0; sorts != NULL && i < s->stage_count; i++) {
        bool done = false;
        size_t k = 0;
        const cop_stage *stage = &s->stages[i];
        if (!can_be_tried(stage) ||
            (store != NULL && cop_stage_done(store, stage, &done, NULL) == COP_OK && done))
            continue;
        while (k < *count && !are_alike(sorts[k].stage, stage))
            k++;
        if (k == *count)
            sorts[(*count)++].stage = stage;
        sorts[k].flops += stage->flops;
    }
    if (sorts != NULL)
        qsort(sorts, *count, sizeof *sorts, by_flops);
    return sorts;
}

/* The steps that the training will do. */
static double steps_of(const cop_study *s, const cop_stage *stage)
{
    int64_t per_epoch = 0, total = 0;
    if (!cop_training_length(s, stage, &per_epoch, &total))
        return (double)NAN;
    return stage->points / (double)stage->data->train.count * (double)per_epoch;
}

static cop_status try_stage(const cop_study *s, const cop_stage *stage, cop_estimates *e,
                            cop_error *err)
{
    cop_measured m;
    COP_TRY(cop_measure_training(stage, 1, stage->opened->cell->threads, &m, err));
    const cop_stage_costs took = {
        .seconds = m.step_seconds * steps_of(s, stage), .bytes = (double)NAN, .memory = m.memory};
    e->tried++;
    return isnan(took.seconds) || cop_rates_learn(e->rates, stage, &took) ? COP_OK
                                                                          : cop_out_of_memory(err);
}

/* Every split into jobs of 1, 2, 4 … threads, up to one of all processors. */
static cop_status try_splits(const cop_stage *stage, cop_estimates *e, cop_error *err)
{
    int processors = (int)sysconf(_SC_NPROCESSORS_ONLN), threads = 1;
    e->split_stage = stage;
    while (threads > 0 && e->split_count < COP_MOST_SPLITS) {
        cop_measured m;
        int jobs = processors / threads > 0 ? processors / threads : 1;
        COP_TRY(cop_measure_training(stage, jobs, threads, &m, err));
        e->splits[e->split_count++] = (cop_job_split){jobs, threads, jobs / m.step_seconds};
        if (threads >= processors)
            break;
        threads = 2 * threads < processors ? 2 * threads : processors;
    }
    return COP_OK;
}

static cop_status try_all(const cop_study *s, const cop_store *store, cop_estimates *e,
                          cop_error *err)
{
    size_t count = 0;
    sort_of_training *sorts = find_sorts(s, store, &count);
    cop_status status = sorts != NULL ? COP_OK : cop_out_of_memory(err);
    for (size_t i = 0; i < count && i < MOST_TRIED && status == COP_OK; i++)
        status = try_stage(s, sorts[i].stage, e, err);
    if (status == COP_OK && count > 0)
        status = try_splits(sorts[0].stage, e, err);
    free(sorts);
    return status;
}

cop_status cop_estimates_make(const cop_study *s, const cop_store *store, bool tries,
                              cop_estimates *out, cop_error *err)
{
    cop_error why = {0};
    memset(out, 0, sizeof *out);
    COP_TRY(cop_rates_make(s, store, NULL, &out->rates, err));
    if (tries && try_all(s, store, out, &why) != COP_OK)
        cop_say(s->log, COP_LOG_WARNING, "%s", why.message);
    return COP_OK;
}

void cop_estimates_clear(cop_estimates *e)
{
    cop_rates_free(e->rates);
    memset(e, 0, sizeof *e);
}

const cop_job_split *cop_estimates_best_split(const cop_estimates *e)
{
    const cop_job_split *best = NULL;
    for (size_t i = 0; i < e->split_count; i++)
        if (best == NULL || e->splits[i].steps_per_second > best->steps_per_second)
            best = &e->splits[i];
    return best;
}
