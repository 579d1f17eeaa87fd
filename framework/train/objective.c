/* objective.c: the mean loss over a set of samples, batch by batch, and its derivatives.
 *
 * Each service has a program for the full batch and one for the partial last batch, compiled when
 * first needed. Means over the set are sums over batches in double, weighted by batch size. */
#include <coppice/objective.h>

#include "core/sized.h"
#include "nn/declared.h"
#include "nn/samples.h"
#include "train/forward.h"
#include "train/programs.h"

#include <coppice/differentiate.h>

#include <stdlib.h>
#include <string.h>

typedef enum service { EVALUATE, GRADIENT, PRODUCT, STATISTICS, SERVICE_COUNT } service;

/* Outputs of EVALUATE; GRADIENT has the loss and the gradients, PRODUCT the products alone,
 * STATISTICS the new buffers and then how much of the old ones is in them. */
enum { OUTPUT_LOSS, OUTPUT_LOGITS, OUTPUT_EVALUATE_COUNT };

#define TANGENT_PREFIX "tangent/"

typedef struct compiled {
    cop_program *program; /* NULL until needed */
    cop_node *apart;      /* inputs bound one by one: PRODUCT's tangents, STATISTICS' buffers */
} compiled;

struct cop_objective {
    cop_objective_spec spec;
    int64_t *index;
    int64_t count, batch;
    size_t param_count, buffer_count;
    cop_tensors *data;    /* "images", "targets" of a batch */
    int64_t widest;       /* elements of the largest parameter or buffer */
    int64_t param_total;  /* elements of all parameters */
    int64_t buffer_total; /* elements of all buffers */
    float *zeros; /* `widest` zeros: a tangent that is not given, a buffer before its reset */
    double *sums; /* param_total or buffer_total: sums over batches */
    compiled of[SERVICE_COUNT][2]; /* full, partial */
    cop_program *last;             /* of those, the one that ran last */
};

static int64_t elements(const cop_parameter *p)
{
    return cop_shape_count(p->shape);
}

static void measure(cop_objective *o)
{
    o->param_count = cop_model_parameter_count(o->spec.model);
    o->buffer_count = cop_model_buffer_count(o->spec.model);
    for (size_t i = 0; i < o->param_count; i++) {
        int64_t n = elements(cop_model_parameter(o->spec.model, i));
        o->widest = n > o->widest ? n : o->widest;
        o->param_total += n;
    }
    for (size_t i = 0; i < o->buffer_count; i++) {
        int64_t n = elements(cop_model_buffer(o->spec.model, i));
        o->widest = n > o->widest ? n : o->widest;
        o->buffer_total += n;
    }
}

static cop_status check_spec(const cop_objective_spec *spec, cop_error *err)
{
    COP_TRY(cop_check_task(spec->model, spec->data, err));
    if (spec->count < 0 || spec->batch < 0)
        return cop_fail(err, COP_FAILED, "an objective over %lld samples in batches of %lld",
                        (long long)spec->count, (long long)spec->batch);
    if (spec->index == NULL && spec->count > spec->data->count)
        return cop_fail(err, COP_FAILED, "an objective over %lld samples of a set of %lld",
                        (long long)spec->count, (long long)spec->data->count);
    if (spec->index != NULL ? spec->count == 0 : spec->data->count < 1)
        return cop_fail(err, COP_FAILED, "an objective needs at least one sample");
    if (spec->change != NULL && cop_samples_space(spec->data) != COP_PIXELS_UNIT)
        return cop_fail(err, COP_FAILED,
                        "an objective over changed pixels of samples that are normalised already");
    for (int64_t i = 0; spec->index != NULL && i < spec->count; i++)
        if (spec->index[i] < 0 || spec->index[i] >= spec->data->count)
            return cop_fail(err, COP_FAILED, "sample %lld is not in a set of %lld",
                            (long long)spec->index[i], (long long)spec->data->count);
    return COP_OK;
}

static cop_status make(cop_objective *o, cop_error *err)
{
    COP_TRY(check_spec(&o->spec, err));
    measure(o);
    o->count = o->spec.count > 0 ? o->spec.count : o->spec.data->count;
    o->batch = o->spec.batch > 0 ? o->spec.batch : 256;
    o->batch = o->batch < o->count ? o->batch : o->count;
    int64_t most = o->param_total > o->buffer_total ? o->param_total : o->buffer_total;
    o->index = malloc((size_t)o->count * sizeof *o->index);
    o->zeros = calloc((size_t)o->widest + 1, sizeof *o->zeros);
    o->sums = malloc(((size_t)most + 1) * sizeof *o->sums);
    o->data = cop_tensors_new();
    if (o->index == NULL || o->zeros == NULL || o->sums == NULL || o->data == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for an objective");
    for (int64_t i = 0; i < o->count; i++)
        o->index[i] = o->spec.index != NULL ? o->spec.index[i] : i;
    o->spec.index = o->index;
    const cop_task *task = &o->spec.data->task;
    COP_TRY(cop_tensors_add(o->data, "images", COP_F32,
                            cop_shape4(o->batch, task->channels, task->height, task->width), NULL,
                            err));
    return cop_tensors_add(o->data, "targets", COP_F32, cop_shape2(o->batch, task->classes), NULL,
                           err);
}

cop_status cop_objective_new(const cop_objective_spec *spec, cop_objective **out, cop_error *err)
{
    cop_objective *o = malloc(sizeof *o);
    if (o == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for an objective");
    *o = (cop_objective){0};
    cop_status status =
        cop_sized_take("an objective's spec", spec, COP_LEAST(cop_objective_spec, reserved),
                       &o->spec, sizeof o->spec, err);
    if (status != COP_OK) {
        free(o);
        return status;
    }
    if (o->spec.mode == 0)
        o->spec.mode = COP_MODE_EVAL;
    if (o->spec.logit_scale == 0.0)
        o->spec.logit_scale = 1.0;
    status = make(o, err);
    if (status != COP_OK)
        cop_objective_free(o);
    else
        *out = o;
    return status;
}

void cop_objective_free(cop_objective *o)
{
    if (o == NULL)
        return;
    for (int s = 0; s < SERVICE_COUNT; s++)
        for (int k = 0; k < 2; k++) {
            cop_program_free(o->of[s][k].program);
            free(o->of[s][k].apart);
        }
    cop_tensors_free(o->data);
    free(o->index);
    free(o->zeros);
    free(o->sums);
    free(o);
}

/* The Hessian product: the tangent of the gradient, for tangents given as inputs. */
static cop_status add_product(const cop_objective *o, cop_forward *f, cop_node *tangents,
                              cop_node *outputs, cop_error *err)
{
    cop_node *gradients = calloc(o->param_count + 1, sizeof *gradients);
    if (gradients == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for a Hessian product");
    for (size_t i = 0; i < o->param_count; i++) {
        const cop_parameter *p = cop_model_parameter(o->spec.model, i);
        char name[sizeof TANGENT_PREFIX + COP_NAME_SIZE] = TANGENT_PREFIX;
        strncat(name, p->name, COP_NAME_SIZE);
        tangents[i] = cop_input(f->g, name, p->shape);
    }
    cop_status status = cop_gradient(f->g, f->loss, f->params, o->param_count, gradients, err);
    if (status == COP_OK)
        status = cop_jvp(f->g, f->params, tangents, o->param_count, gradients, o->param_count,
                         outputs, err);
    free(gradients);
    return status;
}

/* new = keep·old + rest, so `keep` is the tangent of the new buffers for tangents of one: whatever
 * a model's momentum is, rest / (1 − keep) is the batch's own statistic. */
static cop_status add_statistics(const cop_objective *o, cop_forward *f, cop_node *outputs,
                                 cop_error *err)
{
    cop_node *ones = calloc(o->buffer_count + 1, sizeof *ones);
    if (ones == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for the statistics of a batch");
    for (size_t i = 0; i < o->buffer_count; i++) {
        ones[i] = cop_constant(f->g, cop_model_buffer(o->spec.model, i)->shape, 1.0);
        outputs[i] = cop_model_output_new_buffer(f->output, i);
    }
    cop_status status = cop_jvp(f->g, f->buffers, ones, o->buffer_count, outputs, o->buffer_count,
                                outputs + o->buffer_count, err);
    free(ones);
    return status;
}

/* Adds what a service puts out beyond the forward pass, and the inputs that it binds one by one;
 * *count is the number of outputs. */
static cop_status add_outputs(const cop_objective *o, service s, cop_forward *f, cop_node *apart,
                              cop_node *outputs, size_t *count, cop_error *err)
{
    outputs[OUTPUT_LOSS] = f->loss;
    outputs[OUTPUT_LOGITS] = cop_model_output_get_logits(f->output);
    switch (s) {
    case GRADIENT:
        *count = 1 + o->param_count;
        return cop_gradient(f->g, f->loss, f->params, o->param_count, outputs + 1, err);
    case PRODUCT:
        *count = o->param_count;
        return add_product(o, f, apart, outputs, err);
    case STATISTICS:
        *count = 2 * o->buffer_count;
        memcpy(apart, f->buffers, o->buffer_count * sizeof *apart);
        return add_statistics(o, f, outputs, err);
    default:
        *count = OUTPUT_EVALUATE_COUNT;
        return COP_OK;
    }
}

static cop_status compile_forward(cop_objective *o, service s, cop_forward *f, cop_node *outputs,
                                  compiled *c, cop_error *err)
{
    size_t count = 0;
    COP_TRY(add_outputs(o, s, f, c->apart, outputs, &count, err));
    COP_TRY(cop_graph_check(f->g, err));
    cop_compile_options options = {COP_SIZED(cop_compile_options), .threads = o->spec.threads};
    COP_TRY(cop_compile(f->g, outputs, count, &options, &c->program, err));
    COP_TRY(cop_program_bind(c->program, f->images, cop_f32(cop_tensors_at(o->data, 0)), err));
    return cop_program_bind(c->program, f->targets, cop_f32(cop_tensors_at(o->data, 1)), err);
}

/* On failure *c is as before: empty. */
static cop_status compile_service(cop_objective *o, service s, int64_t n, compiled *c,
                                  cop_error *err)
{
    const cop_forward_spec spec = {.model = o->spec.model,
                                   .n = n,
                                   .mode = s == STATISTICS ? COP_MODE_TRAIN : o->spec.mode,
                                   .logit_scale = o->spec.logit_scale};
    cop_forward f;
    COP_TRY(cop_forward_build(&spec, &f, err));
    cop_node *outputs =
        calloc(OUTPUT_EVALUATE_COUNT + o->param_count + 2 * o->buffer_count, sizeof *outputs);
    c->apart = calloc(o->param_count + o->buffer_count + 1, sizeof *c->apart);
    cop_status status = outputs != NULL && c->apart != NULL
                            ? compile_forward(o, s, &f, outputs, c, err)
                            : cop_fail(err, COP_FAILED, "out of memory to compile an objective");
    free(outputs);
    cop_forward_clear(&f);
    if (status != COP_OK) {
        cop_program_free(c->program);
        free(c->apart);
        *c = (compiled){0};
    }
    return status;
}

static cop_status full_program(cop_objective *o, service s, cop_program **out, cop_error *err)
{
    compiled *c = &o->of[s][0];
    if (c->program == NULL)
        COP_TRY(compile_service(o, s, o->batch, c, err));
    *out = c->program;
    return COP_OK;
}

cop_status cop_objective_evaluation_program(cop_objective *o, cop_program **out, cop_error *err)
{
    return full_program(o, EVALUATE, out, err);
}

cop_status cop_objective_product_program(cop_objective *o, cop_program **out, cop_error *err)
{
    return full_program(o, PRODUCT, out, err);
}

typedef struct pass {
    cop_objective *o;
    service what;
    const cop_tensors *state;
    const cop_tensors *v; /* PRODUCT: the tangents */
    int64_t first, n;     /* of the batch at hand */
} pass;

static cop_status bind_tangents(const pass *p, compiled *c, cop_error *err)
{
    for (size_t i = 0; i < p->o->param_count; i++) {
        const cop_parameter *declared = cop_model_parameter(p->o->spec.model, i);
        const float *data = p->o->zeros;
        if (cop_tensors_find(p->v, declared->name) != NULL) {
            cop_tensor *tangent = NULL;
            COP_TRY(cop_find_declared(p->v, "tangent", declared, &tangent, err));
            data = cop_f32(tangent);
        }
        COP_TRY(cop_program_bind(c->program, c->apart[i], data, err));
    }
    return COP_OK;
}

static cop_status bind_zero_buffers(const pass *p, compiled *c, cop_error *err)
{
    for (size_t i = 0; i < p->o->buffer_count; i++)
        COP_TRY(cop_program_bind(c->program, c->apart[i], p->o->zeros, err));
    return COP_OK;
}

/* The program for the pass's batch, compiled and bound to the pass's state. */
static cop_status program_for(const pass *p, cop_program **out, cop_error *err)
{
    cop_objective *o = p->o;
    compiled *c = &o->of[p->what][p->n == o->batch ? 0 : 1];
    if (c->program == NULL)
        COP_TRY(compile_service(o, p->what, p->n, c, err));
    if (p->first == 0 || p->n != o->batch) {
        COP_TRY(cop_model_bind(o->spec.model, c->program, COP_FORWARD_MODEL, p->state, err));
        if (p->what == PRODUCT)
            COP_TRY(bind_tangents(p, c, err));
        if (p->what == STATISTICS)
            COP_TRY(bind_zero_buffers(p, c, err));
    }
    *out = c->program;
    return COP_OK;
}

/* The images of a batch as cop_samples_batch has them, but for what is done to their pixels. */
static void write_changed(const cop_objective_spec *spec, const int64_t *index, int64_t n,
                          float *images)
{
    const cop_normalization by = cop_samples_normalization(spec->data);
    int64_t values = cop_task_values(&spec->data->task);
    int64_t plane = values / spec->data->task.channels;
    for (int64_t k = 0; k < n; k++) {
        float *image = images + k * values;
        cop_samples_pixels(spec->data, index[k], image);
        spec->change(spec->context, index[k], image);
        for (int64_t i = 0; i < values; i++)
            image[i] = (image[i] - by.mean[i / plane]) / by.std[i / plane];
    }
}

/* Runs the next batch: *out is its program, or NULL when the set is through. */
static cop_status next_batch(pass *p, cop_program **out, cop_error *err)
{
    cop_objective *o = p->o;
    *out = NULL;
    p->first += p->n;
    if (p->first >= o->count)
        return COP_OK;
    p->n = o->count - p->first < o->batch ? o->count - p->first : o->batch;
    float *images = cop_f32(cop_tensors_at(o->data, 0));
    cop_samples_batch(o->spec.data, o->index + p->first, p->n,
                      o->spec.change == NULL ? images : NULL, cop_f32(cop_tensors_at(o->data, 1)));
    if (o->spec.change != NULL)
        write_changed(&o->spec, o->index + p->first, p->n, images);
    cop_program *program = NULL;
    COP_TRY(program_for(p, &program, err));
    COP_TRY(cop_program_run(program, err));
    o->last = program;
    *out = program;
    return COP_OK;
}

cop_program *cop_objective_program(cop_objective *o)
{
    return o->last;
}

/* Adds each parameter's output, of which the first is `first_output`, to its place in the sums. */
static void add_to_sums(cop_objective *o, const cop_program *p, size_t first_output, double weight)
{
    double *sum = o->sums;
    for (size_t i = 0; i < o->param_count; i++) {
        const float *value = cop_program_output(p, first_output + i);
        int64_t n = elements(cop_model_parameter(o->spec.model, i));
        for (int64_t k = 0; k < n; k++)
            sum[k] += weight * (double)value[k];
        sum += n;
    }
}

/* Every tensor of `set` that is a parameter's has its dtype and shape. */
static cop_status check_results(const cop_objective *o, const cop_tensors *set, const char *what,
                                cop_error *err)
{
    for (size_t i = 0; i < o->param_count; i++) {
        const cop_parameter *declared = cop_model_parameter(o->spec.model, i);
        cop_tensor *t = NULL;
        if (cop_tensors_find(set, declared->name) != NULL)
            COP_TRY(cop_find_declared(set, what, declared, &t, err));
    }
    return COP_OK;
}

static void write_sums(const cop_objective *o, cop_tensors *set)
{
    const double *sum = o->sums;
    for (size_t i = 0; i < o->param_count; i++) {
        const cop_parameter *declared = cop_model_parameter(o->spec.model, i);
        cop_tensor *t = cop_tensors_find(set, declared->name);
        int64_t n = elements(declared);
        for (int64_t k = 0; t != NULL && k < n; k++)
            cop_f32(t)[k] = (float)sum[k];
        sum += n;
    }
}

cop_status cop_objective_evaluate(cop_objective *o, const cop_tensors *state, cop_evaluation *out,
                                  cop_error *err)
{
    pass p = {.o = o, .what = EVALUATE, .state = state};
    cop_program *program = NULL;
    double loss = 0.0;
    int64_t correct = 0;
    for (;;) {
        COP_TRY(next_batch(&p, &program, err));
        if (program == NULL)
            break;
        loss += (double)cop_program_output(program, OUTPUT_LOSS)[0] * (double)p.n;
        correct +=
            cop_count_correct(cop_program_output(program, OUTPUT_LOGITS), p.n,
                              o->spec.data->task.classes, o->spec.data->labels, o->index + p.first);
    }
    const cop_evaluation found = {COP_SIZED(cop_evaluation), .loss = loss / (double)o->count,
                                  .accuracy = (double)correct / (double)o->count,
                                  .count = o->count};
    return cop_sized_give("an evaluation", &found, sizeof found, COP_LEAST(cop_evaluation, count),
                          out, err);
}

cop_status cop_objective_gradient(cop_objective *o, const cop_tensors *state, cop_tensors *gradient,
                                  double *loss, cop_error *err)
{
    COP_TRY(check_results(o, gradient, "gradient", err));
    memset(o->sums, 0, (size_t)o->param_total * sizeof *o->sums);
    pass p = {.o = o, .what = GRADIENT, .state = state};
    cop_program *program = NULL;
    double sum = 0.0;
    for (;;) {
        COP_TRY(next_batch(&p, &program, err));
        if (program == NULL)
            break;
        double weight = (double)p.n / (double)o->count;
        sum += weight * (double)cop_program_output(program, OUTPUT_LOSS)[0];
        add_to_sums(o, program, 1, weight);
    }
    write_sums(o, gradient);
    if (loss != NULL)
        *loss = sum;
    return COP_OK;
}

cop_status cop_objective_hessian_product(cop_objective *o, const cop_tensors *state,
                                         const cop_tensors *v, cop_tensors *product, cop_error *err)
{
    COP_TRY(check_results(o, product, "product", err));
    memset(o->sums, 0, (size_t)o->param_total * sizeof *o->sums);
    pass p = {.o = o, .what = PRODUCT, .state = state, .v = v};
    cop_program *program = NULL;
    for (;;) {
        COP_TRY(next_batch(&p, &program, err));
        if (program == NULL)
            break;
        add_to_sums(o, program, 0, (double)p.n / (double)o->count);
    }
    write_sums(o, product);
    return COP_OK;
}

/* The batch's own statistic of each buffer, added in proportion to the batch. With old buffers of
 * zero, what comes out is (1 − keep) times it; a buffer that no batch moves has keep = 1. */
static void add_statistics_to_sums(cop_objective *o, const cop_program *p, double weight)
{
    double *sum = o->sums;
    for (size_t i = 0; i < o->buffer_count; i++) {
        const float *fresh = cop_program_output(p, i);
        const float *keep = cop_program_output(p, o->buffer_count + i);
        int64_t n = elements(cop_model_buffer(o->spec.model, i));
        for (int64_t k = 0; k < n; k++)
            if (keep[k] != 1.0f)
                sum[k] += weight * (double)fresh[k] / (1.0 - (double)keep[k]);
        sum += n;
    }
}

/* Replaces the buffers that batches move; `last` is the program of the last batch. */
static void write_statistics(const cop_objective *o, const cop_program *last, cop_tensors *state)
{
    const double *sum = o->sums;
    for (size_t i = 0; i < o->buffer_count; i++) {
        const cop_parameter *declared = cop_model_buffer(o->spec.model, i);
        const float *keep = cop_program_output(last, o->buffer_count + i);
        float *buffer = cop_f32(cop_tensors_find(state, declared->name));
        int64_t n = elements(declared);
        for (int64_t k = 0; k < n; k++)
            if (keep[k] != 1.0f)
                buffer[k] = (float)sum[k];
        sum += n;
    }
}

cop_status cop_objective_reestimate(cop_objective *o, cop_tensors *state, cop_error *err)
{
    if (o->buffer_count == 0)
        return COP_OK;
    for (size_t i = 0; i < o->buffer_count; i++) {
        cop_tensor *t = NULL;
        COP_TRY(cop_find_declared(state, "state", cop_model_buffer(o->spec.model, i), &t, err));
    }
    memset(o->sums, 0, (size_t)o->buffer_total * sizeof *o->sums);
    pass p = {.o = o, .what = STATISTICS, .state = state};
    cop_program *program = NULL, *last = NULL;
    for (;;) {
        COP_TRY(next_batch(&p, &program, err));
        if (program == NULL)
            break;
        add_statistics_to_sums(o, program, (double)p.n / (double)o->count);
        last = program;
    }
    write_statistics(o, last, state);
    return COP_OK;
}
