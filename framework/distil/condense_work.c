/* condense_work.c: the work of distillers that condense: a step is a round. */
#include "core/memory.h"

#include <coppice/distil.h>

#include <stdlib.h>

typedef struct condensing {
    const cop_condense_options *options;
    cop_condense *condense;
} condensing;

static cop_status create(const void *options, const cop_task *task, void **out, cop_error *err)
{
    (void)task;
    condensing *self = calloc(1, sizeof *self);
    if (self == NULL)
        return cop_out_of_memory(err);
    self->options = options;
    *out = self;
    return COP_OK;
}

static void destroy(void *state)
{
    condensing *self = state;
    cop_condense_free(self->condense);
    free(self);
}

/* A training pass costs three forward passes; the synthetic side of a match, whose gradient is
 * differentiated once more, seven. */
static cop_status plan(const void *options, cop_plan *p, cop_error *err)
{
    const cop_condense_options *o = options;
    int32_t classes = cop_task_classes(cop_plan_task(p));
    int64_t outer = o->outer, inner = o->inner;
    COP_TRY(cop_condense_rhythm(o->ipc, &outer, &inner, err));
    COP_TRY(cop_plan_need_images(p, o->start == COP_PIXELS_FROM_REAL ? o->ipc : 1, err));
    double rounds = (double)o->iterations * (double)outer, images = (double)(o->ipc * classes);
    double matches = 3.0 * (double)o->batch_real * classes + 7.0 * images;
    double training = 3.0 * (double)inner * images * (double)(outer - 1) / (double)outer;
    cop_plan_steps(p, o->iterations * outer);
    cop_plan_steps_go_on(p);
    cop_plan_flops(p, rounds * (matches + training) * cop_model_forward_flops(o->model));
    cop_plan_expect_set(p, o->ipc * classes, o->recipe);
    cop_plan_spend(p, rounds * classes * (double)o->batch_real, rounds * classes);
    return COP_OK;
}

static cop_status begin(void *state, cop_work *work, cop_error *err)
{
    condensing *self = state;
    const cop_condense_options *o = self->options;
    cop_condense_spec spec = {COP_SIZED(cop_condense_spec),
                              .model = o->model,
                              .data = cop_work_train_data(work),
                              .per_class = o->ipc,
                              .start = (cop_pixel_start)o->start,
                              .outer = o->outer,
                              .inner = o->inner,
                              .batch_real = o->batch_real,
                              .batch_train = o->net_batch,
                              .lr = o->lr,
                              .momentum = o->momentum,
                              .net_lr = o->net_lr,
                              .augment = o->augment,
                              .seed = cop_work_seed(work),
                              .threads = cop_work_threads(work)};
    COP_TRY(cop_condense_rhythm(o->ipc, &spec.outer, &spec.inner, err));
    return cop_condense_new(&spec, cop_work_bag(work), &self->condense, err);
}

static cop_status step(void *state, cop_work *work, int64_t i, cop_error *err)
{
    const condensing *self = state;
    double loss = 0.0;
    COP_TRY(cop_condense_round(self->condense, i, &loss, err));
    cop_work_record(work, "matching loss", loss);
    return COP_OK;
}

static cop_status finish(void *state, cop_work *work, cop_error *err)
{
    const condensing *self = state;
    COP_TRY(cop_synthetic_set_recipe(cop_work_set(work), self->options->recipe, err));
    return cop_condense_finish(self->condense, cop_work_set(work), err);
}

const cop_work_ops cop_condense_work = {
    COP_SIZED(cop_work_ops), .create = create, .destroy = destroy, .plan = plan,
    .begin = begin,          .step = step,     .finish = finish};
