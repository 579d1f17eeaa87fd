/* tiny_net.h: a network small enough to be checked against the oracle, and data for it.
 *
 * 2x4x4 images of 3 classes: convolution to 4 channels, batch norm (unless left out), tanh, average
 * pooling, dropout (where it is wanted), linear. Tensors are named as in PyTorch: conv.*, norm.*, fc.*. */
#ifndef COP_TEST_TINY_NET_H
#define COP_TEST_TINY_NET_H

#include "nn/samples.h"
#include "support.h"

#include <coppice/random.h>

#include "nn/model.h"

#include <stdlib.h>

#define TINY_PIXELS 32

typedef struct tiny_options {
    bool no_norm;
    double dropout; /* before the classifier; 0: none */
} tiny_options;

static const cop_task tiny_task = {.channels = 2, .height = 4, .width = 4, .classes = 3};

static inline cop_status tiny_create(const void *options, const cop_task *task, void **self,
                                     cop_error *err)
{
    (void)task;
    tiny_options *own = malloc(sizeof *own);
    if (own == NULL)
        return cop_fail(err, COP_FAILED, "no memory");
    *own = *(const tiny_options *)options;
    *self = own;
    return COP_OK;
}

static inline void tiny_destroy(void *self)
{
    free(self);
}

static inline cop_node tiny_forward(const tiny_options *own, cop_layers *l, cop_node x,
                                    cop_node *embedding)
{
    cop_graph *g = cop_layers_graph(l);
    const cop_initializer fan_in = {.kind = COP_INIT_UNIFORM_FAN_IN};
    const cop_initializer ones = {.kind = COP_INIT_CONSTANT, .value = 1.0};
    x = cop_layer_conv(l, "conv", x, 4, cop_window_square(3, 1, 1), true, fan_in);
    x = cop_layer_norm(l, "norm", x, own->no_norm ? COP_NORM_NONE : COP_NORM_BATCH, 0, ones);
    x = cop_avg_pool(g, cop_tanh(g, x), cop_window_square(2, 2, 0));
    *embedding = cop_layer_dropout(l, cop_flatten(g, x), own->dropout);
    return cop_layer_linear(l, "fc", *embedding, 3, true, fan_in);
}

static inline cop_status tiny_declare(void *self, cop_declaration *declaration, cop_error *err)
{
    (void)err;
    cop_layers *l = cop_layers_declaring(declaration);
    cop_node embedding;
    (void)tiny_forward(self, l, cop_declaration_images(declaration), &embedding);
    return COP_OK;
}

static inline cop_status tiny_build(void *self, cop_graph *g, cop_node x, const cop_node *params,
                                    const cop_node *buffers, cop_mode mode, cop_model_output *out,
                                    cop_error *err)
{
    (void)err;
    cop_layers *l = cop_layers_building(g, params, buffers, out, mode);
    cop_node embedding;
    cop_model_output_logits(out, tiny_forward(self, l, x, &embedding));
    cop_model_output_tap(out, "embedding", embedding);
    return COP_OK;
}

static const cop_model_ops tiny_ops = {.size = sizeof(cop_model_ops),
                                       .create = tiny_create,
                                       .destroy = tiny_destroy,
                                       .declare = tiny_declare,
                                       .build = tiny_build};

/* To be freed with cop_model_free. */
static inline cop_model *tiny_model(bool no_norm)
{
    static const tiny_options options[2] = {{.no_norm = false}, {.no_norm = true}};
    cop_model *m = NULL;
    cop_error err = {0};
    assert_ok(cop_model_open("tiny", &tiny_ops, &options[no_norm ? 1 : 0], &tiny_task, &m, &err),
              &err);
    return m;
}

/* Without normalisation, with dropout; for one rate at a time. To be freed with cop_model_free. */
static inline cop_model *tiny_dropout_model(double rate)
{
    static tiny_options options = {.no_norm = true};
    options.dropout = rate;
    cop_model *m = NULL;
    cop_error err = {0};
    assert_ok(cop_model_open("tiny", &tiny_ops, &options, &tiny_task, &m, &err), &err);
    return m;
}

/* Random images with random labels; memory for one test's data. */
typedef struct tiny_data {
    float pixels[32 * TINY_PIXELS];
    int32_t labels[32];
    float soft[32 * 3];
    cop_samples samples;
} tiny_data;

/* Fills up to 32 samples; `soft` gives them distributions as labels. */
static inline void tiny_fill(tiny_data *d, int64_t count, bool soft)
{
    cop_stream s = cop_stream_make(7, "tiny", 0);
    for (int64_t i = 0; i < count * TINY_PIXELS; i++)
        d->pixels[i] = cop_stream_uniform(&s);
    for (int64_t i = 0; i < count; i++) {
        d->labels[i] = (int32_t)cop_stream_below(&s, 3);
        for (int32_t k = 0; k < 3; k++)
            d->soft[3 * i + k] = k == d->labels[i] ? 0.5f : 0.25f;
    }
    d->samples = (cop_samples){.task = tiny_task,
                               .normalization = {.mean = {0.5f, 0.4f}, .std = {0.25f, 0.2f}},
                               .count = count,
                               .pixels = d->pixels,
                               .labels = d->labels,
                               .soft = soft ? d->soft : NULL};
}

#endif
