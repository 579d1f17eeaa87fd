/* dm.c: DM, distribution matching (Zhao and Bilen, WACV 2023): the squared distance between the
 * mean embeddings of real and of synthetic images of a class, in a fresh random network at each
 * step, under one operation of augmentation for both batches. No network is trained, and no second
 * derivative is taken. Defaults are those of the authors' main_DM.py.
 *
 * Departures from the authors' code: a class's real batches walk through a permutation of the class
 * in whole batches, where theirs are drawn anew for each match; 20,000 steps, where their loop of
 * 20,000 has one more; a network with batch norm is refused, where theirs then puts all classes
 * into one batch: by itself, every class would have a mean of 0. */
#include "dm.h"

#include <coppice/distil.h>
#include <coppice/plugin.h>

#include <stdlib.h>

typedef struct options {
    int64_t ipc, iterations, batch_real;
    double lr, momentum;
    int32_t start; /* cop_pixel_start */
    uint32_t augment;
    const cop_model *model;
    const cop_recipe *recipe;
} options;

typedef struct dm {
    const options *o;
    cop_classes *classes;
    cop_pixels *pixels;
    cop_match *match;
} dm;

static cop_status create_dm(const void *given, const cop_task *task, void **out, cop_error *err)
{
    (void)task;
    dm *self = calloc(1, sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    self->o = given;
    *out = self;
    return COP_OK;
}

static void destroy_dm(void *state)
{
    dm *self = state;
    cop_match_free(self->match);
    cop_pixels_free(self->pixels);
    cop_classes_free(self->classes);
    free(self);
}

/* The real side of a match costs a forward pass; the other side also the way back to the pixels. */
static cop_status plan_dm(const void *given, cop_plan *plan, cop_error *err)
{
    const options *o = given;
    int32_t classes = cop_task_classes(cop_plan_task(plan));
    if (cop_model_buffer_count(o->model) > 0)
        return cop_fail(err, COP_INVALID,
                        "model: with batch norm every class would have the same mean features; "
                        "norm = \"instance\" has none");
    COP_TRY(cop_plan_need_images(plan, o->start == COP_PIXELS_FROM_REAL ? o->ipc : 1, err));
    double images = (double)classes * (double)(o->batch_real + 2 * o->ipc);
    cop_plan_steps(plan, o->iterations);
    cop_plan_steps_go_on(plan);
    cop_plan_flops(plan, (double)o->iterations * images * cop_model_forward_flops(o->model));
    cop_plan_expect_set(plan, o->ipc * classes, o->recipe);
    cop_plan_spend(plan, (double)o->iterations * classes * (double)o->batch_real, 0.0);
    return COP_OK;
}

static cop_status begin_dm(void *state, cop_work *work, cop_error *err)
{
    dm *self = state;
    const options *o = self->o;
    const cop_samples *data = cop_work_train_data(work);
    const cop_classes_spec classes = {COP_SIZED(cop_classes_spec), .data = data,
                                      .batch = o->batch_real, .seed = cop_work_seed(work)};
    COP_TRY(cop_classes_new(&classes, &self->classes, err));
    const cop_pixels_spec pixels = {COP_SIZED(cop_pixels_spec), .data = data, .per_class = o->ipc,
                                    .space = COP_PIXELS_NORMALISED};
    COP_TRY(cop_pixels_new(&pixels, cop_work_bag(work), &self->pixels, err));
    COP_TRY(cop_pixels_start(self->pixels, (cop_pixel_start)o->start, self->classes,
                             cop_work_seed(work), err));
    const cop_match_spec match = {COP_SIZED(cop_match_spec),
                                  .kind = COP_MATCH_FEATURES,
                                  .distance = COP_DISTANCE_MSE,
                                  .model = o->model,
                                  .data = data,
                                  .classes = self->classes,
                                  .pixels = self->pixels,
                                  .augment = o->augment,
                                  .draws = COP_DRAWS_ONE_OPERATION,
                                  .seed = cop_work_seed(work),
                                  .threads = cop_work_threads(work)};
    return cop_match_new(&match, &self->match, err);
}

cop_status dm_step_in(void *state, const cop_tensors *network, int64_t i, double *loss,
                      cop_error *err)
{
    dm *self = state;
    COP_TRY(cop_match_bind(self->match, network, err));
    COP_TRY(cop_match_all(self->match, self->pixels, i, loss, err));
    cop_pixels_step_all(self->pixels, cop_pixels_gradient(self->pixels), self->o->lr,
                        self->o->momentum);
    return cop_pixels_check(self->pixels, err);
}

static cop_status step_dm(void *state, cop_work *work, int64_t i, cop_error *err)
{
    const dm *self = state;
    cop_stream stream = cop_work_stream(work, "network", (uint64_t)i);
    cop_tensors *network = NULL;
    double loss = 0.0;
    COP_TRY(cop_model_initial_state(self->o->model, cop_stream_u64(&stream), &network, err));
    cop_status status = dm_step_in(state, network, i, &loss, err);
    cop_tensors_free(network);
    COP_TRY(status);
    cop_work_record(work, "matching loss", loss);
    return COP_OK;
}

static cop_status finish_dm(void *state, cop_work *work, cop_error *err)
{
    const dm *self = state;
    COP_TRY(cop_synthetic_set_recipe(cop_work_set(work), self->o->recipe, err));
    return cop_pixels_finish(self->pixels, cop_work_set(work), err);
}

static const cop_option option_table[] = {
    COP_OPT_IPC(options, ipc),
    COP_OPT_PIXEL_START(options, start, "real"),
    COP_OPT_DISTIL_MODEL(options, model,
                         "The network whose features are matched, without batch norm"),
    COP_OPT_SET_RECIPE(options, recipe, "dsa"),
    COP_OPT_INT(options, iterations, "20000", 1, 1000000000,
                "Steps of the pixels, each in a random network of its own",
                .flags = COP_OPTION_LENGTH),
    COP_OPT_BATCH_REAL(options, batch_real, "256"),
    COP_OPT_AUGMENT(options, augment, "color_crop_cutout_flip_scale_rotate",
                    "Augmentations, of which a match gets one, the same for all its images"),
    COP_OPT_PIXEL_RATE(options, lr, "1.0"),
    COP_OPT_PIXEL_MOMENTUM(options, momentum, "0.5"),
};

COP_PLUGIN(DISTILLER, .id = "dm", .version = "1.0.0", .results_version = "1",
           .summary = "DM: matches mean features in random networks",
           .author = "The Coppice authors", .licence = "MIT",
           .citation = "Zhao and Bilen, Dataset Condensation with Distribution Matching, WACV 2023",
           COP_OPTIONS(options, option_table),
           .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .create = create_dm,
                                        .destroy = destroy_dm, .plan = plan_dm, .begin = begin_dm,
                                        .step = step_dm, .finish = finish_dm},
           .defaults = "Zhao & Bilen's code (main_DM.py).",
           .departures =
               "a class's real batches walk through a permutation of the class in whole "
               "batches, where theirs are drawn anew for each match. 20,000 steps, where "
               "their loop has one more. A network with batch norm is refused, where theirs "
               "then puts all classes into one batch.");
