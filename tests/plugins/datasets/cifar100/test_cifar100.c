/* The cifar100 dataset: what official files say, and what is said of files that are not. */
#include "nn/dataset.h"
#include "plugin_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The official format: records of a coarse label, a fine one and an image. */
enum { PIXELS = 3 * 32 * 32, RECORD = 2 + PIXELS, FILLED = 200 };

static const char *const file_names[] = {"train.bin", "test.bin"};
static const int64_t file_records[] = {50000, 10000};

typedef struct fixture {
    char dir[512];
} fixture;

static void path_in(const fixture *f, int split, char path[600])
{
    (void)snprintf(path, 600, "%s/%s", f->dir, file_names[split]);
}

static uint8_t byte_of(int split, int64_t i, int64_t k)
{
    if (k == 0)
        return (uint8_t)((split + i) % 20);
    return (uint8_t)(k == 1 ? (split + i * 3) % 100 : split * 31 + i * 7 + k);
}

static void put_record(FILE *out, int split, int64_t i)
{
    uint8_t record[RECORD];
    for (int64_t k = 0; k < RECORD; k++)
        record[k] = byte_of(split, i, k);
    assert_int_equal(fseek(out, (long)(i * RECORD), SEEK_SET), 0);
    assert_int_equal(fwrite(record, 1, RECORD, out), RECORD);
}

/* Files of the right size with their first and last records filled; the rest is a hole of zeros. */
static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    make_temp_dir(f->dir, sizeof f->dir);
    for (int split = 0; split < 2; split++) {
        char path[600];
        path_in(f, split, path);
        FILE *out = fopen(path, "wb");
        assert_non_null(out);
        for (int64_t i = 0; i < FILLED; i++)
            put_record(out, split, i);
        put_record(out, split, file_records[split] - 1);
        assert_int_equal(fclose(out), 0);
    }
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

static const cop_dataset_ops *ops(void)
{
    return coppice_plugin.ops;
}

static cop_status open_data(const fixture *f, const char *more, void **self, cop_error *err)
{
    char settings[700];
    (void)snprintf(settings, sizeof settings, "path = \"%s\"; %s", f->dir, more);
    test_options options = read_options(&coppice_plugin, settings);
    cop_status status = ops()->create(options.values, self, err);
    free_options(&options);
    return status;
}

static void describes_fine_and_coarse_labels(void **state)
{
    static const struct {
        const char *more;
        int classes;
        const char *first, *last;
        double mean;
        int64_t train;
    } cases[] = {{"", 100, "apple", "worm", 0.4914, 50000},
                 {"labels = \"coarse\"; train_size = 123;", 20, "aquatic_mammals", "vehicles_2",
                  0.4914, 123},
                 {"normalisation = \"own\";", 100, "apple", "worm", 0.5071, 50000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        void *self = NULL;
        cop_error err = {0};
        cop_dataset_info info = {0};
        assert_ok(open_data(*state, cases[i].more, &self, &err), &err);
        assert_ok(ops()->describe(self, &info, &err), &err);
        assert_int_equal(info.task.classes, cases[i].classes);
        assert_string_equal(info.class_names[0], cases[i].first);
        assert_string_equal(info.class_names[cases[i].classes - 1], cases[i].last);
        assert_true(info.normalization.mean[0] == (float)cases[i].mean);
        assert_int_equal(info.count[COP_SPLIT_TRAIN], cases[i].train);
        assert_int_equal(info.count[COP_SPLIT_TEST], 10000);
        ops()->destroy(self);
    }
}

static void assert_reads(void *self, int label, cop_split split, int64_t first, int64_t count)
{
    uint8_t *pixels = malloc((size_t)count * PIXELS);
    int32_t labels[FILLED];
    cop_error err = {0};
    assert_ok(ops()->read(self, split, first, count, pixels, labels, &err), &err);
    for (int64_t i = 0; i < count; i++) {
        assert_int_equal(labels[i], byte_of((int)split, first + i, label));
        for (int64_t k = 0; k < PIXELS; k += 11)
            assert_int_equal(pixels[i * PIXELS + k], byte_of((int)split, first + i, 2 + k));
    }
    free(pixels);
}

static void reads_the_wanted_label(void **state)
{
    static const char *const kinds[] = {"labels = \"coarse\";", "labels = \"fine\";"};
    for (int label = 0; label < 2; label++) {
        void *self = NULL;
        cop_error err = {0};
        assert_ok(open_data(*state, kinds[label], &self, &err), &err);
        assert_reads(self, label, COP_SPLIT_TRAIN, 0, FILLED);
        assert_reads(self, label, COP_SPLIT_TRAIN, 49999, 1);
        assert_reads(self, label, COP_SPLIT_TEST, 17, 150);
        assert_reads(self, label, COP_SPLIT_TEST, 9999, 1);
        ops()->destroy(self);
    }
}

static void assert_not_opened(const fixture *f, const char *file, const char *text)
{
    void *self = NULL;
    cop_error err = {0};
    assert_refused(open_data(f, "", &self, &err), COP_INVALID, &err, text);
    assert_non_null(strstr(err.file, file));
    assert_null(self);
}

static void refuses_files_of_another_size_or_none(void **state)
{
    const fixture *f = *state;
    char path[600];
    path_in(f, 1, path);
    assert_int_equal(truncate(path, 10000 * 3073), 0);
    assert_not_opened(f, "test.bin",
                      "30730000 bytes, wanted 30740000 (10000 records of 3074 bytes)");
    assert_int_equal(unlink(path), 0);
    assert_not_opened(f, "test.bin", "cannot open: No such file");
}

static void refuses_wrong_labels_of_either_kind(void **state)
{
    static const struct {
        long at;
        int byte;
        const char *text;
    } cases[] = {{150 * RECORD + 1, 100, "record 150 has fine label 100, wanted 0 to 99"},
                 {17 * RECORD, 20, "record 17 has coarse label 20, wanted 0 to 19"}};
    const fixture *f = *state;
    uint8_t *pixels = malloc((size_t)FILLED * PIXELS);
    int32_t labels[FILLED];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        void *self = NULL;
        cop_error err = {0};
        char path[600];
        path_in(f, 0, path);
        FILE *file = fopen(path, "r+b");
        assert_non_null(file);
        assert_int_equal(fseek(file, cases[i].at, SEEK_SET), 0);
        assert_int_equal(fputc(cases[i].byte, file), cases[i].byte);
        assert_int_equal(fclose(file), 0);
        assert_ok(open_data(f, "", &self, &err), &err);
        assert_refused(ops()->read(self, COP_SPLIT_TRAIN, 0, FILLED, pixels, labels, &err),
                       COP_FAILED, &err, cases[i].text);
        assert_non_null(strstr(err.file, "train.bin"));
        ops()->destroy(self);
    }
    free(pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(describes_fine_and_coarse_labels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_the_wanted_label, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_files_of_another_size_or_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_wrong_labels_of_either_kind, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
