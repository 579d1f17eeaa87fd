/* The oracle's operations that move elements, its sums, and what it refuses at run time. */
#include "scene.h"

#include <math.h>
#include <stdlib.h>

static const double one_to_twelve[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static void reshape_keeps_the_order(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node a = scene_input(&s, cop_shape3(2, 3, 2), one_to_twelve);
    scene_expect(&s, cop_reshape(s.g, a, cop_shape2(4, 3)), cop_shape2(4, 3), one_to_twelve);
    scene_expect(&s, cop_flatten(s.g, a), cop_shape2(2, 6), one_to_twelve);
    scene_close(&s);
}

static void broadcast_repeats_along_axes_of_one(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node a = scene_input(&s, cop_shape3(1, 2, 1), one_to_twelve);
    scene_expect(&s, cop_broadcast(s.g, a, cop_shape3(2, 2, 3)), cop_shape3(2, 2, 3),
                 (const double[]){1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2});
    scene_close(&s);
}

static void slice_takes_a_part_of_an_axis(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node a = scene_input(&s, cop_shape2(3, 4), one_to_twelve);
    scene_expect(&s, cop_slice(s.g, a, 0, 1, 2), cop_shape2(2, 4), one_to_twelve + 4);
    scene_expect(&s, cop_slice(s.g, a, 1, 1, 2), cop_shape2(3, 2),
                 (const double[]){2, 3, 6, 7, 10, 11});
    scene_close(&s);
}

static void pad_puts_zeros_around(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node a = scene_input(&s, cop_shape2(2, 2), one_to_twelve);
    scene_expect(&s, cop_pad(s.g, a, 1, 1, 2), cop_shape2(2, 5),
                 (const double[]){0, 1, 2, 0, 0, 0, 3, 4, 0, 0});
    scene_expect(&s, cop_pad(s.g, a, 0, 2, 0), cop_shape2(4, 2),
                 (const double[]){0, 0, 0, 0, 1, 2, 3, 4});
    scene_close(&s);
}

static void concat_joins_along_an_axis(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node a = scene_input(&s, cop_shape2(2, 2), one_to_twelve);
    cop_node b = scene_input(&s, cop_shape2(2, 1), one_to_twelve + 4);
    cop_node c = scene_input(&s, cop_shape2(2, 2), one_to_twelve + 6);
    scene_expect(&s, cop_concat(s.g, (const cop_node[]){a, b, c}, 3, 1), cop_shape2(2, 5),
                 (const double[]){1, 2, 5, 7, 8, 3, 4, 6, 9, 10});
    scene_expect(&s, cop_concat(s.g, (const cop_node[]){c, a}, 2, 0), cop_shape2(4, 2),
                 (const double[]){7, 8, 9, 10, 1, 2, 3, 4});
    scene_close(&s);
}

static void scatter_adds_where_gather_reads(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node a = scene_input(&s, cop_shape3(3, 1, 2), one_to_twelve);
    cop_node index = scene_input(&s, cop_shape1(4), (const double[]){2, 0, 0, 2});
    scene_expect(&s, cop_gather(s.g, a, index), cop_shape3(4, 1, 2),
                 (const double[]){5, 6, 1, 2, 1, 2, 5, 6});
    cop_node rows = scene_input(&s, cop_shape2(4, 2), one_to_twelve);
    scene_expect(&s, cop_scatter_add(s.g, rows, index, 3), cop_shape2(3, 2),
                 (const double[]){3 + 5, 4 + 6, 0, 0, 1 + 7, 2 + 8});
    cop_node gy = scene_draw(&s, cop_shape3(4, 1, 2), FILL_PLAIN);
    scene_expect_adjoint(&s, a, cop_gather(s.g, a, index), gy, cop_scatter_add(s.g, gy, index, 3));
    scene_close(&s);
}

static void an_index_outside_is_refused(void **state)
{
    (void)state;
    static const struct {
        double index;
        const char *message;
    } cases[] = {
        {12.0, "index 12 at position 3 is outside [0, 10)"},
        {10.0, "index 10 at position 3 is outside [0, 10)"},
        {-1.0, "index -1 at position 3 is outside [0, 10)"},
        {NAN, "nan at position 3 is outside [0, 10)"},
        {1.5, "index 1.5 at position 3 is not a whole number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scene s = scene_open(1);
        cop_node a = scene_draw(&s, cop_shape2(10, 2), FILL_PLAIN);
        cop_node b = scene_draw(&s, cop_shape2(4, 2), FILL_PLAIN);
        cop_node index = scene_input(&s, cop_shape1(4), (const double[]){0, 9, 5, cases[i].index});
        cop_error err = {0};
        assert_refused(scene_try(&s, cop_gather(s.g, a, index), &err), COP_FAILED, &err,
                       cases[i].message);
        assert_refused(scene_try(&s, cop_gather(s.g, a, index), &err), COP_FAILED, &err,
                       "gather: ");
        assert_refused(scene_try(&s, cop_scatter_add(s.g, b, index, 10), &err), COP_FAILED, &err,
                       cases[i].message);
        scene_close(&s);
    }
}

static void sums_are_taken_over_the_wanted_axes(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node a = scene_input(&s, cop_shape3(2, 3, 2), one_to_twelve);
    scene_expect(&s, cop_sum(s.g, a, COP_AXIS(1)), cop_shape3(2, 1, 2),
                 (const double[]){9, 12, 27, 30});
    scene_expect(&s, cop_sum(s.g, a, COP_AXIS(0) | COP_AXIS(2)), cop_shape3(1, 3, 1),
                 (const double[]){1 + 2 + 7 + 8, 3 + 4 + 9 + 10, 5 + 6 + 11 + 12});
    scene_expect(&s, cop_mean(s.g, a, COP_AXIS(1)), cop_shape3(2, 1, 2),
                 (const double[]){3, 4, 9, 10});
    scene_expect(&s, cop_mean(s.g, a, COP_ALL_AXES), cop_shape3(1, 1, 1), (const double[]){6.5});
    scene_expect(&s, cop_total(s.g, a), cop_shape0(), (const double[]){78});
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reshape_keeps_the_order),
        cmocka_unit_test(broadcast_repeats_along_axes_of_one),
        cmocka_unit_test(slice_takes_a_part_of_an_axis),
        cmocka_unit_test(pad_puts_zeros_around),
        cmocka_unit_test(concat_joins_along_an_axis),
        cmocka_unit_test(scatter_adds_where_gather_reads),
        cmocka_unit_test(an_index_outside_is_refused),
        cmocka_unit_test(sums_are_taken_over_the_wanted_axes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
