/* Compiled reductions, normalisation and log-softmax against the oracle. Tolerance: 1e-5 of
 * 1 + |value| (sums of up to 10^5 numbers below 1 keep the accuracy of one). */
#include "compiled.h"

static const double close_enough = 1e-5;

static void sums_over_every_set_of_axes_are_right(void **state)
{
    (void)state;
    const cop_shape shapes[] = {cop_shape4(3, 5, 7, 9),    cop_shape4(1, 16, 1, 33),
                                cop_shape4(70, 3, 4, 4),   cop_shape4(2, 130, 6, 5),
                                cop_shape4(40, 2, 30, 30), cop_shape4(1, 1, 300, 300)};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        scene s = scene_open(i + 1);
        cop_node x = scene_draw(&s, shapes[i], FILL_PLAIN);
        cop_node nodes[30];
        for (unsigned axes = 1; axes <= 15; axes++) {
            nodes[2 * axes - 2] = cop_sum(s.g, x, axes);
            nodes[2 * axes - 1] = cop_mean(s.g, x, axes);
        }
        compiled_expect(&s, nodes, 30, close_enough);
        scene_close(&s);
    }
}

static void sums_of_other_ranks_are_right(void **state)
{
    (void)state;
    scene s = scene_open(20);
    cop_node rows = scene_draw(&s, cop_shape2(130, 700), FILL_PLAIN);
    cop_node tall = scene_draw(&s, cop_shape2(20000, 3), FILL_PLAIN);
    cop_node line = scene_draw(&s, cop_shape1(100003), FILL_PLAIN);
    cop_node block = scene_draw(&s, cop_shape3(9, 40, 100), FILL_PLAIN);
    cop_node nodes[] = {cop_sum(s.g, rows, COP_AXIS(0)),
                        cop_sum(s.g, rows, COP_AXIS(1)),
                        cop_sum(s.g, tall, COP_AXIS(0)),
                        cop_sum(s.g, line, COP_AXIS(0)),
                        cop_total(s.g, rows),
                        cop_sum(s.g, block, COP_AXIS(1)),
                        cop_sum(s.g, block, COP_AXIS(0) | COP_AXIS(2))};
    compiled_expect(&s, nodes, sizeof nodes / sizeof nodes[0], close_enough);
    scene_close(&s);
}

/* A float accumulator would stop at 2^24: 2^25 ones are counted to the last. */
static void a_long_sum_counts_to_the_last(void **state)
{
    (void)state;
    scene s = scene_open(21);
    cop_node x = scene_draw(&s, cop_shape1(1), FILL_PLAIN);
    cop_node ones = cop_affine(s.g, x, 0.0, 1.0);
    cop_node total = cop_total(s.g, cop_broadcast(s.g, ones, cop_shape1(1 << 25)));
    float *inputs[SCENE_INPUTS];
    cop_program *p = compiled_open(&s, &total, 1, 2, inputs);
    cop_error err = {0};
    assert_ok(cop_program_run(p, &err), &err);
    assert_true(*cop_program_output(p, 0) == (float)(1 << 25));
    compiled_close(&s, p, inputs);
    scene_close(&s);
}

static void expect_norm(cop_shape shape, cop_norm_axes over, uint64_t seed)
{
    scene s = scene_open(seed);
    cop_node x = scene_draw(&s, shape, FILL_PLAIN);
    cop_node u = scene_draw(&s, shape, FILL_PLAIN);
    cop_node y = cop_normalize(s.g, x, over, 1e-3);
    cop_node variance = cop_variance(s.g, x, over);
    cop_node r = cop_reciprocal(s.g, cop_sqrt(s.g, cop_affine(s.g, variance, 1.0, 1e-3)));
    cop_node nodes[3] = {variance, y, cop_normalize_jacobian(s.g, u, y, r, over)};
    compiled_expect(&s, nodes, 3, 5e-5);
    cop_node same =
        cop_normalize_jacobian(s.g, cop_exp(s.g, u), cop_affine(s.g, u, 2.0, 0.0), r, over);
    compiled_expect_one(&s, same, 5e-5); /* u and y die there: written in place */
    scene_close(&s);
}

static void normalisation_agrees_with_the_oracle(void **state)
{
    (void)state;
    const cop_shape shapes[] = {cop_shape4(3, 5, 7, 9), cop_shape4(1, 3, 40, 41),
                                cop_shape4(8, 17, 4, 4), cop_shape4(6, 130, 2, 3)};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        expect_norm(shapes[i], COP_NORM_OVER_IMAGE, i);
        expect_norm(shapes[i], COP_NORM_OVER_BATCH, i + 10);
    }
}

/* Two passes: a mean of 300 leaves a variance of 1 its digits. */
static void variance_survives_a_large_mean(void **state)
{
    (void)state;
    scene s = scene_open(22);
    cop_node x = cop_affine(s.g, scene_draw(&s, cop_shape4(4, 3, 20, 20), FILL_PLAIN), 1.0, 300.0);
    compiled_expect_one(&s, cop_variance(s.g, x, COP_NORM_OVER_BATCH), 2e-4);
    scene_close(&s);
}

static void log_softmax_agrees_with_the_oracle(void **state)
{
    (void)state;
    static const int64_t sizes[][2] = {{1, 10}, {128, 10}, {7, 1}, {65, 1000}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        scene s = scene_open(i + 30);
        cop_node x = scene_draw(&s, cop_shape2(sizes[i][0], sizes[i][1]), FILL_PLAIN);
        cop_node nodes[2] = {cop_log_softmax(s.g, x),
                             cop_log_softmax(s.g, cop_affine(s.g, x, 50.0, 1000.0))};
        compiled_expect(&s, nodes, 2, 5e-6 * 16); /* numbers of 1000 are rounded to 6e-5 */
        scene_close(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_over_every_set_of_axes_are_right),
        cmocka_unit_test(sums_of_other_ranks_are_right),
        cmocka_unit_test(a_long_sum_counts_to_the_last),
        cmocka_unit_test(normalisation_agrees_with_the_oracle),
        cmocka_unit_test(variance_survives_a_large_mean),
        cmocka_unit_test(log_softmax_agrees_with_the_oracle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
