/* mlp.c: a multilayer perceptron: hidden linear layers with normalisation, if any, and a
 * nonlinearity behind each, then a linear classifier. The defaults are LeNet-300-100 (LeCun et al.
 * 1998) as the lottery ticket papers have it (open_lth's mnist_lenet_300_100): rectifiers, He's
 * normal start by fan-in, 266,610 parameters on MNIST. The MLP of Zhao et al. (2021) is
 * hidden = [128, 128] with initializer = "uniform_fan_in".
 *
 * Tensor names are open_lth's: fc_layers.0.weight, fc.weight; a normalisation, which it has none
 * of, is norm_layers.0. Taps: hidden0, hidden1 …, embedding.
 *
 * Departures: normalisations and other nonlinearities are added. Instance norm is refused: a
 * feature by itself has no variance.
 */
#include <coppice/plugin.h>

#include <stdio.h>
#include <stdlib.h>

typedef struct mlp_options {
    cop_int_list hidden;
    int64_t groups;
    int32_t norm, activation, initializer;
} mlp_options;

static const cop_option options[] = {
    COP_OPT_INT_LIST(mlp_options, hidden, "[300, 100]", 1, 1048576,
                     "features of each hidden layer; [] is a linear classifier",
                     .unit = "features"),
    COP_OPT_ENUM(mlp_options, norm, "none", cop_norm_choices,
                 "normalisation after each hidden layer; instance is refused"),
    COP_OPT_NORM_GROUPS(mlp_options, groups, 1048576),
    COP_OPT_ACTIVATION(mlp_options, activation, "relu"),
    COP_OPT_START(mlp_options, initializer, "kaiming_fan_in"),
};

typedef struct mlp {
    mlp_options options; /* the list's items are the host's */
    int64_t classes;
    cop_initializer weights;
} mlp;

static cop_status create_impl(const void *given, const cop_task *task, void **self, cop_error *err)
{
    const mlp_options *o = given;
    if (o->norm == COP_NORM_INSTANCE)
        return cop_fail(err, COP_INVALID,
                        "an mlp has no instance norm, which would leave nothing of a feature: norm "
                        "is \"none\", \"batch\", \"layer\" or \"group\"");
    const mlp net = {.options = *o,
                     .classes = cop_task_classes(task),
                     .weights = cop_chosen_start(o->initializer)};
    return cop_model_keep(&net, sizeof net, self, err);
}

/* [N, F] normalised as F channels of one pixel. */
static cop_node normalise(const mlp *net, cop_layers *l, const char *name, cop_node x)
{
    const mlp_options *o = &net->options;
    cop_graph *g = cop_layers_graph(l);
    cop_shape flat = cop_node_shape(g, x);
    if (x == COP_NO_NODE || o->norm == COP_NORM_NONE)
        return x;
    cop_initializer one = {.kind = COP_INIT_CONSTANT, .value = 1.0};
    x = cop_reshape(g, x, cop_shape4(flat.dim[0], flat.dim[1], 1, 1));
    x = cop_layer_norm(l, name, x, (cop_norm_kind)o->norm, o->groups, one);
    return cop_reshape(g, x, flat);
}

static cop_node hidden_layer(const mlp *net, cop_layers *l, cop_node x, size_t i)
{
    char name[COP_NAME_SIZE];
    (void)snprintf(name, sizeof name, "fc_layers.%zu", i);
    x = cop_layer_linear(l, name, x, net->options.hidden.items[i], true, net->weights);
    (void)snprintf(name, sizeof name, "norm_layers.%zu", i);
    x = normalise(net, l, name, x);
    return cop_activate(cop_layers_graph(l), x, (cop_activation)net->options.activation);
}

static cop_node network(const void *self, cop_layers *l, cop_node x, cop_model_output *out)
{
    const mlp *net = self;
    x = cop_flatten(cop_layers_graph(l), x);
    for (size_t i = 0; i < net->options.hidden.count && x != COP_NO_NODE; i++) {
        x = hidden_layer(net, l, x, i);
        char tap[COP_NAME_SIZE];
        (void)snprintf(tap, sizeof tap, "hidden%zu", i);
        cop_model_output_tap(out, tap, x);
    }
    cop_model_output_tap(out, "embedding", x);
    return cop_layer_linear(l, "fc", x, net->classes, true, net->weights);
}

COP_PLUGIN(
    MODEL, .id = "mlp", .version = "1.0.0", .results_version = "1",
    .summary = "a multilayer perceptron: LeNet-300-100, or any hidden layers",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998; "
                "as in Frankle & Carbin, The Lottery Ticket Hypothesis, 2019",
    COP_OPTIONS(mlp_options, options),
    .ops = &(const cop_model_ops){COP_SIZED(cop_model_ops), .create = create_impl, .destroy = free,
                                  .network = network},
    .defaults = "open_lth (models/mnist_lenet.py): mnist_lenet_300_100, with its normal start "
                "by fan-in.",
    .departures = "normalisations and other nonlinearities are added; instance norm is refused.");
