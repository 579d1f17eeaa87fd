/* small_convnet.h: two blocks of [3x3 convolution to 4 channels, instance norm, ReLU, 2x2 average
 * pooling] and a linear classifier, its tensors named as the ConvNet plugin's, for tests that want
 * a network of that kind without loading a plugin. The class count is the task's. */
#ifndef COP_TEST_SMALL_CONVNET_H
#define COP_TEST_SMALL_CONVNET_H

#include "nn/task.h"
#include "support.h"

#include "nn/model.h"

#include <stdlib.h>

enum { SMALL_WIDTH = 4, SMALL_BLOCKS = 2 };

static inline cop_status small_create(const void *options, const cop_task *task, void **self,
                                      cop_error *err)
{
    (void)options;
    int32_t *classes = malloc(sizeof *classes);
    if (classes == NULL)
        return cop_fail(err, COP_FAILED, "no memory");
    *classes = task->classes;
    *self = classes;
    return COP_OK;
}

static inline void small_destroy(void *self)
{
    free(self);
}

static inline cop_node small_forward(int32_t classes, cop_layers *l, cop_node x,
                                     cop_node *embedding)
{
    cop_graph *g = cop_layers_graph(l);
    static const char *const convs[] = {"layers.conv.0", "layers.conv.1"};
    static const char *const norms[] = {"layers.norm.0", "layers.norm.1"};
    const cop_initializer fan_in = {.kind = COP_INIT_UNIFORM_FAN_IN};
    const cop_initializer ones = {.kind = COP_INIT_CONSTANT, .value = 1.0};
    for (int i = 0; i < SMALL_BLOCKS; i++) {
        x = cop_layer_conv(l, convs[i], x, SMALL_WIDTH, cop_window_square(3, 1, 1), true, fan_in);
        x = cop_layer_norm(l, norms[i], x, COP_NORM_INSTANCE, 0, ones);
        x = cop_avg_pool(g, cop_relu(g, x), cop_window_square(2, 2, 0));
    }
    *embedding = cop_flatten(g, x);
    return cop_layer_linear(l, "classifier", *embedding, classes, true, fan_in);
}

static inline cop_status small_declare(void *self, cop_declaration *declaration, cop_error *err)
{
    (void)err;
    cop_layers *l = cop_layers_declaring(declaration);
    cop_node embedding;
    (void)small_forward(*(int32_t *)self, l, cop_declaration_images(declaration), &embedding);
    return COP_OK;
}

static inline cop_status small_build(void *self, cop_graph *g, cop_node x, const cop_node *params,
                                     const cop_node *buffers, cop_mode mode, cop_model_output *out,
                                     cop_error *err)
{
    (void)err;
    cop_layers *l = cop_layers_building(g, params, buffers, out, mode);
    cop_node embedding;
    cop_model_output_logits(out, small_forward(*(int32_t *)self, l, x, &embedding));
    cop_model_output_tap(out, "embedding", embedding);
    return COP_OK;
}

static const cop_model_ops small_ops = {.size = sizeof(cop_model_ops),
                                        .create = small_create,
                                        .destroy = small_destroy,
                                        .declare = small_declare,
                                        .build = small_build};

/* To be freed with cop_model_free. */
static inline cop_model *small_convnet(const cop_task *task)
{
    cop_model *m = NULL;
    cop_error err = {0};
    assert_ok(cop_model_open("small", &small_ops, NULL, task, &m, &err), &err);
    return m;
}

#endif
