/* Compiled elementwise operations and their fused groups against the oracle. Tolerance: 2e-6 of
 * 1 + |value| for one operation, 1e-5 for chains. */
#include "compiled.h"

#include "exec/program/program.h"
#include "graph/node.h"

#include <math.h>

static const double one_op = 2e-6, chain = 1e-5;

typedef cop_node (*unary_op)(cop_graph *g, cop_node a);

static cop_node leaky(cop_graph *g, cop_node a)
{
    return cop_leaky_relu(g, a, 0.1);
}

static cop_node affine(cop_graph *g, cop_node a)
{
    return cop_affine(g, a, -1.75, 0.5);
}

static void unary_operations_agree_with_the_oracle(void **state)
{
    (void)state;
    static const struct {
        unary_op op;
        scene_fill fill;
    } cases[] = {
        {affine, FILL_PLAIN},    {cop_sqrt, FILL_POSITIVE},   {cop_reciprocal, FILL_NONZERO},
        {cop_exp, FILL_PLAIN},   {cop_ln, FILL_POSITIVE},     {cop_abs, FILL_PLAIN},
        {cop_sign, FILL_PLAIN},  {cop_heaviside, FILL_PLAIN}, {cop_sigmoid, FILL_PLAIN},
        {cop_tanh, FILL_PLAIN},  {cop_relu, FILL_PLAIN},      {leaky, FILL_PLAIN},
        {cop_detach, FILL_PLAIN}};
    const cop_shape shapes[] = {cop_shape0(), cop_shape1(1), cop_shape1(1023), cop_shape2(3, 5),
                                cop_shape4(2, 7, 33, 31)};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++) {
            scene s = scene_open(i + 100 * k);
            compiled_expect_one(&s, cases[i].op(s.g, scene_draw(&s, shapes[k], cases[i].fill)),
                                one_op);
            scene_close(&s);
        }
}

/* Zeros of either sign, infinities and NaN through the operations that promise something of them.
 */
static void special_values_go_through_as_promised(void **state)
{
    (void)state;
    scene s = scene_open(1);
    const double values[5] = {0.0, -0.0, NAN, INFINITY, -INFINITY};
    cop_node x = scene_input(&s, cop_shape1(5), values);
    cop_node nodes[3] = {cop_relu(s.g, x), cop_heaviside(s.g, x), cop_sigmoid(s.g, x)};
    float *inputs[SCENE_INPUTS];
    cop_program *p = compiled_open(&s, nodes, 3, 1, inputs);
    cop_error err = {0};
    assert_ok(cop_program_run(p, &err), &err);
    const float *relu = cop_program_output(p, 0), *step = cop_program_output(p, 1);
    const float *sigmoid = cop_program_output(p, 2);
    assert_true(relu[0] == 0.0f && relu[1] == 0.0f && isnan(relu[2]) && isinf(relu[3]));
    assert_true(relu[4] == 0.0f);
    assert_true(step[0] == 0.0f && step[3] == 1.0f && step[4] == 0.0f);
    assert_true(sigmoid[0] == 0.5f && sigmoid[3] == 1.0f && sigmoid[4] == 0.0f);
    compiled_close(&s, p, inputs);
    scene_close(&s);
}

typedef cop_node (*binary_op)(cop_graph *g, cop_node a, cop_node b);

/* Each broadcast that a network uses, and odd ones, on either side. */
static void binary_operations_broadcast_on_either_side(void **state)
{
    (void)state;
    static const binary_op ops[] = {cop_add, cop_sub, cop_mul, cop_div, cop_gate};
    const cop_shape pairs[][2] = {
        {cop_shape4(3, 5, 7, 9), cop_shape4(3, 5, 7, 9)},
        {cop_shape4(3, 5, 7, 9), cop_shape4(1, 5, 1, 1)},
        {cop_shape4(3, 5, 7, 9), cop_shape4(3, 5, 1, 1)},
        {cop_shape4(3, 5, 7, 9), cop_shape4(3, 1, 1, 1)},
        {cop_shape4(3, 5, 7, 9), cop_shape4(1, 1, 1, 1)},
        {cop_shape4(3, 5, 7, 9), cop_shape4(3, 1, 7, 9)},
        {cop_shape4(3, 5, 7, 9), cop_shape4(1, 5, 1, 9)},
        {cop_shape4(3, 5, 7, 9), cop_shape4(1, 5, 7, 1)},
        {cop_shape4(3, 5, 37, 41), cop_shape4(1, 5, 1, 1)}, /* rows longer than a tile */
        {cop_shape4(3, 5, 37, 41), cop_shape4(3, 5, 37, 1)},
        {cop_shape4(64, 130, 1, 1), cop_shape4(1, 130, 1, 1)},
        {cop_shape4(64, 130, 1, 1), cop_shape4(64, 1, 1, 1)},
        {cop_shape2(40, 2100), cop_shape2(1, 2100)},
        {cop_shape2(7, 1), cop_shape2(1, 11)}, /* neither is full */
        {cop_shape4(1, 5, 1, 9), cop_shape4(3, 1, 7, 1)},
        {cop_shape1(1), cop_shape1(1)},
    };
    for (size_t k = 0; k < sizeof pairs / sizeof pairs[0]; k++)
        for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
            scene s = scene_open(i + 100 * k);
            cop_node a = scene_draw(&s, pairs[k][0], FILL_NONZERO);
            cop_node b = scene_draw(&s, pairs[k][1], FILL_NONZERO);
            cop_node both[2] = {ops[i](s.g, a, b), ops[i](s.g, b, a)};
            compiled_expect(&s, both, 2, one_op);
            scene_close(&s);
        }
}

static void broadcasts_and_constants_are_computed(void **state)
{
    (void)state;
    scene s = scene_open(3);
    cop_shape shape = cop_shape4(2, 3, 5, 6);
    cop_node a = scene_draw(&s, cop_shape4(1, 3, 1, 1), FILL_PLAIN);
    cop_node b = scene_draw(&s, shape, FILL_PLAIN);
    cop_node wide = cop_broadcast(s.g, a, shape);
    cop_node constant = cop_constant(s.g, shape, 2.5);
    cop_node nodes[4] = {wide, cop_mul(s.g, wide, b), cop_div(s.g, constant, cop_exp(s.g, b)),
                         cop_total(s.g, cop_mul(s.g, constant, b))};
    compiled_expect(&s, nodes, 4, chain);
    scene_close(&s);
}

/* A chain of one shape is one instruction, and only its end goes to memory. */
static void a_chain_is_one_instruction(void **state)
{
    (void)state;
    scene s = scene_open(4);
    cop_node x = scene_draw(&s, cop_shape4(4, 6, 15, 17), FILL_PLAIN);
    cop_node scale = scene_draw(&s, cop_shape4(1, 6, 1, 1), FILL_PLAIN);
    cop_node shift = scene_draw(&s, cop_shape4(4, 6, 1, 1), FILL_PLAIN);
    cop_node sample = scene_draw(&s, cop_shape4(4, 1, 1, 1), FILL_POSITIVE);
    cop_node y = cop_add(s.g, cop_mul(s.g, x, scale), shift);
    y = cop_div(s.g, cop_relu(s.g, y), sample);
    y = cop_tanh(s.g, cop_sub(s.g, cop_square(s.g, y), cop_detach(s.g, x)));
    compiled_expect_one(&s, y, chain);
    float *inputs[SCENE_INPUTS];
    cop_program *p = compiled_open(&s, &y, 1, 2, inputs);
    assert_int_equal(compiled_cost(p).operations, 1);
    assert_int_equal(p->instructions[0].result_count, 1);
    compiled_close(&s, p, inputs);
    scene_close(&s);
}

/* A path that leaves a group and comes back forbids joining; several values may be kept. */
static void a_diamond_through_a_reduction_is_right(void **state)
{
    (void)state;
    scene s = scene_open(5);
    cop_node x = scene_draw(&s, cop_shape2(33, 65), FILL_PLAIN);
    cop_node a = cop_exp(s.g, x);
    cop_node sum = cop_sum(s.g, a, COP_AXIS(1));
    cop_node b = cop_div(s.g, a, sum);
    cop_node c = cop_mul(s.g, b, cop_add(s.g, a, x));
    cop_node nodes[3] = {c, b, cop_sum(s.g, cop_mul(s.g, c, a), COP_AXIS(0))};
    compiled_expect(&s, nodes, 3, chain);
    scene_close(&s);
}

/* More operations than one group holds. */
static void a_chain_longer_than_a_group_is_right(void **state)
{
    (void)state;
    scene s = scene_open(6);
    cop_node x = scene_draw(&s, cop_shape2(50, 41), FILL_POSITIVE);
    cop_node y = x;
    for (int i = 0; i < 60; i++)
        y = cop_add(s.g, cop_mul(s.g, y, cop_constant(s.g, cop_shape2(50, 41), 0.5)),
                    i % 2 == 0 ? x : cop_sqrt(s.g, x));
    compiled_expect_one(&s, y, chain);
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unary_operations_agree_with_the_oracle),
        cmocka_unit_test(special_values_go_through_as_promised),
        cmocka_unit_test(binary_operations_broadcast_on_either_side),
        cmocka_unit_test(broadcasts_and_constants_are_computed),
        cmocka_unit_test(a_chain_is_one_instruction),
        cmocka_unit_test(a_diamond_through_a_reduction_is_right),
        cmocka_unit_test(a_chain_longer_than_a_group_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
