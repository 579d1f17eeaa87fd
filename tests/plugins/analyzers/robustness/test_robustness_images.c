/* Corruptions of images beside SciPy's, Pillow's and plain loops (tools/fixtures/
 * make_corruption_fixtures.py), and what their noise is distributed as. */
#include "models.h"

#include "nn/task.h"
#include "plugins/analyzers/robustness/corrupt.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static corruption open_for(int32_t channels, int32_t height, int32_t width)
{
    const cop_task task = {.channels = channels, .height = height, .width = width, .classes = 2};
    corruption c;
    cop_error err = {0};
    assert_ok(corruption_open(&c, &task, 7, &err), &err);
    return c;
}

static void what_draws_nothing_is_as_the_libraries_make_it(void **state)
{
    (void)state;
    static const char *const names[] = {"gaussian_blur", "defocus_blur", "brightness", "contrast",
                                        "pixelate"};
    cop_tensors *fixture = read_fixture("torch/corruptions.safetensors");
    const cop_tensor *image = fixture_tensor(fixture, "", "image");
    int64_t values = cop_shape_count(image->shape);
    corruption c = open_for(3, (int32_t)image->shape.dim[1], (int32_t)image->shape.dim[2]);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (int severity = 1; severity <= CORRUPTION_SEVERITIES; severity++) {
            char name[48];
            float got[400];
            double apart = 0.0;
            (void)snprintf(name, sizeof name, "%s.%d", names[i], severity);
            const float *wanted = cop_f32(fixture_tensor(fixture, "", name));
            memcpy(got, cop_f32(image), (size_t)values * sizeof *got);
            corruption_choose(&c, (corruption_kind)corruption_find(names[i]), severity);
            corruption_apply(&c, 0, got);
            for (int64_t k = 0; k < values; k++)
                apart = fmax(apart, fabs((double)got[k] - (double)wanted[k]));
            if (!(apart <= 2e-7))
                fail_msg("%s: %g apart", name, apart);
            assert_memory_not_equal(got, cop_f32(image), (size_t)values * sizeof *got);
        }
    }
    corruption_close(&c);
    cop_tensors_free(fixture);
}

enum { SIDE = 64, VALUES = SIDE * SIDE };

/* Mean and deviation of what became of grey pixels, and the share of those that changed. */
static void measure_noise(corruption *c, int64_t sample, double grey, double out[3])
{
    static float pixels[VALUES];
    double sum = 0.0, squares = 0.0;
    out[2] = 0.0;
    for (int i = 0; i < VALUES; i++)
        pixels[i] = (float)grey;
    corruption_apply(c, sample, pixels);
    for (int i = 0; i < VALUES; i++) {
        double by = (double)pixels[i] - (double)(float)grey;
        sum += by;
        squares += by * by;
        out[2] += by != 0.0;
        assert_true(pixels[i] >= 0.0f && pixels[i] <= 1.0f);
    }
    out[0] = sum / VALUES;
    out[1] = sqrt(squares / VALUES - out[0] * out[0]);
    out[2] /= VALUES;
}

/* With 4096 values the deviation of a deviation is 1.1 % of it. */
static void normal_noise_has_the_deviation_of_its_severity(void **state)
{
    (void)state;
    static const double added[] = {0.04, 0.06, 0.08, 0.09, 0.10};
    static const double times[] = {0.06, 0.10, 0.12, 0.16, 0.20};
    corruption c = open_for(1, SIDE, SIDE);
    for (int severity = 1; severity <= 5; severity++) {
        double found[3];
        corruption_choose(&c, CORRUPTION_GAUSSIAN_NOISE, severity);
        measure_noise(&c, 3, 0.5, found);
        assert_true(fabs(found[1] / added[severity - 1] - 1.0) < 0.05);
        assert_true(fabs(found[0]) < 4.0 * added[severity - 1] / SIDE);
        corruption_choose(&c, CORRUPTION_SPECKLE_NOISE, severity);
        measure_noise(&c, 3, 0.25, found);
        assert_true(fabs(found[1] / (0.25 * times[severity - 1]) - 1.0) < 0.05);
        measure_noise(&c, 3, 0.0, found); /* in proportion to what is there */
        assert_true(found[2] == 0.0);
    }
    corruption_close(&c);
}

static void impulses_are_black_or_white_and_as_many_as_their_severity_says(void **state)
{
    (void)state;
    static const double shares[] = {0.01, 0.02, 0.03, 0.05, 0.07};
    corruption c = open_for(1, SIDE, SIDE);
    for (int severity = 1; severity <= 5; severity++) {
        double found[3], share = shares[severity - 1];
        corruption_choose(&c, CORRUPTION_IMPULSE_NOISE, severity);
        measure_noise(&c, 1, 0.5, found);
        assert_true(fabs(found[2] - share) < 4.0 * sqrt(share / VALUES));
        /* All that changed did so by a half, to either side. */
        assert_true(fabs(found[1] * found[1] + found[0] * found[0] - 0.25 * found[2]) < 1e-6);
        assert_true(fabs(found[0]) < 4.0 * 0.5 * sqrt(share / VALUES));
    }
    corruption_close(&c);
}

static void apply_to_grey(corruption *c, int64_t sample, float pixels[VALUES])
{
    for (int i = 0; i < VALUES; i++)
        pixels[i] = 0.5f;
    corruption_apply(c, sample, pixels);
}

static void noise_is_that_of_its_seed_kind_severity_and_sample(void **state)
{
    (void)state;
    static float first[VALUES], other[VALUES];
    corruption c = open_for(1, SIDE, SIDE), another = open_for(1, SIDE, SIDE);
    corruption_choose(&c, CORRUPTION_GAUSSIAN_NOISE, 2);
    corruption_choose(&another, CORRUPTION_GAUSSIAN_NOISE, 2);
    apply_to_grey(&c, 5, first);
    apply_to_grey(&c, 6, other);
    assert_memory_not_equal(first, other, sizeof first);
    apply_to_grey(&another, 5, other); /* whatever was drawn before */
    assert_memory_equal(first, other, sizeof first);
    another.seed++;
    apply_to_grey(&another, 5, other);
    assert_memory_not_equal(first, other, sizeof first);
    /* Not the same draws, only larger: sample 5 of severity 3, and the last severity's next. */
    corruption_choose(&c, CORRUPTION_GAUSSIAN_NOISE, 3);
    apply_to_grey(&c, 5, other);
    double product = 0.0, squares[2] = {0.0, 0.0};
    for (int i = 0; i < VALUES; i++) {
        double a = (double)first[i] - 0.5, b = (double)other[i] - 0.5;
        product += a * b;
        squares[0] += a * a;
        squares[1] += b * b;
    }
    assert_true(fabs(product) < 0.1 * sqrt(squares[0] * squares[1]));
    corruption_close(&c);
    corruption_close(&another);
}

/* Nothing is read beyond the edges of images that are smaller than a kernel. */
static void the_smallest_images_have_all_corruptions(void **state)
{
    (void)state;
    static const int32_t sides[][2] = {{1, 1}, {1, 2}, {2, 1}, {3, 1}};
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        corruption c = open_for(1, sides[i][0], sides[i][1]);
        for (int kind = 0; kind < CORRUPTION_COUNT; kind++) {
            for (int severity = 1; severity <= 5; severity++) {
                float pixels[] = {0.5f, 0.5f, 0.5f, -1.0f};
                corruption_choose(&c, (corruption_kind)kind, severity);
                corruption_apply(&c, 0, pixels);
                for (int32_t k = 0; k < sides[i][0] * sides[i][1]; k++)
                    assert_true(pixels[k] >= 0.0f && pixels[k] <= 1.0f);
                assert_true(pixels[3] == -1.0f);
                /* What is even stays so, but for noise and brightness. */
                if (kind == CORRUPTION_GAUSSIAN_BLUR || kind == CORRUPTION_DEFOCUS_BLUR ||
                    kind == CORRUPTION_CONTRAST || kind == CORRUPTION_PIXELATE)
                    assert_true(fabsf(pixels[0] - 0.5f) < 1e-6f);
            }
        }
        corruption_close(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_draws_nothing_is_as_the_libraries_make_it),
        cmocka_unit_test(normal_noise_has_the_deviation_of_its_severity),
        cmocka_unit_test(impulses_are_black_or_white_and_as_many_as_their_severity_says),
        cmocka_unit_test(noise_is_that_of_its_seed_kind_severity_and_sample),
        cmocka_unit_test(the_smallest_images_have_all_corruptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
