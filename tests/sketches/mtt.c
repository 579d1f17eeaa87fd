/* mtt.c (sketch): matching training trajectories (Cazenavette et al. 2022). A student starts from
 * an expert's snapshot θ_0, takes N steps on the synthetic set, and is compared with a later
 * snapshot θ*: L = ‖θ_N − θ*‖² / ‖θ_0 − θ*‖². Its gradient in pixels and step size needs no
 * unrolled graph: the θ of each student step are kept and one step-adjoint runs backwards: λ_N =
 * ∂L/∂θ_N;  for n = N … 1:  pixels += −η ∂²ℓ/∂x∂θ·λ,  rate += −λ·g,  λ ← λ − η H λ, all of which
 * come out of one program: the tangent of the gradient. One step is one pixel update. */
#include <coppice/coppice.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXPERTS 100
#define EPOCHS  50

typedef struct mtt_options {
    int64_t ipc, iterations, student_steps, expert_epochs, max_start;
    double lr_pixels, lr_lr, lr_student;
    const cop_model *model;
    const cop_recipe *expert;
    const cop_recipe *recipe;
} mtt_options;

#define COUNT(name_, help_, def_)                                                                  \
    {                                                                                              \
        .name = #name_, .help = help_, .type = COP_OPTION_INT,                                     \
        .offset = offsetof(mtt_options, name_), .def = def_, .min = 1, .max = 1e9                  \
    }
#define RATE(name_, help_, def_)                                                                   \
    {                                                                                              \
        .name = #name_, .help = help_, .type = COP_OPTION_FLOAT,                                   \
        .offset = offsetof(mtt_options, name_), .def = def_                                        \
    }

static const cop_option options[] = {
    COUNT(ipc, "images per class", "10"),
    COUNT(iterations, "pixel updates", "5000"),
    COUNT(student_steps, "student steps per update", "30"),
    COUNT(expert_epochs, "epochs of the expert that they stand for", "2"),
    COUNT(max_start, "segments start before this epoch", "20"),
    RATE(lr_pixels, "step size of the pixels", "100"),
    RATE(lr_lr, "step size of the student's step size", "1e-5"),
    RATE(lr_student, "the student's first step size", "0.001"),
    {.name = "model",
     .help = "network of experts and students",
     .type = COP_OPTION_MODEL,
     .offset = offsetof(mtt_options, model),
     .def = "{ plugin = \"convnet\"; }"},
    {.name = "expert",
     .help = "how experts are trained",
     .type = COP_OPTION_RECIPE,
     .offset = offsetof(mtt_options, expert),
     .def = "sgd"},
    {.name = "recipe",
     .help = "how to train on the set",
     .type = COP_OPTION_RECIPE,
     .offset = offsetof(mtt_options, recipe),
     .def = "idc"}};

/* The student's program: gradient g(θ, x), and its tangent along λ: Hλ, and the pixels' cotangent.
 */
typedef struct mtt {
    const mtt_options *options;
    cop_program *forward;  /* outputs: g, one per parameter */
    cop_program *backward; /* outputs: Hλ per parameter, then ∂(λ·g)/∂x */
    size_t params;
    float **theta, **lambda; /* bound memory, one array per parameter */
    float *pixels, *targets;
} mtt;

static cop_status mtt_create(const void *opts, const cop_task *task, void **self, cop_error *err)
{
    (void)task;
    mtt *m = calloc(1, sizeof *m);
    if (m == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    m->options = opts;
    *self = m;
    return COP_OK;
}

static void mtt_destroy(void *self)
{
    mtt *m = self;
    cop_program_free(m->forward);
    cop_program_free(m->backward);
    for (size_t i = 0; i < m->params; i++) {
        free(m->theta[i]);
        free(m->lambda[i]);
    }
    free(m->theta);
    free(m->lambda);
    free(m->pixels);
    free(m->targets);
    free(m);
}

static cop_status mtt_plan(void *self, cop_plan *plan, cop_error *err)
{
    const mtt_options *o = ((const mtt *)self)->options;
    cop_duration snapshots[EPOCHS];
    for (int e = 0; e < EPOCHS; e++)
        snapshots[e] = (cop_duration){COP_EPOCHS, e};
    for (int k = 0; k < EXPERTS; k++) {
        const cop_training_request expert = {.label = "expert",
                                             .model = o->model,
                                             .data = COP_DATA_REAL,
                                             .recipe = o->expert,
                                             .start = COP_START_INIT,
                                             .init = (uint64_t)k + 1,
                                             .noise = (uint64_t)k,
                                             .snapshots = snapshots,
                                             .snapshot_count = EPOCHS};
        COP_TRY(cop_plan_train(plan, &expert, err));
    }
    cop_plan_steps(plan, o->iterations);
    return COP_OK;
}

static int64_t image_count(const mtt_options *o, const cop_task *task)
{
    return o->ipc * task->classes;
}

/* Builds both programs for the whole synthetic set. */
static cop_status build(mtt *m, const cop_task *task, cop_graph *g, cop_node *nodes, cop_error *err)
{
    const cop_model *model = m->options->model;
    size_t p = m->params;
    cop_node *theta = nodes, *g_nodes = nodes + p, *lambda = nodes + 2 * p, *out = nodes + 3 * p;
    cop_node buffers[1], new_buffers[1]; /* instance norm: none */
    int64_t n = image_count(m->options, task);
    cop_node x = cop_input(g, "x", cop_shape4(n, task->channels, task->height, task->width));
    cop_node y = cop_input(g, "y", cop_shape2(n, task->classes));
    cop_model_inputs(model, g, "", theta, buffers);
    cop_model_output output = {.new_buffers = new_buffers};
    COP_TRY(cop_model_build(model, g, x, theta, buffers, COP_MODE_TRAIN, &output, err));
    COP_TRY(cop_gradient(g, cop_cross_entropy(g, output.logits, y), theta, p, g_nodes, err));
    COP_TRY(cop_compile(g, g_nodes, p, NULL, &m->forward, err));
    for (size_t i = 0; i < p; i++) {
        char name[COP_NAME_SIZE + 8] = "v/";
        strncat(name, cop_model_parameter(model, i)->name, COP_NAME_SIZE);
        lambda[i] = cop_input(g, name, cop_model_parameter(model, i)->shape);
    }
    COP_TRY(cop_jvp(g, theta, lambda, p, g_nodes, p, out, err));
    COP_TRY(cop_vjp(g, g_nodes, lambda, p, &x, 1, &out[p], err));
    return cop_compile(g, out, p + 1, NULL, &m->backward, err);
}

static cop_status bind(mtt *m, cop_program *program, cop_error *err)
{
    for (size_t i = 0; i < m->params; i++) {
        const char *name = cop_model_parameter(m->options->model, i)->name;
        char tangent[COP_NAME_SIZE + 8] = "v/";
        strncat(tangent, name, COP_NAME_SIZE);
        COP_TRY(cop_program_bind_name(program, name, m->theta[i], err));
        if (program == m->backward)
            COP_TRY(cop_program_bind_name(program, tangent, m->lambda[i], err));
    }
    COP_TRY(cop_program_bind_name(program, "x", m->pixels, err));
    return cop_program_bind_name(program, "y", m->targets, err);
}

static cop_status prepare(mtt *m, const cop_task *task, cop_error *err)
{
    const cop_model *model = m->options->model;
    if (cop_model_buffer_count(model) > 0)
        return cop_fail(err, COP_INVALID, "trajectory matching wants a model without buffers");
    m->params = cop_model_parameter_count(model);
    size_t image =
        (size_t)task->channels * (size_t)task->height * (size_t)task->width * sizeof(float);
    size_t n = (size_t)image_count(m->options, task);
    m->theta = calloc(m->params, sizeof(float *));
    m->lambda = calloc(m->params, sizeof(float *));
    m->pixels = calloc(n, image);
    m->targets = calloc(n * (size_t)task->classes, sizeof(float));
    bool ok = m->theta != NULL && m->lambda != NULL && m->pixels != NULL && m->targets != NULL;
    for (size_t i = 0; ok && i < m->params; i++) {
        size_t count = (size_t)cop_shape_count(cop_model_parameter(model, i)->shape);
        m->theta[i] = calloc(count, sizeof(float));
        m->lambda[i] = calloc(count, sizeof(float));
        ok = m->theta[i] != NULL && m->lambda[i] != NULL;
    }
    cop_node *nodes = calloc(4 * m->params + 1, sizeof *nodes);
    cop_graph *g = cop_graph_new();
    cop_status status = ok && nodes != NULL && g != NULL
                            ? build(m, task, g, nodes, err)
                            : cop_fail(err, COP_FAILED, "out of memory");
    cop_graph_free(g);
    free(nodes);
    COP_TRY(status);
    COP_TRY(bind(m, m->forward, err));
    return bind(m, m->backward, err);
}

static cop_status mtt_begin(void *self, cop_work *work, cop_tensors *bag, cop_error *err)
{
    mtt *m = self;
    const cop_samples *data = cop_work_train_data(work);
    const cop_task *task = &data->task;
    int64_t n = image_count(m->options, task);
    cop_tensor *pixels = NULL, *rate = NULL;
    COP_TRY(prepare(m, task, err));
    for (int64_t i = 0; i < n; i++)
        m->targets[i * task->classes + i / m->options->ipc] = 1.0f;
    COP_TRY(cop_tensors_add(bag, "pixels", COP_F32,
                            cop_shape4(n, task->channels, task->height, task->width), &pixels,
                            err));
    COP_TRY(cop_tensors_add(bag, "pixel momentum", COP_F32, pixels->shape, NULL, err));
    COP_TRY(cop_tensors_add(bag, "rate", COP_F64, cop_shape1(2), &rate, err));
    cop_f64(rate)[0] = m->options->lr_student;
    int64_t *index = malloc((size_t)data->count * sizeof *index);
    if (index == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (int32_t label = 0; label < task->classes; label++) {
        if (cop_samples_of_class(data, label, index) >= m->options->ipc)
            cop_samples_batch(data, index, m->options->ipc,
                              cop_f32(pixels) +
                                  label * m->options->ipc * (cop_shape_count(pixels->shape) / n),
                              NULL);
    }
    free(index);
    return COP_OK;
}

static int64_t count_of(const mtt *m, size_t i)
{
    return cop_shape_count(cop_model_parameter(m->options->model, i)->shape);
}

/* N plain SGD steps; the θ before each is kept in `kept` (one buffer per step and parameter). */
static cop_status student(mtt *m, double rate, float ***kept, cop_error *err)
{
    for (int64_t n = 0; n < m->options->student_steps; n++) {
        COP_TRY(cop_program_run(m->forward, err));
        for (size_t i = 0; i < m->params; i++) {
            memcpy(kept[n][i], m->theta[i], (size_t)count_of(m, i) * sizeof(float));
            const float *g = cop_program_output(m->forward, i);
            for (int64_t k = 0; k < count_of(m, i); k++)
                m->theta[i][k] -= (float)rate * g[k];
        }
    }
    return COP_OK;
}

/* The step-adjoint, backwards; adds to the pixels' and the rate's gradients. */
static cop_status adjoint(mtt *m, double rate, float ***kept, float *pixel_gradient,
                          double *rate_gradient, cop_error *err)
{
    const cop_task *task = cop_model_task(m->options->model);
    int64_t pixels = image_count(m->options, task) * task->channels * task->height * task->width;
    for (int64_t n = m->options->student_steps; n-- > 0;) {
        for (size_t i = 0; i < m->params; i++)
            memcpy(m->theta[i], kept[n][i], (size_t)count_of(m, i) * sizeof(float));
        COP_TRY(cop_program_run(m->forward, err));
        COP_TRY(cop_program_run(m->backward, err));
        const float *mixed = cop_program_output(m->backward, m->params);
        for (int64_t k = 0; k < pixels; k++)
            pixel_gradient[k] -= (float)rate * mixed[k];
        for (size_t i = 0; i < m->params; i++) {
            const float *g = cop_program_output(m->forward, i);
            const float *h = cop_program_output(m->backward, i);
            for (int64_t k = 0; k < count_of(m, i); k++) {
                *rate_gradient -= (double)m->lambda[i][k] * (double)g[k];
                m->lambda[i][k] -= (float)rate * h[k];
            }
        }
    }
    return COP_OK;
}

/* θ ← θ_0; returns ‖θ_0 − θ*‖². */
static double load_segment(mtt *m, const cop_tensors *from, const cop_tensors *to)
{
    double distance = 0.0;
    for (size_t i = 0; i < m->params; i++) {
        const char *name = cop_model_parameter(m->options->model, i)->name;
        const float *start = cop_f32(cop_tensors_find(from, name));
        const float *end = cop_f32(cop_tensors_find(to, name));
        for (int64_t k = 0; k < count_of(m, i); k++) {
            m->theta[i][k] = start[k];
            distance += ((double)start[k] - (double)end[k]) * ((double)start[k] - (double)end[k]);
        }
    }
    return distance;
}

/* λ_N = 2(θ_N − θ*)/‖θ_0 − θ*‖². */
static void start_adjoint(mtt *m, const cop_tensors *to, double distance)
{
    for (size_t i = 0; i < m->params; i++) {
        const float *end =
            cop_f32(cop_tensors_find(to, cop_model_parameter(m->options->model, i)->name));
        for (int64_t k = 0; k < count_of(m, i); k++)
            m->lambda[i][k] = (float)(2.0 * ((double)m->theta[i][k] - (double)end[k]) / distance);
    }
}

static void free_kept(const mtt *m, float ***kept)
{
    for (int64_t n = 0; kept != NULL && n < m->options->student_steps; n++) {
        for (size_t i = 0; kept[n] != NULL && i < m->params; i++)
            free(kept[n][i]);
        free(kept[n]);
    }
    free(kept);
}

static float ***new_kept(const mtt *m)
{
    float ***kept = calloc((size_t)m->options->student_steps, sizeof(float **));
    bool ok = kept != NULL;
    for (int64_t n = 0; ok && n < m->options->student_steps; n++) {
        kept[n] = calloc(m->params, sizeof(float *));
        ok = kept[n] != NULL;
        for (size_t i = 0; ok && i < m->params; i++) {
            kept[n][i] = malloc((size_t)count_of(m, i) * sizeof(float));
            ok = kept[n][i] != NULL;
        }
    }
    if (ok)
        return kept;
    free_kept(m, kept);
    return NULL;
}

static cop_status mtt_step(void *self, cop_work *work, cop_tensors *bag, int64_t i, cop_error *err)
{
    mtt *m = self;
    cop_stream stream = cop_work_stream(work, "segment", (uint64_t)i);
    size_t expert = (size_t)cop_stream_below(&stream, EXPERTS);
    size_t first = (size_t)cop_stream_below(&stream, (uint64_t)m->options->max_start);
    size_t last = first + (size_t)m->options->expert_epochs;
    const cop_tensors *from = cop_work_snapshot(work, expert, first);
    const cop_tensors *to = cop_work_snapshot(work, expert, last);
    cop_tensor *pixels = cop_tensors_find(bag, "pixels");
    double *rate = cop_f64(cop_tensors_find(bag, "rate"));
    float *momentum = cop_f32(cop_tensors_find(bag, "pixel momentum"));
    int64_t count = cop_shape_count(pixels->shape);
    float ***kept = new_kept(m), *gradient = calloc((size_t)count, sizeof *gradient);
    double rate_gradient = 0.0, distance = load_segment(m, from, to);
    memcpy(m->pixels, pixels->data, (size_t)count * sizeof(float));
    cop_status status = kept != NULL && gradient != NULL
                            ? student(m, rate[0], kept, err)
                            : cop_fail(err, COP_FAILED, "out of memory");
    if (status == COP_OK) {
        start_adjoint(m, to, distance);
        status = adjoint(m, rate[0], kept, gradient, &rate_gradient, err);
    }
    for (int64_t k = 0; k < count && status == COP_OK; k++) {
        momentum[k] = 0.5f * momentum[k] + gradient[k];
        cop_f32(pixels)[k] -= (float)m->options->lr_pixels * momentum[k];
    }
    rate[1] = 0.5 * rate[1] + rate_gradient;
    rate[0] -= m->options->lr_lr * rate[1];
    if (status == COP_OK && !(rate[0] > 0.0))
        status =
            cop_fail(err, COP_FAILED, "the student's step size became %g; lower lr_lr", rate[0]);
    free_kept(m, kept);
    free(gradient);
    return status;
}

static cop_status mtt_finish(void *self, cop_work *work, cop_tensors *bag, cop_synthetic *out,
                             cop_error *err)
{
    const mtt *m = self;
    const cop_samples *data = cop_work_train_data(work);
    const cop_tensor *pixels = cop_tensors_find(bag, "pixels");
    out->task = data->task;
    out->factor = 1;
    COP_TRY(cop_synthetic_set_recipe(out, m->options->recipe, err));
    if (out->recipe != NULL)
        COP_TRY(cop_recipe_set_float(out->recipe, "lr", cop_f64(cop_tensors_find(bag, "rate"))[0],
                                     err));
    for (int c = 0; c < data->task.channels; c++)
        out->normalization.std[c] = 1.0f; /* the pixels are in normalised space already */
    COP_TRY(cop_synthetic_allocate(out, pixels->shape.dim[0], err));
    memcpy(out->pixels, pixels->data, (size_t)cop_shape_count(pixels->shape) * sizeof(float));
    memcpy(out->labels, m->targets, (size_t)(out->count * data->task.classes) * sizeof(float));
    return COP_OK;
}

static const cop_distiller_ops ops = {.size = sizeof(cop_distiller_ops),
                                      .create = mtt_create,
                                      .destroy = mtt_destroy,
                                      .plan = mtt_plan,
                                      .begin = mtt_begin,
                                      .step = mtt_step,
                                      .finish = mtt_finish};

COP_EXPORT const cop_plugin coppice_plugin = {
    COP_PLUGIN_HEADER(COP_KIND_DISTILLER, COP_DISTILLER_INTERFACE),
    .id = "mtt",
    .version = "0.0.1-dev",
    .results_version = "0",
    .summary = "matches training trajectories of experts",
    .author = "The Coppice authors",
    .licence = "MIT",
    .citation = "Cazenavette et al., Dataset Distillation by Matching Training Trajectories, 2022",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_size = sizeof(mtt_options),
    .ops = &ops};
