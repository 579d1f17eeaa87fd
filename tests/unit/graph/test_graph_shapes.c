/* Shapes that the builders infer. */
#include "support.h"

#include "graph/node.h"

typedef cop_node builder(cop_graph *g);

static cop_node in(cop_graph *g, const char *name, cop_shape shape)
{
    return cop_input(g, name, shape);
}

static cop_node x(cop_graph *g)
{
    return in(g, "x", cop_shape4(2, 3, 9, 8));
}

static cop_node w(cop_graph *g)
{
    return in(g, "w", cop_shape4(5, 3, 3, 2));
}

static cop_node index3(cop_graph *g)
{
    return in(g, "index", cop_shape1(3));
}

/* A window that is different in the two directions. */
static const cop_window uneven = {3, 2, 2, 3, 1, 0};

static cop_node scalar(cop_graph *g)
{
    return in(g, "s", cop_shape0());
}

static cop_node broadcast_both_ways(cop_graph *g)
{
    return cop_add(g, in(g, "a", cop_shape4(2, 1, 4, 1)), in(g, "b", cop_shape4(1, 3, 1, 5)));
}

static cop_node scalar_product(cop_graph *g)
{
    return cop_mul(g, in(g, "a", cop_shape0()), in(g, "b", cop_shape0()));
}

static cop_node gated(cop_graph *g)
{
    return cop_gate(g, in(g, "a", cop_shape2(4, 1)), in(g, "b", cop_shape2(1, 6)));
}

static cop_node activated(cop_graph *g)
{
    return cop_leaky_relu(g, cop_tanh(g, x(g)), 0.1);
}

static cop_node reshaped(cop_graph *g)
{
    return cop_reshape(g, x(g), cop_shape2(48, 9));
}

static cop_node flattened(cop_graph *g)
{
    return cop_flatten(g, x(g));
}

static cop_node flattened_matrix(cop_graph *g)
{
    return cop_flatten(g, in(g, "a", cop_shape2(3, 4)));
}

static cop_node repeated(cop_graph *g)
{
    return cop_broadcast(g, in(g, "a", cop_shape3(1, 4, 1)), cop_shape3(2, 4, 3));
}

static cop_node sliced(cop_graph *g)
{
    return cop_slice(g, x(g), 2, 4, 5);
}

static cop_node padded(cop_graph *g)
{
    return cop_pad(g, x(g), 1, 2, 4);
}

static cop_node padded_images(cop_graph *g)
{
    return cop_pad_images(g, x(g), 2);
}

static cop_node joined(cop_graph *g)
{
    cop_node parts[] = {x(g), in(g, "b", cop_shape4(2, 3, 1, 8)),
                        in(g, "c", cop_shape4(2, 3, 4, 8))};
    return cop_concat(g, parts, 3, 2);
}

static cop_node gathered(cop_graph *g)
{
    return cop_gather(g, x(g), index3(g));
}

static cop_node scattered(cop_graph *g)
{
    return cop_scatter_add(g, in(g, "a", cop_shape2(3, 7)), index3(g), 10);
}

static cop_node summed(cop_graph *g)
{
    return cop_sum(g, x(g), COP_AXIS(0) | COP_AXIS(3));
}

static cop_node averaged_all(cop_graph *g)
{
    return cop_mean(g, in(g, "a", cop_shape2(3, 4)), COP_ALL_AXES);
}

static cop_node totalled(cop_graph *g)
{
    return cop_total(g, x(g));
}

static cop_node product(cop_graph *g)
{
    return cop_matmul(g, in(g, "a", cop_shape2(3, 4)), false, in(g, "b", cop_shape2(4, 5)), false);
}

static cop_node product_transposed(cop_graph *g)
{
    return cop_matmul(g, in(g, "a", cop_shape2(4, 3)), true, in(g, "b", cop_shape2(5, 4)), true);
}

static cop_node convolved(cop_graph *g)
{
    return cop_conv2d(g, x(g), w(g), uneven);
}

static cop_node convolved_by_weight_size(cop_graph *g)
{
    cop_window window = uneven;
    window.size_h = window.size_w = 0;
    return cop_conv2d(g, x(g), w(g), window);
}

static cop_node convolved_back(cop_graph *g)
{
    return cop_conv2d_data(g, in(g, "gy", cop_shape4(2, 5, 5, 3)), w(g), uneven, 9, 8);
}

/* Height 10 gives the same output as 9: the last row is never reached. */
static cop_node convolved_back_to_unreached_row(cop_graph *g)
{
    return cop_conv2d_data(g, in(g, "gy", cop_shape4(2, 5, 5, 3)), w(g), uneven, 10, 8);
}

static cop_node convolved_to_weights(cop_graph *g)
{
    return cop_conv2d_weights(g, x(g), in(g, "gy", cop_shape4(2, 5, 5, 3)), uneven);
}

static cop_node pooled(cop_graph *g)
{
    return cop_avg_pool(g, x(g), uneven);
}

static cop_node unpooled(cop_graph *g)
{
    return cop_avg_pool_adjoint(g, in(g, "gy", cop_shape4(2, 3, 5, 3)), uneven, 9, 8);
}

static cop_node max_pooled(cop_graph *g)
{
    return cop_max_pool(g, x(g), uneven);
}

static cop_node taken(cop_graph *g)
{
    return cop_max_pool_take(g, x(g), in(g, "t", cop_shape4(2, 3, 9, 8)), uneven);
}

static cop_node put(cop_graph *g)
{
    return cop_max_pool_put(g, x(g), in(g, "gy", cop_shape4(2, 3, 5, 3)), uneven);
}

static cop_node globally_pooled(cop_graph *g)
{
    return cop_global_avg_pool(g, x(g));
}

static cop_node batch_variance(cop_graph *g)
{
    return cop_variance(g, x(g), COP_NORM_OVER_BATCH);
}

static cop_node image_variance(cop_graph *g)
{
    return cop_variance(g, x(g), COP_NORM_OVER_IMAGE);
}

static cop_node normalized(cop_graph *g)
{
    return cop_normalize(g, x(g), COP_NORM_OVER_IMAGE, 1e-5);
}

static cop_node normalized_back(cop_graph *g)
{
    return cop_normalize_jacobian(g, in(g, "u", cop_shape4(2, 3, 9, 8)), x(g),
                                  in(g, "r", cop_shape4(2, 3, 1, 1)), COP_NORM_OVER_IMAGE);
}

static cop_node log_probabilities(cop_graph *g)
{
    return cop_log_softmax(g, in(g, "logits", cop_shape2(4, 10)));
}

static cop_node resized(cop_graph *g)
{
    return cop_resize_bilinear(g, x(g), 18, 4);
}

static cop_node resized_back(cop_graph *g)
{
    return cop_resize_bilinear_adjoint(g, x(g), 5, 6);
}

static cop_node sampled(cop_graph *g)
{
    return cop_affine_sample(g, x(g), in(g, "theta", cop_shape3(2, 2, 3)));
}

static cop_node sampled_back(cop_graph *g)
{
    return cop_affine_sample_adjoint(g, x(g), in(g, "theta", cop_shape3(2, 2, 3)));
}

static cop_node shifted(cop_graph *g)
{
    return cop_shift(g, x(g), in(g, "offset", cop_shape2(2, 2)));
}

static cop_node flipped(cop_graph *g)
{
    return cop_flip(g, x(g), in(g, "flag", cop_shape1(2)));
}

static cop_node masked(cop_graph *g)
{
    return cop_box_mask(g, in(g, "box", cop_shape2(6, 4)), 7, 8);
}

static const struct {
    const char *name;
    builder *build;
    cop_op op;
    cop_shape shape;
} cases[] = {
    {"scalar", scalar, COP_OP_INPUT, {0, {0}}},
    {"broadcast_both_ways", broadcast_both_ways, COP_OP_ADD, {4, {2, 3, 4, 5}}},
    {"scalar_product", scalar_product, COP_OP_MUL, {0, {0}}},
    {"gated", gated, COP_OP_GATE, {2, {4, 6}}},
    {"activated", activated, COP_OP_LEAKY_RELU, {4, {2, 3, 9, 8}}},
    {"reshaped", reshaped, COP_OP_RESHAPE, {2, {48, 9}}},
    {"flattened", flattened, COP_OP_RESHAPE, {2, {2, 216}}},
    {"flattened_matrix", flattened_matrix, COP_OP_INPUT, {2, {3, 4}}},
    {"repeated", repeated, COP_OP_BROADCAST, {3, {2, 4, 3}}},
    {"sliced", sliced, COP_OP_SLICE, {4, {2, 3, 5, 8}}},
    {"padded", padded, COP_OP_PAD, {4, {2, 9, 9, 8}}},
    {"padded images", padded_images, COP_OP_PAD, {4, {2, 3, 13, 12}}},
    {"joined", joined, COP_OP_CONCAT, {4, {2, 3, 14, 8}}},
    {"gathered", gathered, COP_OP_GATHER, {4, {3, 3, 9, 8}}},
    {"scattered", scattered, COP_OP_SCATTER_ADD, {2, {10, 7}}},
    {"summed", summed, COP_OP_SUM, {4, {1, 3, 9, 1}}},
    {"averaged_all", averaged_all, COP_OP_SUM, {2, {1, 1}}},
    {"totalled", totalled, COP_OP_RESHAPE, {0, {0}}},
    {"product", product, COP_OP_MATMUL, {2, {3, 5}}},
    {"product_transposed", product_transposed, COP_OP_MATMUL, {2, {3, 5}}},
    {"convolved", convolved, COP_OP_CONV, {4, {2, 5, 5, 3}}},
    {"convolved_by_weight_size", convolved_by_weight_size, COP_OP_CONV, {4, {2, 5, 5, 3}}},
    {"convolved_back", convolved_back, COP_OP_CONV_DATA, {4, {2, 3, 9, 8}}},
    {"convolved_back_to_unreached_row",
     convolved_back_to_unreached_row,
     COP_OP_CONV_DATA,
     {4, {2, 3, 10, 8}}},
    {"convolved_to_weights", convolved_to_weights, COP_OP_CONV_WEIGHTS, {4, {5, 3, 3, 2}}},
    {"pooled", pooled, COP_OP_AVG_POOL, {4, {2, 3, 5, 3}}},
    {"unpooled", unpooled, COP_OP_AVG_POOL_ADJOINT, {4, {2, 3, 9, 8}}},
    {"max_pooled", max_pooled, COP_OP_MAX_POOL, {4, {2, 3, 5, 3}}},
    {"taken", taken, COP_OP_MAX_POOL_TAKE, {4, {2, 3, 5, 3}}},
    {"put", put, COP_OP_MAX_POOL_PUT, {4, {2, 3, 9, 8}}},
    {"globally_pooled", globally_pooled, COP_OP_SUM, {4, {2, 3, 1, 1}}},
    {"batch_variance", batch_variance, COP_OP_VARIANCE, {4, {1, 3, 1, 1}}},
    {"image_variance", image_variance, COP_OP_VARIANCE, {4, {2, 3, 1, 1}}},
    {"normalized", normalized, COP_OP_NORMALIZE, {4, {2, 3, 9, 8}}},
    {"normalized_back", normalized_back, COP_OP_NORMALIZE_JACOBIAN, {4, {2, 3, 9, 8}}},
    {"log_probabilities", log_probabilities, COP_OP_LOG_SOFTMAX, {2, {4, 10}}},
    {"resized", resized, COP_OP_RESIZE, {4, {2, 3, 18, 4}}},
    {"resized_back", resized_back, COP_OP_RESIZE_ADJOINT, {4, {2, 3, 5, 6}}},
    {"sampled", sampled, COP_OP_AFFINE_SAMPLE, {4, {2, 3, 9, 8}}},
    {"sampled_back", sampled_back, COP_OP_AFFINE_SAMPLE_ADJOINT, {4, {2, 3, 9, 8}}},
    {"shifted", shifted, COP_OP_SHIFT, {4, {2, 3, 9, 8}}},
    {"flipped", flipped, COP_OP_FLIP, {4, {2, 3, 9, 8}}},
    {"masked", masked, COP_OP_BOX_MASK, {4, {6, 1, 7, 8}}},
};

static void builders_infer_operation_and_shape(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_graph *g = cop_graph_new();
        cop_node a = cases[i].build(g);
        cop_error err = {0};
        if (cop_graph_check(g, &err) != COP_OK)
            fail_msg("%s: %s", cases[i].name, err.message);
        char got[96], wanted[96];
        if (cop_graph_node(g, a)->op != cases[i].op ||
            !cop_shape_equal(cop_node_shape(g, a), cases[i].shape))
            fail_msg(
                "%s: got %s %s, wanted %s %s", cases[i].name, cop_op_name(cop_graph_node(g, a)->op),
                cop_shape_text(cop_node_shape(g, a), got, sizeof got), cop_op_name(cases[i].op),
                cop_shape_text(cases[i].shape, wanted, sizeof wanted));
        cop_graph_free(g);
    }
}

static void reductions_and_windows_keep_their_settings(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_node image = x(g);
    const cop_node_data *mean = cop_graph_node(g, cop_mean(g, image, COP_AXIS(1) | COP_AXIS(3)));
    assert_int_equal(mean->attr.sum.axes, COP_AXIS(1) | COP_AXIS(3));
    assert_true(mean->attr.sum.scale == 1.0 / 24.0);
    cop_node weights = w(g);
    cop_window window = {0, 0, 2, 3, 1, 0};
    const cop_node_data *conv = cop_graph_node(g, cop_conv2d(g, image, weights, window));
    assert_int_equal(conv->attr.window.size_h, 3);
    assert_int_equal(conv->attr.window.size_w, 2);
    cop_graph_free(g);
}

static void every_operation_has_a_name(void **state)
{
    (void)state;
    for (int op = COP_OP_NONE; op < COP_OP_COUNT; op++) {
        assert_non_null(cop_op_name((cop_op)op));
        for (int other = COP_OP_NONE; other < op; other++)
            assert_string_not_equal(cop_op_name((cop_op)op), cop_op_name((cop_op)other));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builders_infer_operation_and_shape),
        cmocka_unit_test(reductions_and_windows_keep_their_settings),
        cmocka_unit_test(every_operation_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
