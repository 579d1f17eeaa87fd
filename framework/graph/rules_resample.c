/* rules_resample.c: derivatives of resampling and augmentation, all linear in the image. */
#include "graph/rules.h"

cop_node cop_vjp_resize(const cop_site *s, int32_t k, cop_node cotangent)
{
    cop_shape x = cop_operand_shape(s, k);
    return cop_resize_bilinear_adjoint(s->g, cotangent, x.dim[2], x.dim[3]);
}

cop_node cop_vjp_resize_adjoint(const cop_site *s, int32_t k, cop_node cotangent)
{
    cop_shape gy = cop_operand_shape(s, k);
    return cop_resize_bilinear(s->g, cotangent, gy.dim[2], gy.dim[3]);
}

cop_node cop_vjp_affine_sample(const cop_site *s, int32_t k, cop_node cotangent)
{
    (void)k;
    return cop_affine_sample_adjoint(s->g, cotangent, s->inputs[1]);
}

cop_node cop_vjp_affine_sample_adjoint(const cop_site *s, int32_t k, cop_node cotangent)
{
    (void)k;
    return cop_affine_sample(s->g, cotangent, s->inputs[1]);
}

cop_node cop_vjp_shift(const cop_site *s, int32_t k, cop_node cotangent)
{
    (void)k;
    return cop_shift(s->g, cotangent, cop_neg(s->g, s->inputs[1]));
}

cop_node cop_vjp_flip(const cop_site *s, int32_t k, cop_node cotangent)
{
    (void)k;
    return cop_flip(s->g, cotangent, s->inputs[1]);
}
