/* The small parts of the idc distiller: first pixels, real batches, the pixels' optimiser, options.
 */
#include "idc_scene.h"

#include "study/graph/plan.h"

#include "plugin/component.h"
#include "plugins/distillers/idc/classes.h"
#include "plugins/distillers/idc/pixels.h"
#include "plugins/distillers/idc/start.h"
#include "study/running/work.h"

#include <math.h>

enum { TILES = 9 };

/* Image n holds n + (y·side + x)/side² at row y, column x: no two pixels are alike. */
static float pixel_of(int64_t n, int64_t side, int64_t y, int64_t x)
{
    return (float)n + (float)(y * side + x) / (float)(side * side);
}

typedef struct start_case {
    int64_t side, factor;
    int64_t lengths[3]; /* of the tiles along a side */
} start_case;

static const start_case start_cases[] = {
    {32, 2, {16, 16}}, {32, 3, {11, 11, 10}}, {28, 3, {10, 9, 9}}, {7, 2, {4, 3}}, {4, 1, {4}}};

/* Which pixel of a real image a tile's pixel shows, by PyTorch where the fixture has that size. */
static int64_t nearest(const idc_scene *s, int64_t side, int64_t length, int64_t at)
{
    char name[32];
    (void)snprintf(name, sizeof name, "nearest/%d-%d", (int)side, (int)length);
    const cop_tensor *t = cop_tensors_find(s->fixture, name);
    return t != NULL ? (int64_t)cop_f32(t)[at] : at * side / length;
}

static void check_mix(const idc_scene *s, const start_case *c)
{
    const int64_t ipc = 2, side = c->side, tiles = c->factor * c->factor;
    const int64_t count = tiles * ipc;
    float *images = calloc((size_t)(count * side * side), sizeof *images);
    float *got = calloc((size_t)(ipc * side * side), sizeof *got);
    int64_t members[TILES * 2];
    assert_non_null(images);
    assert_non_null(got);
    for (int64_t i = 0; i < count; i++) {
        members[i] = count - 1 - i; /* not in the order of the data */
        for (int64_t p = 0; p < side * side; p++)
            images[i * side * side + p] = pixel_of(i, side, p / side, p % side);
    }
    const cop_samples data = {
        .task = {.channels = 1, .height = (int32_t)side, .width = (int32_t)side, .classes = 2},
        .count = count,
        .pixels = images};
    cop_error err = {0};
    assert_ok(idc_start_class(c->factor > 1 ? IDC_START_MIX : IDC_START_RANDOM, ipc, c->factor,
                              &data, 0, members, count, NULL, got, &err),
              &err);
    for (int64_t k = 0; k < ipc; k++) {
        int64_t top = 0;
        for (int64_t i = 0; i < c->factor; top += c->lengths[i++]) {
            int64_t left = 0;
            for (int64_t j = 0; j < c->factor; left += c->lengths[j++]) {
                int64_t from = members[(i * c->factor + j) * ipc + k];
                for (int64_t y = 0; y < c->lengths[i]; y++)
                    for (int64_t x = 0; x < c->lengths[j]; x++)
                        assert_true(got[(k * side + top + y) * side + left + x] ==
                                    pixel_of(from, side, nearest(s, side, c->lengths[i], y),
                                             nearest(s, side, c->lengths[j], x)));
            }
        }
    }
    free(images);
    free(got);
}

static void mix_and_random_start_from_real_images(void **unused)
{
    (void)unused;
    idc_scene s;
    scene_open(&s);
    for (size_t i = 0; i < sizeof start_cases / sizeof start_cases[0]; i++)
        check_mix(&s, &start_cases[i]);
    scene_close(&s);
}

/* clamp(N(0, 1)/4 + ½): inside [0, 1], a mean of ½, and 2 x 2.275 % of it at the borders. */
static void noise_starts_clamped_about_a_half(void **unused)
{
    (void)unused;
    enum { SIDE = 64, IPC = 4, PIXELS = SIDE * SIDE * IPC };
    static float got[PIXELS];
    const cop_samples data = {.task = {.channels = 1, .height = SIDE, .width = SIDE, .classes = 2}};
    cop_stream noise = cop_stream_make(1, "start", 0);
    cop_error err = {0};
    assert_ok(idc_start_class(IDC_START_NOISE, IPC, 2, &data, 0, NULL, 0, &noise, got, &err), &err);
    double sum = 0.0;
    int64_t border = 0;
    for (int i = 0; i < PIXELS; i++) {
        assert_true(got[i] >= 0.0f && got[i] <= 1.0f);
        sum += (double)got[i];
        border += got[i] == 0.0f || got[i] == 1.0f;
    }
    /* five standard errors */
    assert_true(fabs(sum / PIXELS - 0.5) < 5.0 * 0.25 / sqrt(PIXELS));
    assert_true(fabs((double)border / PIXELS - 0.0455) < 5.0 * sqrt(0.0455 / PIXELS));
}

static void too_few_real_images_are_refused(void **unused)
{
    (void)unused;
    idc_scene s;
    scene_open(&s);
    int64_t members[18];
    int64_t count = cop_samples_of_class(&s.data, 2, members);
    float room[1];
    cop_error err = {0};
    assert_refused(
        idc_start_class(IDC_START_MIX, 2, 2, &s.data, 2, members, count, NULL, room, &err),
        COP_INVALID, &err, "wants 8 real images of class 2, there are 6");
    assert_refused(
        idc_start_class(IDC_START_RANDOM, 7, 1, &s.data, 2, members, count, NULL, room, &err),
        COP_INVALID, &err, "start = \"random\" wants 7");
    scene_close(&s);
}

/* 6 images per class in batches of 4: one whole batch per permutation. In batches of 3: two, which
 * together are the class. */
static void class_batches_are_whole_and_without_repetition(void **unused)
{
    (void)unused;
    idc_scene s;
    scene_open(&s);
    const cop_work work = {.train = &s.data, .seed = 3};
    cop_error err = {0};
    idc_classes classes;
    assert_ok(idc_classes_init(&classes, &s.data, 3, &err), &err);
    assert_int_equal(idc_classes_batch_size(&classes, 1), 3);
    int64_t batches[6][3];
    bool differs = false;
    for (int64_t visit = 0; visit < 6; visit++) {
        memcpy(batches[visit], idc_classes_batch(&classes, &work, 1, visit), sizeof batches[0]);
        if (visit % 2 == 1) {
            bool seen[18] = {false};
            for (int i = 0; i < 6; i++) {
                int64_t at = batches[visit - 1 + i / 3][i % 3];
                assert_int_equal(s.labels[at], 1);
                assert_false(seen[at]);
                seen[at] = true;
            }
        }
        differs |= visit > 1 && memcmp(batches[visit], batches[visit - 2], 24) != 0;
    }
    assert_true(differs);
    for (int64_t visit = 5; visit >= 0; visit--) /* in any order, whatever came before */
        assert_memory_equal(batches[visit], idc_classes_batch(&classes, &work, 1, visit), 24);
    idc_classes_clear(&classes);

    assert_ok(idc_classes_init(&classes, &s.data, 64, &err), &err);
    assert_int_equal(idc_classes_batch_size(&classes, 0), 6);
    idc_classes_clear(&classes);
    cop_samples two = s.data;
    two.task.classes = 4;
    assert_refused(idc_classes_init(&classes, &two, 64, &err), COP_INVALID, &err,
                   "class 3 has no training images");
    scene_close(&s);
}

static void a_pixel_step_is_momentum_then_the_rate(void **unused)
{
    (void)unused;
    float pixels[4] = {0.5f, 0.5f, 0.5f, 0.5f}, velocity[4] = {0.0f, 1.0f, 0.0f, -2.0f};
    const float gradient[2] = {4.0f, -8.0f};
    idc_pixels_step(pixels, velocity, 4, gradient, 1, 2, 0.125, 0.5);
    const float wanted_velocity[4] = {0.0f, 4.5f, -8.0f, -1.0f};
    const float wanted[4] = {0.5f, 0.5f - 0.5625f, 1.5f, 0.625f};
    assert_memory_equal(velocity, wanted_velocity, sizeof velocity);
    assert_memory_equal(pixels, wanted, sizeof pixels);
    idc_pixels_clamp(pixels, 4);
    const float clamped[4] = {0.5f, 0.0f, 1.0f, 0.625f};
    assert_memory_equal(pixels, clamped, sizeof pixels);
}

static void the_pixel_rate_follows_images_and_side(void **unused)
{
    (void)unused;
    static const struct {
        double lr;
        int64_t ipc, lr_side;
        int32_t side;
        double wanted;
    } table[] = {
        {5e-3, 10, 32, 32, 5e-3},       {5e-3, 50, 32, 32, 2.5e-2},   {5e-3, 1, 32, 32, 5e-4},
        {3e-3, 20, 224, 224, 6e-3},     {3e-3, 10, 224, 112, 7.5e-4}, {1e-4, 10, 28, 28, 1e-4},
        {1e-4, 10, 32, 28, 7.65625e-5}, {5e-3, 10, 0, 64, 5e-3},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const idc_options o = {.lr = table[i].lr, .ipc = table[i].ipc, .lr_side = table[i].lr_side};
        const cop_task task = {.channels = 3, .height = table[i].side, .width = table[i].side};
        assert_true(fabs(idc_options_pixel_rate(&o, &task) - table[i].wanted) < 1e-15);
    }
}

typedef struct refusal {
    const char *text; /* NULL: it is accepted */
    int64_t factor, ipc, batch_synthetic;
    int32_t start, decode;
} refusal;

static const refusal refusals[] = {
    {NULL, 2, 2, 128, IDC_START_MIX, IDC_DECODE_BOUND},
    {NULL, 1, 2, 128, IDC_START_RANDOM, IDC_DECODE_SINGLE},
    {"factor = 17: more tiles than the 16 x 16 images", 17, 2, 128, IDC_START_AUTO, 0},
    {"start = \"mix\" wants factor > 1", 1, 2, 128, IDC_START_MIX, IDC_DECODE_SINGLE},
    {"decode = \"multi\" wants factor > 1", 1, 2, 128, IDC_START_AUTO, IDC_DECODE_MULTI},
    {"decode = \"bound\": 9 images per class are more than the bound, batch_synthetic = 8", 2, 9, 8,
     IDC_START_AUTO, IDC_DECODE_BOUND},
};

static void options_that_do_not_fit_are_refused(void **unused)
{
    (void)unused;
    idc_scene s;
    scene_open(&s);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const refusal *r = &refusals[i];
        idc_options o = scene_options(&s);
        o.factor = r->factor;
        o.ipc = r->ipc;
        o.batch_synthetic = r->batch_synthetic;
        o.start = r->start;
        o.decode = r->decode;
        cop_error err = {0};
        cop_plan plan = {.kind = COP_KIND_DISTILLER, .task = scene_task, .train_count = 18};
        cop_status status = cop_plan_make("distiller 'idc'", coppice_plugin.ops, &o, &plan, &err);
        if (r->text != NULL) {
            assert_refused(status, COP_INVALID, &err, r->text);
            continue;
        }
        assert_ok(status, &err);
        cop_plan_clear(&plan);
    }
    scene_close(&s);
}

/* The descriptor and its table pass the host's own checks. */
static void the_descriptor_passes_the_hosts_checks(void **unused)
{
    (void)unused;
    cop_error err = {0};
    assert_ok(cop_plugin_check(&coppice_plugin, &err), &err);
    assert_ok(cop_options_check(coppice_plugin.options, coppice_plugin.option_count,
                                coppice_plugin.options_size, &err),
              &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mix_and_random_start_from_real_images),
        cmocka_unit_test(noise_starts_clamped_about_a_half),
        cmocka_unit_test(too_few_real_images_are_refused),
        cmocka_unit_test(class_batches_are_whole_and_without_repetition),
        cmocka_unit_test(a_pixel_step_is_momentum_then_the_rate),
        cmocka_unit_test(the_pixel_rate_follows_images_and_side),
        cmocka_unit_test(options_that_do_not_fit_are_refused),
        cmocka_unit_test(the_descriptor_passes_the_hosts_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
