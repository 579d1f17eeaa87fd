/* rules_shape.c: derivatives of what moves, repeats and sums elements. */
#include "graph/rules.h"

#include "graph/storage.h"

#include <stdlib.h>

cop_node cop_vjp_reshape(const cop_site *s, int32_t k, cop_node cotangent)
{
    return cop_reshape(s->g, cotangent, cop_operand_shape(s, k));
}

cop_node cop_vjp_broadcast(const cop_site *s, int32_t k, cop_node cotangent)
{
    return cop_sum_back(s->g, cotangent, cop_operand_shape(s, k));
}

cop_node cop_vjp_slice(const cop_site *s, int32_t k, cop_node cotangent)
{
    int axis = (int)s->attr.slice.axis;
    int64_t before = s->attr.slice.start;
    int64_t after = cop_operand_shape(s, k).dim[axis] - before - s->shape.dim[axis];
    return cop_pad(s->g, cotangent, axis, before, after);
}

cop_node cop_vjp_pad(const cop_site *s, int32_t k, cop_node cotangent)
{
    int axis = (int)s->attr.slice.axis;
    return cop_slice(s->g, cotangent, axis, s->attr.slice.start, cop_operand_shape(s, k).dim[axis]);
}

cop_node cop_vjp_concat(const cop_site *s, int32_t k, cop_node cotangent)
{
    int axis = (int)s->attr.slice.axis;
    int64_t start = 0;
    for (int32_t i = 0; i < k; i++)
        start += cop_operand_shape(s, i).dim[axis];
    return cop_slice(s->g, cotangent, axis, start, cop_operand_shape(s, k).dim[axis]);
}

cop_node cop_jvp_concat(const cop_site *s, const cop_node *tangents)
{
    cop_node *parts = malloc((size_t)s->input_count * sizeof *parts);
    if (parts == NULL)
        return cop_graph_out_of_memory(s->g);
    for (int32_t i = 0; i < s->input_count; i++)
        parts[i] = tangents[i] != COP_NO_NODE ? tangents[i]
                                              : cop_constant(s->g, cop_operand_shape(s, i), 0.0);
    cop_node tangent = cop_concat(s->g, parts, (size_t)s->input_count, (int)s->attr.slice.axis);
    free(parts);
    return tangent;
}

cop_node cop_vjp_gather(const cop_site *s, int32_t k, cop_node cotangent)
{
    return cop_scatter_add(s->g, cotangent, s->inputs[1], cop_operand_shape(s, k).dim[0]);
}

cop_node cop_vjp_scatter_add(const cop_site *s, int32_t k, cop_node cotangent)
{
    (void)k;
    return cop_gather(s->g, cotangent, s->inputs[1]);
}

cop_node cop_vjp_sum(const cop_site *s, int32_t k, cop_node cotangent)
{
    cop_node share = cop_scale(s->g, cotangent, s->attr.sum.scale);
    return cop_broadcast(s->g, share, cop_operand_shape(s, k));
}
