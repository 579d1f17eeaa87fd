/* The fused SGD pass. */
#include "support.h"

#include "train/optimisers/sgd.h"

#include <math.h>
#include <string.h>

#define COUNT 20001 /* three pieces, the last one ragged */

typedef struct arrays {
    float w[COUNT], v[COUNT], g[COUNT], mask[COUNT];
} arrays;

static void fill(arrays *a)
{
    for (int i = 0; i < COUNT; i++) {
        a->w[i] = sinf((float)i);
        a->v[i] = 0.0f;
        a->g[i] = cosf(3.0f * (float)i);
        a->mask[i] = i % 3 == 0 ? 0.0f : 1.0f;
    }
}

static void run(arrays *a, bool masked, int threads, int steps)
{
    cop_sgd_tensor tensor = {a->w, a->v, a->g, masked ? a->mask : NULL, COUNT};
    cop_sgd *s = NULL;
    cop_error err = {0};
    assert_ok(cop_sgd_new(&tensor, 1, threads, &s, &err), &err);
    for (int i = 0; i < steps; i++)
        cop_sgd_step(s, 0.1, 0.9, 0.01);
    cop_sgd_free(s);
}

static void two_steps_follow_the_formula(void **state)
{
    (void)state;
    static arrays a;
    fill(&a);
    run(&a, false, 2, 2);
    static double weight[COUNT], momentum[COUNT];
    for (int i = 0; i < COUNT; i++) {
        double w = (double)sinf((float)i), g = (double)cosf(3.0f * (float)i);
        double v = g + 0.01 * w; /* the first step has no momentum behind it */
        w -= 0.1 * v;
        v = 0.9 * v + (g + 0.01 * w);
        weight[i] = w - 0.1 * v;
        momentum[i] = v;
    }
    assert_close_f32(a.w, weight, COUNT, 1e-6, 1e-6);
    assert_close_f32(a.v, momentum, COUNT, 1e-6, 1e-6);
}

static void removed_weights_are_zero_beside_any_gradient(void **state)
{
    (void)state;
    static arrays a;
    fill(&a);
    a.g[0] = INFINITY;
    a.g[3] = NAN;
    run(&a, true, 2, 3);
    static const float zero = 0.0f;
    for (int i = 0; i < COUNT; i += 3) {
        assert_memory_equal(&a.w[i], &zero, sizeof zero);
        assert_memory_equal(&a.v[i], &zero, sizeof zero);
    }
    assert_true(a.w[1] != 0.0f && a.v[1] != 0.0f);
}

static void bits_do_not_depend_on_threads_or_an_all_ones_mask(void **state)
{
    (void)state;
    static arrays one, two, masked;
    fill(&one);
    fill(&two);
    fill(&masked);
    for (int i = 0; i < COUNT; i++)
        masked.mask[i] = 1.0f;
    run(&one, false, 1, 3);
    run(&two, false, 2, 3);
    run(&masked, true, 0, 3);
    assert_memory_equal(one.w, two.w, sizeof one.w);
    assert_memory_equal(one.v, two.v, sizeof one.v);
    assert_memory_equal(one.w, masked.w, sizeof one.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_steps_follow_the_formula),
        cmocka_unit_test(removed_weights_are_zero_beside_any_gradient),
        cmocka_unit_test(bits_do_not_depend_on_threads_or_an_all_ones_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
