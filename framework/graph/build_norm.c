/* build_norm.c: the parts of normalisation, and log-softmax. */
#include "graph/build.h"

#include <math.h>

static const char images[] = "[N, C, H, W]";

static cop_attr norm_attr(cop_norm_axes over)
{
    cop_attr attr = cop_no_attr();
    attr.norm.over = over;
    return attr;
}

/* The variance about `mean`, which is x's. */
static cop_node variance_about(cop_graph *g, cop_node x, cop_node mean, cop_norm_axes over)
{
    return cop_graph_add(g, COP_OP_VARIANCE, (cop_node[]){x, mean}, 2, norm_attr(over),
                         cop_norm_shape(cop_node_shape(g, x), over));
}

cop_node cop_variance(cop_graph *g, cop_node x_node, cop_norm_axes over)
{
    cop_operand x = cop_take(g, "variance", "x", x_node);
    if (cop_graph_failed(g) || !cop_want_rank(g, "variance", &x, 4, images) ||
        !cop_want_norm_axes(g, "variance", over))
        return COP_NO_NODE;
    return variance_about(g, x_node, cop_mean(g, x_node, cop_norm_axis_set(over)), over);
}

cop_node cop_normalize(cop_graph *g, cop_node x_node, cop_norm_axes over, double epsilon)
{
    cop_operand x = cop_take(g, "normalize", "x", x_node);
    if (cop_graph_failed(g) || !cop_want_rank(g, "normalize", &x, 4, images) ||
        !cop_want_norm_axes(g, "normalize", over))
        return COP_NO_NODE;
    if (!(epsilon >= 0.0) || isinf(epsilon))
        return cop_graph_refuse(g, "normalize: epsilon is %g, wants a number of at least 0",
                                epsilon);
    cop_node mean = cop_mean(g, x_node, cop_norm_axis_set(over));
    cop_node variance = variance_about(g, x_node, mean, over);
    cop_node r = cop_reciprocal(g, cop_sqrt(g, cop_affine(g, variance, 1.0, epsilon)));
    return cop_graph_add(g, COP_OP_NORMALIZE, (cop_node[]){x_node, mean, r}, 3, norm_attr(over),
                         x.shape);
}

/* r·(u − mean(u) − y·mean(u·y)) in parts: over a batch the means are known only after a pass over
 * all samples, and they are sums that the gradients of scale and shift need too. */
static cop_node batch_jacobian(cop_graph *g, cop_node u, cop_node y, cop_node r)
{
    uint32_t axes = cop_norm_axis_set(COP_NORM_OVER_BATCH);
    cop_node slope = cop_mean(g, cop_mul(g, u, y), axes);
    cop_node centred = cop_sub(g, u, cop_mean(g, u, axes));
    return cop_mul(g, cop_sub(g, centred, cop_mul(g, y, slope)), r);
}

cop_node cop_normalize_jacobian(cop_graph *g, cop_node u_node, cop_node y_node, cop_node r_node,
                                cop_norm_axes over)
{
    static const char who[] = "normalize_jacobian";
    cop_operand u = cop_take(g, who, "u", u_node);
    cop_operand y = cop_take(g, who, "y", y_node);
    cop_operand r = cop_take(g, who, "r", r_node);
    if (cop_graph_failed(g) || !cop_want_rank(g, who, &y, 4, images) ||
        !cop_want_norm_axes(g, who, over) || !cop_want_shape(g, who, &u, y.shape) ||
        !cop_want_shape(g, who, &r, cop_norm_shape(y.shape, over)))
        return COP_NO_NODE;
    if (over == COP_NORM_OVER_BATCH)
        return batch_jacobian(g, u_node, y_node, r_node);
    return cop_graph_add(g, COP_OP_NORMALIZE_JACOBIAN, (cop_node[]){u_node, y_node, r_node}, 3,
                         norm_attr(over), y.shape);
}

cop_node cop_log_softmax(cop_graph *g, cop_node logits_node)
{
    cop_operand logits = cop_take(g, "log_softmax", "logits", logits_node);
    if (cop_graph_failed(g) || !cop_want_rank(g, "log_softmax", &logits, 2, "[N, K]"))
        return COP_NO_NODE;
    return cop_graph_add(g, COP_OP_LOG_SOFTMAX, &logits_node, 1, cop_no_attr(), logits.shape);
}
