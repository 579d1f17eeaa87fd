/* The npy dataset: arrays as NumPy writes them (tests/fixtures/npy, of
 * tools/fixtures/make_image_fixtures.py), and what is said of files that are none. */
#include "nn/dataset.h"
#include "plugin_options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIXTURES COPPICE_TEST_SOURCE_DIR "/tests/fixtures/npy/"

enum { N = 5, C = 3, H = 5, W = 6, PLANE = H * W, IMAGE = C * PLANE };

static const int32_t wanted_labels[N] = {0, 2, 1, 2, 0};

/* Element k of image n, in [C, H, W]. */
static int byte_of(int64_t n, int64_t k)
{
    return (int)((n * IMAGE + k) % 251);
}

static const cop_dataset_ops *ops(void)
{
    return coppice_plugin.ops;
}

static cop_status open_data(const char *images, const char *labels, const char *more, void **self,
                            cop_error *err)
{
    char settings[2048];
    (void)snprintf(
        settings, sizeof settings, "train_images = \"%s%s\"; train_labels = \"%s%s\"; %s",
        images[0] != '/' ? FIXTURES : "", images, labels[0] != '/' ? FIXTURES : "", labels, more);
    test_options options = read_options(&coppice_plugin, settings);
    cop_status status = ops()->create(options.values, self, err);
    free_options(&options);
    return status;
}

static void *open_described(const char *images, const char *labels, const char *more,
                            cop_dataset_info *info)
{
    void *self = NULL;
    cop_error err = {0};
    *info = (cop_dataset_info){0};
    assert_ok(open_data(images, labels, more, &self, &err), &err);
    assert_ok(ops()->describe(self, info, &err), &err);
    return self;
}

static void assert_not_opened(const char *images, const char *labels, const char *more,
                              const char *text)
{
    void *self = NULL;
    cop_error err = {0};
    assert_refused(open_data(images, labels, more, &self, &err), COP_INVALID, &err, text);
    assert_null(self);
}

static void assert_pixel(double got, int wanted, bool is_float)
{
    double close = is_float ? wanted / 255.0 : wanted;
    assert_true(fabs(got - close) < 1e-6);
}

/* Samples first … of the training images, [channels, H, W] of them. */
static void assert_reads(void *self, const cop_dataset_info *info, int64_t first, int64_t count)
{
    float pixels[N * IMAGE]; /* or bytes */
    int32_t labels[N];
    cop_error err = {0};
    int64_t image = (int64_t)info->task.channels * PLANE;
    assert_ok(ops()->read(self, COP_SPLIT_TRAIN, first, count, pixels, labels, &err), &err);
    for (int64_t i = 0; i < count; i++) {
        assert_int_equal(labels[i], wanted_labels[first + i]);
        for (int64_t k = 0; k < image; k++) {
            double got = info->is_float ? (double)pixels[i * image + k]
                                        : (double)((const uint8_t *)pixels)[i * image + k];
            assert_pixel(got, byte_of(first + i, k), info->is_float);
        }
    }
}

static void reads_every_type_order_and_layout(void **state)
{
    (void)state;
    static const struct {
        const char *images, *more;
        bool is_float;
        int channels;
    } cases[] = {{"nchw-u1.npy", "", false, C},
                 {"nhwc-u1.npy", "", false, C},
                 {"nchw-u1-fortran.npy", "layout = \"nchw\";", false, C},
                 {"nhw-u1.npy", "", false, 1},
                 {"nchw-f4.npy", "", true, C},
                 {"nchw-f4-big.npy", "", true, C},
                 {"nhwc-f8-fortran.npy", "layout = \"nhwc\";", true, C},
                 {"nchw-f8-big-fortran.npy", "", true, C}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_dataset_info info;
        void *self = open_described(cases[i].images, "labels-i8.npy", cases[i].more, &info);
        assert_int_equal(info.task.channels, cases[i].channels);
        assert_int_equal(info.task.height, H);
        assert_int_equal(info.task.width, W);
        assert_int_equal(info.task.classes, 3);
        assert_int_equal(info.count[COP_SPLIT_TRAIN], N);
        assert_int_equal(info.count[COP_SPLIT_TEST], 0);
        assert_int_equal(info.is_float, cases[i].is_float);
        assert_reads(self, &info, 0, N);
        assert_reads(self, &info, 1, 3);
        assert_reads(self, &info, 4, 1);
        ops()->destroy(self);
    }
}

static void reads_labels_of_every_width(void **state)
{
    (void)state;
    static const char *const names[] = {"labels-i8.npy",      "labels-i4.npy", "labels-i2-big.npy",
                                        "labels-i1.npy",      "labels-u1.npy", "labels-u2.npy",
                                        "labels-u4-big.npy",  "labels-u8.npy", "labels-column.npy",
                                        "labels-version2.npy"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        cop_dataset_info info;
        void *self = open_described("nchw-u1.npy", names[i], "", &info);
        assert_reads(self, &info, 0, N);
        ops()->destroy(self);
    }
}

static void normalises_by_the_training_images_unless_told(void **state)
{
    (void)state;
    static const char *const images[] = {"nchw-u1.npy", "nchw-f8-big-fortran.npy"};
    cop_dataset_info info;
    for (size_t f = 0; f < 2; f++) {
        void *self = open_described(images[f], "labels-i8.npy", "", &info);
        for (int c = 0; c < C; c++) {
            double sum = 0.0, spread = 0.0, count = N * PLANE;
            for (int n = 0; n < N; n++)
                for (int k = 0; k < PLANE; k++)
                    sum += byte_of(n, c * PLANE + k) / 255.0;
            for (int n = 0; n < N; n++)
                for (int k = 0; k < PLANE; k++)
                    spread += pow(byte_of(n, c * PLANE + k) / 255.0 - sum / count, 2.0);
            assert_true(fabs((double)info.normalization.mean[c] - sum / count) < 1e-6);
            assert_true(fabs((double)info.normalization.std[c] - sqrt(spread / count)) < 1e-6);
        }
        ops()->destroy(self);
    }
    void *self = open_described("nhw-u1.npy", "labels-i8.npy",
                                "mean = [0.25]; std = [2.0]; augment = \"flip\";", &info);
    assert_true(info.normalization.mean[0] == 0.25f && info.normalization.std[0] == 2.0f);
    assert_int_equal(info.augment, COP_AUGMENT_FLIP);
    ops()->destroy(self);
    assert_not_opened("nchw-u1.npy", "labels-i8.npy", "mean = [0.5]; std = [0.5];",
                      "a number per channel: 3 each");
}

static void classes_are_said_named_or_counted(void **state)
{
    (void)state;
    cop_dataset_info info;
    void *self = open_described("nchw-u1.npy", "labels-i8.npy", "classes = 7;", &info);
    assert_int_equal(info.task.classes, 7);
    assert_null(info.class_names);
    ops()->destroy(self);
    self = open_described("nchw-u1.npy", "labels-i8.npy", "class_names = [\"a\", \"b\", \"c\"];",
                          &info);
    assert_int_equal(info.task.classes, 3);
    assert_string_equal(info.class_names[2], "c");
    ops()->destroy(self);
    cop_error err = {0};
    assert_refused(open_data("nchw-u1.npy", "labels-i8.npy", "classes = 2;", &self, &err),
                   COP_INVALID, &err, "is label 2, and there are 2 classes");
    assert_non_null(strstr(err.file, "labels-i8.npy"));
    assert_not_opened("nchw-u1.npy", "labels-i8.npy", "classes = 4; class_names = [\"a\"];",
                      "4 classes and 1 names");
}

static void test_images_are_like_those_of_training(void **state)
{
    (void)state;
    cop_dataset_info info;
    const char *same = "test_images = \"" FIXTURES
                       "nchw-u1-fortran.npy\"; test_labels = \"" FIXTURES "labels-u1.npy\";";
    void *self = open_described("nchw-u1.npy", "labels-i8.npy", same, &info);
    assert_int_equal(info.count[COP_SPLIT_TEST], N);
    ops()->destroy(self);
    assert_not_opened("nchw-f4.npy", "labels-i8.npy", same, "another shape or type");
    assert_not_opened("nhwc-u1.npy", "labels-i8.npy", same, "another shape or type");
    assert_not_opened("nchw-u1.npy", "labels-i8.npy", "test_images = \"" FIXTURES "nchw-u1.npy\";",
                      "go together");
}

static void refuses_arrays_that_are_something_else(void **state)
{
    (void)state;
    assert_not_opened("nchw-u1.npy", "nhw-u1.npy", "", "no array of labels");
    assert_not_opened("labels-i8.npy", "labels-i8.npy", "", "images are u1 (bytes), f4 or f8");
    assert_not_opened("labels-u1.npy", "labels-i8.npy", "", "has 1 axes");
    assert_not_opened("nchw-u1.npy", "labels-i8.npy", "layout = \"nhwc\";",
                      "nchw-u1.npy has images of 6 channels: wanted 1 to");
    assert_not_opened("nhw-u1.npy", "labels-i8.npy", "layout = \"nchw\";",
                      "layout \"nchw\" has 4 axes, and ");
    assert_not_opened("nowhere.npy", "labels-i8.npy", "", "No such file");
    assert_not_opened("/dev/null", "labels-i8.npy", "", "is not a regular file");
}

/* Files that a test writes itself. */

typedef struct fixture {
    char dir[512], path[600];
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    make_temp_dir(f->dir, sizeof f->dir);
    (void)snprintf(f->path, sizeof f->path, "%s/a.npy", f->dir);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    remove_tree(f->dir);
    free(f);
    return 0;
}

/* A file of version 1 with this dictionary and so many bytes of data. */
static void write_array(const fixture *f, const char *text, const void *data, size_t size)
{
    FILE *file = fopen(f->path, "wb");
    size_t length = strlen(text);
    const uint8_t lead[] = {
        0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (uint8_t)length, (uint8_t)(length >> 8)};
    assert_non_null(file);
    assert_int_equal(fwrite(lead, 1, sizeof lead, file), sizeof lead);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void names_the_label_and_the_pixel_that_are_wrong(void **state)
{
    const fixture *f = *state;
    const int8_t labels[N] = {0, 1, 2, -1, 0};
    write_array(f, "{'descr':'|i1','fortran_order':False,'shape':(5,)}", labels, sizeof labels);
    assert_not_opened("nchw-u1.npy", f->path, "", "item 3 is no label: wanted 0 to 999");
    const int8_t zeros[N] = {0};
    write_array(f, "{'descr':'|i1','fortran_order':False,'shape':(5,)}", zeros, sizeof zeros);
    assert_not_opened("nchw-u1.npy", f->path, "", "all labels are 0");

    float pixels[N * 4] = {0};
    pixels[9] = NAN;
    void *self = NULL;
    cop_error err = {0};
    cop_dataset_info info = {0};
    write_array(f, "{'descr': '<f4', 'fortran_order': False, 'shape': (5, 2, 2)}", pixels,
                sizeof pixels);
    assert_ok(open_data(f->path, "labels-i8.npy", "", &self, &err), &err);
    assert_refused(ops()->describe(self, &info, &err), COP_FAILED, &err,
                   "image 2 has a pixel of nan, wanted 0 to 1");
    ops()->destroy(self);

    /* Where nothing is summed before, the samples are checked as they are read. */
    float read[N * 4];
    int32_t read_labels[N];
    assert_ok(open_data(f->path, "labels-i8.npy", "mean = [0.5]; std = [0.5];", &self, &err), &err);
    assert_ok(ops()->describe(self, &info, &err), &err);
    assert_ok(ops()->read(self, COP_SPLIT_TRAIN, 3, 2, read, read_labels, &err), &err);
    assert_refused(ops()->read(self, COP_SPLIT_TRAIN, 1, 4, read, read_labels, &err), COP_FAILED,
                   &err, "image 2 has a pixel of nan, wanted 0 to 1");
    assert_string_equal(err.file, f->path);
    ops()->destroy(self);
}

/* What the format can hold, and data sets are not made of. */
static void refuses_types_and_shapes_that_are_no_data(void **state)
{
    const fixture *f = *state;
    const uint8_t bytes[40] = {0};
    static const struct {
        const char *type, *shape;
        size_t size;
        const char *as_images, *as_labels;
    } cases[] = {{"|b1", "(5,)", 5, "has elements of type b1", "no array of labels"},
                 {"<f2", "(5, 2, 2)", 40, "has elements of type f2", "no array of labels"},
                 {"|i1", "(5, 2, 2)", 20, "has elements of type i1", "no array of labels"},
                 {"|u1", "()", 1, "has 0 axes", "no array of labels"},
                 {"|u1", "(0, 2, 2)", 0, "is empty", "has 0 labels, for 5 images"},
                 {"|u1", "(5, 0, 2)", 0, "is empty", "no array of labels"},
                 {"<f4", "(5,)", 20, "has 1 axes", "no array of labels"},
                 {"<c8", "(5,)", 40, "type <c8 cannot be read", "type <c8 cannot be read"},
                 {"|u1", "(5,)", 4, "takes 5 bytes", "takes 5 bytes"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': %s}",
                       cases[i].type, cases[i].shape);
        write_array(f, text, bytes, cases[i].size);
        assert_not_opened(f->path, "labels-i8.npy", "", cases[i].as_images);
        assert_not_opened("nchw-u1.npy", f->path, "", cases[i].as_labels);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_type_order_and_layout),
        cmocka_unit_test(reads_labels_of_every_width),
        cmocka_unit_test(normalises_by_the_training_images_unless_told),
        cmocka_unit_test(classes_are_said_named_or_counted),
        cmocka_unit_test(test_images_are_like_those_of_training),
        cmocka_unit_test(refuses_arrays_that_are_something_else),
        cmocka_unit_test_setup_teardown(names_the_label_and_the_pixel_that_are_wrong, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(refuses_types_and_shapes_that_are_no_data, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
