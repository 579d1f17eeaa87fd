/* dm.c: distribution matching (Zhao and Bilen 2023): the squared distance between mean embeddings of
 * real and synthetic images of a class, in a fresh random network at each step, under DSA's
 * augmentation. Pixels live in the normalised space and are not clamped. */
#include <coppice/distil.h>
#include <coppice/plugin.h>

#include <stdlib.h>
#include <string.h>

typedef struct options {
    int64_t ipc, iterations, batch_real;
    double lr, momentum;
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

static cop_status plan_dm(const void *given, cop_plan *plan, cop_error *err)
{
    const options *o = given;
    int32_t classes = cop_task_classes(cop_plan_task(plan));
    for (int32_t c = 0; c < classes; c++)
        if (cop_plan_class_count(plan, c) >= 0 && cop_plan_class_count(plan, c) < o->ipc)
            return cop_fail(err, COP_INVALID, "class %d has fewer than %lld images (ipc)", (int)c,
                            (long long)o->ipc);
    cop_plan_steps(plan, o->iterations);
    cop_plan_steps_go_on(plan);
    cop_plan_expect_set(plan, o->ipc * classes, o->recipe);
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
    for (int32_t c = 0; c < cop_task_classes(cop_work_task(work)); c++)
        COP_TRY(
            cop_pixels_start_real(self->pixels, c, cop_classes_members(self->classes, c), 1, err));
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

/* Every class in the network at hand; the gradients go where the step of all pixels reads them. */
static cop_status match_all(dm *self, cop_work *work, int64_t i, cop_error *err)
{
    int32_t classes = cop_task_classes(cop_work_task(work));
    size_t size = (size_t)cop_pixels_class_size(self->pixels);
    float *all = cop_pixels_gradient(self->pixels);
    double loss = 0.0, total = 0.0;
    for (int32_t c = 0; c < classes; c++, total += loss) {
        const float *gradient = NULL;
        COP_TRY(cop_match_class(self->match, c, i, &loss, &gradient, err));
        memcpy(all + (size_t)c * size, gradient, size * sizeof *all);
    }
    cop_pixels_step_all(self->pixels, all, self->o->lr, self->o->momentum);
    cop_work_record(work, "matching loss", total / classes);
    return COP_OK;
}

static cop_status step_dm(void *state, cop_work *work, int64_t i, cop_error *err)
{
    dm *self = state;
    cop_stream stream = cop_work_stream(work, "network", (uint64_t)i);
    cop_tensors *network = NULL;
    COP_TRY(cop_model_initial_state(self->o->model, cop_stream_u64(&stream), &network, err));
    cop_status status = cop_match_bind(self->match, network, err);
    if (status == COP_OK)
        status = match_all(self, work, i, err);
    cop_tensors_free(network);
    return status;
}

static cop_status finish_dm(void *state, cop_work *work, cop_error *err)
{
    const dm *self = state;
    cop_synthetic *out = cop_work_set(work);
    COP_TRY(cop_synthetic_set_recipe(out, self->o->recipe, err));
    return cop_pixels_finish(self->pixels, out, err);
}

#define FIELD(field_) .name = #field_, .offset = offsetof(options, field_)

static const cop_option option_table[] = {
    {FIELD(ipc), .help = "Images per class", .type = COP_OPTION_INT, .def = "10", .min = 1,
     .max = 1e6},
    {FIELD(iterations), .help = "Pixel steps, each in a network of its own", .type = COP_OPTION_INT,
     .def = "20000", .min = 1, .max = 1e9, .flags = COP_OPTION_LENGTH},
    {FIELD(batch_real), .help = "Real images of a class per match", .type = COP_OPTION_INT,
     .def = "256", .min = 1, .max = 1e6},
    {FIELD(lr), .help = "Rate of the pixels", .type = COP_OPTION_FLOAT, .def = "1", .min = 0,
     .max = 1e6},
    {FIELD(momentum), .help = "Momentum of the pixels", .type = COP_OPTION_FLOAT, .def = "0.5",
     .min = 0, .max = 0.9999},
    {FIELD(augment), .help = "Augmentation of both batches, one operation of these per match",
     .type = COP_OPTION_AUGMENT, .def = "color_crop_cutout_flip_scale_rotate"},
    {FIELD(model), .help = "The network whose features are matched", .type = COP_OPTION_MODEL,
     .def = "{ plugin = \"convnet\"; }"},
    {FIELD(recipe), .help = "How to train on the set", .type = COP_OPTION_RECIPE, .def = "idc"},
};

COP_PLUGIN(DISTILLER, .id = "dm", .version = "0.0.1-dev", .results_version = "0",
           .summary = "DM: matches mean features in random networks",
           .author = "The Coppice authors", .licence = "MIT",
           .citation = "Zhao and Bilen, Dataset Condensation with Distribution Matching, WACV 2023",
           COP_OPTIONS(options, option_table),
           .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .create = create_dm,
                                        .destroy = destroy_dm, .plan = plan_dm, .begin = begin_dm,
                                        .step = step_dm, .finish = finish_dm});
