/* rules_linear.c: derivatives of the bilinear operations. The three convolutions are closed under
 * them: ⟨conv(x, w), g⟩ = ⟨conv_data(g, w), x⟩ = ⟨conv_weights(x, g), w⟩, so the share of any one
 * operand is the operation that makes what that operand is. */
#include "graph/rules.h"

static cop_node data_shaped(const cop_site *s, cop_node gy, cop_node w, cop_shape x)
{
    return cop_conv2d_data(s->g, gy, w, s->attr.window, x.dim[2], x.dim[3]);
}

/* c = op(a)·op(b): ā = c̄·op(b)ᵀ, b̄ = op(a)ᵀ·c̄, each transposed back where the operand was. */
cop_node cop_vjp_matmul(const cop_site *s, int32_t k, cop_node cotangent)
{
    cop_node a = s->inputs[0], b = s->inputs[1];
    bool ta = s->attr.matmul.transpose_a, tb = s->attr.matmul.transpose_b;
    if (k == 0)
        return ta ? cop_matmul(s->g, b, tb, cotangent, true)
                  : cop_matmul(s->g, cotangent, false, b, !tb);
    return tb ? cop_matmul(s->g, cotangent, true, a, ta)
              : cop_matmul(s->g, a, !ta, cotangent, false);
}

/* inputs x, w; the cotangent is a gy */
cop_node cop_vjp_conv(const cop_site *s, int32_t k, cop_node cotangent)
{
    if (k == 0)
        return data_shaped(s, cotangent, s->inputs[1], cop_operand_shape(s, 0));
    return cop_conv2d_weights(s->g, s->inputs[0], cotangent, s->attr.window);
}

/* inputs gy, w; the cotangent is an x */
cop_node cop_vjp_conv_data(const cop_site *s, int32_t k, cop_node cotangent)
{
    if (k == 0)
        return cop_conv2d(s->g, cotangent, s->inputs[1], s->attr.window);
    return cop_conv2d_weights(s->g, cotangent, s->inputs[0], s->attr.window);
}

/* inputs x, gy; the cotangent is a w */
cop_node cop_vjp_conv_weights(const cop_site *s, int32_t k, cop_node cotangent)
{
    if (k == 0)
        return data_shaped(s, s->inputs[1], cotangent, cop_operand_shape(s, 0));
    return cop_conv2d(s->g, s->inputs[0], cotangent, s->attr.window);
}
