/* The dm distiller: a step of it against PyTorch, its networks, resume. What each operation does to a
 * match is held against PyTorch in test_distil_normalised.c. */
#include "matching_scene.h"

#include "plugins/distillers/dm/dm.h"

/* A first derivative through some 1e5 rounded products. */
#define SHARE 1e-5

/* Batches are whole classes; the network is the fixture's. */
static void a_step_matches_torch(void **unused)
{
    (void)unused;
    matching_scene s;
    matching_work w;
    double loss = 0.0;
    cop_error err = {0};
    matching_open(&s);
    cop_tensors *network = scene_network(&s.base, "net");
    test_options o = matching_options(&s, &coppice_plugin, "ipc = 2; augment = \"none\";");
    matching_begin(&w, &s, coppice_plugin.ops, o.values);
    matching_load_pixels(&s, &w);
    assert_ok(dm_step_in(w.self, network, 0, &loss, &err), &err);
    matching_assert_loss(&s, "dm/loss", loss, 1e-5);
    matching_assert(&s, "dm/gradient", matching_bag(&w, "velocity"), SHARE);
    matching_end(&w);
    free_options(&o);
    cop_tensors_free(network);
    matching_close(&s);
}

/* With mirroring as the only operation a match is of both batches as they are, or of both mirrored:
 * each class of each step is one of the two, and both come. */
static void both_batches_of_a_match_share_their_draw(void **unused)
{
    (void)unused;
    matching_scene s;
    matching_work w;
    int times[2] = {0};
    double loss = 0.0;
    cop_error err = {0};
    matching_open(&s);
    cop_tensors *network = scene_network(&s.base, "net");
    test_options o = matching_options(&s, &coppice_plugin, "ipc = 2; augment = \"flip\";");
    matching_begin(&w, &s, coppice_plugin.ops, o.values);
    for (int64_t i = 0; i < 4; i++) {
        matching_load_pixels(&s, &w);
        assert_ok(dm_step_in(w.self, network, i, &loss, &err), &err);
        times[0] += matching_classes_at(&w, matching_tensor(&s, "dm/gradient"), SHARE);
        times[1] += matching_classes_at(&w, matching_tensor(&s, "dm/flip/gradient"), SHARE);
    }
    assert_int_equal(times[0] + times[1], 12);
    assert_true(times[0] > 0 && times[1] > 0);
    matching_end(&w);
    free_options(&o);
    cop_tensors_free(network);
    matching_close(&s);
}

/* The same pixels in step after step: a loss of its own in each network. */
static void each_step_has_a_network_of_its_own(void **unused)
{
    (void)unused;
    matching_scene s;
    matching_work w;
    double losses[3];
    matching_open(&s);
    test_options o = matching_options(&s, &coppice_plugin, "ipc = 2; augment = \"none\";");
    matching_begin(&w, &s, coppice_plugin.ops, o.values);
    for (int i = 0; i < 3; i++) {
        matching_load_pixels(&s, &w);
        losses[i] = matching_step(&w, i);
    }
    matching_load_pixels(&s, &w);
    assert_true(matching_step(&w, 0) == losses[0]);
    assert_true(losses[0] != losses[1] && losses[1] != losses[2] && losses[0] != losses[2]);
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
    test_options o = matching_options(&s, &coppice_plugin, "ipc = 2; batch_real = 4;");
    matching_check_resume(&s, coppice_plugin.ops, o.values, 5, &set);
    cop_synthetic_clear(&set);
    free_options(&o);
    matching_refused(&s, &coppice_plugin, "ipc = 10;", "class 0 has 6 training images, wanted 10");
    matching_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_matches_torch),
        cmocka_unit_test(both_batches_of_a_match_share_their_draw),
        cmocka_unit_test(each_step_has_a_network_of_its_own),
        cmocka_unit_test(a_resumed_run_gives_the_same_bits_and_a_normalised_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
