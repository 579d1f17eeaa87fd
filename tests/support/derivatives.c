/* derivatives.c: derivatives against central differences. */
#include "derivatives.h"

#include "graph/node.h"

#include <coppice/differentiate.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEP       1e-5
#define KINK_GUARD 3e-4 /* 30 steps: no input moves an inner value by more */

/* Some nodes, seen as one long vector. */
typedef struct bundle {
    const cop_node *node;
    size_t count;
    int64_t elements;
} bundle;

static bundle bundle_of(const scene *s, const cop_node *nodes, size_t count)
{
    cop_error err = {0};
    assert_ok(cop_graph_check(s->g, &err), &err);
    bundle b = {.node = nodes, .count = count};
    for (size_t i = 0; i < count; i++)
        b.elements += cop_shape_count(cop_node_shape(s->g, nodes[i]));
    return b;
}

static double *vector(int64_t elements)
{
    double *v = calloc((size_t)elements + 1, sizeof *v);
    assert_non_null(v);
    return v;
}

/* The values of the bundle's nodes, in new memory; fails where one is not finite. */
static double *evaluate(const scene *s, bundle b, const char *what)
{
    double *values = vector(b.elements);
    double *parts[SCENE_INPUTS];
    int64_t at = 0;
    for (size_t i = 0; i < b.count; i++) {
        parts[i] = values + at;
        at += cop_shape_count(cop_node_shape(s->g, b.node[i]));
    }
    scene_evaluate(s, b.node, parts, b.count);
    for (int64_t i = 0; i < b.elements; i++)
        if (!isfinite(values[i]))
            fail_msg("%s: element %lld is %g", what, (long long)i, values[i]);
    return values;
}

/* Adds step·v to the inputs of the bundle. */
static void move(scene *s, bundle inputs, const double *v, double step)
{
    for (size_t i = 0; i < inputs.count; i++) {
        double *value = scene_value(s, inputs.node[i]);
        int64_t count = cop_shape_count(cop_node_shape(s->g, inputs.node[i]));
        for (int64_t k = 0; k < count; k++)
            value[k] += step * *v++;
    }
}

/* The central difference of the outputs as the inputs move along v, in new memory. */
static double *difference(scene *s, bundle inputs, const double *v, bundle outputs,
                          const char *what)
{
    double *start = evaluate(s, inputs, what);
    move(s, inputs, v, STEP);
    double *above = evaluate(s, outputs, what);
    move(s, inputs, v, -2.0 * STEP);
    double *below = evaluate(s, outputs, what);
    for (int64_t i = 0; i < outputs.elements; i++)
        above[i] = (above[i] - below[i]) / (2.0 * STEP);
    const double *next = start; /* put back to the bit */
    for (size_t i = 0; i < inputs.count; i++) {
        int64_t count = cop_shape_count(cop_node_shape(s->g, inputs.node[i]));
        memcpy(scene_value(s, inputs.node[i]), next, (size_t)count * sizeof *next);
        next += count;
    }
    free(start);
    free(below);
    return above;
}

/* Draws an input shaped as each node of the bundle. */
static void draw_alike(scene *s, bundle b, cop_node *drawn)
{
    for (size_t i = 0; i < b.count; i++)
        drawn[i] = scene_draw(s, cop_node_shape(s->g, b.node[i]), FILL_NONZERO);
}

/* Compares the exact tangents of `outputs` along `direction` with their difference. */
static void compare_tangent(scene *s, bundle inputs, const cop_node *direction, bundle outputs,
                            const cop_node *tangents, const char *what)
{
    for (size_t i = 0; i < outputs.count; i++)
        assert_true(cop_shape_equal(cop_node_shape(s->g, outputs.node[i]),
                                    cop_node_shape(s->g, tangents[i])));
    double *v = evaluate(s, bundle_of(s, direction, inputs.count), what);
    double *wanted = difference(s, inputs, v, outputs, what);
    double *got = evaluate(s, bundle_of(s, tangents, outputs.count), what);
    assert_close_f64(what, got, wanted, outputs.elements, DIFFERENCE_TOLERANCE);
    free(v);
    free(wanted);
    free(got);
}

static void compare_gradient(scene *s, bundle inputs, cop_node loss, const cop_node *gradients)
{
    for (size_t i = 0; i < inputs.count; i++)
        assert_true(cop_shape_equal(cop_node_shape(s->g, inputs.node[i]),
                                    cop_node_shape(s->g, gradients[i])));
    double *got = evaluate(s, bundle_of(s, gradients, inputs.count), "gradient");
    double *wanted = vector(inputs.elements);
    double *unit = vector(inputs.elements);
    for (int64_t i = 0; i < inputs.elements; i++) {
        unit[i] = 1.0;
        double *slope = difference(s, inputs, unit, bundle_of(s, &loss, 1), "loss");
        wanted[i] = slope[0];
        unit[i] = 0.0;
        free(slope);
    }
    assert_close_f64("gradient", got, wanted, inputs.elements, DIFFERENCE_TOLERANCE);
    free(got);
    free(wanted);
    free(unit);
}

/* The gradient of ⟨gradients, v⟩ is the Hessian product too. */
static void compare_reverse_over_reverse(scene *s, bundle inputs, const cop_node *gradients,
                                         const cop_node *v, const cop_node *product)
{
    cop_node slope = COP_NO_NODE;
    for (size_t i = 0; i < inputs.count; i++) {
        cop_node part = cop_total(s->g, cop_mul(s->g, gradients[i], v[i]));
        slope = i == 0 ? part : cop_add(s->g, slope, part);
    }
    cop_node again[SCENE_INPUTS];
    cop_error err = {0};
    assert_ok(cop_gradient(s->g, slope, inputs.node, inputs.count, again, &err), &err);
    double *got = evaluate(s, bundle_of(s, again, inputs.count), "reverse over reverse");
    double *wanted = evaluate(s, bundle_of(s, product, inputs.count), "forward over reverse");
    assert_close_f64("reverse over reverse", got, wanted, inputs.elements, EXACT_TOLERANCE);
    free(got);
    free(wanted);
}

void check_derivatives(scene *s, cop_node loss, const cop_node *wrt, size_t count, int order)
{
    assert_true(count <= SCENE_INPUTS);
    bundle inputs = bundle_of(s, wrt, count);
    cop_node gradients[SCENE_INPUTS], v[SCENE_INPUTS], product[SCENE_INPUTS];
    cop_error err = {0};
    assert_ok(cop_gradient(s->g, loss, wrt, count, gradients, &err), &err);
    compare_gradient(s, inputs, loss, gradients);
    if (order < 2)
        return;
    draw_alike(s, inputs, v);
    assert_ok(cop_jvp(s->g, wrt, v, count, gradients, count, product, &err), &err);
    compare_tangent(s, inputs, v, bundle_of(s, gradients, count), product, "Hessian product");
    compare_reverse_over_reverse(s, inputs, gradients, v, product);
    if (order < 3)
        return;
    cop_node u[SCENE_INPUTS], third[SCENE_INPUTS];
    draw_alike(s, inputs, u);
    assert_ok(cop_jvp(s->g, wrt, u, count, product, count, third, &err), &err);
    compare_tangent(s, inputs, u, bundle_of(s, product, count), third, "third derivative");
}

void check_tangent(scene *s, cop_node output, const cop_node *wrt, size_t count)
{
    bundle inputs = bundle_of(s, wrt, count);
    cop_node v[SCENE_INPUTS], tangent;
    draw_alike(s, inputs, v);
    cop_error err = {0};
    assert_ok(cop_jvp(s->g, wrt, v, count, &output, 1, &tangent, &err), &err);
    compare_tangent(s, inputs, v, bundle_of(s, &output, 1), &tangent, "tangent");
}

cop_node probe_loss(scene *s, cop_node y)
{
    cop_node c = scene_draw(s, cop_node_shape(s->g, y), FILL_NONZERO);
    cop_node d = scene_draw(s, cop_node_shape(s->g, y), FILL_NONZERO);
    cop_node slope = cop_mul(s->g, c, y);
    cop_node bend = cop_mul(s->g, d, cop_square(s->g, y));
    return cop_total(s->g, cop_add(s->g, slope, cop_scale(s->g, bend, 0.5)));
}

void assert_finite(const scene *s, cop_node node)
{
    free(evaluate(s, bundle_of(s, &node, 1), "node"));
}

/* The operand in which an operation has its kink; COP_NO_NODE where it has none at 0. */
static cop_node kinked_operand(const scene *s, const cop_node_data *node)
{
    switch (node->op) {
    case COP_OP_RELU:
    case COP_OP_LEAKY_RELU:
    case COP_OP_ABS:
    case COP_OP_SIGN:
    case COP_OP_HEAVISIDE:
        return node->inputs[0];
    case COP_OP_GATE:
        /* a gate on a relu's value opens where the relu does, whose operand is looked at */
        return cop_graph_node(s->g, node->inputs[1])->op == COP_OP_RELU ? COP_NO_NODE
                                                                        : node->inputs[1];
    default:
        return COP_NO_NODE;
    }
}

void assert_away_from_kinks(const scene *s)
{
    for (cop_node a = 1; a <= cop_graph_size(s->g); a++) {
        const cop_node_data *node = cop_graph_node(s->g, a);
        cop_node operand = kinked_operand(s, node);
        if (operand == COP_NO_NODE)
            continue;
        int64_t count = cop_shape_count(cop_node_shape(s->g, operand));
        double *values = scene_result(s, operand);
        for (int64_t i = 0; i < count; i++)
            if (!(fabs(values[i]) > KINK_GUARD))
                fail_msg("%s: %g is too near its kink", cop_op_name(node->op), values[i]);
        free(values);
    }
}
