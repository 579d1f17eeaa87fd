/* The oracle's matrix product and convolutions against sums written in another way: the image is
 * padded with zeros first, and an output element is one dot product of two copied vectors. */
#include "scene.h"

#include <stdlib.h>
#include <string.h>

static void matmul_multiplies_transposed_operands(void **state)
{
    (void)state;
    const double a[6] = {1, 2, 3, 4, 5, 6};       /* [2, 3] */
    const double at[6] = {1, 4, 2, 5, 3, 6};      /* its transpose */
    const double b[6] = {7, 8, 9, 10, 11, 12};    /* [3, 2] */
    const double bt[6] = {7, 9, 11, 8, 10, 12};   /* its transpose */
    const double product[4] = {58, 64, 139, 154}; /* by hand */
    for (int mode = 0; mode < 4; mode++) {
        bool ta = (mode & 1) != 0, tb = (mode & 2) != 0;
        scene s = scene_open(1);
        cop_node x =
            ta ? scene_input(&s, cop_shape2(3, 2), at) : scene_input(&s, cop_shape2(2, 3), a);
        cop_node y =
            tb ? scene_input(&s, cop_shape2(2, 3), bt) : scene_input(&s, cop_shape2(3, 2), b);
        scene_expect(&s, cop_matmul(s.g, x, ta, y, tb), cop_shape2(2, 2), product);
        scene_close(&s);
    }
}

static void convolution_agrees_with_a_sum_by_hand(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x = scene_input(&s, cop_shape4(1, 1, 2, 3), (const double[]){1, 2, 3, 4, 5, 6});
    cop_node w = scene_input(&s, cop_shape4(1, 1, 2, 2), (const double[]){1, 10, 100, 1000});
    /* cross-correlation: the weight is not flipped */
    scene_expect(&s, cop_conv2d(s.g, x, w, cop_window_square(2, 1, 0)), cop_shape4(1, 1, 1, 2),
                 (const double[]){1 + 20 + 400 + 5000, 2 + 30 + 500 + 6000});
    scene_close(&s);
}

static const struct conv_case {
    int64_t n, c, h, w, o; /* batch, channels in, image, channels out */
    cop_window window;
} conv_cases[] = {
    {2, 3, 5, 6, 2, {3, 3, 1, 1, 1, 1}}, /* the common one */
    {2, 2, 7, 6, 3, {3, 3, 2, 2, 1, 1}}, /* stride, with a row and a column left over */
    {1, 2, 6, 7, 2, {1, 1, 2, 2, 0, 0}}, /* a residual block's shortcut */
    {2, 1, 5, 4, 2, {3, 2, 1, 2, 2, 0}}, /* nothing square */
    {1, 2, 3, 3, 2, {3, 3, 1, 1, 0, 0}}, /* one output element */
    {1, 1, 4, 4, 1, {2, 2, 3, 3, 0, 0}}, /* windows with gaps */
};

static double dot(const double *a, const double *b, int64_t count)
{
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

static double *pad_image(const struct conv_case *k, const double *x, int64_t height, int64_t width)
{
    double *padded = calloc((size_t)(k->n * k->c * height * width), sizeof *padded);
    assert_non_null(padded);
    for (int64_t plane = 0; plane < k->n * k->c; plane++)
        for (int64_t i = 0; i < k->h; i++)
            memcpy(padded + (plane * height + i + k->window.pad_h) * width + k->window.pad_w,
                   x + (plane * k->h + i) * k->w, (size_t)k->w * sizeof *x);
    return padded;
}

/* The convolution of a case, in new memory; the output's shape in *shape. */
static double *direct_conv(const struct conv_case *k, const double *x, const double *w,
                           cop_shape *shape)
{
    cop_window v = k->window;
    int64_t height = k->h + 2 * v.pad_h, width = k->w + 2 * v.pad_w;
    *shape = cop_shape4(k->n, k->o, (height - v.size_h) / v.stride_h + 1,
                        (width - v.size_w) / v.stride_w + 1);
    double *padded = pad_image(k, x, height, width);
    int64_t taps = k->c * v.size_h * v.size_w;
    double *patch = calloc((size_t)taps, sizeof *patch);
    double *y = calloc((size_t)cop_shape_count(*shape), sizeof *y);
    assert_non_null(patch);
    assert_non_null(y);
    double *next = y;
    for (int64_t n = 0; n < k->n; n++)
        for (int64_t o = 0; o < k->o; o++)
            for (int64_t top = 0; top + v.size_h <= height; top += v.stride_h)
                for (int64_t left = 0; left + v.size_w <= width; left += v.stride_w) {
                    double *p = patch;
                    for (int64_t c = 0; c < k->c; c++)
                        for (int64_t i = top; i < top + v.size_h; i++, p += v.size_w)
                            memcpy(p, padded + ((n * k->c + c) * height + i) * width + left,
                                   (size_t)v.size_w * sizeof *p);
                    *next++ = dot(patch, w + o * taps, taps);
                }
    assert_int_equal(next - y, cop_shape_count(*shape));
    free(padded);
    free(patch);
    return y;
}

static void both_gradients_are_adjoints_of_convolution(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof conv_cases / sizeof *conv_cases; i++) {
        const struct conv_case *k = &conv_cases[i];
        scene s = scene_open(i);
        cop_node x = scene_draw(&s, cop_shape4(k->n, k->c, k->h, k->w), FILL_PLAIN);
        cop_node w =
            scene_draw(&s, cop_shape4(k->o, k->c, k->window.size_h, k->window.size_w), FILL_PLAIN);
        cop_node y = cop_conv2d(s.g, x, w, k->window);
        cop_shape shape;
        double *wanted = direct_conv(k, scene_value(&s, x), scene_value(&s, w), &shape);
        scene_expect(&s, y, shape, wanted);
        free(wanted);

        cop_node gy = scene_draw(&s, shape, FILL_PLAIN);
        cop_node w2 = scene_draw(&s, cop_node_shape(s.g, w), FILL_PLAIN);
        cop_node x2 = scene_draw(&s, cop_node_shape(s.g, x), FILL_PLAIN);
        scene_expect_adjoint(&s, x, cop_conv2d(s.g, x, w2, k->window), gy,
                             cop_conv2d_data(s.g, gy, w2, k->window, k->h, k->w));
        scene_expect_adjoint(&s, w, cop_conv2d(s.g, x2, w, k->window), gy,
                             cop_conv2d_weights(s.g, x2, gy, k->window));
        scene_close(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matmul_multiplies_transposed_operands),
        cmocka_unit_test(convolution_agrees_with_a_sum_by_hand),
        cmocka_unit_test(both_gradients_are_adjoints_of_convolution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
