/* The structure of derivatives: what they compute and what they leave out. That their values are
 * right is tested against finite differences elsewhere. */
#include "support.h"

#include "graph/node.h"
#include "graph/optable.h"
#include "graph/rules.h"

#include <coppice/differentiate.h>

#include <stdlib.h>

/* How many nodes of each operation some outputs need. */
typedef struct op_counts {
    int of[COP_OP_COUNT];
    int all;
} op_counts;

static op_counts count_live(const cop_graph *g, const cop_node *outputs, size_t count)
{
    op_counts counts = {0};
    bool *live = calloc((size_t)cop_graph_size(g) + 1, sizeof *live);
    assert_non_null(live);
    for (size_t i = 0; i < count; i++)
        live[outputs[i]] = true;
    for (cop_node a = cop_graph_size(g); a >= 1; a--) {
        const cop_node_data *node = cop_graph_node(g, a);
        if (!live[a])
            continue;
        counts.of[node->op]++;
        counts.all++;
        for (int32_t k = 0; k < node->input_count; k++)
            live[node->inputs[k]] = true;
    }
    free(live);
    return counts;
}

static bool is_constant(const cop_graph *g, cop_node a, double value)
{
    const cop_node_data *node = cop_graph_node(g, a);
    return node != NULL && node->op == COP_OP_CONSTANT && node->attr.constant.value == value;
}

/* Two convolutions with normalisation, ReLU and pooling, and a linear classifier. */
typedef struct network {
    cop_graph *g;
    cop_node x, w1, w2, w3, labels, loss;
} network;

static cop_node block(cop_graph *g, cop_node x, cop_node w)
{
    cop_node h = cop_conv2d(g, x, w, cop_window_square(3, 1, 1));
    h = cop_normalize(g, h, COP_NORM_OVER_IMAGE, 1e-5);
    return cop_avg_pool(g, cop_relu(g, h), cop_window_square(2, 2, 0));
}

static network network_open(void)
{
    cop_graph *g = cop_graph_new();
    network n = {.g = g};
    n.x = cop_input(g, "x", cop_shape4(4, 3, 8, 8));
    n.w1 = cop_input(g, "w1", cop_shape4(5, 3, 3, 3));
    n.w2 = cop_input(g, "w2", cop_shape4(6, 5, 3, 3));
    n.w3 = cop_input(g, "w3", cop_shape2(10, 24));
    n.labels = cop_input(g, "labels", cop_shape2(4, 10));
    cop_node h = cop_flatten(g, block(g, block(g, n.x, n.w1), n.w2));
    cop_node y = cop_log_softmax(g, cop_matmul(g, h, false, n.w3, true));
    n.loss = cop_scale(g, cop_total(g, cop_mul(g, y, n.labels)), -0.25);
    cop_error err = {0};
    assert_ok(cop_graph_check(g, &err), &err);
    return n;
}

static void every_operation_that_passes_derivatives_has_rules(void **state)
{
    (void)state;
    for (int op = COP_OP_INPUT; op < COP_OP_COUNT; op++) {
        bool flows = cop_op_entry((cop_op)op)->flow != 0;
        cop_rule rule = cop_rule_of((cop_op)op);
        if ((rule.vjp != NULL) != flows || (rule.jvp != NULL) != flows)
            fail_msg("%s: derivatives %s, yet its rules say otherwise", cop_op_name((cop_op)op),
                     flows ? "pass" : "do not pass");
    }
}

static void gradient_by_weights_computes_no_gradient_by_pixels(void **state)
{
    (void)state;
    network n = network_open();
    cop_error err = {0};
    cop_node wrt[] = {n.w1, n.w2, n.w3}, gradients[3];
    assert_ok(cop_gradient(n.g, n.loss, wrt, 3, gradients, &err), &err);
    for (int i = 0; i < 3; i++)
        assert_true(
            cop_shape_equal(cop_node_shape(n.g, gradients[i]), cop_node_shape(n.g, wrt[i])));
    op_counts live = count_live(n.g, gradients, 3);
    assert_int_equal(live.of[COP_OP_CONV], 2);
    assert_int_equal(live.of[COP_OP_CONV_DATA], 1);
    assert_int_equal(live.of[COP_OP_CONV_WEIGHTS], 2);
    assert_int_equal(live.of[COP_OP_MATMUL], 3);
    assert_int_equal(live.of[COP_OP_NORMALIZE_JACOBIAN], 2);
    assert_int_equal(live.of[COP_OP_AVG_POOL_ADJOINT], 2);
    assert_int_equal(live.of[COP_OP_GATE], 2);
    /* Nothing was even built for the rest. */
    op_counts built = {0};
    for (cop_node a = 1; a <= cop_graph_size(n.g); a++)
        built.of[cop_graph_node(n.g, a)->op]++;
    assert_int_equal(built.of[COP_OP_CONV_DATA], 1);
    cop_graph_free(n.g);
}

static void gradient_by_the_last_layer_stops_there(void **state)
{
    (void)state;
    network n = network_open();
    cop_error err = {0};
    cop_node gradient;
    assert_ok(cop_gradient(n.g, n.loss, &n.w3, 1, &gradient, &err), &err);
    op_counts live = count_live(n.g, &gradient, 1);
    assert_int_equal(live.of[COP_OP_CONV_DATA] + live.of[COP_OP_CONV_WEIGHTS], 0);
    assert_int_equal(live.of[COP_OP_NORMALIZE_JACOBIAN], 0);
    assert_int_equal(live.of[COP_OP_MATMUL], 2);
    cop_graph_free(n.g);
}

/* Forward over reverse at the cost that Pearlmutter promises: about twice the gradient's products.
 */
static void hessian_product_costs_twice_the_gradient(void **state)
{
    (void)state;
    network n = network_open();
    cop_error err = {0};
    cop_node wrt[] = {n.w1, n.w2, n.w3}, gradients[3], tangents[3], products[3];
    tangents[0] = cop_input(n.g, "v1", cop_node_shape(n.g, n.w1));
    tangents[1] = cop_input(n.g, "v2", cop_node_shape(n.g, n.w2));
    tangents[2] = cop_input(n.g, "v3", cop_node_shape(n.g, n.w3));
    assert_ok(cop_gradient(n.g, n.loss, wrt, 3, gradients, &err), &err);
    assert_ok(cop_jvp(n.g, wrt, tangents, 3, gradients, 3, products, &err), &err);
    for (int i = 0; i < 3; i++)
        assert_true(cop_shape_equal(cop_node_shape(n.g, products[i]), cop_node_shape(n.g, wrt[i])));
    op_counts live = count_live(n.g, products, 3);
    /* conv 1; its tangent v1; conv 2; its tangents by x and by v2 */
    assert_int_equal(live.of[COP_OP_CONV], 5);
    /* of conv 2: ḡ; its tangents by ḡ and by v2 */
    assert_int_equal(live.of[COP_OP_CONV_DATA], 3);
    /* conv 1: x with dḡ; conv 2: x with dḡ, dx with ḡ */
    assert_int_equal(live.of[COP_OP_CONV_WEIGHTS], 3);
    cop_graph_free(n.g);
}

static void forward_mode_builds_only_what_outputs_need(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_error err = {0};
    cop_node a = cop_input(g, "a", cop_shape2(3, 4)), v = cop_input(g, "v", cop_shape2(3, 4));
    cop_node b = cop_input(g, "b", cop_shape2(3, 4));
    cop_node y = cop_mul(g, a, b), aside = cop_exp(g, a), tangent;
    (void)cop_ln(g, aside);
    int32_t size = cop_graph_size(g);
    assert_ok(cop_jvp(g, &a, &v, 1, &y, 1, &tangent, &err), &err);
    assert_int_equal(tangent, cop_mul(g, v, b));
    assert_int_equal(cop_graph_size(g), size + 1);
    cop_graph_free(g);
}

static void nothing_flows_through_what_has_no_derivative(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_error err = {0};
    cop_node a = cop_input(g, "a", cop_shape4(2, 3, 4, 4)),
             box = cop_input(g, "box", cop_shape2(2, 4));
    cop_node index = cop_input(g, "index", cop_shape1(5));
    cop_node theta = cop_input(g, "theta", cop_shape3(2, 2, 3));
    cop_node offset = cop_input(g, "offset", cop_shape2(2, 2)),
             flag = cop_input(g, "f", cop_shape1(2));
    cop_node b = cop_input(g, "b", cop_shape4(2, 3, 4, 4));
    cop_window window = cop_window_square(2, 2, 0);
    const struct {
        cop_node wrt, output;
    } cases[] = {
        {a, cop_detach(g, a)},
        {a, cop_sign(g, a)},
        {a, cop_heaviside(g, a)},
        {a, cop_gate(g, b, a)},
        {a, cop_max_pool_take(g, a, b, window)},
        {box, cop_box_mask(g, box, 4, 4)},
        {index, cop_gather(g, a, index)},
        {theta, cop_affine_sample(g, a, theta)},
        {offset, cop_shift(g, a, offset)},
        {flag, cop_flip(g, a, flag)},
        {b, cop_exp(g, a)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_shape in = cop_node_shape(g, cases[i].wrt), out = cop_node_shape(g, cases[i].output);
        cop_node ones_in = cop_constant(g, in, 1.0), ones_out = cop_constant(g, out, 1.0), back, on;
        assert_ok(cop_vjp(g, &cases[i].output, &ones_out, 1, &cases[i].wrt, 1, &back, &err), &err);
        assert_ok(cop_jvp(g, &cases[i].wrt, &ones_in, 1, &cases[i].output, 1, &on, &err), &err);
        if (!is_constant(g, back, 0.0) || !cop_shape_equal(cop_node_shape(g, back), in) ||
            !is_constant(g, on, 0.0) || !cop_shape_equal(cop_node_shape(g, on), out))
            fail_msg("case %zu: a derivative passes through %s", i,
                     cop_op_name(cop_graph_node(g, cases[i].output)->op));
    }
    cop_graph_free(g);
}

/* Inner nodes, several outputs, repetitions. */

static void inner_nodes_are_taken_as_independent(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_error err = {0};
    cop_node a = cop_input(g, "a", cop_shape1(3)), b = cop_exp(g, a);
    cop_node loss = cop_total(g, cop_add(g, cop_mul(g, b, b), cop_scale(g, a, 7.0)));
    cop_node wrt[] = {b, a}, gradients[2];
    assert_ok(cop_gradient(g, loss, wrt, 2, gradients, &err), &err);
    assert_int_equal(gradients[0], cop_scale(g, b, 2.0));
    assert_true(is_constant(g, gradients[1], 7.0));
    cop_node ones[] = {cop_constant(g, cop_shape1(3), 1.0), cop_constant(g, cop_shape1(3), 1.0)};
    cop_node outputs[] = {b, loss}, tangents[2];
    assert_ok(cop_jvp(g, wrt, ones, 2, outputs, 2, tangents, &err), &err);
    assert_int_equal(tangents[0], ones[0]);
    cop_node wanted = cop_total(g, cop_affine(g, b, 2.0, 7.0));
    assert_int_equal(cop_graph_node(g, tangents[1])->op, COP_OP_RESHAPE);
    assert_true(cop_shape_equal(cop_node_shape(g, tangents[1]), cop_node_shape(g, wanted)));
    cop_graph_free(g);
}

static void an_output_may_be_a_wrt(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_error err = {0};
    cop_node a = cop_input(g, "a", cop_shape1(3)), c = cop_input(g, "c", cop_shape1(3)), back, on;
    assert_ok(cop_vjp(g, &a, &c, 1, &a, 1, &back, &err), &err);
    assert_int_equal(back, c);
    assert_ok(cop_jvp(g, &a, &c, 1, &a, 1, &on, &err), &err);
    assert_int_equal(on, c);
    cop_node s = cop_input(g, "s", cop_shape2(1, 1)), gradient;
    assert_ok(cop_gradient(g, s, &s, 1, &gradient, &err), &err);
    assert_true(is_constant(g, gradient, 1.0));
    cop_graph_free(g);
}

static void outputs_and_wrt_may_repeat(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_error err = {0};
    cop_node a = cop_input(g, "a", cop_shape1(3)), b = cop_input(g, "b", cop_shape1(3));
    cop_node c = cop_input(g, "c", cop_shape1(3)), d = cop_input(g, "d", cop_shape1(3));
    cop_node y = cop_mul(g, a, b);
    cop_node outputs[] = {y, y}, cotangents[] = {c, d}, wrt[] = {a, a}, both[2], on;
    assert_ok(cop_vjp(g, outputs, cotangents, 2, wrt, 2, both, &err), &err);
    assert_int_equal(both[0], cop_mul(g, cop_add(g, c, d), b));
    assert_int_equal(both[1], both[0]);
    assert_ok(cop_jvp(g, wrt, cotangents, 2, &y, 1, &on, &err), &err);
    assert_int_equal(on, both[0]);
    assert_ok(cop_vjp(g, NULL, NULL, 0, wrt, 1, both, &err), &err);
    assert_true(is_constant(g, both[0], 0.0));
    cop_graph_free(g);
}

static void cotangents_are_summed_back_over_broadcast_axes(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_error err = {0};
    cop_shape big = cop_shape4(2, 3, 4, 5);
    cop_node x = cop_input(g, "x", big), c = cop_input(g, "c", big), back;
    cop_node bias = cop_input(g, "bias", cop_shape4(1, 3, 1, 1)), y = cop_add(g, x, bias);
    assert_ok(cop_vjp(g, &y, &c, 1, &bias, 1, &back, &err), &err);
    assert_int_equal(back, cop_sum(g, c, COP_AXIS(0) | COP_AXIS(2) | COP_AXIS(3)));
    cop_graph_free(g);
}

/* Ten thousand nodes in a row: nothing recurses. */
static void deep_graphs_are_differentiated(void **state)
{
    (void)state;
    enum { DEPTH = 10000 };
    cop_graph *g = cop_graph_new();
    cop_error err = {0};
    cop_node a = cop_input(g, "a", cop_shape1(3)), y = a, gradient, product;
    for (int i = 0; i < DEPTH; i++)
        y = cop_tanh(g, y);
    assert_ok(cop_gradient(g, cop_total(g, y), &a, 1, &gradient, &err), &err);
    assert_ok(cop_jvp(g, &a, &a, 1, &gradient, 1, &product, &err), &err);
    assert_true(cop_shape_equal(cop_node_shape(g, product), cop_shape1(3)));
    cop_graph_free(g);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_error err = {0};
    cop_node a = cop_input(g, "a", cop_shape1(3)), b = cop_input(g, "b", cop_shape1(4));
    cop_node total = cop_total(g, a), c = cop_constant(g, cop_shape1(3), 2.0), none = COP_NO_NODE;
    cop_node far = 99, out = a;
    assert_refused(cop_gradient(g, a, &a, 1, &out, &err), COP_INVALID, &err,
                   "gradient: the loss \"a\" [3] has 3 elements, wants one");
    assert_int_equal(out, COP_NO_NODE);
    assert_refused(cop_gradient(g, none, &a, 1, &out, &err), COP_INVALID, &err,
                   "gradient: loss[0] is no node of this graph (0)");
    assert_refused(cop_gradient(g, total, &far, 1, &out, &err), COP_INVALID, &err,
                   "gradient: wrt[0] is no node of this graph (99)");
    assert_refused(cop_gradient(g, total, &c, 1, &out, &err), COP_INVALID, &err,
                   "constants are folded away, make it an input");
    assert_refused(cop_vjp(g, &a, &b, 1, &a, 1, &out, &err), COP_INVALID, &err,
                   "vjp: cotangents[0] is \"b\" [4], wants the shape of \"a\" [3]");
    assert_refused(cop_vjp(g, &far, &b, 1, &a, 1, &out, &err), COP_INVALID, &err,
                   "vjp: outputs[0] is no node of this graph (99)");
    assert_refused(cop_jvp(g, &a, &b, 1, &total, 1, &out, &err), COP_INVALID, &err,
                   "jvp: tangents[0] is \"b\" [4], wants the shape of \"a\" [3]");
    assert_refused(cop_jvp(g, &a, &a, 1, &none, 1, &out, &err), COP_INVALID, &err,
                   "jvp: outputs[0] is no node of this graph (0)");
    assert_int_equal(cop_graph_check(g, NULL), COP_OK);
    assert_ok(cop_gradient(g, total, &a, 1, &out, &err), &err);
    cop_graph_free(g);
}

static void a_failed_graph_gives_its_own_error(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_error err = {0};
    cop_node a = cop_input(g, "a", cop_shape1(3)), out = a;
    cop_node loss = cop_total(g, cop_reshape(g, a, cop_shape1(4)));
    assert_refused(cop_gradient(g, loss, &a, 1, &out, &err), COP_INVALID, &err, "reshape: ");
    assert_int_equal(out, COP_NO_NODE);
    assert_refused(cop_jvp(g, &a, &a, 1, &loss, 1, &out, &err), COP_INVALID, &err, "reshape: ");
    cop_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_that_passes_derivatives_has_rules),
        cmocka_unit_test(gradient_by_weights_computes_no_gradient_by_pixels),
        cmocka_unit_test(gradient_by_the_last_layer_stops_there),
        cmocka_unit_test(hessian_product_costs_twice_the_gradient),
        cmocka_unit_test(forward_mode_builds_only_what_outputs_need),
        cmocka_unit_test(nothing_flows_through_what_has_no_derivative),
        cmocka_unit_test(inner_nodes_are_taken_as_independent),
        cmocka_unit_test(an_output_may_be_a_wrt),
        cmocka_unit_test(outputs_and_wrt_may_repeat),
        cmocka_unit_test(cotangents_are_summed_back_over_broadcast_axes),
        cmocka_unit_test(deep_graphs_are_differentiated),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(a_failed_graph_gives_its_own_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
