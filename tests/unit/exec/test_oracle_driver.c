/* What the oracle evaluates, and how it answers a wrong call. */
#include "scene.h"

#include <coppice/program.h>

static cop_status evaluate_one(cop_graph *g, cop_node x, const double *value, cop_node y,
                               double *result, cop_error *err)
{
    return cop_evaluate_f64(g, &x, &value, 1, &y, &result, 1, err);
}

static void only_what_is_needed_runs(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_node x = cop_input(g, "x", cop_shape1(2));
    cop_node unfed = cop_input(g, "unfed", cop_shape1(2));
    cop_node failing = cop_gather(g, x, cop_affine(g, x, 1.0, 100.0));
    cop_node y = cop_scale(g, x, 2.0);
    assert_true(unfed != COP_NO_NODE && failing != COP_NO_NODE);
    const double value[2] = {3.0, 4.0};
    double result[2];
    cop_error err = {0};
    assert_ok(evaluate_one(g, x, value, y, result, &err), &err);
    assert_close_f64("y", result, (const double[]){6.0, 8.0}, 2, 0.0 + 1e-15);
    cop_graph_free(g);
}

static void outputs_may_repeat_and_be_inputs(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_node x = cop_input(g, "x", cop_shape1(1));
    cop_node twice = cop_add(g, x, x);
    cop_node y = cop_mul(g, twice, twice);
    double value[1] = {3.0};
    const double *values[1] = {value};
    double a[1], b[1], c[1], d[1];
    const cop_node outputs[4] = {y, twice, y, x};
    double *const results[4] = {a, b, c, d};
    cop_error err = {0};
    assert_ok(cop_evaluate_f64(g, &x, values, 1, outputs, results, 4, &err), &err);
    assert_true(a[0] == 36.0 && b[0] == 6.0 && c[0] == 36.0 && d[0] == 3.0);
    cop_graph_free(g);
}

static void a_missing_value_is_named(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_node x = cop_input(g, "x", cop_shape1(1));
    cop_node y = cop_add(g, x, cop_input(g, "pixels", cop_shape1(1)));
    const double value = 1.0;
    double result;
    cop_error err = {0};
    assert_refused(evaluate_one(g, x, &value, y, &result, &err), COP_FAILED, &err, "\"pixels\"");
    cop_graph_free(g);
}

static void wrong_nodes_are_refused(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_node x = cop_input(g, "x", cop_shape1(1));
    cop_node y = cop_neg(g, x);
    const double value = 1.0;
    double result;
    cop_error err = {0};
    assert_refused(evaluate_one(g, y, &value, y, &result, &err), COP_FAILED, &err,
                   "not an input node");
    assert_refused(evaluate_one(g, 99, &value, y, &result, &err), COP_FAILED, &err,
                   "not an input node");
    assert_refused(evaluate_one(g, x, &value, COP_NO_NODE, &result, &err), COP_FAILED, &err,
                   "not of this graph");
    assert_refused(evaluate_one(g, x, &value, 99, &result, &err), COP_FAILED, &err,
                   "not of this graph");
    cop_graph_free(g);
}

static void an_unsound_graph_says_its_own_error(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_node x = cop_input(g, "x", cop_shape1(1));
    cop_node y = cop_graph_refuse(g, "too small an image");
    const double value = 1.0;
    double result;
    cop_error err = {0};
    cop_status status = evaluate_one(g, x, &value, y, &result, &err);
    assert_int_not_equal(status, COP_OK);
    assert_refused(status, status, &err, "too small an image");
    cop_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_needed_runs),
        cmocka_unit_test(outputs_may_repeat_and_be_inputs),
        cmocka_unit_test(a_missing_value_is_named),
        cmocka_unit_test(wrong_nodes_are_refused),
        cmocka_unit_test(an_unsound_graph_says_its_own_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
