/* convnet.c: ConvNet-D, the network of the dataset distillation literature (Gidaris & Komodakis
 * 2018; Zhao et al. 2021; Kim et al. 2022): D blocks of [3x3 convolution → normalisation →
 * activation → 2x2 pooling], then a linear classifier on all that is left.
 *
 * Tensor names are those of the authors' code: layers.conv.0.weight, layers.norm.0.weight,
 * classifier.weight. As there, the first convolution of a one-channel input has padding 3.
 * Taps: block0 … block(D−1), embedding.
 *
 * Departures: layer norm scales and shifts per channel, not per element; tanh and swish are added.
 */
#include <coppice/plugin.h>

#include <stdio.h>
#include <stdlib.h>

enum { POOL_AVG, POOL_MAX, POOL_NONE };

static const char *const pool_names[] = {"avg", "max", "none", NULL};

typedef struct convnet_options {
    int64_t depth, width, groups;
    int32_t norm, pooling, activation, initializer;
} convnet_options;

static const cop_option options[] = {
    COP_OPT_INT(convnet_options, depth, "3", 1, 6, "number of convolution blocks",
                .unit = "blocks"),
    COP_OPT_INT(convnet_options, width, "128", 1, 4096, "filters of each convolution",
                .unit = "filters"),
    COP_OPT_NORM(convnet_options, norm, COP_NORM_NONE, "instance"),
    COP_OPT_NORM_GROUPS(convnet_options, groups, 4096),
    COP_OPT_ENUM(convnet_options, pooling, "avg", pool_names,
                 "2x2 pooling at the end of each block"),
    COP_OPT_ACTIVATION(convnet_options, activation, "relu"),
    COP_OPT_START(convnet_options, initializer, "uniform_fan_in"),
};

typedef struct convnet {
    convnet_options options;
    int64_t classes;
    cop_initializer weights;
} convnet;

/* Zeros that a one-channel image gets around it, so that with the first convolution's own padding
 * of 1 it has 3 (the engine's convolutions pad by less than their window). */
#define GREY_MARGIN 2

/* Each block halves the sides, rounding down: at least one pixel has to be left. */
static cop_status check_depth(const convnet_options *o, const cop_task *task, cop_error *err)
{
    int64_t smaller =
        cop_task_height(task) < cop_task_width(task) ? cop_task_height(task) : cop_task_width(task);
    smaller += cop_task_channels(task) == 1 ? 2 * GREY_MARGIN : 0;
    if (o->pooling != POOL_NONE && smaller >> o->depth == 0)
        return cop_fail(err, COP_INVALID,
                        "images of %d x %d are too small for depth %lld: a block's 2x2 pooling "
                        "would be left with less than 2 x 2",
                        (int)cop_task_height(task), (int)cop_task_width(task), (long long)o->depth);
    return COP_OK;
}

static cop_status create_impl(const void *given, const cop_task *task, void **self, cop_error *err)
{
    const convnet_options *o = given;
    const convnet net = {.options = *o,
                         .classes = cop_task_classes(task),
                         .weights = cop_chosen_start(o->initializer)};
    COP_TRY(cop_check_norm_groups((cop_norm_kind)o->norm, o->groups, o->width, err));
    COP_TRY(check_depth(o, task, err));
    return cop_model_keep(&net, sizeof net, self, err);
}

static cop_node pool(cop_graph *g, int32_t pooling, cop_node x)
{
    cop_window window = cop_window_square(2, 2, 0);
    switch (pooling) {
    case POOL_AVG:
        return cop_avg_pool(g, x, window);
    case POOL_MAX:
        return cop_max_pool(g, x, window);
    default:
        return x;
    }
}

static cop_node block(const convnet *net, cop_layers *l, cop_node x, int64_t i)
{
    char name[COP_NAME_SIZE];
    (void)snprintf(name, sizeof name, "layers.conv.%lld", (long long)i);
    x = cop_layer_conv(l, name, x, net->options.width, cop_window_square(3, 1, 1), true,
                       net->weights);
    cop_initializer one = {.kind = COP_INIT_CONSTANT, .value = 1.0};
    (void)snprintf(name, sizeof name, "layers.norm.%lld", (long long)i);
    x = cop_layer_norm(l, name, x, (cop_norm_kind)net->options.norm, net->options.groups, one);
    cop_graph *g = cop_layers_graph(l);
    x = cop_activate(g, x, (cop_activation)net->options.activation);
    return pool(g, net->options.pooling, x);
}

static cop_node network(const void *self, cop_layers *l, cop_node x, cop_model_output *out)
{
    const convnet *net = self;
    cop_graph *g = cop_layers_graph(l);
    if (cop_node_shape(g, x).dim[1] == 1)
        x = cop_pad_images(g, x, GREY_MARGIN);
    for (int64_t i = 0; i < net->options.depth && x != COP_NO_NODE; i++) {
        x = block(net, l, x, i);
        char tap[COP_NAME_SIZE];
        (void)snprintf(tap, sizeof tap, "block%lld", (long long)i);
        cop_model_output_tap(out, tap, x);
    }
    cop_node embedding = cop_flatten(g, x);
    cop_model_output_tap(out, "embedding", embedding);
    return cop_layer_linear(l, "classifier", embedding, net->classes, true, net->weights);
}

COP_PLUGIN(
    MODEL, .id = "convnet", .version = "1.0.0", .results_version = "1",
    .summary = "ConvNet-D: D blocks of 3x3 convolution, normalisation, activation and pooling",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "Gidaris & Komodakis, Dynamic Few-Shot Visual Learning without Forgetting, 2018",
    COP_OPTIONS(convnet_options, options),
    .ops = &(const cop_model_ops){COP_SIZED(cop_model_ops), .create = create_impl, .destroy = free,
                                  .network = network},
    .defaults = "Kim et al.'s code (models/convnet.py), which is Zhao et al.'s network: depth "
                "3, width 128, instance norm, ReLU, average pooling, PyTorch's starting values.",
    .departures = "layer norm scales and shifts per channel, not per element; tanh and swish are "
                  "added.");
