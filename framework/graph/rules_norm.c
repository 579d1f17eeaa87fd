/* rules_norm.c: derivatives of normalisation, total in x: the mean, the variance and r of a node
 * are those of its x, and their share is in the rule for x. */
#include "graph/rules.h"

#include "graph/shapes.h"

static cop_node group_mean(const cop_site *s, cop_node a)
{
    return cop_mean(s->g, a, cop_norm_axis_set(s->attr.norm.over));
}

/* Elements that share a statistic, for x shaped so. */
static double group_size(cop_shape x, cop_shape statistics)
{
    return (double)(cop_shape_count(x) / cop_shape_count(statistics));
}

/* Variance: v = mean((x − mean)²), dv = 2·mean((x − mean)·dx). */

cop_node cop_vjp_variance(const cop_site *s, int32_t k, cop_node cotangent)
{
    cop_node centred = cop_sub(s->g, s->inputs[0], s->inputs[1]);
    double m = group_size(cop_operand_shape(s, k), s->shape);
    return cop_mul(s->g, centred, cop_scale(s->g, cotangent, 2.0 / m));
}

cop_node cop_jvp_variance(const cop_site *s, const cop_node *tangents)
{
    cop_node centred = cop_sub(s->g, s->inputs[0], s->inputs[1]);
    return cop_scale(s->g, group_mean(s, cop_mul(s->g, centred, tangents[0])), 2.0);
}

/* Normalize: its Jacobian is symmetric. */

cop_node cop_vjp_normalize(const cop_site *s, int32_t k, cop_node cotangent)
{
    (void)k;
    return cop_normalize_jacobian(s->g, cotangent, s->self, s->inputs[2], s->attr.norm.over);
}

cop_node cop_jvp_normalize(const cop_site *s, const cop_node *tangents)
{
    return cop_normalize_jacobian(s->g, tangents[0], s->self, s->inputs[2], s->attr.norm.over);
}

/* J = r·(u − mean(u) − y·mean(u·y)). */

/* −(p·q + v·w), where p and v are statistics. */
static cop_node minus_sum(cop_graph *g, cop_node p, cop_node q, cop_node v, cop_node w)
{
    return cop_sub(g, cop_mul(g, cop_neg(g, p), q), cop_mul(g, v, w));
}

/* ū = J·j̄; ȳ = −r·(u·mean(j̄·y) + j̄·mean(u·y)); r̄ = Σ j̄·j/r */
cop_node cop_vjp_normalize_jacobian(const cop_site *s, int32_t k, cop_node cotangent)
{
    cop_graph *g = s->g;
    cop_norm_axes over = s->attr.norm.over;
    cop_node u = s->inputs[0], y = s->inputs[1], r = s->inputs[2];
    if (k == 0)
        return cop_normalize_jacobian(g, cotangent, y, r, over);
    if (k == 1) {
        cop_node along = cop_mul(g, r, group_mean(s, cop_mul(g, cotangent, y)));
        cop_node own = cop_mul(g, r, group_mean(s, cop_mul(g, u, y)));
        return minus_sum(g, along, u, own, cotangent);
    }
    cop_node sum = cop_sum(g, cop_mul(g, cotangent, s->self), cop_norm_axis_set(over));
    return cop_div(g, sum, r);
}

/* dj = J·du − r·(dy·mean(u·y) + y·mean(u·dy)) + j·dr/r */
cop_node cop_jvp_normalize_jacobian(const cop_site *s, const cop_node *tangents)
{
    cop_graph *g = s->g;
    cop_node u = s->inputs[0], y = s->inputs[1], r = s->inputs[2];
    cop_node tangent = COP_NO_NODE;
    if (tangents[0] != COP_NO_NODE)
        tangent = cop_normalize_jacobian(g, tangents[0], y, r, s->attr.norm.over);
    if (tangents[1] != COP_NO_NODE) {
        cop_node own = cop_mul(g, r, group_mean(s, cop_mul(g, u, y)));
        cop_node along = cop_mul(g, r, group_mean(s, cop_mul(g, u, tangents[1])));
        tangent = cop_accumulate(g, tangent, minus_sum(g, own, tangents[1], along, y));
    }
    if (tangents[2] != COP_NO_NODE)
        tangent = cop_accumulate(g, tangent, cop_mul(g, s->self, cop_div(g, tangents[2], r)));
    return tangent;
}

/* Log-softmax: y = z − log Σ exp z. */

cop_node cop_vjp_log_softmax(const cop_site *s, int32_t k, cop_node cotangent)
{
    (void)k;
    cop_node sum = cop_sum(s->g, cotangent, COP_AXIS(1));
    return cop_sub(s->g, cotangent, cop_mul(s->g, cop_exp(s->g, s->self), sum));
}

cop_node cop_jvp_log_softmax(const cop_site *s, const cop_node *tangents)
{
    cop_node weighted = cop_mul(s->g, cop_exp(s->g, s->self), tangents[0]);
    return cop_sub(s->g, tangents[0], cop_sum(s->g, weighted, COP_AXIS(1)));
}
