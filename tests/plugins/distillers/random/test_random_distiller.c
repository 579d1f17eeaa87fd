/* The random distiller: real images, class by class, whole or as mosaics. */
#include "nn/synthetic.h"
#include "plugin_options.h"
#include "study/graph/plan.h"
#include "study/running/drive.h"
#include "support.h"

#include <coppice/random.h>
#include <coppice/synthetic.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Images of 2×7×6: sides that the factors divide and sides that they do not. */
enum { CHANNELS = 2, HEIGHT = 7, WIDTH = 6, CLASSES = 3, COUNT = 60 };
enum { PIXELS = CHANNELS * HEIGHT * WIDTH };

static const cop_task task = {
    .channels = CHANNELS, .height = HEIGHT, .width = WIDTH, .classes = CLASSES};

typedef struct scene {
    uint8_t bytes[COUNT * PIXELS];
    int32_t labels[COUNT];
    cop_samples data;
} scene;

/* Byte 0 of a sample is its number, so an image of the set tells where it came from. */
static void fill(scene *s)
{
    cop_stream stream = cop_stream_make(1, "scene", 0);
    for (int i = 0; i < COUNT * PIXELS; i++)
        s->bytes[i] = (uint8_t)cop_stream_below(&stream, 256);
    for (int i = 0; i < COUNT; i++) {
        s->bytes[i * PIXELS] = (uint8_t)i;
        s->labels[i] = i * 7 % CLASSES;
    }
    s->data = (cop_samples){.task = task,
                            .normalization = {.mean = {0.1f, 0.2f}, .std = {0.5f, 0.25f}},
                            .count = COUNT,
                            .bytes = s->bytes,
                            .labels = s->labels};
}

/* Options of a set, as its config would have them. */
typedef struct set_options {
    int ipc, factor;
    const char *selection, *decode;
} set_options;

static cop_status distil(const scene *s, const set_options *o, uint64_t seed, cop_synthetic *out,
                         cop_error *err)
{
    char settings[160];
    (void)snprintf(settings, sizeof settings,
                   "ipc = %d; factor = %d; selection = \"%s\"; decode = \"%s\";"
                   "recipe = { recipe = \"idc\"; batch = 64; };",
                   o->ipc, o->factor, o->selection, o->decode);
    test_options options = read_options(&coppice_plugin, settings);
    cop_plan plan = {.kind = COP_KIND_DISTILLER, .task = task};
    cop_status status =
        cop_plan_make("distiller 'random'", coppice_plugin.ops, options.values, &plan, err);
    if (status == COP_OK) {
        assert_int_equal(plan.steps, 1);
        cop_work work = {
            .kind = COP_KIND_DISTILLER, .task = &task, .train = &s->data, .seed = seed};
        cop_drive d = {.what = "distiller 'random'",
                       .self = options.values,
                       .work = &work,
                       .steps = plan.steps};
        status = cop_drive_distiller(&d, coppice_plugin.ops, out, err);
        cop_plan_clear(&plan);
    }
    free_options(&options);
    return status;
}

/* Number of the sample at the head of a stored image. */
static int source(const cop_synthetic *set, int64_t image)
{
    return (int)(set->pixels[image * PIXELS] * 255.0f + 0.5f);
}

static void whole_images_are_the_first_of_their_class(void **state)
{
    (void)state;
    scene *s = malloc(sizeof *s);
    cop_error err = {0};
    cop_synthetic set;
    const set_options o = {4, 1, "first", "single"};
    fill(s);
    assert_ok(distil(s, &o, 1, &set, &err), &err);
    assert_int_equal(set.count, 12);
    assert_int_equal(set.decode, COP_DECODE_NONE);
    assert_int_equal(cop_recipe_int(set.recipe, "batch"), 64);
    assert_true(set.normalization.std[1] == 0.25f);
    int64_t members[COUNT];
    for (int32_t c = 0; c < CLASSES; c++) {
        assert_int_equal(cop_samples_of_class(&s->data, c, members), COUNT / CLASSES);
        for (int64_t k = 0; k < 4; k++) {
            int64_t image = c * 4 + k;
            for (int32_t label = 0; label < CLASSES; label++)
                assert_true(set.labels[image * CLASSES + label] == (label == c ? 1.0f : 0.0f));
            float wanted[PIXELS];
            cop_samples_pixels(&s->data, members[k], wanted);
            assert_memory_equal(set.pixels + image * PIXELS, wanted, sizeof wanted);
        }
    }
    cop_synthetic_clear(&set);
    free(s);
}

static void drawn_images_are_distinct_and_of_their_class(void **state)
{
    (void)state;
    scene *s = malloc(sizeof *s);
    cop_error err = {0};
    int differing = 0;
    fill(s);
    for (uint64_t seed = 0; seed < 5; seed++) {
        cop_synthetic set, again;
        const set_options o = {10, 1, "random", "single"};
        bool seen[COUNT] = {false};
        assert_ok(distil(s, &o, seed, &set, &err), &err);
        assert_ok(distil(s, &o, seed, &again, &err), &err);
        for (int64_t i = 0; i < set.count; i++) {
            int from = source(&set, i);
            assert_int_equal(s->labels[from], i / 10);
            assert_false(seen[from]);
            seen[from] = true;
            assert_int_equal(from, source(&again, i));
        }
        for (int i = 0; i < COUNT; i++)
            differing += seen[i] && i >= 30;
        cop_synthetic_clear(&set);
        cop_synthetic_clear(&again);
    }
    assert_true(differing > 0); /* the first ten of each class would all be below 30 */
    free(s);
}

/* Where a side of 7 or 6 is cut, by hand. */
static void mosaics_hold_shrunken_images(void **state)
{
    (void)state;
    const struct {
        int factor;
        int first_y[4], first_x[4]; /* of each tile, and the end */
    } cases[] = {{2, {0, 4, 7}, {0, 3, 6}}, {3, {0, 3, 5, 7}, {0, 2, 4, 6}}};
    scene *s = malloc(sizeof *s);
    fill(s);
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        cop_error err = {0};
        cop_synthetic set;
        int f = cases[n].factor;
        const set_options o = {2, f, "first", "single"};
        int64_t members[COUNT];
        assert_ok(distil(s, &o, 1, &set, &err), &err);
        assert_int_equal(set.count, 2 * CLASSES);
        assert_int_equal(set.decode, COP_DECODE_SINGLE);
        assert_int_equal(set.factor, f);
        (void)cop_samples_of_class(&s->data, 1, members);
        for (int tile = 0; tile < f * f; tile++) {
            int top = cases[n].first_y[tile / f], height = cases[n].first_y[tile / f + 1] - top;
            int left = cases[n].first_x[tile % f], width = cases[n].first_x[tile % f + 1] - left;
            for (int k = 0; k < 2; k++) {
                const uint8_t *from = s->bytes + members[tile * 2 + k] * PIXELS;
                const float *stored = set.pixels + (2 + k) * PIXELS;
                for (int i = 0; i < height * width; i++) {
                    int y = i / width, x = i % width, last = (CHANNELS - 1) * HEIGHT * WIDTH;
                    float got = stored[last + (top + y) * WIDTH + left + x];
                    uint8_t wanted = from[last + y * HEIGHT / height * WIDTH + x * WIDTH / width];
                    assert_int_equal((int)(got * 255.0f + 0.5f), wanted);
                }
            }
        }
        cop_synthetic_clear(&set);
    }
    free(s);
}

static void mosaics_decode_to_samples(void **state)
{
    (void)state;
    const struct {
        const char *decode;
        int64_t count;
    } cases[] = {{"single", 4 * 3 * 2}, {"multi", (1 + 4) * 3 * 2}};
    scene *s = malloc(sizeof *s);
    fill(s);
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        cop_error err = {0};
        cop_synthetic set;
        cop_samples *samples = NULL;
        const set_options o = {2, 2, "random", cases[n].decode};
        assert_ok(distil(s, &o, 1, &set, &err), &err);
        assert_ok(cop_synthetic_samples(&set, &samples, &err), &err);
        assert_int_equal(samples->count, cases[n].count);
        cop_synthetic_samples_free(samples);
        cop_synthetic_clear(&set);
    }
    free(s);
}

static void refuses_more_than_there_is(void **state)
{
    (void)state;
    scene *s = malloc(sizeof *s);
    cop_error err = {0};
    cop_synthetic set;
    fill(s);
    set_options o = {21, 1, "random", "single"};
    assert_refused(distil(s, &o, 1, &set, &err), COP_INVALID, &err,
                   "class 0 has 20 training images, wanted 21");
    o = (set_options){6, 2, "first", "single"};
    assert_refused(distil(s, &o, 1, &set, &err), COP_INVALID, &err, "wanted 24");
    o = (set_options){1, 7, "first", "single"};
    assert_refused(distil(s, &o, 1, &set, &err), COP_INVALID, &err, "factor 7");
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_images_are_the_first_of_their_class),
        cmocka_unit_test(drawn_images_are_distinct_and_of_their_class),
        cmocka_unit_test(mosaics_hold_shrunken_images),
        cmocka_unit_test(mosaics_decode_to_samples),
        cmocka_unit_test(refuses_more_than_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
