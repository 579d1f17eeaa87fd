/* The dsa distiller: matches under an operation against PyTorch. What each operation does to a match
 * is held against PyTorch in test_distil_normalised.c. */
#include "matching_scene.h"

#define SHARE 2e-5

/* With mirroring as the only operation a match is of both batches as they are, or of both mirrored:
 * each class of each round is one of the two, and both come. */
static void both_batches_of_a_match_share_their_draw(void **unused)
{
    (void)unused;
    matching_scene s;
    matching_work w;
    int times[2] = {0};
    matching_open(&s);
    test_options o = matching_options(&s, &coppice_plugin,
                                      "ipc = 2; outer = 20; inner = 1; augment = \"flip\";");
    matching_begin(&w, &s, coppice_plugin.ops, o.values);
    for (int64_t i = 1; i < 5; i++) {
        matching_load_pixels(&s, &w);
        matching_load_network(&s, &w);
        (void)matching_step(&w, i);
        times[0] += matching_classes_at(&w, matching_tensor(&s, "dc/gradient"), SHARE);
        times[1] += matching_classes_at(&w, matching_tensor(&s, "dc/flip/gradient"), SHARE);
    }
    assert_int_equal(times[0] + times[1], 12);
    assert_true(times[0] > 0 && times[1] > 0);
    matching_end(&w);
    free_options(&o);
    matching_close(&s);
}

static void pixels_start_as_real_images(void **unused)
{
    (void)unused;
    matching_scene s;
    matching_work w;
    matching_open(&s);
    test_options o = matching_options(&s, &coppice_plugin, "ipc = 2; outer = 1; inner = 1;");
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
        &s, &coppice_plugin, "ipc = 2; outer = 2; inner = 2; batch_real = 4; net_batch = 4;");
    matching_check_resume(&s, coppice_plugin.ops, o.values, 5, &set);
    cop_synthetic_clear(&set);
    free_options(&o);
    matching_refused(&s, &coppice_plugin, "ipc = 10;", "class 0 has 6 training images, wanted 10");
    matching_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_batches_of_a_match_share_their_draw),
        cmocka_unit_test(pixels_start_as_real_images),
        cmocka_unit_test(a_resumed_run_gives_the_same_bits_and_a_normalised_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
