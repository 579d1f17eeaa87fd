/* Compiled convolutions and matrix products against the oracle. Tolerance: 2e-5 of 1 + |value|,
 * for sums of up to a few thousand products of numbers below 1. */
#include "compiled.h"

#include "exec/program/program.h"

static const double close_enough = 2e-5;

typedef struct conv_case {
    cop_shape x;
    int64_t filters;
    cop_window window;
} conv_case;

static cop_shape weight_shape(const conv_case *c)
{
    return cop_shape4(c->filters, c->x.dim[1], c->window.size_h, c->window.size_w);
}

static void expect_conv(const conv_case *c, uint64_t seed)
{
    scene s = scene_open(seed);
    cop_node x = scene_draw(&s, c->x, FILL_PLAIN);
    cop_node w = scene_draw(&s, weight_shape(c), FILL_PLAIN);
    cop_node y = cop_conv2d(s.g, x, w, c->window);
    cop_node gy = scene_draw(&s, cop_node_shape(s.g, y), FILL_PLAIN);
    cop_node nodes[3] = {y, cop_conv2d_data(s.g, gy, w, c->window, c->x.dim[2], c->x.dim[3]),
                         cop_conv2d_weights(s.g, x, gy, c->window)};
    for (int i = 0; i < 3; i++)
        compiled_expect_one(&s, nodes[i], close_enough);
    compiled_expect(&s, nodes, 3, close_enough);
    scene_close(&s);
}

static void convolutions_agree_with_the_oracle(void **state)
{
    (void)state;
    const conv_case cases[] = {
        {cop_shape4(2, 3, 8, 8), 16, cop_window_square(3, 1, 1)},
        {cop_shape4(2, 16, 9, 7), 32, cop_window_square(3, 1, 1)},
        {cop_shape4(1, 32, 8, 8), 16, cop_window_square(3, 2, 1)},
        {cop_shape4(3, 5, 7, 9), 7, cop_window_square(3, 1, 1)}, /* channels fill no block */
        {cop_shape4(2, 17, 6, 6), 19, cop_window_square(1, 1, 0)},
        {cop_shape4(2, 16, 7, 7), 32, cop_window_square(1, 2, 0)}, /* shortcut: last row unused */
        {cop_shape4(2, 16, 8, 8), 32, cop_window_square(1, 2, 0)}, /* last row and column unused */
        {cop_shape4(2, 3, 10, 10), 8, cop_window_square(3, 2, 0)}, /* border unused */
        {cop_shape4(2, 16, 12, 11), 16, cop_window_square(4, 3, 0)},
        {cop_shape4(2, 1, 9, 9), 6, cop_window_square(7, 1, 3)}, /* one channel, padding 3 */
        {cop_shape4(1, 1, 5, 5), 1, cop_window_square(3, 1, 1)},
        {cop_shape4(1, 4, 6, 8), 5, {3, 5, 1, 2, 1, 2}}, /* not square */
        {cop_shape4(2, 16, 6, 9), 16, {2, 3, 2, 1, 0, 1}},
        {cop_shape4(1, 20, 4, 4), 10, {4, 4, 1, 1, 0, 0}}, /* the whole image */
        {cop_shape4(5, 64, 3, 3), 33, cop_window_square(3, 1, 1)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_conv(&cases[i], i + 1);
}

static int winograd_count(const cop_program *p)
{
    int count = 0;
    for (int32_t i = 0; i < p->instruction_count; i++)
        count += p->instructions[i].execute == cop_execute_winograd ? 1 : 0;
    return count;
}

/* Large 3x3 convolutions go by Winograd's algorithm where the kernels are compiled for AVX-512;
 * here with tiles that hang over the right edge. The results' root mean square is 8 to 19. */
static void large_convolutions_are_right(void **state)
{
    (void)state;
    for (int32_t stride = 1; stride <= 2; stride++) {
        scene s = scene_open(31);
        const cop_window window = cop_window_square(3, stride, 1);
        int64_t height = 24 * stride, width = 22 * stride;
        cop_node x = scene_draw(&s, cop_shape4(6, 64, height, width), FILL_PLAIN);
        cop_node w = scene_draw(&s, cop_shape4(64, 64, 3, 3), FILL_PLAIN);
        cop_node y = cop_conv2d(s.g, x, w, window);
        cop_node gy = scene_draw(&s, cop_node_shape(s.g, y), FILL_PLAIN);
        cop_node nodes[3] = {y, cop_conv2d_data(s.g, gy, w, window, height, width),
                             cop_conv2d_weights(s.g, x, gy, window)};
        compiled_expect(&s, nodes, 3, 10 * close_enough);
        float *inputs[SCENE_INPUTS];
        cop_program *p = compiled_open(&s, nodes, 3, 2, inputs);
        if (COPPICE_TEST_NATIVE && __builtin_cpu_supports("avx512f"))
            assert_int_equal(winograd_count(p), 3);
        compiled_close(&s, p, inputs);
        scene_close(&s);
    }
}

/* Few tiles, or few channels at stride 2, are left to the direct sum. */
static void small_convolutions_are_direct(void **state)
{
    (void)state;
    const conv_case small[] = {{cop_shape4(3, 32, 8, 8), 32, cop_window_square(3, 1, 1)},
                               {cop_shape4(8, 32, 32, 32), 64, cop_window_square(3, 2, 1)}};
    for (int i = 0; i < 2; i++) {
        scene s = scene_open(32);
        cop_node x = scene_draw(&s, small[i].x, FILL_PLAIN);
        cop_node w = scene_draw(&s, weight_shape(&small[i]), FILL_PLAIN);
        cop_node y = cop_conv2d(s.g, x, w, small[i].window);
        float *inputs[SCENE_INPUTS];
        cop_program *p = compiled_open(&s, &y, 1, 2, inputs);
        assert_int_equal(winograd_count(p), 0);
        compiled_close(&s, p, inputs);
        scene_close(&s);
    }
}

/* The gradient by a few channels (pixels) reads what another convolution made as it lies, blocked
 * where channels fill blocks; rows of pixels that are no multiple of the kernel's; any stride. */
static void the_gradient_by_pixels_reads_blocked_tensors(void **state)
{
    (void)state;
    static const int64_t filters[] = {16, 32, 10};
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
        for (int32_t stride = 1; stride <= 2; stride++) {
            scene s = scene_open(70 + i);
            cop_node h = scene_draw(&s, cop_shape4(3, 16, 7, 9), FILL_PLAIN);
            cop_node w = scene_draw(&s, cop_shape4(filters[i], 16, 3, 3), FILL_PLAIN);
            cop_node pixels = scene_draw(&s, cop_shape4(filters[i], 3, 3, 3), FILL_PLAIN);
            cop_node gy = cop_conv2d(s.g, h, w, cop_window_square(3, 1, 1));
            int64_t height = stride == 1 ? 7 : 14, width = stride == 1 ? 9 : 17;
            compiled_expect_one(
                &s,
                cop_conv2d_data(s.g, gy, pixels, cop_window_square(3, stride, 1), height, width),
                10 * close_enough);
            scene_close(&s);
        }
}

/* Two convolutions in a row and their derivatives hand blocked tensors to each other: fewer
 * conversions than three for each convolution. */
static void convolutions_in_a_row_share_layouts(void **state)
{
    (void)state;
    scene s = scene_open(50);
    cop_window window = cop_window_square(3, 1, 1);
    cop_node x = scene_draw(&s, cop_shape4(2, 32, 8, 8), FILL_PLAIN);
    cop_node w1 = scene_draw(&s, cop_shape4(32, 32, 3, 3), FILL_PLAIN);
    cop_node w2 = scene_draw(&s, cop_shape4(32, 32, 3, 3), FILL_PLAIN);
    cop_node gy = scene_draw(&s, cop_shape4(2, 32, 8, 8), FILL_PLAIN);
    cop_node h = cop_conv2d(s.g, x, w1, window);
    cop_node nodes[3] = {
        cop_conv2d(s.g, h, w2, window), cop_conv2d_weights(s.g, h, gy, window),
        cop_conv2d_weights(s.g, x, cop_conv2d_data(s.g, gy, w2, window, 8, 8), window)};
    compiled_expect(&s, nodes, 3, 2e-4);
    float *inputs[SCENE_INPUTS];
    cop_program *p = compiled_open(&s, nodes, 3, 2, inputs);
    assert_true(compiled_cost(p).reorders < 15);
    assert_int_equal(compiled_cost(p).conv_flops, 5 * 2 * 2 * 64 * 32 * 32 * 9);
    compiled_close(&s, p, inputs);
    scene_close(&s);
}

/* A view of a convolution's result, and a convolution of a view. */
static void blocked_tensors_may_be_viewed(void **state)
{
    (void)state;
    scene s = scene_open(51);
    cop_window window = cop_window_square(3, 1, 1);
    cop_node x = scene_draw(&s, cop_shape2(2, 16 * 64), FILL_PLAIN);
    cop_node w = scene_draw(&s, cop_shape4(32, 16, 3, 3), FILL_PLAIN);
    cop_node y = cop_conv2d(s.g, cop_reshape(s.g, x, cop_shape4(2, 16, 8, 8)), w, window);
    cop_node folded = cop_reshape(s.g, y, cop_shape4(4, 16, 8, 8));
    cop_node nodes[3] = {cop_flatten(s.g, y), cop_conv2d(s.g, folded, w, window),
                         cop_detach(s.g, y)};
    compiled_expect(&s, nodes, 3, 2e-4);
    scene_close(&s);
}

/* A constant has no memory until something other than a tile wants it. */
static void a_constant_may_be_convolved(void **state)
{
    (void)state;
    scene s = scene_open(52);
    cop_node x = cop_constant(s.g, cop_shape4(2, 3, 6, 6), 0.5);
    cop_node w = scene_draw(&s, cop_shape4(4, 3, 3, 3), FILL_PLAIN);
    compiled_expect_one(&s, cop_conv2d(s.g, x, w, cop_window_square(3, 1, 1)), close_enough);
    scene_close(&s);
}

static void matmul_agrees_with_the_oracle(void **state)
{
    (void)state;
    static const int64_t sizes[][3] = {{1, 1, 1},     {3, 5, 7},   {1, 300, 10},  {128, 64, 10},
                                       {65, 130, 33}, {200, 1, 3}, {10, 2048, 1}, {128, 2048, 100}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int t = 0; t < 4; t++) {
            int64_t m = sizes[i][0], k = sizes[i][1], n = sizes[i][2];
            bool ta = t % 2 == 1, tb = t / 2 == 1;
            scene s = scene_open(10 * i + (uint64_t)t);
            cop_node a = scene_draw(&s, ta ? cop_shape2(k, m) : cop_shape2(m, k), FILL_PLAIN);
            cop_node b = scene_draw(&s, tb ? cop_shape2(n, k) : cop_shape2(k, n), FILL_PLAIN);
            cop_node y = cop_matmul(s.g, a, ta, b, tb);
            compiled_expect_one(&s, y, close_enough);
            float *inputs[SCENE_INPUTS];
            cop_program *p = compiled_open(&s, &y, 1, 1, inputs);
            assert_int_equal(compiled_cost(p).flops, 2 * m * n * k);
            compiled_close(&s, p, inputs);
            scene_close(&s);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_agree_with_the_oracle),
        cmocka_unit_test(large_convolutions_are_right),
        cmocka_unit_test(small_convolutions_are_direct),
        cmocka_unit_test(the_gradient_by_pixels_reads_blocked_tensors),
        cmocka_unit_test(convolutions_in_a_row_share_layouts),
        cmocka_unit_test(blocked_tensors_may_be_viewed),
        cmocka_unit_test(a_constant_may_be_convolved),
        cmocka_unit_test(matmul_agrees_with_the_oracle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
