/* The random distiller: real images, class by class, whole or as mosaics. */
#include "../../plugins/distillers/random/random.c"
#include "study/graph/plan.h"
#include "study/running/drive.h"
#include "support.h"

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

static cop_status distil(const scene *s, const options *o, uint64_t seed, cop_synthetic *out,
                         cop_error *err)
{
    void *self = NULL;
    cop_plan plan = {.kind = COP_KIND_DISTILLER, .task = task};
    COP_TRY(selector_create(o, &task, &self, err));
    assert_ok(cop_plan_make("random", selector_plan, self, &plan, err), err);
    assert_int_equal(plan.steps, 1);
    cop_work work = {.train = &s->data, .seed = seed};
    cop_drive d = {.what = "distiller 'random'", .self = self, .work = &work, .steps = plan.steps};
    cop_status status = cop_drive_distiller(&d, &ops, &task, out, err);
    selector_destroy(self);
    return status;
}

static options with(int64_t ipc, int64_t factor, int32_t selection)
{
    return (options){.ipc = ipc,
                     .factor = factor,
                     .selection = selection,
                     .recipe = {.name = "idc", .duration = {COP_EPOCHS, 10}, .batch = 64}};
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
    options o = with(4, 1, SELECT_FIRST);
    fill(s);
    assert_ok(distil(s, &o, 1, &set, &err), &err);
    assert_int_equal(set.count, 12);
    assert_int_equal(set.decode, COP_DECODE_NONE);
    assert_int_equal(set.recipe.batch, 64);
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
        options o = with(10, 1, SELECT_RANDOM);
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
        options o = with(2, f, SELECT_FIRST);
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
        int32_t decode;
        int64_t count;
    } cases[] = {{DECODE_SINGLE, 4 * 3 * 2}, {DECODE_MULTI, (1 + 4) * 3 * 2}};
    scene *s = malloc(sizeof *s);
    fill(s);
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        cop_error err = {0};
        cop_synthetic set;
        cop_samples *samples = NULL;
        options o = with(2, 2, SELECT_RANDOM);
        o.decode = cases[n].decode;
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
    options o = with(21, 1, SELECT_RANDOM);
    assert_refused(distil(s, &o, 1, &set, &err), COP_INVALID, &err,
                   "class 0 has 20 training images, wanted 21");
    o = with(6, 2, SELECT_FIRST);
    assert_refused(distil(s, &o, 1, &set, &err), COP_INVALID, &err, "wanted 24");
    o = with(1, 7, SELECT_FIRST);
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
