/* dsa.c: DSA, dataset condensation with differentiable siamese augmentation (Zhao and Bilen, ICML
 * 2021): DC (dc.c beside it) from real images, with one operation of six, drawn once with its
 * parameters, for all images of both batches of a match; the network's training on the synthetic
 * images has one operation per batch, with parameters per image. Defaults are those of the
 * authors' main.py with `--method DSA --init real` and the six operations that their README names.
 *
 * Departures from the authors' code: those of DC (dc.c). */
#include <coppice/distil.h>
#include <coppice/plugin.h>

#include <stdlib.h>

typedef struct options {
    int64_t ipc, iterations, outer, inner, batch_real, net_batch;
    double lr, momentum, net_lr;
    int32_t start; /* cop_pixel_start */
    uint32_t augment;
    const cop_model *model;
    const cop_recipe *recipe;
} options;

typedef struct dsa {
    const options *o;
    cop_condense *condense;
} dsa;

static cop_status create_dsa(const void *given, const cop_task *task, void **out, cop_error *err)
{
    (void)task;
    dsa *self = calloc(1, sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    self->o = given;
    *out = self;
    return COP_OK;
}

static void destroy_dsa(void *state)
{
    dsa *self = state;
    cop_condense_free(self->condense);
    free(self);
}

/* A training pass costs three forward passes; the synthetic side of a match, whose gradient is
 * differentiated once more, seven. */
static cop_status plan_dsa(const void *given, cop_plan *plan, cop_error *err)
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

static cop_status begin_dsa(void *state, cop_work *work, cop_error *err)
{
    dsa *self = state;
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
                              .augment = o->augment,
                              .seed = cop_work_seed(work),
                              .threads = cop_work_threads(work)};
    COP_TRY(cop_condense_rhythm(o->ipc, &spec.outer, &spec.inner, err));
    return cop_condense_new(&spec, cop_work_bag(work), &self->condense, err);
}

static cop_status step_dsa(void *state, cop_work *work, int64_t i, cop_error *err)
{
    const dsa *self = state;
    double loss = 0.0;
    COP_TRY(cop_condense_round(self->condense, i, &loss, err));
    cop_work_record(work, "matching loss", loss);
    return COP_OK;
}

static cop_status finish_dsa(void *state, cop_work *work, cop_error *err)
{
    const dsa *self = state;
    COP_TRY(cop_synthetic_set_recipe(cop_work_set(work), self->o->recipe, err));
    return cop_condense_finish(self->condense, cop_work_set(work), err);
}

static const cop_option option_table[] = {
    COP_OPT_IPC(options, ipc),
    COP_OPT_ENUM(options, start, "real", cop_pixel_start_choices,
                 "First pixels: noise N(0, 1), or random real images of the class"),
    COP_OPT_MODEL(options, model, "{ plugin = \"convnet\"; depth = 3; norm = \"instance\"; }",
                  "The network whose gradients are matched"),
    COP_OPT_SET_RECIPE(options, recipe, "dsa"),
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
    COP_OPT_AUGMENT(options, augment, "color_crop_cutout_flip_scale_rotate",
                    "Augmentations, of which a match, and each batch of the network, gets one"),
    COP_OPT_FLOAT(options, lr, "0.1", 1e-12, 1e6, "Rate of the pixels"),
    COP_OPT_FLOAT(options, momentum, "0.5", 0, 0.9999, "Momentum of the pixels"),
    COP_OPT_FLOAT(options, net_lr, "0.01", 1e-12, 1e3,
                  "Rate of the network, which has no momentum and no weight decay"),
    COP_OPT_INT(options, net_batch, "256", 1, 100000, "Batch of the network's training",
                .unit = "images"),
};

COP_PLUGIN(
    DISTILLER, .id = "dsa", .version = "1.0.0", .results_version = "1",
    .summary = "DSA: DC under one augmentation for both batches of a match",
    .author = "The Coppice authors", .licence = "MIT",
    .citation =
        "Zhao and Bilen, Dataset Condensation with Differentiable Siamese Augmentation, ICML 2021",
    COP_OPTIONS(options, option_table),
    .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .create = create_dsa,
                                 .destroy = destroy_dsa, .plan = plan_dsa, .begin = begin_dsa,
                                 .step = step_dsa, .finish = finish_dsa},
    .defaults = "Zhao & Bilen's code (main.py --method DSA --init real) with the six "
                "operations that its README names; rounds and epochs go by the budget, as its "
                "get_loops has them.",
    .departures = "those of DC: a class's real batches walk through a permutation of the class,"
                  " 1000 networks where their loop has one more, batch norm by the batch at "
                  "hand.");
