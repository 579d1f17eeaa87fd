/* herding.c: herding (Welling 2009): per class, greedily the real images whose running mean of
 * features comes closest to the class's mean, in the feature space (the `embedding` tap) of a
 * network trained on the real data, which the plan asks for. One step is one class. */
#include <coppice/distil.h>
#include <coppice/plugin.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    int64_t ipc;
    const cop_model *model;
    const cop_recipe *training; /* of the feature network */
    const cop_recipe *recipe;   /* to train on the chosen images */
} options;

static cop_status plan_herding(const void *given, cop_plan *plan, cop_error *err)
{
    const options *o = given;
    int32_t classes = cop_task_classes(cop_plan_task(plan));
    for (int32_t c = 0; c < classes; c++)
        if (cop_plan_class_count(plan, c) >= 0 && cop_plan_class_count(plan, c) < o->ipc)
            return cop_fail(err, COP_INVALID, "class %d has %lld images, wanted %lld (ipc)", (int)c,
                            (long long)cop_plan_class_count(plan, c), (long long)o->ipc);
    const cop_training_request request = {
        COP_SIZED(cop_training_request), .label = "feature network", .model = o->model,
        .data = COP_DATA_REAL,           .recipe = o->training,      .start = COP_START_INIT};
    cop_plan_steps(plan, classes);
    cop_plan_expect_set(plan, o->ipc * classes, o->recipe);
    return cop_plan_train(plan, &request, err);
}

static cop_status begin_herding(void *self, cop_work *work, cop_error *err)
{
    const options *o = self;
    cop_shape shape = cop_shape2(cop_task_classes(cop_work_task(work)), o->ipc);
    return cop_tensors_add(cop_work_bag(work), "chosen", COP_I64, shape, NULL, err);
}

/* The embedding of one image as a program's output; *width floats. */
static cop_status compile_embedding(const cop_model *model, cop_program **program, int64_t *width,
                                    cop_error *err)
{
    const cop_task *t = cop_model_task(model);
    size_t params = cop_model_parameter_count(model), buffers = cop_model_buffer_count(model);
    cop_node *nodes = calloc(params + buffers + 1, sizeof *nodes);
    cop_graph *g = cop_graph_new();
    cop_status status = COP_OK;
    if (nodes == NULL || g == NULL)
        status = cop_fail(err, COP_FAILED, "out of memory");
    if (status == COP_OK) {
        const cop_model_output *out = NULL;
        cop_node x = cop_input(g, "x", cop_task_shape(t, 1));
        cop_model_inputs(model, g, "", nodes, nodes + params);
        status = cop_model_build(model, g, x, nodes, nodes + params, COP_MODE_EVAL, &out, err);
        cop_node embedding = cop_flatten(g, cop_model_output_find(out, "embedding"));
        if (status == COP_OK) {
            *width = cop_node_shape(g, embedding).dim[1];
            status = cop_compile(g, &embedding, 1, NULL, program, err);
        }
    }
    cop_graph_free(g);
    free(nodes);
    return status;
}

/* Features of the given samples, one at a time: [count, width], into `features`. */
static cop_status embed(cop_program *program, const cop_samples *data, const int64_t *index,
                        int64_t count, int64_t width, float *features, cop_error *err)
{
    const cop_task *t = cop_samples_task(data);
    float *x = malloc((size_t)cop_task_values(t) * sizeof *x);
    if (x == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = cop_program_bind_name(program, "x", x, err);
    for (int64_t i = 0; i < count && status == COP_OK; i++) {
        cop_samples_batch(data, index + i, 1, x, NULL);
        status = cop_program_run(program, err);
        if (status == COP_OK)
            memcpy(features + i * width, cop_program_output(program, 0),
                   (size_t)width * sizeof *features);
    }
    free(x);
    return status;
}

/* Greedy choice without repetition: the next image brings the sum of the chosen closest to k + 1
 * means. `mean` and `sum` are [width], `sum` zero. */
static void choose(const float *features, int64_t count, int64_t width, const double *mean,
                   double *sum, int64_t ipc, int64_t *chosen)
{
    for (int64_t k = 0; k < ipc; k++) {
        double best = INFINITY;
        for (int64_t i = 0; i < count; i++) {
            double distance = 0.0;
            bool is_taken = false;
            for (int64_t j = 0; j < k; j++)
                is_taken |= chosen[j] == i;
            for (int64_t d = 0; d < width && !is_taken; d++) {
                double off = mean[d] * (double)(k + 1) - sum[d] - (double)features[i * width + d];
                distance += off * off;
            }
            if (!is_taken && distance < best) {
                best = distance;
                chosen[k] = i;
            }
        }
        for (int64_t d = 0; d < width; d++)
            sum[d] += (double)features[chosen[k] * width + d];
    }
}

static cop_status choose_class(const options *o, cop_program *program, int64_t width,
                               const cop_samples *data, int32_t label, int64_t *chosen,
                               cop_error *err)
{
    int64_t *index = calloc((size_t)cop_samples_count(data) + 1, sizeof *index);
    int64_t count = index != NULL ? cop_samples_of_class(data, label, index) : 0;
    float *features = calloc((size_t)(count * width) + 1, sizeof *features);
    double *mean = calloc(2 * (size_t)width, sizeof *mean);
    cop_status status = COP_OK;
    if (index == NULL || features == NULL || mean == NULL)
        status = cop_fail(err, COP_FAILED, "out of memory");
    if (status == COP_OK)
        status = embed(program, data, index, count, width, features, err);
    if (status == COP_OK) {
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

static cop_status step_herding(void *self, cop_work *work, int64_t label, cop_error *err)
{
    const options *o = self;
    const cop_tensors *network = NULL;
    cop_program *program = NULL;
    int64_t width = 0;
    int64_t *chosen = cop_i64(cop_tensors_find(cop_work_bag(work), "chosen")) + label * o->ipc;
    COP_TRY(cop_work_requested(work, 0, &network, err));
    COP_TRY(compile_embedding(o->model, &program, &width, err));
    cop_status status = cop_model_bind(o->model, program, "", network, err);
    if (status == COP_OK)
        status =
            choose_class(o, program, width, cop_work_train_data(work), (int32_t)label, chosen, err);
    cop_program_free(program);
    return status;
}

static cop_status finish_herding(void *self, cop_work *work, cop_error *err)
{
    const options *o = self;
    const int64_t *chosen = cop_i64(cop_tensors_find(cop_work_bag(work), "chosen"));
    cop_synthetic *out = cop_work_set(work);
    COP_TRY(cop_synthetic_set_recipe(out, o->recipe, err));
    COP_TRY(cop_synthetic_by_class(out, o->ipc, err));
    return cop_tiles_compose(cop_work_train_data(work), chosen, cop_synthetic_count(out), 1,
                             cop_synthetic_pixels(out), err);
}

static const cop_option option_table[] = {
    {.name = "ipc",
     .help = "Images per class",
     .type = COP_OPTION_INT,
     .offset = offsetof(options, ipc),
     .def = "10",
     .min = 1,
     .max = 1e6},
    {.name = "model",
     .help = "Network in whose features the means are matched",
     .type = COP_OPTION_MODEL,
     .offset = offsetof(options, model),
     .def = "{ plugin = \"convnet\"; }"},
    {.name = "training",
     .help = "How that network is trained",
     .type = COP_OPTION_RECIPE,
     .offset = offsetof(options, training),
     .def = "idc-real"},
    {.name = "recipe",
     .help = "How to train on the set",
     .type = COP_OPTION_RECIPE,
     .offset = offsetof(options, recipe),
     .def = "idc"},
};

COP_PLUGIN(DISTILLER, .id = "herding", .version = "0.0.1-dev", .results_version = "0",
           .summary = "Chooses real images by greedy matching of mean features",
           .author = "The Coppice authors", .licence = "MIT",
           .citation = "Welling, Herding Dynamical Weights to Learn, ICML 2009",
           COP_OPTIONS(options, option_table),
           .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = plan_herding,
                                        .begin = begin_herding, .step = step_herding,
                                        .finish = finish_herding});
