/* Every operation's derivatives to third order against central differences on the oracle. */
#include "derivatives.h"

#include "graph/node.h"

#include <coppice/differentiate.h>

#include <stdlib.h>

#define OPERANDS 3

/* One operand: drawn, or given where `values` is set; the given ones are not differentiated. */
typedef struct operand {
    cop_shape shape;
    scene_fill fill;
    const double *values;
} operand;

typedef struct derivative_case {
    const char *name;
    cop_op op; /* occurs in what `build` makes; COP_OP_NONE: made of several */
    cop_node (*build)(cop_graph *g, const cop_node *in);
    operand in[OPERANDS];
    int count; /* of operands */
} derivative_case;

static cop_node affine(cop_graph *g, const cop_node *in)
{
    return cop_affine(g, in[0], -1.5, 0.75);
}

static cop_node square_root(cop_graph *g, const cop_node *in)
{
    return cop_sqrt(g, in[0]);
}

static cop_node reciprocal(cop_graph *g, const cop_node *in)
{
    return cop_reciprocal(g, in[0]);
}

static cop_node exponential(cop_graph *g, const cop_node *in)
{
    return cop_exp(g, in[0]);
}

static cop_node logarithm(cop_graph *g, const cop_node *in)
{
    return cop_ln(g, in[0]);
}

static cop_node absolute(cop_graph *g, const cop_node *in)
{
    return cop_abs(g, in[0]);
}

static cop_node sign_times(cop_graph *g, const cop_node *in)
{
    return cop_mul(g, cop_sign(g, in[0]), in[0]);
}

static cop_node step_times(cop_graph *g, const cop_node *in)
{
    return cop_mul(g, cop_heaviside(g, in[0]), in[0]);
}

static cop_node sigmoid(cop_graph *g, const cop_node *in)
{
    return cop_sigmoid(g, in[0]);
}

static cop_node hyperbolic(cop_graph *g, const cop_node *in)
{
    return cop_tanh(g, in[0]);
}

static cop_node relu(cop_graph *g, const cop_node *in)
{
    return cop_relu(g, in[0]);
}

static cop_node leaky_relu(cop_graph *g, const cop_node *in)
{
    return cop_leaky_relu(g, in[0], 0.2);
}

static cop_node square(cop_graph *g, const cop_node *in)
{
    return cop_square(g, in[0]);
}

static cop_node add(cop_graph *g, const cop_node *in)
{
    return cop_add(g, in[0], in[1]);
}

static cop_node subtract(cop_graph *g, const cop_node *in)
{
    return cop_sub(g, in[0], in[1]);
}

static cop_node multiply(cop_graph *g, const cop_node *in)
{
    return cop_mul(g, in[0], in[1]);
}

static cop_node divide(cop_graph *g, const cop_node *in)
{
    return cop_div(g, in[0], in[1]);
}

static cop_node gate(cop_graph *g, const cop_node *in)
{
    return cop_gate(g, in[0], in[1]);
}

static cop_node reshape(cop_graph *g, const cop_node *in)
{
    return cop_reshape(g, in[0], cop_shape3(2, 1, 6));
}

static cop_node broadcast(cop_graph *g, const cop_node *in)
{
    return cop_broadcast(g, in[0], cop_shape3(2, 2, 3));
}

static cop_node slice(cop_graph *g, const cop_node *in)
{
    return cop_slice(g, in[0], 1, 1, 2);
}

static cop_node pad(cop_graph *g, const cop_node *in)
{
    return cop_pad(g, in[0], 1, 1, 2);
}

static cop_node concat(cop_graph *g, const cop_node *in)
{
    return cop_concat(g, in, 3, 1);
}

static cop_node concat_of_one_twice(cop_graph *g, const cop_node *in)
{
    return cop_concat(g, (const cop_node[]){in[0], in[1], in[0]}, 3, 0);
}

static cop_node gather(cop_graph *g, const cop_node *in)
{
    return cop_gather(g, in[0], in[1]);
}

static cop_node scatter_add(cop_graph *g, const cop_node *in)
{
    return cop_scatter_add(g, in[0], in[1], 3);
}

static cop_node sum(cop_graph *g, const cop_node *in)
{
    return cop_sum(g, in[0], COP_AXIS(0) | COP_AXIS(2));
}

static cop_node mean(cop_graph *g, const cop_node *in)
{
    return cop_mean(g, in[0], COP_AXIS(1));
}

static cop_node total(cop_graph *g, const cop_node *in)
{
    return cop_total(g, in[0]);
}

static cop_node matmul(cop_graph *g, const cop_node *in)
{
    return cop_matmul(g, in[0], false, in[1], false);
}

static cop_node matmul_ta(cop_graph *g, const cop_node *in)
{
    return cop_matmul(g, in[0], true, in[1], false);
}

static cop_node matmul_tb(cop_graph *g, const cop_node *in)
{
    return cop_matmul(g, in[0], false, in[1], true);
}

static cop_node matmul_tatb(cop_graph *g, const cop_node *in)
{
    return cop_matmul(g, in[0], true, in[1], true);
}

/* With a 5x6 image: 3x3, stride 2, padding 1 reads all rows but leaves the last column pair's
 * window cut; 2x3 at stride (2, 1) without padding leaves the last row unread. */
static const cop_window strided = {3, 3, 2, 2, 1, 1};
static const cop_window uneven = {2, 3, 2, 1, 0, 1};
static const cop_window overlapping = {3, 3, 2, 1, 1, 1};

static cop_node conv(cop_graph *g, const cop_node *in)
{
    return cop_conv2d(g, in[0], in[1], strided);
}

static cop_node conv_uneven(cop_graph *g, const cop_node *in)
{
    return cop_conv2d(g, in[0], in[1], uneven);
}

static cop_node conv_data(cop_graph *g, const cop_node *in)
{
    return cop_conv2d_data(g, in[0], in[1], strided, 5, 6);
}

static cop_node conv_data_uneven(cop_graph *g, const cop_node *in)
{
    return cop_conv2d_data(g, in[0], in[1], uneven, 5, 6);
}

static cop_node conv_weights(cop_graph *g, const cop_node *in)
{
    return cop_conv2d_weights(g, in[0], in[1], strided);
}

static cop_node conv_weights_uneven(cop_graph *g, const cop_node *in)
{
    return cop_conv2d_weights(g, in[0], in[1], uneven);
}

static cop_node avg_pool(cop_graph *g, const cop_node *in)
{
    return cop_avg_pool(g, in[0], overlapping);
}

static cop_node avg_pool_adjoint(cop_graph *g, const cop_node *in)
{
    return cop_avg_pool_adjoint(g, in[0], overlapping, 5, 6);
}

static cop_node global_avg_pool(cop_graph *g, const cop_node *in)
{
    return cop_global_avg_pool(g, in[0]);
}

static cop_node max_pool(cop_graph *g, const cop_node *in)
{
    return cop_max_pool(g, in[0], overlapping);
}

static cop_node max_pool_take(cop_graph *g, const cop_node *in)
{
    return cop_max_pool_take(g, in[0], in[1], overlapping);
}

static cop_node max_pool_put(cop_graph *g, const cop_node *in)
{
    return cop_max_pool_put(g, in[0], in[1], overlapping);
}

static cop_node variance_batch(cop_graph *g, const cop_node *in)
{
    return cop_variance(g, in[0], COP_NORM_OVER_BATCH);
}

static cop_node variance_image(cop_graph *g, const cop_node *in)
{
    return cop_variance(g, in[0], COP_NORM_OVER_IMAGE);
}

static cop_node normalize_batch(cop_graph *g, const cop_node *in)
{
    return cop_normalize(g, in[0], COP_NORM_OVER_BATCH, 1e-2);
}

static cop_node normalize_image(cop_graph *g, const cop_node *in)
{
    return cop_normalize(g, in[0], COP_NORM_OVER_IMAGE, 1e-2);
}

static cop_node jacobian_batch(cop_graph *g, const cop_node *in)
{
    return cop_normalize_jacobian(g, in[0], in[1], in[2], COP_NORM_OVER_BATCH);
}

static cop_node jacobian_image(cop_graph *g, const cop_node *in)
{
    return cop_normalize_jacobian(g, in[0], in[1], in[2], COP_NORM_OVER_IMAGE);
}

static cop_node log_softmax(cop_graph *g, const cop_node *in)
{
    return cop_log_softmax(g, in[0]);
}

static cop_node resize(cop_graph *g, const cop_node *in)
{
    return cop_resize_bilinear(g, in[0], 7, 3);
}

static cop_node resize_adjoint(cop_graph *g, const cop_node *in)
{
    return cop_resize_bilinear_adjoint(g, in[0], 7, 3);
}

static cop_node affine_sample(cop_graph *g, const cop_node *in)
{
    return cop_affine_sample(g, in[0], in[1]);
}

static cop_node affine_sample_adjoint(cop_graph *g, const cop_node *in)
{
    return cop_affine_sample_adjoint(g, in[0], in[1]);
}

static cop_node shift(cop_graph *g, const cop_node *in)
{
    return cop_shift(g, in[0], in[1]);
}

static cop_node flip(cop_graph *g, const cop_node *in)
{
    return cop_flip(g, in[0], in[1]);
}

static cop_node box_mask_times(cop_graph *g, const cop_node *in)
{
    return cop_mul(g, in[0], cop_box_mask(g, in[1], 5, 6));
}

static const double index_with_repeats[] = {2, 0, 2, 1, 2};
static const double thetas[] = {0.9, 0.2, 0.1, -0.3, 1.1, -0.2, -1, 0, 0.3, 0.1, 0.7, 0.4};
static const double offsets[] = {1, -2, 0, 3};
static const double flags[] = {0, 1};
static const double boxes[] = {1, 1, 3, 4, -2, 3, 2, 9};

#define R1(a)                                                                                      \
    {                                                                                              \
        1,                                                                                         \
        {                                                                                          \
            a                                                                                      \
        }                                                                                          \
    }
#define R2(a, b)                                                                                   \
    {                                                                                              \
        2,                                                                                         \
        {                                                                                          \
            a, b                                                                                   \
        }                                                                                          \
    }
#define R3(a, b, c)                                                                                \
    {                                                                                              \
        3,                                                                                         \
        {                                                                                          \
            a, b, c                                                                                \
        }                                                                                          \
    }
#define R4(a, b, c, d)                                                                             \
    {                                                                                              \
        4,                                                                                         \
        {                                                                                          \
            a, b, c, d                                                                             \
        }                                                                                          \
    }
#define IMAGES R4(2, 2, 5, 6)

static const derivative_case cases[] = {
    {"affine", COP_OP_AFFINE, affine, {{R2(2, 3), FILL_PLAIN, NULL}}, 1},
    {"sqrt", COP_OP_SQRT, square_root, {{R2(2, 3), FILL_POSITIVE, NULL}}, 1},
    {"reciprocal", COP_OP_RECIPROCAL, reciprocal, {{R2(2, 3), FILL_POSITIVE, NULL}}, 1},
    {"exp", COP_OP_EXP, exponential, {{R2(2, 3), FILL_PLAIN, NULL}}, 1},
    {"log", COP_OP_LN, logarithm, {{R2(2, 3), FILL_POSITIVE, NULL}}, 1},
    {"abs", COP_OP_ABS, absolute, {{R2(3, 4), FILL_NONZERO, NULL}}, 1},
    {"sign", COP_OP_SIGN, sign_times, {{R2(3, 4), FILL_NONZERO, NULL}}, 1},
    {"step", COP_OP_HEAVISIDE, step_times, {{R2(3, 4), FILL_NONZERO, NULL}}, 1},
    {"sigmoid", COP_OP_SIGMOID, sigmoid, {{R2(2, 3), FILL_PLAIN, NULL}}, 1},
    {"tanh", COP_OP_TANH, hyperbolic, {{R2(2, 3), FILL_PLAIN, NULL}}, 1},
    {"relu", COP_OP_RELU, relu, {{R2(3, 4), FILL_NONZERO, NULL}}, 1},
    {"leaky_relu", COP_OP_LEAKY_RELU, leaky_relu, {{R2(3, 4), FILL_NONZERO, NULL}}, 1},
    {"square", COP_OP_MUL, square, {{R2(2, 3), FILL_PLAIN, NULL}}, 1},
    {"add", COP_OP_ADD, add, {{R3(2, 1, 3), FILL_PLAIN, NULL}, {R3(1, 2, 3), FILL_PLAIN, NULL}}, 2},
    {"sub",
     COP_OP_SUB,
     subtract,
     {{R3(2, 1, 3), FILL_PLAIN, NULL}, {R3(1, 2, 3), FILL_PLAIN, NULL}},
     2},
    {"mul",
     COP_OP_MUL,
     multiply,
     {{R3(2, 1, 3), FILL_PLAIN, NULL}, {R3(1, 2, 3), FILL_PLAIN, NULL}},
     2},
    {"div",
     COP_OP_DIV,
     divide,
     {{R3(2, 1, 3), FILL_PLAIN, NULL}, {R3(1, 2, 3), FILL_POSITIVE, NULL}},
     2},
    {"div, numerator broadcast",
     COP_OP_DIV,
     divide,
     {{R2(1, 1), FILL_PLAIN, NULL}, {R2(2, 3), FILL_POSITIVE, NULL}},
     2},
    {"gate",
     COP_OP_GATE,
     gate,
     {{R3(2, 1, 3), FILL_PLAIN, NULL}, {R3(1, 2, 3), FILL_NONZERO, NULL}},
     2},
    {"reshape", COP_OP_RESHAPE, reshape, {{R2(3, 4), FILL_PLAIN, NULL}}, 1},
    {"broadcast", COP_OP_BROADCAST, broadcast, {{R3(1, 2, 1), FILL_PLAIN, NULL}}, 1},
    {"slice", COP_OP_SLICE, slice, {{R3(2, 4, 2), FILL_PLAIN, NULL}}, 1},
    {"pad", COP_OP_PAD, pad, {{R3(2, 2, 2), FILL_PLAIN, NULL}}, 1},
    {"concat",
     COP_OP_CONCAT,
     concat,
     {{R2(2, 2), FILL_PLAIN, NULL}, {R2(2, 1), FILL_PLAIN, NULL}, {R2(2, 3), FILL_PLAIN, NULL}},
     3},
    {"concat of one part twice",
     COP_OP_CONCAT,
     concat_of_one_twice,
     {{R2(2, 2), FILL_PLAIN, NULL}, {R2(1, 2), FILL_PLAIN, NULL}},
     2},
    {"gather",
     COP_OP_GATHER,
     gather,
     {{R3(3, 2, 2), FILL_PLAIN, NULL}, {R1(5), FILL_PLAIN, index_with_repeats}},
     2},
    {"scatter_add",
     COP_OP_SCATTER_ADD,
     scatter_add,
     {{R2(5, 2), FILL_PLAIN, NULL}, {R1(5), FILL_PLAIN, index_with_repeats}},
     2},
    {"sum", COP_OP_SUM, sum, {{R3(2, 3, 2), FILL_PLAIN, NULL}}, 1},
    {"mean", COP_OP_SUM, mean, {{R3(2, 3, 2), FILL_PLAIN, NULL}}, 1},
    {"total", COP_OP_SUM, total, {{R3(2, 3, 2), FILL_PLAIN, NULL}}, 1},
    {"matmul",
     COP_OP_MATMUL,
     matmul,
     {{R2(2, 3), FILL_PLAIN, NULL}, {R2(3, 4), FILL_PLAIN, NULL}},
     2},
    {"matmul, a transposed",
     COP_OP_MATMUL,
     matmul_ta,
     {{R2(3, 2), FILL_PLAIN, NULL}, {R2(3, 4), FILL_PLAIN, NULL}},
     2},
    {"matmul, b transposed",
     COP_OP_MATMUL,
     matmul_tb,
     {{R2(2, 3), FILL_PLAIN, NULL}, {R2(4, 3), FILL_PLAIN, NULL}},
     2},
    {"matmul, both transposed",
     COP_OP_MATMUL,
     matmul_tatb,
     {{R2(3, 2), FILL_PLAIN, NULL}, {R2(4, 3), FILL_PLAIN, NULL}},
     2},
    {"conv2d",
     COP_OP_CONV,
     conv,
     {{IMAGES, FILL_PLAIN, NULL}, {R4(3, 2, 3, 3), FILL_PLAIN, NULL}},
     2},
    {"conv2d, uneven",
     COP_OP_CONV,
     conv_uneven,
     {{IMAGES, FILL_PLAIN, NULL}, {R4(2, 2, 2, 3), FILL_PLAIN, NULL}},
     2},
    {"conv2d_data",
     COP_OP_CONV_DATA,
     conv_data,
     {{R4(2, 3, 3, 3), FILL_PLAIN, NULL}, {R4(3, 2, 3, 3), FILL_PLAIN, NULL}},
     2},
    {"conv2d_data, uneven",
     COP_OP_CONV_DATA,
     conv_data_uneven,
     {{R4(2, 2, 2, 6), FILL_PLAIN, NULL}, {R4(2, 2, 2, 3), FILL_PLAIN, NULL}},
     2},
    {"conv2d_weights",
     COP_OP_CONV_WEIGHTS,
     conv_weights,
     {{IMAGES, FILL_PLAIN, NULL}, {R4(2, 3, 3, 3), FILL_PLAIN, NULL}},
     2},
    {"conv2d_weights, uneven",
     COP_OP_CONV_WEIGHTS,
     conv_weights_uneven,
     {{IMAGES, FILL_PLAIN, NULL}, {R4(2, 2, 2, 6), FILL_PLAIN, NULL}},
     2},
    {"avg_pool", COP_OP_AVG_POOL, avg_pool, {{IMAGES, FILL_PLAIN, NULL}}, 1},
    {"avg_pool_adjoint",
     COP_OP_AVG_POOL_ADJOINT,
     avg_pool_adjoint,
     {{R4(2, 2, 3, 6), FILL_PLAIN, NULL}},
     1},
    {"global_avg_pool", COP_OP_NONE, global_avg_pool, {{IMAGES, FILL_PLAIN, NULL}}, 1},
    {"max_pool", COP_OP_MAX_POOL, max_pool, {{IMAGES, FILL_DISTINCT, NULL}}, 1},
    {"max_pool_take",
     COP_OP_MAX_POOL_TAKE,
     max_pool_take,
     {{IMAGES, FILL_DISTINCT, NULL}, {IMAGES, FILL_PLAIN, NULL}},
     2},
    {"max_pool_put",
     COP_OP_MAX_POOL_PUT,
     max_pool_put,
     {{IMAGES, FILL_DISTINCT, NULL}, {R4(2, 2, 3, 6), FILL_PLAIN, NULL}},
     2},
    {"variance over the batch",
     COP_OP_VARIANCE,
     variance_batch,
     {{R4(3, 2, 2, 2), FILL_PLAIN, NULL}},
     1},
    {"variance over the image",
     COP_OP_VARIANCE,
     variance_image,
     {{R4(3, 2, 2, 2), FILL_PLAIN, NULL}},
     1},
    {"normalize over the batch",
     COP_OP_NORMALIZE,
     normalize_batch,
     {{R4(3, 2, 2, 2), FILL_PLAIN, NULL}},
     1},
    {"normalize over the image",
     COP_OP_NORMALIZE,
     normalize_image,
     {{R4(2, 2, 3, 2), FILL_PLAIN, NULL}},
     1},
    {"normalize_jacobian over the batch, which is made of parts",
     COP_OP_SUM,
     jacobian_batch,
     {{R4(2, 2, 2, 2), FILL_PLAIN, NULL},
      {R4(2, 2, 2, 2), FILL_PLAIN, NULL},
      {R4(1, 2, 1, 1), FILL_POSITIVE, NULL}},
     3},
    {"normalize_jacobian over the image",
     COP_OP_NORMALIZE_JACOBIAN,
     jacobian_image,
     {{R4(2, 2, 2, 2), FILL_PLAIN, NULL},
      {R4(2, 2, 2, 2), FILL_PLAIN, NULL},
      {R4(2, 2, 1, 1), FILL_POSITIVE, NULL}},
     3},
    {"log_softmax", COP_OP_LOG_SOFTMAX, log_softmax, {{R2(3, 4), FILL_PLAIN, NULL}}, 1},
    {"resize", COP_OP_RESIZE, resize, {{R4(2, 1, 4, 5), FILL_PLAIN, NULL}}, 1},
    {"resize_adjoint",
     COP_OP_RESIZE_ADJOINT,
     resize_adjoint,
     {{R4(2, 1, 4, 5), FILL_PLAIN, NULL}},
     1},
    {"affine_sample",
     COP_OP_AFFINE_SAMPLE,
     affine_sample,
     {{R4(2, 2, 4, 3), FILL_PLAIN, NULL}, {R3(2, 2, 3), FILL_PLAIN, thetas}},
     2},
    {"affine_sample_adjoint",
     COP_OP_AFFINE_SAMPLE_ADJOINT,
     affine_sample_adjoint,
     {{R4(2, 2, 4, 3), FILL_PLAIN, NULL}, {R3(2, 2, 3), FILL_PLAIN, thetas}},
     2},
    {"shift",
     COP_OP_SHIFT,
     shift,
     {{IMAGES, FILL_PLAIN, NULL}, {R2(2, 2), FILL_PLAIN, offsets}},
     2},
    {"flip", COP_OP_FLIP, flip, {{IMAGES, FILL_PLAIN, NULL}, {R1(2), FILL_PLAIN, flags}}, 2},
    {"box_mask",
     COP_OP_BOX_MASK,
     box_mask_times,
     {{IMAGES, FILL_PLAIN, NULL}, {R2(2, 4), FILL_PLAIN, boxes}},
     2},
};

#define CASE_COUNT (sizeof cases / sizeof *cases)

static bool occurs(const cop_graph *g, cop_op op)
{
    for (cop_node a = 1; a <= cop_graph_size(g); a++)
        if (cop_graph_node(g, a)->op == op)
            return true;
    return op == COP_OP_NONE;
}

/* *state is the case; its place in the table seeds its values. */
static void derivatives_agree_with_differences(void **state)
{
    const derivative_case *c = *state;
    scene s = scene_open((uint64_t)(c - cases) + 1);
    cop_node in[OPERANDS], wrt[OPERANDS];
    size_t count = 0;
    for (int i = 0; i < c->count; i++) {
        const operand *o = &c->in[i];
        in[i] = o->values != NULL ? scene_input(&s, o->shape, o->values)
                                  : scene_draw(&s, o->shape, o->fill);
        if (o->values == NULL)
            wrt[count++] = in[i];
    }
    cop_node y = c->build(s.g, in);
    if (!occurs(s.g, c->op))
        fail_msg("the graph has no %s", cop_op_name(c->op));
    assert_away_from_kinks(&s);
    check_tangent(&s, y, wrt, count);
    check_derivatives(&s, probe_loss(&s, y), wrt, count, 3);
    scene_close(&s);
}

/* Leaves have no operands to differentiate by, and detach is tested for having no derivative. */
static void every_operation_has_a_case(void **state)
{
    (void)state;
    for (int op = COP_OP_NONE + 1; op < COP_OP_COUNT; op++) {
        bool found = op == COP_OP_INPUT || op == COP_OP_CONSTANT || op == COP_OP_DETACH;
        for (size_t i = 0; i < CASE_COUNT; i++)
            found = found || cases[i].op == (cop_op)op;
        if (!found)
            fail_msg("%s has no derivative test", cop_op_name((cop_op)op));
    }
}

static void expect_zero(scene *s, cop_node node)
{
    int64_t count = cop_shape_count(cop_node_shape(s->g, node));
    double *values = scene_result(s, node);
    for (int64_t i = 0; i < count; i++)
        assert_true(values[i] == 0.0);
    free(values);
}

/* d(detach(x)·x) = detach(x): only the factor that is not detached counts. */
static void detach_passes_nothing(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x = scene_draw(&s, cop_shape1(3), FILL_NONZERO);
    cop_node v = scene_draw(&s, cop_shape1(3), FILL_NONZERO);
    cop_node y = cop_mul(s.g, cop_detach(s.g, x), x);
    cop_node gradient, tangent, second;
    cop_error err = {0};
    assert_ok(cop_gradient(s.g, cop_total(s.g, y), &x, 1, &gradient, &err), &err);
    scene_expect(&s, gradient, cop_shape1(3), scene_value(&s, x));
    assert_ok(cop_jvp(s.g, &x, &v, 1, &y, 1, &tangent, &err), &err);
    double *product = scene_result(&s, cop_mul(s.g, x, v));
    scene_expect(&s, tangent, cop_shape1(3), product);
    assert_ok(cop_jvp(s.g, &x, &v, 1, &gradient, 1, &second, &err), &err);
    expect_zero(&s, second);
    free(product);
    scene_close(&s);
}

/* At 0, where differences say nothing, the derivatives are the documented ones. */
static void kinks_have_the_documented_derivatives(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x = scene_input(&s, cop_shape1(3), (const double[]){-2.0, 0.0, 2.0});
    const struct {
        cop_node y;
        double wanted[3];
    } kinks[] = {
        {cop_relu(s.g, x), {0, 0, 1}},
        {cop_abs(s.g, x), {-1, 0, 1}},
        {cop_sign(s.g, x), {0, 0, 0}},
        {cop_heaviside(s.g, x), {0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof kinks / sizeof *kinks; i++) {
        cop_node gradient;
        cop_error err = {0};
        assert_ok(cop_gradient(s.g, cop_total(s.g, kinks[i].y), &x, 1, &gradient, &err), &err);
        scene_expect(&s, gradient, cop_shape1(3), kinks[i].wanted);
    }
    scene_close(&s);
}

/* What does not depend has a zero gradient and tangent of the right shape. */
static void independence_gives_zeros(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x = scene_draw(&s, cop_shape2(2, 3), FILL_PLAIN);
    cop_node other = scene_draw(&s, cop_shape1(4), FILL_PLAIN);
    cop_node v = scene_draw(&s, cop_shape1(4), FILL_PLAIN);
    cop_node y = cop_square(s.g, x);
    cop_node gradient, tangent;
    cop_error err = {0};
    assert_ok(cop_gradient(s.g, cop_total(s.g, y), &other, 1, &gradient, &err), &err);
    assert_true(cop_shape_equal(cop_node_shape(s.g, gradient), cop_shape1(4)));
    expect_zero(&s, gradient);
    assert_ok(cop_jvp(s.g, &other, &v, 1, &y, 1, &tangent, &err), &err);
    assert_true(cop_shape_equal(cop_node_shape(s.g, tangent), cop_shape2(2, 3)));
    expect_zero(&s, tangent);
    scene_close(&s);
}

static void draws_have_no_derivative(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x = scene_draw(&s, cop_shape4(2, 1, 4, 4), FILL_PLAIN);
    cop_node theta = scene_input(&s, cop_shape3(2, 2, 3), thetas);
    cop_node offset = scene_input(&s, cop_shape2(2, 2), offsets);
    cop_node flag = scene_input(&s, cop_shape1(2), flags);
    cop_node box = scene_input(&s, cop_shape2(2, 4), boxes);
    cop_node index = scene_input(&s, cop_shape1(2), flags);
    cop_node y = cop_flip(s.g, cop_shift(s.g, cop_affine_sample(s.g, x, theta), offset), flag);
    y = cop_gather(s.g, cop_mul(s.g, y, cop_box_mask(s.g, box, 4, 4)), index);
    const cop_node draws[5] = {theta, offset, flag, box, index};
    cop_node gradients[5];
    cop_error err = {0};
    assert_ok(cop_gradient(s.g, probe_loss(&s, y), draws, 5, gradients, &err), &err);
    for (int i = 0; i < 5; i++) {
        assert_true(
            cop_shape_equal(cop_node_shape(s.g, gradients[i]), cop_node_shape(s.g, draws[i])));
        expect_zero(&s, gradients[i]);
    }
    scene_close(&s);
}

/* Where a formula written carelessly overflows or divides by zero, derivatives stay finite. */
static void extremes_stay_finite(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node logits =
        scene_input(&s, cop_shape2(2, 3), (const double[]){1e4, -1e4, 0, 800, 800, 1});
    cop_node flat = scene_input(&s, cop_shape4(1, 1, 2, 2), (const double[]){3, 3, 3, 3});
    cop_node far = scene_input(&s, cop_shape1(2), (const double[]){-800, 800});
    const cop_node of[4] = {logits, flat, far, far};
    const cop_node y[4] = {cop_log_softmax(s.g, logits),
                           cop_normalize(s.g, flat, COP_NORM_OVER_IMAGE, 1e-5),
                           cop_sigmoid(s.g, far), cop_tanh(s.g, far)};
    for (int i = 0; i < 4; i++) {
        cop_node loss = probe_loss(&s, y[i]);
        cop_node v = scene_draw(&s, cop_node_shape(s.g, of[i]), FILL_PLAIN);
        cop_node gradient, second;
        cop_error err = {0};
        assert_ok(cop_gradient(s.g, loss, &of[i], 1, &gradient, &err), &err);
        assert_ok(cop_jvp(s.g, &of[i], &v, 1, &gradient, 1, &second, &err), &err);
        assert_finite(&s, gradient);
        assert_finite(&s, second);
    }
    scene_close(&s);
}

/* Inner nodes may be differentiated by; they then stand for themselves. */
static void an_inner_node_may_be_differentiated_by(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x = scene_draw(&s, cop_shape1(3), FILL_NONZERO);
    cop_node inner = cop_square(s.g, x);
    cop_node loss = cop_total(s.g, cop_mul(s.g, inner, x));
    const cop_node wrt[2] = {inner, x};
    cop_node gradients[2];
    cop_error err = {0};
    assert_ok(cop_gradient(s.g, loss, wrt, 2, gradients, &err), &err);
    scene_expect(&s, gradients[0], cop_shape1(3), scene_value(&s, x));
    double *square_of_x = scene_result(&s, inner);
    scene_expect(&s, gradients[1], cop_shape1(3), square_of_x);
    free(square_of_x);
    scene_close(&s);
}

int main(void)
{
    struct CMUnitTest case_tests[CASE_COUNT] = {{0}};
    for (size_t i = 0; i < CASE_COUNT; i++)
        case_tests[i] = (struct CMUnitTest){.name = cases[i].name,
                                            .test_func = derivatives_agree_with_differences,
                                            .initial_state = (void *)(uintptr_t)&cases[i]};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_has_a_case),
        cmocka_unit_test(detach_passes_nothing),
        cmocka_unit_test(kinks_have_the_documented_derivatives),
        cmocka_unit_test(independence_gives_zeros),
        cmocka_unit_test(draws_have_no_derivative),
        cmocka_unit_test(extremes_stay_finite),
        cmocka_unit_test(an_inner_node_may_be_differentiated_by),
    };
    int failed = cmocka_run_group_tests_name("every operation", case_tests, NULL, NULL);
    return failed + cmocka_run_group_tests_name("the rest", tests, NULL, NULL);
}
