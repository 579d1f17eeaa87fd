/* rules.c: the table of derivatives, and what the rules share. */
#include "graph/rules.h"

#include "graph/optable.h"
#include "graph/storage.h"

#include <stdlib.h>
#include <string.h>

#define NO_DERIVATIVE                                                                              \
    {                                                                                              \
        NULL, NULL                                                                                 \
    }

static const cop_rule table[] = {
    [COP_OP_NONE] = NO_DERIVATIVE,
    [COP_OP_INPUT] = NO_DERIVATIVE,
    [COP_OP_CONSTANT] = NO_DERIVATIVE,

    [COP_OP_AFFINE] = {cop_vjp_unary, cop_jvp_unary},
    [COP_OP_SQRT] = {cop_vjp_unary, cop_jvp_unary},
    [COP_OP_RECIPROCAL] = {cop_vjp_unary, cop_jvp_unary},
    [COP_OP_EXP] = {cop_vjp_unary, cop_jvp_unary},
    [COP_OP_LN] = {cop_vjp_unary, cop_jvp_unary},
    [COP_OP_ABS] = {cop_vjp_unary, cop_jvp_unary},
    [COP_OP_SIGN] = NO_DERIVATIVE,
    [COP_OP_HEAVISIDE] = NO_DERIVATIVE,
    [COP_OP_SIGMOID] = {cop_vjp_unary, cop_jvp_unary},
    [COP_OP_TANH] = {cop_vjp_unary, cop_jvp_unary},
    [COP_OP_RELU] = {cop_vjp_unary, cop_jvp_unary},
    [COP_OP_LEAKY_RELU] = {cop_vjp_unary, cop_jvp_unary},
    [COP_OP_DETACH] = NO_DERIVATIVE,

    [COP_OP_ADD] = {cop_vjp_add, cop_jvp_add},
    [COP_OP_SUB] = {cop_vjp_sub, cop_jvp_sub},
    [COP_OP_MUL] = {cop_vjp_mul, cop_jvp_linear},
    [COP_OP_DIV] = {cop_vjp_div, cop_jvp_div},
    [COP_OP_GATE] = {cop_vjp_gate, cop_jvp_linear},

    [COP_OP_RESHAPE] = {cop_vjp_reshape, cop_jvp_linear},
    [COP_OP_BROADCAST] = {cop_vjp_broadcast, cop_jvp_linear},
    [COP_OP_SLICE] = {cop_vjp_slice, cop_jvp_linear},
    [COP_OP_PAD] = {cop_vjp_pad, cop_jvp_linear},
    [COP_OP_CONCAT] = {cop_vjp_concat, cop_jvp_concat},
    [COP_OP_GATHER] = {cop_vjp_gather, cop_jvp_linear},
    [COP_OP_SCATTER_ADD] = {cop_vjp_scatter_add, cop_jvp_linear},

    [COP_OP_SUM] = {cop_vjp_sum, cop_jvp_linear},
    [COP_OP_MATMUL] = {cop_vjp_matmul, cop_jvp_linear},
    [COP_OP_CONV] = {cop_vjp_conv, cop_jvp_linear},
    [COP_OP_CONV_DATA] = {cop_vjp_conv_data, cop_jvp_linear},
    [COP_OP_CONV_WEIGHTS] = {cop_vjp_conv_weights, cop_jvp_linear},

    [COP_OP_AVG_POOL] = {cop_vjp_avg_pool, cop_jvp_linear},
    [COP_OP_AVG_POOL_ADJOINT] = {cop_vjp_avg_pool_adjoint, cop_jvp_linear},
    [COP_OP_MAX_POOL] = {cop_vjp_max_pool, cop_jvp_max_pool},
    [COP_OP_MAX_POOL_TAKE] = {cop_vjp_max_pool_take, cop_jvp_linear},
    [COP_OP_MAX_POOL_PUT] = {cop_vjp_max_pool_put, cop_jvp_linear},

    [COP_OP_VARIANCE] = {cop_vjp_variance, cop_jvp_variance},
    [COP_OP_NORMALIZE] = {cop_vjp_normalize, cop_jvp_normalize},
    [COP_OP_NORMALIZE_JACOBIAN] = {cop_vjp_normalize_jacobian, cop_jvp_normalize_jacobian},
    [COP_OP_LOG_SOFTMAX] = {cop_vjp_log_softmax, cop_jvp_log_softmax},

    [COP_OP_RESIZE] = {cop_vjp_resize, cop_jvp_linear},
    [COP_OP_RESIZE_ADJOINT] = {cop_vjp_resize_adjoint, cop_jvp_linear},
    [COP_OP_AFFINE_SAMPLE] = {cop_vjp_affine_sample, cop_jvp_linear},
    [COP_OP_AFFINE_SAMPLE_ADJOINT] = {cop_vjp_affine_sample_adjoint, cop_jvp_linear},
    [COP_OP_SHIFT] = {cop_vjp_shift, cop_jvp_linear},
    [COP_OP_FLIP] = {cop_vjp_flip, cop_jvp_linear},
    [COP_OP_BOX_MASK] = NO_DERIVATIVE,
};
_Static_assert(sizeof table / sizeof table[0] == COP_OP_COUNT, "every operation has an entry");

cop_rule cop_rule_of(cop_op op)
{
    bool known = op > COP_OP_NONE && op < COP_OP_COUNT;
    return table[known ? op : COP_OP_NONE];
}

cop_site cop_site_at(cop_graph *g, cop_node a)
{
    const cop_node_data *node = cop_graph_node(g, a);
    return (cop_site){.g = g,
                      .self = a,
                      .op = node->op,
                      .shape = node->shape,
                      .attr = node->attr,
                      .input_count = node->input_count,
                      .inputs = node->inputs};
}

cop_shape cop_operand_shape(const cop_site *s, int32_t k)
{
    return cop_node_shape(s->g, s->inputs[k]);
}

cop_node cop_accumulate(cop_graph *g, cop_node a, cop_node b)
{
    if (a == COP_NO_NODE)
        return b;
    return b == COP_NO_NODE ? a : cop_add(g, a, b);
}

cop_node cop_sum_back(cop_graph *g, cop_node a, cop_shape shape)
{
    cop_shape from = cop_node_shape(g, a);
    unsigned axes = 0;
    for (int i = 0; i < shape.rank; i++)
        if (from.rank == shape.rank && shape.dim[i] == 1 && from.dim[i] > 1)
            axes |= COP_AXIS(i);
    return axes != 0 ? cop_sum(g, a, axes) : a;
}

cop_node cop_jvp_linear(const cop_site *s, const cop_node *tangents)
{
    enum { MOST_OPERANDS = 2 }; /* of an operation with this rule */
    uint32_t linear = cop_op_entry(s->op)->linear;
    cop_node tangent = COP_NO_NODE;
    for (int32_t k = 0; k < s->input_count && k < MOST_OPERANDS; k++) {
        if (tangents[k] == COP_NO_NODE || !cop_operand_in(linear, k))
            continue;
        cop_node inputs[MOST_OPERANDS];
        memcpy(inputs, s->inputs, (size_t)s->input_count * sizeof *inputs);
        inputs[k] = tangents[k];
        cop_node share = cop_graph_add(s->g, s->op, inputs, s->input_count, s->attr, s->shape);
        tangent = cop_accumulate(s->g, tangent, share);
    }
    return tangent;
}
