/* estimate.c: what a training will cost, before it runs. */
#include "study/graph/graph.h"
#include "train/schedules/schedule.h"

/* A backward pass costs about two forward passes. */
#define PASSES_PER_STEP 3.0

/* A training keeps a row for each epoch; with far more there is no room for them, nor time. */
#define MOST_EPOCHS 10000000

/* Samples and recipe of a training; false when the distiller did not say what its set will be. */
static bool is_known(const cop_study *s, const cop_stage *stage, int64_t *samples,
                     cop_recipe *recipe)
{
    const cop_training_stage *train = &stage->train;
    *recipe = train->recipe;
    *samples = stage->data->train.count;
    if (train->distil != COP_NO_STAGE) {
        const cop_work_stage *distil = &s->stages[train->distil].work;
        *samples = distil->expected_samples;
        if (train->own_recipe)
            *recipe = distil->expected_recipe;
    }
    return *samples > 0 && recipe->batch > 0;
}

cop_status cop_check_augment(const cop_task *task, const char *kind, const char *name,
                             uint32_t flags, cop_error *err)
{
    int32_t channels = task->channels;
    if (channels == 3 || !(flags & (COP_AUGMENT_JITTER | COP_AUGMENT_LIGHTING)))
        return COP_OK;
    return cop_fail(err, COP_INVALID,
                    "%s \"%s\" augments by jitter or lighting, which want images of 3 channels: "
                    "those of the data have %d",
                    kind, name, (int)channels);
}

cop_status cop_training_check(const cop_study *s, const cop_stage *stage, cop_error *err)
{
    int64_t samples = 0;
    cop_recipe recipe;
    cop_schedule schedule;
    if (!is_known(s, stage, &samples, &recipe))
        return COP_OK;
    COP_TRY(cop_check_augment(&stage->opened->data->info.task, "recipe", recipe.name,
                              recipe.augment, err));
    COP_TRY(cop_schedule_make(&recipe, samples, &schedule, err));
    if (schedule.total / schedule.per_epoch > MOST_EPOCHS)
        return cop_fail(err, COP_INVALID, "recipe \"%s\" is longer than %d epochs", recipe.name,
                        MOST_EPOCHS);
    return COP_OK;
}

bool cop_training_length(const cop_study *s, const cop_stage *stage, int64_t *per_epoch,
                         int64_t *total)
{
    int64_t samples = 0;
    cop_recipe recipe;
    cop_schedule schedule;
    if (!is_known(s, stage, &samples, &recipe) ||
        cop_schedule_make(&recipe, samples, &schedule, NULL) != COP_OK)
        return false;
    *per_epoch = schedule.per_epoch;
    *total = schedule.total;
    return true;
}

void cop_estimate_training(const cop_study *s, cop_stage *stage)
{
    int64_t samples = 0, per_epoch = 0, steps = 0;
    cop_recipe recipe;
    if (!is_known(s, stage, &samples, &recipe) ||
        !cop_training_length(s, stage, &per_epoch, &steps))
        return;
    const cop_start_point *start = &stage->train.start;
    int64_t first = start->go_on ? cop_duration_steps(start->at, per_epoch, steps) : 0;
    stage->points = (double)(steps - first) / (double)per_epoch * (double)samples;
    double forward = cop_model_forward_flops(stage->train.model);
    stage->flops = forward * (PASSES_PER_STEP * stage->points + (double)stage->data->test.count);
}
