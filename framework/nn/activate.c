/* activate.c: the nonlinearities that a config may choose. */
#include <coppice/nn.h>

#define LEAKY_SLOPE 0.01

cop_node cop_activate(cop_graph *g, cop_node x, cop_activation kind)
{
    switch (kind) {
    case COP_ACTIVATION_RELU:
        return cop_relu(g, x);
    case COP_ACTIVATION_LEAKY_RELU:
        return cop_leaky_relu(g, x, LEAKY_SLOPE);
    case COP_ACTIVATION_SIGMOID:
        return cop_sigmoid(g, x);
    case COP_ACTIVATION_TANH:
        return cop_tanh(g, x);
    case COP_ACTIVATION_SWISH:
        return cop_mul(g, x, cop_sigmoid(g, x));
    }
    return cop_graph_refuse(g, "there is no activation %d", (int)kind);
}
