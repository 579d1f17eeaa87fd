/* lenet5.c: LeNet-5 (LeCun et al. 1998) in its two modern forms, each of two 5x5 convolutions with
 * a 2x2 max pooling behind, hidden linear layers and a linear classifier:
 *
 *   lecun   6 and 16 filters, hidden layers of 120 and 84: the LeNet of the distillation papers
 *           (Zhao et al. 2021), the default. One-channel images have padding 2 at the first
 *           convolution, so that 28x28 is the original's 32x32: 61,706 parameters on MNIST, 62,006
 *           on CIFAR-10.
 *   caffe   20 and 50 filters, a hidden layer of 500, no padding: the LeNet-5 of the pruning papers
 *           (Lee et al. 2019), 431,080 parameters on MNIST.
 *
 * Tensor names of lecun are those of Zhao et al.'s code: features.N.weight, where N counts
 * convolutions, normalisations, rectifiers and poolings, fc_1, fc_2, fc_3; of caffe: conv1, conv2,
 * fc1, fc2, a normalisation being bn1, bn2. Taps: block0, block1, embedding.
 *
 * Departures: rectifiers and max pooling where LeCun et al. have tanh and trained sums, as in the
 * code named above; Caffe's own network has no rectifier behind its convolutions. Normalisations,
 * other nonlinearities and average pooling are added. Images of other sizes than 28x28 and 32x32
 * get hidden layers that take what is left.
 */
#include <coppice/plugin.h>

#include <stdio.h>
#include <stdlib.h>

#define BLOCKS      2
#define MOST_HIDDEN 2

enum { VARIANT_LECUN, VARIANT_CAFFE };
enum { POOL_MAX, POOL_AVG };

static const char *const variant_names[] = {"lecun", "caffe", NULL};
static const char *const pool_names[] = {"max", "avg", NULL};

typedef struct lenet5_options {
    int64_t groups;
    int32_t variant, norm, pooling, activation, initializer;
} lenet5_options;

static const cop_option options[] = {
    COP_OPT_ENUM(
        lenet5_options, variant, "lecun", variant_names,
        "lecun: 6, 16 filters, 120, 84 hidden; caffe: 20, 50 filters, 500 hidden, no padding"),
    COP_OPT_NORM(lenet5_options, norm, COP_NORM_NONE, "none"),
    COP_OPT_INT(lenet5_options, groups, "2", 1, 50,
                "groups of channels for norm = \"group\"; divides both numbers of filters",
                .flags = COP_OPTION_ADVANCED, .unit = "groups"),
    COP_OPT_ENUM(lenet5_options, pooling, "max", pool_names,
                 "2x2 pooling at the end of each block"),
    COP_OPT_ACTIVATION(lenet5_options, activation, "relu"),
    COP_OPT_START(lenet5_options, initializer, "uniform_fan_in"),
};

/* What the variants differ in. */
typedef struct variant {
    int32_t grey_padding;
    int64_t filters[BLOCKS], hidden[MOST_HIDDEN]; /* 0: no such layer */
    const char *hidden_names[MOST_HIDDEN], *classifier;
} variant;

static const variant variants[] = {
    [VARIANT_LECUN] = {2, {6, 16}, {120, 84}, {"fc_1", "fc_2"}, "fc_3"},
    [VARIANT_CAFFE] = {0, {20, 50}, {500, 0}, {"fc1", NULL}, "fc2"},
};

typedef struct lenet5 {
    lenet5_options options;
    const variant *variant;
    int64_t classes;
    int32_t padding; /* of the first convolution */
    cop_initializer weights;
} lenet5;

/* A side s with padding p is ⌊(⌊(s + 2p − 4)/2⌋ − 4)/2⌋ behind the blocks. */
static cop_status check_size(const lenet5 *net, const cop_task *task, cop_error *err)
{
    int32_t height = cop_task_height(task), width = cop_task_width(task);
    int32_t least = 16 - 2 * net->padding;
    if (height >= least && width >= least)
        return COP_OK;
    return cop_fail(err, COP_INVALID,
                    "images of %d x %d are too small for LeNet-5: at least %d x %d", (int)height,
                    (int)width, (int)least, (int)least);
}

static cop_status create_impl(const void *given, const cop_task *task, void **self, cop_error *err)
{
    const lenet5_options *o = given;
    const variant *v = &variants[o->variant];
    lenet5 net = {.options = *o,
                  .variant = v,
                  .classes = cop_task_classes(task),
                  .padding = cop_task_channels(task) == 1 ? v->grey_padding : 0,
                  .weights = cop_chosen_start(o->initializer)};
    COP_TRY(check_size(&net, task, err));
    return cop_model_keep(&net, sizeof net, self, err);
}

/* The names of a block's convolution and normalisation. */
static void name_block(const lenet5 *net, int block, char *conv, char *norm)
{
    if (net->options.variant == VARIANT_CAFFE) {
        (void)snprintf(conv, COP_NAME_SIZE, "conv%d", block + 1);
        (void)snprintf(norm, COP_NAME_SIZE, "bn%d", block + 1);
        return;
    }
    int before = block * (net->options.norm == COP_NORM_NONE ? 3 : 4);
    (void)snprintf(conv, COP_NAME_SIZE, "features.%d", before);
    (void)snprintf(norm, COP_NAME_SIZE, "features.%d", before + 1);
}

static cop_node block(const lenet5 *net, cop_layers *l, cop_node x, int i)
{
    const lenet5_options *o = &net->options;
    cop_initializer one = {.kind = COP_INIT_CONSTANT, .value = 1.0};
    char conv[COP_NAME_SIZE], norm[COP_NAME_SIZE];
    name_block(net, i, conv, norm);
    cop_window window = cop_window_square(5, 1, i == 0 ? net->padding : 0);
    x = cop_layer_conv(l, conv, x, net->variant->filters[i], window, true, net->weights);
    x = cop_layer_norm(l, norm, x, (cop_norm_kind)o->norm, o->groups, one);
    cop_graph *g = cop_layers_graph(l);
    x = cop_activate(g, x, (cop_activation)o->activation);
    cop_window half = cop_window_square(2, 2, 0);
    return o->pooling == POOL_AVG ? cop_avg_pool(g, x, half) : cop_max_pool(g, x, half);
}

static cop_node network(const void *self, cop_layers *l, cop_node x, cop_model_output *out)
{
    const lenet5 *net = self;
    const variant *v = net->variant;
    cop_graph *g = cop_layers_graph(l);
    for (int i = 0; i < BLOCKS; i++) {
        x = block(net, l, x, i);
        cop_model_output_tap(out, i == 0 ? "block0" : "block1", x);
    }
    x = cop_flatten(g, x);
    for (int i = 0; i < MOST_HIDDEN && v->hidden[i] != 0; i++) {
        x = cop_layer_linear(l, v->hidden_names[i], x, v->hidden[i], true, net->weights);
        x = cop_activate(g, x, (cop_activation)net->options.activation);
    }
    cop_model_output_tap(out, "embedding", x);
    return cop_layer_linear(l, v->classifier, x, net->classes, true, net->weights);
}

COP_PLUGIN(
    MODEL, .id = "lenet5", .version = "1.0.0", .results_version = "1",
    .summary = "LeNet-5: of the distillation papers (6-16-120-84), or Caffe's (20-50-500)",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998; "
                "as in Zhao et al., Dataset Condensation with Gradient Matching, 2021",
    COP_OPTIONS(lenet5_options, options),
    .ops = &(const cop_model_ops){COP_SIZED(cop_model_ops), .create = create_impl, .destroy = free,
                                  .network = network},
    .defaults = "Zhao et al.'s code (networks.py, LeNet): 6 and 16 filters, 120 and 84 hidden, "
                "ReLU, max pooling, PyTorch's starting values; variant = \"caffe\" has the sizes "
                "of Caffe's and of the pruning papers.",
    .departures = "as in that code, rectifiers and max pooling stand where LeCun et al. have tanh"
                  " and trained sums. Caffe's own network has no rectifier behind its "
                  "convolutions. Normalisations, other nonlinearities and average pooling are "
                  "added.");
