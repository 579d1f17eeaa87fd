/* Tests of running a program's convolutions by themselves. */
#include "compiled.h"

#include "exec/program/convolutions.h"

#include <string.h>

static void the_whole_is_the_same_behind_it(void **state)
{
    (void)state;
    scene s = scene_open(1);
    cop_node x = scene_draw(&s, cop_shape4(2, 16, 8, 8), FILL_PLAIN);
    cop_node w = scene_draw(&s, cop_shape4(16, 16, 3, 3), FILL_PLAIN);
    cop_node y = cop_conv2d(s.g, x, w, cop_window_square(3, 1, 1));
    cop_node z = cop_conv2d(s.g, cop_relu(s.g, y), w, cop_window_square(3, 1, 1));
    float *inputs[8], first[2 * 16 * 8 * 8];
    cop_error err = {0};
    cop_program *p = compiled_open(&s, &z, 1, 2, inputs);
    assert_refused(cop_program_run_convolutions(p, &err), COP_FAILED, &err, "after the whole");
    err = (cop_error){0};
    assert_ok(cop_program_run(p, &err), &err);
    memcpy(first, cop_program_output(p, 0), sizeof first);
    assert_ok(cop_program_run_convolutions(p, &err), &err);
    assert_ok(cop_program_run(p, &err), &err);
    assert_memory_equal(first, cop_program_output(p, 0), sizeof first);
    compiled_close(&s, p, inputs);
    scene_close(&s);
}

/* The output is written by the sum behind the convolution, which is not run. */
static void nothing_else_runs(void **state)
{
    (void)state;
    scene s = scene_open(2);
    cop_node x = scene_draw(&s, cop_shape4(1, 16, 8, 8), FILL_PLAIN);
    cop_node w = scene_draw(&s, cop_shape4(16, 16, 3, 3), FILL_PLAIN);
    cop_node y = cop_total(s.g, cop_conv2d(s.g, x, w, cop_window_square(3, 1, 1)));
    float *inputs[8], sum = 0.0f;
    cop_error err = {0};
    cop_program *p = compiled_open(&s, &y, 1, 1, inputs);
    assert_ok(cop_program_bind_output(p, 0, &sum, &err), &err);
    assert_ok(cop_program_run(p, &err), &err);
    assert_true(sum != 0.0f);
    sum = 0.0f;
    assert_ok(cop_program_run_convolutions(p, &err), &err);
    assert_true(sum == 0.0f);
    compiled_close(&s, p, inputs);
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_whole_is_the_same_behind_it),
                                       cmocka_unit_test(nothing_else_runs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
