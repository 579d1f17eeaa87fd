/* rules_pool.c: derivatives of pooling. Where the maxima lie is constant almost everywhere, so
 * taking and putting have no derivative in x. */
#include "graph/rules.h"

cop_node cop_vjp_avg_pool(const cop_site *s, int32_t k, cop_node cotangent)
{
    cop_shape x = cop_operand_shape(s, k);
    return cop_avg_pool_adjoint(s->g, cotangent, s->attr.window, x.dim[2], x.dim[3]);
}

cop_node cop_vjp_avg_pool_adjoint(const cop_site *s, int32_t k, cop_node cotangent)
{
    (void)k;
    return cop_avg_pool(s->g, cotangent, s->attr.window);
}

cop_node cop_vjp_max_pool(const cop_site *s, int32_t k, cop_node cotangent)
{
    (void)k;
    return cop_max_pool_put(s->g, s->inputs[0], cotangent, s->attr.window);
}

cop_node cop_jvp_max_pool(const cop_site *s, const cop_node *tangents)
{
    return cop_max_pool_take(s->g, s->inputs[0], tangents[0], s->attr.window);
}

cop_node cop_vjp_max_pool_take(const cop_site *s, int32_t k, cop_node cotangent)
{
    (void)k;
    return cop_max_pool_put(s->g, s->inputs[0], cotangent, s->attr.window);
}

cop_node cop_vjp_max_pool_put(const cop_site *s, int32_t k, cop_node cotangent)
{
    (void)k;
    return cop_max_pool_take(s->g, s->inputs[0], cotangent, s->attr.window);
}
