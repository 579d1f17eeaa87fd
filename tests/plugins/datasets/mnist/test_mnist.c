/* The mnist dataset: idx files, plain and gzipped, and what is said of files that are not. */
#include "nn/dataset.h"
#include "plugin_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { ROWS = 5, COLUMNS = 4, PIXELS = ROWS * COLUMNS, TRAIN = 70, TEST = 30 };

typedef struct fixture {
    char dir[512];
} fixture;

static uint8_t pixel_of(int64_t i, int64_t k)
{
    return (uint8_t)(i * 7 + k * 13);
}

static uint8_t label_of(int64_t i)
{
    return (uint8_t)(i * 3 % 10);
}

static void put_number(uint8_t *bytes, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(number >> (24 - 8 * i));
}

static size_t images_bytes(uint8_t *bytes, uint32_t count)
{
    const uint32_t header[] = {0x803, count, ROWS, COLUMNS};
    for (int i = 0; i < 4; i++)
        put_number(bytes + 4 * i, header[i]);
    for (int64_t i = 0; i < count; i++)
        for (int64_t k = 0; k < PIXELS; k++)
            bytes[16 + i * PIXELS + k] = pixel_of(i, k);
    return 16 + (size_t)count * PIXELS;
}

static size_t labels_bytes(uint8_t *bytes, uint32_t count)
{
    put_number(bytes, 0x801);
    put_number(bytes + 4, count);
    for (int64_t i = 0; i < count; i++)
        bytes[8 + i] = label_of(i);
    return 8 + (size_t)count;
}

static void path_in(const fixture *f, const char *name, char path[600])
{
    (void)snprintf(path, 600, "%s/%s", f->dir, name);
}

/* Mode "wT" is plain, "wb" gzipped. */
static void write_file(const fixture *f, const char *name, const char *mode, const void *bytes,
                       size_t size)
{
    char path[600];
    path_in(f, name, path);
    gzFile file = gzopen(path, mode);
    assert_non_null(file);
    assert_int_equal(gzwrite(file, bytes, (unsigned)size), (int)size);
    assert_int_equal(gzclose(file), Z_OK);
}

static void write_images(const fixture *f, const char *name, const char *mode, uint32_t count)
{
    static uint8_t bytes[4096];
    size_t size = images_bytes(bytes, count);
    write_file(f, name, mode, bytes, size);
}

static void write_labels(const fixture *f, const char *name, const char *mode, uint32_t count)
{
    static uint8_t bytes[4096];
    size_t size = labels_bytes(bytes, count);
    write_file(f, name, mode, bytes, size);
}

/* Two of the files as they come, two unpacked. */
static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    make_temp_dir(f->dir, sizeof f->dir);
    write_images(f, "train-images-idx3-ubyte.gz", "wb", TRAIN);
    write_labels(f, "train-labels-idx1-ubyte", "wT", TRAIN);
    write_images(f, "t10k-images-idx3-ubyte", "wT", TEST);
    write_labels(f, "t10k-labels-idx1-ubyte.gz", "wb", TEST);
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

/* Opens with settings, in which every %s is the fixture's directory. */
static cop_status open_data(const fixture *f, const char *settings, void **self, cop_error *err)
{
    char text[4096];
    (void)snprintf(text, sizeof text, settings, f->dir, f->dir, f->dir, f->dir);
    test_options options = read_options(&coppice_plugin, text);
    cop_status status = ops()->create(options.values, self, err);
    free_options(&options);
    return status;
}

static void assert_not_opened(const fixture *f, const char *settings, const char *file,
                              const char *text)
{
    void *self = NULL;
    cop_error err = {0};
    assert_refused(open_data(f, settings, &self, &err), COP_INVALID, &err, text);
    assert_non_null(strstr(err.file, file));
    assert_null(self);
}

static void assert_reads(void *self, cop_split split, int64_t first, int64_t count)
{
    uint8_t pixels[TRAIN * PIXELS];
    int32_t labels[TRAIN];
    cop_error err = {0};
    assert_ok(ops()->read(self, split, first, count, pixels, labels, &err), &err);
    for (int64_t i = 0; i < count; i++) {
        assert_int_equal(labels[i], label_of(first + i));
        for (int64_t k = 0; k < PIXELS; k++)
            assert_int_equal(pixels[i * PIXELS + k], pixel_of(first + i, k));
    }
}

static void reads_any_range_gzipped_or_not(void **state)
{
    void *self = NULL;
    cop_error err = {0};
    assert_ok(open_data(*state, "path = \"%s\";", &self, &err), &err);
    for (int round = 0; round < 2; round++) {
        assert_reads(self, COP_SPLIT_TRAIN, 0, TRAIN);
        assert_reads(self, COP_SPLIT_TRAIN, 10, 20);
        assert_reads(self, COP_SPLIT_TRAIN, 30, 20); /* goes on */
        assert_reads(self, COP_SPLIT_TRAIN, 3, 1);   /* and back */
        assert_reads(self, COP_SPLIT_TRAIN, TRAIN - 1, 1);
        assert_reads(self, COP_SPLIT_TEST, 0, TEST);
        assert_reads(self, COP_SPLIT_TEST, 7, 9);
    }
    ops()->destroy(self);
}

static void describes_each_variant(void **state)
{
    static const struct {
        const char *settings, *name;
        float mean, std;
    } cases[] = {{"path = \"%s\";", "9", 0.1307f, 0.3081f},
                 {"path = \"%s\"; variant = \"fashion\";", "ankle boot", 0.2861f, 0.3530f},
                 {"path = \"%s\"; variant = \"kmnist\";", "wo", 0.1918f, 0.3483f}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        void *self = NULL;
        cop_error err = {0};
        cop_dataset_info info = {0};
        assert_ok(open_data(*state, cases[i].settings, &self, &err), &err);
        assert_ok(ops()->describe(self, &info, &err), &err);
        assert_int_equal(info.task.channels, 1);
        assert_int_equal(info.task.height, ROWS);
        assert_int_equal(info.task.width, COLUMNS);
        assert_int_equal(info.count[COP_SPLIT_TRAIN], TRAIN);
        assert_int_equal(info.count[COP_SPLIT_TEST], TEST);
        assert_string_equal(info.class_names[9], cases[i].name);
        assert_true(info.normalization.mean[0] == cases[i].mean);
        assert_true(info.normalization.std[0] == cases[i].std);
        assert_int_equal(info.augment & (uint32_t)COP_AUGMENT_FLIP, 0);
        ops()->destroy(self);
    }
}

static void has_no_test_images_where_none_are_named(void **state)
{
    void *self = NULL;
    cop_error err = {0};
    cop_dataset_info info = {0};
    assert_ok(open_data(*state,
                        "train_images = \"%s/t10k-images-idx3-ubyte\";"
                        "train_labels = \"%s/t10k-labels-idx1-ubyte.gz\";",
                        &self, &err),
              &err);
    assert_ok(ops()->describe(self, &info, &err), &err);
    assert_int_equal(info.count[COP_SPLIT_TRAIN], TEST);
    assert_int_equal(info.count[COP_SPLIT_TEST], 0);
    assert_reads(self, COP_SPLIT_TRAIN, 0, TEST);
    ops()->destroy(self);
}

static void files_are_named_together(void **state)
{
    assert_not_opened(*state, "test_images = \"%s/t10k-images-idx3-ubyte\";", "",
                      "train_images and train_labels are wanted");
    assert_not_opened(*state,
                      "train_images = \"%s/train-images-idx3-ubyte.gz\";"
                      "train_labels = \"%s/train-labels-idx1-ubyte\";"
                      "test_images = \"%s/t10k-images-idx3-ubyte\";",
                      "", "test_images and test_labels go together");
    assert_not_opened(*state,
                      "train_images = \"%s/train-images-idx3-ubyte.gz\";"
                      "train_labels = \"%s/t10k-labels-idx1-ubyte.gz\";",
                      "t10k-labels", "has 30 labels, for 70 images");
    assert_not_opened(*state,
                      "train_images = \"%s/train-labels-idx1-ubyte\";"
                      "train_labels = \"%s/t10k-labels-idx1-ubyte.gz\";",
                      "train-labels", "begins with 0x00000801, wanted 0x00000803");
}

static void refuses_what_is_not_there(void **state)
{
    const fixture *f = *state;
    char path[600];
    path_in(f, "train-labels-idx1-ubyte", path);
    assert_int_equal(unlink(path), 0);
    assert_not_opened(f, "path = \"%s\";", "train-labels-idx1-ubyte.gz", "No such file");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_not_opened(f, "path = \"%s\";", "train-labels-idx1-ubyte", "is not a regular file");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0); /* opening one waits for its writer */
    assert_not_opened(f, "path = \"%s\";", "train-labels-idx1-ubyte", "is not a regular file");
}

static void refuses_headers_that_cannot_be(void **state)
{
    const fixture *f = *state;
    static const struct {
        uint32_t header[4];
        size_t size;
        const char *text;
    } cases[] = {{{0x803, TRAIN, ROWS, COLUMNS}, 15, "cannot read the header"},
                 {{0x803, 0, ROWS, COLUMNS}, 16, "has 0 items"},
                 {{0x803, TRAIN, 0, COLUMNS}, 16, "of 0 x 4 bytes"},
                 {{0x803, 0xffffffff, 0xffff, 0xffff}, 16, "has 4294967295 items"},
                 {{0x803, TRAIN, ROWS, COLUMNS}, 16, "16 bytes, wanted 1416"},
                 {{0x3080000, TRAIN, ROWS, COLUMNS}, 16, "begins with 0x03080000"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[16];
        for (int k = 0; k < 4; k++)
            put_number(bytes + 4 * k, cases[i].header[k]);
        write_file(f, "t10k-images-idx3-ubyte", "wT", bytes, cases[i].size);
        assert_not_opened(f, "path = \"%s\";", "t10k-images-idx3-ubyte", cases[i].text);
    }
}

static void notices_other_sizes_of_test_images(void **state)
{
    const fixture *f = *state;
    uint8_t bytes[4096];
    (void)images_bytes(bytes, TEST);
    put_number(bytes + 8, COLUMNS);
    put_number(bytes + 12, ROWS);
    write_file(f, "t10k-images-idx3-ubyte", "wT", bytes, 16 + TEST * PIXELS);
    assert_not_opened(f, "path = \"%s\";", "t10k-images", "images of 4 x 5 pixels");
}

/* Fails to be opened, or read to the end: a small file is whole in zlib's first buffer. */
static void assert_not_read(const fixture *f, const char *text)
{
    void *self = NULL;
    cop_error err = {0};
    uint8_t pixels[TRAIN * PIXELS];
    int32_t labels[TRAIN];
    cop_status status = open_data(f, "path = \"%s\";", &self, &err);
    if (status == COP_OK) {
        status = ops()->read(self, COP_SPLIT_TRAIN, 0, TRAIN, pixels, labels, &err);
        ops()->destroy(self);
    }
    assert_refused(status, status == COP_INVALID ? COP_INVALID : COP_FAILED, &err, text);
    assert_non_null(strstr(err.file, "train-"));
}

static void notices_damage_in_a_gzipped_file(void **state)
{
    const fixture *f = *state;
    char path[600];
    struct stat info;
    path_in(f, "train-images-idx3-ubyte.gz", path);
    assert_int_equal(stat(path, &info), 0);

    FILE *file = fopen(path, "r+b"); /* its checksum */
    assert_non_null(file);
    assert_int_equal(fseek(file, -6, SEEK_END), 0);
    assert_int_equal(fputc('x', file), 'x');
    assert_int_equal(fclose(file), 0);
    assert_not_read(f, "incorrect data check");

    assert_int_equal(truncate(path, info.st_size - 20), 0);
    assert_not_read(f, "the file ends there");

    uint8_t bytes[4096]; /* an image more than it says */
    size_t size = images_bytes(bytes, TRAIN + 1);
    put_number(bytes + 4, TRAIN);
    write_file(f, "train-images-idx3-ubyte.gz", "wb", bytes, size);
    assert_not_read(f, "goes on behind its 70 items");
}

static void refuses_a_wrong_label(void **state)
{
    const fixture *f = *state;
    uint8_t bytes[4096];
    size_t size = labels_bytes(bytes, TRAIN);
    bytes[8 + 42] = 10;
    write_file(f, "train-labels-idx1-ubyte", "wT", bytes, size);
    assert_not_read(f, "item 42 is label 10, wanted 0 to 9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_any_range_gzipped_or_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(describes_each_variant, set_up, tear_down),
        cmocka_unit_test_setup_teardown(has_no_test_images_where_none_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_are_named_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_not_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_headers_that_cannot_be, set_up, tear_down),
        cmocka_unit_test_setup_teardown(notices_other_sizes_of_test_images, set_up, tear_down),
        cmocka_unit_test_setup_teardown(notices_damage_in_a_gzipped_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_wrong_label, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
