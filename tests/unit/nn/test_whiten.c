/* test_whiten.c: ZCA whitening, by what PyTorch computes from its formula, and by what it is for. */
#include "support.h"

#include "core/openmp.h"
#include "nn/whiten.h"

#include <coppice/random.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIXTURE COPPICE_TEST_SOURCE_DIR "/tests/fixtures/train/zca.txt"

enum { TRAIN = 12, OTHER = 3, VALUES = 18 };

/* Reads the numbers of a name, of which there are `count`. */
static void read_fixture(const char *wanted, int64_t count, double *values)
{
    FILE *file = fopen(FIXTURE, "r");
    assert_non_null(file);
    char name[64];
    long long there = 0;
    bool found = false;
    while (!found && fscanf(file, "%63s %lld", name, &there) == 2) {
        found = strcmp(name, wanted) == 0;
        for (long long i = 0; i < there; i++) {
            double value = 0.0;
            assert_int_equal(fscanf(file, "%lf", &value), 1);
            if (found && i < count)
                values[i] = value;
        }
    }
    (void)fclose(file);
    if (!found || there != count)
        fail_msg("%s has no \"%s\" of %lld", FIXTURE, wanted, (long long)count);
}

static cop_samples samples_of(const char *name, int64_t count, float *pixels, const int32_t *labels)
{
    double values[TRAIN * VALUES];
    read_fixture(name, count * VALUES, values);
    for (int64_t i = 0; i < count * VALUES; i++)
        pixels[i] = (float)values[i];
    return (cop_samples){.task = {2, 3, 3, 2},
                         .normalization = {.mean = {0.5f, 0.3f}, .std = {0.2f, 0.1f}},
                         .count = count,
                         .pixels = pixels,
                         .labels = labels};
}

static void whitens_as_pytorch_does(void **state)
{
    (void)state;
    static const int32_t labels[TRAIN];
    static const double epsilons[] = {0.1, 1e-3};
    float train_pixels[TRAIN * VALUES], other_pixels[OTHER * VALUES], got[TRAIN * VALUES];
    double wanted[TRAIN * VALUES];
    const cop_samples train = samples_of("train", TRAIN, train_pixels, labels);
    const cop_samples other = samples_of("other", OTHER, other_pixels, labels);
    for (size_t i = 0; i < 2; i++) {
        char name[64];
        cop_error err = {0};
        cop_whitening *w = NULL;
        assert_ok(cop_whitening_fit(&train, epsilons[i], &w, &err), &err);
        (void)snprintf(name, sizeof name, "train/%g", epsilons[i]);
        read_fixture(name, TRAIN * VALUES, wanted);
        assert_ok(cop_whitening_apply(w, &train, got, &err), &err);
        assert_close_f32(got, wanted, TRAIN * VALUES, 2e-6, 2e-6);
        (void)snprintf(name, sizeof name, "other/%g", epsilons[i]);
        read_fixture(name, OTHER * VALUES, wanted);
        assert_ok(cop_whitening_apply(w, &other, got, &err), &err);
        assert_close_f32(got, wanted, OTHER * VALUES, 2e-5, 2e-5);
        cop_whitening_free(w);
    }
}

/* Images of several tiles of values, more of them than are looked at together. */
enum { SIDE = 18, MANY = 700, MANY_VALUES = SIDE * SIDE };

static uint8_t *draw_bytes(void)
{
    uint8_t *bytes = malloc((size_t)MANY * MANY_VALUES);
    assert_non_null(bytes);
    cop_stream stream = cop_stream_make(1, "whiten", 0);
    for (int64_t i = 0; i < (int64_t)MANY * MANY_VALUES; i++) {
        uint8_t drawn = (uint8_t)cop_stream_below(&stream, 256);
        /* Neighbours are alike, as in a photo. */
        bytes[i] = (uint8_t)(i % MANY_VALUES == 0 ? drawn : (3 * bytes[i - 1] + drawn) / 4);
    }
    return bytes;
}

static void whitened_pixels_have_the_identity_as_their_covariance(void **state)
{
    (void)state;
    uint8_t *bytes = draw_bytes();
    static int32_t labels[MANY];
    const cop_samples s = {
        .task = {1, SIDE, SIDE, 2}, .count = MANY, .bytes = bytes, .labels = labels};
    float *white = calloc((size_t)MANY * MANY_VALUES, sizeof *white);
    cop_whitening *w = NULL;
    cop_error err = {0};
    assert_non_null(white);
    assert_ok(cop_whitening_fit(&s, 1e-9, &w, &err), &err);
    assert_ok(cop_whitening_apply(w, &s, white, &err), &err);
    static const int pairs[][2] = {{0, 0}, {0, 1}, {17, 200}, {100, 101}, {255, 256}, {323, 323}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        double sum = 0.0;
        for (int64_t k = 0; k < MANY; k++)
            sum += (double)white[k * MANY_VALUES + pairs[i][0]] *
                   (double)white[k * MANY_VALUES + pairs[i][1]];
        double wanted = pairs[i][0] == pairs[i][1] ? 1.0 : 0.0;
        if (!(fabs(sum / (MANY - 1) - wanted) < 1e-3))
            fail_msg("covariance of %d and %d: %g", pairs[i][0], pairs[i][1], sum / (MANY - 1));
    }
    cop_whitening_free(w);
    free(white);
    free(bytes);
}

static void the_number_of_threads_changes_no_bit(void **state)
{
    (void)state;
    uint8_t *bytes = draw_bytes();
    static int32_t labels[MANY];
    const cop_samples s = {
        .task = {1, SIDE, SIDE, 2}, .count = MANY, .bytes = bytes, .labels = labels};
    size_t size = (size_t)MANY * MANY_VALUES * sizeof(float);
    float *white[2] = {malloc(size), malloc(size)};
    int before = omp_get_max_threads();
    for (int i = 0; i < 2; i++) {
        cop_whitening *w = NULL;
        cop_error err = {0};
        assert_non_null(white[i]);
        omp_set_num_threads(i + 1);
        assert_ok(cop_whitening_fit(&s, 0.1, &w, &err), &err);
        assert_ok(cop_whitening_apply(w, &s, white[i], &err), &err);
        cop_whitening_free(w);
    }
    omp_set_num_threads(before);
    assert_memory_equal(white[0], white[1], size);
    free(white[0]);
    free(white[1]);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whitens_as_pytorch_does),
        cmocka_unit_test(whitened_pixels_have_the_identity_as_their_covariance),
        cmocka_unit_test(the_number_of_threads_changes_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
