/* build_elementwise.c: leaves, and what works element by element. */
#include "graph/build.h"

#include <string.h>

cop_node cop_input(cop_graph *g, const char *name, cop_shape shape)
{
    if (cop_graph_failed(g))
        return COP_NO_NODE;
    if (name == NULL || name[0] == '\0')
        return cop_graph_refuse(g, "input: has no name");
    if (strlen(name) >= COP_NAME_SIZE)
        return cop_graph_refuse(g, "input: name \"%.40s…\" is longer than %d bytes", name,
                                COP_NAME_SIZE - 1);
    if (!cop_want_valid_shape(g, "input", shape))
        return COP_NO_NODE;
    if (cop_graph_find_input(g, name) != COP_NO_NODE)
        return cop_graph_refuse(g, "input: there are two inputs named \"%s\"", name);
    return cop_graph_add_input(g, name, shape);
}

cop_node cop_constant(cop_graph *g, cop_shape shape, double value)
{
    if (cop_graph_failed(g) || !cop_want_valid_shape(g, "constant", shape))
        return COP_NO_NODE;
    return cop_graph_add(g, COP_OP_CONSTANT, NULL, 0, (cop_attr){.constant = {value}}, shape);
}

static cop_node unary_with(cop_graph *g, cop_op op, cop_node a, cop_attr attr)
{
    cop_operand operand = cop_take(g, cop_op_name(op), "a", a);
    if (cop_graph_failed(g))
        return COP_NO_NODE;
    return cop_graph_add(g, op, &a, 1, attr, operand.shape);
}

static cop_node unary(cop_graph *g, cop_op op, cop_node a)
{
    return unary_with(g, op, a, cop_no_attr());
}

cop_node cop_affine(cop_graph *g, cop_node a, double scale, double offset)
{
    return unary_with(g, COP_OP_AFFINE, a, (cop_attr){.affine = {scale, offset}});
}

cop_node cop_scale(cop_graph *g, cop_node a, double scale)
{
    return cop_affine(g, a, scale, 0.0);
}

cop_node cop_neg(cop_graph *g, cop_node a)
{
    return cop_affine(g, a, -1.0, 0.0);
}

cop_node cop_square(cop_graph *g, cop_node a)
{
    return cop_mul(g, a, a);
}

cop_node cop_sqrt(cop_graph *g, cop_node a)
{
    return unary(g, COP_OP_SQRT, a);
}

cop_node cop_reciprocal(cop_graph *g, cop_node a)
{
    return unary(g, COP_OP_RECIPROCAL, a);
}

cop_node cop_exp(cop_graph *g, cop_node a)
{
    return unary(g, COP_OP_EXP, a);
}

cop_node cop_ln(cop_graph *g, cop_node a)
{
    return unary(g, COP_OP_LN, a);
}

cop_node cop_abs(cop_graph *g, cop_node a)
{
    return unary(g, COP_OP_ABS, a);
}

cop_node cop_sign(cop_graph *g, cop_node a)
{
    return unary(g, COP_OP_SIGN, a);
}

cop_node cop_heaviside(cop_graph *g, cop_node a)
{
    return unary(g, COP_OP_HEAVISIDE, a);
}

cop_node cop_sigmoid(cop_graph *g, cop_node a)
{
    return unary(g, COP_OP_SIGMOID, a);
}

cop_node cop_tanh(cop_graph *g, cop_node a)
{
    return unary(g, COP_OP_TANH, a);
}

cop_node cop_relu(cop_graph *g, cop_node a)
{
    return unary(g, COP_OP_RELU, a);
}

cop_node cop_leaky_relu(cop_graph *g, cop_node a, double slope)
{
    return unary_with(g, COP_OP_LEAKY_RELU, a, (cop_attr){.affine = {slope, 0.0}});
}

cop_node cop_detach(cop_graph *g, cop_node a)
{
    return unary(g, COP_OP_DETACH, a);
}

static cop_node binary(cop_graph *g, cop_op op, cop_node a_node, cop_node b_node)
{
    const char *who = cop_op_name(op);
    cop_operand a = cop_take(g, who, "a", a_node);
    cop_operand b = cop_take(g, who, "b", b_node);
    if (cop_graph_failed(g))
        return COP_NO_NODE;
    cop_shape shape;
    int axis;
    if (cop_shape_broadcast(a.shape, b.shape, &shape, &axis))
        return cop_graph_add(g, op, (cop_node[]){a_node, b_node}, 2, cop_no_attr(), shape);
    if (axis < 0)
        return cop_graph_refuse(g, "%s: %s and %s differ in rank", who,
                                cop_operand_text(g, &a).text, cop_operand_text(g, &b).text);
    return cop_graph_refuse(g, "%s: %s and %s do not broadcast along axis %d", who,
                            cop_operand_text(g, &a).text, cop_operand_text(g, &b).text, axis);
}

cop_node cop_add(cop_graph *g, cop_node a, cop_node b)
{
    return binary(g, COP_OP_ADD, a, b);
}

cop_node cop_sub(cop_graph *g, cop_node a, cop_node b)
{
    return binary(g, COP_OP_SUB, a, b);
}

cop_node cop_mul(cop_graph *g, cop_node a, cop_node b)
{
    return binary(g, COP_OP_MUL, a, b);
}

cop_node cop_div(cop_graph *g, cop_node a, cop_node b)
{
    return binary(g, COP_OP_DIV, a, b);
}

cop_node cop_gate(cop_graph *g, cop_node a, cop_node b)
{
    return binary(g, COP_OP_GATE, a, b);
}
