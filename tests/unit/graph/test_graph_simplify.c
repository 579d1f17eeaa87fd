/* Which nodes are the same, and what is simplified as it is built. */
#include "support.h"

#include "graph/node.h"

#include <coppice/differentiate.h>

static cop_node matrix(cop_graph *g, const char *name)
{
    return cop_input(g, name, cop_shape2(3, 4));
}

static cop_op op_of(const cop_graph *g, cop_node a)
{
    const cop_node_data *node = cop_graph_node(g, a);
    return node != NULL ? node->op : COP_OP_NONE;
}

static void expect_constant(const cop_graph *g, cop_node a, cop_shape shape, double value)
{
    assert_int_equal(op_of(g, a), COP_OP_CONSTANT);
    assert_true(cop_shape_equal(cop_node_shape(g, a), shape));
    if (cop_graph_node(g, a)->attr.constant.value != value)
        fail_msg("constant %g, wanted %g", cop_graph_node(g, a)->attr.constant.value, value);
}

static void expect_affine(const cop_graph *g, cop_node a, cop_node of, double scale, double offset)
{
    assert_int_equal(op_of(g, a), COP_OP_AFFINE);
    const cop_node_data *node = cop_graph_node(g, a);
    assert_int_equal(node->inputs[0], of);
    if (node->attr.affine.scale != scale || node->attr.affine.offset != offset)
        fail_msg("affine %g, %g, wanted %g, %g", node->attr.affine.scale, node->attr.affine.offset,
                 scale, offset);
}

static void equal_nodes_are_made_once(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_node a = matrix(g, "a"), b = matrix(g, "b");
    cop_node x = cop_input(g, "x", cop_shape4(2, 3, 8, 8));
    cop_node w = cop_input(g, "w", cop_shape4(5, 3, 3, 3));
    cop_window window = cop_window_square(3, 1, 1), same = cop_window_square(0, 1, 1);
    assert_int_equal(cop_add(g, a, b), cop_add(g, a, b));
    assert_int_equal(cop_add(g, a, b), cop_add(g, b, a));
    assert_int_equal(cop_mul(g, a, b), cop_mul(g, b, a));
    assert_int_equal(cop_detach(g, a), cop_detach(g, a));
    assert_int_equal(cop_constant(g, cop_shape1(3), 2.0), cop_constant(g, cop_shape1(3), 2.0));
    assert_int_equal(cop_conv2d(g, x, w, window), cop_conv2d(g, x, w, same));
    assert_int_equal(cop_sum(g, a, COP_ALL_AXES), cop_sum(g, a, COP_AXIS(0) | COP_AXIS(1)));
    assert_int_equal(cop_concat(g, (cop_node[]){a, b, a}, 3, 1),
                     cop_concat(g, (cop_node[]){a, b, a}, 3, 1));
    int32_t size = cop_graph_size(g);
    (void)cop_conv2d(g, x, w, window);
    assert_int_equal(cop_graph_size(g), size);
    cop_graph_free(g);
}

static void different_nodes_are_different(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_node a = matrix(g, "a"), b = matrix(g, "b");
    assert_int_not_equal(a, b);
    assert_int_not_equal(cop_sub(g, a, b), cop_sub(g, b, a));
    assert_int_not_equal(cop_exp(g, a), cop_ln(g, a));
    assert_int_not_equal(cop_detach(g, a), a);
    assert_int_not_equal(cop_affine(g, a, 2.0, 1.0), cop_affine(g, a, 2.0, 3.0));
    assert_int_not_equal(cop_leaky_relu(g, a, 0.1), cop_leaky_relu(g, a, 0.2));
    assert_int_not_equal(cop_constant(g, cop_shape1(3), 2.0), cop_constant(g, cop_shape1(4), 2.0));
    assert_int_not_equal(cop_matmul(g, a, true, b, false), cop_matmul(g, b, true, a, false));
    assert_int_not_equal(cop_matmul(g, a, true, b, false), cop_matmul(g, a, false, b, true));
    assert_int_not_equal(cop_sum(g, a, COP_AXIS(0)), cop_sum(g, a, COP_AXIS(1)));
    assert_int_not_equal(cop_sum(g, a, COP_AXIS(0)), cop_mean(g, a, COP_AXIS(0)));
    assert_int_not_equal(cop_slice(g, a, 1, 0, 2), cop_slice(g, a, 1, 1, 2));
    assert_int_not_equal(cop_pad(g, a, 1, 0, 2), cop_pad(g, a, 1, 1, 1));
    cop_node x = cop_input(g, "x", cop_shape4(2, 3, 8, 8));
    assert_int_not_equal(cop_variance(g, x, COP_NORM_OVER_BATCH),
                         cop_variance(g, x, COP_NORM_OVER_IMAGE));
    assert_int_not_equal(cop_avg_pool(g, x, cop_window_square(2, 2, 0)),
                         cop_avg_pool(g, x, cop_window_square(2, 2, 1)));
    cop_graph_free(g);
}

/* Sizes that make the table and the arrays grow several times. */
static void equal_nodes_are_found_in_a_large_graph(void **state)
{
    (void)state;
    enum { NODES = 20000 };
    cop_graph *g = cop_graph_new();
    cop_node a = matrix(g, "a");
    for (int round = 0; round < 2; round++)
        for (int i = 1; i <= NODES; i++)
            assert_int_equal(cop_affine(g, a, 1.0, i), i + 1);
    assert_int_equal(cop_graph_size(g), NODES + 1);
    cop_graph_free(g);
}

static void statistics_are_those_inside_normalize(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_node x = cop_input(g, "x", cop_shape4(2, 3, 8, 8));
    cop_node y = cop_normalize(g, x, COP_NORM_OVER_BATCH, 1e-5);
    int32_t size = cop_graph_size(g);
    cop_node mean = cop_mean(g, x, COP_AXIS(0) | COP_AXIS(2) | COP_AXIS(3));
    cop_node variance = cop_variance(g, x, COP_NORM_OVER_BATCH);
    assert_int_equal(cop_graph_size(g), size);
    assert_int_equal(cop_graph_node(g, y)->inputs[1], mean);
    assert_int_equal(cop_graph_node(g, variance)->inputs[1], mean);
    cop_node r = cop_graph_node(g, y)->inputs[2];
    assert_int_equal(r, cop_reciprocal(g, cop_sqrt(g, cop_affine(g, variance, 1.0, 1e-5))));
    cop_graph_free(g);
}

static void the_first_label_stays(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_node a = cop_relu(g, matrix(g, "a"));
    assert_int_equal(cop_node_label(g, a, "layer%d.relu", 1), a);
    assert_int_equal(cop_node_label(g, a, "other"), a);
    assert_string_equal(cop_graph_node(g, a)->label, "layer1.relu");
    assert_string_equal(cop_graph_node(g, cop_graph_node(g, a)->inputs[0])->name, "a");
    cop_graph_free(g);
}

static void what_changes_nothing_is_the_operand(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_shape shape = cop_shape2(3, 4);
    cop_node a = matrix(g, "a");
    cop_node zero = cop_constant(g, shape, 0.0), one = cop_constant(g, shape, 1.0);
    assert_int_equal(cop_affine(g, a, 1.0, 0.0), a);
    assert_int_equal(cop_add(g, a, zero), a);
    assert_int_equal(cop_add(g, zero, a), a);
    assert_int_equal(cop_sub(g, a, zero), a);
    assert_int_equal(cop_mul(g, one, a), a);
    assert_int_equal(cop_div(g, a, one), a);
    assert_int_equal(cop_gate(g, a, one), a);
    assert_int_equal(cop_reshape(g, a, shape), a);
    assert_int_equal(cop_broadcast(g, a, shape), a);
    assert_int_equal(cop_slice(g, a, 1, 0, 4), a);
    assert_int_equal(cop_pad(g, a, 1, 0, 0), a);
    assert_int_equal(cop_concat(g, &a, 1, 0), a);
    assert_int_equal(cop_sum(g, a, 0), a);
    cop_node column = cop_input(g, "column", cop_shape2(3, 1));
    assert_int_equal(cop_mean(g, column, COP_AXIS(1)), column);
    cop_graph_free(g);
}

static void constants_are_folded(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_shape shape = cop_shape2(3, 4);
    cop_node c = cop_constant(g, shape, 4.0), d = cop_constant(g, cop_shape2(1, 4), -2.0);
    expect_constant(g, cop_affine(g, c, 3.0, -1.0), shape, 11.0);
    expect_constant(g, cop_sqrt(g, c), shape, 2.0);
    expect_constant(g, cop_reciprocal(g, c), shape, 0.25);
    expect_constant(g, cop_relu(g, d), cop_shape2(1, 4), 0.0);
    expect_constant(g, cop_leaky_relu(g, d, 0.5), cop_shape2(1, 4), -1.0);
    expect_constant(g, cop_abs(g, d), cop_shape2(1, 4), 2.0);
    expect_constant(g, cop_sign(g, d), cop_shape2(1, 4), -1.0);
    expect_constant(g, cop_heaviside(g, c), shape, 1.0);
    expect_constant(g, cop_detach(g, c), shape, 4.0);
    expect_constant(g, cop_add(g, c, d), shape, 2.0);
    expect_constant(g, cop_sub(g, d, c), shape, -6.0);
    expect_constant(g, cop_mul(g, c, d), shape, -8.0);
    expect_constant(g, cop_div(g, c, d), shape, -2.0);
    expect_constant(g, cop_gate(g, c, d), shape, 0.0);
    expect_constant(g, cop_sum(g, c, COP_AXIS(0)), cop_shape2(1, 4), 12.0);
    expect_constant(g, cop_mean(g, c, COP_ALL_AXES), cop_shape2(1, 1), 4.0);
    expect_constant(g, cop_total(g, c), cop_shape0(), 48.0);
    expect_constant(g, cop_broadcast(g, d, shape), shape, -2.0);
    expect_constant(g, cop_reshape(g, c, cop_shape1(12)), cop_shape1(12), 4.0);
    expect_constant(g, cop_slice(g, c, 0, 1, 2), cop_shape2(2, 4), 4.0);
    cop_graph_free(g);
}

static void zero_makes_what_is_linear_zero(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_shape shape = cop_shape4(2, 3, 8, 8), pooled = cop_shape4(2, 3, 4, 4);
    cop_node zero = cop_constant(g, shape, 0.0), x = cop_input(g, "x", shape);
    cop_node w = cop_input(g, "w", cop_shape4(5, 3, 3, 3));
    cop_window window = cop_window_square(3, 1, 1), two = cop_window_square(2, 2, 0);
    expect_constant(g, cop_mul(g, x, zero), shape, 0.0);
    expect_constant(g, cop_div(g, zero, x), shape, 0.0);
    expect_constant(g, cop_gate(g, zero, x), shape, 0.0);
    expect_constant(g, cop_affine(g, x, 0.0, 3.0), shape, 3.0);
    expect_constant(g, cop_conv2d(g, zero, w, window), cop_shape4(2, 5, 8, 8), 0.0);
    expect_constant(g, cop_avg_pool(g, zero, two), pooled, 0.0);
    expect_constant(g, cop_max_pool_take(g, x, zero, two), pooled, 0.0);
    expect_constant(g, cop_resize_bilinear(g, zero, 4, 4), pooled, 0.0);
    expect_constant(g, cop_pad(g, zero, 0, 1, 1), cop_shape4(4, 3, 8, 8), 0.0);
    assert_int_equal(op_of(g, cop_max_pool_take(g, zero, x, two)), COP_OP_MAX_POOL_TAKE);
    assert_int_equal(op_of(g, cop_div(g, x, zero)), COP_OP_DIV);
    assert_int_equal(op_of(g, cop_exp(g, x)), COP_OP_EXP);
    cop_graph_free(g);
}

static void a_constant_operand_becomes_a_setting(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_shape shape = cop_shape2(3, 4);
    cop_node a = matrix(g, "a"), c = cop_constant(g, shape, 5.0), one = cop_constant(g, shape, 1.0);
    expect_affine(g, cop_add(g, a, c), a, 1.0, 5.0);
    expect_affine(g, cop_sub(g, a, c), a, 1.0, -5.0);
    expect_affine(g, cop_sub(g, c, a), a, -1.0, 5.0);
    expect_affine(g, cop_mul(g, c, a), a, 5.0, 0.0);
    expect_affine(g, cop_add(g, a, a), a, 2.0, 0.0);
    assert_int_equal(cop_div(g, one, a), cop_reciprocal(g, a));
    assert_int_equal(op_of(g, cop_div(g, a, c)), COP_OP_DIV);
    cop_node row = cop_input(g, "row", cop_shape2(1, 4));
    cop_node spread = cop_mul(g, row, c);
    assert_int_equal(op_of(g, spread), COP_OP_BROADCAST);
    expect_affine(g, cop_graph_node(g, spread)->inputs[0], row, 5.0, 0.0);
    cop_graph_free(g);
}

/* A caller may differentiate with respect to any node that it holds, so none of those is skipped.
 */
static void nodes_that_a_caller_holds_are_not_skipped(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_error err = {0};
    cop_node a = matrix(g, "a");
    cop_node double_a = cop_scale(g, a, 2.0);
    expect_affine(g, cop_scale(g, double_a, 3.0), double_a, 3.0, 0.0);
    cop_node flat = cop_reshape(g, a, cop_shape1(12));
    cop_node again = cop_reshape(g, flat, cop_shape2(6, 2));
    assert_int_equal(cop_graph_node(g, again)->inputs[0], flat);
    cop_node loss = cop_total(g, cop_scale(g, double_a, 3.0)), gradient;
    assert_ok(cop_gradient(g, loss, &double_a, 1, &gradient, &err), &err);
    expect_constant(g, gradient, cop_shape2(3, 4), 3.0);
    cop_graph_free(g);
}

/* The gradient of Σ (3·(2·a))² / 2 by a is 36·a: the factors of the chain are merged into one. */
static void factors_of_a_derivative_are_merged(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_error err = {0};
    cop_node a = matrix(g, "a");
    cop_node b = cop_scale(g, cop_scale(g, a, 2.0), 3.0), gradient, second;
    cop_node loss = cop_scale(g, cop_total(g, cop_square(g, b)), 0.5);
    assert_ok(cop_gradient(g, loss, &a, 1, &gradient, &err), &err);
    expect_affine(g, gradient, b, 6.0, 0.0);
    cop_node one = cop_constant(g, cop_shape2(3, 4), 1.0);
    assert_ok(cop_jvp(g, &a, &one, 1, &gradient, 1, &second, &err), &err);
    expect_constant(g, second, cop_shape2(3, 4), 36.0);
    /* A gradient is handed out, so from now on it is not skipped either. */
    cop_node scaled = cop_scale(g, gradient, 5.0), back;
    assert_ok(cop_gradient(g, cop_total(g, scaled), &gradient, 1, &back, &err), &err);
    expect_constant(g, back, cop_shape2(3, 4), 5.0);
    cop_graph_free(g);
}

/* What a derivative made inside becomes the caller's once the caller builds the same. */
static void a_rebuilt_interior_node_is_held(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_error err = {0};
    cop_node a = matrix(g, "a"), b = matrix(g, "b"), gradient, wrt_c;
    /* Inside, the gradient of Σ tanh(a)·b makes 1 − tanh(a)². */
    cop_node y = cop_tanh(g, a);
    assert_ok(cop_gradient(g, cop_total(g, cop_mul(g, y, b)), &a, 1, &gradient, &err), &err);
    int32_t size = cop_graph_size(g);
    cop_node c = cop_affine(g, cop_square(g, y), -1.0, 1.0);
    assert_int_equal(cop_graph_size(g), size);
    cop_node scaled = cop_affine(g, c, 4.0, 2.0);
    expect_affine(g, scaled, c, 4.0, 2.0);
    assert_ok(cop_gradient(g, cop_total(g, scaled), &c, 1, &wrt_c, &err), &err);
    expect_constant(g, wrt_c, cop_shape2(3, 4), 4.0);
    cop_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_nodes_are_made_once),
        cmocka_unit_test(different_nodes_are_different),
        cmocka_unit_test(equal_nodes_are_found_in_a_large_graph),
        cmocka_unit_test(statistics_are_those_inside_normalize),
        cmocka_unit_test(the_first_label_stays),
        cmocka_unit_test(what_changes_nothing_is_the_operand),
        cmocka_unit_test(constants_are_folded),
        cmocka_unit_test(zero_makes_what_is_linear_zero),
        cmocka_unit_test(a_constant_operand_becomes_a_setting),
        cmocka_unit_test(nodes_that_a_caller_holds_are_not_skipped),
        cmocka_unit_test(factors_of_a_derivative_are_merged),
        cmocka_unit_test(a_rebuilt_interior_node_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
