/* The kmeans distiller: Lloyd's rule against one by definition from the same start, the start's law,
 * and the choice. */
#include "selection_scene.h"

#include "plugins/distillers/kmeans/choose.h"

#include <math.h>

enum { CENTRES = 5 };

static int64_t nearest_centre(const cloud *c, int64_t i, double centres[][CLOUD_WIDTH])
{
    int64_t best = 0;
    for (int64_t k = 1; k < CENTRES; k++)
        best = cloud_apart(c, i, centres[k]) < cloud_apart(c, i, centres[best]) ? k : best;
    return best;
}

/* Moves the centres until none does; in double precision. */
static void lloyd(const cloud *c, double centres[][CLOUD_WIDTH])
{
    for (int moves = 0; moves < 200; moves++) {
        double sums[CENTRES][CLOUD_WIDTH] = {{0.0}};
        int counts[CENTRES] = {0};
        for (int64_t i = 0; i < CLOUD_COUNT; i++) {
            int64_t k = nearest_centre(c, i, centres);
            counts[k]++;
            for (int d = 0; d < CLOUD_WIDTH; d++)
                sums[k][d] += (double)c->features[i * CLOUD_WIDTH + d];
        }
        for (int k = 0; k < CENTRES; k++)
            for (int d = 0; d < CLOUD_WIDTH && counts[k] > 0; d++)
                centres[k][d] = sums[k][d] / counts[k];
    }
}

static void the_images_nearest_to_the_centres_are_taken(void **unused)
{
    (void)unused;
    for (uint64_t seed = 0; seed < 6; seed++) {
        cloud c;
        float start[CENTRES * CLOUD_WIDTH];
        double room[CLOUD_COUNT], centres[CENTRES][CLOUD_WIDTH];
        int64_t chosen[CENTRES];
        cop_error err = {0};
        const kmeans_options o = {.iterations = 1000};
        cop_stream stream = cop_stream_make(seed, "choice", 0), same = stream;
        cloud_fill(&c, seed, seed < 3 ? 1 : CENTRES);
        assert_ok(kmeans_choose(&o, &c.of, CENTRES, &stream, chosen, &err), &err);
        kmeans_start(&c.of, CENTRES, &same, start, room);
        for (int i = 0; i < CENTRES * CLOUD_WIDTH; i++)
            centres[i / CLOUD_WIDTH][i % CLOUD_WIDTH] = (double)start[i];
        lloyd(&c, centres);
        for (int k = 0; k < CENTRES; k++) {
            int64_t best = -1;
            for (int64_t i = 0; i < CLOUD_COUNT; i++) {
                bool is_taken = false;
                for (int j = 0; j < k; j++)
                    is_taken = is_taken || chosen[j] == i;
                if (!is_taken && (best < 0 || cloud_apart(&c, i, centres[k]) <
                                                  cloud_apart(&c, best, centres[k])))
                    best = i;
            }
            assert_int_equal(chosen[k], best);
        }
    }
}

/* Far apart as clusters are, a second centre in the same one is never drawn. */
static void centres_start_in_clusters_of_their_own(void **unused)
{
    (void)unused;
    for (uint64_t seed = 0; seed < 20; seed++) {
        cloud c;
        int64_t chosen[4];
        bool seen[4] = {false};
        cop_error err = {0};
        cop_stream stream = cop_stream_make(seed, "choice", 0);
        const kmeans_options o = {.iterations = 100};
        cloud_fill(&c, seed, 4);
        for (int i = 0; i < CLOUD_COUNT * CLOUD_WIDTH; i++)
            c.features[i] = roundf(c.features[i] / 20.0f) * 20.0f;
        assert_ok(kmeans_choose(&o, &c.of, 4, &stream, chosen, &err), &err);
        for (int k = 0; k < 4; k++)
            seen[chosen[k] % 4] = true;
        assert_true(seen[0] && seen[1] && seen[2] && seen[3]);
    }
}

/* With three points at 0, 1 and 3 and the first centre at 0, the second is at 3 with probability
 * 9/10, never at 0 again. */
static void centres_start_by_squared_distance(void **unused)
{
    (void)unused;
    static const float points[] = {0.0f, 1.0f, 3.0f};
    const cop_class_features of = {COP_SIZED(cop_class_features), .count = 3, .width = 1,
                                   .features = points};
    int from_zero = 0, to_three = 0;
    for (uint64_t seed = 0; seed < 3000; seed++) {
        float centres[2];
        double room[3];
        cop_stream stream = cop_stream_make(seed, "choice", 0);
        kmeans_start(&of, 2, &stream, centres, room);
        assert_true(centres[0] != centres[1]);
        from_zero += centres[0] == 0.0f;
        to_three += centres[0] == 0.0f && centres[1] == 3.0f;
    }
    assert_in_range(from_zero, 900, 1100);
    double share = (double)to_three / from_zero; /* 9/10 expected, ± 0.0095 */
    assert_true(share > 0.86 && share < 0.94);
}

static void equal_images_are_taken_once(void **unused)
{
    (void)unused;
    cloud c;
    int64_t chosen[CLOUD_COUNT];
    bool seen[CLOUD_COUNT] = {false};
    cop_error err = {0};
    cop_stream stream = cop_stream_make(1, "choice", 0);
    const kmeans_options o = {.iterations = 10};
    cloud_fill(&c, 1, 1);
    for (int i = 0; i < CLOUD_COUNT * CLOUD_WIDTH; i++)
        c.features[i] = 0.5f;
    assert_ok(kmeans_choose(&o, &c.of, CLOUD_COUNT, &stream, chosen, &err), &err);
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
        cmocka_unit_test(the_images_nearest_to_the_centres_are_taken),
        cmocka_unit_test(centres_start_in_clusters_of_their_own),
        cmocka_unit_test(centres_start_by_squared_distance),
        cmocka_unit_test(equal_images_are_taken_once),
        cmocka_unit_test(the_set_is_of_real_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
