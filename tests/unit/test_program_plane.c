/* What is fused plane by plane, between one convolution and the next: normalisation, elementwise
 * work, sums over planes and samples, 2x2 pooling, and the derivatives of all that, against the
 * oracle, in plain and in blocked layouts. */
#include "compiled.h"

#include <coppice/differentiate.h>

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

static void test_blocks(void **state)
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
static void test_residual(void **state)
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

/* A variance that a mean of 300 and a pass of single precision over each plane leaves its digits.
 */
static void test_blocked_variance_about_a_large_mean(void **state)
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
    cop_program_cost cost = cop_program_costs(p);
    compiled_close(&s, p, inputs);
    scene_close(&s);
    return cost;
}

/* Two convolutions, and one pass over memory between them. Conversions: two of weights, and that of
 * the output, which is plain. */
static void test_one_pass_between_convolutions(void **state)
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
static void test_activations_are_computed_again(void **state)
{
    (void)state;
    const block_case large = {32, 16, 32, 32, COP_NORM_OVER_IMAGE, AVG_POOL};
    int64_t activation = 32 * 16 * 32 * 32 * (int64_t)sizeof(float);
    assert_in_range(costs_of(&large, true).arena_bytes, activation, 5 * activation / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_residual),
        cmocka_unit_test(test_blocked_variance_about_a_large_mean),
        cmocka_unit_test(test_one_pass_between_convolutions),
        cmocka_unit_test(test_activations_are_computed_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
