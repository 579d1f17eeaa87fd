/* linear_net.h: softmax regression as a model: one linear layer over the pixels. Its loss and its
 * Hessian have closed forms. */
#ifndef COP_TEST_LINEAR_NET_H
#define COP_TEST_LINEAR_NET_H

#include "nn/model.h"
#include "nn/samples.h"
#include "support.h"

#include <math.h>

enum { LINEAR_FEATURES = 4, LINEAR_CLASSES = 3, LINEAR_WEIGHTS = LINEAR_FEATURES * LINEAR_CLASSES };

static const cop_task linear_task = {
    .channels = 1, .height = 2, .width = 2, .classes = LINEAR_CLASSES};

static inline cop_status linear_create(const void *options, const cop_task *task, void **self,
                                       cop_error *err)
{
    (void)task;
    (void)err;
    *self = (void *)options;
    return COP_OK;
}

static inline void linear_destroy(void *self)
{
    (void)self;
}

static inline cop_status linear_declare(void *self, cop_declaration *declaration, cop_error *err)
{
    (void)self;
    (void)err;
    const cop_initializer fan_in = {.kind = COP_INIT_UNIFORM_FAN_IN};
    cop_layers *l = cop_layers_declaring(declaration);
    (void)cop_layer_linear(l, "fc",
                           cop_flatten(cop_layers_graph(l), cop_declaration_images(declaration)),
                           LINEAR_CLASSES, true, fan_in);
    return COP_OK;
}

static inline cop_status linear_build(void *self, cop_graph *g, cop_node x, const cop_node *params,
                                      const cop_node *buffers, cop_mode mode, cop_model_output *out,
                                      cop_error *err)
{
    (void)self;
    (void)err;
    const cop_initializer fan_in = {.kind = COP_INIT_UNIFORM_FAN_IN};
    cop_layers *l = cop_layers_building(g, params, buffers, out, mode);
    cop_node flat = cop_flatten(g, x);
    cop_model_output_logits(out, cop_layer_linear(l, "fc", flat, LINEAR_CLASSES, true, fan_in));
    cop_model_output_tap(out, "embedding", flat);
    return COP_OK;
}

static const cop_model_ops linear_ops = {.size = sizeof(cop_model_ops),
                                         .create = linear_create,
                                         .destroy = linear_destroy,
                                         .declare = linear_declare,
                                         .build = linear_build};

/* To be freed with cop_model_free. */
static inline cop_model *linear_model(void)
{
    static const int no_options = 0;
    cop_model *m = NULL;
    cop_error err = {0};
    assert_ok(cop_model_open("linear", &linear_ops, &no_options, &linear_task, &m, &err), &err);
    return m;
}

/* Probabilities of one image under fc.weight [classes, features] and fc.bias, in double. */
static inline void linear_softmax(const cop_tensors *state, const float *x, double *p)
{
    const float *w = cop_f32(cop_tensors_find(state, "fc.weight"));
    const float *b = cop_f32(cop_tensors_find(state, "fc.bias"));
    double sum = 0.0;
    for (int k = 0; k < LINEAR_CLASSES; k++) {
        double z = (double)b[k];
        for (int j = 0; j < LINEAR_FEATURES; j++)
            z += (double)w[k * LINEAR_FEATURES + j] * (double)x[j];
        p[k] = exp(z);
        sum += p[k];
    }
    for (int k = 0; k < LINEAR_CLASSES; k++)
        p[k] /= sum;
}

#endif
