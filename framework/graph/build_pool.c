/* build_pool.c: pooling and its adjoints. */
#include "graph/build.h"

static const char images[] = "[N, C, H, W]";

static cop_attr window_attr(cop_window window)
{
    cop_attr attr = cop_no_attr();
    attr.window = window;
    return attr;
}

/* The shape of x [N, C, H, W] pooled, where `operand` is x if it is one, else NULL; false after
 * failing the graph. */
static bool pooled_shape(cop_graph *g, const char *who, const cop_operand *operand, cop_shape x,
                         cop_window window, cop_shape *out)
{
    int64_t height, width;
    if (!cop_want_window(g, who, window) ||
        !cop_window_output(g, who, operand, x, window, &height, &width))
        return false;
    *out = cop_shape4(x.dim[0], x.dim[1], height, width);
    return true;
}

static cop_node pool(cop_graph *g, cop_op op, cop_node x_node, cop_window window)
{
    const char *who = cop_op_name(op);
    cop_operand x = cop_take(g, who, "x", x_node);
    cop_shape shape;
    if (cop_graph_failed(g) || !cop_want_rank(g, who, &x, 4, images) ||
        !pooled_shape(g, who, &x, x.shape, window, &shape))
        return COP_NO_NODE;
    return cop_graph_add(g, op, &x_node, 1, window_attr(window), shape);
}

cop_node cop_avg_pool(cop_graph *g, cop_node x, cop_window window)
{
    return pool(g, COP_OP_AVG_POOL, x, window);
}

cop_node cop_max_pool(cop_graph *g, cop_node x, cop_window window)
{
    return pool(g, COP_OP_MAX_POOL, x, window);
}

cop_node cop_avg_pool_adjoint(cop_graph *g, cop_node gy_node, cop_window window, int64_t height,
                              int64_t width)
{
    static const char who[] = "avg_pool_adjoint";
    cop_operand gy = cop_take(g, who, "gy", gy_node);
    if (cop_graph_failed(g) || !cop_want_rank(g, who, &gy, 4, images))
        return COP_NO_NODE;
    cop_shape shape = cop_shape4(gy.shape.dim[0], gy.shape.dim[1], height, width), pooled;
    if (!cop_want_valid_shape(g, who, shape) ||
        !pooled_shape(g, who, NULL, shape, window, &pooled) || !cop_want_shape(g, who, &gy, pooled))
        return COP_NO_NODE;
    return cop_graph_add(g, COP_OP_AVG_POOL_ADJOINT, &gy_node, 1, window_attr(window), shape);
}

cop_node cop_max_pool_take(cop_graph *g, cop_node x_node, cop_node t_node, cop_window window)
{
    static const char who[] = "max_pool_take";
    cop_operand x = cop_take(g, who, "x", x_node);
    cop_operand t = cop_take(g, who, "t", t_node);
    cop_shape pooled;
    if (cop_graph_failed(g) || !cop_want_rank(g, who, &x, 4, images) ||
        !cop_want_shape(g, who, &t, x.shape) || !pooled_shape(g, who, &x, x.shape, window, &pooled))
        return COP_NO_NODE;
    return cop_graph_add(g, COP_OP_MAX_POOL_TAKE, (cop_node[]){x_node, t_node}, 2,
                         window_attr(window), pooled);
}

cop_node cop_max_pool_put(cop_graph *g, cop_node x_node, cop_node gy_node, cop_window window)
{
    static const char who[] = "max_pool_put";
    cop_operand x = cop_take(g, who, "x", x_node);
    cop_operand gy = cop_take(g, who, "gy", gy_node);
    cop_shape pooled;
    if (cop_graph_failed(g) || !cop_want_rank(g, who, &x, 4, images) ||
        !pooled_shape(g, who, &x, x.shape, window, &pooled) || !cop_want_shape(g, who, &gy, pooled))
        return COP_NO_NODE;
    return cop_graph_add(g, COP_OP_MAX_POOL_PUT, (cop_node[]){x_node, gy_node}, 2,
                         window_attr(window), x.shape);
}
