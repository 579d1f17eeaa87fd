/* The svhn dataset: .mat files as SciPy writes them (tests/fixtures/svhn, of
 * tools/fixtures/make_image_fixtures.py), the training images compressed, and damaged ones. Where the
 * plugin was built without libmatio, only that it says so. */
#include "nn/dataset.h"
#include "plugin_options.h"

#include "core/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIXTURES COPPICE_TEST_SOURCE_DIR "/tests/fixtures/svhn"

enum { SIDE = 32, PLANE = SIDE * SIDE, PIXELS = 3 * PLANE };

static const int32_t wanted_labels[3] = {0, 3, 1}; /* 10 stands for 0 */

static const cop_dataset_ops *ops(void)
{
    return coppice_plugin.ops;
}

static cop_status open_data(const char *dir, void **self, cop_error *err)
{
    char settings[700];
    (void)snprintf(settings, sizeof settings, "path = \"%s\";", dir);
    test_options options = read_options(&coppice_plugin, settings);
    cop_status status = ops()->create(options.values, self, err);
    free_options(&options);
    return status;
}

/* Whether the plugin can read files at all; if not, it has said so. */
static bool can_read(void)
{
    void *self = NULL;
    cop_error err = {0};
    cop_status status = open_data(FIXTURES, &self, &err);
    if (status == COP_OK)
        ops()->destroy(self);
    else if (status == COP_UNAVAILABLE)
        assert_non_null(strstr(err.message, "built without libmatio"));
    return status != COP_UNAVAILABLE;
}

static void assert_reads(void *self, cop_split split, int64_t first, int64_t count)
{
    static uint8_t pixels[3 * PIXELS];
    int32_t labels[3];
    cop_error err = {0};
    assert_ok(ops()->read(self, split, first, count, pixels, labels, &err), &err);
    for (int64_t i = 0; i < count; i++) {
        assert_int_equal(labels[i], wanted_labels[first + i]);
        for (int64_t k = 0; k < PIXELS; k++) {
            int64_t channel = k / PLANE, row = k % PLANE / SIDE, column = k % SIDE;
            assert_int_equal(pixels[i * PIXELS + k],
                             (97 * (first + i) + 31 * channel + 5 * row + column) % 256);
        }
    }
}

static void reads_compressed_and_plain_variables(void **state)
{
    (void)state;
    void *self = NULL;
    cop_error err = {0};
    cop_dataset_info info = {0};
    if (!can_read())
        return;
    assert_ok(open_data(FIXTURES, &self, &err), &err);
    assert_ok(ops()->describe(self, &info, &err), &err);
    assert_int_equal(info.count[COP_SPLIT_TRAIN], 3);
    assert_int_equal(info.count[COP_SPLIT_TEST], 2);
    assert_int_equal(info.task.classes, 10);
    assert_int_equal(info.augment & (uint32_t)COP_AUGMENT_FLIP, 0);
    assert_reads(self, COP_SPLIT_TRAIN, 0, 3);
    assert_reads(self, COP_SPLIT_TRAIN, 1, 2);
    assert_reads(self, COP_SPLIT_TRAIN, 0, 1);
    assert_reads(self, COP_SPLIT_TEST, 0, 2);
    assert_reads(self, COP_SPLIT_TEST, 1, 1);
    ops()->destroy(self);
}

typedef struct fixture {
    char dir[512], train[600];
} fixture;

static int set_up(void **state)
{
    static const char *const names[] = {"train_32x32.mat", "test_32x32.mat"};
    fixture *f = calloc(1, sizeof *f);
    make_temp_dir(f->dir, sizeof f->dir);
    for (int i = 0; i < 2; i++) {
        char from[600], to[600], *data = NULL;
        size_t size = 0;
        (void)snprintf(from, sizeof from, "%s/%s", FIXTURES, names[i]);
        (void)snprintf(to, sizeof to, "%s/%s", f->dir, names[i]);
        assert_ok(cop_file_read(from, 1 << 20, &data, &size, NULL), NULL);
        FILE *file = fopen(to, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(data, 1, size, file), size);
        assert_int_equal(fclose(file), 0);
        free(data);
    }
    (void)snprintf(f->train, sizeof f->train, "%s/train_32x32.mat", f->dir);
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

/* Fails to open, or to read; the message names the file. */
static void assert_not_read(const char *dir, const char *text)
{
    static uint8_t pixels[3 * PIXELS];
    int32_t labels[3];
    void *self = NULL;
    cop_error err = {0};
    cop_status status = open_data(dir, &self, &err);
    if (status == COP_OK) {
        status = ops()->read(self, COP_SPLIT_TRAIN, 0, 3, pixels, labels, &err);
        ops()->destroy(self);
    }
    assert_int_not_equal(status, COP_OK);
    assert_non_null(strstr(err.file, "train_32x32.mat"));
    assert_non_null(strstr(err.message, text));
}

/* Writes bytes over those of the training file. */
static void put_bytes(const fixture *f, long at, const void *bytes, size_t size)
{
    FILE *file = fopen(f->train, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void refuses_files_that_end_early(void **state)
{
    const fixture *f = *state;
    if (!can_read())
        return;
    for (off_t size = 1000; size >= 0; size -= 50) {
        assert_int_equal(truncate(f->train, size), 0);
        assert_not_read(f->dir, size > 128 ? "is cut off" : "");
    }
    assert_int_equal(unlink(f->train), 0);
    assert_not_read(f->dir, "No such file");
}

static void refuses_other_formats_and_damaged_data(void **state)
{
    const fixture *f = *state;
    if (!can_read())
        return;
    const uint8_t zeros[64] = {0};
    put_bytes(f, 400, zeros, sizeof zeros); /* in the compressed images */
    assert_not_read(f->dir, "a variable cannot be decompressed");
    put_bytes(f, 124, "\0\2", 2); /* HDF5's version */
    assert_not_read(f->dir, "is no .mat file of MATLAB 5's format");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_compressed_and_plain_variables),
        cmocka_unit_test_setup_teardown(refuses_files_that_end_early, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_other_formats_and_damaged_data, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
