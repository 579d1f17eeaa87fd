/* The fused passes of the optimisers, and the clipping of gradients. */
#include "support.h"

#include "train/optimisers/adam.h"
#include "train/optimisers/clip.h"
#include "train/optimisers/sgd.h"

#include <math.h>
#include <string.h>

#define COUNT 20001 /* three pieces, the last one ragged */

typedef struct arrays {
    float w[COUNT], v[COUNT], second[COUNT], g[COUNT], mask[COUNT];
} arrays;

static void fill(arrays *a)
{
    for (int i = 0; i < COUNT; i++) {
        a->w[i] = sinf((float)i);
        a->v[i] = a->second[i] = 0.0f;
        a->g[i] = cosf(3.0f * (float)i);
        a->mask[i] = i % 3 == 0 ? 0.0f : 1.0f;
    }
}

static cop_pieces *pieces_of(arrays *a, bool masked, int threads)
{
    const cop_piece tensor = {a->w, a->v, a->second, a->g, masked ? a->mask : NULL, COUNT};
    cop_pieces *p = NULL;
    cop_error err = {0};
    assert_ok(cop_pieces_new(&tensor, 1, threads, &p, &err), &err);
    return p;
}

static void run(arrays *a, bool masked, int threads, int steps)
{
    cop_pieces *p = pieces_of(a, masked, threads);
    for (int i = 0; i < steps; i++)
        cop_sgd_step(p, 0.1, 0.9, 0.01);
    cop_pieces_free(p);
}

static void run_adam(arrays *a, bool is_decoupled, bool masked, int threads, int steps)
{
    const cop_adam adam = {.lr = 0.1,
                           .beta1 = 0.9,
                           .beta2 = 0.99,
                           .epsilon = 1e-3,
                           .decay = 0.01,
                           .is_decoupled = is_decoupled};
    cop_pieces *p = pieces_of(a, masked, threads);
    for (int i = 1; i <= steps; i++)
        cop_adam_step(p, &adam, i);
    cop_pieces_free(p);
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

/* Kingma and Ba's algorithm 1, as it is printed, in double. */
static void two_steps_of_adam_follow_the_formula(void **state)
{
    (void)state;
    static arrays a;
    static double weight[COUNT];
    for (int decoupled = 0; decoupled < 2; decoupled++) {
        fill(&a);
        run_adam(&a, decoupled != 0, false, 2, 2);
        for (int i = 0; i < COUNT; i++) {
            double w = (double)sinf((float)i), m = 0.0, v = 0.0;
            for (int t = 1; t <= 2; t++) {
                double g = (double)cosf(3.0f * (float)i) + (decoupled ? 0.0 : 0.01 * w);
                m = 0.9 * m + 0.1 * g;
                v = 0.99 * v + 0.01 * g * g;
                double step = m / (1.0 - pow(0.9, t)) / (sqrt(v / (1.0 - pow(0.99, t))) + 1e-3);
                w = w - 0.1 * (step + (decoupled ? 0.01 * w : 0.0));
            }
            weight[i] = w;
        }
        assert_close_f32(a.w, weight, COUNT, 1e-5, 1e-5);
    }
}

static void weights_that_adam_is_not_to_train_are_zero(void **state)
{
    (void)state;
    static arrays a;
    static const float zero = 0.0f;
    fill(&a);
    a.g[0] = INFINITY;
    a.g[3] = NAN;
    run_adam(&a, true, true, 2, 3);
    for (int i = 0; i < COUNT; i += 3) {
        assert_memory_equal(&a.w[i], &zero, sizeof zero);
        assert_memory_equal(&a.v[i], &zero, sizeof zero);
        assert_memory_equal(&a.second[i], &zero, sizeof zero);
    }
    assert_true(a.w[1] != 0.0f && a.v[1] != 0.0f && a.second[1] != 0.0f);
}

static void bits_of_adam_do_not_depend_on_threads_or_an_all_ones_mask(void **state)
{
    (void)state;
    static arrays one, two, masked;
    fill(&one);
    fill(&two);
    fill(&masked);
    for (int i = 0; i < COUNT; i++)
        masked.mask[i] = 1.0f;
    run_adam(&one, false, false, 1, 3);
    run_adam(&two, false, false, 2, 3);
    run_adam(&masked, false, true, 2, 3);
    assert_memory_equal(one.w, two.w, sizeof one.w);
    assert_memory_equal(one.second, two.second, sizeof one.second);
    assert_memory_equal(one.w, masked.w, sizeof one.w);
}

/* The norm of the kept part becomes the limit, but for 1e-6 of it; a smaller one stays as it is. */
static void gradients_are_clipped_to_the_norm_of_what_is_kept(void **state)
{
    (void)state;
    static arrays one, two, before;
    fill(&before);
    one = before;
    two = before;
    one.g[0] = two.g[0] = 1e6f; /* of a removed weight */
    double kept = 0.0, after = 0.0;
    for (int i = 0; i < COUNT; i++)
        kept += i % 3 == 0 ? 0.0 : (double)one.g[i] * (double)one.g[i];
    assert_true(sqrt(kept) > 2.0);
    cop_pieces *p = pieces_of(&one, true, 1);
    cop_clip_gradients(p, 2.0);
    for (int i = 0; i < COUNT; i++)
        after += i % 3 == 0 ? 0.0 : (double)one.g[i] * (double)one.g[i];
    assert_true(fabs(sqrt(after) - 2.0) < 1e-5);
    arrays *same = &before;
    memcpy(same, &one, sizeof one);
    cop_clip_gradients(p, 3.0);
    assert_memory_equal(one.g, same->g, sizeof one.g);
    cop_pieces_free(p);
    p = pieces_of(&two, true, 2);
    cop_clip_gradients(p, 2.0);
    assert_memory_equal(one.g, two.g, sizeof one.g);
    cop_pieces_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_steps_follow_the_formula),
        cmocka_unit_test(removed_weights_are_zero_beside_any_gradient),
        cmocka_unit_test(bits_do_not_depend_on_threads_or_an_all_ones_mask),
        cmocka_unit_test(two_steps_of_adam_follow_the_formula),
        cmocka_unit_test(weights_that_adam_is_not_to_train_are_zero),
        cmocka_unit_test(bits_of_adam_do_not_depend_on_threads_or_an_all_ones_mask),
        cmocka_unit_test(gradients_are_clipped_to_the_norm_of_what_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
