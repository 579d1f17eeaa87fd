/* Which axes permute together, operation by operation, and what fixes them. */
#include "support.h"

#include "graph/axes.h"

/* Two images of six channels, and a weight that keeps as many. */
typedef struct scene {
    cop_graph *g;
    cop_node x, w;
    cop_axes *axes;
} scene;

static scene open_scene(void)
{
    scene s = {.g = cop_graph_new()};
    assert_non_null(s.g);
    s.x = cop_input(s.g, "x", cop_shape4(2, 6, 4, 4));
    s.w = cop_input(s.g, "w", cop_shape4(6, 6, 3, 3));
    return s;
}

static void derive(scene *s)
{
    cop_error err = {0};
    assert_ok(cop_axes_derive(s->g, &s->axes, &err), &err);
}

static void close_scene(scene *s)
{
    cop_axes_free(s->axes);
    cop_graph_free(s->g);
}

/* 0 where the axis is of no class. */
static int32_t class_of(const scene *s, cop_node node, int32_t axis)
{
    int64_t size = 0, block = 0;
    return cop_axes_class(s->axes, node, axis, &size, &block);
}

static int64_t block_of(const scene *s, cop_node node, int32_t axis)
{
    int64_t size = 0, block = 0;
    assert_true(cop_axes_class(s->axes, node, axis, &size, &block) > 0);
    return block;
}

static cop_node convolve(scene *s, cop_node x)
{
    return cop_conv2d(s->g, x, s->w, cop_window_square(3, 1, 1));
}

static void a_convolution_begins_channels_and_takes_those_that_come(void **state)
{
    (void)state;
    scene s = open_scene();
    cop_node y = cop_max_pool(s.g, cop_relu(s.g, convolve(&s, s.x)), cop_window_square(2, 2, 0));
    derive(&s);
    assert_int_equal(class_of(&s, y, 1), class_of(&s, s.w, 0));
    assert_int_equal(class_of(&s, s.x, 1), class_of(&s, s.w, 1));
    assert_true(class_of(&s, s.w, 0) > 0 && class_of(&s, s.w, 1) > 0);
    assert_int_not_equal(class_of(&s, s.w, 0), class_of(&s, s.w, 1));
    for (int32_t axis = 2; axis < 4; axis++) {
        assert_int_equal(class_of(&s, s.w, axis), 0);
        assert_int_equal(class_of(&s, s.x, axis), 0);
        assert_int_equal(class_of(&s, y, axis), 0);
    }
    cop_axes_fix(s.axes, s.x);
    assert_int_equal(class_of(&s, s.w, 1), 0);
    assert_true(class_of(&s, s.w, 0) > 0);
    close_scene(&s);
}

static void a_sum_of_two_makes_their_channels_one(void **state)
{
    (void)state;
    scene s = open_scene();
    cop_node y = cop_add(s.g, s.x, convolve(&s, s.x));
    derive(&s);
    assert_int_equal(class_of(&s, y, 1), class_of(&s, s.w, 0));
    assert_int_equal(class_of(&s, s.w, 1), class_of(&s, s.w, 0));
    cop_axes_fix(s.axes, y); /* of one end of a residual stream, and so of the other */
    assert_int_equal(class_of(&s, s.x, 1), 0);
    assert_int_equal(class_of(&s, s.w, 1), 0);
    close_scene(&s);
}

static void what_is_permuted_alike_everywhere_joins_nothing(void **state)
{
    (void)state;
    scene s = open_scene();
    cop_node half = cop_constant(s.g, cop_shape4(2, 6, 4, 4), 0.5);
    cop_node mean = cop_mean(s.g, s.x, COP_AXIS(1));
    cop_node y = cop_sub(s.g, cop_mul(s.g, s.x, half), mean);
    derive(&s);
    assert_true(class_of(&s, s.x, 1) > 0);
    assert_int_equal(class_of(&s, y, 1), class_of(&s, s.x, 1));
    assert_int_equal(class_of(&s, mean, 1), 0);
    close_scene(&s);
}

static void behind_a_flatten_channels_are_blocks(void **state)
{
    (void)state;
    scene s = open_scene();
    cop_node v = cop_input(s.g, "v", cop_shape2(3, 96));
    cop_node flat = cop_flatten(s.g, s.x);
    cop_node y = cop_matmul(s.g, flat, false, v, true);
    cop_node scale = cop_input(s.g, "scale", cop_shape1(96));
    cop_node scaled = cop_mul(s.g, flat, cop_reshape(s.g, scale, cop_shape2(1, 96)));
    cop_node back = cop_reshape(s.g, scaled, cop_shape4(2, 6, 4, 4));
    derive(&s);
    assert_int_equal(class_of(&s, v, 1), class_of(&s, s.x, 1));
    assert_int_equal(class_of(&s, scale, 0), class_of(&s, s.x, 1));
    assert_int_equal(block_of(&s, v, 1), 16);
    assert_int_equal(block_of(&s, scale, 0), 16);
    assert_int_equal(class_of(&s, back, 1), class_of(&s, s.x, 1));
    assert_int_equal(block_of(&s, back, 1), 1);
    assert_int_equal(class_of(&s, s.x, 2), 0);
    assert_int_equal(class_of(&s, y, 1), class_of(&s, v, 0));
    close_scene(&s);
}

/* A weight whose axis was seen first, and alone, learns that it is one of blocks. */
static void blocks_reach_what_was_there_before(void **state)
{
    (void)state;
    scene s = open_scene();
    cop_node a = cop_input(s.g, "a", cop_shape2(5, 96)), b = cop_input(s.g, "b", cop_shape2(96, 7));
    cop_node hidden = cop_matmul(s.g, a, false, b, false);
    cop_node sum = cop_add(s.g, cop_reshape(s.g, cop_mean(s.g, a, COP_AXIS(0)), cop_shape2(1, 96)),
                           cop_flatten(s.g, s.x));
    derive(&s);
    assert_int_equal(class_of(&s, b, 0), class_of(&s, s.x, 1));
    assert_int_equal(block_of(&s, b, 0), 16);
    assert_int_equal(block_of(&s, a, 1), 16);
    assert_int_equal(block_of(&s, s.x, 1), 1);
    assert_true(class_of(&s, hidden, 1) > 0 && class_of(&s, sum, 1) > 0);
    close_scene(&s);
}

static void layer_norm_passes_channels_and_group_norm_does_not(void **state)
{
    (void)state;
    static const int64_t groups[] = {1, 2, 3, 6};
    for (int i = 0; i < 4; i++) {
        scene s = open_scene();
        int64_t n = groups[i];
        cop_node grouped = cop_reshape(s.g, s.x, cop_shape4(2, n, 6 / n * 4, 4));
        cop_node hat = cop_normalize(s.g, grouped, COP_NORM_OVER_IMAGE, 1e-5);
        cop_node y = cop_reshape(s.g, hat, cop_shape4(2, 6, 4, 4));
        bool passes = n == 1 || n == 6;
        derive(&s);
        assert_int_equal(class_of(&s, s.x, 1) > 0, passes);
        assert_int_equal(class_of(&s, y, 1), class_of(&s, s.x, 1));
        close_scene(&s);
    }
}

static void what_tells_channels_apart_fixes_them(void **state)
{
    (void)state;
    for (int way = 0; way < 5; way++) {
        scene s = open_scene();
        cop_node x = s.x, y = COP_NO_NODE;
        if (way == 0)
            y = cop_slice(s.g, x, 1, 2, 3);
        else if (way == 1)
            y = cop_pad(s.g, x, 1, 0, 2);
        else if (way == 2)
            y = cop_concat(s.g, (cop_node[]){x, convolve(&s, x)}, 2, 1);
        else if (way == 3)
            y = cop_reshape(s.g, x, cop_shape4(2, 3, 8, 4));
        else
            y = cop_resize_bilinear(s.g, x, 8, 8); /* an operation that is not looked into */
        assert_int_not_equal(y, COP_NO_NODE);
        derive(&s);
        assert_int_equal(class_of(&s, x, 1), 0);
        assert_int_equal(class_of(&s, y, 1), 0);
        close_scene(&s);
    }
    scene s = open_scene();
    cop_node y = cop_pad_images(s.g, convolve(&s, s.x), 3); /* leaves channels alone */
    derive(&s);
    assert_int_equal(class_of(&s, y, 1), class_of(&s, s.w, 0));
    assert_true(class_of(&s, y, 1) > 0);
    close_scene(&s);
}

static void a_graph_that_failed_has_no_axes(void **state)
{
    (void)state;
    scene s = open_scene();
    cop_error err = {0};
    (void)cop_graph_refuse(s.g, "no such thing");
    assert_refused(cop_axes_derive(s.g, &s.axes, &err), COP_INVALID, &err, "no such thing");
    assert_null(s.axes);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_convolution_begins_channels_and_takes_those_that_come),
        cmocka_unit_test(a_sum_of_two_makes_their_channels_one),
        cmocka_unit_test(what_is_permuted_alike_everywhere_joins_nothing),
        cmocka_unit_test(behind_a_flatten_channels_are_blocks),
        cmocka_unit_test(blocks_reach_what_was_there_before),
        cmocka_unit_test(layer_norm_passes_channels_and_group_norm_does_not),
        cmocka_unit_test(what_tells_channels_apart_fixes_them),
        cmocka_unit_test(a_graph_that_failed_has_no_axes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
