/* The shapes dataset: the same for ever, balanced, and beyond a linear classifier. */
#include "nn/dataset.h"
#include "plugin_options.h"

#include "plugins/datasets/shapes/draw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void read_split(const char *settings, cop_split split, int64_t first, int64_t count,
                       uint8_t *pixels, int32_t *labels)
{
    const cop_dataset_ops *ops = coppice_plugin.ops;
    test_options options = read_options(&coppice_plugin, settings);
    void *self = NULL;
    cop_error err = {0};
    assert_ok(ops->create(options.values, &self, &err), &err);
    assert_ok(ops->read(self, split, first, count, pixels, labels, &err), &err);
    ops->destroy(self);
    free_options(&options);
}

static void samples_do_not_depend_on_what_is_read(void **state)
{
    (void)state;
    enum { N = 64 };
    static uint8_t whole[N * SHAPES_PIXELS], part[SHAPES_PIXELS];
    int32_t labels[N], label;
    const char *larger = "train_size = 50000; test_size = 7;";
    read_split("", COP_SPLIT_TRAIN, 0, N, whole, labels);
    for (int64_t i = 0; i < N; i++) {
        read_split(larger, COP_SPLIT_TRAIN, i, 1, part, &label);
        assert_int_equal(label, labels[i]);
        assert_memory_equal(part, whole + i * SHAPES_PIXELS, SHAPES_PIXELS);
    }
}

/* The bytes themselves, as they were when the dataset was first published: a change of drawing is a
 * change of results_version. */
static void the_first_picture_is_as_it_was(void **state)
{
    (void)state;
    static uint8_t image[SHAPES_PIXELS];
    int32_t label;
    const struct {
        cop_split split;
        int64_t index;
        uint64_t sum;
    } cases[] = {{COP_SPLIT_TRAIN, 0, 0x40743c76b948a9e4u},
                 {COP_SPLIT_TEST, 1234, 0x5ac88b89169005cbu}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        read_split("", cases[c].split, cases[c].index, 1, image, &label);
        uint64_t sum = 14695981039346656037u; /* FNV-1a */
        for (int i = 0; i < SHAPES_PIXELS; i++)
            sum = (sum ^ image[i]) * 1099511628211u;
        assert_int_equal(sum, cases[c].sum);
    }
}

static void classes_are_balanced(void **state)
{
    (void)state;
    enum { N = 500 };
    static uint8_t pixels[N * SHAPES_PIXELS];
    int32_t labels[N];
    for (int split = 0; split < 2; split++) {
        int count[SHAPES_CLASSES] = {0};
        read_split("", (cop_split)split, 0, N, pixels, labels);
        for (int i = 0; i < N; i++)
            count[labels[i]]++;
        for (int k = 0; k < SHAPES_CLASSES; k++)
            assert_int_equal(count[k], N / SHAPES_CLASSES);
    }
}

static void no_picture_comes_twice(void **state)
{
    (void)state;
    enum { N = 200 };
    static uint8_t train[N * SHAPES_PIXELS], test[N * SHAPES_PIXELS], other[N * SHAPES_PIXELS];
    int32_t labels[N];
    read_split("", COP_SPLIT_TRAIN, 0, N, train, labels);
    read_split("", COP_SPLIT_TEST, 0, N, test, labels);
    read_split("seed = 1;", COP_SPLIT_TRAIN, 0, N, other, labels);
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            const uint8_t *a = train + i * SHAPES_PIXELS;
            assert_memory_not_equal(a, test + j * SHAPES_PIXELS, SHAPES_PIXELS);
            assert_memory_not_equal(a, other + j * SHAPES_PIXELS, SHAPES_PIXELS);
            if (i != j)
                assert_memory_not_equal(a, train + j * SHAPES_PIXELS, SHAPES_PIXELS);
        }
    }
}

static void shapes_fill_their_circle_and_differ(void **state)
{
    (void)state;
    enum { GRID = 81 };
    static bool inside[SHAPES_CLASSES][GRID * GRID];
    for (int k = 0; k < SHAPES_CLASSES; k++) {
        int area = 0;
        for (int i = 0; i < GRID * GRID; i++) {
            double u = (i % GRID - 40) / 32.0, v = (i / GRID - 40) / 32.0;
            inside[k][i] = shapes_inside(k, u, v);
            area += inside[k][i];
            if (inside[k][i])
                assert_true(u * u + v * v < 1.15 * 1.15);
        }
        assert_in_range(area, 600, 2600); /* of 3217 cells in the circle */
        for (int other = 0; other < k; other++)
            assert_memory_not_equal(inside[k], inside[other], sizeof inside[k]);
    }
}

/* Pixels' mean and deviation are what the normalisation says, roughly. */
static void normalisation_fits(void **state)
{
    (void)state;
    enum { N = 500 };
    static uint8_t pixels[N * SHAPES_PIXELS];
    int32_t labels[N];
    cop_dataset_info info = {0};
    cop_error err = {0};
    const cop_dataset_ops *ops = coppice_plugin.ops;
    test_options options = read_options(&coppice_plugin, "");
    void *self = NULL;
    assert_ok(ops->create(options.values, &self, &err), &err);
    assert_ok(ops->describe(self, &info, &err), &err);
    ops->destroy(self);
    free_options(&options);
    read_split("", COP_SPLIT_TRAIN, 0, N, pixels, labels);
    for (int c = 0; c < 3; c++) {
        double sum = 0.0, square = 0.0, n = N * 1024.0;
        for (int i = 0; i < N * 1024; i++) {
            double x = pixels[(i / 1024) * SHAPES_PIXELS + c * 1024 + i % 1024] / 255.0;
            sum += x / n;
            square += x * x / n;
        }
        assert_true(fabs(sum - (double)info.normalization.mean[c]) < 0.03);
        assert_true(fabs(sqrt(square - sum * sum) - (double)info.normalization.std[c]) < 0.03);
    }
}

enum { TRAIN = 2000, TEST = 1000, FEATURES = SHAPES_PIXELS + 1 };

static double score(const float *weight, const uint8_t *pixels, int k)
{
    const float *w = weight + k * FEATURES;
    double sum = (double)w[SHAPES_PIXELS];
    for (int j = 0; j < SHAPES_PIXELS; j++)
        sum += (double)w[j] * (pixels[j] / 63.75 - 2.0);
    return sum;
}

/* One pass of stochastic gradient descent on the softmax's cross-entropy. */
static void train_epoch(float *weight, const uint8_t *pixels, const int32_t *labels, double rate)
{
    for (int n = 0; n < TRAIN; n++) {
        int i = n * 7 % TRAIN;
        const uint8_t *x = pixels + i * SHAPES_PIXELS;
        double p[SHAPES_CLASSES], sum = 0.0, top = -INFINITY;
        for (int k = 0; k < SHAPES_CLASSES; k++) {
            p[k] = score(weight, x, k);
            top = fmax(top, p[k]);
        }
        for (int k = 0; k < SHAPES_CLASSES; k++)
            sum += p[k] = exp(p[k] - top);
        for (int k = 0; k < SHAPES_CLASSES; k++) {
            float step = (float)(rate * (p[k] / sum - (labels[i] == k)));
            for (int j = 0; j < SHAPES_PIXELS; j++)
                weight[k * FEATURES + j] -= step * ((float)x[j] / 63.75f - 2.0f);
            weight[k * FEATURES + SHAPES_PIXELS] -= step;
        }
    }
}

static double accuracy(const float *weight, const uint8_t *pixels, const int32_t *labels, int count)
{
    int right = 0;
    for (int i = 0; i < count; i++) {
        int best = 0;
        for (int k = 1; k < SHAPES_CLASSES; k++) {
            if (score(weight, pixels + i * SHAPES_PIXELS, k) >
                score(weight, pixels + i * SHAPES_PIXELS, best))
                best = k;
        }
        right += best == labels[i];
    }
    return (double)right / count;
}

/* That it learns its training data shows that the classifier itself is sound. */
static void a_linear_classifier_fails(void **state)
{
    (void)state;
    uint8_t *train = malloc((size_t)TRAIN * SHAPES_PIXELS);
    uint8_t *test = malloc((size_t)TEST * SHAPES_PIXELS);
    float *weight = calloc((size_t)SHAPES_CLASSES * FEATURES, sizeof *weight);
    int32_t train_labels[TRAIN], test_labels[TEST];
    read_split("", COP_SPLIT_TRAIN, 0, TRAIN, train, train_labels);
    read_split("", COP_SPLIT_TEST, 0, TEST, test, test_labels);
    for (int epoch = 0; epoch < 8; epoch++)
        train_epoch(weight, train, train_labels, 5e-4);
    double learnt = accuracy(weight, train, train_labels, TRAIN);
    double held = accuracy(weight, test, test_labels, TEST);
    print_message("linear classifier: %.1f %% of training, %.1f %% of test pictures\n",
                  100.0 * learnt, 100.0 * held);
    assert_true(learnt > 0.5);
    assert_true(held < 0.35);
    free(train);
    free(test);
    free(weight);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_do_not_depend_on_what_is_read),
        cmocka_unit_test(the_first_picture_is_as_it_was),
        cmocka_unit_test(classes_are_balanced),
        cmocka_unit_test(no_picture_comes_twice),
        cmocka_unit_test(shapes_fill_their_circle_and_differ),
        cmocka_unit_test(normalisation_fits),
        cmocka_unit_test(a_linear_classifier_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
