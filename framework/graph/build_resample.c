/* build_resample.c: resampling and augmentation. */
#include "graph/build.h"

static const char images[] = "[N, C, H, W]";

static cop_node resize(cop_graph *g, cop_op op, const char *role, cop_node a_node, int64_t height,
                       int64_t width)
{
    const char *who = cop_op_name(op);
    cop_operand a = cop_take(g, who, role, a_node);
    if (cop_graph_failed(g) || !cop_want_rank(g, who, &a, 4, images) ||
        !cop_want_positive(g, who, "height", height) || !cop_want_positive(g, who, "width", width))
        return COP_NO_NODE;
    return cop_graph_add(g, op, &a_node, 1, cop_no_attr(),
                         cop_shape4(a.shape.dim[0], a.shape.dim[1], height, width));
}

cop_node cop_resize_bilinear(cop_graph *g, cop_node x, int64_t height, int64_t width)
{
    return resize(g, COP_OP_RESIZE, "x", x, height, width);
}

cop_node cop_resize_bilinear_adjoint(cop_graph *g, cop_node gy, int64_t height, int64_t width)
{
    return resize(g, COP_OP_RESIZE_ADJOINT, "gy", gy, height, width);
}

/* An operation on images with one row of parameters per sample, of shape [N, a, b] or shorter. */
static cop_node with_draw(cop_graph *g, cop_op op, const char *role, cop_node x_node,
                          const char *draw_role, cop_node draw_node, cop_shape draw_shape)
{
    const char *who = cop_op_name(op);
    cop_operand x = cop_take(g, who, role, x_node);
    cop_operand draw = cop_take(g, who, draw_role, draw_node);
    if (cop_graph_failed(g) || !cop_want_rank(g, who, &x, 4, images))
        return COP_NO_NODE;
    draw_shape.dim[0] = x.shape.dim[0];
    if (!cop_want_shape(g, who, &draw, draw_shape))
        return COP_NO_NODE;
    return cop_graph_add(g, op, (cop_node[]){x_node, draw_node}, 2, cop_no_attr(), x.shape);
}

cop_node cop_affine_sample(cop_graph *g, cop_node x, cop_node theta)
{
    return with_draw(g, COP_OP_AFFINE_SAMPLE, "x", x, "theta", theta, cop_shape3(1, 2, 3));
}

cop_node cop_affine_sample_adjoint(cop_graph *g, cop_node gy, cop_node theta)
{
    return with_draw(g, COP_OP_AFFINE_SAMPLE_ADJOINT, "gy", gy, "theta", theta,
                     cop_shape3(1, 2, 3));
}

cop_node cop_shift(cop_graph *g, cop_node x, cop_node offset)
{
    return with_draw(g, COP_OP_SHIFT, "x", x, "offset", offset, cop_shape2(1, 2));
}

cop_node cop_flip(cop_graph *g, cop_node x, cop_node flag)
{
    return with_draw(g, COP_OP_FLIP, "x", x, "flag", flag, cop_shape1(1));
}

cop_node cop_box_mask(cop_graph *g, cop_node box_node, int64_t height, int64_t width)
{
    cop_operand box = cop_take(g, "box_mask", "box", box_node);
    if (cop_graph_failed(g) || !cop_want_rank(g, "box_mask", &box, 2, "[N, 4]") ||
        !cop_want_shape(g, "box_mask", &box, cop_shape2(box.shape.dim[0], 4)) ||
        !cop_want_positive(g, "box_mask", "height", height) ||
        !cop_want_positive(g, "box_mask", "width", width))
        return COP_NO_NODE;
    return cop_graph_add(g, COP_OP_BOX_MASK, &box_node, 1, cop_no_attr(),
                         cop_shape4(box.shape.dim[0], 1, height, width));
}
