/* wells_net.h: a model whose loss is known: logits z = h² − h⁴ / 2 of h = W x, without biases. About
 * W = 0 its loss is quadratic, with Hessian 2 (1 / classes − [k is the label]) x xᵀ in the weights of
 * class k, averaged over images; along h from −1 to 1 of the label's class it has two minima. */
#ifndef COP_TEST_WELLS_NET_H
#define COP_TEST_WELLS_NET_H

#include "nn/model.h"
#include "nn/samples.h"
#include "support.h"

#include <math.h>

enum { WELLS_FEATURES = 6, WELLS_CLASSES = 3, WELLS_WEIGHTS = WELLS_FEATURES * WELLS_CLASSES };

static const cop_task wells_task = {
    .channels = 1, .height = 2, .width = 3, .classes = WELLS_CLASSES};

static inline cop_status wells_create(const void *options, const cop_task *task, void **self,
                                      cop_error *err)
{
    (void)task;
    (void)err;
    *self = (void *)options;
    return COP_OK;
}

static inline void wells_destroy(void *self)
{
    (void)self;
}

static inline cop_node wells_forward(cop_layers *l, cop_node images)
{
    const cop_initializer zero = {.kind = COP_INIT_CONSTANT};
    cop_graph *g = cop_layers_graph(l);
    cop_node q = cop_square(
        g, cop_layer_linear(l, "fc", cop_flatten(g, images), WELLS_CLASSES, false, zero));
    return cop_sub(g, q, cop_scale(g, cop_square(g, q), 0.5));
}

static inline cop_status wells_declare(void *self, cop_declaration *declaration, cop_error *err)
{
    (void)self;
    (void)err;
    (void)wells_forward(cop_layers_declaring(declaration), cop_declaration_images(declaration));
    return COP_OK;
}

static inline cop_status wells_build(void *self, cop_graph *g, cop_node x, const cop_node *params,
                                     const cop_node *buffers, cop_mode mode, cop_model_output *out,
                                     cop_error *err)
{
    (void)self;
    (void)err;
    cop_model_output_logits(out,
                            wells_forward(cop_layers_building(g, params, buffers, out, mode), x));
    cop_model_output_tap(out, "embedding", cop_flatten(g, x));
    return COP_OK;
}

static const cop_model_ops wells_ops = {.size = sizeof(cop_model_ops),
                                        .create = wells_create,
                                        .destroy = wells_destroy,
                                        .declare = wells_declare,
                                        .build = wells_build};

/* To be freed with cop_model_free. Its initial state is W = 0. */
static inline cop_model *wells_model(void)
{
    static const int no_options = 0;
    cop_model *m = NULL;
    cop_error err = {0};
    assert_ok(cop_model_open("wells", &wells_ops, &no_options, &wells_task, &m, &err), &err);
    return m;
}

#endif
