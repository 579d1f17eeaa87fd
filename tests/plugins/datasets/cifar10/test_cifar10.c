/* The cifar10 dataset: what official files say, and what is said of files that are not. */
#include "nn/dataset.h"
#include "plugin_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The official format: records of a label and an image, so many a file. */
enum { CLASSES = 10, PIXELS = 3 * 32 * 32, RECORD = 1 + PIXELS, RECORDS = 10000, TEST_FILE = 5 };

static const char *const file_names[] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                         "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};

typedef struct fixture {
    char dir[512];
} fixture;

static void file_in(const fixture *f, int file, char *path, size_t size)
{
    (void)snprintf(path, size, "%s/%s", f->dir, file_names[file]);
}

/* Record i of a file: label and pixels that are told apart by their place. */
static uint8_t label_of(int file, int64_t i)
{
    return (uint8_t)((file + i) % CLASSES);
}

static uint8_t pixel_of(int file, int64_t i, int64_t j)
{
    return (uint8_t)(file * 31 + i * 7 + j);
}

static void put_record(FILE *out, int file, int64_t i)
{
    uint8_t record[RECORD];
    record[0] = label_of(file, i);
    for (int64_t j = 0; j < PIXELS; j++)
        record[1 + j] = pixel_of(file, i, j);
    assert_int_equal(fseek(out, (long)(i * RECORD), SEEK_SET), 0);
    assert_int_equal(fwrite(record, 1, RECORD, out), RECORD);
}

/* A file of the right size with its first and last records filled; the rest is a hole of zeros. */
static void make_file(const fixture *f, int file)
{
    char path[600];
    file_in(f, file, path, sizeof path);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    for (int64_t i = 0; i < 200; i++)
        put_record(out, file, i);
    put_record(out, file, RECORDS - 1);
    assert_int_equal(fclose(out), 0);
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    make_temp_dir(f->dir, sizeof f->dir);
    for (int i = 0; i <= TEST_FILE; i++)
        make_file(f, i);
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

/* Opens the files with sizes of the splits; 0 is all. */
static cop_status open_data(const fixture *f, int64_t train, int64_t test, void **self,
                            cop_error *err)
{
    const cop_dataset_ops *ops = coppice_plugin.ops;
    char settings[700];
    (void)snprintf(settings, sizeof settings, "path = \"%s\"; train_size = %d; test_size = %d;",
                   f->dir, (int)train, (int)test);
    test_options options = read_options(&coppice_plugin, settings);
    cop_status status = ops->create(options.values, self, err);
    free_options(&options);
    return status;
}

static void close_data(void *self)
{
    ((const cop_dataset_ops *)coppice_plugin.ops)->destroy(self);
}

static cop_status read_data(void *self, cop_split split, int64_t first, int64_t count,
                            uint8_t *pixels, int32_t *labels, cop_error *err)
{
    const cop_dataset_ops *ops = coppice_plugin.ops;
    return ops->read(self, split, first, count, pixels, labels, err);
}

static void describes_what_it_was_given(void **state)
{
    const fixture *f = *state;
    const struct {
        int64_t train, test, want_train, want_test;
    } cases[] = {{0, 0, 50000, 10000}, {12345, 10, 12345, 10}, {50000, 10000, 50000, 10000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const cop_dataset_ops *ops = coppice_plugin.ops;
        void *self = NULL;
        cop_error err = {0};
        cop_dataset_info info = {0};
        assert_ok(open_data(f, cases[i].train, cases[i].test, &self, &err), &err);
        assert_ok(ops->describe(self, &info, &err), &err);
        assert_int_equal(info.count[COP_SPLIT_TRAIN], cases[i].want_train);
        assert_int_equal(info.count[COP_SPLIT_TEST], cases[i].want_test);
        assert_int_equal(info.task.channels * info.task.height * info.task.width, PIXELS);
        assert_string_equal(info.class_names[9], "truck");
        close_data(self);
    }
}

static void reads_records_across_files(void **state)
{
    const fixture *f = *state;
    void *self = NULL;
    cop_error err = {0};
    uint8_t *pixels = malloc((size_t)200 * PIXELS);
    int32_t labels[200];
    assert_ok(open_data(f, 0, 0, &self, &err), &err);

    const struct {
        cop_split split;
        int64_t first, count;
    } cases[] = {{COP_SPLIT_TRAIN, 0, 200},     {COP_SPLIT_TRAIN, 9999, 120},
                 {COP_SPLIT_TRAIN, 40000, 130}, {COP_SPLIT_TRAIN, 49999, 1},
                 {COP_SPLIT_TEST, 3, 140},      {COP_SPLIT_TEST, 9999, 1}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        assert_ok(
            read_data(self, cases[c].split, cases[c].first, cases[c].count, pixels, labels, &err),
            &err);
        for (int64_t i = 0; i < cases[c].count; i++) {
            int64_t at = cases[c].first + i;
            int file = cases[c].split == COP_SPLIT_TEST ? TEST_FILE : (int)(at / RECORDS);
            assert_int_equal(labels[i], label_of(file, at % RECORDS));
            for (int64_t j = 0; j < PIXELS; j += 37)
                assert_int_equal(pixels[i * PIXELS + j], pixel_of(file, at % RECORDS, j));
        }
    }
    close_data(self);
    free(pixels);
}

/* Fails to open; the message names the file. */
static void assert_not_opened(const fixture *f, int64_t train, const char *file, const char *text)
{
    void *self = NULL;
    cop_error err = {0};
    cop_status status = open_data(f, train, 0, &self, &err);
    assert_refused(status, COP_INVALID, &err, text);
    assert_non_null(strstr(err.file, file));
    assert_null(strstr(err.message, file)); /* whoever prints it says the file, once */
    assert_null(self);
}

static void refuses_what_is_not_there(void **state)
{
    const fixture *f = *state;
    char path[600];
    file_in(f, 2, path, sizeof path);
    assert_int_equal(unlink(path), 0);
    assert_not_opened(f, 0, "data_batch_3.bin", "cannot open: No such file");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_not_opened(f, 0, "data_batch_3.bin", "is not a regular file");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0); /* opening one waits for its writer */
    assert_not_opened(f, 0, "data_batch_3.bin", "is not a regular file");

    /* The first 20,000 images need two files alone. */
    void *self = NULL;
    cop_error err = {0};
    assert_ok(open_data(f, 20000, 1, &self, &err), &err);
    close_data(self);
}

static void refuses_a_missing_directory(void **state)
{
    (void)state;
    fixture nowhere = {"/nowhere/at/all"};
    assert_not_opened(&nowhere, 0, "/nowhere/at/all/data_batch_1.bin", "No such file");
}

static void refuses_wrong_sizes(void **state)
{
    const fixture *f = *state;
    const struct {
        off_t size;
        const char *text;
    } cases[] = {{0, "0 bytes, wanted 30730000"},
                 {30730000 - 1, "30729999 bytes, wanted 30730000 (10000 records of 3073 bytes)"},
                 {30730001, "30730001 bytes"},
                 {30740000, "30740000 bytes"}};
    char path[600];
    file_in(f, TEST_FILE, path, sizeof path);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(truncate(path, cases[i].size), 0);
        assert_not_opened(f, 10, "test_batch.bin", cases[i].text);
    }
}

static void notices_a_file_of_another_size(void **state)
{
    const fixture *f = *state;
    void *self = NULL;
    cop_error err = {0};
    uint8_t *pixels = malloc((size_t)10 * PIXELS);
    int32_t labels[10];
    char path[600];
    assert_ok(open_data(f, 10, 10, &self, &err), &err);
    file_in(f, 0, path, sizeof path);
    /* A file of another size has other records than the one that was opened. */
    const off_t sizes[] = {5 * RECORD + 7, 9999 * RECORD, 10001 * RECORD};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(truncate(path, sizes[i]), 0);
        assert_refused(read_data(self, COP_SPLIT_TRAIN, 0, 10, pixels, labels, &err), COP_INVALID,
                       &err, "bytes, wanted 30730000");
    }
    close_data(self);
    free(pixels);
}

static void refuses_a_wrong_label(void **state)
{
    const fixture *f = *state;
    void *self = NULL;
    cop_error err = {0};
    uint8_t *pixels = malloc((size_t)200 * PIXELS);
    int32_t labels[200];
    char path[600];
    assert_ok(open_data(f, 0, 0, &self, &err), &err);
    file_in(f, 1, path, sizeof path);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 150 * RECORD, SEEK_SET), 0);
    assert_int_equal(fputc(10, file), 10);
    assert_int_equal(fclose(file), 0);
    assert_refused(read_data(self, COP_SPLIT_TRAIN, 10000, 200, pixels, labels, &err), COP_FAILED,
                   &err, "record 150 has label 10, wanted 0 to 9");
    assert_non_null(strstr(err.file, "data_batch_2.bin"));
    close_data(self);
    free(pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(describes_what_it_was_given, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_records_across_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_not_there, set_up, tear_down),
        cmocka_unit_test(refuses_a_missing_directory),
        cmocka_unit_test_setup_teardown(refuses_wrong_sizes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(notices_a_file_of_another_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_wrong_label, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
