/* The oracle's elementwise operations against closed forms. */
#include "scene.h"

#include "graph/node.h"

#include <math.h>
#include <stdlib.h>

static cop_node affine(cop_graph *g, cop_node a)
{
    return cop_affine(g, a, -3.0, 0.25);
}

static cop_node scale(cop_graph *g, cop_node a)
{
    return cop_scale(g, a, 1.5);
}

static cop_node leaky(cop_graph *g, cop_node a)
{
    return cop_leaky_relu(g, a, 0.1);
}

static double affine_form(double a)
{
    return 0.25 - 3.0 * a;
}

static double scale_form(double a)
{
    return 1.5 * a;
}

static double neg_form(double a)
{
    return -a;
}

static double square_form(double a)
{
    return a * a;
}

static double reciprocal_form(double a)
{
    return pow(a, -1.0);
}

static double sign_form(double a)
{
    return (double)((a > 0.0) - (a < 0.0));
}

static double step_form(double a)
{
    return (double)(a > 0.0);
}

static double sigmoid_form(double a)
{
    return 0.5 + 0.5 * tanh(0.5 * a);
}

static double relu_form(double a)
{
    return isnan(a) ? a : fmax(a, 0.0);
}

static double leaky_form(double a)
{
    return fmax(a, 0.0) + 0.1 * fmin(a, 0.0);
}

static double same_form(double a)
{
    return a;
}

static const double signed_values[] = {-1000.0, -2.5, -0.5, -1e-9, 0.0, 1e-9, 0.75, 3.0, 700.0};
static const double positive_values[] = {1e-300, 1e-9, 0.5, 1.0, 2.0, 3.0, 10.0, 1e9, 1e300};

static const struct unary_case {
    const char *name;
    cop_node (*build)(cop_graph *g, cop_node a);
    double (*form)(double a);
    const double *values; /* nine of them */
} unary_cases[] = {
    {"affine", affine, affine_form, signed_values},
    {"scale", scale, scale_form, signed_values},
    {"neg", cop_neg, neg_form, signed_values},
    {"square", cop_square, square_form, signed_values},
    {"sqrt", cop_sqrt, sqrt, positive_values},
    {"reciprocal", cop_reciprocal, reciprocal_form, positive_values},
    {"exp", cop_exp, exp, signed_values},
    {"log", cop_ln, log, positive_values},
    {"abs", cop_abs, fabs, signed_values},
    {"sign", cop_sign, sign_form, signed_values},
    {"step", cop_heaviside, step_form, signed_values},
    {"sigmoid", cop_sigmoid, sigmoid_form, signed_values},
    {"tanh", cop_tanh, tanh, signed_values},
    {"relu", cop_relu, relu_form, signed_values},
    {"leaky_relu", leaky, leaky_form, signed_values},
    {"detach", cop_detach, same_form, signed_values},
};

static void unary_operations_give_known_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof unary_cases / sizeof *unary_cases; i++) {
        const struct unary_case *c = &unary_cases[i];
        scene s = scene_open(1);
        cop_node y = c->build(s.g, scene_input(&s, cop_shape2(3, 3), c->values));
        double wanted[9];
        for (int k = 0; k < 9; k++)
            wanted[k] = c->form(c->values[k]);
        double *got = scene_result(&s, y);
        assert_close_f64(c->name, got, wanted, 9, 1e-12);
        free(got);
        scene_close(&s);
    }
}

static void relu_keeps_nan(void **state)
{
    (void)state;
    scene s = scene_open(1);
    const double values[2] = {NAN, -1.0};
    double *got = scene_result(&s, cop_relu(s.g, scene_input(&s, cop_shape1(2), values)));
    assert_true(isnan(got[0]));
    assert_true(got[1] == 0.0);
    free(got);
    scene_close(&s);
}

static double add_form(double a, double b)
{
    return a + b;
}

static double sub_form(double a, double b)
{
    return a - b;
}

static double mul_form(double a, double b)
{
    return a * b;
}

static double div_form(double a, double b)
{
    return a / b;
}

static double gate_form(double a, double b)
{
    return b > 0.0 ? a : 0.0;
}

static const struct binary_case {
    const char *name;
    cop_node (*build)(cop_graph *g, cop_node a, cop_node b);
    double (*form)(double a, double b);
} binary_cases[] = {
    {"add", cop_add, add_form}, {"sub", cop_sub, sub_form},    {"mul", cop_mul, mul_form},
    {"div", cop_div, div_form}, {"gate", cop_gate, gate_form},
};

/* a [2, 1, 3] and b [2, 2, 1] meet in [2, 2, 3]. */
static void binary_broadcasts_both_ways(void **state)
{
    (void)state;
    const double a[6] = {1.0, -2.0, 3.0, 0.5, 0.25, -4.0};
    const double b[4] = {2.0, -1.0, 0.5, -3.0};
    for (size_t i = 0; i < sizeof binary_cases / sizeof *binary_cases; i++) {
        scene s = scene_open(1);
        cop_node x = scene_input(&s, cop_shape3(2, 1, 3), a);
        cop_node y = scene_input(&s, cop_shape3(2, 2, 1), b);
        double wanted[12];
        for (int n = 0; n < 2; n++)
            for (int r = 0; r < 2; r++)
                for (int c = 0; c < 3; c++)
                    wanted[6 * n + 3 * r + c] = binary_cases[i].form(a[3 * n + c], b[2 * n + r]);
        scene_expect(&s, binary_cases[i].build(s.g, x, y), cop_shape3(2, 2, 3), wanted);
        scene_close(&s);
    }
}

static void a_gate_is_closed_at_zero(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node a = scene_input(&s, cop_shape1(3), (const double[]){5.0, 6.0, 7.0});
    cop_node b = scene_input(&s, cop_shape1(3), (const double[]){0.0, 1e-300, -0.0});
    scene_expect(&s, cop_gate(s.g, a, b), cop_shape1(3), (const double[]){0.0, 6.0, 0.0});
    scene_close(&s);
}

static void a_constant_fills_its_shape(void **state)
{
    (void)state;
    scene s = scene_open(1);
    scene_expect(&s, cop_constant(s.g, cop_shape2(1, 3), 0.1), cop_shape2(1, 3),
                 (const double[]){0.1, 0.1, 0.1});
    scene_expect(&s, cop_constant(s.g, cop_shape0(), -2.0), cop_shape0(), (const double[]){-2.0});
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unary_operations_give_known_values),
        cmocka_unit_test(relu_keeps_nan),
        cmocka_unit_test(binary_broadcasts_both_ways),
        cmocka_unit_test(a_gate_is_closed_at_zero),
        cmocka_unit_test(a_constant_fills_its_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
