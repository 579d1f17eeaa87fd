/* The oracle's resampling and augmentation against cases whose answer is plain. */
#include "scene.h"

#include <math.h>
#include <stdlib.h>

/* 1 + i + 10·j at (i, j): linear, so bilinear interpolation reproduces it between the centres. */
static cop_node ramp(scene *s, int64_t height, int64_t width)
{
    double values[64];
    for (int64_t i = 0; i < height; i++)
        for (int64_t j = 0; j < width; j++)
            values[i * width + j] = 1.0 + (double)i + 10.0 * (double)j;
    return scene_input(s, cop_shape4(1, 1, height, width), values);
}

static double clamp(double value, double low, double high)
{
    return fmin(fmax(value, low), high);
}

static void a_resized_ramp_stays_a_ramp(void **state)
{
    (void)state;
    static const int64_t sizes[][4] = {{2, 3, 4, 6}, {4, 5, 2, 2}, {3, 3, 3, 3},
                                       {4, 4, 7, 3}, {5, 2, 1, 5}, {1, 1, 3, 2}};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        const int64_t *z = sizes[k];
        scene s = scene_open(1);
        double wanted[64];
        for (int64_t i = 0; i < z[2]; i++)
            for (int64_t j = 0; j < z[3]; j++) {
                double row = ((double)i + 0.5) * (double)z[0] / (double)z[2] - 0.5;
                double column = ((double)j + 0.5) * (double)z[1] / (double)z[3] - 0.5;
                wanted[i * z[3] + j] = 1.0 + clamp(row, 0.0, (double)z[0] - 1.0) +
                                       10.0 * clamp(column, 0.0, (double)z[1] - 1.0);
            }
        scene_expect(&s, cop_resize_bilinear(s.g, ramp(&s, z[0], z[1]), z[2], z[3]),
                     cop_shape4(1, 1, z[2], z[3]), wanted);
        scene_close(&s);
    }
}

/* Downwards two neighbours are read and the rest is skipped: there is no antialiasing. */
static void resizing_reads_two_neighbours(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x = scene_input(&s, cop_shape4(1, 1, 1, 5), (const double[]){0, 8, 100, 4, 0});
    scene_expect(&s, cop_resize_bilinear(s.g, x, 1, 2), cop_shape4(1, 1, 1, 2),
                 (const double[]){0.25 * 0 + 0.75 * 8, 0.75 * 4 + 0.25 * 0});
    cop_node y = scene_input(&s, cop_shape4(1, 1, 1, 2), (const double[]){0, 8});
    scene_expect(&s, cop_resize_bilinear(s.g, y, 1, 4), cop_shape4(1, 1, 1, 4),
                 (const double[]){0, 2, 6, 8});
    scene_close(&s);
}

static void the_gradient_of_resizing_is_its_adjoint(void **state)
{
    (void)state;
    static const int64_t sizes[][2] = {{8, 8}, {2, 3}, {5, 4}, {3, 9}};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        scene s = scene_open(k);
        cop_node x = scene_draw(&s, cop_shape4(2, 2, 4, 5), FILL_PLAIN);
        cop_node gy = scene_draw(&s, cop_shape4(2, 2, sizes[k][0], sizes[k][1]), FILL_PLAIN);
        scene_expect_adjoint(&s, x, cop_resize_bilinear(s.g, x, sizes[k][0], sizes[k][1]), gy,
                             cop_resize_bilinear_adjoint(s.g, gy, 4, 5));
        scene_close(&s);
    }
}

static const struct affine_case {
    const char *name;
    double theta[6];
    double wanted[9]; /* of 1 2 3 / 4 5 6 / 7 8 9 */
} affine_cases[] = {
    {"identity", {1, 0, 0, 0, 1, 0}, {1, 2, 3, 4, 5, 6, 7, 8, 9}},
    {"flip left to right", {-1, 0, 0, 0, 1, 0}, {3, 2, 1, 6, 5, 4, 9, 8, 7}},
    {"flip upside down", {1, 0, 0, 0, -1, 0}, {7, 8, 9, 4, 5, 6, 1, 2, 3}},
    {"one pixel from the right", {1, 0, 2.0 / 3, 0, 1, 0}, {2, 3, 0, 5, 6, 0, 8, 9, 0}},
    {"one pixel from above", {1, 0, 0, 0, 1, -2.0 / 3}, {0, 0, 0, 1, 2, 3, 4, 5, 6}},
    {"half a pixel", {1, 0, 1.0 / 3, 0, 1, 0}, {1.5, 2.5, 1.5, 4.5, 5.5, 3, 7.5, 8.5, 4.5}},
    {"quarter turn", {0, -1, 0, 1, 0, 0}, {3, 6, 9, 2, 5, 8, 1, 4, 7}},
    {"half the scale", {0.5, 0, 0, 0, 0.5, 0}, {3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7}},
    {"far outside", {1, 0, 50, 0, 1, 0}, {0}},
    {"not finite", {NAN, 0, 0, 0, INFINITY, 0}, {0}},
};

static void affine_sampling_moves_as_theta_says(void **state)
{
    (void)state;
    const double image[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    for (size_t k = 0; k < sizeof affine_cases / sizeof *affine_cases; k++) {
        scene s = scene_open(1);
        cop_node x = scene_input(&s, cop_shape4(1, 1, 3, 3), image);
        cop_node theta = scene_input(&s, cop_shape3(1, 2, 3), affine_cases[k].theta);
        double *got = scene_result(&s, cop_affine_sample(s.g, x, theta));
        assert_close_f64(affine_cases[k].name, got, affine_cases[k].wanted, 9, 1e-12);
        free(got);
        scene_close(&s);
    }
}

/* Not square, two samples with a theta each: x is scaled by the width, y by the height. */
static void each_sample_has_its_own_theta(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x = scene_input(&s, cop_shape4(2, 1, 1, 4), (const double[]){1, 2, 3, 4, 5, 6, 7, 8});
    cop_node theta = scene_input(&s, cop_shape3(2, 2, 3),
                                 (const double[]){1, 0, 0.5, 0, 1, 0, -1, 0, 0, 0, 1, 1});
    /* half a row down leaves half of every value */
    scene_expect(&s, cop_affine_sample(s.g, x, theta), cop_shape4(2, 1, 1, 4),
                 (const double[]){2, 3, 4, 0, 4, 3.5, 3, 2.5});
    scene_close(&s);
}

static void the_gradient_of_affine_sampling_is_its_adjoint(void **state)
{
    (void)state;
    scene s = scene_open(3);
    cop_shape shape = cop_shape4(2, 2, 4, 5);
    cop_node x = scene_draw(&s, shape, FILL_PLAIN);
    cop_node gy = scene_draw(&s, shape, FILL_PLAIN);
    cop_node theta = scene_draw(&s, cop_shape3(2, 2, 3), FILL_PLAIN);
    scene_expect_adjoint(&s, x, cop_affine_sample(s.g, x, theta), gy,
                         cop_affine_sample_adjoint(s.g, gy, theta));
    scene_close(&s);
}

static void a_shift_moves_by_whole_pixels(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x = scene_input(&s, cop_shape4(2, 1, 2, 3),
                             (const double[]){1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
    cop_node offset = scene_input(&s, cop_shape2(2, 2), (const double[]){1, -1, 0, 2});
    scene_expect(&s, cop_shift(s.g, x, offset), cop_shape4(2, 1, 2, 3),
                 (const double[]){0, 4, 5, 0, 0, 0, 9, 0, 0, 12, 0, 0});
    cop_node gy = scene_draw(&s, cop_shape4(2, 1, 2, 3), FILL_PLAIN);
    scene_expect_adjoint(&s, x, cop_shift(s.g, x, offset), gy,
                         cop_shift(s.g, gy, cop_neg(s.g, offset)));
    scene_close(&s);
}

static void a_shift_wants_whole_offsets(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x = scene_draw(&s, cop_shape4(2, 1, 2, 2), FILL_PLAIN);
    cop_node offset = scene_input(&s, cop_shape2(2, 2), (const double[]){0, 1e300, 0, 0.5});
    cop_error err = {0};
    assert_refused(scene_try(&s, cop_shift(s.g, x, offset), &err), COP_FAILED, &err,
                   "offset 0.5 of sample 1 is not whole");
    scene_close(&s);
}

static void a_flip_mirrors_the_flagged_images(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x = scene_input(&s, cop_shape4(2, 1, 1, 3), (const double[]){1, 2, 3, 4, 5, 6});
    cop_node flag = scene_input(&s, cop_shape1(2), (const double[]){0, 1});
    scene_expect(&s, cop_flip(s.g, x, flag), cop_shape4(2, 1, 1, 3),
                 (const double[]){1, 2, 3, 6, 5, 4});
    scene_close(&s);
}

static void a_box_mask_is_zero_in_its_box(void **state)
{
    (void)state;
    scene s = scene_open(1);
    /* inside; clipped on two sides; empty */
    cop_node box =
        scene_input(&s, cop_shape2(3, 4), (const double[]){0, 1, 1, 3, 1, -5, 9, 1, 1, 2, 1, 2});
    scene_expect(&s, cop_box_mask(s.g, box, 2, 3), cop_shape4(3, 1, 2, 3),
                 (const double[]){1, 0, 0, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1});
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_resized_ramp_stays_a_ramp),
        cmocka_unit_test(resizing_reads_two_neighbours),
        cmocka_unit_test(the_gradient_of_resizing_is_its_adjoint),
        cmocka_unit_test(affine_sampling_moves_as_theta_says),
        cmocka_unit_test(each_sample_has_its_own_theta),
        cmocka_unit_test(the_gradient_of_affine_sampling_is_its_adjoint),
        cmocka_unit_test(a_shift_moves_by_whole_pixels),
        cmocka_unit_test(a_shift_wants_whole_offsets),
        cmocka_unit_test(a_flip_mirrors_the_flagged_images),
        cmocka_unit_test(a_box_mask_is_zero_in_its_box),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
