/* What is fused plane by plane, between one convolution and the next: normalisation, elementwise
 * work, sums over planes and samples, 2x2 pooling, and the derivatives of all that, against the
 * oracle, in plain and in blocked layouts. */
#include "compiled.h"

#include <coppice/differentiate.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum pooling { NO_POOL, AVG_POOL, MAX_POOL } pooling;

typedef struct block_case {
    int64_t samples, channels, height, width;
    cop_norm_axes over;
    pooling pool;
} block_case;

enum { PARAMETERS = 4 };

/* conv → + bias → normalize → scale and shift → relu → pooling → conv; parameters: both
 * convolutions' weights, scale and shift. */
static cop_node block(scene *s, const block_case *c, cop_node *parameters)
{
    const cop_window window = cop_window_square(3, 1, 1), half = cop_window_square(2, 2, 0);
    cop_shape lanes = cop_shape4(1, c->channels, 1, 1);
    cop_node x = scene_draw(s, cop_shape4(c->samples, 3, c->height, c->width), FILL_PLAIN);
    parameters[0] = scene_draw(s, cop_shape4(c->channels, 3, 3, 3), FILL_PLAIN);
    parameters[1] = scene_draw(s, lanes, FILL_POSITIVE);
    parameters[2] = scene_draw(s, lanes, FILL_PLAIN);
    parameters[3] = scene_draw(s, cop_shape4(4, c->channels, 3, 3), FILL_PLAIN);
    cop_node h = cop_conv2d(s->g, x, parameters[0], window);
    h = cop_normalize(s->g, cop_add(s->g, h, scene_draw(s, lanes, FILL_PLAIN)), c->over, 1e-2);
    h = cop_relu(s->g, cop_add(s->g, cop_mul(s->g, h, parameters[1]), parameters[2]));
    if (c->pool != NO_POOL)
        h = c->pool == AVG_POOL ? cop_avg_pool(s->g, h, half) : cop_max_pool(s->g, h, half);
    return cop_conv2d(s->g, h, parameters[3], window);
}

/* The block, its gradients, and their derivatives along a direction. Losses are means of squares,
 * so that values stay near 1; tolerance 5e-4 for sums rounded through two orders of derivatives. */
static void expect_block(const block_case *c, uint64_t seed)
{
    scene s = scene_open(seed);
    cop_node w[PARAMETERS], v[PARAMETERS], outputs[2 + 2 * PARAMETERS];
    cop_node y = block(&s, c, w);
    double count = (double)cop_shape_count(cop_node_shape(s.g, y));
    for (int i = 0; i < PARAMETERS; i++)
        v[i] = scene_draw(&s, cop_node_shape(s.g, w[i]), FILL_PLAIN);
    cop_error err = {0};
    outputs[0] = y;
    outputs[1] = cop_scale(s.g, cop_total(s.g, cop_mul(s.g, y, y)), 1.0 / count);
    assert_ok(cop_gradient(s.g, outputs[1], w, PARAMETERS, outputs + 2, &err), &err);
    assert_ok(
        cop_jvp(s.g, w, v, PARAMETERS, outputs + 2, PARAMETERS, outputs + 2 + PARAMETERS, &err),
        &err);
    compiled_expect(&s, outputs, 2 + PARAMETERS, 5e-4); /* a training step by itself */
    compiled_expect(&s, outputs, 2 + 2 * PARAMETERS, 5e-4);
    scene_close(&s);
}

static void blocks_of_a_network_are_right(void **state)
{
    (void)state;
    const cop_norm_axes image = COP_NORM_OVER_IMAGE, batch = COP_NORM_OVER_BATCH;
    const block_case cases[] = {
        {3, 16, 8, 8, image, AVG_POOL},  {3, 16, 8, 8, image, MAX_POOL},
        {3, 16, 7, 9, image, NO_POOL},   {2, 32, 6, 10, image, AVG_POOL},
        {3, 16, 8, 8, batch, AVG_POOL},  {3, 16, 8, 8, batch, MAX_POOL},
        {4, 16, 7, 9, batch, NO_POOL},   {2, 48, 4, 4, batch, AVG_POOL},
        {3, 5, 8, 8, image, AVG_POOL}, /* channels that fill no block: plain planes */
        {3, 5, 8, 8, batch, MAX_POOL},   {3, 6, 5, 7, batch, NO_POOL},
        {2, 8, 12, 8, image, MAX_POOL},  {2, 16, 22, 18, image, AVG_POOL}, /* many tiles */
        {2, 16, 21, 11, batch, NO_POOL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_block(&cases[i], i + 1);
}

/* A residual sum of two normalised branches: two groups' worth of operands in one. */
static void a_residual_sum_of_two_branches_is_right(void **state)
{
    (void)state;
    scene s = scene_open(40);
    const cop_window window = cop_window_square(3, 1, 1);
    cop_node x = scene_draw(&s, cop_shape4(3, 3, 6, 6), FILL_PLAIN);
    cop_node w[3] = {scene_draw(&s, cop_shape4(16, 3, 3, 3), FILL_PLAIN),
                     scene_draw(&s, cop_shape4(16, 16, 3, 3), FILL_PLAIN),
                     scene_draw(&s, cop_shape4(16, 16, 1, 1), FILL_PLAIN)};
    cop_node h = cop_relu(s.g, cop_conv2d(s.g, x, w[0], window));
    cop_node a = cop_normalize(s.g, cop_conv2d(s.g, h, w[1], window), COP_NORM_OVER_BATCH, 1e-2);
    cop_node b = cop_normalize(s.g, cop_conv2d(s.g, h, w[2], cop_window_square(1, 1, 0)),
                               COP_NORM_OVER_BATCH, 1e-2);
    cop_node sum = cop_relu(s.g, cop_add(s.g, cop_add(s.g, a, b), h));
    cop_node loss = cop_total(s.g, cop_mul(s.g, sum, cop_scale(s.g, sum, 1e-2)));
    cop_node outputs[7] = {sum};
    cop_error err = {0};
    assert_ok(cop_gradient(s.g, loss, w, 3, outputs + 1, &err), &err);
    assert_ok(cop_jvp(s.g, w, w, 3, outputs + 1, 3, outputs + 4, &err), &err);
    compiled_expect(&s, outputs, 7, 1e-3);
    scene_close(&s);
}

/* The gradient of a sum is a constant, which a normalisation's sums and pooling read like any other
 * tensor of planes. */
static void constant_planes_are_read_like_others(void **state)
{
    (void)state;
    const cop_window half = cop_window_square(2, 2, 0);
    for (int64_t channels = 5; channels <= 16; channels += 11) {
        scene s = scene_open(45);
        cop_node x = scene_draw(&s, cop_shape4(2, 3, 8, 8), FILL_PLAIN);
        cop_node w = scene_draw(&s, cop_shape4(channels, 3, 3, 3), FILL_PLAIN);
        cop_node scale = scene_draw(&s, cop_shape4(1, channels, 1, 1), FILL_POSITIVE);
        cop_node h = cop_conv2d(s.g, x, w, cop_window_square(3, 1, 1));
        cop_node image = cop_normalize(s.g, h, COP_NORM_OVER_IMAGE, 1e-2);
        cop_node batch = cop_normalize(s.g, h, COP_NORM_OVER_BATCH, 1e-2);
        cop_node gated = cop_relu(s.g, cop_mul(s.g, image, scale));
        const cop_node losses[] = {
            cop_total(s.g, image),
            cop_total(s.g, batch),
            cop_total(s.g, cop_avg_pool(s.g, gated, half)),
            cop_total(s.g, cop_max_pool(s.g, gated, half)),
            cop_total(s.g, cop_avg_pool(s.g, cop_avg_pool(s.g, image, half), half)),
        };
        enum { LOSSES = sizeof losses / sizeof losses[0] };
        cop_node gradients[2 * LOSSES], wrt[2] = {w, scale};
        cop_error err = {0};
        for (int i = 0; i < LOSSES; i++)
            assert_ok(cop_gradient(s.g, losses[i], wrt, 2, gradients + 2 * i, &err), &err);
        for (int i = 0; i < 2 * LOSSES; i++)
            compiled_expect_one(&s, gradients[i], 1e-3);
        compiled_expect(&s, gradients, 2 * LOSSES, 1e-3);
        scene_close(&s);
    }
}

/* A variance that a mean of 300 and a pass of single precision over each plane leaves its digits.
 */
static void blocked_variance_survives_a_large_mean(void **state)
{
    (void)state;
    for (int over = COP_NORM_OVER_BATCH; over <= COP_NORM_OVER_IMAGE; over++) {
        scene s = scene_open(50);
        cop_node x = scene_draw(&s, cop_shape4(4, 3, 12, 12), FILL_PLAIN);
        cop_node w = scene_draw(&s, cop_shape4(16, 3, 3, 3), FILL_PLAIN);
        cop_node h = cop_conv2d(s.g, x, w, cop_window_square(3, 1, 1));
        cop_node far = cop_affine(s.g, h, 1.0, 300.0);
        compiled_expect_one(&s, cop_variance(s.g, far, (cop_norm_axes)over), 5e-4);
        scene_close(&s);
    }
}

/* Tensors that random graphs grow from: planes of 8x8 and 4x4, weights [C, C, 3, 3], and lanes [1,
 * C, 1, 1]. */
typedef struct garden {
    scene *s;
    cop_node nodes[40];
    int count;
    cop_node w, lanes;
    uint64_t draws;
} garden;

static uint64_t draw_bits(garden *t)
{
    t->draws = t->draws * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return t->draws >> 33;
}

static cop_node any_node(garden *t)
{
    return t->nodes[draw_bits(t) % (uint64_t)t->count];
}

/* One with planes of that side: there is always one. */
static cop_node any_of_side(garden *t, int64_t side)
{
    cop_node v = any_node(t);
    while (cop_node_shape(t->s->g, v).dim[2] != side)
        v = any_node(t);
    return v;
}

/* Between planes of two sizes; `a` has those of `side`. */
static cop_node resized_node(garden *t, cop_node a, int64_t side)
{
    const cop_window half = cop_window_square(2, 2, 0);
    cop_graph *g = t->s->g;
    if (side == 4)
        return draw_bits(t) % 2 == 0 ? cop_resize_bilinear(g, a, 8, 8)
                                     : cop_avg_pool_adjoint(g, a, half, 8, 8);
    switch (draw_bits(t) % 4) {
    case 0:
        return cop_max_pool(g, a, half);
    case 1:
        return cop_max_pool_take(g, a, any_of_side(t, 8), half);
    case 2:
        return cop_max_pool_put(g, a, any_of_side(t, 4), half);
    default:
        return cop_avg_pool(g, a, half);
    }
}

static cop_node random_node(garden *t)
{
    const uint32_t spatial = COP_AXIS(2) | COP_AXIS(3), batch = spatial | COP_AXIS(0);
    cop_graph *g = t->s->g;
    cop_node a = any_node(t), lanes = t->lanes;
    int64_t side = cop_node_shape(g, a).dim[2];
    cop_node b = any_of_side(t, side), other = any_node(t);
    cop_norm_axes over = draw_bits(t) % 2 == 0 ? COP_NORM_OVER_IMAGE : COP_NORM_OVER_BATCH;
    switch (draw_bits(t) % 16) {
    case 0:
        return cop_scale(g, cop_add(g, a, b), 0.5);
    case 1:
        return cop_sub(g, cop_mul(g, a, lanes),
                       cop_mul(g, b, cop_mean(g, cop_mul(g, a, b), batch)));
    case 2: /* the mean of planes of either size */
        return cop_mul(g, a, cop_mean(g, cop_tanh(g, other), spatial));
    case 3:
        return cop_sub(g, cop_sub(g, a, cop_mean(g, a, batch)),
                       cop_mul(g, b, cop_mean(g, cop_mul(g, a, b), spatial)));
    case 4:
        return cop_scale(g, cop_conv2d(g, a, t->w, cop_window_square(3, 1, 1)), 0.1);
    case 5:
        return cop_relu(g, cop_add(g, cop_mul(g, a, lanes), cop_scale(g, lanes, 0.3)));
    case 6:
        return cop_normalize(g, a, over, 0.5);
    case 7:
    case 8:
    case 9:
        return resized_node(t, a, side);
    case 10:
        return cop_tanh(g, cop_sub(g, a, b));
    case 11:
        return cop_sub(g, a, cop_mul(g, b, cop_variance(g, a, over)));
    case 12:
        return cop_mul(g, cop_detach(g, a), cop_sigmoid(g, b));
    case 13: /* one number a sample and pixel: no lanes */
        return cop_sub(g, a, cop_mean(g, b, COP_AXIS(1)));
    case 14:
        return cop_add(g, cop_tanh(g, a), cop_mean(g, cop_mul(g, b, b), batch | COP_AXIS(1)));
    default:
        return cop_reshape(g, cop_sigmoid(g, cop_flatten(g, a)), cop_node_shape(g, a));
    }
}

/* Work between pooling and the next convolution is on planes a quarter of what it began with; and
 * a sum over large planes may scale small ones without pooling. */
static void planes_of_two_sizes_go_together(void **state)
{
    (void)state;
    const cop_window half = cop_window_square(2, 2, 0), three = cop_window_square(3, 1, 1);
    for (int64_t channels = 5; channels <= 16; channels += 11) {
        scene s = scene_open(46);
        cop_node x = scene_draw(&s, cop_shape4(3, channels, 32, 32), FILL_PLAIN);
        cop_node y = scene_draw(&s, cop_shape4(3, channels, 16, 16), FILL_PLAIN);
        cop_node w = scene_draw(&s, cop_shape4(channels, channels, 3, 3), FILL_PLAIN);
        cop_node pooled = cop_avg_pool(s.g, cop_tanh(s.g, x), half);
        cop_node mean = cop_mean(s.g, cop_exp(s.g, cop_tanh(s.g, x)), COP_AXIS(2) | COP_AXIS(3));
        cop_node gated = cop_mul(s.g, cop_sigmoid(s.g, pooled), y);
        compiled_expect_one(&s, cop_sigmoid(s.g, pooled), 1e-4);
        compiled_expect_one(&s, cop_mul(s.g, cop_sigmoid(s.g, y), mean), 1e-4);
        compiled_expect_one(&s, cop_conv2d(s.g, gated, w, three), 1e-4);
        cop_node loss = cop_total(s.g, cop_square(s.g, cop_conv2d(s.g, gated, w, three)));
        const cop_node wrt[] = {x, y, w};
        cop_node gradients[3];
        cop_error err = {0};
        assert_ok(cop_gradient(s.g, loss, wrt, 3, gradients, &err), &err);
        compiled_expect(&s, gradients, 3, 1e-3);
        scene_close(&s);
    }
}

static double **oracle_results(const scene *s, const cop_node *nodes, size_t count)
{
    double **results = calloc(count, sizeof *results);
    assert_non_null(results);
    for (size_t k = 0; k < count; k++) {
        results[k] =
            calloc((size_t)cop_shape_count(cop_node_shape(s->g, nodes[k])), sizeof(double));
        assert_non_null(results[k]);
    }
    scene_evaluate(s, nodes, results, count);
    return results;
}

static void free_results(double **results, size_t count)
{
    for (size_t k = 0; k < count; k++)
        free(results[k]);
    free(results);
}

/* Sets every input to its first value times 1 ± 1e-5; other signs from call to call. */
static void nudge(scene *s, double *const *first, uint64_t *draws)
{
    for (size_t i = 0; i < s->count; i++)
        for (int64_t k = 0; k < cop_shape_count(cop_node_shape(s->g, s->node[i])); k++) {
            *draws = *draws * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            s->value[i][k] = first[i][k] * ((*draws >> 40) % 2 == 0 ? 1.0 - 1e-5 : 1.0 + 1e-5);
        }
}

/* Whether rounding may decide the result: a ReLU or a maximum near its kink, which the oracle
 * itself takes by another branch when the inputs move by 1e-5. */
static bool is_near_kink(scene *s, const cop_node *nodes, size_t count, double tolerance)
{
    enum { NUDGES = 4 };
    double **wanted = oracle_results(s, nodes, count);
    double **first = oracle_results(s, s->node, s->count);
    uint64_t draws = s->draws;
    bool moved = false;
    for (int n = 0; n < NUDGES && !moved; n++) {
        nudge(s, first, &draws);
        double **got = oracle_results(s, nodes, count);
        for (size_t k = 0; k < count; k++)
            for (int64_t i = 0; i < cop_shape_count(cop_node_shape(s->g, nodes[k])); i++)
                moved = moved || fabs(got[k][i] - wanted[k][i]) >
                                     0.5 * tolerance * (1.0 + fabs(wanted[k][i]));
        free_results(got, count);
    }
    for (size_t i = 0; i < s->count; i++)
        memcpy(s->value[i], first[i],
               (size_t)cop_shape_count(cop_node_shape(s->g, s->node[i])) * sizeof *first[i]);
    free_results(first, s->count);
    free_results(wanted, count);
    return moved;
}

/* Many graphs with many outputs, and gradients of the last node: whatever is fused, repeated and
 * written in place, the values are right. */
static void random_graphs_of_planes_are_right(void **state)
{
    (void)state;
    enum { NODES = 24, MOST = 12, SEEDS = 120 };
    int skipped = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        scene s = scene_open(seed);
        garden t = {.s = &s, .draws = 91 * seed + 5};
        int64_t channels = seed % 3 == 0 ? 6 : 16;
        t.w = scene_draw(&s, cop_shape4(channels, channels, 3, 3), FILL_PLAIN);
        t.lanes = scene_draw(&s, cop_shape4(1, channels, 1, 1), FILL_POSITIVE);
        cop_node x = scene_draw(&s, cop_shape4(3, channels, 8, 8), FILL_PLAIN);
        t.nodes[t.count++] = x;
        t.nodes[t.count++] =
            cop_scale(s.g, cop_conv2d(s.g, x, t.w, cop_window_square(3, 1, 1)), 0.2);
        t.nodes[t.count++] = scene_draw(&s, cop_shape4(3, channels, 4, 4), FILL_PLAIN);
        while (t.count < NODES) {
            cop_node grown = random_node(&t);
            t.nodes[t.count++] = grown;
        }
        cop_node outputs[MOST + 3];
        size_t count = 0;
        for (int i = NODES - 1; i > 0 && count < MOST; i -= 1 + (int)(seed % 5))
            outputs[count++] = t.nodes[i];
        const cop_node wrt[] = {x, t.w, t.lanes};
        cop_error err = {0};
        cop_node loss = cop_scale(s.g, cop_total(s.g, t.nodes[NODES - 1]), 1e-3);
        assert_ok(cop_gradient(s.g, loss, wrt, 3, outputs + count, &err), &err);
        if (is_near_kink(&s, outputs, count + 3, 1e-3))
            skipped++;
        else
            compiled_expect(&s, outputs, count + 3, 1e-3);
        scene_close(&s);
    }
    assert_in_range(skipped, 0, SEEDS / 10);
}

static cop_program_cost costs_of(const block_case *c, bool gradient)
{
    scene s = scene_open(60);
    cop_node w[PARAMETERS], outputs[1 + PARAMETERS];
    cop_error err = {0};
    outputs[0] = block(&s, c, w);
    assert_ok(cop_gradient(s.g, cop_total(s.g, outputs[0]), w, PARAMETERS, outputs + 1, &err),
              &err);
    float *inputs[SCENE_INPUTS];
    cop_program *p = compiled_open(&s, outputs, gradient ? 1 + PARAMETERS : 1, 2, inputs);
    cop_program_cost cost = compiled_cost(p);
    compiled_close(&s, p, inputs);
    scene_close(&s);
    return cost;
}

/* Two convolutions, and one pass over memory between them. Conversions: two of weights, and that of
 * the output, which is plain. */
static void one_pass_lies_between_convolutions(void **state)
{
    (void)state;
    const block_case instance = {2, 16, 16, 16, COP_NORM_OVER_IMAGE, AVG_POOL};
    cop_program_cost cost = costs_of(&instance, false);
    assert_int_equal(cost.operations - cost.reorders, 3);
    assert_in_range(cost.reorders, 0, 3);
    /* Over a batch: the statistics first; and the reciprocal root of a variance by itself. */
    const block_case batch = {2, 16, 16, 16, COP_NORM_OVER_BATCH, AVG_POOL};
    cost = costs_of(&batch, false);
    assert_int_equal(cost.operations - cost.reorders, 5);
}

/* What the normalisation makes of a convolution's result is computed again in the backward pass:
 * of the tensors as large as that result the arena holds two. */
static void activations_are_computed_again(void **state)
{
    (void)state;
    const block_case large = {32, 16, 32, 32, COP_NORM_OVER_IMAGE, AVG_POOL};
    int64_t activation = 32 * 16 * 32 * 32 * (int64_t)sizeof(float);
    assert_in_range(costs_of(&large, true).arena_bytes, activation, 5 * activation / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_of_a_network_are_right),
        cmocka_unit_test(a_residual_sum_of_two_branches_is_right),
        cmocka_unit_test(constant_planes_are_read_like_others),
        cmocka_unit_test(planes_of_two_sizes_go_together),
        cmocka_unit_test(random_graphs_of_planes_are_right),
        cmocka_unit_test(blocked_variance_survives_a_large_mean),
        cmocka_unit_test(one_pass_lies_between_convolutions),
        cmocka_unit_test(activations_are_computed_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
