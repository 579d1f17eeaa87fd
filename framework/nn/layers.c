/* layers.c: convolution, linear, normalisation and dropout layers, written once for both modes:
 * declaring states a layer's tensors, building takes them in the same order. */
#include <coppice/model.h>

#include "graph/node.h"
#include "nn/declaration.h"
#include "nn/output.h"

#include <stdio.h>
#include <string.h>

#define BATCH_NORM_EPSILON  1e-5
#define BATCH_NORM_MOMENTUM 0.1

struct cop_layers {
    cop_graph *g;
    cop_declaration *declaration; /* NULL when building */
    const cop_node *params;
    const cop_node *buffers;
    cop_model_output *out; /* NULL: new buffers are nobody's */
    size_t next_param, next_buffer;
    cop_mode mode;
};

cop_layers *cop_layers_declaring(cop_declaration *d)
{
    cop_graph *g = cop_declaration_graph(d);
    cop_layers *l = cop_graph_allocate(g, sizeof *l);
    if (l != NULL)
        *l = (cop_layers){.g = g, .declaration = d, .mode = COP_MODE_TRAIN};
    return l;
}

cop_layers *cop_layers_building(cop_graph *g, const cop_node *params, const cop_node *buffers,
                                cop_model_output *out, cop_mode mode)
{
    cop_layers *l = cop_graph_allocate(g, sizeof *l);
    if (l != NULL)
        *l = (cop_layers){.g = g, .params = params, .buffers = buffers, .out = out, .mode = mode};
    return l;
}

cop_graph *cop_layers_graph(const cop_layers *l)
{
    return l != NULL ? l->g : NULL;
}

/* A given node is taken only in the shape that the layer would declare: a plugin whose build does
 * not follow its own declaration is told so, and never reads past the host's arrays (which end in
 * COP_NO_NODE). */
static cop_node take_given(cop_layers *l, cop_node node, const cop_parameter *parameter)
{
    cop_shape got = cop_node_shape(l->g, node);
    if (cop_shape_equal(got, parameter->shape))
        return node;
    char wanted_text[96], got_text[96];
    return cop_graph_refuse(l->g, "%s: the layer wants %s, given is %s", parameter->name,
                            cop_shape_text(parameter->shape, wanted_text, sizeof wanted_text),
                            got.rank < 0 ? "nothing"
                                         : cop_shape_text(got, got_text, sizeof got_text));
}

/* States (declaring) or takes (building) the tensor name.suffix. */
static cop_node obtain(cop_layers *l, const char *name, const char *suffix, cop_shape shape,
                       cop_role role, cop_initializer init, bool prunable)
{
    cop_parameter parameter = {COP_SIZED(cop_parameter), .shape = shape, .role = role, .init = init,
                               .prunable = prunable};
    int length = snprintf(parameter.name, sizeof parameter.name, "%s.%s", name, suffix);
    if (length < 0 || (size_t)length >= sizeof parameter.name)
        return cop_graph_refuse(l->g, "the name %s.%s is longer than %d characters", name, suffix,
                                COP_NAME_SIZE - 1);
    bool buffer = cop_role_is_buffer(role);
    size_t position = buffer ? l->next_buffer++ : l->next_param++;
    if (l->declaration != NULL)
        return cop_declare(l->declaration, &parameter);
    if (cop_graph_check(l->g, NULL) != COP_OK)
        return COP_NO_NODE;
    return take_given(l, buffer ? l->buffers[position] : l->params[position], &parameter);
}

static cop_node obtain_bias(cop_layers *l, const char *name, int64_t size, int64_t fan_in)
{
    cop_initializer init = {.kind = COP_INIT_UNIFORM_FAN_IN, .fan = fan_in};
    return obtain(l, name, "bias", cop_shape1(size), COP_ROLE_BIAS, init, false);
}

/* [C] as [1, C, 1, 1]. */
static cop_node per_channel(cop_layers *l, cop_node v)
{
    return cop_reshape(l->g, v, cop_shape4(1, cop_node_shape(l->g, v).dim[0], 1, 1));
}

cop_node cop_layer_conv(cop_layers *l, const char *name, cop_node x, int64_t out_channels,
                        cop_window window, bool bias, cop_initializer init)
{
    if (l == NULL || x == COP_NO_NODE)
        return COP_NO_NODE;
    cop_shape in = cop_node_shape(l->g, x);
    if (in.rank != 4)
        return cop_graph_refuse(l->g, "%s: a convolution wants images, given has rank %d", name,
                                (int)in.rank);
    cop_shape shape = cop_shape4(out_channels, in.dim[1], window.size_h, window.size_w);
    cop_node w = obtain(l, name, "weight", shape, COP_ROLE_CONV_WEIGHT, init, true);
    if (w == COP_NO_NODE)
        return COP_NO_NODE;
    cop_node y = cop_node_label(l->g, cop_conv2d(l->g, x, w, window), "%s", name);
    if (!bias)
        return y;
    int64_t fan_in = in.dim[1] * window.size_h * window.size_w;
    cop_node b = obtain_bias(l, name, out_channels, fan_in);
    return b == COP_NO_NODE ? COP_NO_NODE : cop_add(l->g, y, per_channel(l, b));
}

cop_node cop_layer_linear(cop_layers *l, const char *name, cop_node x, int64_t out_features,
                          bool bias, cop_initializer init)
{
    if (l == NULL || x == COP_NO_NODE)
        return COP_NO_NODE;
    cop_shape in = cop_node_shape(l->g, x);
    if (in.rank != 2)
        return cop_graph_refuse(l->g, "%s: a linear layer wants [N, I], given has rank %d", name,
                                (int)in.rank);
    cop_node w = obtain(l, name, "weight", cop_shape2(out_features, in.dim[1]),
                        COP_ROLE_LINEAR_WEIGHT, init, true);
    if (w == COP_NO_NODE)
        return COP_NO_NODE;
    cop_node y = cop_node_label(l->g, cop_matmul(l->g, x, false, w, true), "%s", name);
    if (!bias)
        return y;
    cop_node b = obtain_bias(l, name, out_features, in.dim[1]);
    if (b == COP_NO_NODE)
        return COP_NO_NODE;
    return cop_add(l->g, y, cop_reshape(l->g, b, cop_shape2(1, out_features)));
}

/* (1 − momentum)·old + momentum·scale·statistic, the statistic as [C]. */
static cop_node running(cop_layers *l, cop_node old, cop_node statistic, double scale)
{
    cop_node batch = cop_reshape(l->g, statistic, cop_node_shape(l->g, old));
    return cop_add(l->g, cop_scale(l->g, old, 1.0 - BATCH_NORM_MOMENTUM),
                   cop_scale(l->g, cop_detach(l->g, batch), BATCH_NORM_MOMENTUM * scale));
}

/* Normalised by the batch; the running values take in the batch's mean and unbiased variance. */
static cop_node batch_norm_train(cop_layers *l, const char *name, cop_node x, cop_node mean,
                                 cop_node variance, cop_node *new_mean, cop_node *new_variance)
{
    cop_shape s = cop_node_shape(l->g, x);
    int64_t values = s.dim[0] * s.dim[2] * s.dim[3];
    if (values < 2)
        return cop_graph_refuse(l->g,
                                "%s: batch norm in training wants more than one value a "
                                "channel",
                                name);
    double unbiased = (double)values / (double)(values - 1);
    cop_node batch_mean = cop_mean(l->g, x, COP_AXIS(0) | COP_AXIS(2) | COP_AXIS(3));
    cop_node batch_variance = cop_variance(l->g, x, COP_NORM_OVER_BATCH);
    *new_mean = running(l, mean, batch_mean, 1.0);
    *new_variance = running(l, variance, batch_variance, unbiased);
    return cop_normalize(l->g, x, COP_NORM_OVER_BATCH, BATCH_NORM_EPSILON);
}

/* With running statistics the layer is one multiply-add per channel. */
static cop_node batch_norm_fixed(cop_layers *l, cop_node x, cop_node scale, cop_node shift,
                                 cop_node mean, cop_node variance)
{
    cop_graph *g = l->g;
    cop_node r = cop_reciprocal(g, cop_sqrt(g, cop_affine(g, variance, 1.0, BATCH_NORM_EPSILON)));
    cop_node slope = cop_mul(g, scale, r);
    cop_node offset = cop_sub(g, shift, cop_mul(g, mean, slope));
    return cop_add(g, cop_mul(g, x, per_channel(l, slope)), per_channel(l, offset));
}

static cop_node batch_norm(cop_layers *l, const char *name, cop_node x, cop_node scale,
                           cop_node shift)
{
    cop_shape per_c = cop_shape1(cop_node_shape(l->g, x).dim[1]);
    cop_initializer zero = {.kind = COP_INIT_CONSTANT, .value = 0.0};
    cop_initializer one = {.kind = COP_INIT_CONSTANT, .value = 1.0};
    size_t first = l->next_buffer;
    cop_node mean = obtain(l, name, "running_mean", per_c, COP_ROLE_RUNNING_MEAN, zero, false);
    if (mean == COP_NO_NODE)
        return COP_NO_NODE;
    cop_node variance =
        obtain(l, name, "running_var", per_c, COP_ROLE_RUNNING_VARIANCE, one, false);
    if (variance == COP_NO_NODE)
        return COP_NO_NODE;
    cop_node new_mean = mean, new_variance = variance, y;
    if (l->mode == COP_MODE_TRAIN) {
        cop_node hat = batch_norm_train(l, name, x, mean, variance, &new_mean, &new_variance);
        y = cop_add(l->g, cop_mul(l->g, hat, per_channel(l, scale)), per_channel(l, shift));
    } else {
        y = batch_norm_fixed(l, x, scale, shift, mean, variance);
    }
    cop_model_output_buffer(l->out, first, new_mean);
    cop_model_output_buffer(l->out, first + 1, new_variance);
    return y;
}

/* Statistics per sample over `groups` groups of channels: the group's channels laid out as one. */
static cop_node group_norm(cop_layers *l, const char *name, cop_node x, int64_t groups,
                           cop_node scale, cop_node shift)
{
    cop_shape s = cop_node_shape(l->g, x);
    if (groups < 1 || s.dim[1] % groups != 0)
        return cop_graph_refuse(l->g, "%s: %lld channels do not divide into %lld groups", name,
                                (long long)s.dim[1], (long long)groups);
    cop_node grouped = x;
    if (groups != s.dim[1])
        grouped = cop_reshape(l->g, x,
                              cop_shape4(s.dim[0], groups, s.dim[1] / groups * s.dim[2], s.dim[3]));
    cop_node hat = cop_normalize(l->g, grouped, COP_NORM_OVER_IMAGE, BATCH_NORM_EPSILON);
    if (groups != s.dim[1])
        hat = cop_reshape(l->g, hat, s);
    return cop_add(l->g, cop_mul(l->g, hat, per_channel(l, scale)), per_channel(l, shift));
}

cop_node cop_layer_norm(cop_layers *l, const char *name, cop_node x, cop_norm_kind kind,
                        int64_t groups, cop_initializer scale_init)
{
    if (l == NULL)
        return COP_NO_NODE;
    if (x == COP_NO_NODE || kind == COP_NORM_NONE)
        return x;
    cop_shape s = cop_node_shape(l->g, x);
    if (s.rank != 4)
        return cop_graph_refuse(l->g, "%s: normalisation wants images, given has rank %d", name,
                                (int)s.rank);
    cop_shape per_c = cop_shape1(s.dim[1]);
    cop_initializer zero = {.kind = COP_INIT_CONSTANT, .value = 0.0};
    cop_node scale = obtain(l, name, "weight", per_c, COP_ROLE_NORM_SCALE, scale_init, false);
    if (scale == COP_NO_NODE)
        return COP_NO_NODE;
    cop_node shift = obtain(l, name, "bias", per_c, COP_ROLE_NORM_SHIFT, zero, false);
    if (shift == COP_NO_NODE)
        return COP_NO_NODE;
    cop_node y = COP_NO_NODE;
    switch (kind) {
    case COP_NORM_NONE:
        return x;
    case COP_NORM_BATCH:
        y = batch_norm(l, name, x, scale, shift);
        break;
    case COP_NORM_INSTANCE:
        y = group_norm(l, name, x, s.dim[1], scale, shift);
        break;
    case COP_NORM_LAYER:
        y = group_norm(l, name, x, 1, scale, shift);
        break;
    case COP_NORM_GROUP:
        y = group_norm(l, name, x, groups, scale, shift);
        break;
    default:
        return cop_graph_refuse(l->g, "%s: there is no normalisation %d", name, (int)kind);
    }
    return cop_node_label(l->g, y, "%s", name);
}

cop_node cop_layer_dropout(cop_layers *l, cop_node x, double rate)
{
    if (l == NULL || x == COP_NO_NODE)
        return COP_NO_NODE;
    if (!(rate >= 0.0 && rate < 1.0))
        return cop_graph_refuse(l->g, "dropout of a share of %g, wanted 0 or more and below 1",
                                rate);
    bool is_told = l->declaration == NULL && l->out != NULL;
    return rate > 0.0 && is_told ? cop_model_output_drop(l->out, x, rate, l->mode) : x;
}
