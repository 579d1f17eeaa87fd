/* check_model.c: what models promise (coppice/model.h), seen on the double-precision oracle. */
#include "validate/checks.h"

#include "core/memory.h"
#include "nn/model.h"
#include "nn/task.h"
#include "train/forward.h"
#include "validate/traces.h"

#include <coppice/differentiate.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES = 4, COORDINATES = 6 };

/* The loss of a small batch with all that it is computed from, in double. */
typedef struct loss_scene {
    cop_forward forward;
    cop_node *gradients; /* by parameter */
    cop_node *inputs;    /* images, targets, parameters, buffers */
    double **values;     /* by input */
    size_t count, params;
} loss_scene;

static void clear_scene(loss_scene *s)
{
    for (size_t i = 0; i < s->count && s->values != NULL; i++)
        free(s->values[i]);
    free(s->values);
    free(s->inputs);
    free(s->gradients);
    cop_forward_clear(&s->forward);
}

static int64_t size_of(const loss_scene *s, cop_node node)
{
    return cop_shape_count(cop_node_shape(s->forward.g, node));
}

static void fill_batch(loss_scene *s)
{
    cop_stream draws = cop_stream_make(1, "validate-model", 0);
    int64_t classes = cop_node_shape(s->forward.g, s->inputs[1]).dim[1];
    for (int64_t i = 0; i < size_of(s, s->inputs[0]); i++)
        s->values[0][i] = (double)cop_stream_normal(&draws);
    for (int i = 0; i < IMAGES; i++)
        s->values[1][i * classes + i % classes] = 1.0;
}

static cop_status fill_state(loss_scene *s, const cop_tensors *state, cop_error *err)
{
    for (size_t i = 2; i < s->count; i++) {
        const cop_tensor *t = cop_tensors_at(state, i - 2);
        if (cop_shape_count(t->shape) != size_of(s, s->inputs[i]))
            return cop_fail(err, COP_FAILED, "%s is not of its declared shape", t->name);
        for (int64_t k = 0; k < cop_shape_count(t->shape); k++)
            s->values[i][k] = (double)cop_f32(t)[k];
    }
    return COP_OK;
}

static cop_status make_scene(const cop_model *m, const cop_tensors *state, loss_scene *s,
                             cop_error *err)
{
    const cop_forward_spec spec = {
        .model = m, .n = IMAGES, .mode = COP_MODE_TRAIN, .logit_scale = 1.0};
    COP_TRY(cop_forward_build(&spec, &s->forward, err));
    s->params = cop_model_parameter_count(m);
    s->count = 2 + s->params + cop_model_buffer_count(m);
    s->gradients = calloc(s->params + 1, sizeof *s->gradients);
    s->inputs = calloc(s->count, sizeof *s->inputs);
    s->values = calloc(s->count, sizeof *s->values);
    if (s->gradients == NULL || s->inputs == NULL || s->values == NULL)
        return cop_out_of_memory(err);
    s->inputs[0] = s->forward.images;
    s->inputs[1] = s->forward.targets;
    for (size_t i = 2; i < s->count; i++)
        s->inputs[i] =
            i - 2 < s->params ? s->forward.params[i - 2] : s->forward.buffers[i - 2 - s->params];
    for (size_t i = 0; i < s->count; i++) {
        s->values[i] = calloc((size_t)size_of(s, s->inputs[i]) + 1, sizeof(double));
        if (s->values[i] == NULL)
            return cop_out_of_memory(err);
    }
    fill_batch(s);
    COP_TRY(fill_state(s, state, err));
    return cop_gradient(s->forward.g, s->forward.loss, s->forward.params, s->params, s->gradients,
                        err);
}

static cop_status evaluate(const loss_scene *s, cop_node node, double *out, cop_error *err)
{
    return cop_evaluate_f64(s->forward.g, s->inputs, (const double *const *)s->values, s->count,
                            &node, &out, 1, err);
}

/* (loss(w + h) − loss(w − h)) / 2h in one coordinate. */
static cop_status difference(loss_scene *s, double *w, double h, double *out, cop_error *err)
{
    double kept = *w, above = 0.0, below = 0.0;
    *w = kept + h;
    cop_status status = evaluate(s, s->forward.loss, &above, err);
    *w = kept - h;
    if (status == COP_OK)
        status = evaluate(s, s->forward.loss, &below, err);
    *w = kept;
    *out = (above - below) / (2.0 * h);
    return status;
}

static bool is_close(double a, double b)
{
    return fabs(a - b) <= 1e-6 + 1e-3 * fmax(fabs(a), fabs(b));
}

/* A step may cross the kink of a rectifier; a hundredth of it then does not. */
static cop_status compare(loss_scene *s, double *w, double gradient, double *found, cop_error *err)
{
    COP_TRY(difference(s, w, 1e-4, found, err));
    return is_close(*found, gradient) ? COP_OK : difference(s, w, 1e-6, found, err);
}

static void check_gradient(const cop_subject *s, const cop_model *m, loss_scene *scene)
{
    static const cop_check check = {"gradients equal finite differences",
                                    "the loss depends on the parameters as its gradient says: what "
                                    "build makes is a function of the nodes that it was given",
                                    "model.h: cop_model_ops.build"};
    cop_error err = {0};
    cop_stream draws = cop_stream_make(1, "validate-gradient", 0);
    cop_reporter_begin(s->reporter, &check);
    for (int i = 0; i < COORDINATES && scene->params > 0; i++) {
        cop_reporter_begin(s->reporter, &check); /* a large network has its time for each */
        size_t p = (size_t)cop_stream_below(&draws, scene->params);
        int64_t size = size_of(scene, scene->gradients[p]);
        int64_t at = (int64_t)cop_stream_below(&draws, (uint64_t)size);
        double found = 0.0, *gradient = calloc((size_t)size, sizeof *gradient);
        cop_status status = gradient != NULL ? evaluate(scene, scene->gradients[p], gradient, &err)
                                             : cop_out_of_memory(&err);
        double said = status == COP_OK ? gradient[at] : 0.0;
        free(gradient);
        if (status == COP_OK)
            status = compare(scene, &scene->values[2 + p][at], said, &found, &err);
        if (status != COP_OK) {
            (void)cop_reporter_status(s->reporter, status, &err);
            return;
        }
        if (!isfinite(said) || !is_close(found, said)) {
            cop_reporter_finding(s->reporter,
                                 "element %lld of %s: the gradient is %.6g, differences give %.6g",
                                 (long long)at, cop_model_parameter(m, p)->name, said, found);
            return;
        }
    }
    cop_reporter_ok(s->reporter);
}

static bool check_state(const cop_subject *s, const cop_model *m, cop_tensors **state)
{
    static const cop_check check = {"the initial state is finite",
                                    "every parameter and buffer starts from finite values",
                                    "model.h: cop_model_ops.declare"};
    cop_error err = {0};
    cop_reporter_begin(s->reporter, &check);
    cop_status status = cop_model_initial_state(m, 1, state, &err);
    if (status != COP_OK)
        return cop_reporter_status(s->reporter, status, &err);
    for (size_t i = 0; i < cop_tensors_count(*state); i++) {
        const cop_tensor *t = cop_tensors_at(*state, i);
        for (int64_t k = 0; k < cop_shape_count(t->shape); k++)
            if (!isfinite(cop_f32(t)[k])) {
                cop_reporter_finding(s->reporter, "%s has %g", t->name, (double)cop_f32(t)[k]);
                return false;
            }
    }
    cop_reporter_ok(s->reporter);
    return true;
}

static bool check_modes(const cop_subject *s, const cop_model *m)
{
    static const cop_check check = {"builds in every mode",
                                    "logits [N, classes], new buffers of the declared shapes and "
                                    "the tap \"embedding\", when training, evaluating and frozen",
                                    "model.h: cop_model_ops.build"};
    cop_error err = {0};
    cop_reporter_begin(s->reporter, &check);
    for (int mode = COP_MODE_TRAIN; mode <= COP_MODE_FROZEN; mode++) {
        cop_forward f;
        const cop_forward_spec spec = {
            .model = m, .n = IMAGES, .mode = (cop_mode)mode, .logit_scale = 1.0};
        cop_status status = cop_forward_build(&spec, &f, &err);
        if (status != COP_OK)
            return cop_reporter_status(s->reporter, status, &err);
        cop_forward_clear(&f);
    }
    cop_reporter_ok(s->reporter);
    return true;
}

static void check_loss(const cop_subject *s, const cop_model *m, const cop_tensors *state)
{
    static const cop_check check = {"the loss is finite",
                                    "the loss of normal pixels is a finite number",
                                    "model.h: cop_model_ops.build"};
    cop_error err = {0};
    loss_scene scene = {0};
    double loss = 0.0;
    cop_reporter_begin(s->reporter, &check);
    cop_status status = make_scene(m, state, &scene, &err);
    if (status == COP_OK)
        status = evaluate(&scene, scene.forward.loss, &loss, &err);
    if (status != COP_OK)
        (void)cop_reporter_status(s->reporter, status, &err);
    else if (!isfinite(loss))
        cop_reporter_finding(s->reporter, "it is %g", loss);
    else {
        cop_reporter_ok(s->reporter);
        check_gradient(s, m, &scene);
    }
    clear_scene(&scene);
}

void cop_check_model(const cop_subject *s, const cop_component *c)
{
    cop_error err = {0};
    cop_model *m = NULL;
    cop_tensors *state = NULL;
    cop_trace trace;
    cop_trace_take(&trace);
    if (cop_checked_model(c, &m, &err) != COP_OK) {
        cop_reporter_usage(s->reporter, err.message); /* it could be made a moment ago */
        return;
    }
    if (check_modes(s, m) && check_state(s, m, &state))
        check_loss(s, m, state);
    cop_tensors_free(state);
    cop_model_free(m);
    cop_trace_check(s->reporter, &trace);
}
