/* resnet.c: residual networks of basic blocks (He et al. 2016) for small images, in two families:
 *
 *   four stages of widths w, 2w, 4w, 8w     depth 10 (1 block each), 18 (2), 34 (3, 4, 6, 3)
 *   three stages of widths w, 2w, 4w        depth 6n + 2: 20 (n = 3), 32, 44, 56, 110
 *
 * The default width is 32 for four stages, which are the narrow CIFAR networks of Kim et al. (2022)
 * and McDermott & Cummings (2023): ResNet-10 has 1,228,970 parameters and ResNet-18 2,797,610; the
 * standard CIFAR ResNet-18 is width 64 (11,173,962). It is 16 for three stages (ResNet-20 with
 * 272,474). Every stage after the first halves the image. Shortcuts that change the shape are a
 * 1x1 convolution and a normalisation. Images above 64 pixels get the ImageNet stems of the same
 * authors (3x3, above 128 pixels 7x7 of stride 2, each with a 3x3 max pooling of stride 2).
 *
 * Without normalisation (norm = "none") the convolutions have biases, as in Kim et al.'s ResNetAP.
 *
 * Tensor names are torchvision's: conv1.weight, bn1.weight, layer1.0.conv1.weight,
 * layer2.0.downsample.0.weight, fc.weight (whatever the normalisation, it is called bn).
 * Taps: stem, layer1 … layer4, embedding.
 *
 * For the recipe of Frankle et al. (open_lth): initializer = "kaiming_fan_in" (then the classifier
 * too) and norm_scale = "uniform01". With kaiming_fan_out the classifier starts at U(±1/√fan_in).
 *
 * Departures: depth 34 has the standard 3, 4, 6, 3 blocks where Kim et al.'s CIFAR code has 5 each;
 * shortcuts of the three-stage networks are projections, as in open_lth, where He et al. pad with
 * zeros. Norms other than batch and instance are added.
 */
#include <coppice/plugin.h>

#include <stdio.h>
#include <stdlib.h>

#define MAX_STAGES 4

enum { START_FAN_OUT, START_FAN_IN };

static const char *const start_names[] = {"kaiming_fan_out", "kaiming_fan_in", NULL};

typedef struct resnet_options {
    int64_t depth, width, groups;
    int32_t norm, stem, initializer, norm_scale;
} resnet_options;

static const cop_option options[] = {
    COP_OPT_INT(resnet_options, depth, "18", 8, 110,
                "layers: 10, 18 or 34 in four stages; 20, 32, 44, 56 or 110 in three",
                .unit = "layers"),
    COP_OPT_INT(resnet_options, width, "0", 0, 1024,
                "filters of the first stage; 0: 32 for four stages, 16 for three",
                .unit = "filters"),
    COP_OPT_NORM(resnet_options, norm, COP_NORM_NONE, "batch"),
    COP_OPT_NORM_GROUPS(resnet_options, groups, 1024),
    COP_OPT_STEM(
        resnet_options, stem,
        "small: 3x3; mid: 3x3 and pooling; large: 7x7 and pooling; auto: by the image's size"),
    COP_OPT_ENUM(resnet_options, initializer, "kaiming_fan_out", start_names,
                 "He et al.'s normal start of the convolutions, by fan-out or fan-in"),
    COP_OPT_NORM_SCALE(resnet_options, norm_scale),
};

typedef struct resnet {
    int64_t classes, width, groups;
    int32_t stage_count;
    int32_t blocks[MAX_STAGES];
    cop_stem stem;
    cop_norm_kind norm;
    cop_initializer conv_init, linear_init, scale_init;
} resnet;

/* Blocks of each stage; false where no family has the depth. */
static bool choose_family(int64_t depth, resnet *net)
{
    static const struct {
        int64_t depth;
        int32_t blocks[MAX_STAGES];
    } four[] = {{10, {1, 1, 1, 1}}, {18, {2, 2, 2, 2}}, {34, {3, 4, 6, 3}}};
    for (size_t i = 0; i < sizeof four / sizeof *four; i++) {
        if (four[i].depth != depth)
            continue;
        net->stage_count = 4;
        for (int s = 0; s < MAX_STAGES; s++)
            net->blocks[s] = four[i].blocks[s];
        return true;
    }
    if ((depth - 2) % 6 != 0)
        return false;
    net->stage_count = 3;
    for (int s = 0; s < 3; s++)
        net->blocks[s] = (int32_t)((depth - 2) / 6);
    return true;
}

static void choose_starts(const resnet_options *o, resnet *net)
{
    bool fan_in = o->initializer == START_FAN_IN;
    net->conv_init.kind = fan_in ? COP_INIT_KAIMING_FAN_IN : COP_INIT_KAIMING_FAN_OUT;
    net->linear_init.kind = fan_in ? COP_INIT_KAIMING_FAN_IN : COP_INIT_UNIFORM_FAN_IN;
    net->scale_init = cop_chosen_norm_scale(o->norm_scale);
}

static cop_status create_impl(const void *given, const cop_task *task, void **self, cop_error *err)
{
    const resnet_options *o = given;
    resnet net = {
        .classes = cop_task_classes(task), .groups = o->groups, .norm = (cop_norm_kind)o->norm};
    if (!choose_family(o->depth, &net))
        return cop_fail(err, COP_INVALID,
                        "there is no ResNet-%lld here: depth is 10, 18, 34 or 6n + 2 (20, 32, 44, "
                        "56, 110)",
                        (long long)o->depth);
    net.width = o->width != 0 ? o->width : net.stage_count == 4 ? 32 : 16;
    COP_TRY(cop_check_norm_groups(net.norm, net.groups, net.width, err));
    net.stem = cop_chosen_stem(o->stem, task);
    choose_starts(o, &net);
    return cop_model_keep(&net, sizeof net, self, err);
}

/* <scope>.<conv> of the given size, then <scope>.<norm>; the scope may be empty. */
static cop_node conv_norm(const resnet *net, cop_layers *l, const char *scope, const char *conv,
                          const char *norm, cop_node x, int64_t filters, cop_window window)
{
    char name[COP_NAME_SIZE + 16]; /* a scope and the longest word behind it */
    (void)snprintf(name, sizeof name, "%s%s", scope, conv);
    x = cop_layer_conv(l, name, x, filters, window, net->norm == COP_NORM_NONE, net->conv_init);
    (void)snprintf(name, sizeof name, "%s%s", scope, norm);
    return cop_layer_norm(l, name, x, net->norm, net->groups, net->scale_init);
}

static cop_node stem(const resnet *net, cop_layers *l, cop_node x)
{
    cop_window window =
        net->stem == COP_STEM_LARGE ? cop_window_square(7, 2, 3) : cop_window_square(3, 1, 1);
    cop_graph *g = cop_layers_graph(l);
    x = cop_relu(g, conv_norm(net, l, "", "conv1", "bn1", x, net->width, window));
    return net->stem == COP_STEM_SMALL ? x : cop_max_pool(g, x, cop_window_square(3, 2, 1));
}

static cop_node basic_block(const resnet *net, cop_layers *l, const char *scope, cop_node x,
                            int64_t filters, int32_t stride)
{
    if (x == COP_NO_NODE)
        return COP_NO_NODE;
    cop_graph *g = cop_layers_graph(l);
    bool projected = stride != 1 || cop_node_shape(g, x).dim[1] != filters;
    cop_node y =
        conv_norm(net, l, scope, "conv1", "bn1", x, filters, cop_window_square(3, stride, 1));
    y = conv_norm(net, l, scope, "conv2", "bn2", cop_relu(g, y), filters,
                  cop_window_square(3, 1, 1));
    if (projected)
        x = conv_norm(net, l, scope, "downsample.0", "downsample.1", x, filters,
                      cop_window_square(1, stride, 0));
    return cop_relu(g, cop_add(g, y, x));
}

static cop_node stage(const resnet *net, cop_layers *l, cop_node x, int32_t s)
{
    int64_t filters = net->width << s;
    for (int32_t b = 0; b < net->blocks[s]; b++) {
        char scope[COP_NAME_SIZE];
        (void)snprintf(scope, sizeof scope, "layer%d.%d.", (int)s + 1, (int)b);
        x = basic_block(net, l, scope, x, filters, s > 0 && b == 0 ? 2 : 1);
    }
    return x;
}

static cop_node network(const void *self, cop_layers *l, cop_node x, cop_model_output *out)
{
    const resnet *net = self;
    x = stem(net, l, x);
    cop_model_output_tap(out, "stem", x);
    for (int32_t s = 0; s < net->stage_count; s++) {
        x = stage(net, l, x, s);
        char tap[COP_NAME_SIZE];
        (void)snprintf(tap, sizeof tap, "layer%d", (int)s + 1);
        cop_model_output_tap(out, tap, x);
    }
    cop_graph *g = cop_layers_graph(l);
    cop_node embedding = cop_flatten(g, cop_global_avg_pool(g, x));
    cop_model_output_tap(out, "embedding", embedding);
    return cop_layer_linear(l, "fc", embedding, net->classes, true, net->linear_init);
}

COP_PLUGIN(
    MODEL, .id = "resnet", .version = "1.0.0", .results_version = "1",
    .summary = "residual networks of basic blocks: ResNet-10, 18, 34 and 20, 32, 44, 56, 110",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "He et al., Deep Residual Learning for Image Recognition, 2016",
    COP_OPTIONS(resnet_options, options),
    .ops = &(const cop_model_ops){COP_SIZED(cop_model_ops), .create = create_impl, .destroy = free,
                                  .network = network},
    .defaults = "Kim et al.'s code for CIFAR (models/resnet.py), which McDermott & Cummings use"
                " too: four stages from width 32 on, batch norm, normal start by fan-out. Their"
                " ImageNet networks and the standard CIFAR ResNet-18 are width = 64; the three-"
                "stage networks are He et al.'s.",
    .departures = "depth 34 has the standard 3, 4, 6, 3 blocks where Kim et al.'s CIFAR code has "
                  "5 each; shortcuts of the three-stage networks are projections, as in open_lth,"
                  " where He et al. pad with zeros. Norms other than batch and instance are "
                  "added.");
