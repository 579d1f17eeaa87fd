/* build.c: taking operands, and refusing them with a clear message. */
#include "graph/build.h"

#include <stdio.h>
#include <string.h>

cop_operand cop_take(cop_graph *g, const char *who, const char *role, cop_node node)
{
    cop_operand operand = {.role = role, .node = node, .shape = cop_node_shape(g, node)};
    if (operand.shape.rank >= 0)
        return operand;
    if (node == COP_NO_NODE)
        (void)cop_graph_refuse(g, "%s: %s is no node", who, role);
    else
        (void)cop_graph_refuse(g, "%s: %s is node %d, but the graph has %d nodes", who, role, node,
                               cop_graph_size(g));
    operand.shape = cop_shape0();
    return operand;
}

cop_words cop_operand_text(const cop_graph *g, const cop_operand *operand)
{
    cop_words words;
    (void)snprintf(words.text, sizeof words.text, "%.16s %.220s", operand->role,
                   cop_graph_describe(g, operand->node).text);
    return words;
}

bool cop_want_rank(cop_graph *g, const char *who, const cop_operand *operand, int rank,
                   const char *layout)
{
    if (operand->shape.rank != rank)
        (void)cop_graph_refuse(g, "%s: %s has rank %d, wants %d: %s", who,
                               cop_operand_text(g, operand).text, (int)operand->shape.rank, rank,
                               layout);
    return !cop_graph_failed(g);
}

bool cop_want_shape(cop_graph *g, const char *who, const cop_operand *operand, cop_shape shape)
{
    char text[96];
    if (!cop_shape_equal(operand->shape, shape))
        (void)cop_graph_refuse(g, "%s: %s should be of shape %s", who,
                               cop_operand_text(g, operand).text,
                               cop_shape_text(shape, text, sizeof text));
    return !cop_graph_failed(g);
}

bool cop_want_axis(cop_graph *g, const char *who, const cop_operand *operand, int64_t axis)
{
    if (axis < 0 || axis >= operand->shape.rank)
        (void)cop_graph_refuse(g, "%s: %s has no axis %lld", who, cop_operand_text(g, operand).text,
                               (long long)axis);
    return !cop_graph_failed(g);
}

bool cop_want_positive(cop_graph *g, const char *who, const char *what, int64_t value)
{
    if (value < 1)
        (void)cop_graph_refuse(g, "%s: %s is %lld, wants at least 1", who, what, (long long)value);
    return !cop_graph_failed(g);
}

bool cop_want_valid_shape(cop_graph *g, const char *who, cop_shape shape)
{
    if (shape.rank < 0 || shape.rank > COP_MAX_RANK) {
        (void)cop_graph_refuse(g, "%s: rank %d is not in 0 … %d", who, (int)shape.rank,
                               COP_MAX_RANK);
        return false;
    }
    char text[96];
    int64_t bytes = 8;
    for (int i = 0; i < shape.rank; i++) {
        if (shape.dim[i] < 1)
            (void)cop_graph_refuse(g, "%s: shape %s: axis %d has no elements", who,
                                   cop_shape_text(shape, text, sizeof text), i);
        else if (__builtin_mul_overflow(bytes, shape.dim[i], &bytes))
            (void)cop_graph_refuse(g, "%s: shape %s is too large", who,
                                   cop_shape_text(shape, text, sizeof text));
        if (cop_graph_failed(g))
            return false;
    }
    return !cop_graph_failed(g);
}

bool cop_want_window(cop_graph *g, const char *who, cop_window w)
{
    if (w.size_h < 1 || w.size_w < 1)
        (void)cop_graph_refuse(g, "%s: window of %dx%d, wants at least 1x1", who, w.size_h,
                               w.size_w);
    else if (w.stride_h < 1 || w.stride_w < 1)
        (void)cop_graph_refuse(g, "%s: stride of %dx%d, wants at least 1x1", who, w.stride_h,
                               w.stride_w);
    else if (w.pad_h < 0 || w.pad_w < 0)
        (void)cop_graph_refuse(g, "%s: padding of %dx%d is negative", who, w.pad_h, w.pad_w);
    else if (w.pad_h >= w.size_h || w.pad_w >= w.size_w)
        (void)cop_graph_refuse(g, "%s: padding of %dx%d, wants less than the window's %dx%d", who,
                               w.pad_h, w.pad_w, w.size_h, w.size_w);
    return !cop_graph_failed(g);
}

bool cop_want_norm_axes(cop_graph *g, const char *who, cop_norm_axes over)
{
    if (over != COP_NORM_OVER_BATCH && over != COP_NORM_OVER_IMAGE)
        (void)cop_graph_refuse(g, "%s: %d is neither COP_NORM_OVER_BATCH nor COP_NORM_OVER_IMAGE",
                               who, (int)over);
    return !cop_graph_failed(g);
}

bool cop_window_output(cop_graph *g, const char *who, const cop_operand *operand, cop_shape x,
                       cop_window w, int64_t *height, int64_t *width)
{
    int64_t padded_h = x.dim[2] + 2 * (int64_t)w.pad_h;
    int64_t padded_w = x.dim[3] + 2 * (int64_t)w.pad_w;
    if (padded_h < w.size_h || padded_w < w.size_w) {
        cop_words image = {"the image"};
        if (operand != NULL)
            image = cop_operand_text(g, operand);
        (void)cop_graph_refuse(g, "%s: %s padded to %lldx%lld is smaller than the %dx%d window",
                               who, image.text, (long long)padded_h, (long long)padded_w, w.size_h,
                               w.size_w);
        return false;
    }
    *height = cop_window_count(x.dim[2], w.size_h, w.stride_h, w.pad_h);
    *width = cop_window_count(x.dim[3], w.size_w, w.stride_w, w.pad_w);
    return true;
}

cop_attr cop_no_attr(void)
{
    cop_attr attr;
    memset(&attr, 0, sizeof attr);
    return attr;
}
