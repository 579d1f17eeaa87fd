/* condense.h: gradient matching in a loop that trains the network on the synthetic set: what DC
 * (Zhao et al. 2021) and DSA (Zhao and Bilen 2021) share; they differ in their defaults.
 *
 * Per iteration a fresh network. `outer` times: every class is matched on one batch, then one step
 * of all pixels, then (not after the last) `inner` epochs of the network on the pixels as they are.
 * Pixels live in the normalised space and are not clamped. A step is one outer iteration. */
#ifndef COPPICE_SKETCHES_CONDENSE_H
#define COPPICE_SKETCHES_CONDENSE_H

#include <coppice/distil.h>
#include <coppice/plugin.h>

#include <stdlib.h>
#include <string.h>

enum { START_NOISE = 0, START_REAL = 1 };
static const char *const start_names[] = {"noise", "real", NULL};

typedef struct options {
    int64_t ipc, iterations, outer, inner, batch_real, batch_train;
    double lr, momentum, net_lr;
    int32_t start;
    uint32_t augment;
    const cop_model *model;
    const cop_recipe *recipe;
} options;

/* The rows of both tables but `start` and `augment`. */
#define CONDENSE_INT(field_, help_, def_)                                                          \
    {                                                                                              \
        .name = #field_, .help = help_, .type = COP_OPTION_INT,                                    \
        .offset = offsetof(options, field_), .def = def_, .min = 1, .max = 1e9                     \
    }
#define CONDENSE_RATE(field_, help_, def_, max_)                                                   \
    {                                                                                              \
        .name = #field_, .help = help_, .type = COP_OPTION_FLOAT,                                  \
        .offset = offsetof(options, field_), .def = def_, .min = 0, .max = max_                    \
    }
#define CONDENSE_ROWS                                                                              \
    CONDENSE_INT(ipc, "Images per class", "10"),                                                   \
        CONDENSE_INT(iterations, "Networks, one after the other", "1000"),                         \
        CONDENSE_INT(outer, "Pixel steps per network (1, 10, 50 images per class: 1, 10, 50)",     \
                     "10"),                                                                        \
        CONDENSE_INT(inner, "Epochs of the network between them (1, 50, 10)", "50"),               \
        CONDENSE_INT(batch_real, "Real images of a class per match", "256"),                       \
        CONDENSE_INT(batch_train, "Batch of the network's training", "256"),                       \
        CONDENSE_RATE(lr, "Rate of the pixels", "0.1", 1e6),                                       \
        CONDENSE_RATE(momentum, "Momentum of the pixels", "0.5", 0.9999),                          \
        CONDENSE_RATE(net_lr, "Rate of the network, which has no momentum", "0.01", 1e3),          \
        {.name = "model",                                                                          \
         .help = "The network whose gradients are matched",                                        \
         .type = COP_OPTION_MODEL,                                                                 \
         .offset = offsetof(options, model),                                                       \
         .def = "{ plugin = \"convnet\"; }"},                                                      \
    {                                                                                              \
        .name = "recipe", .help = "How to train on the set", .type = COP_OPTION_RECIPE,            \
        .offset = offsetof(options, recipe), .def = "idc"                                          \
    }

typedef struct condense {
    const options *o;
    cop_classes *classes;
    cop_pixels *pixels;
    cop_network *network;
    cop_match *match;
} condense;

static cop_status create_condense(const void *given, const cop_task *task, void **out,
                                  cop_error *err)
{
    (void)task;
    condense *self = calloc(1, sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    self->o = given;
    *out = self;
    return COP_OK;
}

static void destroy_condense(void *state)
{
    condense *self = state;
    cop_match_free(self->match);
    cop_network_free(self->network);
    cop_pixels_free(self->pixels);
    cop_classes_free(self->classes);
    free(self);
}

static cop_status plan_condense(const void *given, cop_plan *plan, cop_error *err)
{
    const options *o = given;
    int32_t classes = cop_task_classes(cop_plan_task(plan));
    for (int32_t c = 0; c < classes && o->start == START_REAL; c++)
        if (cop_plan_class_count(plan, c) >= 0 && cop_plan_class_count(plan, c) < o->ipc)
            return cop_fail(err, COP_INVALID, "class %d has fewer than %lld images (ipc)", (int)c,
                            (long long)o->ipc);
    cop_plan_steps(plan, o->iterations * o->outer);
    cop_plan_expect_set(plan, o->ipc * classes, o->recipe);
    return COP_OK;
}

static cop_status start_pixels(condense *self, const cop_work *work, cop_error *err)
{
    for (int32_t c = 0; c < cop_task_classes(cop_work_task(work)); c++) {
        cop_stream noise = cop_work_stream(work, "start", (uint64_t)c);
        if (self->o->start == START_NOISE)
            cop_pixels_start_noise(self->pixels, c, &noise);
        else
            COP_TRY(cop_pixels_start_real(self->pixels, c, cop_classes_members(self->classes, c), 1,
                                          err));
    }
    return COP_OK;
}

static cop_status begin_condense(void *state, cop_work *work, cop_error *err)
{
    condense *self = state;
    const options *o = self->o;
    const cop_samples *data = cop_work_train_data(work);
    uint64_t seed = cop_work_seed(work);
    int threads = cop_work_threads(work);
    const cop_classes_spec classes = {COP_SIZED(cop_classes_spec), .data = data,
                                      .batch = o->batch_real, .seed = seed};
    COP_TRY(cop_classes_new(&classes, &self->classes, err));
    const cop_pixels_spec pixels = {COP_SIZED(cop_pixels_spec), .data = data, .per_class = o->ipc,
                                    .space = COP_PIXELS_NORMALISED};
    COP_TRY(cop_pixels_new(&pixels, cop_work_bag(work), &self->pixels, err));
    COP_TRY(start_pixels(self, work, err));
    const cop_network_spec network = {
        COP_SIZED(cop_network_spec), .model = o->model, .data = cop_pixels_samples(self->pixels),
        .batch = o->batch_train,     .lr = o->net_lr,   .seed = seed,
        .threads = threads};
    COP_TRY(cop_network_new(&network, cop_work_bag(work), &self->network, err));
    const cop_match_spec match = {COP_SIZED(cop_match_spec),
                                  .kind = COP_MATCH_GRADIENTS,
                                  .distance = COP_DISTANCE_COS,
                                  .roles = COP_ROLE_BIT(COP_ROLE_CONV_WEIGHT) |
                                           COP_ROLE_BIT(COP_ROLE_LINEAR_WEIGHT),
                                  .model = o->model,
                                  .data = data,
                                  .classes = self->classes,
                                  .pixels = self->pixels,
                                  .augment = o->augment,
                                  .draws = COP_DRAWS_ONE_OPERATION,
                                  .seed = seed,
                                  .threads = threads};
    COP_TRY(cop_match_new(&match, &self->match, err));
    return cop_match_bind(self->match, cop_network_state(self->network), err);
}

static cop_status step_condense(void *state, cop_work *work, int64_t i, cop_error *err)
{
    condense *self = state;
    const options *o = self->o;
    int32_t classes = cop_task_classes(cop_work_task(work));
    size_t size = (size_t)cop_pixels_class_size(self->pixels);
    float *all = cop_pixels_gradient(self->pixels);
    double loss = 0.0, total = 0.0;
    if (i % o->outer == 0) {
        cop_stream stream = cop_work_stream(work, "network", (uint64_t)(i / o->outer));
        COP_TRY(cop_network_reset(self->network, cop_stream_u64(&stream), err));
    }
    for (int32_t c = 0; c < classes; c++, total += loss) {
        const float *gradient = NULL;
        COP_TRY(cop_match_class(self->match, c, i, &loss, &gradient, err));
        memcpy(all + (size_t)c * size, gradient, size * sizeof *all);
    }
    cop_pixels_step_all(self->pixels, all, o->lr, o->momentum);
    cop_work_record(work, "matching loss", total / classes);
    if (i % o->outer == o->outer - 1)
        return COP_OK;
    int64_t epoch = (cop_pixels_count(self->pixels) + o->batch_train - 1) / o->batch_train;
    return cop_network_run(self->network, o->inner * epoch, NULL, err);
}

static cop_status finish_condense(void *state, cop_work *work, cop_error *err)
{
    const condense *self = state;
    cop_synthetic *out = cop_work_set(work);
    COP_TRY(cop_synthetic_set_recipe(out, self->o->recipe, err));
    return cop_pixels_finish(self->pixels, out, err);
}

static const cop_work_ops condense_ops = {COP_SIZED(cop_work_ops),     .create = create_condense,
                                          .destroy = destroy_condense, .plan = plan_condense,
                                          .begin = begin_condense,     .step = step_condense,
                                          .finish = finish_condense};

#endif
