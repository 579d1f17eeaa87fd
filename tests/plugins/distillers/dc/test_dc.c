/* The dc distiller: a round of it against PyTorch, the rhythm of networks, its start, resume. A pixel
 * gradient is a second derivative through some 1e5 rounded products: 2e-5 of its largest element is
 * allowed for single precision (test_distil_match.c). */
#include "matching_scene.h"

#include <math.h>

#define SHARE 2e-5

/* Fails unless the moves are the fixture's: the pixels are larger by two orders and would hide an
 * error. */
static void assert_moved(const matching_scene *s, matching_work *w)
{
    float start[SCENE_FLOATS], *moved = matching_bag(w, "pixels");
    cop_tensor *wanted = matching_tensor(s, "dc/pixels");
    matching_pixels(s, start);
    for (int i = 0; i < SCENE_FLOATS; i++) {
        moved[i] -= start[i];
        cop_f32(wanted)[i] -= start[i];
    }
    assert_near("pixels", moved, wanted, 1e-4);
}

/* Round 1 of 3: no fresh network, and training follows. Batches are whole classes and the whole set,
 * so no draw is left. */
static void a_round_matches_torch(void **unused)
{
    (void)unused;
    matching_scene s;
    matching_work w;
    matching_open(&s);
    test_options o = matching_options(&s, &coppice_plugin, "ipc = 2; outer = 3; inner = 2;");
    matching_begin(&w, &s, coppice_plugin.ops, o.values);
    matching_load_pixels(&s, &w);
    matching_load_network(&s, &w);
    matching_assert_loss(&s, "dc/loss", matching_step(&w, 1), 1e-5);
    matching_assert(&s, "dc/velocity", matching_bag(&w, "velocity"), SHARE);
    assert_moved(&s, &w);
    for (size_t i = 0; i < cop_model_parameter_count(s.base.model); i++) {
        char name[128], full[160];
        (void)snprintf(name, sizeof name, "net/%s", cop_model_parameter(s.base.model, i)->name);
        (void)snprintf(full, sizeof full, "dc/%s", name);
        matching_assert(&s, full, matching_bag(&w, name), 1e-5);
    }
    matching_end(&w);
    free_options(&o);
    matching_close(&s);
}

/* Two rounds a network: the second, its last, leaves it as it is; the third has another. */
static void networks_start_anew_and_are_not_trained_at_their_end(void **unused)
{
    (void)unused;
    matching_scene s;
    matching_work w;
    float weights[4][12];
    matching_open(&s);
    test_options o = matching_options(&s, &coppice_plugin, "ipc = 2; outer = 2; inner = 1;");
    matching_begin(&w, &s, coppice_plugin.ops, o.values);
    for (int i = 0; i < 4; i++) {
        (void)matching_step(&w, i);
        memcpy(weights[i], matching_bag(&w, "net/layers.conv.0.weight"), sizeof weights[i]);
    }
    assert_memory_equal(weights[0], weights[1], sizeof weights[0]);
    assert_memory_not_equal(weights[1], weights[2], sizeof weights[0]);
    assert_memory_equal(weights[2], weights[3], sizeof weights[0]);
    matching_end(&w);
    free_options(&o);
    matching_close(&s);
}

/* Noise of mean 0 and deviation 1 by default; else real images, each once. */
static void pixels_start_as_is_said(void **unused)
{
    (void)unused;
    matching_scene s;
    matching_work w;
    double sum = 0.0, squares = 0.0;
    matching_open(&s);
    test_options o = matching_options(&s, &coppice_plugin, "ipc = 2; outer = 1; inner = 1;");
    matching_begin(&w, &s, coppice_plugin.ops, o.values);
    for (int i = 0; i < SCENE_FLOATS; i++) {
        double value = (double)matching_bag(&w, "pixels")[i];
        sum += value;
        squares += value * value;
    }
    assert_true(fabs(sum / SCENE_FLOATS) < 0.1);
    assert_true(fabs(squares / SCENE_FLOATS - 1.0) < 0.1);
    matching_end(&w);
    free_options(&o);

    o = matching_options(&s, &coppice_plugin, "ipc = 2; outer = 1; inner = 1; start = \"real\";");
    matching_begin(&w, &s, coppice_plugin.ops, o.values);
    matching_assert_real(&s, matching_bag(&w, "pixels"), true);
    matching_end(&w);
    free_options(&o);
    matching_close(&s);
}

static void a_resumed_run_gives_the_same_bits_and_a_normalised_set(void **unused)
{
    (void)unused;
    matching_scene s;
    cop_synthetic set;
    matching_open(&s);
    test_options o = matching_options(
        &s, &coppice_plugin, "ipc = 2; outer = 2; inner = 1; batch_real = 4; net_batch = 4;");
    matching_check_resume(&s, coppice_plugin.ops, o.values, 5, &set);
    cop_synthetic_clear(&set);
    free_options(&o);
    matching_close(&s);
}

static void the_rhythm_is_that_of_the_budget_or_stated(void **unused)
{
    (void)unused;
    static const struct {
        const char *options;
        int64_t steps;
    } table[] = {{"ipc = 1;", 1000},
                 {"ipc = 10;", 10000},
                 {"ipc = 50; iterations = 3;", 150},
                 {"ipc = 10; outer = 2;", 2000},
                 {"ipc = 7; outer = 2; inner = 3;", 2000}};
    matching_scene s;
    matching_open(&s);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        test_options o = matching_options(&s, &coppice_plugin, table[i].options);
        cop_plan plan;
        cop_error err = {0};
        assert_ok(matching_plan(&coppice_plugin, o.values, 6, &plan, &err), &err);
        assert_int_equal(plan.steps, table[i].steps);
        assert_true(plan.steps_go_on && plan.flops > 0.0);
        cop_plan_clear(&plan);
        free_options(&o);
    }
    matching_refused(&s, &coppice_plugin, "ipc = 7; outer = 2;", "for 7 both are to be stated");
    matching_refused(&s, &coppice_plugin, "ipc = 10; start = \"real\";",
                     "class 0 has 6 training images, wanted 10");
    matching_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_matches_torch),
        cmocka_unit_test(networks_start_anew_and_are_not_trained_at_their_end),
        cmocka_unit_test(pixels_start_as_is_said),
        cmocka_unit_test(a_resumed_run_gives_the_same_bits_and_a_normalised_set),
        cmocka_unit_test(the_rhythm_is_that_of_the_budget_or_stated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
