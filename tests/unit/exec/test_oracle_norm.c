/* The oracle's normalisation and log-softmax. */
#include "scene.h"

#include <math.h>
#include <stdlib.h>

/* [2, 2, 1, 2]: channel 0 holds 1 3 | 5 7, channel 1 holds 2 2 | 2 6 (sample | sample). */
static const double images[8] = {1, 3, 2, 2, 5, 7, 2, 6};

static void variance_is_taken_over_the_wanted_axes(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x = scene_input(&s, cop_shape4(2, 2, 1, 2), images);
    scene_expect(&s, cop_variance(s.g, x, COP_NORM_OVER_BATCH), cop_shape4(1, 2, 1, 1),
                 (const double[]){5, 3});
    scene_expect(&s, cop_variance(s.g, x, COP_NORM_OVER_IMAGE), cop_shape4(2, 2, 1, 1),
                 (const double[]){1, 0, 1, 4});
    scene_close(&s);
}

/* Two passes: a mean of 1e8 does not swallow a variance of 1. */
static void variance_survives_a_large_mean(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x = scene_input(&s, cop_shape4(1, 1, 1, 2), (const double[]){1e8 - 1, 1e8 + 1});
    scene_expect(&s, cop_variance(s.g, x, COP_NORM_OVER_IMAGE), cop_shape4(1, 1, 1, 1),
                 (const double[]){1});
    scene_close(&s);
}

static void normalize_divides_by_the_deviation(void **state)
{
    (void)state;
    const double epsilon = 0.25;
    scene s = scene_open(1);
    cop_node x = scene_input(&s, cop_shape4(2, 2, 1, 2), images);
    double a = 1.0 / sqrt(5.25), b = 1.0 / sqrt(3.25);
    scene_expect(&s, cop_normalize(s.g, x, COP_NORM_OVER_BATCH, epsilon), cop_shape4(2, 2, 1, 2),
                 (const double[]){-3 * a, -a, -b, -b, a, 3 * a, -b, 3 * b});
    double c = 1.0 / sqrt(1.25), d = 2.0 / sqrt(4.25);
    scene_expect(&s, cop_normalize(s.g, x, COP_NORM_OVER_IMAGE, epsilon), cop_shape4(2, 2, 1, 2),
                 (const double[]){-c, c, 0, 0, -c, c, -d, d});
    scene_close(&s);
}

static void the_jacobian_agrees_with_one_by_hand(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_shape shape = cop_shape4(1, 1, 1, 2);
    cop_node u = scene_input(&s, shape, (const double[]){3, 5});
    cop_node y = scene_input(&s, shape, (const double[]){-1, 2});
    cop_node r = scene_input(&s, cop_shape4(1, 1, 1, 1), (const double[]){10});
    /* mean(u) = 4, mean(u·y) = 3.5 */
    scene_expect(&s, cop_normalize_jacobian(s.g, u, y, r, COP_NORM_OVER_IMAGE), shape,
                 (const double[]){10 * (3 - 4 + 3.5), 10 * (5 - 4 - 7)});
    scene_close(&s);
}

/* The Jacobian's columns against central differences of normalize, for both kinds of statistics. */
static void the_jacobian_agrees_with_differences(void **state)
{
    (void)state;
    static const cop_norm_axes kinds[2] = {COP_NORM_OVER_BATCH, COP_NORM_OVER_IMAGE};
    for (int k = 0; k < 2; k++) {
        scene s = scene_open(7);
        cop_shape shape = cop_shape4(2, 2, 2, 3);
        cop_node x = scene_draw(&s, shape, FILL_PLAIN);
        cop_node u = scene_draw(&s, shape, FILL_PLAIN);
        cop_node y = cop_normalize(s.g, x, kinds[k], 1e-2);
        cop_node variance = cop_affine(s.g, cop_variance(s.g, x, kinds[k]), 1.0, 1e-2);
        cop_node r = cop_reciprocal(s.g, cop_sqrt(s.g, variance));
        double *got = scene_result(&s, cop_normalize_jacobian(s.g, u, y, r, kinds[k]));
        double *value = scene_value(&s, x), *along = scene_value(&s, u);
        const double h = 1e-5;
        for (int i = 0; i < 24; i++)
            value[i] += h * along[i];
        double *above = scene_result(&s, y);
        for (int i = 0; i < 24; i++)
            value[i] -= 2.0 * h * along[i];
        double *below = scene_result(&s, y);
        for (int i = 0; i < 24; i++)
            above[i] = (above[i] - below[i]) / (2.0 * h);
        assert_close_f64("jacobian", got, above, 24, 1e-8);
        free(got);
        free(above);
        free(below);
        scene_close(&s);
    }
}

static void log_softmax_is_exact_for_large_logits(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x =
        scene_input(&s, cop_shape2(3, 3),
                    (const double[]){log(1), log(2), log(5), 1000, 1000, 1000, -2000, 0, -1000});
    scene_expect(&s, cop_log_softmax(s.g, x), cop_shape2(3, 3),
                 (const double[]){log(0.125), log(0.25), log(0.625), -log(3), -log(3), -log(3),
                                  -2000, 0, -1000});
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variance_is_taken_over_the_wanted_axes),
        cmocka_unit_test(variance_survives_a_large_mean),
        cmocka_unit_test(normalize_divides_by_the_deviation),
        cmocka_unit_test(the_jacobian_agrees_with_one_by_hand),
        cmocka_unit_test(the_jacobian_agrees_with_differences),
        cmocka_unit_test(log_softmax_is_exact_for_large_logits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
