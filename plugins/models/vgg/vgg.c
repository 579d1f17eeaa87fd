/* vgg.c: VGG-11, 13, 16 and 19 (Simonyan & Zisserman 2015): five stages of 3x3 convolutions with
 * 64, 128, 256, 512 and 512 filters, each with a 2x2 pooling at its end, and one of two heads:
 *
 *   linear     a linear classifier on all that is left: the CIFAR networks of the distillation
 *              papers (Zhao et al. 2021: VGG-11 with instance norm, the defaults here) and of
 *              Frankle et al. (open_lth)
 *   imagenet   average pooling to 7x7, two hidden layers of 4096, dropout: torchvision's
 *
 * Tensor names are those of Zhao et al.'s code and of torchvision, which agree: features.N.weight,
 * where N counts convolutions, normalisations, rectifiers and poolings; classifier.weight, or
 * classifier.0, .3 and .6. As in the former, the first convolution of a one-channel image has
 * padding 3, so that images of 28x28 pass five poolings. Taps: stage0 … stage4, embedding.
 *
 * For the recipe of Frankle et al.: depth = 16, norm = "batch", last_pool = "avg",
 * initializer = "kaiming_fan_in" and norm_scale = "uniform01"; there the tensors are called
 * layers.N.conv, layers.N.bn and fc. For torchvision's: head = "imagenet", norm = "none" or
 * "batch", initializer = "kaiming_fan_out".
 *
 * Departures: where images are not of 32x32, the linear head takes what is left, where Zhao et
 * al.'s code takes 512 numbers; biases start at U(±1/√fan_in) with every initializer, torchvision's
 * at 0, and its hidden layers at N(0, 0.01²). Layer and group norm are added.
 */
#include <coppice/plugin.h>

#include <stdio.h>
#include <stdlib.h>

#define STAGES 5

/* The sides of the images that the imagenet head takes. */
#define GRID 7

/* Zeros around a one-channel image, so that with the first convolution's own padding of 1 it has 3
 * (the engine's convolutions pad by less than their window). */
#define GREY_MARGIN 2

enum { HEAD_LINEAR, HEAD_IMAGENET };
enum { POOL_MAX, POOL_AVG };

static const char *const head_names[] = {"linear", "imagenet", NULL};
static const char *const pool_names[] = {"max", "avg", NULL};

typedef struct vgg_options {
    int64_t depth, width, groups, hidden;
    double dropout;
    int32_t norm, head, last_pool, initializer, norm_scale;
} vgg_options;

static const cop_option options[] = {
    COP_OPT_INT(vgg_options, depth, "11", 11, 19,
                "layers with weights of the original: 11, 13, 16, 19", .unit = "layers"),
    COP_OPT_INT(vgg_options, width, "64", 1, 1024,
                "filters of the first stage; the others have 2, 4, 8 and 8 times as many",
                .unit = "filters"),
    COP_OPT_NORM(vgg_options, norm, COP_NORM_NONE, "instance"),
    COP_OPT_NORM_GROUPS(vgg_options, groups, 1024),
    COP_OPT_ENUM(
        vgg_options, head, "linear", head_names,
        "linear: a classifier alone; imagenet: 7x7 pooling and two hidden layers before it"),
    COP_OPT_INT(vgg_options, hidden, "4096", 1, 65536,
                "features of each hidden layer of the imagenet head", .flags = COP_OPTION_ADVANCED,
                .unit = "features"),
    COP_OPT_FLOAT(vgg_options, dropout, "0.5", 0, 0.99,
                  "share of the imagenet head's hidden features that a training drops",
                  .flags = COP_OPTION_ADVANCED),
    COP_OPT_ENUM(vgg_options, last_pool, "max", pool_names,
                 "the fifth pooling: max, or avg as in open_lth", .flags = COP_OPTION_ADVANCED),
    COP_OPT_START(vgg_options, initializer, "uniform_fan_in"),
    COP_OPT_NORM_SCALE(vgg_options, norm_scale),
};

typedef struct vgg {
    vgg_options options;
    const int32_t *convolutions; /* of each stage */
    int64_t classes;
    cop_initializer weights, scale;
} vgg;

/* Convolutions of each stage, or NULL where there is no such network. */
static const int32_t *find_depth(int64_t depth)
{
    static const struct {
        int64_t depth;
        int32_t convolutions[STAGES];
    } known[] = {
        {11, {1, 1, 2, 2, 2}}, {13, {2, 2, 2, 2, 2}}, {16, {2, 2, 3, 3, 3}}, {19, {2, 2, 4, 4, 4}}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].depth == depth)
            return known[i].convolutions;
    return NULL;
}

static cop_status check_size(const cop_task *task, cop_error *err)
{
    int32_t height = cop_task_height(task), width = cop_task_width(task);
    int32_t margin = cop_task_channels(task) == 1 ? 2 * GREY_MARGIN : 0;
    if (((height < width ? height : width) + margin) >> STAGES > 0)
        return COP_OK;
    return cop_fail(err, COP_INVALID,
                    "images of %d x %d are too small for a VGG, which halves them %d times: at "
                    "least %d x %d",
                    (int)height, (int)width, STAGES, (1 << STAGES) - (int)margin,
                    (1 << STAGES) - (int)margin);
}

static cop_status create_impl(const void *given, const cop_task *task, void **self, cop_error *err)
{
    const vgg_options *o = given;
    vgg net = {.options = *o,
               .convolutions = find_depth(o->depth),
               .classes = cop_task_classes(task),
               .weights = cop_chosen_start(o->initializer),
               .scale = cop_chosen_norm_scale(o->norm_scale)};
    if (net.convolutions == NULL)
        return cop_fail(err, COP_INVALID, "there is no VGG-%lld: depth is 11, 13, 16 or 19",
                        (long long)o->depth);
    COP_TRY(check_size(task, err));
    return cop_model_keep(&net, sizeof net, self, err);
}

/* Convolution, normalisation, rectifier. *next is the number of the next of the features. */
static cop_node layer(const vgg *net, cop_layers *l, cop_node x, int64_t filters, int *next)
{
    const vgg_options *o = &net->options;
    char name[COP_NAME_SIZE];
    (void)snprintf(name, sizeof name, "features.%d", (*next)++);
    x = cop_layer_conv(l, name, x, filters, cop_window_square(3, 1, 1), true, net->weights);
    (void)snprintf(name, sizeof name, "features.%d", *next);
    x = cop_layer_norm(l, name, x, (cop_norm_kind)o->norm, o->groups, net->scale);
    *next += o->norm == COP_NORM_NONE ? 1 : 2; /* the rectifier counts, too */
    return cop_relu(cop_layers_graph(l), x);
}

static cop_node stage(const vgg *net, cop_layers *l, cop_node x, int s, int *next)
{
    int64_t filters = net->options.width << (s < 3 ? s : 3);
    for (int32_t i = 0; i < net->convolutions[s]; i++)
        x = layer(net, l, x, filters, next);
    (*next)++; /* the pooling */
    bool is_avg = s == STAGES - 1 && net->options.last_pool == POOL_AVG;
    cop_window window = cop_window_square(2, 2, 0);
    cop_graph *g = cop_layers_graph(l);
    return is_avg ? cop_avg_pool(g, x, window) : cop_max_pool(g, x, window);
}

/* Averages one axis to GRID elements over windows that may overlap, as PyTorch's adaptive pooling:
 * from ⌊i·size/GRID⌋ up to ⌈(i + 1)·size/GRID⌉. */
static cop_node pool_axis(cop_graph *g, cop_node x, int axis)
{
    int64_t size = cop_node_shape(g, x).dim[axis];
    if (x == COP_NO_NODE || size == GRID)
        return x;
    cop_node parts[GRID];
    for (int64_t i = 0; i < GRID; i++) {
        int64_t start = i * size / GRID, end = ((i + 1) * size + GRID - 1) / GRID;
        parts[i] = cop_mean(g, cop_slice(g, x, axis, start, end - start), COP_AXIS(axis));
    }
    return cop_concat(g, parts, GRID, axis);
}

static cop_node hidden_layer(const vgg *net, cop_layers *l, const char *name, cop_node x)
{
    x = cop_layer_linear(l, name, x, net->options.hidden, true, net->weights);
    return cop_layer_dropout(l, cop_relu(cop_layers_graph(l), x), net->options.dropout);
}

static cop_node head(const vgg *net, cop_layers *l, cop_node x, cop_model_output *out)
{
    cop_graph *g = cop_layers_graph(l);
    bool is_linear = net->options.head == HEAD_LINEAR;
    if (!is_linear)
        x = pool_axis(g, pool_axis(g, x, 2), 3);
    x = cop_flatten(g, x);
    if (!is_linear)
        x = hidden_layer(net, l, "classifier.3", hidden_layer(net, l, "classifier.0", x));
    cop_model_output_tap(out, "embedding", x);
    return cop_layer_linear(l, is_linear ? "classifier" : "classifier.6", x, net->classes, true,
                            net->weights);
}

static cop_node network(const void *self, cop_layers *l, cop_node x, cop_model_output *out)
{
    const vgg *net = self;
    cop_graph *g = cop_layers_graph(l);
    int next = 0;
    if (cop_node_shape(g, x).dim[1] == 1)
        x = cop_pad_images(g, x, GREY_MARGIN);
    for (int s = 0; s < STAGES; s++) {
        x = stage(net, l, x, s, &next);
        char tap[COP_NAME_SIZE];
        (void)snprintf(tap, sizeof tap, "stage%d", s);
        cop_model_output_tap(out, tap, x);
    }
    return head(net, l, x, out);
}

COP_PLUGIN(
    MODEL, .id = "vgg", .version = "1.0.0", .results_version = "1",
    .summary =
        "VGG-11, 13, 16 and 19 for CIFAR, with normalisation or without, or with the ImageNet head",
    .author = "The Coppice authors", .licence = "MIT",
    .citation =
        "Simonyan & Zisserman, Very Deep Convolutional Networks for Large-Scale Image "
        "Recognition, 2015; as in Zhao et al., Dataset Condensation with Gradient Matching, 2021",
    COP_OPTIONS(vgg_options, options),
    .ops = &(const cop_model_ops){COP_SIZED(cop_model_ops), .create = create_impl, .destroy = free,
                                  .network = network},
    .defaults = "Zhao et al.'s code (networks.py, VGG11), the VGG of the distillation papers' "
                "tables: depth 11, instance norm, max pooling, one linear classifier, PyTorch's"
                " starting values; the ImageNet head is torchvision's.",
    .departures =
        "where images are not of 32x32 the linear head takes what is left, where their "
        "code takes 512 numbers. Biases start at U(±1/√fan_in) with every initializer, "
        "torchvision's at 0, and its hidden layers at N(0, 0.01²). Layer and group norm are "
        "added.");
