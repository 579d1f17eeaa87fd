/* dc.c: DC, dataset condensation with gradient matching (Zhao, Mopuri and Bilen, ICLR 2021), in the
 * workshop's loop (cop_condense): per fresh network, rounds of matching every class by the cosine
 * of gradients, one step of the pixels, and some epochs of the network on the synthetic images. A
 * step of this work is one round. Defaults are those of the authors' main.py; the rounds and epochs
 * go by the budget, as its get_loops has them.
 *
 * Departures from the authors' code: a class's real batches walk through a permutation of the class
 * in whole batches, where theirs are drawn anew for each match; 1000 networks, where their loop of
 * 1000 has one more; networks with batch norm use the statistics of the batch at hand while they
 * are matched, where theirs are frozen at those of 16 real images per class. */
#include <coppice/distil.h>
#include <coppice/plugin.h>

#include <stdlib.h>

typedef struct options {
    int64_t ipc, iterations, outer, inner, batch_real, net_batch;
    double lr, momentum, net_lr;
    int32_t start; /* cop_pixel_start */
    const cop_model *model;
    const cop_recipe *recipe;
} options;

typedef struct dc {
    const options *o;
    cop_condense *condense;
} dc;

static cop_status create_dc(const void *given, const cop_task *task, void **out, cop_error *err)
{
    (void)task;
    dc *self = calloc(1, sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    self->o = given;
    *out = self;
    return COP_OK;
}

static void destroy_dc(void *state)
{
    dc *self = state;
    cop_condense_free(self->condense);
    free(self);
}

/* A training pass costs three forward passes; the synthetic side of a match, whose gradient is
 * differentiated once more, seven. */
static cop_status plan_dc(const void *given, cop_plan *plan, cop_error *err)
{
    const options *o = given;
    int32_t classes = cop_task_classes(cop_plan_task(plan));
    int64_t outer = o->outer, inner = o->inner;
    COP_TRY(cop_condense_rhythm(o->ipc, &outer, &inner, err));
    COP_TRY(cop_plan_need_images(plan, o->start == COP_PIXELS_FROM_REAL ? o->ipc : 1, err));
    double rounds = (double)o->iterations * (double)outer, images = (double)(o->ipc * classes);
    double matches = 3.0 * (double)o->batch_real * classes + 7.0 * images;
    double training = 3.0 * (double)inner * images * (double)(outer - 1) / (double)outer;
    cop_plan_steps(plan, o->iterations * outer);
    cop_plan_steps_go_on(plan);
    cop_plan_flops(plan, rounds * (matches + training) * cop_model_forward_flops(o->model));
    cop_plan_expect_set(plan, o->ipc * classes, o->recipe);
    return COP_OK;
}

static cop_status begin_dc(void *state, cop_work *work, cop_error *err)
{
    dc *self = state;
    const options *o = self->o;
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
                              .seed = cop_work_seed(work),
                              .threads = cop_work_threads(work)};
    COP_TRY(cop_condense_rhythm(o->ipc, &spec.outer, &spec.inner, err));
    return cop_condense_new(&spec, cop_work_bag(work), &self->condense, err);
}

static cop_status step_dc(void *state, cop_work *work, int64_t i, cop_error *err)
{
    const dc *self = state;
    double loss = 0.0;
    COP_TRY(cop_condense_round(self->condense, i, &loss, err));
    cop_work_record(work, "matching loss", loss);
    return COP_OK;
}

static cop_status finish_dc(void *state, cop_work *work, cop_error *err)
{
    const dc *self = state;
    COP_TRY(cop_synthetic_set_recipe(cop_work_set(work), self->o->recipe, err));
    return cop_condense_finish(self->condense, cop_work_set(work), err);
}

static const cop_option option_table[] = {
    COP_OPT_IPC(options, ipc),
    COP_OPT_ENUM(options, start, "noise", cop_pixel_start_choices,
                 "First pixels: noise N(0, 1), or random real images of the class"),
    COP_OPT_MODEL(options, model, "{ plugin = \"convnet\"; depth = 3; norm = \"instance\"; }",
                  "The network whose gradients are matched"),
    COP_OPT_SET_RECIPE(options, recipe, "dc"),
    COP_OPT_INT(options, iterations, "1000", 1, 10000000,
                "Networks, one after the other; each starts anew", .flags = COP_OPTION_LENGTH),
    COP_OPT_INT(options, outer, "0", 0, 1000000,
                "Rounds in a network: a match of every class and a step of the pixels; 0: as "
                "published for this budget (1, 10, 50 images per class: 1, 10, 50)"),
    COP_OPT_INT(options, inner, "0", 0, 1000000,
                "Epochs of the network on the synthetic images after each round but its last; 0: "
                "as published for this budget (1, 10, 50 images per class: 1, 50, 10)"),
    COP_OPT_INT(options, batch_real, "256", 1, 100000,
                "Real images of the class a match; a class that has fewer gives all",
                .unit = "images"),
    COP_OPT_FLOAT(options, lr, "0.1", 1e-12, 1e6, "Rate of the pixels"),
    COP_OPT_FLOAT(options, momentum, "0.5", 0, 0.9999, "Momentum of the pixels"),
    COP_OPT_FLOAT(options, net_lr, "0.01", 1e-12, 1e3,
                  "Rate of the network, which has no momentum and no weight decay"),
    COP_OPT_INT(options, net_batch, "256", 1, 100000, "Batch of the network's training",
                .unit = "images"),
};

COP_PLUGIN(DISTILLER, .id = "dc", .version = "1.0.0", .results_version = "1",
           .summary = "DC: gradient matching in a network that trains on the synthetic images",
           .author = "The Coppice authors", .licence = "MIT",
           .citation = "Zhao et al., Dataset Condensation with Gradient Matching, ICLR 2021",
           COP_OPTIONS(options, option_table),
           .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .create = create_dc,
                                        .destroy = destroy_dc, .plan = plan_dc, .begin = begin_dc,
                                        .step = step_dc, .finish = finish_dc},
           .defaults = "Zhao et al.'s code (main.py); rounds and epochs go by the budget, as its "
                       "get_loops has them.",
           .departures =
               "a class's real batches walk through a permutation of the class in whole "
               "batches, where theirs are drawn anew for each match. 1000 networks, where "
               "their loop has one more. Networks with batch norm use the statistics of the "
               "batch at hand while they are matched, where theirs are frozen at those of 16"
               " real images per class.");
