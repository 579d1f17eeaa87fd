/* herding.c (sketch): herding (Welling 2009): per class, greedily the real images whose running
 * mean of features comes closest to the class's mean, in the feature space (the `embedding` tap) of
 * a network trained on the real data, which the plan asks for. One step is one class. */
#include <coppice/coppice.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct herding_options {
    int64_t ipc;
    const cop_model *model;
    const cop_recipe *training; /* of the feature network */
    const cop_recipe *recipe;   /* to train on the chosen images */
} herding_options;

static const cop_option options[] = {{.name = "ipc",
                                      .help = "images per class",
                                      .type = COP_OPTION_INT,
                                      .offset = offsetof(herding_options, ipc),
                                      .def = "10",
                                      .min = 1,
                                      .max = 1e6},
                                     {.name = "model",
                                      .help = "network whose features are matched",
                                      .type = COP_OPTION_MODEL,
                                      .offset = offsetof(herding_options, model),
                                      .def = "{ plugin = \"convnet\"; }"},
                                     {.name = "training",
                                      .help = "how that network is trained",
                                      .type = COP_OPTION_RECIPE,
                                      .offset = offsetof(herding_options, training),
                                      .def = "idc-real"},
                                     {.name = "recipe",
                                      .help = "how to train on the set",
                                      .type = COP_OPTION_RECIPE,
                                      .offset = offsetof(herding_options, recipe),
                                      .def = "idc"}};

static cop_status herding_create(const void *opts, const cop_task *task, void **self,
                                 cop_error *err)
{
    (void)task;
    const herding_options **instance = malloc(sizeof(herding_options *));
    if (instance == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    *instance = opts;
    *self = (void *)instance;
    return COP_OK;
}

static const herding_options *options_of(void *self)
{
    return *(const herding_options **)self;
}

static cop_status herding_plan(void *self, cop_plan *plan, cop_error *err)
{
    const herding_options *o = options_of(self);
    const cop_training_request request = {.label = "feature network",
                                          .model = o->model,
                                          .data = COP_DATA_REAL,
                                          .recipe = o->training,
                                          .start = COP_START_INIT};
    cop_plan_steps(plan, cop_plan_task(plan)->classes);
    cop_plan_expect_set(plan, o->ipc * cop_plan_task(plan)->classes, o->recipe);
    return cop_plan_train(plan, &request, err);
}

static cop_status herding_begin(void *self, cop_work *work, cop_tensors *bag, cop_error *err)
{
    const cop_samples *data = cop_work_train_data(work);
    return cop_tensors_add(bag, "chosen", COP_I64,
                           cop_shape2(data->task.classes, options_of(self)->ipc), NULL, err);
}

/* The embedding of n images, [n, D], as a program's output; *width is D. */
static cop_status compile_embedding(const cop_model *model, int64_t n, cop_program **program,
                                    int64_t *width, cop_error *err)
{
    const cop_task *task = cop_model_task(model);
    size_t parameters = cop_model_parameter_count(model), buffers = cop_model_buffer_count(model);
    cop_node *nodes = calloc(parameters + 2 * buffers + 1, sizeof *nodes);
    cop_graph *g = cop_graph_new();
    cop_status status = COP_OK;
    if (nodes == NULL || g == NULL)
        status = cop_fail(err, COP_FAILED, "out of memory");
    if (status == COP_OK) {
        cop_model_output out = {.new_buffers = nodes + parameters + buffers};
        cop_node x = cop_input(g, "x", cop_shape4(n, task->channels, task->height, task->width));
        cop_model_inputs(model, g, "", nodes, nodes + parameters);
        status = cop_model_build(model, g, x, nodes, nodes + parameters, COP_MODE_EVAL, &out, err);
        cop_node embedding = cop_flatten(g, cop_model_output_find(&out, "embedding"));
        if (status == COP_OK) {
            *width = cop_node_shape(g, embedding).dim[1];
            status = cop_compile(g, &embedding, 1, NULL, program, err);
        }
    }
    cop_graph_free(g);
    free(nodes);
    return status;
}

/* Features of the given samples, one at a time: [count, *width]; the caller's. */
static cop_status embed(const cop_model *model, const cop_tensors *state, const cop_samples *data,
                        const int64_t *index, int64_t count, float **features, int64_t *width,
                        cop_error *err)
{
    cop_program *program = NULL;
    COP_TRY(compile_embedding(model, 1, &program, width, err));
    size_t image =
        (size_t)data->task.channels * (size_t)data->task.height * (size_t)data->task.width;
    float *x = malloc(image * sizeof *x);
    *features = malloc((size_t)(count * *width) * sizeof **features);
    cop_status status = COP_OK;
    if (x == NULL || *features == NULL)
        status = cop_fail(err, COP_FAILED, "out of memory");
    if (status == COP_OK)
        status = cop_model_bind(model, program, "", state, err);
    if (status == COP_OK)
        status = cop_program_bind_name(program, "x", x, err);
    for (int64_t i = 0; i < count && status == COP_OK; i++) {
        cop_samples_batch(data, index + i, 1, x, NULL);
        status = cop_program_run(program, err);
        if (status == COP_OK)
            memcpy(*features + i * *width, cop_program_output(program, 0),
                   (size_t)*width * sizeof **features);
    }
    free(x);
    cop_program_free(program);
    return status;
}

/* Greedy choice: the next image brings the sum of the chosen closest to (k + 1) means. */
static void choose(const float *features, int64_t count, int64_t width, const double *mean,
                   double *sum, int64_t ipc, int64_t *chosen)
{
    for (int64_t k = 0; k < ipc; k++) {
        double best = INFINITY;
        for (int64_t i = 0; i < count; i++) {
            double distance = 0.0;
            for (int64_t d = 0; d < width; d++) {
                double off = mean[d] * (double)(k + 1) - sum[d] - (double)features[i * width + d];
                distance += off * off;
            }
            if (distance < best) {
                best = distance;
                chosen[k] = i;
            }
        }
        for (int64_t d = 0; d < width; d++)
            sum[d] += (double)features[chosen[k] * width + d];
    }
}

static cop_status herding_step(void *self, cop_work *work, cop_tensors *bag, int64_t label,
                               cop_error *err)
{
    const herding_options *o = options_of(self);
    const cop_samples *data = cop_work_train_data(work);
    int64_t *index = malloc((size_t)data->count * sizeof *index), width = 0;
    if (index == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    int64_t count = cop_samples_of_class(data, (int32_t)label, index);
    float *features = NULL;
    cop_status status =
        embed(o->model, cop_work_trained(work, 0), data, index, count, &features, &width, err);
    double *mean = calloc((size_t)width + 1, 2 * sizeof *mean);
    if (status == COP_OK && mean == NULL)
        status = cop_fail(err, COP_FAILED, "out of memory");
    if (status == COP_OK) {
        int64_t *chosen = cop_i64(cop_tensors_find(bag, "chosen")) + label * o->ipc;
        for (int64_t i = 0; i < count * width; i++)
            mean[i % width] += (double)features[i] / (double)count;
        choose(features, count, width, mean, mean + width, o->ipc, chosen);
        for (int64_t k = 0; k < o->ipc; k++)
            chosen[k] = index[chosen[k]];
    }
    free(mean);
    free(features);
    free(index);
    return status;
}

static cop_status herding_finish(void *self, cop_work *work, cop_tensors *bag, cop_synthetic *out,
                                 cop_error *err)
{
    const herding_options *o = options_of(self);
    const cop_samples *data = cop_work_train_data(work);
    const int64_t *chosen = cop_i64(cop_tensors_find(bag, "chosen"));
    int64_t image = (int64_t)data->task.channels * data->task.height * data->task.width;
    out->task = data->task;
    out->normalization = data->normalization;
    out->decode = COP_DECODE_NONE;
    out->factor = 1;
    COP_TRY(cop_synthetic_set_recipe(out, o->recipe, err));
    COP_TRY(cop_synthetic_allocate(out, o->ipc * data->task.classes, err));
    for (int64_t i = 0; i < out->count; i++) {
        cop_samples_pixels(data, chosen[i], out->pixels + i * image);
        out->labels[i * data->task.classes + i / o->ipc] = 1.0f;
    }
    return COP_OK;
}

static const cop_distiller_ops ops = {.size = sizeof(cop_distiller_ops),
                                      .create = herding_create,
                                      .destroy = free,
                                      .plan = herding_plan,
                                      .begin = herding_begin,
                                      .step = herding_step,
                                      .finish = herding_finish};

COP_EXPORT const cop_plugin coppice_plugin = {
    COP_PLUGIN_HEADER(COP_KIND_DISTILLER, COP_DISTILLER_INTERFACE),
    .id = "herding",
    .version = "0.0.1-dev",
    .results_version = "0",
    .summary = "chooses real images by greedy mean matching of features",
    .author = "The Coppice authors",
    .licence = "MIT",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_size = sizeof(herding_options),
    .ops = &ops};
