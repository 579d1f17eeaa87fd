/* resnet_ap.c: ResNetAP-10, 18 and 34 (Kim et al. 2022): residual networks of basic blocks (He et
 * al. 2016) whose strides are average poolings behind a convolution of stride 1, with instance
 * norm: the network that distils ImageNet there. Four stages of widths w, 2w, 4w, 8w, w = 64. The
 * stem is by the image's larger side:
 *
 *   small   up to 64 pixels    3x3 convolution
 *   mid     65 to 128          3x3 convolution and 2x2 average pooling
 *   large   above 128          7x7 convolution of stride 1 and 4x4 average pooling
 *
 * ResNetAP-10 for ten classes has 4,910,922 parameters at 224 pixels. Their CIFAR networks are
 * width = 32. Without normalisation (norm = "none") the convolutions have biases.
 *
 * Tensor names are those of their code: layer0.conv1.weight, layer0.bn1.weight,
 * layer1.0.conv1.weight, layer2.0.downsample.0.weight and downsample.2.weight (1 is the pooling),
 * fc.weight (whatever the normalisation, it is called bn). Taps: stem, layer1 … layer4, embedding.
 * Convolutions start at He et al.'s normal by fan-out, the classifier at U(±1/√fan_in).
 *
 * Departures: layer and group norm are added; spectral norm and the bottleneck depths (50 and more)
 * are not here. The last pooling averages over the whole image, which for one that is not square
 * their code does not.
 */
#include <coppice/plugin.h>

#include <stdio.h>
#include <stdlib.h>

#define STAGES 4

typedef struct resnet_ap_options {
    int64_t depth, width, groups;
    int32_t norm, stem;
} resnet_ap_options;

static const cop_option options[] = {
    COP_OPT_INT(resnet_ap_options, depth, "10", 10, 34, "layers: 10, 18 or 34", .unit = "layers"),
    COP_OPT_INT(resnet_ap_options, width, "64", 1, 1024,
                "filters of the first stage; 32 for the authors' CIFAR networks",
                .unit = "filters"),
    COP_OPT_NORM(resnet_ap_options, norm, COP_NORM_NONE, "instance"),
    COP_OPT_NORM_GROUPS(resnet_ap_options, groups, 1024),
    COP_OPT_STEM(resnet_ap_options, stem,
                 "small: 3x3; mid: 3x3 and pooling by 2; large: 7x7 and pooling by 4; auto: by the "
                 "image's size"),
};

typedef struct resnet_ap {
    resnet_ap_options options;
    const int32_t *blocks; /* of each stage */
    int64_t classes;
    cop_stem stem;
} resnet_ap;

static const int32_t *find_depth(int64_t depth)
{
    static const int32_t ten[STAGES] = {1, 1, 1, 1}, eighteen[STAGES] = {2, 2, 2, 2},
                         thirty_four[STAGES] = {3, 4, 6, 3};
    return depth == 10 ? ten : depth == 18 ? eighteen : depth == 34 ? thirty_four : NULL;
}

/* How many pixels become one along a side: by the stem, and by three stages of 2. */
static int32_t shrinking(cop_stem stem)
{
    return 8 * (stem == COP_STEM_SMALL ? 1 : stem == COP_STEM_MID ? 2 : 4);
}

static cop_status create_impl(const void *given, const cop_task *task, void **self, cop_error *err)
{
    const resnet_ap_options *o = given;
    resnet_ap net = {.options = *o,
                     .blocks = find_depth(o->depth),
                     .classes = cop_task_classes(task),
                     .stem = cop_chosen_stem(o->stem, task)};
    int32_t height = cop_task_height(task), width = cop_task_width(task);
    int32_t least = shrinking(net.stem);
    if (net.blocks == NULL)
        return cop_fail(err, COP_INVALID, "there is no ResNetAP-%lld here: depth is 10, 18 or 34",
                        (long long)o->depth);
    if (height < least || width < least)
        return cop_fail(err, COP_INVALID,
                        "images of %d x %d are too small for ResNetAP with the stem \"%s\": at "
                        "least %d x %d",
                        (int)height, (int)width, cop_stem_choices[net.stem], (int)least,
                        (int)least);
    return cop_model_keep(&net, sizeof net, self, err);
}

/* <scope>.<word>: a convolution of stride 1 that keeps the image's size. */
static cop_node conv(const resnet_ap *net, cop_layers *l, const char *scope, const char *word,
                     cop_node x, int64_t filters, int32_t size)
{
    char name[COP_NAME_SIZE + 16];
    (void)snprintf(name, sizeof name, "%s.%s", scope, word);
    bool bias = net->options.norm == COP_NORM_NONE;
    return cop_layer_conv(l, name, x, filters, cop_window_square(size, 1, size / 2), bias,
                          (cop_initializer){.kind = COP_INIT_KAIMING_FAN_OUT});
}

static cop_node norm(const resnet_ap *net, cop_layers *l, const char *scope, const char *word,
                     cop_node x)
{
    char name[COP_NAME_SIZE + 16];
    (void)snprintf(name, sizeof name, "%s.%s", scope, word);
    return cop_layer_norm(l, name, x, (cop_norm_kind)net->options.norm, net->options.groups,
                          (cop_initializer){.kind = COP_INIT_CONSTANT, .value = 1.0});
}

/* Average pooling in place of a stride. */
static cop_node shrink(cop_layers *l, cop_node x, int32_t stride)
{
    cop_window window = cop_window_square(stride, stride, 0);
    return stride == 1 ? x : cop_avg_pool(cop_layers_graph(l), x, window);
}

static cop_node stem(const resnet_ap *net, cop_layers *l, cop_node x)
{
    x = conv(net, l, "layer0", "conv1", x, net->options.width, net->stem == COP_STEM_LARGE ? 7 : 3);
    x = cop_relu(cop_layers_graph(l), norm(net, l, "layer0", "bn1", x));
    return shrink(l, x, shrinking(net->stem) / 8);
}

static cop_node basic_block(const resnet_ap *net, cop_layers *l, const char *scope, cop_node x,
                            int64_t filters, int32_t stride)
{
    if (x == COP_NO_NODE)
        return COP_NO_NODE;
    cop_graph *g = cop_layers_graph(l);
    bool is_projected = stride != 1 || cop_node_shape(g, x).dim[1] != filters;
    cop_node y = conv(net, l, scope, "conv1", x, filters, 3);
    y = shrink(l, cop_relu(g, norm(net, l, scope, "bn1", y)), stride);
    y = norm(net, l, scope, "bn2", conv(net, l, scope, "conv2", y, filters, 3));
    if (is_projected) {
        x = shrink(l, conv(net, l, scope, "downsample.0", x, filters, 1), stride);
        x = norm(net, l, scope, "downsample.2", x);
    }
    return cop_relu(g, cop_add(g, y, x));
}

static cop_node stage(const resnet_ap *net, cop_layers *l, cop_node x, int s)
{
    for (int32_t b = 0; b < net->blocks[s]; b++) {
        char scope[COP_NAME_SIZE];
        (void)snprintf(scope, sizeof scope, "layer%d.%d", s + 1, (int)b);
        x = basic_block(net, l, scope, x, net->options.width << s, s > 0 && b == 0 ? 2 : 1);
    }
    return x;
}

static cop_node network(const void *self, cop_layers *l, cop_node x, cop_model_output *out)
{
    const resnet_ap *net = self;
    x = stem(net, l, x);
    cop_model_output_tap(out, "stem", x);
    for (int s = 0; s < STAGES; s++) {
        x = stage(net, l, x, s);
        char tap[COP_NAME_SIZE];
        (void)snprintf(tap, sizeof tap, "layer%d", s + 1);
        cop_model_output_tap(out, tap, x);
    }
    cop_graph *g = cop_layers_graph(l);
    cop_node embedding = cop_flatten(g, cop_global_avg_pool(g, x));
    cop_model_output_tap(out, "embedding", embedding);
    return cop_layer_linear(l, "fc", embedding, net->classes, true,
                            (cop_initializer){.kind = COP_INIT_UNIFORM_FAN_IN});
}

COP_PLUGIN(
    MODEL, .id = "resnet_ap", .version = "1.0.0", .results_version = "1",
    .summary = "ResNetAP-10, 18 and 34: residual networks with average pooling for strides",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "Kim et al., Dataset Condensation via Efficient Synthetic-Data "
                "Parameterization, ICML 2022",
    COP_OPTIONS(resnet_ap_options, options),
    .ops = &(const cop_model_ops){COP_SIZED(cop_model_ops), .create = create_impl, .destroy = free,
                                  .network = network},
    .defaults = "Kim et al.'s code for ImageNet-10 (models/resnet_ap.py, misc/reproduce.py): "
                "depth 10, width 64, instance norm, the stem by the image's size.",
    .departures = "layer and group norm are added; spectral norm and the bottleneck depths (50 "
                  "and more) are not here. The last pooling averages over the whole image, which "
                  "for one that is not square their code does not.");
