/* Batches of labelled images: normalisation, hard and soft targets, classes. */
#include "nn/samples.h"
#include "support.h"

#include <coppice/samples.h>

#include <math.h>

static const uint8_t bytes[3 * 2 * 2] = {0, 255, 51, 102, 10, 20, 30, 40, 255, 255, 0, 0};
static const int32_t labels[3] = {2, 0, 2};

/* Three images of two channels and 1 x 2 pixels. */
static cop_samples byte_samples(void)
{
    return (cop_samples){.task = {2, 1, 2, 3},
                         .normalization = {.mean = {0.5f, 0.25f}, .std = {0.5f, 0.2f}},
                         .count = 3,
                         .bytes = bytes,
                         .labels = labels};
}

static void bytes_are_normalised(void **state)
{
    (void)state;
    cop_samples s = byte_samples();
    static const int64_t index[2] = {2, 0};
    float images[8], targets[6];
    cop_samples_batch(&s, index, 2, images, targets);
    static const double wanted[8] = {1, 1, -1.25, -1.25, -1, 1, -0.25, 0.75};
    static const double one_hot[6] = {0, 0, 1, 0, 0, 1};
    assert_close_f32(images, wanted, 8, 1e-6, 0);
    assert_close_f32(targets, one_hot, 6, 0, 0);
    cop_samples_batch(&s, index, 2, NULL, targets);
    cop_samples_batch(&s, index, 2, images, NULL);
}

static void floats_give_what_bytes_give(void **state)
{
    (void)state;
    cop_samples s = byte_samples(), t = s;
    float pixels[12];
    for (int64_t i = 0; i < 3; i++)
        cop_samples_pixels(&s, i, pixels + 4 * i);
    assert_true(pixels[1] == 1.0f && pixels[2] == 0.2f);
    t.bytes = NULL;
    t.pixels = pixels;
    static const int64_t index[3] = {0, 1, 2};
    float from_bytes[12], from_floats[12], one[4];
    cop_samples_batch(&s, index, 3, from_bytes, NULL);
    cop_samples_batch(&t, index, 3, from_floats, NULL);
    assert_memory_equal(from_bytes, from_floats, sizeof from_bytes);
    cop_samples_pixels(&t, 1, one);
    assert_memory_equal(one, pixels + 4, sizeof one);
}

static void soft_targets_are_given_as_they_are(void **state)
{
    (void)state;
    static const float soft[9] = {0.2f, 0.3f, 0.5f, 1, 0, 0, 0.25f, 0.25f, 0.5f};
    cop_samples s = byte_samples();
    s.soft = soft;
    static const int64_t index[2] = {2, 0};
    float targets[6];
    cop_samples_batch(&s, index, 2, NULL, targets);
    static const double wanted[6] = {0.25, 0.25, 0.5, 0.2, 0.3, 0.5};
    assert_close_f32(targets, wanted, 6, 1e-7, 0);
}

static void samples_of_a_class_are_found_in_order(void **state)
{
    (void)state;
    cop_samples s = byte_samples();
    int64_t index[3] = {-1, -1, -1};
    assert_int_equal(cop_samples_of_class(&s, 2, index), 2);
    assert_int_equal(index[0], 0);
    assert_int_equal(index[1], 2);
    assert_int_equal(cop_samples_of_class(&s, 1, index), 0);
}

static void guessing_reaches_the_largest_class_and_three_errors(void **state)
{
    (void)state;
    static int32_t many[10000];
    cop_samples s = {.task = {1, 1, 1, 10}, .count = 10000, .labels = many};
    for (int i = 0; i < 10000; i++)
        many[i] = i % 10;
    assert_true(fabs(cop_samples_chance(&s, 0) - 0.109) < 1e-12);
    /* Of the first 100: the same share, ten times the error. */
    assert_true(fabs(cop_samples_chance(&s, 100) - 0.19) < 1e-12);
    /* The largest class counts, and nobody is better than right. */
    for (int i = 0; i < 9000; i++)
        many[i] = 3;
    assert_true(fabs(cop_samples_chance(&s, 10000) - (0.91 + 3.0 * sqrt(0.91 * 0.09 / 1e4))) <
                1e-12);
    assert_true(cop_samples_chance(&s, 9000) == 1.0);
    s.count = 0;
    assert_true(cop_samples_chance(&s, 0) == 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_normalised),
        cmocka_unit_test(floats_give_what_bytes_give),
        cmocka_unit_test(soft_targets_are_given_as_they_are),
        cmocka_unit_test(samples_of_a_class_are_found_in_order),
        cmocka_unit_test(guessing_reaches_the_largest_class_and_three_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
