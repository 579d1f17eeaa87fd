/* axes.c: following axes through operations. Classes are joined as in union-find; one that turns
 * out to be permuted in blocks alone joins the coarser one with the block's length as a factor. */
#include "graph/axes.h"

#include "core/memory.h"

#include <stdlib.h>

/* An axis of a node: its class, and how many elements in a row belong to one of the class. */
typedef struct label {
    int32_t class; /* or one of these two */
    int64_t block;
} label;

enum { FREE = 0, FIXED = 1 };

typedef struct class
{
    int32_t parent; /* itself: a root */
    int64_t factor; /* elements of this one that make one of the parent's */
    int64_t size;
    bool is_fixed; /* of a root */
} class;

struct cop_axes {
    const cop_graph *g;
    label (*labels)[COP_MAX_RANK]; /* by node */
    class *classes;                /* by label; the first two are none */
    int32_t class_count;
};

/* A label by its root. */
static label resolve(const cop_axes *a, label l)
{
    while (l.class > FIXED && a->classes[l.class].parent != l.class) {
        l.block *= a->classes[l.class].factor;
        l.class = a->classes[l.class].parent;
    }
    return l;
}

static void fix(cop_axes *a, label l)
{
    l = resolve(a, l);
    if (l.class > FIXED)
        a->classes[l.class].is_fixed = true;
}

/* `fine` is permuted in blocks, as `coarse` is. */
static void join(cop_axes *a, label fine, label coarse)
{
    class *from = &a->classes[fine.class], *to = &a->classes[coarse.class];
    from->parent = coarse.class;
    from->factor = coarse.block / fine.block;
    to->is_fixed = to->is_fixed || from->is_fixed;
}

/* Two axes of one length that are permuted alike from now on. */
static label unify(cop_axes *a, label x, label y)
{
    x = resolve(a, x);
    y = resolve(a, y);
    if (x.class == FREE || y.class == FREE)
        return x.class == FREE ? y : x;
    if (x.class == y.class && x.block == y.block)
        return x;
    if (x.class > FIXED && y.class > FIXED && x.class != y.class) {
        if (y.block % x.block == 0) {
            join(a, x, y);
            return y;
        }
        if (x.block % y.block == 0) {
            join(a, y, x);
            return x;
        }
    }
    fix(a, x);
    fix(a, y);
    return (label){FIXED, 1};
}

static label fixed_or_free(int64_t length)
{
    return (label){length > 1 ? FIXED : FREE, 1};
}

static label label_of(const cop_axes *a, cop_node node, int32_t axis)
{
    return a->labels[node][axis];
}

static void begin_input(cop_axes *a, cop_node node, cop_shape shape)
{
    for (int32_t i = 0; i < shape.rank; i++) {
        if (shape.dim[i] < 2)
            continue;
        int32_t own = a->class_count++;
        a->classes[own] = (class){.parent = own, .factor = 1, .size = shape.dim[i]};
        a->labels[node][i] = (label){own, 1};
    }
}

/* Elementwise operations that broadcast, and those that reduce axes to one element. */
static void follow_elements(cop_axes *a, cop_node node, const cop_node_data *n)
{
    for (int32_t i = 0; i < n->shape.rank; i++) {
        label out = {FREE, 1};
        for (int32_t k = 0; k < n->input_count; k++) {
            if (n->shape.dim[i] > 1 && cop_node_shape(a->g, n->inputs[k]).dim[i] > 1)
                out = unify(a, out, label_of(a, n->inputs[k], i));
        }
        a->labels[node][i] = out;
    }
}

/* Axes [from, to) of more than one element: how many, the first, and the others' product. */
typedef struct stretch {
    int32_t count, first;
    int64_t rest;
} stretch;

static stretch stretch_of(cop_shape shape, int32_t from, int32_t to)
{
    stretch s = {.rest = 1};
    for (int32_t i = from; i < to; i++) {
        if (shape.dim[i] < 2)
            continue;
        if (s.count++ == 0)
            s.first = i;
        else
            s.rest *= shape.dim[i];
    }
    return s;
}

static void fix_axes(cop_axes *a, cop_node node, int32_t from, int32_t to)
{
    for (int32_t i = from; i < to; i++)
        fix(a, a->labels[node][i]);
}

/* What a stretch of axes that is joined or taken apart is along its first axis. */
static label reshaped(cop_axes *a, label from, stretch in, stretch out)
{
    from = resolve(a, from);
    if (from.class <= FIXED)
        return from.class == FREE && in.count == 1 ? from : (label){FIXED, 1};
    if (out.count == 1)
        return (label){from.class, from.block * in.rest};
    if (in.count == 1 && from.block % out.rest == 0)
        return (label){from.class, from.block / out.rest};
    fix(a, from);
    return (label){FIXED, 1};
}

static void follow_stretch(cop_axes *a, cop_node node, const cop_node_data *n, cop_shape in_shape,
                           const int32_t in[2], const int32_t out[2])
{
    stretch from = stretch_of(in_shape, in[0], in[1]), to = stretch_of(n->shape, out[0], out[1]);
    for (int32_t i = out[0]; i < out[1]; i++)
        a->labels[node][i] = fixed_or_free(n->shape.dim[i]);
    if (from.count == 0)
        return;
    label first = label_of(a, n->inputs[0], from.first);
    label result = reshaped(a, first, from, to);
    if (resolve(a, first).class == FREE && from.count == 1) {
        for (int32_t i = out[0]; i < out[1]; i++)
            a->labels[node][i] = (label){FREE, 1};
        return;
    }
    /* What lies behind the first axis keeps its place within a block. */
    fix_axes(a, n->inputs[0], from.first + 1, in[1]);
    a->labels[node][to.first] = result;
}

/* Shortest stretches of axes with as many elements before as after. */
static void follow_reshape(cop_axes *a, cop_node node, const cop_node_data *n)
{
    cop_shape from = cop_node_shape(a->g, n->inputs[0]), to = n->shape;
    int32_t i = 0, o = 0;
    while (i < from.rank && o < to.rank) {
        int32_t in[2] = {i, i + 1}, out[2] = {o, o + 1};
        int64_t left = from.dim[i], right = to.dim[o];
        while (left != right) {
            if (left < right)
                left *= from.dim[in[1]++];
            else
                right *= to.dim[out[1]++];
        }
        follow_stretch(a, node, n, from, in, out);
        i = in[1];
        o = out[1];
    }
}

/* Slices, paddings and concatenations: fixed along their axis. */
static void follow_along(cop_axes *a, cop_node node, const cop_node_data *n)
{
    int32_t axis = (int32_t)n->attr.slice.axis;
    for (int32_t k = 0; k < n->input_count; k++)
        fix_axes(a, n->inputs[k], axis, axis + 1);
    follow_elements(a, node, n);
    a->labels[node][axis] = fixed_or_free(n->shape.dim[axis]);
}

static void follow_matmul(cop_axes *a, cop_node node, const cop_node_data *n)
{
    int32_t rows = n->attr.matmul.transpose_a ? 1 : 0, columns = n->attr.matmul.transpose_b ? 0 : 1;
    (void)unify(a, label_of(a, n->inputs[0], 1 - rows), label_of(a, n->inputs[1], 1 - columns));
    a->labels[node][0] = label_of(a, n->inputs[0], rows);
    a->labels[node][1] = label_of(a, n->inputs[1], columns);
}

/* Convolutions (with their weight, whose first axis becomes the channels) and poolings. */
static void follow_window(cop_axes *a, cop_node node, const cop_node_data *n)
{
    fix_axes(a, n->inputs[0], 2, 4);
    a->labels[node][0] = label_of(a, n->inputs[0], 0);
    a->labels[node][1] = label_of(a, n->inputs[0], 1);
    if (n->op == COP_OP_CONV) {
        fix_axes(a, n->inputs[1], 2, 4);
        (void)unify(a, label_of(a, n->inputs[0], 1), label_of(a, n->inputs[1], 1));
        a->labels[node][1] = label_of(a, n->inputs[1], 0);
    }
    for (int32_t i = 2; i < 4; i++)
        a->labels[node][i] = fixed_or_free(n->shape.dim[i]);
}

static void follow_unknown(cop_axes *a, cop_node node, const cop_node_data *n)
{
    for (int32_t k = 0; k < n->input_count; k++)
        fix_axes(a, n->inputs[k], 0, cop_node_shape(a->g, n->inputs[k]).rank);
    for (int32_t i = 0; i < n->shape.rank; i++)
        a->labels[node][i] = fixed_or_free(n->shape.dim[i]);
}

static void follow(cop_axes *a, cop_node node, const cop_node_data *n)
{
    if (n->op >= COP_OP_AFFINE && n->op <= COP_OP_GATE) {
        follow_elements(a, node, n);
        return;
    }
    switch (n->op) {
    case COP_OP_INPUT:
        begin_input(a, node, n->shape);
        break;
    case COP_OP_CONSTANT: /* free */
        break;
    case COP_OP_BROADCAST:
    case COP_OP_SUM:
    case COP_OP_VARIANCE:
    case COP_OP_NORMALIZE:
    case COP_OP_NORMALIZE_JACOBIAN:
    case COP_OP_LOG_SOFTMAX:
        follow_elements(a, node, n);
        break;
    case COP_OP_RESHAPE:
        follow_reshape(a, node, n);
        break;
    case COP_OP_SLICE:
    case COP_OP_PAD:
    case COP_OP_CONCAT:
        follow_along(a, node, n);
        break;
    case COP_OP_MATMUL:
        follow_matmul(a, node, n);
        break;
    case COP_OP_CONV:
    case COP_OP_AVG_POOL:
    case COP_OP_MAX_POOL:
        follow_window(a, node, n);
        break;
    default:
        follow_unknown(a, node, n);
        break;
    }
}

cop_status cop_axes_derive(const cop_graph *g, cop_axes **out, cop_error *err)
{
    int32_t size = cop_graph_size(g);
    *out = NULL;
    COP_TRY(cop_graph_check(g, err));
    cop_axes *a = calloc(1, sizeof *a);
    if (a != NULL) {
        a->g = g;
        a->labels = calloc((size_t)size + 1, sizeof *a->labels);
        a->classes = calloc(((size_t)size + 1) * COP_MAX_RANK + 2, sizeof *a->classes);
        a->class_count = FIXED + 1;
    }
    if (a == NULL || a->labels == NULL || a->classes == NULL) {
        cop_axes_free(a);
        return cop_out_of_memory(err);
    }
    for (cop_node node = 1; node <= size; node++) {
        for (int32_t i = 0; i < COP_MAX_RANK; i++)
            a->labels[node][i] = (label){FREE, 1};
        follow(a, node, cop_graph_node(g, node));
    }
    *out = a;
    return COP_OK;
}

void cop_axes_free(cop_axes *axes)
{
    if (axes == NULL)
        return;
    free(axes->labels);
    free(axes->classes);
    free(axes);
}

void cop_axes_fix(cop_axes *axes, cop_node node)
{
    fix_axes(axes, node, 0, COP_MAX_RANK);
}

int32_t cop_axes_class(const cop_axes *axes, cop_node node, int32_t axis, int64_t *size,
                       int64_t *block)
{
    label l = resolve(axes, axes->labels[node][axis]);
    if (l.class <= FIXED || axes->classes[l.class].is_fixed)
        return 0;
    *size = axes->classes[l.class].size;
    *block = l.block;
    return l.class - FIXED;
}
