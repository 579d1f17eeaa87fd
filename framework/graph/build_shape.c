/* build_shape.c: operations that move elements without computing, and reductions. */
#include "graph/build.h"

#include <stdlib.h>

cop_node cop_reshape(cop_graph *g, cop_node a_node, cop_shape shape)
{
    cop_operand a = cop_take(g, "reshape", "a", a_node);
    if (cop_graph_failed(g) || !cop_want_valid_shape(g, "reshape", shape))
        return COP_NO_NODE;
    if (cop_shape_count(a.shape) != cop_shape_count(shape)) {
        char text[96];
        return cop_graph_refuse(g, "reshape: %s has %lld elements, %s has %lld",
                                cop_operand_text(g, &a).text, (long long)cop_shape_count(a.shape),
                                cop_shape_text(shape, text, sizeof text),
                                (long long)cop_shape_count(shape));
    }
    return cop_graph_add(g, COP_OP_RESHAPE, &a_node, 1, cop_no_attr(), shape);
}

cop_node cop_flatten(cop_graph *g, cop_node a_node)
{
    cop_operand a = cop_take(g, "flatten", "a", a_node);
    if (cop_graph_failed(g))
        return COP_NO_NODE;
    if (a.shape.rank < 2)
        return cop_graph_refuse(g, "flatten: %s has rank %d, wants at least 2",
                                cop_operand_text(g, &a).text, (int)a.shape.rank);
    int64_t rows = a.shape.dim[0];
    return cop_reshape(g, a_node, cop_shape2(rows, cop_shape_count(a.shape) / rows));
}

cop_node cop_broadcast(cop_graph *g, cop_node a_node, cop_shape shape)
{
    cop_operand a = cop_take(g, "broadcast", "a", a_node);
    if (cop_graph_failed(g) || !cop_want_valid_shape(g, "broadcast", shape))
        return COP_NO_NODE;
    bool fits = a.shape.rank == shape.rank;
    for (int i = 0; fits && i < shape.rank; i++)
        fits = a.shape.dim[i] == 1 || a.shape.dim[i] == shape.dim[i];
    if (!fits) {
        char text[96];
        return cop_graph_refuse(g, "broadcast: %s cannot be repeated up to %s",
                                cop_operand_text(g, &a).text,
                                cop_shape_text(shape, text, sizeof text));
    }
    return cop_graph_add(g, COP_OP_BROADCAST, &a_node, 1, cop_no_attr(), shape);
}

static cop_attr slice_attr(int axis, int64_t start)
{
    cop_attr attr = cop_no_attr();
    attr.slice.axis = axis;
    attr.slice.start = start;
    return attr;
}

cop_node cop_slice(cop_graph *g, cop_node a_node, int axis, int64_t start, int64_t length)
{
    cop_operand a = cop_take(g, "slice", "a", a_node);
    if (cop_graph_failed(g) || !cop_want_axis(g, "slice", &a, axis) ||
        !cop_want_positive(g, "slice", "length", length))
        return COP_NO_NODE;
    cop_shape shape = a.shape;
    if (start < 0 || start > shape.dim[axis] - length)
        return cop_graph_refuse(g, "slice: %s has no %lld elements from %lld along axis %d",
                                cop_operand_text(g, &a).text, (long long)length, (long long)start,
                                axis);
    shape.dim[axis] = length;
    return cop_graph_add(g, COP_OP_SLICE, &a_node, 1, slice_attr(axis, start), shape);
}

cop_node cop_pad(cop_graph *g, cop_node a_node, int axis, int64_t before, int64_t after)
{
    cop_operand a = cop_take(g, "pad", "a", a_node);
    if (cop_graph_failed(g) || !cop_want_axis(g, "pad", &a, axis))
        return COP_NO_NODE;
    cop_shape shape = a.shape;
    if (before < 0 || after < 0)
        return cop_graph_refuse(g, "pad: %lld before and %lld after, wants none negative",
                                (long long)before, (long long)after);
    if (__builtin_add_overflow(shape.dim[axis], before, &shape.dim[axis]) ||
        __builtin_add_overflow(shape.dim[axis], after, &shape.dim[axis]))
        return cop_graph_refuse(g, "pad: %s padded by %lld and %lld is too large",
                                cop_operand_text(g, &a).text, (long long)before, (long long)after);
    return cop_graph_add(g, COP_OP_PAD, &a_node, 1, slice_attr(axis, before), shape);
}

cop_node cop_pad_images(cop_graph *g, cop_node x, int64_t margin)
{
    return cop_pad(g, cop_pad(g, x, 2, margin, margin), 3, margin, margin);
}

/* Adds part i to *shape, which is that of the parts before it. */
static void join(cop_graph *g, cop_operand *first, cop_node part, size_t i, int axis,
                 cop_shape *shape)
{
    cop_operand next = cop_take(g, "concat", "part", part);
    if (cop_graph_failed(g))
        return;
    bool fits = next.shape.rank == shape->rank;
    for (int k = 0; fits && k < shape->rank; k++)
        fits = k == axis || next.shape.dim[k] == shape->dim[k];
    if (!fits)
        (void)cop_graph_refuse(g, "concat: part %zu, %s, and %s differ off axis %d", i,
                               cop_graph_describe(g, part).text, cop_operand_text(g, first).text,
                               axis);
    else if (__builtin_add_overflow(shape->dim[axis], next.shape.dim[axis], &shape->dim[axis]))
        (void)cop_graph_refuse(g, "concat: the parts are too large together");
}

cop_node cop_concat(cop_graph *g, const cop_node *parts, size_t count, int axis)
{
    if (cop_graph_failed(g))
        return COP_NO_NODE;
    if (parts == NULL || count == 0)
        return cop_graph_refuse(g, "concat: there are no parts");
    if (count > INT32_MAX)
        return cop_graph_refuse(g, "concat: %zu parts are too many", count);
    cop_operand first = cop_take(g, "concat", "part 0", parts[0]);
    if (cop_graph_failed(g) || !cop_want_axis(g, "concat", &first, axis))
        return COP_NO_NODE;
    cop_shape shape = first.shape;
    for (size_t i = 1; i < count && !cop_graph_failed(g); i++)
        join(g, &first, parts[i], i, axis, &shape);
    return cop_graph_add(g, COP_OP_CONCAT, parts, (int32_t)count, slice_attr(axis, 0), shape);
}

cop_node cop_gather(cop_graph *g, cop_node a_node, cop_node index_node)
{
    cop_operand a = cop_take(g, "gather", "a", a_node);
    cop_operand index = cop_take(g, "gather", "index", index_node);
    if (cop_graph_failed(g) || !cop_want_rank(g, "gather", &index, 1, "[M]"))
        return COP_NO_NODE;
    if (a.shape.rank == 0)
        return cop_graph_refuse(g, "gather: %s has no rows", cop_operand_text(g, &a).text);
    cop_shape shape = a.shape;
    shape.dim[0] = index.shape.dim[0];
    return cop_graph_add(g, COP_OP_GATHER, (cop_node[]){a_node, index_node}, 2, cop_no_attr(),
                         shape);
}

cop_node cop_scatter_add(cop_graph *g, cop_node a_node, cop_node index_node, int64_t rows)
{
    cop_operand a = cop_take(g, "scatter_add", "a", a_node);
    cop_operand index = cop_take(g, "scatter_add", "index", index_node);
    if (cop_graph_failed(g) || !cop_want_rank(g, "scatter_add", &index, 1, "[M]") ||
        !cop_want_positive(g, "scatter_add", "rows", rows))
        return COP_NO_NODE;
    if (a.shape.rank == 0 || a.shape.dim[0] != index.shape.dim[0])
        return cop_graph_refuse(g, "scatter_add: %s and %s differ in rows",
                                cop_operand_text(g, &a).text, cop_operand_text(g, &index).text);
    cop_shape shape = a.shape;
    shape.dim[0] = rows;
    return cop_graph_add(g, COP_OP_SCATTER_ADD, (cop_node[]){a_node, index_node}, 2, cop_no_attr(),
                         shape);
}

/* The axes of `axes` that the shape has, or −1 after failing the graph. COP_ALL_AXES is whatever
 * axes there are. */
static int64_t existing_axes(cop_graph *g, const char *who, const cop_operand *a, unsigned axes)
{
    unsigned all = (1u << a->shape.rank) - 1u;
    if (axes == COP_ALL_AXES)
        return all;
    if ((axes & ~all) != 0) {
        (void)cop_graph_refuse(g, "%s: %s has not all of the axes 0x%x", who,
                               cop_operand_text(g, a).text, axes);
        return -1;
    }
    return axes;
}

/* The sum over `axes`, scaled by 1 or, for a mean, by 1 / the number of terms. */
static cop_node reduce(cop_graph *g, const char *who, cop_node a_node, unsigned axes, bool mean)
{
    cop_operand a = cop_take(g, who, "a", a_node);
    if (cop_graph_failed(g))
        return COP_NO_NODE;
    int64_t existing = existing_axes(g, who, &a, axes);
    if (existing < 0)
        return COP_NO_NODE;
    cop_shape shape = a.shape;
    unsigned summed = 0; /* axes of one element are left out, so that equal sums are equal nodes */
    for (int i = 0; i < shape.rank; i++) {
        if (((unsigned)existing & COP_AXIS(i)) != 0 && shape.dim[i] > 1) {
            summed |= COP_AXIS(i);
            shape.dim[i] = 1;
        }
    }
    int64_t terms = cop_shape_count(a.shape) / cop_shape_count(shape);
    cop_attr attr = cop_no_attr();
    attr.sum.axes = summed;
    attr.sum.scale = mean ? 1.0 / (double)terms : 1.0;
    return cop_graph_add(g, COP_OP_SUM, &a_node, 1, attr, shape);
}

cop_node cop_sum(cop_graph *g, cop_node a, unsigned axes)
{
    return reduce(g, "sum", a, axes, false);
}

cop_node cop_mean(cop_graph *g, cop_node a, unsigned axes)
{
    return reduce(g, "mean", a, axes, true);
}

cop_node cop_total(cop_graph *g, cop_node a)
{
    return cop_reshape(g, reduce(g, "total", a, COP_ALL_AXES, false), cop_shape0());
}

cop_node cop_global_avg_pool(cop_graph *g, cop_node x_node)
{
    cop_operand x = cop_take(g, "global_avg_pool", "x", x_node);
    if (cop_graph_failed(g) || !cop_want_rank(g, "global_avg_pool", &x, 4, "[N, C, H, W]"))
        return COP_NO_NODE;
    return cop_mean(g, x_node, COP_AXIS(2) | COP_AXIS(3));
}
