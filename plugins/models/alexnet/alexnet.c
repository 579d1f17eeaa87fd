/* alexnet.c: the small AlexNet of the distillation papers (Zhao et al. 2021, after Krizhevsky et
 * al. 2012): five convolutions of 128, 192, 256, 192 and 192 filters, rectifiers, a 2x2 max pooling
 * behind the first, second and last, and a linear classifier on all that is left: 1,872,202
 * parameters on CIFAR-10. norm = "batch" is their AlexNetBN.
 *
 * Tensor names are those of their code: features.N.weight, where N counts convolutions,
 * normalisations, rectifiers and poolings; fc.weight. As there, the first convolution of a
 * one-channel image has padding 4, so that 28x28 becomes 32x32. Taps: block0 … block4, embedding.
 *
 * Departures: other normalisations than batch norm are added, and widths. Where images are not of
 * 32x32 the classifier takes what is left, where their code takes 192 x 4 x 4.
 */
#include <coppice/plugin.h>

#include <stdio.h>
#include <stdlib.h>

#define LAYERS 5

/* How a one-channel image grows at the first convolution: by padding 4 in place of 2. */
#define GREY_GROWTH 4

typedef struct alexnet_options {
    int64_t width, groups;
    int32_t norm, activation, initializer;
} alexnet_options;

static const cop_option options[] = {
    COP_OPT_INT(alexnet_options, width, "128", 2, 4096,
                "filters of the first convolution, even; the others have 3/2, 2, 3/2 and 3/2 times "
                "as many",
                .unit = "filters"),
    COP_OPT_NORM(alexnet_options, norm, COP_NORM_NONE, "none"),
    COP_OPT_NORM_GROUPS(alexnet_options, groups, 4096),
    COP_OPT_ACTIVATION(alexnet_options, activation, "relu"),
    COP_OPT_START(alexnet_options, initializer, "uniform_fan_in"),
};

typedef struct alexnet {
    alexnet_options options;
    int64_t classes;
    cop_initializer weights;
} alexnet;

/* A convolution, and whether a pooling follows. */
typedef struct layer {
    int32_t halves; /* filters, in halves of the width */
    int32_t window, padding;
    bool is_pooled;
} layer;

static const layer layers[LAYERS] = {
    {2, 5, 2, true}, {3, 5, 2, true}, {4, 3, 1, false}, {3, 3, 1, false}, {3, 3, 1, true}};

static cop_status check_size(const cop_task *task, cop_error *err)
{
    int32_t height = cop_task_height(task), width = cop_task_width(task);
    int32_t least = 8 - (cop_task_channels(task) == 1 ? GREY_GROWTH : 0);
    if (height >= least && width >= least)
        return COP_OK;
    return cop_fail(err, COP_INVALID,
                    "images of %d x %d are too small for AlexNet, which halves them three times: "
                    "at least %d x %d",
                    (int)height, (int)width, (int)least, (int)least);
}

static cop_status create_impl(const void *given, const cop_task *task, void **self, cop_error *err)
{
    const alexnet_options *o = given;
    if (o->width % 2 != 0)
        return cop_fail(err, COP_INVALID,
                        "width %lld is odd: the second convolution has 3/2 times as many filters",
                        (long long)o->width);
    COP_TRY(check_size(task, err));
    const alexnet net = {.options = *o,
                         .classes = cop_task_classes(task),
                         .weights = cop_chosen_start(o->initializer)};
    return cop_model_keep(&net, sizeof net, self, err);
}

/* Convolution i with what is behind it. *next is the number of the next of the features. */
static cop_node block(const alexnet *net, cop_layers *l, cop_node x, int i, int *next)
{
    const alexnet_options *o = &net->options;
    cop_graph *g = cop_layers_graph(l);
    cop_initializer one = {.kind = COP_INIT_CONSTANT, .value = 1.0};
    bool grows = i == 0 && cop_node_shape(g, x).dim[1] == 1;
    int32_t padding = layers[i].padding + (grows ? GREY_GROWTH / 2 : 0);
    char name[COP_NAME_SIZE];
    (void)snprintf(name, sizeof name, "features.%d", (*next)++);
    x = cop_layer_conv(l, name, x, o->width / 2 * layers[i].halves,
                       cop_window_square(layers[i].window, 1, padding), true, net->weights);
    (void)snprintf(name, sizeof name, "features.%d", *next);
    x = cop_layer_norm(l, name, x, (cop_norm_kind)o->norm, o->groups, one);
    *next += (o->norm == COP_NORM_NONE ? 1 : 2) + (layers[i].is_pooled ? 1 : 0);
    x = cop_activate(g, x, (cop_activation)o->activation);
    return layers[i].is_pooled ? cop_max_pool(g, x, cop_window_square(2, 2, 0)) : x;
}

static cop_node network(const void *self, cop_layers *l, cop_node x, cop_model_output *out)
{
    const alexnet *net = self;
    int next = 0;
    for (int i = 0; i < LAYERS; i++) {
        x = block(net, l, x, i, &next);
        char tap[COP_NAME_SIZE];
        (void)snprintf(tap, sizeof tap, "block%d", i);
        cop_model_output_tap(out, tap, x);
    }
    x = cop_flatten(cop_layers_graph(l), x);
    cop_model_output_tap(out, "embedding", x);
    return cop_layer_linear(l, "fc", x, net->classes, true, net->weights);
}

COP_PLUGIN(
    MODEL, .id = "alexnet", .version = "1.0.0", .results_version = "1",
    .summary = "the small AlexNet of the distillation papers: five convolutions, one classifier",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural "
                "Networks, 2012; as in Zhao et al., Dataset Condensation with Gradient "
                "Matching, 2021",
    COP_OPTIONS(alexnet_options, options),
    .ops = &(const cop_model_ops){COP_SIZED(cop_model_ops), .create = create_impl, .destroy = free,
                                  .network = network},
    .defaults = "Zhao et al.'s code (networks.py, AlexNet): 128 filters, no normalisation, "
                "PyTorch's starting values; norm = \"batch\" is its AlexNetBN.",
    .departures = "other normalisations, nonlinearities and widths are added. Where images are "
                  "not of 32x32 the classifier takes what is left, where their code takes 192 x 4"
                  " x 4.");
