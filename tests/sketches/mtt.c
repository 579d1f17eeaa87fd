/* mtt.c: matching training trajectories (Cazenavette et al. 2022). A student starts from an expert's
 * snapshot θ_0, takes N steps on the synthetic set, and is compared with a later snapshot θ*:
 * L = ‖θ_N − θ*‖² / ‖θ_0 − θ*‖². Its gradient in pixels and rate needs no unrolled graph: the θ of
 * each student step are kept and one step-adjoint runs backwards: λ_N = ∂L/∂θ_N; for n = N … 1
 *
 *     pixels += −η ∂(λ·g)/∂x,  rate += −λ·g,  λ ← λ − η H λ
 *
 * all of which come out of one program. θ, g and λ are flat arrays of all parameters. Pixels and
 * rate have SGD with momentum ½. One step of the work is one step of the pixels. */
#include <coppice/differentiate.h>
#include <coppice/distil.h>
#include <coppice/plugin.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOMENTUM 0.5

typedef struct options {
    int64_t ipc, iterations, student_steps, experts, expert_epochs, max_start;
    double lr_pixels, lr_lr, lr_student;
    const cop_model *model;
    const cop_recipe *expert, *recipe;
} options;

typedef struct mtt {
    const options *o;
    cop_classes *classes;
    cop_pixels *pixels;
    cop_program *forward, *backward;
    int64_t weights;              /* numbers in θ */
    float *theta, *lambda, *kept; /* [weights], [weights], [student_steps, weights] */
    float *targets;               /* [images, classes] */
} mtt;

enum { BACKWARD_G, BACKWARD_H_LAMBDA, BACKWARD_PIXELS, BACKWARD_OUTPUTS };

static cop_status create_mtt(const void *given, const cop_task *task, void **out, cop_error *err)
{
    (void)task;
    mtt *self = calloc(1, sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    self->o = given;
    *out = self;
    return COP_OK;
}

static void destroy_mtt(void *state)
{
    mtt *self = state;
    cop_program_free(self->forward);
    cop_program_free(self->backward);
    cop_pixels_free(self->pixels);
    cop_classes_free(self->classes);
    free(self->theta);
    free(self->lambda);
    free(self->kept);
    free(self->targets);
    free(self);
}

static cop_status plan_experts(const options *o, cop_plan *plan, cop_error *err)
{
    size_t count = (size_t)(o->max_start + o->expert_epochs);
    cop_duration *epochs = calloc(count, sizeof *epochs);
    if (epochs == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (size_t e = 0; e < count; e++)
        epochs[e] = (cop_duration){COP_EPOCHS, (double)e};
    cop_status status = COP_OK;
    for (int64_t k = 0; k < o->experts && status == COP_OK; k++) {
        const cop_training_request expert = {
            COP_SIZED(cop_training_request), .label = "expert",    .model = o->model,
            .data = COP_DATA_REAL,           .recipe = o->expert,  .start = COP_START_INIT,
            .init = (uint64_t)k + 1,         .noise = (uint64_t)k, .snapshots = epochs,
            .snapshot_count = count};
        status = cop_plan_train(plan, &expert, err);
    }
    free(epochs);
    return status;
}

static cop_status plan_mtt(const void *given, cop_plan *plan, cop_error *err)
{
    const options *o = given;
    if (cop_model_buffer_count(o->model) > 0)
        return cop_fail(err, COP_INVALID, "trajectory matching wants a model without buffers");
    cop_plan_steps(plan, o->iterations);
    cop_plan_expect_set(plan, o->ipc * cop_task_classes(cop_plan_task(plan)), o->recipe);
    return plan_experts(o, plan, err);
}

/* The parameters as parts of θ, and g = ∂(cross-entropy)/∂θ, flat as θ. `nodes` has room for three
 * arrays of them. */
static cop_status build_gradient(const cop_model *model, cop_graph *g, cop_node theta, cop_node x,
                                 cop_node y, cop_node *nodes, cop_node *out, cop_error *err)
{
    size_t count = cop_model_parameter_count(model);
    cop_node *params = nodes, *gradients = nodes + count;
    const cop_model_output *output = NULL;
    int64_t first = 0;
    for (size_t i = 0; i < count; i++) {
        cop_shape shape = cop_model_parameter(model, i)->shape;
        int64_t size = cop_shape_count(shape);
        params[i] = cop_reshape(g, cop_slice(g, theta, 0, first, size), shape);
        first += size;
    }
    COP_TRY(cop_model_build(model, g, x, params, NULL, COP_MODE_TRAIN, &output, err));
    cop_node loss = cop_cross_entropy(g, cop_model_output_get_logits(output), y);
    COP_TRY(cop_gradient(g, loss, params, count, gradients, err));
    for (size_t i = 0; i < count; i++)
        gradients[i] = cop_reshape(
            g, gradients[i], cop_shape1(cop_shape_count(cop_model_parameter(model, i)->shape)));
    *out = cop_concat(g, gradients, count, 0);
    return cop_graph_check(g, err);
}

static cop_status build(mtt *self, cop_graph *g, cop_node *nodes, int threads, cop_error *err)
{
    const cop_task *t = cop_model_task(self->o->model);
    const cop_compile_options compile = {COP_SIZED(cop_compile_options), .threads = threads};
    int64_t n = cop_pixels_count(self->pixels);
    cop_node theta = cop_input(g, "theta", cop_shape1(self->weights));
    cop_node lambda = cop_input(g, "lambda", cop_shape1(self->weights));
    cop_node x = cop_input(g, "x", cop_task_shape(t, n));
    cop_node y = cop_input(g, "y", cop_shape2(n, cop_task_classes(t)));
    cop_node out[BACKWARD_OUTPUTS];
    COP_TRY(build_gradient(self->o->model, g, theta, x, y, nodes, &out[BACKWARD_G], err));
    COP_TRY(cop_compile(g, out, 1, &compile, &self->forward, err));
    COP_TRY(cop_jvp(g, &theta, &lambda, 1, out, 1, &out[BACKWARD_H_LAMBDA], err));
    COP_TRY(cop_vjp(g, out, &lambda, 1, &x, 1, &out[BACKWARD_PIXELS], err));
    return cop_compile(g, out, BACKWARD_OUTPUTS, &compile, &self->backward, err);
}

static cop_status make_programs(mtt *self, int threads, cop_error *err)
{
    cop_graph *g = cop_graph_new();
    cop_node *nodes = calloc(2 * cop_model_parameter_count(self->o->model) + 1, sizeof *nodes);
    cop_status status = g != NULL && nodes != NULL ? build(self, g, nodes, threads, err)
                                                   : cop_fail(err, COP_FAILED, "out of memory");
    cop_graph_free(g);
    free(nodes);
    COP_TRY(status);
    cop_program *const both[] = {self->forward, self->backward};
    for (int i = 0; i < 2; i++) {
        COP_TRY(cop_program_bind_name(both[i], "theta", self->theta, err));
        COP_TRY(cop_program_bind_name(both[i], "x", cop_pixels_of(self->pixels, 0), err));
        COP_TRY(cop_program_bind_name(both[i], "y", self->targets, err));
    }
    return cop_program_bind_name(self->backward, "lambda", self->lambda, err);
}

static cop_status open_pixels(mtt *self, cop_work *work, cop_error *err)
{
    const cop_samples *data = cop_work_train_data(work);
    const cop_classes_spec classes = {COP_SIZED(cop_classes_spec), .data = data, .batch = 1};
    const cop_pixels_spec pixels = {COP_SIZED(cop_pixels_spec), .data = data,
                                    .per_class = self->o->ipc, .space = COP_PIXELS_NORMALISED};
    COP_TRY(cop_classes_new(&classes, &self->classes, err));
    COP_TRY(cop_pixels_new(&pixels, cop_work_bag(work), &self->pixels, err));
    for (int32_t c = 0; c < cop_task_classes(cop_work_task(work)); c++) {
        if (cop_classes_count(self->classes, c) < self->o->ipc)
            return cop_fail(err, COP_INVALID, "class %d has fewer than %lld images (ipc)", (int)c,
                            (long long)self->o->ipc);
        COP_TRY(
            cop_pixels_start_real(self->pixels, c, cop_classes_members(self->classes, c), 1, err));
    }
    return COP_OK;
}

static cop_status begin_mtt(void *state, cop_work *work, cop_error *err)
{
    mtt *self = state;
    cop_tensor *rate = NULL;
    COP_TRY(open_pixels(self, work, err));
    COP_TRY(cop_tensors_add(cop_work_bag(work), "rate", COP_F64, cop_shape1(2), &rate, err));
    cop_f64(rate)[0] = self->o->lr_student; /* and its velocity */
    int64_t n = cop_pixels_count(self->pixels), classes = cop_task_classes(cop_work_task(work));
    self->weights = cop_model_weight_count(self->o->model);
    self->theta = calloc((size_t)self->weights, sizeof(float));
    self->lambda = calloc((size_t)self->weights, sizeof(float));
    self->kept = calloc((size_t)(self->o->student_steps * self->weights), sizeof(float));
    self->targets = calloc((size_t)(n * classes), sizeof(float));
    if (self->theta == NULL || self->lambda == NULL || self->kept == NULL || self->targets == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (int64_t i = 0; i < n; i++)
        self->targets[i * classes + i / self->o->ipc] = 1.0f;
    return make_programs(self, cop_work_threads(work), err);
}

static void flatten(const mtt *self, const cop_tensors *state, float *flat)
{
    for (size_t i = 0; i < cop_model_parameter_count(self->o->model); i++) {
        const cop_parameter *p = cop_model_parameter(self->o->model, i);
        int64_t size = cop_shape_count(p->shape);
        memcpy(flat, cop_f32(cop_tensors_find(state, p->name)), (size_t)size * sizeof *flat);
        flat += size;
    }
}

/* θ ← θ_0, λ ← θ* for now; ‖θ_0 − θ*‖². Where it starts, and in which expert, is drawn. */
static cop_status load_segment(mtt *self, cop_work *work, int64_t i, double *distance,
                               cop_error *err)
{
    cop_stream stream = cop_work_stream(work, "segment", (uint64_t)i);
    size_t expert = (size_t)cop_stream_below(&stream, (uint64_t)self->o->experts);
    size_t first = (size_t)cop_stream_below(&stream, (uint64_t)self->o->max_start);
    const cop_tensors *state = NULL;
    COP_TRY(cop_work_snapshot(work, expert, first, &state, err));
    flatten(self, state, self->theta);
    size_t last = first + (size_t)self->o->expert_epochs;
    COP_TRY(cop_work_snapshot(work, expert, last, &state, err));
    flatten(self, state, self->lambda);
    *distance = 0.0;
    for (int64_t k = 0; k < self->weights; k++)
        *distance += pow((double)self->theta[k] - (double)self->lambda[k], 2.0);
    return *distance > 0.0 ? COP_OK : cop_fail(err, COP_FAILED, "expert %zu stands still", expert);
}

/* N steps of plain SGD; the θ before each is kept. */
static cop_status run_student(mtt *self, double rate, cop_error *err)
{
    for (int64_t n = 0; n < self->o->student_steps; n++) {
        memcpy(self->kept + n * self->weights, self->theta, (size_t)self->weights * sizeof(float));
        COP_TRY(cop_program_run(self->forward, err));
        const float *g = cop_program_output(self->forward, 0);
        for (int64_t k = 0; k < self->weights; k++)
            self->theta[k] -= (float)rate * g[k];
    }
    return COP_OK;
}

/* λ_N, from θ* in its place; the loss. */
static double start_adjoint(mtt *self, double distance)
{
    double loss = 0.0;
    for (int64_t k = 0; k < self->weights; k++) {
        double off = (double)self->theta[k] - (double)self->lambda[k];
        loss += off * off / distance;
        self->lambda[k] = (float)(2.0 * off / distance);
    }
    return loss;
}

/* The step-adjoint, backwards: the gradients in the pixels and in the rate. */
static cop_status run_adjoint(mtt *self, double rate, float *pixels, double *rate_gradient,
                              cop_error *err)
{
    int64_t count =
        cop_pixels_class_size(self->pixels) * cop_task_classes(cop_model_task(self->o->model));
    memset(pixels, 0, (size_t)count * sizeof *pixels);
    for (int64_t n = self->o->student_steps; n-- > 0;) {
        memcpy(self->theta, self->kept + n * self->weights, (size_t)self->weights * sizeof(float));
        COP_TRY(cop_program_run(self->backward, err));
        const float *g = cop_program_output(self->backward, BACKWARD_G);
        const float *h = cop_program_output(self->backward, BACKWARD_H_LAMBDA);
        const float *mixed = cop_program_output(self->backward, BACKWARD_PIXELS);
        for (int64_t k = 0; k < count; k++)
            pixels[k] -= (float)rate * mixed[k];
        for (int64_t k = 0; k < self->weights; k++) {
            *rate_gradient -= (double)self->lambda[k] * (double)g[k];
            self->lambda[k] -= (float)rate * h[k];
        }
    }
    return COP_OK;
}

static cop_status step_mtt(void *state, cop_work *work, int64_t i, cop_error *err)
{
    mtt *self = state;
    double *rate = cop_f64(cop_tensors_find(cop_work_bag(work), "rate"));
    double distance = 0.0, rate_gradient = 0.0;
    float *gradient = cop_pixels_gradient(self->pixels);
    COP_TRY(load_segment(self, work, i, &distance, err));
    COP_TRY(run_student(self, rate[0], err));
    double loss = start_adjoint(self, distance);
    COP_TRY(run_adjoint(self, rate[0], gradient, &rate_gradient, err));
    cop_pixels_step_all(self->pixels, gradient, self->o->lr_pixels, MOMENTUM);
    rate[1] = MOMENTUM * rate[1] + rate_gradient;
    rate[0] -= self->o->lr_lr * rate[1];
    cop_work_record(work, "matching loss", loss);
    if (!isfinite(loss) || !(rate[0] > 0.0))
        return cop_fail(err, COP_FAILED, "the loss became %g and the student's rate %g: lower %s",
                        loss, rate[0], isfinite(loss) ? "lr_lr" : "lr_pixels");
    return COP_OK;
}

/* The set is trained on at the rate that was learned. */
static cop_status set_recipe(cop_synthetic *out, const cop_recipe *recipe, double lr,
                             cop_error *err)
{
    cop_recipe *own = cop_recipe_copy(recipe);
    if (own == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = cop_recipe_set_float(own, "lr", lr, err);
    if (status == COP_OK)
        status = cop_synthetic_set_recipe(out, own, err);
    cop_recipe_free(own);
    return status;
}

static cop_status finish_mtt(void *state, cop_work *work, cop_error *err)
{
    const mtt *self = state;
    cop_synthetic *out = cop_work_set(work);
    COP_TRY(set_recipe(out, self->o->recipe,
                       cop_f64(cop_tensors_find(cop_work_bag(work), "rate"))[0], err));
    return cop_pixels_finish(self->pixels, out, err);
}

#define FIELD(field_) .name = #field_, .offset = offsetof(options, field_)
#define COUNT         .type = COP_OPTION_INT, .min = 1, .max = 1e9
#define RATE          .type = COP_OPTION_FLOAT, .min = 0, .max = 1e9

static const cop_option option_table[] = {
    {FIELD(ipc), COUNT, .help = "Images per class", .def = "10"},
    {FIELD(iterations), COUNT, .help = "Pixel steps", .def = "5000"},
    {FIELD(student_steps), COUNT, .help = "Student steps per pixel step", .def = "30"},
    {FIELD(experts), COUNT, .help = "Trainings on real data", .def = "100"},
    {FIELD(expert_epochs), COUNT, .help = "Epochs of the expert that they stand for", .def = "2"},
    {FIELD(max_start), COUNT, .help = "Segments start before this epoch", .def = "20"},
    {FIELD(lr_pixels), RATE, .help = "Rate of the pixels", .def = "100"},
    {FIELD(lr_lr), RATE, .help = "Rate of the student's rate", .def = "1e-5"},
    {FIELD(lr_student), RATE, .help = "The student's first rate", .def = "0.001"},
    {FIELD(model), .help = "Network of experts and students", .type = COP_OPTION_MODEL,
     .def = "{ plugin = \"convnet\"; }"},
    {FIELD(expert), .help = "How experts are trained", .type = COP_OPTION_RECIPE,
     .def = "{ recipe = \"sgd\"; duration = \"50ep\"; batch = 256; momentum = 0.0; "
            "weight_decay = 0.0; milestones = []; augment = \"none\"; }"},
    {FIELD(recipe), .help = "How to train on the set", .type = COP_OPTION_RECIPE, .def = "idc"},
};

COP_PLUGIN(
    DISTILLER, .id = "mtt", .version = "0.0.1-dev", .results_version = "0",
    .summary = "MTT: matches training trajectories of experts", .author = "The Coppice authors",
    .licence = "MIT",
    .citation = "Cazenavette et al., Dataset Distillation by Matching Training Trajectories, "
                "CVPR 2022",
    COP_OPTIONS(options, option_table),
    .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .create = create_mtt,
                                 .destroy = destroy_mtt, .plan = plan_mtt, .begin = begin_mtt,
                                 .step = step_mtt, .finish = finish_mtt});
