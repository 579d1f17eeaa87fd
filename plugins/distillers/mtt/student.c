/* student.c: a student's steps, forwards and back. */
#include "student.h"

#include <coppice/differentiate.h>

#include <stdlib.h>
#include <string.h>

enum { OUT_GRADIENT, OUT_CURVATURE, OUT_MIXED, OUTPUTS }; /* g, Hλ, ∂(λ·g)/∂pixels */

struct mtt_student {
    const mtt_options *o;
    cop_pixels *pixels;
    uint64_t seed;
    int64_t images, batch, values; /* floats of an image */
    int64_t weights;
    cop_program *forward, *backward;
    cop_draws *draws; /* NULL: nothing is augmented */
    float *memory;    /* all arrays below but the last */
    float *theta, *lambda;
    float *kept;          /* [student_steps, weights] */
    float *targets;       /* [batch, classes] */
    float *chosen;        /* [batch] whole numbers: the images of a step */
    int64_t *permutation; /* [images] */
};

/* The images of a step as the network sees them; the pixels themselves where a step takes all. */
static cop_node batch_of(const mtt_student *s, cop_graph *g, cop_node pixels)
{
    cop_node x = pixels;
    if (s->batch < s->images)
        x = cop_gather(g, x, cop_input(g, "chosen", cop_shape1(s->batch)));
    return cop_augment(g, "student", x, s->o->augment);
}

/* The gradient of the cross-entropy in θ, flat as it is, and in the pixels. `nodes` has room for
 * two arrays of parameters. */
static cop_status build_gradient(const mtt_student *s, cop_graph *g, cop_node theta,
                                 cop_node pixels, cop_node *nodes, cop_node out[2], cop_error *err)
{
    const cop_model *model = s->o->model;
    size_t count = cop_model_parameter_count(model);
    cop_node *params = nodes;
    const cop_model_output *output = NULL;
    const cop_node wrt[2] = {theta, pixels};
    int64_t first = 0;
    for (size_t i = 0; i < count; i++) {
        cop_shape shape = cop_model_parameter(model, i)->shape;
        int64_t size = cop_shape_count(shape);
        params[i] = cop_reshape(g, cop_slice(g, theta, 0, first, size), shape);
        first += size;
    }
    cop_node wanted =
        cop_input(g, "targets", cop_shape2(s->batch, cop_task_classes(cop_model_task(model))));
    COP_TRY(cop_model_build(model, g, batch_of(s, g, pixels), params, NULL, COP_MODE_TRAIN, &output,
                            err));
    cop_node loss = cop_cross_entropy(g, cop_model_output_get_logits(output), wanted);
    COP_TRY(cop_graph_check(g, err));
    return cop_gradient(g, loss, wrt, 2, out, err);
}

static cop_status build(mtt_student *s, cop_graph *g, cop_node *nodes, int threads, cop_error *err)
{
    const cop_compile_options options = {COP_SIZED(cop_compile_options), .threads = threads};
    cop_node theta = cop_input(g, "theta", cop_shape1(s->weights));
    cop_node lambda = cop_input(g, "lambda", cop_shape1(s->weights));
    cop_node pixels =
        cop_input(g, "pixels", cop_task_shape(cop_model_task(s->o->model), s->images));
    cop_node gradients[2], tangents[2];
    COP_TRY(build_gradient(s, g, theta, pixels, nodes, gradients, err));
    COP_TRY(cop_compile(g, gradients, 1, &options, &s->forward, err));
    COP_TRY(cop_jvp(g, &theta, &lambda, 1, gradients, 2, tangents, err));
    const cop_node outputs[OUTPUTS] = {gradients[0], tangents[0], tangents[1]};
    return cop_compile(g, outputs, OUTPUTS, &options, &s->backward, err);
}

static cop_status bind(mtt_student *s, cop_program *program, cop_error *err)
{
    COP_TRY(cop_program_bind_name(program, "theta", s->theta, err));
    COP_TRY(cop_program_bind_name(program, "pixels", cop_pixels_of(s->pixels, 0), err));
    COP_TRY(cop_program_bind_name(program, "targets", s->targets, err));
    if (s->batch < s->images)
        COP_TRY(cop_program_bind_name(program, "chosen", s->chosen, err));
    return s->draws != NULL ? cop_draws_bind(s->draws, program, "student", err) : COP_OK;
}

static cop_status compile(mtt_student *s, int threads, cop_error *err)
{
    cop_graph *g = cop_graph_new();
    cop_node *nodes = calloc(cop_model_parameter_count(s->o->model) + 1, sizeof *nodes);
    cop_status status = g != NULL && nodes != NULL ? build(s, g, nodes, threads, err)
                                                   : cop_fail(err, COP_FAILED, "out of memory");
    cop_graph_free(g);
    free(nodes);
    COP_TRY(status);
    COP_TRY(bind(s, s->forward, err));
    COP_TRY(bind(s, s->backward, err));
    return cop_program_bind_name(s->backward, "lambda", s->lambda, err);
}

static cop_status allocate(mtt_student *s, cop_error *err)
{
    int64_t classes = cop_task_classes(cop_model_task(s->o->model));
    int64_t count = (s->o->student_steps + 2) * s->weights + s->batch * (classes + 1);
    s->memory = calloc((size_t)count, sizeof *s->memory);
    s->permutation = calloc((size_t)s->images, sizeof *s->permutation);
    if (s->memory == NULL || s->permutation == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for %lld steps of a student",
                        (long long)s->o->student_steps);
    s->theta = s->memory;
    s->lambda = s->theta + s->weights;
    s->kept = s->lambda + s->weights;
    s->targets = s->kept + s->o->student_steps * s->weights;
    s->chosen = s->targets + s->batch * classes;
    return COP_OK;
}

static cop_status make(mtt_student *s, int threads, cop_error *err)
{
    const cop_task *t = cop_model_task(s->o->model);
    COP_TRY(allocate(s, err));
    if (s->o->augment != 0)
        COP_TRY(cop_draws_new(s->o->augment, false, s->batch, cop_task_height(t), cop_task_width(t),
                              &s->draws, err));
    return compile(s, threads, err);
}

cop_status mtt_student_new(const mtt_options *o, cop_pixels *pixels, uint64_t seed, int threads,
                           mtt_student **out, cop_error *err)
{
    const cop_task *task = cop_model_task(o->model);
    mtt_student *s = calloc(1, sizeof *s);
    if (s == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    s->o = o;
    s->pixels = pixels;
    s->seed = seed;
    s->images = mtt_images(o, task);
    s->batch = mtt_batch(o, task);
    s->values = cop_task_values(task);
    s->weights = cop_model_weight_count(o->model);
    cop_status status = make(s, threads, err);
    if (status != COP_OK)
        mtt_student_free(s);
    else
        *out = s;
    return status;
}

void mtt_student_free(mtt_student *s)
{
    if (s == NULL)
        return;
    cop_program_free(s->forward);
    cop_program_free(s->backward);
    cop_draws_free(s->draws);
    free(s->memory);
    free(s->permutation);
    free(s);
}

float *mtt_student_theta(mtt_student *s)
{
    return s->theta;
}

float *mtt_student_lambda(mtt_student *s)
{
    return s->lambda;
}

int64_t mtt_student_weights(const mtt_student *s)
{
    return s->weights;
}

/* Batch and augmentation of step n: the permutation of each pass is cut into batches. */
static void draw(mtt_student *s, int64_t i, int64_t n)
{
    int64_t classes = cop_task_classes(cop_model_task(s->o->model));
    uint64_t step = (uint64_t)(i * s->o->student_steps + n);
    int64_t per_pass = s->images / s->batch;
    int64_t first = n % per_pass * s->batch;
    cop_stream order = cop_stream_make(s->seed, "student order", step - (uint64_t)(n % per_pass));
    cop_stream augment = cop_stream_make(s->seed, "student augment", step);
    for (int64_t k = 0; k < s->images; k++)
        s->permutation[k] = k;
    if (s->batch < s->images)
        cop_stream_permutation(&order, s->permutation, s->images);
    memset(s->targets, 0, (size_t)(s->batch * classes) * sizeof *s->targets);
    for (int64_t k = 0; k < s->batch; k++) {
        s->chosen[k] = (float)s->permutation[first + k];
        s->targets[k * classes + s->permutation[first + k] / s->o->ipc] = 1.0f;
    }
    if (s->draws != NULL)
        cop_draws_draw(s->draws, &augment, COP_DRAW_ONE_ALIGNED, s->batch, false);
}

cop_status mtt_student_run(mtt_student *s, int64_t i, double rate, cop_error *err)
{
    for (int64_t n = 0; n < s->o->student_steps; n++) {
        memcpy(s->kept + n * s->weights, s->theta, (size_t)s->weights * sizeof *s->theta);
        draw(s, i, n);
        COP_TRY(cop_program_run(s->forward, err));
        const float *g = cop_program_output(s->forward, OUT_GRADIENT);
        for (int64_t k = 0; k < s->weights; k++)
            s->theta[k] -= (float)rate * g[k];
    }
    return COP_OK;
}

cop_status mtt_student_adjoint(mtt_student *s, int64_t i, double rate, float *pixels,
                               double *rate_gradient, cop_error *err)
{
    int64_t count = s->images * s->values;
    memset(pixels, 0, (size_t)count * sizeof *pixels);
    *rate_gradient = 0.0;
    for (int64_t n = s->o->student_steps; n-- > 0;) {
        memcpy(s->theta, s->kept + n * s->weights, (size_t)s->weights * sizeof *s->theta);
        draw(s, i, n);
        COP_TRY(cop_program_run(s->backward, err));
        const float *g = cop_program_output(s->backward, OUT_GRADIENT);
        const float *curved = cop_program_output(s->backward, OUT_CURVATURE);
        const float *mixed = cop_program_output(s->backward, OUT_MIXED);
        for (int64_t k = 0; k < count; k++)
            pixels[k] -= (float)rate * mixed[k];
        for (int64_t k = 0; k < s->weights; k++) {
            *rate_gradient -= (double)s->lambda[k] * (double)g[k];
            s->lambda[k] -= (float)rate * curved[k];
        }
    }
    return COP_OK;
}
