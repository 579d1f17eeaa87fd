/* Multi-formation: decoded images against PyTorch, their order and number, and the samples made of
 * a synthetic set. */
#include "models.h"
#include "nn/synthetic.h"
#include "scene.h"

#include <coppice/synthetic.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The settings of tools/fixtures/make_torch_fixtures.py: side, factor. */
static const int32_t fixture_sizes[][2] = {{8, 2}, {8, 3}};

static void check_decoding(const cop_tensors *fixture, int32_t side, int32_t factor,
                           cop_decode decode, const char *kind)
{
    char name[64];
    (void)snprintf(name, sizeof name, "pixels.%d.%d", side, factor);
    double *pixels = fixture_values(fixture, name, "");
    cop_shape shape = fixture_tensor(fixture, name, "")->shape;
    (void)snprintf(name, sizeof name, "%s.%d.%d", kind, side, factor);
    double *wanted = fixture_values(fixture, name, "");
    cop_shape decoded = fixture_tensor(fixture, name, "")->shape;
    scene s = scene_open(1);
    cop_node x = scene_input(&s, shape, pixels);
    cop_node y = cop_decode_images(s.g, x, decode, factor);
    assert_int_equal(cop_decoded_count(decode, factor, shape.dim[0]), decoded.dim[0]);
    scene_expect(&s, y, decoded, wanted);
    scene_close(&s);
    free(pixels);
    free(wanted);
}

static void decoding_agrees_with_torch(void **state)
{
    (void)state;
    cop_tensors *fixture = read_fixture("torch/decode.safetensors");
    for (size_t i = 0; i < sizeof fixture_sizes / sizeof *fixture_sizes; i++) {
        int32_t side = fixture_sizes[i][0], factor = fixture_sizes[i][1];
        check_decoding(fixture, side, factor, COP_DECODE_SINGLE, "single");
        check_decoding(fixture, side, factor, COP_DECODE_MULTI, "multi");
    }
    cop_tensors_free(fixture);
}

/* Bounded counts are worked out by the published rule: factor f cuts as many images as leave the
 * later ones room to stay whole within 128. */
static const struct {
    cop_decode decode;
    int32_t factor;
    int64_t stored, decoded;
} counts[] = {
    {COP_DECODE_NONE, 1, 7, 7},      {COP_DECODE_NONE, 3, 7, 7},
    {COP_DECODE_SINGLE, 1, 7, 7},    {COP_DECODE_SINGLE, 3, 7, 63},
    {COP_DECODE_MULTI, 3, 7, 98},    {COP_DECODE_BOUND, 1, 10, 10},
    {COP_DECODE_BOUND, 2, 10, 40},   {COP_DECODE_BOUND, 2, 50, 107},
    {COP_DECODE_BOUND, 3, 20, 125},  {COP_DECODE_BOUND, 3, 50, 123},
    {COP_DECODE_BOUND, 2, 128, 128}, {COP_DECODE_BOUND, 3, 14, 116},
    {COP_DECODE_BOUND, 2, 200, 200},
};

static void decoded_images_are_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        cop_decode decode = counts[i].decode;
        int32_t factor = counts[i].factor;
        int64_t got = cop_decoded_count(decode, factor, counts[i].stored);
        if (got != counts[i].decoded)
            fail_msg("case %zu: %lld images, wanted %lld", i, (long long)got,
                     (long long)counts[i].decoded);
        cop_graph *g = cop_graph_new();
        cop_node x = cop_input(g, "x", cop_shape4(counts[i].stored, 3, 8, 8));
        cop_shape shape = cop_node_shape(g, cop_decode_images(g, x, decode, factor));
        assert_true(cop_shape_equal(shape, cop_shape4(got, 3, 8, 8)));
        cop_graph_free(g);
    }
}

/* 50 images by factor 2: 19 are cut, 31 stay whole and follow. */
static void a_bounded_decoding_is_made_of_parts(void **state)
{
    (void)state;
    scene s = scene_open(3);
    cop_node x = scene_draw(&s, cop_shape4(50, 1, 4, 4), FILL_PLAIN);
    cop_node cut = cop_decode_images(s.g, cop_slice(s.g, x, 0, 0, 19), COP_DECODE_SINGLE, 2);
    cop_node parts[2] = {cut, cop_slice(s.g, x, 0, 19, 31)};
    double *wanted = scene_result(&s, cop_concat(s.g, parts, 2, 0));
    cop_node bound = cop_decode_images(s.g, x, COP_DECODE_BOUND, 2);
    scene_expect(&s, bound, cop_shape4(107, 1, 4, 4), wanted);
    free(wanted);
    scene_close(&s);
}

static void too_many_tiles_are_refused(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_node x = cop_input(g, "x", cop_shape4(1, 3, 8, 8));
    assert_int_equal(cop_decode_images(g, x, COP_DECODE_SINGLE, 9), COP_NO_NODE);
    cop_error err = {0};
    assert_refused(cop_graph_check(g, &err), COP_INVALID, &err, "cut 9 by 9");
    cop_graph_free(g);
}

/* The two stored images of the fixture in two classes, decoded by factor 2. */
static cop_synthetic small_set(cop_decode decode, const cop_tensors *fixture)
{
    cop_synthetic s = {.task = {2, 8, 8, 2},
                       .normalization = {.mean = {0.5f, 0.5f}, .std = {0.25f, 0.25f}},
                       .decode = decode,
                       .factor = 2};
    cop_error err = {0};
    assert_ok(cop_synthetic_allocate(&s, 2, &err), &err);
    const cop_tensor *pixels = fixture_tensor(fixture, "pixels.8.2", "");
    memcpy(s.pixels, cop_f32(pixels), (size_t)cop_shape_count(pixels->shape) * sizeof(float));
    s.labels[1] = 1.0f; /* image 0 is of class 1 */
    s.labels[2] = 1.0f; /* image 1 of class 0 */
    return s;
}

static const struct {
    cop_decode decode;
    int32_t factor;
    int64_t decoded;
    const char *fixture;
} sample_cases[] = {
    {COP_DECODE_SINGLE, 2, 8, "single.8.2"}, {COP_DECODE_MULTI, 2, 10, "multi.8.2"},
    {COP_DECODE_BOUND, 2, 8, "single.8.2"},  {COP_DECODE_NONE, 2, 2, "pixels.8.2"},
    {COP_DECODE_SINGLE, 1, 2, "pixels.8.2"},
};

static void a_set_becomes_the_samples_that_torch_decodes(void **state)
{
    (void)state;
    cop_tensors *fixture = read_fixture("torch/decode.safetensors");
    for (size_t i = 0; i < sizeof sample_cases / sizeof *sample_cases; i++) {
        cop_synthetic s = small_set(sample_cases[i].decode, fixture);
        s.factor = sample_cases[i].factor;
        cop_samples *samples = NULL;
        cop_error err = {0};
        assert_ok(cop_synthetic_samples(&s, &samples, &err), &err);
        assert_int_equal(samples->count, sample_cases[i].decoded);
        assert_true(samples->normalization.std[1] == 0.25f);
        assert_null(samples->soft);
        for (int64_t k = 0; k < samples->count; k++)
            assert_int_equal(samples->labels[k], k % 2 == 0 ? 1 : 0);
        double *wanted = fixture_values(fixture, sample_cases[i].fixture, "");
        assert_close_f32(samples->pixels, wanted, samples->count * 128, 1e-6, 0);
        free(wanted);
        cop_synthetic_samples_free(samples);
        cop_synthetic_clear(&s);
    }
    cop_tensors_free(fixture);
}

static void soft_labels_stay_soft(void **state)
{
    (void)state;
    cop_tensors *fixture = read_fixture("torch/decode.safetensors");
    cop_synthetic s = small_set(COP_DECODE_SINGLE, fixture);
    s.labels[0] = 0.25f;
    s.labels[1] = 0.75f;
    cop_samples *samples = NULL;
    cop_error err = {0};
    assert_ok(cop_synthetic_samples(&s, &samples, &err), &err);
    assert_non_null(samples->soft);
    assert_int_equal(samples->labels[6], 1);
    assert_true(samples->soft[12] == 0.25f && samples->soft[13] == 0.75f);
    assert_true(samples->soft[14] == 1.0f && samples->soft[15] == 0.0f);
    cop_synthetic_samples_free(samples);
    cop_synthetic_clear(&s);
    cop_tensors_free(fixture);
}

/* Jitter and lighting are of images in [0, 1]; of whitened ones there is no way back. */
static void colours_of_normalised_sets_are_those_of_their_images(void **state)
{
    (void)state;
    static const struct {
        cop_pixel_space space;
        bool is_whitened;
        float std;
    } sets[] = {{COP_PIXELS_UNIT, false, 0.25f},
                {COP_PIXELS_NORMALISED, false, 0.25f},
                {COP_PIXELS_NORMALISED, true, 1.0f}};
    cop_tensors *fixture = read_fixture("torch/decode.safetensors");
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        cop_synthetic s = small_set(COP_DECODE_NONE, fixture);
        s.space = sets[i].space;
        s.is_whitened = sets[i].is_whitened;
        cop_samples *samples = NULL;
        cop_error err = {0};
        assert_ok(cop_synthetic_samples(&s, &samples, &err), &err);
        assert_true(cop_samples_undo(samples).std[1] == sets[i].std);
        bool is_unit = sets[i].space == COP_PIXELS_UNIT;
        assert_true(samples->normalization.std[1] == (is_unit ? 0.25f : 1.0f));
        cop_synthetic_samples_free(samples);
        cop_synthetic_clear(&s);
    }
    cop_tensors_free(fixture);
}

static void absurd_sets_are_refused(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_synthetic s = {.task = {3, 32, 32, 10}, .factor = 1};
    assert_refused(cop_synthetic_allocate(&s, 0, &err), COP_FAILED, &err, "0 images");
    assert_refused(cop_synthetic_allocate(&s, INT64_MAX / 2, &err), COP_FAILED, &err, "memory");
    assert_ok(cop_synthetic_allocate(&s, 1, &err), &err);
    s.factor = 0;
    cop_samples *samples = NULL;
    assert_refused(cop_synthetic_samples(&s, &samples, &err), COP_FAILED, &err, "factor 0");
    assert_null(samples);
    cop_synthetic_clear(&s);
    assert_null(s.pixels);
    cop_synthetic_clear(NULL);
    cop_synthetic_samples_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decoding_agrees_with_torch),
        cmocka_unit_test(decoded_images_are_counted),
        cmocka_unit_test(a_bounded_decoding_is_made_of_parts),
        cmocka_unit_test(too_many_tiles_are_refused),
        cmocka_unit_test(a_set_becomes_the_samples_that_torch_decodes),
        cmocka_unit_test(soft_labels_stay_soft),
        cmocka_unit_test(colours_of_normalised_sets_are_those_of_their_images),
        cmocka_unit_test(absurd_sets_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
