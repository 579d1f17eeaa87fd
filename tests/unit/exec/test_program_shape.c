/* Compiled shape operations, pooling, resampling and augmentation against the oracle. Tolerance:
 * none for what only moves elements, 5e-6 of 1 + |value| else. */
#include "compiled.h"

#include <math.h>

static const double exact = 0.0, close_enough = 5e-6;

static void slices_pads_and_concats_agree_with_the_oracle(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x = scene_draw(&s, cop_shape4(3, 5, 6, 7), FILL_PLAIN);
    for (int axis = 0; axis < 4; axis++) {
        cop_node middle = cop_slice(s.g, x, axis, 1, 2), end = cop_slice(s.g, x, axis, 2, 1);
        cop_node parts[3] = {middle, x, end};
        cop_node nodes[4] = {middle, cop_pad(s.g, x, axis, 2, 1), cop_pad(s.g, middle, axis, 0, 3),
                             cop_concat(s.g, parts, 3, axis)};
        compiled_expect(&s, nodes, 4, exact);
    }
    cop_node many[9];
    for (int i = 0; i < 9; i++)
        many[i] = cop_slice(s.g, x, 3, i % 7, 1);
    compiled_expect_one(&s, cop_concat(s.g, many, 9, 3), exact);
    scene_close(&s);
}

static void gather_and_scatter_agree_with_the_oracle(void **state)
{
    (void)state;
    scene s = scene_open(2);
    const double order[6] = {3, 0, 3, 3, 1, 0};
    cop_node index = scene_input(&s, cop_shape1(6), order);
    cop_node x = scene_draw(&s, cop_shape4(4, 3, 20, 30), FILL_PLAIN);
    cop_node rows = scene_draw(&s, cop_shape4(6, 3, 20, 30), FILL_PLAIN);
    cop_node line = scene_draw(&s, cop_shape1(4), FILL_PLAIN);
    cop_node nodes[3] = {cop_gather(s.g, x, index), cop_scatter_add(s.g, rows, index, 5),
                         cop_gather(s.g, line, index)};
    compiled_expect(&s, nodes, 3, close_enough);
    scene_close(&s);
}

static void an_index_that_is_none_fails(void **state)
{
    (void)state;
    static const double bad[] = {4.0, -1.0, 0.5, NAN, INFINITY, 1e30};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        for (int scatter = 0; scatter < 2; scatter++) {
            scene s = scene_open(3);
            const double values[2] = {1.0, bad[i]};
            cop_node index = scene_input(&s, cop_shape1(2), values);
            cop_node x = scene_draw(&s, cop_shape2(scatter ? 2 : 4, 3), FILL_PLAIN);
            cop_node y = scatter ? cop_scatter_add(s.g, x, index, 4) : cop_gather(s.g, x, index);
            float *inputs[SCENE_INPUTS];
            cop_program *p = compiled_open(&s, &y, 1, 1, inputs);
            cop_error err = {0};
            assert_refused(cop_program_run(p, &err), COP_FAILED, &err, "index[1]");
            inputs[0][1] = 3.0f;
            assert_ok(cop_program_run(p, &err), &err);
            compiled_close(&s, p, inputs);
            scene_close(&s);
        }
}

static void expect_pools(cop_shape shape, cop_window window, uint64_t seed)
{
    scene s = scene_open(seed);
    cop_node x = scene_draw(&s, shape, FILL_DISTINCT);
    cop_node t = scene_draw(&s, shape, FILL_PLAIN);
    cop_node y = cop_avg_pool(s.g, x, window);
    cop_node gy = scene_draw(&s, cop_node_shape(s.g, y), FILL_PLAIN);
    cop_node nodes[5] = {y, cop_avg_pool_adjoint(s.g, gy, window, shape.dim[2], shape.dim[3]),
                         cop_max_pool(s.g, x, window), cop_max_pool_take(s.g, x, t, window),
                         cop_max_pool_put(s.g, x, gy, window)};
    compiled_expect(&s, nodes, 5, close_enough);
    scene_close(&s);
}

static void pooling_agrees_with_the_oracle(void **state)
{
    (void)state;
    const cop_shape shapes[] = {cop_shape4(2, 3, 8, 8), cop_shape4(1, 17, 9, 7),
                                cop_shape4(3, 20, 13, 14)};
    const cop_window windows[] = {cop_window_square(2, 2, 0), cop_window_square(3, 2, 1),
                                  cop_window_square(3, 1, 1), cop_window_square(1, 1, 0),
                                  {2, 3, 1, 2, 0, 1},         {7, 7, 7, 7, 0, 0}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        for (size_t k = 0; k < sizeof windows / sizeof windows[0]; k++)
            expect_pools(shapes[i], windows[k], 10 * i + k);
}

/* Equal values: the first in row order wins, and a NaN wins over numbers. */
static void the_first_in_row_order_wins_a_tie(void **state)
{
    (void)state;
    scene s = scene_open(4);
    const double values[8] = {1, 1, -1, -1, 0, NAN, 5, 2};
    cop_node x = scene_input(&s, cop_shape4(2, 1, 2, 2), values);
    const double cotangent[2] = {3, 4};
    cop_node gy = scene_input(&s, cop_shape4(2, 1, 1, 1), cotangent);
    cop_node put = cop_max_pool_put(s.g, x, gy, cop_window_square(2, 2, 0));
    compiled_expect_one(&s, put, exact);
    float *inputs[SCENE_INPUTS];
    cop_program *p = compiled_open(&s, &put, 1, 1, inputs);
    cop_error err = {0};
    assert_ok(cop_program_run(p, &err), &err);
    assert_true(cop_program_output(p, 0)[0] == 3.0f && cop_program_output(p, 0)[5] == 4.0f);
    compiled_close(&s, p, inputs);
    scene_close(&s);
}

static void resizing_agrees_with_the_oracle(void **state)
{
    (void)state;
    static const int64_t sizes[][4] = {{5, 7, 10, 14},   {8, 8, 5, 3}, {1, 4, 3, 9},
                                       {32, 32, 16, 16}, {6, 6, 6, 6}, {9, 4, 1, 1}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const int64_t *d = sizes[i];
        scene s = scene_open(i + 5);
        cop_node x = scene_draw(&s, cop_shape4(2, 3, d[0], d[1]), FILL_PLAIN);
        cop_node gy = scene_draw(&s, cop_shape4(2, 3, d[2], d[3]), FILL_PLAIN);
        cop_node nodes[2] = {cop_resize_bilinear(s.g, x, d[2], d[3]),
                             cop_resize_bilinear_adjoint(s.g, gy, d[0], d[1])};
        compiled_expect(&s, nodes, 2, close_enough);
        scene_close(&s);
    }
}

static void affine_sampling_agrees_with_the_oracle(void **state)
{
    (void)state;
    const cop_shape shapes[] = {cop_shape4(3, 3, 8, 8), cop_shape4(3, 1, 7, 11),
                                cop_shape4(3, 5, 32, 32)};
    static const double theta[18] = {1,   0,   0,    0,    1,   0,    /* identity */
                                     0.9, 0.2, -0.1, -0.3, 1.1, 0.25, /* turned and moved */
                                     3,   0,   5,    0,    3,   0};   /* all outside */
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        scene s = scene_open(i + 20);
        cop_node t = scene_input(&s, cop_shape3(3, 2, 3), theta);
        cop_node x = scene_draw(&s, shapes[i], FILL_PLAIN);
        cop_node nodes[2] = {cop_affine_sample(s.g, x, t), cop_affine_sample_adjoint(s.g, x, t)};
        compiled_expect(&s, nodes, 2, close_enough);
        scene_close(&s);
    }
}

static void shifts_flips_and_boxes_agree_with_the_oracle(void **state)
{
    (void)state;
    static const double offset[10] = {0, 0, 2, -1, -3, 4, 100, 0, 0, -9};
    static const double flag[5] = {0, 1, 0, 0.5, -1};
    static const double box[20] = {0, 0, 0, 0, 1,   2,   4, 5, -3, -3,
                                   2, 2, 3, 3, 100, 100, 4, 1, 2,  6};
    scene s = scene_open(30);
    cop_node x = scene_draw(&s, cop_shape4(5, 3, 7, 9), FILL_PLAIN);
    cop_node o = scene_input(&s, cop_shape2(5, 2), offset);
    cop_node f = scene_input(&s, cop_shape1(5), flag);
    cop_node b = scene_input(&s, cop_shape2(5, 4), box);
    cop_node mask = cop_box_mask(s.g, b, 7, 9);
    cop_node nodes[4] = {cop_shift(s.g, x, o), cop_flip(s.g, x, f), mask, cop_mul(s.g, x, mask)};
    compiled_expect(&s, nodes, 4, exact);
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_pads_and_concats_agree_with_the_oracle),
        cmocka_unit_test(gather_and_scatter_agree_with_the_oracle),
        cmocka_unit_test(an_index_that_is_none_fails),
        cmocka_unit_test(pooling_agrees_with_the_oracle),
        cmocka_unit_test(the_first_in_row_order_wins_a_tie),
        cmocka_unit_test(resizing_agrees_with_the_oracle),
        cmocka_unit_test(affine_sampling_agrees_with_the_oracle),
        cmocka_unit_test(shifts_flips_and_boxes_agree_with_the_oracle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
