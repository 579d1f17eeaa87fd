/* build_linear.c: the matrix product and the three convolutions, which are each other's adjoints.
 */
#include "graph/build.h"

cop_node cop_matmul(cop_graph *g, cop_node a_node, bool transpose_a, cop_node b_node,
                    bool transpose_b)
{
    cop_operand a = cop_take(g, "matmul", "a", a_node);
    cop_operand b = cop_take(g, "matmul", "b", b_node);
    if (cop_graph_failed(g) || !cop_want_rank(g, "matmul", &a, 2, "a matrix") ||
        !cop_want_rank(g, "matmul", &b, 2, "a matrix"))
        return COP_NO_NODE;
    int64_t rows = a.shape.dim[transpose_a ? 1 : 0], inner_a = a.shape.dim[transpose_a ? 0 : 1];
    int64_t inner_b = b.shape.dim[transpose_b ? 1 : 0], columns = b.shape.dim[transpose_b ? 0 : 1];
    if (inner_a != inner_b)
        return cop_graph_refuse(g, "matmul: %s%s has %lld columns, %s%s has %lld rows",
                                cop_operand_text(g, &a).text, transpose_a ? " transposed" : "",
                                (long long)inner_a, cop_operand_text(g, &b).text,
                                transpose_b ? " transposed" : "", (long long)inner_b);
    cop_attr attr = cop_no_attr();
    attr.matmul.transpose_a = transpose_a;
    attr.matmul.transpose_b = transpose_b;
    return cop_graph_add(g, COP_OP_MATMUL, (cop_node[]){a_node, b_node}, 2, attr,
                         cop_shape2(rows, columns));
}

cop_window cop_window_square(int32_t size, int32_t stride, int32_t pad)
{
    return (cop_window){size, size, stride, stride, pad, pad};
}

static const char images[] = "[N, C, H, W]";
static const char weights[] = "[O, I, KH, KW]";

static cop_node convolution(cop_graph *g, cop_op op, cop_node a, cop_node b, cop_window window,
                            cop_shape shape)
{
    cop_attr attr = cop_no_attr();
    attr.window = window;
    return cop_graph_add(g, op, (cop_node[]){a, b}, 2, attr, shape);
}

/* Takes the window's size from the weight; one that was given must agree. */
static bool size_from_weight(cop_graph *g, const char *who, const cop_operand *w,
                             cop_window *window)
{
    int64_t height = w->shape.dim[2], width = w->shape.dim[3];
    bool agrees = (window->size_h == 0 || window->size_h == height) &&
                  (window->size_w == 0 || window->size_w == width);
    if (!agrees || height > INT32_MAX || width > INT32_MAX) {
        (void)cop_graph_refuse(g, "%s: the window is %dx%d, %s is %lldx%lld", who, window->size_h,
                               window->size_w, cop_operand_text(g, w).text, (long long)height,
                               (long long)width);
        return false;
    }
    window->size_h = (int32_t)height;
    window->size_w = (int32_t)width;
    return cop_want_window(g, who, *window);
}

/* gy's height and width are those that `window` gives on x. */
static bool output_agrees(cop_graph *g, const char *who, const cop_operand *gy, int64_t height,
                          int64_t width)
{
    if (gy->shape.dim[2] == height && gy->shape.dim[3] == width)
        return true;
    (void)cop_graph_refuse(g, "%s: %s should be %lldx%lld", who, cop_operand_text(g, gy).text,
                           (long long)height, (long long)width);
    return false;
}

cop_node cop_conv2d(cop_graph *g, cop_node x_node, cop_node w_node, cop_window window)
{
    static const char who[] = "conv2d";
    cop_operand x = cop_take(g, who, "x", x_node);
    cop_operand w = cop_take(g, who, "w", w_node);
    int64_t height, width;
    if (cop_graph_failed(g) || !cop_want_rank(g, who, &x, 4, images) ||
        !cop_want_rank(g, who, &w, 4, weights))
        return COP_NO_NODE;
    if (x.shape.dim[1] != w.shape.dim[1])
        return cop_graph_refuse(g, "%s: %s has %lld channels, %s wants %lld", who,
                                cop_operand_text(g, &x).text, (long long)x.shape.dim[1],
                                cop_operand_text(g, &w).text, (long long)w.shape.dim[1]);
    if (!size_from_weight(g, who, &w, &window) ||
        !cop_window_output(g, who, &x, x.shape, window, &height, &width))
        return COP_NO_NODE;
    return convolution(g, COP_OP_CONV, x_node, w_node, window,
                       cop_shape4(x.shape.dim[0], w.shape.dim[0], height, width));
}

cop_node cop_conv2d_data(cop_graph *g, cop_node gy_node, cop_node w_node, cop_window window,
                         int64_t height, int64_t width)
{
    static const char who[] = "conv2d_data";
    cop_operand gy = cop_take(g, who, "gy", gy_node);
    cop_operand w = cop_take(g, who, "w", w_node);
    int64_t out_height, out_width;
    if (cop_graph_failed(g) || !cop_want_rank(g, who, &gy, 4, images) ||
        !cop_want_rank(g, who, &w, 4, weights))
        return COP_NO_NODE;
    if (gy.shape.dim[1] != w.shape.dim[0])
        return cop_graph_refuse(g, "%s: %s has %lld channels, %s makes %lld", who,
                                cop_operand_text(g, &gy).text, (long long)gy.shape.dim[1],
                                cop_operand_text(g, &w).text, (long long)w.shape.dim[0]);
    cop_shape shape = cop_shape4(gy.shape.dim[0], w.shape.dim[1], height, width);
    if (!size_from_weight(g, who, &w, &window) || !cop_want_valid_shape(g, who, shape) ||
        !cop_window_output(g, who, NULL, shape, window, &out_height, &out_width) ||
        !output_agrees(g, who, &gy, out_height, out_width))
        return COP_NO_NODE;
    return convolution(g, COP_OP_CONV_DATA, gy_node, w_node, window, shape);
}

cop_node cop_conv2d_weights(cop_graph *g, cop_node x_node, cop_node gy_node, cop_window window)
{
    static const char who[] = "conv2d_weights";
    cop_operand x = cop_take(g, who, "x", x_node);
    cop_operand gy = cop_take(g, who, "gy", gy_node);
    int64_t height, width;
    if (cop_graph_failed(g) || !cop_want_rank(g, who, &x, 4, images) ||
        !cop_want_rank(g, who, &gy, 4, images))
        return COP_NO_NODE;
    if (x.shape.dim[0] != gy.shape.dim[0])
        return cop_graph_refuse(g, "%s: %s has %lld samples, %s has %lld", who,
                                cop_operand_text(g, &x).text, (long long)x.shape.dim[0],
                                cop_operand_text(g, &gy).text, (long long)gy.shape.dim[0]);
    if (!cop_want_window(g, who, window) ||
        !cop_window_output(g, who, &x, x.shape, window, &height, &width) ||
        !output_agrees(g, who, &gy, height, width))
        return COP_NO_NODE;
    return convolution(g, COP_OP_CONV_WEIGHTS, x_node, gy_node, window,
                       cop_shape4(gy.shape.dim[1], x.shape.dim[1], window.size_h, window.size_w));
}
