/* estimate.c: what a training will cost, before it runs. */
#include "study/layout.h"

/* A backward pass costs about two forward passes. */
#define PASSES_PER_STEP 3.0

void cop_estimate_training(const cop_study *s, cop_stage *stage)
{
    const cop_training_stage *train = &stage->train;
    const cop_opened *o = stage->opened;
    cop_recipe recipe = train->recipe;
    int64_t samples = o->data->train.count;
    if (train->distil != COP_NO_STAGE) {
        const cop_stage *distil = &s->stages[train->distil];
        samples = distil->work.expected_samples;
        if (train->own_recipe)
            recipe = distil->work.expected_recipe;
    }
    if (samples == 0 || recipe.batch == 0)
        return; /* the distiller did not say what its set will be */
    int64_t per_epoch = (samples + recipe.batch - 1) / recipe.batch;
    int64_t steps = cop_duration_steps(recipe.duration, per_epoch, 0);
    stage->points = (double)steps / (double)per_epoch * (double)samples;
    double forward = cop_model_forward_flops(train->model);
    stage->flops = forward * (PASSES_PER_STEP * stage->points + (double)o->data->test.count);
}
