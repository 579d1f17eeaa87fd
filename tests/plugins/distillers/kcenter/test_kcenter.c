/* The kcenter distiller: its choice against one made by definition. */
#include "selection_scene.h"

#include "plugins/distillers/kcenter/choose.h"

#include <math.h>

/* The image whose nearest centre is farthest, found from all pairs each time. */
static int64_t by_definition(const cloud *c, const int64_t *chosen, int64_t k)
{
    double most = -1.0;
    int64_t best = -1;
    for (int64_t i = 0; i < CLOUD_COUNT; i++) {
        double least = INFINITY;
        for (int64_t j = 0; j < k; j++) {
            double centre[CLOUD_WIDTH];
            cloud_point(c, chosen[j], centre);
            least = fmin(least, cloud_apart(c, i, centre));
        }
        if (least > most) {
            most = least;
            best = i;
        }
    }
    return best;
}

static void each_centre_is_the_farthest_image(void **unused)
{
    (void)unused;
    int different = 0;
    for (uint64_t seed = 0; seed < 8; seed++) {
        cloud c;
        int64_t chosen[20];
        double mean[CLOUD_WIDTH];
        cop_error err = {0};
        cop_stream stream = cop_stream_make(seed, "choice", 0);
        const kcenter_options o = {.first =
                                       seed % 2 == 0 ? KCENTER_FIRST_MEAN : KCENTER_FIRST_RANDOM};
        cloud_fill(&c, seed, seed < 4 ? 1 : 4);
        cloud_mean(&c, mean);
        assert_ok(kcenter_choose(&o, &c.of, 20, &stream, chosen, &err), &err);
        int64_t middle = 0;
        for (int64_t i = 0; i < CLOUD_COUNT; i++)
            middle = cloud_apart(&c, i, mean) < cloud_apart(&c, middle, mean) ? i : middle;
        if (o.first == KCENTER_FIRST_MEAN)
            assert_int_equal(chosen[0], middle);
        else
            different += chosen[0] != middle;
        for (int64_t k = 1; k < 20; k++)
            assert_int_equal(chosen[k], by_definition(&c, chosen, k));
    }
    assert_true(different > 0);
}

/* Where the class has clusters, the first centres are one of each. */
static void clusters_get_a_centre_each(void **unused)
{
    (void)unused;
    cloud c;
    int64_t chosen[4];
    bool seen[4] = {false};
    cop_error err = {0};
    cop_stream stream = cop_stream_make(1, "choice", 0);
    const kcenter_options o = {.first = KCENTER_FIRST_RANDOM};
    cloud_fill(&c, 5, 4);
    assert_ok(kcenter_choose(&o, &c.of, 4, &stream, chosen, &err), &err);
    for (int k = 0; k < 4; k++)
        seen[chosen[k] % 4] = true;
    assert_true(seen[0] && seen[1] && seen[2] && seen[3]);
}

static void equal_images_are_taken_once(void **unused)
{
    (void)unused;
    cloud c;
    int64_t chosen[CLOUD_COUNT];
    bool seen[CLOUD_COUNT] = {false};
    cop_error err = {0};
    cop_stream stream = cop_stream_make(1, "choice", 0);
    const kcenter_options o = {.first = KCENTER_FIRST_MEAN};
    cloud_fill(&c, 1, 1);
    for (int i = 0; i < CLOUD_COUNT * CLOUD_WIDTH; i++)
        c.features[i] = 0.5f;
    assert_ok(kcenter_choose(&o, &c.of, CLOUD_COUNT, &stream, chosen, &err), &err);
    for (int64_t k = 0; k < CLOUD_COUNT; k++) {
        assert_false(seen[chosen[k]]);
        seen[chosen[k]] = true;
    }
}

static void the_set_is_of_real_images(void **unused)
{
    (void)unused;
    check_selection(&coppice_plugin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_centre_is_the_farthest_image),
        cmocka_unit_test(clusters_get_a_centre_each),
        cmocka_unit_test(equal_images_are_taken_once),
        cmocka_unit_test(the_set_is_of_real_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
