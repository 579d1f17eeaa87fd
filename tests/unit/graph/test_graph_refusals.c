/* What the builders refuse, in which words, and that the first refusal sticks. */
#include "support.h"

#include "graph/node.h"

#include <string.h>

typedef cop_node builder(cop_graph *g);

static cop_node in(cop_graph *g, const char *name, int64_t n, int64_t c, int64_t h, int64_t w)
{
    return cop_input(g, name, cop_shape4(n, c, h, w));
}

static cop_node x(cop_graph *g)
{
    return in(g, "x", 2, 3, 32, 32);
}

static cop_node row(cop_graph *g)
{
    return cop_input(g, "row", cop_shape1(3));
}

static cop_node nameless(cop_graph *g)
{
    return cop_input(g, "", cop_shape0());
}

static cop_node longname(cop_graph *g)
{
    char name[COP_NAME_SIZE + 1];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    return cop_input(g, name, cop_shape0());
}

static cop_node twice(cop_graph *g)
{
    (void)cop_input(g, "w", cop_shape1(3));
    return cop_input(g, "w", cop_shape1(4));
}

static cop_node empty_axis(cop_graph *g)
{
    return cop_input(g, "x", cop_shape3(4, 0, 2));
}

static cop_node bad_rank(cop_graph *g)
{
    return cop_constant(g, (cop_shape){.rank = 5}, 1.0);
}

static cop_node too_large(cop_graph *g)
{
    return cop_input(g, "x", cop_shape2(INT64_C(1) << 31, INT64_C(1) << 31));
}

static cop_node too_large_together(cop_graph *g)
{
    cop_node a = cop_input(g, "a", cop_shape2(INT64_C(1) << 31, 1));
    return cop_add(g, a, cop_input(g, "b", cop_shape2(1, INT64_C(1) << 31)));
}

static cop_node no_operand(cop_graph *g)
{
    return cop_conv2d(g, x(g), COP_NO_NODE, cop_window_square(3, 1, 1));
}

static cop_node operand_of_elsewhere(cop_graph *g)
{
    return cop_relu(g, x(g) + 7);
}

static cop_node negative_operand(cop_graph *g)
{
    return cop_mul(g, x(g), -4);
}

static cop_node ranks_differ(cop_graph *g)
{
    return cop_add(g, x(g), row(g));
}

static cop_node no_broadcast(cop_graph *g)
{
    return cop_mul(g, x(g), in(g, "b", 2, 4, 1, 1));
}

static cop_node unnamed_operand(cop_graph *g)
{
    cop_node a = cop_relu(g, x(g));
    return cop_sub(g, a, row(g));
}

static cop_node labelled_operand(cop_graph *g)
{
    return cop_sub(g, cop_node_label(g, cop_relu(g, x(g)), "block%d.out", 2), row(g));
}

static cop_node reshape_count(cop_graph *g)
{
    return cop_reshape(g, row(g), cop_shape2(2, 2));
}

static cop_node flatten_vector(cop_graph *g)
{
    return cop_flatten(g, row(g));
}

static cop_node broadcast_wrong(cop_graph *g)
{
    return cop_broadcast(g, row(g), cop_shape1(6));
}

static cop_node slice_axis(cop_graph *g)
{
    return cop_slice(g, row(g), 1, 0, 1);
}

static cop_node slice_past_end(cop_graph *g)
{
    return cop_slice(g, row(g), 0, 2, 2);
}

static cop_node slice_nothing(cop_graph *g)
{
    return cop_slice(g, row(g), 0, 1, 0);
}

static cop_node slice_before(cop_graph *g)
{
    return cop_slice(g, row(g), 0, -1, 1);
}

static cop_node slice_overflow(cop_graph *g)
{
    return cop_slice(g, row(g), 0, INT64_MAX, INT64_MAX);
}

static cop_node pad_axis(cop_graph *g)
{
    return cop_pad(g, row(g), -1, 0, 1);
}

static cop_node pad_negative(cop_graph *g)
{
    return cop_pad(g, row(g), 0, -1, 1);
}

static cop_node pad_overflow(cop_graph *g)
{
    return cop_pad(g, row(g), 0, INT64_MAX, 1);
}

static cop_node concat_nothing(cop_graph *g)
{
    return cop_concat(g, NULL, 0, 0);
}

static cop_node concat_axis(cop_graph *g)
{
    cop_node a = row(g);
    return cop_concat(g, &a, 1, 1);
}

static cop_node concat_shapes(cop_graph *g)
{
    cop_node parts[] = {x(g), in(g, "b", 2, 3, 31, 32)};
    return cop_concat(g, parts, 2, 1);
}

static cop_node concat_hole(cop_graph *g)
{
    cop_node parts[] = {x(g), COP_NO_NODE};
    return cop_concat(g, parts, 2, 1);
}

static cop_node gather_by_matrix(cop_graph *g)
{
    return cop_gather(g, x(g), cop_input(g, "i", cop_shape2(2, 2)));
}

static cop_node gather_scalar(cop_graph *g)
{
    return cop_gather(g, cop_input(g, "s", cop_shape0()), row(g));
}

static cop_node scatter_rows(cop_graph *g)
{
    return cop_scatter_add(g, x(g), row(g), 5);
}

static cop_node scatter_none(cop_graph *g)
{
    cop_node a = row(g);
    return cop_scatter_add(g, a, a, 0);
}

static cop_node sum_axis(cop_graph *g)
{
    return cop_sum(g, row(g), COP_AXIS(0) | COP_AXIS(1));
}

static cop_node matmul_rank(cop_graph *g)
{
    return cop_matmul(g, row(g), false, x(g), false);
}

static cop_node matmul_inner(cop_graph *g)
{
    return cop_matmul(g, cop_input(g, "a", cop_shape2(3, 4)), true,
                      cop_input(g, "b", cop_shape2(4, 3)), false);
}

static cop_node conv_channels(cop_graph *g)
{
    return cop_conv2d(g, x(g), in(g, "w", 8, 4, 3, 3), cop_window_square(3, 1, 1));
}

static cop_node conv_rank(cop_graph *g)
{
    return cop_conv2d(g, row(g), in(g, "w", 8, 3, 3, 3), cop_window_square(3, 1, 1));
}

static cop_node conv_window(cop_graph *g)
{
    return cop_conv2d(g, x(g), in(g, "w", 8, 3, 3, 3), cop_window_square(5, 1, 1));
}

static cop_node conv_stride(cop_graph *g)
{
    return cop_conv2d(g, x(g), in(g, "w", 8, 3, 3, 3), cop_window_square(3, 0, 1));
}

static cop_node conv_pad_negative(cop_graph *g)
{
    return cop_conv2d(g, x(g), in(g, "w", 8, 3, 3, 3), cop_window_square(3, 1, -1));
}

static cop_node conv_pad_wide(cop_graph *g)
{
    return cop_conv2d(g, x(g), in(g, "w", 8, 3, 3, 3), cop_window_square(3, 1, 3));
}

static cop_node conv_small_image(cop_graph *g)
{
    return cop_conv2d(g, in(g, "x", 1, 3, 2, 9), in(g, "w", 8, 3, 5, 5),
                      cop_window_square(5, 1, 1));
}

static cop_node data_channels(cop_graph *g)
{
    return cop_conv2d_data(g, x(g), in(g, "w", 8, 3, 3, 3), cop_window_square(3, 1, 1), 32, 32);
}

static cop_node data_size(cop_graph *g)
{
    return cop_conv2d_data(g, in(g, "gy", 2, 8, 16, 16), in(g, "w", 8, 3, 3, 3),
                           cop_window_square(3, 1, 1), 32, 32);
}

static cop_node data_height(cop_graph *g)
{
    return cop_conv2d_data(g, in(g, "gy", 2, 8, 16, 16), in(g, "w", 8, 3, 3, 3),
                           cop_window_square(3, 1, 1), 0, 32);
}

static cop_node weights_samples(cop_graph *g)
{
    return cop_conv2d_weights(g, x(g), in(g, "gy", 3, 8, 32, 32), cop_window_square(3, 1, 1));
}

static cop_node weights_size(cop_graph *g)
{
    return cop_conv2d_weights(g, x(g), in(g, "gy", 2, 8, 30, 32), cop_window_square(3, 1, 1));
}

static cop_node weights_window(cop_graph *g)
{
    return cop_conv2d_weights(g, x(g), in(g, "gy", 2, 8, 32, 32), cop_window_square(0, 1, 0));
}

static cop_node pool_rank(cop_graph *g)
{
    return cop_avg_pool(g, row(g), cop_window_square(2, 2, 0));
}

static cop_node pool_window(cop_graph *g)
{
    return cop_max_pool(g, x(g), cop_window_square(-2, 2, 0));
}

static cop_node pool_small_image(cop_graph *g)
{
    return cop_avg_pool(g, in(g, "x", 1, 3, 1, 1), cop_window_square(2, 2, 0));
}

static cop_node unpool_shape(cop_graph *g)
{
    return cop_avg_pool_adjoint(g, x(g), cop_window_square(2, 2, 0), 32, 32);
}

static cop_node take_shape(cop_graph *g)
{
    return cop_max_pool_take(g, x(g), in(g, "t", 2, 3, 16, 16), cop_window_square(2, 2, 0));
}

static cop_node put_shape(cop_graph *g)
{
    return cop_max_pool_put(g, x(g), in(g, "gy", 2, 3, 32, 32), cop_window_square(2, 2, 0));
}

static cop_node global_pool_rank(cop_graph *g)
{
    return cop_global_avg_pool(g, row(g));
}

static cop_node variance_axes(cop_graph *g)
{
    return cop_variance(g, x(g), (cop_norm_axes)0);
}

static cop_node normalize_rank(cop_graph *g)
{
    return cop_normalize(g, row(g), COP_NORM_OVER_BATCH, 1e-5);
}

static cop_node normalize_epsilon(cop_graph *g)
{
    return cop_normalize(g, x(g), COP_NORM_OVER_BATCH, -1.0);
}

static cop_node jacobian_statistics(cop_graph *g)
{
    cop_node u = x(g);
    return cop_normalize_jacobian(g, u, u, in(g, "r", 1, 3, 1, 1), COP_NORM_OVER_IMAGE);
}

static cop_node softmax_rank(cop_graph *g)
{
    return cop_log_softmax(g, x(g));
}

static cop_node resize_height(cop_graph *g)
{
    return cop_resize_bilinear(g, x(g), 0, 5);
}

static cop_node resize_width(cop_graph *g)
{
    return cop_resize_bilinear_adjoint(g, x(g), 5, -5);
}

static cop_node sample_theta(cop_graph *g)
{
    return cop_affine_sample(g, x(g), cop_input(g, "theta", cop_shape3(2, 3, 3)));
}

static cop_node sample_theta_batch(cop_graph *g)
{
    return cop_affine_sample_adjoint(g, x(g), cop_input(g, "theta", cop_shape3(1, 2, 3)));
}

static cop_node shift_offset(cop_graph *g)
{
    return cop_shift(g, x(g), cop_input(g, "offset", cop_shape2(2, 3)));
}

static cop_node flip_flag(cop_graph *g)
{
    return cop_flip(g, x(g), cop_input(g, "flag", cop_shape2(2, 1)));
}

static cop_node mask_box(cop_graph *g)
{
    return cop_box_mask(g, cop_input(g, "box", cop_shape2(2, 3)), 4, 4);
}

static cop_node mask_height(cop_graph *g)
{
    return cop_box_mask(g, cop_input(g, "box", cop_shape2(2, 4)), 0, 4);
}

static const struct {
    builder *build;
    const char *text;
} refusals[] = {
    {nameless, "input: has no name"},
    {longname, "nnn…\" is longer than 95 bytes"},
    {twice, "input: there are two inputs named \"w\""},
    {empty_axis, "input: shape [4, 0, 2]: axis 1 has no elements"},
    {bad_rank, "constant: rank 5 is not in 0 … 4"},
    {too_large, "input: shape [2147483648, 2147483648] is too large"},
    {too_large_together, "add: a result of shape [2147483648, 2147483648] cannot be held"},
    {no_operand, "conv2d: w is no node"},
    {operand_of_elsewhere, "relu: a is node 8, but the graph has 1 nodes"},
    {negative_operand, "mul: b is node -4, but the graph has 1 nodes"},
    {ranks_differ, "add: a \"x\" [2, 3, 32, 32] and b \"row\" [3] differ in rank"},
    {no_broadcast,
     "mul: a \"x\" [2, 3, 32, 32] and b \"b\" [2, 4, 1, 1] do not broadcast along axis 1"},
    {unnamed_operand, "sub: a relu#2 [2, 3, 32, 32] and b \"row\" [3] differ in rank"},
    {labelled_operand, "sub: a \"block2.out\" [2, 3, 32, 32] and b \"row\" [3] differ in rank"},
    {reshape_count, "reshape: a \"row\" [3] has 3 elements, [2, 2] has 4"},
    {flatten_vector, "flatten: a \"row\" [3] has rank 1, wants at least 2"},
    {broadcast_wrong, "broadcast: a \"row\" [3] cannot be repeated up to [6]"},
    {slice_axis, "slice: a \"row\" [3] has no axis 1"},
    {slice_past_end, "slice: a \"row\" [3] has no 2 elements from 2 along axis 0"},
    {slice_nothing, "slice: length is 0, wants at least 1"},
    {slice_before, "slice: a \"row\" [3] has no 1 elements from -1 along axis 0"},
    {slice_overflow, "slice: a \"row\" [3] has no "},
    {pad_axis, "pad: a \"row\" [3] has no axis -1"},
    {pad_negative, "pad: -1 before and 1 after, wants none negative"},
    {pad_overflow, "pad: a \"row\" [3] padded by 9223372036854775807 and 1 is too large"},
    {concat_nothing, "concat: there are no parts"},
    {concat_axis, "concat: part 0 \"row\" [3] has no axis 1"},
    {concat_shapes,
     "concat: part 1, \"b\" [2, 3, 31, 32], and part 0 \"x\" [2, 3, 32, 32] differ off axis 1"},
    {concat_hole, "concat: part is no node"},
    {gather_by_matrix, "gather: index \"i\" [2, 2] has rank 2, wants 1: [M]"},
    {gather_scalar, "gather: a \"s\" [] has no rows"},
    {scatter_rows, "scatter_add: a \"x\" [2, 3, 32, 32] and index \"row\" [3] differ in rows"},
    {scatter_none, "scatter_add: rows is 0, wants at least 1"},
    {sum_axis, "sum: a \"row\" [3] has not all of the axes 0x3"},
    {matmul_rank, "matmul: a \"row\" [3] has rank 1, wants 2: a matrix"},
    {matmul_inner, "matmul: a \"a\" [3, 4] transposed has 3 columns, b \"b\" [4, 3] has 4 rows"},
    {conv_channels, "conv2d: x \"x\" [2, 3, 32, 32] has 3 channels, w \"w\" [8, 4, 3, 3] wants 4"},
    {conv_rank, "conv2d: x \"row\" [3] has rank 1, wants 4: [N, C, H, W]"},
    {conv_window, "conv2d: the window is 5x5, w \"w\" [8, 3, 3, 3] is 3x3"},
    {conv_stride, "conv2d: stride of 0x0, wants at least 1x1"},
    {conv_pad_negative, "conv2d: padding of -1x-1 is negative"},
    {conv_pad_wide, "conv2d: padding of 3x3, wants less than the window's 3x3"},
    {conv_small_image,
     "conv2d: x \"x\" [1, 3, 2, 9] padded to 4x11 is smaller than the 5x5 window"},
    {data_channels,
     "conv2d_data: gy \"x\" [2, 3, 32, 32] has 3 channels, w \"w\" [8, 3, 3, 3] makes 8"},
    {data_size, "conv2d_data: gy \"gy\" [2, 8, 16, 16] should be 32x32"},
    {data_height, "conv2d_data: shape [2, 3, 0, 32]: axis 2 has no elements"},
    {weights_samples,
     "conv2d_weights: x \"x\" [2, 3, 32, 32] has 2 samples, gy \"gy\" [3, 8, 32, 32] has 3"},
    {weights_size, "conv2d_weights: gy \"gy\" [2, 8, 30, 32] should be 32x32"},
    {weights_window, "conv2d_weights: window of 0x0, wants at least 1x1"},
    {pool_rank, "avg_pool: x \"row\" [3] has rank 1, wants 4: [N, C, H, W]"},
    {pool_window, "max_pool: window of -2x-2, wants at least 1x1"},
    {pool_small_image,
     "avg_pool: x \"x\" [1, 3, 1, 1] padded to 1x1 is smaller than the 2x2 window"},
    {unpool_shape, "avg_pool_adjoint: gy \"x\" [2, 3, 32, 32] should be of shape [2, 3, 16, 16]"},
    {take_shape, "max_pool_take: t \"t\" [2, 3, 16, 16] should be of shape [2, 3, 32, 32]"},
    {put_shape, "max_pool_put: gy \"gy\" [2, 3, 32, 32] should be of shape [2, 3, 16, 16]"},
    {global_pool_rank, "global_avg_pool: x \"row\" [3] has rank 1, wants 4"},
    {variance_axes, "variance: 0 is neither COP_NORM_OVER_BATCH nor COP_NORM_OVER_IMAGE"},
    {normalize_rank, "normalize: x \"row\" [3] has rank 1, wants 4"},
    {normalize_epsilon, "normalize: epsilon is -1, wants a number of at least 0"},
    {jacobian_statistics,
     "normalize_jacobian: r \"r\" [1, 3, 1, 1] should be of shape [2, 3, 1, 1]"},
    {softmax_rank, "log_softmax: logits \"x\" [2, 3, 32, 32] has rank 4, wants 2: [N, K]"},
    {resize_height, "resize_bilinear: height is 0, wants at least 1"},
    {resize_width, "resize_bilinear_adjoint: width is -5, wants at least 1"},
    {sample_theta, "affine_sample: theta \"theta\" [2, 3, 3] should be of shape [2, 2, 3]"},
    {sample_theta_batch,
     "affine_sample_adjoint: theta \"theta\" [1, 2, 3] should be of shape [2, 2, 3]"},
    {shift_offset, "shift: offset \"offset\" [2, 3] should be of shape [2, 2]"},
    {flip_flag, "flip: flag \"flag\" [2, 1] should be of shape [2]"},
    {mask_box, "box_mask: box \"box\" [2, 3] should be of shape [2, 4]"},
    {mask_height, "box_mask: height is 0, wants at least 1"},
};

static void each_wrong_argument_is_refused_in_its_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        cop_graph *g = cop_graph_new();
        cop_node a = refusals[i].build(g);
        if (a != COP_NO_NODE)
            fail_msg("was not refused: %s", refusals[i].text);
        cop_error err = {0};
        assert_refused(cop_graph_check(g, &err), COP_INVALID, &err, refusals[i].text);
        cop_graph_free(g);
    }
}

static void the_first_refusal_sticks_and_later_calls_are_quiet(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_node a = x(g);
    int32_t size = cop_graph_size(g);
    cop_node bad = cop_reshape(g, a, cop_shape1(7));
    assert_int_equal(bad, COP_NO_NODE);
    cop_node parts[] = {a, bad};
    assert_int_equal(cop_add(g, bad, a), COP_NO_NODE);
    assert_int_equal(cop_relu(g, a), COP_NO_NODE);
    assert_int_equal(cop_concat(g, parts, 2, 0), COP_NO_NODE);
    assert_int_equal(cop_total(g, bad), COP_NO_NODE);
    assert_int_equal(cop_normalize(g, bad, COP_NORM_OVER_BATCH, 1e-5), COP_NO_NODE);
    assert_int_equal(cop_constant(g, cop_shape0(), 1.0), COP_NO_NODE);
    assert_int_equal(cop_input(g, "late", cop_shape0()), COP_NO_NODE);
    assert_int_equal(cop_node_label(g, bad, "label"), COP_NO_NODE);
    assert_int_equal(cop_graph_refuse(g, "another reason"), COP_NO_NODE);
    assert_int_equal(cop_node_shape(g, bad).rank, -1);
    assert_int_equal(cop_graph_size(g), size);
    cop_error err = {0};
    assert_refused(cop_graph_check(g, &err), COP_INVALID, &err, "reshape: ");
    cop_graph_free(g);
}

static void a_builder_may_refuse_for_its_own_reasons(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    assert_int_equal(cop_graph_check(g, NULL), COP_OK);
    (void)cop_graph_refuse(g, "convnet: %d blocks are too many for %dx%d images", 6, 32, 32);
    cop_error err = {0};
    assert_refused(cop_graph_check(g, &err), COP_INVALID, &err,
                   "convnet: 6 blocks are too many for 32x32 images");
    cop_graph_free(g);
}

/* cop_graph_new gives NULL when memory is out; building goes on quietly and the check tells. */
static void no_graph_is_a_failed_graph(void **state)
{
    (void)state;
    cop_error err = {0};
    assert_int_equal(x(NULL), COP_NO_NODE);
    assert_int_equal(cop_add(NULL, 1, 2), COP_NO_NODE);
    assert_int_equal(cop_node_shape(NULL, 1).rank, -1);
    assert_refused(cop_graph_check(NULL, &err), COP_FAILED, &err, "out of memory");
    cop_graph_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_wrong_argument_is_refused_in_its_words),
        cmocka_unit_test(the_first_refusal_sticks_and_later_calls_are_quiet),
        cmocka_unit_test(a_builder_may_refuse_for_its_own_reasons),
        cmocka_unit_test(no_graph_is_a_failed_graph),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
