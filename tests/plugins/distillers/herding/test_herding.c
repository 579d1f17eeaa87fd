/* The herding distiller: its choice against one made by definition. */
#include "selection_scene.h"

#include "plugins/distillers/herding/choose.h"

#include <math.h>

/* Every candidate's running mean, from the images themselves, each time. */
static int64_t by_definition(const cloud *c, const int64_t *chosen, int64_t k)
{
    double mean[CLOUD_WIDTH], least = INFINITY;
    int64_t best = -1;
    cloud_mean(c, mean);
    for (int64_t i = 0; i < CLOUD_COUNT; i++) {
        double running[CLOUD_WIDTH], apart = 0.0;
        bool is_taken = false;
        cloud_point(c, i, running);
        for (int64_t j = 0; j < k; j++) {
            is_taken = is_taken || chosen[j] == i;
            for (int d = 0; d < CLOUD_WIDTH; d++)
                running[d] += (double)c->features[chosen[j] * CLOUD_WIDTH + d];
        }
        for (int d = 0; d < CLOUD_WIDTH; d++)
            apart += pow(running[d] / (double)(k + 1) - mean[d], 2.0);
        if (!is_taken && apart < least) {
            least = apart;
            best = i;
        }
    }
    return best;
}

static void running_means_stay_closest_to_the_mean(void **unused)
{
    (void)unused;
    for (uint64_t seed = 0; seed < 5; seed++) {
        cloud c;
        int64_t chosen[30];
        cop_error err = {0};
        cop_stream stream = cop_stream_make(seed, "choice", 0);
        cloud_fill(&c, seed, seed < 3 ? 1 : 4);
        assert_ok(herding_choose(NULL, &c.of, 30, &stream, chosen, &err), &err);
        for (int64_t k = 0; k < 30; k++)
            assert_int_equal(chosen[k], by_definition(&c, chosen, k));
    }
}

/* All the same: the first ones, each once; and all that there are. */
static void equal_images_are_taken_in_order_each_once(void **unused)
{
    (void)unused;
    cloud c;
    int64_t chosen[CLOUD_COUNT];
    cop_error err = {0};
    cop_stream stream = cop_stream_make(1, "choice", 0);
    cloud_fill(&c, 1, 1);
    for (int i = 0; i < CLOUD_COUNT * CLOUD_WIDTH; i++)
        c.features[i] = 0.5f;
    assert_ok(herding_choose(NULL, &c.of, CLOUD_COUNT, &stream, chosen, &err), &err);
    for (int64_t k = 0; k < CLOUD_COUNT; k++)
        assert_int_equal(chosen[k], k);
}

static void the_set_is_of_real_images(void **unused)
{
    (void)unused;
    check_selection(&coppice_plugin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running_means_stay_closest_to_the_mean),
        cmocka_unit_test(equal_images_are_taken_in_order_each_once),
        cmocka_unit_test(the_set_is_of_real_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
