/* The oracle's pooling against cases worked by hand. */
#include "scene.h"

#include <math.h>
#include <stdlib.h>

static const double ramp[20] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                11, 12, 13, 14, 15, 16, 17, 18, 19, 20};

static void average_pooling_takes_the_mean_of_each_window(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x = scene_input(&s, cop_shape4(1, 1, 4, 5), ramp);
    /* floor: the fifth column is left over */
    scene_expect(&s, cop_avg_pool(s.g, x, cop_window_square(2, 2, 0)), cop_shape4(1, 1, 2, 2),
                 (const double[]){4, 6, 14, 16});
    cop_node small = scene_input(&s, cop_shape4(1, 1, 2, 2), ramp);
    /* padding counted: each corner window holds one or more of four places */
    scene_expect(&s, cop_avg_pool(s.g, small, cop_window_square(2, 1, 1)), cop_shape4(1, 1, 3, 3),
                 (const double[]){0.25, 0.75, 0.5, 1, 2.5, 1.5, 0.75, 1.75, 1});
    scene_expect(&s, cop_global_avg_pool(s.g, x), cop_shape4(1, 1, 1, 1), (const double[]){10.5});
    scene_close(&s);
}

static const cop_window windows[] = {
    {2, 2, 2, 2, 0, 0}, {3, 3, 2, 2, 1, 1}, {3, 2, 1, 2, 1, 0}, {2, 2, 3, 3, 0, 0}};

static void the_gradient_of_average_pooling_is_its_adjoint(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        scene s = scene_open(i);
        cop_node x = scene_draw(&s, cop_shape4(2, 2, 5, 6), FILL_PLAIN);
        cop_node y = cop_avg_pool(s.g, x, windows[i]);
        cop_node gy = scene_draw(&s, cop_node_shape(s.g, y), FILL_PLAIN);
        scene_expect_adjoint(&s, x, y, gy, cop_avg_pool_adjoint(s.g, gy, windows[i], 5, 6));
        scene_close(&s);
    }
}

static void max_pooling_takes_the_largest_of_each_window(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x = scene_input(&s, cop_shape4(1, 1, 4, 5), ramp);
    scene_expect(&s, cop_max_pool(s.g, x, cop_window_square(2, 2, 0)), cop_shape4(1, 1, 2, 2),
                 (const double[]){7, 9, 17, 19});
    scene_close(&s);
}

static void padding_never_wins(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x = scene_input(&s, cop_shape4(1, 1, 2, 2), (const double[]){-4, -3, -2, -1});
    scene_expect(&s, cop_max_pool(s.g, x, cop_window_square(3, 2, 1)), cop_shape4(1, 1, 1, 1),
                 (const double[]){-1});
    scene_expect(&s, cop_max_pool(s.g, x, cop_window_square(2, 1, 1)), cop_shape4(1, 1, 3, 3),
                 (const double[]){-4, -3, -3, -2, -1, -1, -2, -1, -1});
    scene_close(&s);
}

static void the_first_in_row_order_wins_a_tie(void **state)
{
    (void)state;
    scene s = scene_open(1);
    /* the maximum 7 stands top right and bottom left; the first row's comes first */
    cop_node x = scene_input(&s, cop_shape4(1, 1, 2, 2), (const double[]){1, 7, 7, 2});
    cop_node t = scene_input(&s, cop_shape4(1, 1, 2, 2), (const double[]){10, 20, 30, 40});
    cop_node gy = scene_input(&s, cop_shape4(1, 1, 1, 1), (const double[]){5});
    cop_window window = cop_window_square(2, 2, 0);
    scene_expect(&s, cop_max_pool_take(s.g, x, t, window), cop_shape4(1, 1, 1, 1),
                 (const double[]){20});
    scene_expect(&s, cop_max_pool_put(s.g, x, gy, window), cop_shape4(1, 1, 2, 2),
                 (const double[]){0, 5, 0, 0});
    scene_close(&s);
}

static void max_pooling_takes_itself_and_has_an_adjoint(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        scene s = scene_open(i);
        cop_node x = scene_draw(&s, cop_shape4(2, 2, 5, 6), FILL_DISTINCT);
        cop_node t = scene_draw(&s, cop_shape4(2, 2, 5, 6), FILL_PLAIN);
        cop_node y = cop_max_pool(s.g, x, windows[i]);
        double *maxima = scene_result(&s, y);
        scene_expect(&s, cop_max_pool_take(s.g, x, x, windows[i]), cop_node_shape(s.g, y), maxima);
        free(maxima);
        cop_node gy = scene_draw(&s, cop_node_shape(s.g, y), FILL_PLAIN);
        scene_expect_adjoint(&s, t, cop_max_pool_take(s.g, x, t, windows[i]), gy,
                             cop_max_pool_put(s.g, x, gy, windows[i]));
        scene_close(&s);
    }
}

static void nan_shows_in_the_maximum(void **state)
{
    (void)state;
    for (int place = 0; place < 4; place++) {
        scene s = scene_open(1);
        double values[4] = {1, 2, 3, 4};
        values[place] = NAN;
        cop_node x = scene_input(&s, cop_shape4(1, 1, 2, 2), values);
        double *got = scene_result(&s, cop_max_pool(s.g, x, cop_window_square(2, 2, 0)));
        assert_true(isnan(got[0]));
        free(got);
        scene_close(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(average_pooling_takes_the_mean_of_each_window),
        cmocka_unit_test(the_gradient_of_average_pooling_is_its_adjoint),
        cmocka_unit_test(max_pooling_takes_the_largest_of_each_window),
        cmocka_unit_test(padding_never_wins),
        cmocka_unit_test(the_first_in_row_order_wins_a_tie),
        cmocka_unit_test(max_pooling_takes_itself_and_has_an_adjoint),
        cmocka_unit_test(nan_shows_in_the_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
