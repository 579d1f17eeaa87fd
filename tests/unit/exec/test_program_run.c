/* What a compiled program promises around its arithmetic: bindings, outputs, aliasing, memory,
 * repeatability, refusals. */
#include "compiled.h"

#include "exec/program/program.h"

#include <coppice/differentiate.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void outputs_may_be_leaves_and_views(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x = scene_draw(&s, cop_shape2(3, 4), FILL_PLAIN);
    cop_node constant = cop_constant(s.g, cop_shape1(3), 0.25);
    cop_node y = cop_exp(s.g, x), flat = cop_reshape(s.g, y, cop_shape1(12));
    cop_node view = cop_reshape(s.g, x, cop_shape2(4, 3));
    cop_node nodes[9] = {x, constant, y, flat, view, y, cop_detach(s.g, x), cop_total(s.g, x), x};
    compiled_expect(&s, nodes, 9, 1e-6);
    scene_close(&s);
}

/* w ← w − 0.5·g and m ← w + g, written over w and m themselves: as if all were read first. */
static void outputs_may_be_inputs(void **state)
{
    (void)state;
    scene s = scene_open(2);
    cop_shape shape = cop_shape1(3000);
    cop_node w = scene_draw(&s, shape, FILL_PLAIN), g = scene_draw(&s, shape, FILL_PLAIN);
    cop_node m = scene_draw(&s, shape, FILL_PLAIN);
    cop_node nodes[4] = {cop_sub(s.g, w, cop_scale(s.g, g, 0.5)), cop_add(s.g, w, g),
                         cop_total(s.g, cop_mul(s.g, w, m)), w};
    double *wanted[4];
    for (int i = 0; i < 4; i++) {
        for (int64_t k = 0; k < 3000; k++)
            s.value[i % 3][k] = (double)(float)s.value[i % 3][k];
    }
    for (int i = 0; i < 4; i++)
        wanted[i] = scene_result(&s, nodes[i]);
    float *inputs[SCENE_INPUTS];
    cop_program *p = compiled_open(&s, nodes, 4, 2, inputs);
    cop_error err = {0};
    assert_ok(cop_program_bind_output(p, 0, inputs[0], &err), &err);
    assert_ok(cop_program_bind_output(p, 1, inputs[2], &err), &err);
    assert_ok(cop_program_bind_output(p, 3, inputs[1], &err), &err);
    assert_ok(cop_program_run(p, &err), &err);
    assert_close_f32(inputs[0], wanted[0], 3000, 1e-6, 1e-6);
    assert_close_f32(inputs[2], wanted[1], 3000, 1e-6, 1e-6);
    assert_close_f32(cop_program_output(p, 2), wanted[2], 1, 1e-4, 1e-4);
    assert_close_f32(inputs[1], wanted[3], 3000, 0.0, 0.0);
    for (int i = 0; i < 4; i++)
        free(wanted[i]);
    compiled_close(&s, p, inputs);
    scene_close(&s);
}

/* An update in place, alone: read and written tile by tile, without a copy. */
static void an_update_in_place_is_written_directly(void **state)
{
    (void)state;
    scene s = scene_open(3);
    cop_node w = scene_draw(&s, cop_shape1(5000), FILL_PLAIN);
    cop_node g = scene_draw(&s, cop_shape1(5000), FILL_PLAIN);
    cop_node next = cop_sub(s.g, w, cop_scale(s.g, g, 0.5));
    float *inputs[SCENE_INPUTS];
    cop_program *p = compiled_open(&s, &next, 1, 2, inputs);
    cop_error err = {0};
    float *before = malloc(5000 * sizeof *before);
    assert_non_null(before);
    memcpy(before, inputs[0], 5000 * sizeof *before);
    assert_ok(cop_program_bind_output(p, 0, inputs[0], &err), &err);
    for (int run = 0; run < 3; run++)
        assert_ok(cop_program_run(p, &err), &err);
    assert_false(p->outputs[0].copied);
    for (int i = 0; i < 5000; i++) {
        float off = inputs[0][i] - (before[i] - 1.5f * inputs[1][i]);
        assert_true(off < 1e-5f && off > -1e-5f);
    }
    free(before);
    compiled_close(&s, p, inputs);
    scene_close(&s);
}

/* Memory that overlaps an input without being it is written at the end. */
static void an_output_may_overlap_an_input(void **state)
{
    (void)state;
    scene s = scene_open(4);
    cop_node x = scene_draw(&s, cop_shape1(64), FILL_PLAIN);
    cop_node y = cop_scale(s.g, x, 2.0);
    cop_program *p = NULL;
    cop_error err = {0};
    assert_ok(cop_compile(s.g, &y, 1, NULL, &p, &err), &err);
    float memory[80];
    for (int i = 0; i < 80; i++)
        memory[i] = (float)i;
    assert_ok(cop_program_bind(p, x, memory, &err), &err);
    assert_ok(cop_program_bind_output(p, 0, memory + 16, &err), &err);
    assert_ok(cop_program_run(p, &err), &err);
    for (int i = 0; i < 64; i++)
        assert_true(memory[16 + i] == 2.0f * (float)i);
    cop_program_free(p);
    scene_close(&s);
}

/* The same bits wherever the caller's memory begins, and after other runs in between. */
static void bits_do_not_depend_on_alignment(void **state)
{
    (void)state;
    scene s = scene_open(5);
    cop_node x = scene_draw(&s, cop_shape4(4, 16, 9, 9), FILL_PLAIN);
    cop_node w = scene_draw(&s, cop_shape4(16, 16, 3, 3), FILL_PLAIN);
    cop_node y = cop_conv2d(s.g, x, w, cop_window_square(3, 1, 1));
    cop_node z = cop_normalize(s.g, cop_add(s.g, y, x), COP_NORM_OVER_BATCH, 1e-5);
    cop_node nodes[3] = {cop_sum(s.g, x, COP_AXIS(2) | COP_AXIS(3)), z,
                         cop_sum(s.g, cop_mul(s.g, x, z), COP_ALL_AXES)};
    float *inputs[SCENE_INPUTS];
    cop_program *p = compiled_open(&s, nodes, 3, 2, inputs);
    const size_t bytes[3] = {64 * sizeof(float), 4 * 16 * 81 * sizeof(float), sizeof(float)};
    float *first[3];
    cop_error err = {0};
    assert_ok(cop_program_run(p, &err), &err);
    for (int k = 0; k < 3; k++) {
        first[k] = malloc(bytes[k]);
        assert_non_null(first[k]);
        memcpy(first[k], cop_program_output(p, (size_t)k), bytes[k]);
    }
    float *moved = malloc(bytes[1] + 64);
    assert_non_null(moved);
    for (int shift = 1; shift < 16; shift += 5) {
        memcpy(moved + shift, inputs[0], bytes[1]);
        assert_ok(cop_program_bind(p, x, moved + shift, &err), &err);
        assert_ok(cop_program_run(p, &err), &err);
        for (int k = 0; k < 3; k++)
            assert_memory_equal(first[k], cop_program_output(p, (size_t)k), bytes[k]);
    }
    free(moved);
    for (int k = 0; k < 3; k++)
        free(first[k]);
    compiled_close(&s, p, inputs);
    scene_close(&s);
}

static void bindings_are_checked_before_a_run(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    assert_non_null(g);
    cop_node a = cop_input(g, "a", cop_shape1(2)), b = cop_input(g, "b", cop_shape1(2));
    (void)cop_input(g, "unused", cop_shape1(2));
    cop_node sum = cop_add(g, a, b);
    cop_program *p = NULL;
    cop_error err = {0};
    assert_ok(cop_compile(g, &sum, 1, NULL, &p, &err), &err);
    cop_graph_free(g); /* the program does not need it any more */
    const float one[2] = {1, 2}, two[2] = {10, 20};
    assert_ok(cop_program_bind(p, a, one, &err), &err);
    assert_refused(cop_program_run(p, &err), COP_FAILED, &err, "input \"b\" is not bound");
    assert_ok(cop_program_bind_name(p, "b", two, &err), &err);
    assert_ok(cop_program_bind_name(p, "unused", one, &err), &err);
    assert_refused(cop_program_bind_name(p, "c", two, &err), COP_FAILED, &err, "\"c\"");
    assert_refused(cop_program_bind(p, sum, two, &err), COP_FAILED, &err, "no input");
    float out[2];
    assert_refused(cop_program_bind_output(p, 1, out, &err), COP_FAILED, &err, "output 1");
    assert_ok(cop_program_run(p, &err), &err);
    assert_true(cop_program_output(p, 0)[0] == 11.0f && cop_program_output(p, 0)[1] == 22.0f);
    assert_ok(cop_program_bind(p, a, two, &err), &err);
    assert_ok(cop_program_run(p, &err), &err);
    assert_true(cop_program_output(p, 0)[1] == 40.0f);
    cop_program_free(p);
}

static void refuses_to_compile_what_it_cannot_run(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    assert_non_null(g);
    cop_node a = cop_input(g, "a", cop_shape1(2));
    cop_program *p = NULL;
    cop_error err = {0};
    cop_node none = COP_NO_NODE;
    assert_refused(cop_compile(g, &a, 0, NULL, &p, &err), COP_FAILED, &err, "outputs");
    assert_refused(cop_compile(g, &none, 1, NULL, &p, &err), COP_FAILED, &err, "output 0");
    cop_compile_options options = {COP_SIZED(cop_compile_options), .precision = COP_PRECISION_BF16};
    assert_refused(cop_compile(g, &a, 1, &options, &p, &err), COP_UNAVAILABLE, &err, "bf16");
    options = (cop_compile_options){COP_SIZED(cop_compile_options), .threads = -1};
    assert_refused(cop_compile(g, &a, 1, &options, &p, &err), COP_FAILED, &err, "-1 threads");
    (void)cop_graph_refuse(g, "no such network");
    cop_status status = cop_compile(g, &a, 1, NULL, &p, &err);
    assert_int_not_equal(status, COP_OK);
    assert_non_null(strstr(err.message, "no such network"));
    assert_null(p);
    cop_graph_free(g);
}

/* One more node on earlier tensors of one shape [4, 4, 5, 5]; w [4, 4, 3, 3]. */
static cop_node random_node(scene *s, const cop_node *pool, int count, cop_node w, uint64_t *draws)
{
    *draws = *draws * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint64_t bits = *draws >> 33;
    cop_node a = pool[bits % (uint64_t)count], b = pool[bits / 64 % (uint64_t)count];
    switch (bits / 4096 % 10) {
    case 0:
        return cop_scale(s->g, cop_add(s->g, a, b), 0.5);
    case 1:
        return cop_mul(s->g, a, cop_mean(s->g, b, COP_AXIS(2) | COP_AXIS(3)));
    case 2:
        return cop_tanh(s->g, a);
    case 3:
        return cop_sub(s->g, a, cop_mean(s->g, b, COP_AXIS(0)));
    case 4:
        return cop_scale(s->g, cop_conv2d(s->g, a, w, cop_window_square(3, 1, 1)), 0.2);
    case 5:
        return cop_mul(s->g, a, cop_sigmoid(s->g, b));
    case 6:
        return cop_normalize(s->g, a, COP_NORM_OVER_IMAGE, 0.5);
    case 7:
        return cop_reshape(s->g, cop_sigmoid(s->g, cop_reshape(s->g, a, cop_shape2(4, 100))),
                           cop_shape4(4, 4, 5, 5));
    case 8:
        return cop_mul(s->g, cop_detach(s->g, a), cop_affine(s->g, b, 0.5, 0.1));
    default:
        return cop_avg_pool(s->g, a, cop_window_square(3, 1, 1));
    }
}

/* Many graphs with many outputs: every value is right although memory is shared over time. */
static void random_graphs_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        scene s = scene_open(seed);
        uint64_t draws = 77 * seed + 1;
        cop_node pool[40], outputs[20];
        cop_node w = scene_draw(&s, cop_shape4(4, 4, 3, 3), FILL_PLAIN);
        pool[0] = scene_draw(&s, cop_shape4(4, 4, 5, 5), FILL_PLAIN);
        for (int i = 1; i < 40; i++)
            pool[i] = random_node(&s, pool, i, w, &draws);
        size_t count = 0;
        for (int i = 39; i > 0 && count < 20; i -= 1 + (int)(seed % 5))
            outputs[count++] = pool[i];
        compiled_expect(&s, outputs, count, 1e-4);
        scene_close(&s);
    }
}

static cop_node small_network(scene *s, cop_node *parameters)
{
    cop_node x = scene_draw(s, cop_shape4(6, 3, 8, 8), FILL_PLAIN);
    parameters[0] = scene_draw(s, cop_shape4(16, 3, 3, 3), FILL_PLAIN);
    parameters[1] = scene_draw(s, cop_shape4(1, 16, 1, 1), FILL_POSITIVE);
    parameters[2] = scene_draw(s, cop_shape4(1, 16, 1, 1), FILL_PLAIN);
    parameters[3] = scene_draw(s, cop_shape4(20, 16, 3, 3), FILL_PLAIN);
    parameters[4] = scene_draw(s, cop_shape2(5, 80), FILL_PLAIN);
    cop_window window = cop_window_square(3, 1, 1), half = cop_window_square(2, 2, 0);
    cop_node h = cop_conv2d(s->g, x, parameters[0], window);
    h = cop_normalize(s->g, h, COP_NORM_OVER_IMAGE, 1e-2);
    h = cop_relu(s->g, cop_add(s->g, cop_mul(s->g, h, parameters[1]), parameters[2]));
    h = cop_conv2d(s->g, cop_avg_pool(s->g, h, half), parameters[3], window);
    h = cop_max_pool(s->g, cop_tanh(s->g, cop_normalize(s->g, h, COP_NORM_OVER_BATCH, 1e-2)), half);
    h = cop_matmul(s->g, cop_flatten(s->g, h), false, parameters[4], true);
    cop_node target = scene_draw(s, cop_shape2(6, 5), FILL_POSITIVE);
    return cop_total(s->g, cop_mul(s->g, cop_log_softmax(s->g, h), cop_scale(s->g, target, -0.1)));
}

/* Loss, gradients and a Hessian product of a network, all from one program. Tolerance 2e-3: sums
 * of rounding through three layers, twice differentiated. */
static void second_derivatives_of_a_network_are_right(void **state)
{
    (void)state;
    scene s = scene_open(9);
    cop_node w[5], v[5], outputs[11];
    cop_node loss = small_network(&s, w);
    for (int i = 0; i < 5; i++)
        v[i] = scene_draw(&s, cop_node_shape(s.g, w[i]), FILL_PLAIN);
    cop_error err = {0};
    outputs[0] = loss;
    assert_ok(cop_gradient(s.g, loss, w, 5, outputs + 1, &err), &err);
    assert_ok(cop_jvp(s.g, w, v, 5, outputs + 1, 5, outputs + 6, &err), &err);
    compiled_expect(&s, outputs, 11, 2e-3);
    scene_close(&s);
}

/* Training memory is reused: the arena is far smaller than all tensors together. */
static void memory_is_reused(void **state)
{
    (void)state;
    scene s = scene_open(10);
    cop_node x = scene_draw(&s, cop_shape2(64, 64), FILL_PLAIN), y = x;
    for (int i = 0; i < 20; i++)
        y = cop_matmul(s.g, cop_tanh(s.g, y), false, x, false);
    float *inputs[SCENE_INPUTS];
    cop_program *p = compiled_open(&s, &y, 1, 1, inputs);
    assert_true(compiled_cost(p).arena_bytes <= 3 * 64 * 64 * 4);
    compiled_close(&s, p, inputs);
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_may_be_leaves_and_views),
        cmocka_unit_test(outputs_may_be_inputs),
        cmocka_unit_test(an_update_in_place_is_written_directly),
        cmocka_unit_test(an_output_may_overlap_an_input),
        cmocka_unit_test(bits_do_not_depend_on_alignment),
        cmocka_unit_test(bindings_are_checked_before_a_run),
        cmocka_unit_test(refuses_to_compile_what_it_cannot_run),
        cmocka_unit_test(random_graphs_are_right),
        cmocka_unit_test(second_derivatives_of_a_network_are_right),
        cmocka_unit_test(memory_is_reused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
