/* simplify.c: algebra at build time, mostly for the sake of derivative graphs.
 *
 * Two kinds of rules. Those that give back an operand or a constant are always applied: what a
 * caller differentiates with respect to is never skipped (a constant is not a variable). Those that
 * skip over an operand to that operand's own inputs are applied to interior nodes alone
 * (storage.h), since a caller may take a derivative with respect to any node it holds. */
#include "graph/simplify.h"

#include "graph/optable.h"
#include "graph/shapes.h"
#include "graph/storage.h"

#include <math.h>

static bool is_constant(const cop_graph *g, cop_node a, double *value)
{
    const cop_node_data *node = cop_graph_node(g, a);
    if (node->op != COP_OP_CONSTANT)
        return false;
    *value = node->attr.constant.value;
    return true;
}

static bool is_zero(const cop_graph *g, cop_node a)
{
    double value;
    return is_constant(g, a, &value) && value == 0.0;
}

/* The data of an operand that may be skipped over because it is an interior `op`; else NULL. */
static const cop_node_data *skippable(const cop_graph *g, cop_node a, cop_op op)
{
    const cop_node_data *node = cop_graph_node(g, a);
    return node->op == op && cop_graph_is_interior(g, a) ? node : NULL;
}

/* b where a is an interior −b; else COP_NO_NODE. */
static cop_node negated(const cop_graph *g, cop_node a)
{
    const cop_node_data *node = skippable(g, a, COP_OP_AFFINE);
    bool negates =
        node != NULL && node->attr.affine.scale == -1.0 && node->attr.affine.offset == 0.0;
    return negates ? node->inputs[0] : COP_NO_NODE;
}

static bool same_shape(const cop_graph *g, cop_node a, cop_shape shape)
{
    return cop_shape_equal(cop_node_shape(g, a), shape);
}

/* `a` repeated up to `shape` where it is smaller. */
static cop_node fit(cop_graph *g, cop_node a, cop_shape shape)
{
    return same_shape(g, a, shape) ? a : cop_broadcast(g, a, shape);
}

static cop_node sum_scaled(cop_graph *g, cop_node a, uint32_t axes, double scale, cop_shape shape)
{
    cop_attr attr = {.sum = {.scale = scale, .axes = axes}};
    return cop_graph_add(g, COP_OP_SUM, &a, 1, attr, shape);
}

static cop_node same_op(cop_graph *g, const cop_node_data *draft, cop_node a, cop_node b)
{
    return cop_graph_add(g, draft->op, (cop_node[]){a, b}, 2, draft->attr, draft->shape);
}

static double sign_of(double v)
{
    return v > 0.0 ? 1.0 : v < 0.0 ? -1.0 : v;
}

/* The value of an operation on one constant, whose every element is v; false for other operations.
 */
static bool fold_one(const cop_node_data *draft, double v, double *value)
{
    switch ((int)draft->op) {
    case COP_OP_AFFINE:
        *value = draft->attr.affine.scale * v + draft->attr.affine.offset;
        return true;
    case COP_OP_SQRT:
        *value = sqrt(v);
        return true;
    case COP_OP_RECIPROCAL:
        *value = 1.0 / v;
        return true;
    case COP_OP_EXP:
        *value = exp(v);
        return true;
    case COP_OP_LN:
        *value = log(v);
        return true;
    case COP_OP_ABS:
        *value = fabs(v);
        return true;
    case COP_OP_SIGN:
        *value = sign_of(v);
        return true;
    case COP_OP_HEAVISIDE:
        *value = v > 0.0 ? 1.0 : 0.0;
        return true;
    case COP_OP_SIGMOID:
        *value = 1.0 / (1.0 + exp(-v));
        return true;
    case COP_OP_TANH:
        *value = tanh(v);
        return true;
    case COP_OP_RELU:
        *value = v < 0.0 ? 0.0 : v;
        return true;
    case COP_OP_LEAKY_RELU:
        *value = v < 0.0 ? draft->attr.affine.scale * v : v;
        return true;
    case COP_OP_DETACH:
    case COP_OP_RESHAPE:
    case COP_OP_BROADCAST:
    case COP_OP_SLICE:
        *value = v;
        return true;
    default:
        return false;
    }
}

static bool fold_two(cop_op op, double a, double b, double *value)
{
    switch ((int)op) {
    case COP_OP_ADD:
        *value = a + b;
        return true;
    case COP_OP_SUB:
        *value = a - b;
        return true;
    case COP_OP_MUL:
        *value = a * b;
        return true;
    case COP_OP_DIV:
        *value = a / b;
        return true;
    case COP_OP_GATE:
        *value = b > 0.0 ? a : 0.0;
        return true;
    default:
        return false;
    }
}

/* What is linear in an operand that is zero is zero. */
static bool vanishes(const cop_graph *g, const cop_node_data *draft)
{
    uint32_t linear = cop_op_entry(draft->op)->linear;
    for (int32_t k = 0; k < draft->input_count; k++)
        if (cop_operand_in(linear, k) && is_zero(g, draft->inputs[k]))
            return true;
    return false;
}

static cop_node simplify_constant(cop_graph *g, const cop_node_data *draft)
{
    double a, b, value;
    if (vanishes(g, draft))
        return cop_constant(g, draft->shape, 0.0);
    if (draft->input_count == 1 && is_constant(g, draft->inputs[0], &a)) {
        if (draft->op == COP_OP_SUM) {
            int64_t terms = cop_shape_count(cop_node_shape(g, draft->inputs[0])) /
                            cop_shape_count(draft->shape);
            return cop_constant(g, draft->shape, a * (double)terms * draft->attr.sum.scale);
        }
        if (fold_one(draft, a, &value))
            return cop_constant(g, draft->shape, value);
    }
    if (draft->input_count == 2 && is_constant(g, draft->inputs[0], &a) &&
        is_constant(g, draft->inputs[1], &b) && fold_two(draft->op, a, b, &value))
        return cop_constant(g, draft->shape, value);
    return COP_NO_NODE;
}

static cop_node simplify_affine(cop_graph *g, const cop_node_data *draft)
{
    cop_node a = draft->inputs[0];
    double scale = draft->attr.affine.scale, offset = draft->attr.affine.offset;
    if (scale == 1.0 && offset == 0.0)
        return a;
    if (scale == 0.0)
        return cop_constant(g, draft->shape, offset);
    const cop_node_data *inner = skippable(g, a, COP_OP_AFFINE);
    if (inner != NULL)
        return cop_affine(g, inner->inputs[0], scale * inner->attr.affine.scale,
                          scale * inner->attr.affine.offset + offset);
    inner = skippable(g, a, COP_OP_SUB);
    if (inner != NULL && scale == -1.0 && offset == 0.0)
        return cop_sub(g, inner->inputs[1], inner->inputs[0]);
    inner = skippable(g, a, COP_OP_SUM);
    if (inner != NULL && offset == 0.0)
        return sum_scaled(g, inner->inputs[0], inner->attr.sum.axes, scale * inner->attr.sum.scale,
                          draft->shape);
    inner = skippable(g, a, COP_OP_BROADCAST);
    if (inner != NULL)
        return cop_broadcast(g, cop_affine(g, inner->inputs[0], scale, offset), draft->shape);
    return COP_NO_NODE;
}

/* x ∘ c or c ∘ x for a constant c; `first` says that the constant is the first operand. */
static cop_node simplify_with_constant(cop_graph *g, const cop_node_data *draft, double c,
                                       bool first)
{
    cop_node x = draft->inputs[first ? 1 : 0];
    switch ((int)draft->op) {
    case COP_OP_ADD:
        return fit(g, cop_affine(g, x, 1.0, c), draft->shape);
    case COP_OP_SUB:
        return fit(g, first ? cop_affine(g, x, -1.0, c) : cop_affine(g, x, 1.0, -c), draft->shape);
    case COP_OP_MUL:
        return fit(g, cop_affine(g, x, c, 0.0), draft->shape);
    case COP_OP_DIV:
        if (first && c == 1.0)
            return fit(g, cop_reciprocal(g, x), draft->shape);
        if (!first && c == 1.0)
            return fit(g, x, draft->shape);
        return COP_NO_NODE;
    case COP_OP_GATE:
        if (first)
            return COP_NO_NODE;
        return c > 0.0 ? fit(g, x, draft->shape) : cop_constant(g, draft->shape, 0.0);
    default:
        return COP_NO_NODE;
    }
}

/* Sums and differences with negated operands, and a + a. */
static cop_node simplify_sum_of_two(cop_graph *g, const cop_node_data *draft)
{
    cop_node a = draft->inputs[0], b = draft->inputs[1];
    cop_node minus_a = negated(g, a), minus_b = negated(g, b);
    if (draft->op == COP_OP_ADD) {
        if (a == b)
            return cop_affine(g, a, 2.0, 0.0);
        if (minus_b != COP_NO_NODE)
            return cop_sub(g, a, minus_b);
        if (minus_a != COP_NO_NODE)
            return cop_sub(g, b, minus_a);
    } else if (minus_b != COP_NO_NODE) {
        return cop_add(g, a, minus_b);
    }
    return COP_NO_NODE;
}

/* An interior broadcast is left out where the other operand broadcasts it anyway. */
static cop_node simplify_broadcast_operand(cop_graph *g, const cop_node_data *draft)
{
    for (int k = 0; k < 2; k++) {
        const cop_node_data *inner = skippable(g, draft->inputs[k], COP_OP_BROADCAST);
        if (inner == NULL)
            continue;
        cop_node small = inner->inputs[0], other = draft->inputs[1 - k];
        cop_shape shape;
        int axis;
        if (cop_shape_broadcast(inner->shape, cop_node_shape(g, other), &shape, &axis) &&
            cop_shape_broadcast(cop_node_shape(g, small), cop_node_shape(g, other), &shape,
                                &axis) &&
            cop_shape_equal(shape, draft->shape))
            return k == 0 ? same_op(g, draft, small, other) : same_op(g, draft, other, small);
    }
    return COP_NO_NODE;
}

static cop_node simplify_binary(cop_graph *g, const cop_node_data *draft)
{
    double c;
    if (is_constant(g, draft->inputs[1], &c)) {
        cop_node simpler = simplify_with_constant(g, draft, c, false);
        if (simpler != COP_NO_NODE)
            return simpler;
    } else if (is_constant(g, draft->inputs[0], &c)) {
        cop_node simpler = simplify_with_constant(g, draft, c, true);
        if (simpler != COP_NO_NODE)
            return simpler;
    }
    if (draft->op == COP_OP_ADD || draft->op == COP_OP_SUB) {
        cop_node simpler = simplify_sum_of_two(g, draft);
        if (simpler != COP_NO_NODE)
            return simpler;
    }
    return simplify_broadcast_operand(g, draft);
}

/* Reshape of reshape, broadcast of broadcast; and either to the shape that already is. */
static cop_node simplify_shape(cop_graph *g, const cop_node_data *draft)
{
    cop_node a = draft->inputs[0];
    if (same_shape(g, a, draft->shape))
        return a;
    const cop_node_data *inner = skippable(g, a, draft->op);
    if (inner == NULL)
        return COP_NO_NODE;
    cop_node source = inner->inputs[0];
    return draft->op == COP_OP_RESHAPE ? cop_reshape(g, source, draft->shape)
                                       : cop_broadcast(g, source, draft->shape);
}

/* Whether a is the same all along the axes, and b has the shape of their product. */
static bool is_factor(const cop_graph *g, cop_node a, cop_node b, cop_shape product, uint32_t axes)
{
    cop_shape shape = cop_node_shape(g, a);
    if (!same_shape(g, b, product) || shape.rank != product.rank)
        return false;
    for (int32_t axis = 0; axis < shape.rank; axis++)
        if ((axes >> axis & 1u) != 0 && shape.dim[axis] != 1)
            return false;
    return true;
}

/* Splits an interior a·b into what is the same along the axes and the rest. */
static bool split_factor(const cop_graph *g, cop_node product, uint32_t axes, cop_node *factor,
                         cop_node *rest)
{
    const cop_node_data *node = skippable(g, product, COP_OP_MUL);
    for (int k = 0; node != NULL && k < 2; k++)
        if (is_factor(g, node->inputs[k], node->inputs[1 - k], node->shape, axes)) {
            *factor = node->inputs[k];
            *rest = node->inputs[1 - k];
            return true;
        }
    return false;
}

/* Σ a·b = a·Σ b and Σ (a·b)·c = a·Σ b·c where a is the same along the axes: a smaller product, and
 * the sum is often there already. */
static cop_node simplify_sum_of_product(cop_graph *g, const cop_node_data *draft)
{
    uint32_t axes = draft->attr.sum.axes;
    double scale = draft->attr.sum.scale;
    cop_node product = draft->inputs[0], factor, rest;
    if (split_factor(g, product, axes, &factor, &rest))
        return cop_mul(g, factor, sum_scaled(g, rest, axes, scale, draft->shape));
    const cop_node_data *node = skippable(g, product, COP_OP_MUL);
    for (int k = 0; node != NULL && k < 2; k++) {
        cop_node other = node->inputs[1 - k];
        if (same_shape(g, other, node->shape) &&
            split_factor(g, node->inputs[k], axes, &factor, &rest))
            return cop_mul(g, factor,
                           sum_scaled(g, cop_mul(g, rest, other), axes, scale, draft->shape));
    }
    return COP_NO_NODE;
}

static cop_node simplify_sum(cop_graph *g, const cop_node_data *draft)
{
    cop_node a = draft->inputs[0];
    double scale = draft->attr.sum.scale;
    if (same_shape(g, a, draft->shape))
        return cop_affine(g, a, scale, 0.0);
    if (scale == 0.0)
        return cop_constant(g, draft->shape, 0.0);
    const cop_node_data *inner = skippable(g, a, COP_OP_AFFINE);
    if (inner != NULL && inner->attr.affine.offset == 0.0)
        return sum_scaled(g, inner->inputs[0], draft->attr.sum.axes,
                          scale * inner->attr.affine.scale, draft->shape);
    return simplify_sum_of_product(g, draft);
}

cop_node cop_simplify(cop_graph *g, const cop_node_data *draft)
{
    cop_node constant = simplify_constant(g, draft);
    if (constant != COP_NO_NODE)
        return constant;
    switch ((int)draft->op) {
    case COP_OP_AFFINE:
        return simplify_affine(g, draft);
    case COP_OP_ADD:
    case COP_OP_SUB:
    case COP_OP_MUL:
    case COP_OP_DIV:
    case COP_OP_GATE:
        return simplify_binary(g, draft);
    case COP_OP_RESHAPE:
    case COP_OP_BROADCAST:
        return simplify_shape(g, draft);
    case COP_OP_SUM:
        return simplify_sum(g, draft);
    case COP_OP_SLICE:
    case COP_OP_PAD:
        return same_shape(g, draft->inputs[0], draft->shape) ? draft->inputs[0] : COP_NO_NODE;
    case COP_OP_CONCAT:
        return draft->input_count == 1 ? draft->inputs[0] : COP_NO_NODE;
    default:
        return COP_NO_NODE;
    }
}
