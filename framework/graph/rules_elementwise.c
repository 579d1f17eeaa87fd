/* rules_elementwise.c: derivatives of what works element by element. */
#include "graph/rules.h"

/* One operand: the derivative is a factor, the same in both modes. */

/* t·f'(a), written with y = f(a) where that is cheaper. */
static cop_node times_derivative(const cop_site *s, cop_node t)
{
    cop_graph *g = s->g;
    cop_node a = s->inputs[0], y = s->self;
    switch ((int)s->op) {
    case COP_OP_AFFINE:
        return cop_scale(g, t, s->attr.affine.scale);
    case COP_OP_SQRT:
        return cop_div(g, cop_scale(g, t, 0.5), y);
    case COP_OP_RECIPROCAL:
        return cop_mul(g, t, cop_neg(g, cop_square(g, y)));
    case COP_OP_EXP:
        return cop_mul(g, t, y);
    case COP_OP_LN:
        return cop_div(g, t, a);
    case COP_OP_ABS:
        return cop_mul(g, t, cop_sign(g, a));
    case COP_OP_SIGMOID:
        return cop_mul(g, t, cop_mul(g, y, cop_affine(g, y, -1.0, 1.0)));
    case COP_OP_TANH:
        return cop_mul(g, t, cop_affine(g, cop_square(g, y), -1.0, 1.0));
    case COP_OP_RELU: /* y > 0 where a > 0; y is what is kept anyway, as the next layer's input */
        return cop_gate(g, t, y);
    case COP_OP_LEAKY_RELU: {
        double slope = s->attr.affine.scale;
        return cop_add(g, cop_scale(g, t, slope), cop_scale(g, cop_gate(g, t, a), 1.0 - slope));
    }
    default:
        return cop_graph_refuse(g, "%s: has no derivative as a function of one operand",
                                cop_op_name(s->op));
    }
}

cop_node cop_vjp_unary(const cop_site *s, int32_t k, cop_node cotangent)
{
    (void)k;
    return times_derivative(s, cotangent);
}

cop_node cop_jvp_unary(const cop_site *s, const cop_node *tangents)
{
    return times_derivative(s, tangents[0]);
}

/* Two operands: cotangents are summed back over the axes that were broadcast. */

cop_node cop_vjp_add(const cop_site *s, int32_t k, cop_node cotangent)
{
    return cop_sum_back(s->g, cotangent, cop_operand_shape(s, k));
}

cop_node cop_vjp_sub(const cop_site *s, int32_t k, cop_node cotangent)
{
    cop_node share = cop_sum_back(s->g, cotangent, cop_operand_shape(s, k));
    return k == 0 ? share : cop_neg(s->g, share);
}

cop_node cop_vjp_mul(const cop_site *s, int32_t k, cop_node cotangent)
{
    cop_node share = cop_mul(s->g, cotangent, s->inputs[1 - k]);
    return cop_sum_back(s->g, share, cop_operand_shape(s, k));
}

/* y = a/b: ā = ȳ/b, b̄ = −ȳ·y/b; b is constant over the axes along which it was broadcast. */
cop_node cop_vjp_div(const cop_site *s, int32_t k, cop_node cotangent)
{
    cop_graph *g = s->g;
    cop_node b = s->inputs[1];
    if (k == 0)
        return cop_sum_back(g, cop_div(g, cotangent, b), cop_operand_shape(s, 0));
    cop_node sum = cop_sum_back(g, cop_mul(g, cotangent, s->self), cop_operand_shape(s, 1));
    return cop_neg(g, cop_div(g, sum, b));
}

cop_node cop_vjp_gate(const cop_site *s, int32_t k, cop_node cotangent)
{
    cop_node share = cop_gate(s->g, cotangent, s->inputs[1]);
    return cop_sum_back(s->g, share, cop_operand_shape(s, k));
}

cop_node cop_jvp_add(const cop_site *s, const cop_node *tangents)
{
    cop_node sum = cop_accumulate(s->g, tangents[0], tangents[1]);
    return cop_broadcast(s->g, sum, s->shape);
}

cop_node cop_jvp_sub(const cop_site *s, const cop_node *tangents)
{
    cop_graph *g = s->g;
    cop_node difference;
    if (tangents[1] == COP_NO_NODE)
        difference = tangents[0];
    else if (tangents[0] == COP_NO_NODE)
        difference = cop_neg(g, tangents[1]);
    else
        difference = cop_sub(g, tangents[0], tangents[1]);
    return cop_broadcast(g, difference, s->shape);
}

/* dy = (da − y·db)/b */
cop_node cop_jvp_div(const cop_site *s, const cop_node *tangents)
{
    cop_graph *g = s->g;
    cop_node b = s->inputs[1];
    if (tangents[1] == COP_NO_NODE)
        return cop_div(g, tangents[0], b);
    if (tangents[0] == COP_NO_NODE)
        return cop_mul(g, s->self, cop_neg(g, cop_div(g, tangents[1], b)));
    return cop_div(g, cop_sub(g, tangents[0], cop_mul(g, s->self, tangents[1])), b);
}
