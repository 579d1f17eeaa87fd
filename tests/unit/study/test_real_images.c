/* Tests of the real images that stand beside a distilled set: the first of each class, as the
 * training split has them. */
#include "support.h"

#include "nn/synthetic.h"
#include "study/running/real_images.h"

#include <coppice/recipe.h>

enum { IMAGES = 7 };

/* Seven images of one pixel and two classes; image i is 10 i bytes bright. */
static const uint8_t bytes[IMAGES] = {0, 10, 20, 30, 40, 50, 60};
static const int32_t labels[IMAGES] = {1, 0, 0, 1, 0, 0, 0};

static cop_samples samples(void)
{
    return (cop_samples){.task = {1, 1, 1, 2},
                         .normalization = {.mean = {0.5f}, .std = {0.25f}},
                         .count = IMAGES,
                         .bytes = bytes,
                         .labels = labels};
}

/* A set of so many images, of which only the number counts. */
static cop_synthetic stored(int64_t count)
{
    return (cop_synthetic){.task = {1, 1, 1, 2}, .factor = 1, .count = count};
}

static void each_class_has_as_many_as_the_set_stores(void **state)
{
    (void)state;
    cop_samples train = samples();
    cop_synthetic set = stored(6), real = {0};
    cop_error err = {0};
    assert_ok(cop_real_images(&train, &set, &real, &err), &err);
    const float wanted[] = {10, 20, 40, 0, 30}; /* of class 1 there are two */
    assert_int_equal(real.count, 5);
    for (int64_t i = 0; i < real.count; i++) {
        assert_true(real.pixels[i] == wanted[i] / 255.0f);
        assert_true(real.labels[2 * i] == (i < 3 ? 1.0f : 0.0f));
        assert_true(real.labels[2 * i + 1] == (i < 3 ? 0.0f : 1.0f));
    }
    assert_int_equal(cop_synthetic_space(&real), COP_PIXELS_UNIT);
    assert_true(real.normalization.mean[0] == 0.5f);
    assert_ok(cop_synthetic_check(&real, &err), &err);
    cop_synthetic_clear(&real);
}

static void a_small_set_has_one_of_each_and_a_large_one_ten_at_most(void **state)
{
    (void)state;
    cop_samples train = samples();
    cop_synthetic small = stored(1), large = stored(1000), real = {0};
    cop_error err = {0};
    assert_ok(cop_real_images(&train, &small, &real, &err), &err);
    assert_int_equal(real.count, 2);
    cop_synthetic_clear(&real);
    static const int32_t one_class[30] = {0};
    static const uint8_t black[30] = {0};
    train.count = 30;
    train.bytes = black;
    train.labels = one_class;
    assert_ok(cop_real_images(&train, &large, &real, &err), &err);
    assert_int_equal(real.count, 10);
    cop_synthetic_clear(&real);
}

/* Pixels of data that are whitened stay as a network sees them, and say so. */
static void whitened_images_stay_whitened(void **state)
{
    (void)state;
    static const float pixels[IMAGES] = {-3.0f, -2.0f, -1.0f, 0.0f, 1.0f, 2.0f, 3.0f};
    cop_samples train = samples();
    cop_synthetic set = stored(2), real = {0};
    cop_error err = {0};
    train.bytes = NULL;
    train.pixels = pixels;
    train.space = COP_PIXELS_NORMALISED;
    assert_ok(cop_real_images(&train, &set, &real, &err), &err);
    assert_true(real.pixels[0] == -2.0f);
    assert_int_equal(cop_synthetic_space(&real), COP_PIXELS_NORMALISED);
    assert_true(real.is_whitened);
    cop_synthetic_clear(&real);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_class_has_as_many_as_the_set_stores),
        cmocka_unit_test(a_small_set_has_one_of_each_and_a_large_one_ten_at_most),
        cmocka_unit_test(whitened_images_stay_whitened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
