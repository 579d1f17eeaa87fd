/* test_read_alike.c: images that several datasets can read are the same images, whichever of them
 * reads them; and a network learns from what is read. */
#include "command.h"
#include "support.h"

#include "core/file.h"
#include "plugin/options/setting.h"
#include "report/renderers/png.h"
#include "study/data/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char dir[256];

static int set_up(void **state)
{
    (void)state;
    make_temp_dir(dir, sizeof dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_tree(dir);
    return 0;
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    char path[400];
    cop_error err = {0};
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_ok(cop_file_write(path, bytes, size, &err), &err);
}

/* A folder of PNG pictures for each class, and the same images as arrays. */

enum { COUNT = 12, CLASSES = 3, SIDE = 8, PLANE = SIDE * SIDE, IMAGE = 3 * PLANE };

/* Pixel k of image i, which is [height, width, 3]: every byte occurs. */
static uint8_t pixel_at(int i, int k)
{
    return (uint8_t)(i * 89 + k * 31 + i * k);
}

static void write_pictures(void)
{
    for (int c = 0; c < CLASSES; c++) {
        char path[400];
        (void)snprintf(path, sizeof path, "%s/class%d", dir, c);
        assert_int_equal(mkdir(path, 0755), 0);
    }
    for (int i = 0; i < COUNT; i++) {
        uint8_t pixels[IMAGE];
        char path[400];
        cop_error err = {0};
        for (int k = 0; k < IMAGE; k++)
            pixels[k] = pixel_at(i, k);
        (void)snprintf(path, sizeof path, "%s/class%d/%d.png", dir, i % CLASSES, i);
        assert_ok(cop_png_write(path, SIDE, SIDE, pixels, &err), &err);
    }
}

/* An array of bytes in NumPy's format, version 1.0. */
static void write_array(const char *name, const char *shape, const uint8_t *values, size_t size)
{
    uint8_t file[128 + COUNT * IMAGE];
    char header[128];
    (void)snprintf(header, sizeof header, "{'descr': '|u1', 'fortran_order': False, 'shape': %s, }",
                   shape);
    memcpy(file, "\x93NUMPY\x01\x00\x76\x00", 10);
    memset(file + 10, ' ', 118);
    memcpy(file + 10, header, strlen(header));
    file[127] = '\n';
    memcpy(file + 128, values, size);
    write_file(name, file, 128 + size);
}

static void write_arrays(void)
{
    uint8_t images[COUNT * IMAGE], labels[COUNT];
    char shape[64];
    for (int i = 0; i < COUNT; i++) {
        labels[i] = (uint8_t)(i % CLASSES);
        for (int k = 0; k < IMAGE; k++)
            images[i * IMAGE + k] = pixel_at(i, k);
    }
    (void)snprintf(shape, sizeof shape, "(%d, %d, %d, 3)", COUNT, SIDE, SIDE);
    write_array("images.npy", shape, images, sizeof images);
    (void)snprintf(shape, sizeof shape, "(%d,)", COUNT);
    write_array("labels.npy", shape, labels, sizeof labels);
}

typedef struct loaded {
    cop_component *component;
    cop_loaded_data *data;
} loaded;

static loaded load(const cop_registry *r, const char *group)
{
    loaded out = {0};
    cop_error err = {0};
    config_t config;
    assert_ok(cop_syntax_parse(group, strlen(group), "t.cfg", &config, &err), &err);
    assert_ok(cop_component_read(r, COP_KIND_DATASET,
                                 config_setting_get_member(config_root_setting(&config), "x"), NULL,
                                 "t.cfg", NULL, &out.component, &err),
              &err);
    config_destroy(&config);
    assert_ok(cop_loaded_data_read(out.component, NULL, &out.data, &err), &err);
    return out;
}

static void unload(loaded *l)
{
    cop_loaded_data_free(l->data);
    cop_component_free(l->component);
}

typedef struct sample {
    int32_t label;
    float pixels[IMAGE];
} sample;

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(sample));
}

/* All samples, sorted. */
static sample *sorted(const cop_samples *s)
{
    sample *all = calloc(COUNT, sizeof *all);
    assert_non_null(all);
    for (int64_t i = 0; i < COUNT; i++) {
        all[i].label = cop_samples_label(s, i);
        cop_samples_pixels(s, i, all[i].pixels);
    }
    qsort(all, COUNT, sizeof *all, by_bytes);
    return all;
}

static void a_tree_of_pictures_holds_the_same_pairs_as_arrays(void **state)
{
    (void)state;
    const char *dirs[] = {COPPICE_TEST_BUILD_DIR "/plugins"};
    cop_error err = {0};
    cop_registry *r = NULL;
    char group[1024];
    assert_ok(cop_registry_search(dirs, 1, NULL, &r, &err), &err);
    write_pictures();
    write_arrays();
    (void)snprintf(group, sizeof group,
                   "x = { plugin = \"imagefolder\"; path = \"%s\"; size = 0; };", dir);
    loaded tree = load(r, group);
    (void)snprintf(group, sizeof group,
                   "x = { plugin = \"npy\"; train_images = \"%s/images.npy\"; train_labels = "
                   "\"%s/labels.npy\"; };",
                   dir, dir);
    loaded arrays = load(r, group);
    assert_int_equal(tree.data->train.count, COUNT);
    assert_int_equal(arrays.data->train.count, COUNT);
    sample *left = sorted(&tree.data->train), *right = sorted(&arrays.data->train);
    for (int i = 0; i < COUNT; i++)
        if (memcmp(&left[i], &right[i], sizeof *left) != 0)
            fail_msg("pair %d differs", i);
    free(left);
    free(right);
    unload(&arrays);
    unload(&tree);
    cop_registry_free(r);
}

/* Digits of a kind: a bright square whose place tells the class, in noise. */

enum { DIGITS = 600, DIGIT_SIDE = 28, DIGIT_PIXELS = DIGIT_SIDE * DIGIT_SIDE };

static void put_number(uint8_t *bytes, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(number >> (24 - 8 * i));
}

static void draw_digit(int64_t i, uint8_t *pixels)
{
    cop_stream stream = cop_stream_make(3, "digits", (uint64_t)i);
    int top = 2 + (int)(i % 10) / 5 * 13, left = 1 + (int)(i % 10) % 5 * 5;
    for (int k = 0; k < DIGIT_PIXELS; k++) {
        int y = k / DIGIT_SIDE - top, x = k % DIGIT_SIDE - left;
        bool is_bright = y >= 0 && y < 9 && x >= 0 && x < 5;
        pixels[k] = (uint8_t)((is_bright ? 150 : 0) + (int)cop_stream_below(&stream, 100));
    }
}

static void write_digits(void)
{
    uint8_t *images = calloc(16 + DIGITS * DIGIT_PIXELS, 1), labels[8 + DIGITS];
    assert_non_null(images);
    const uint32_t header[] = {0x803, DIGITS, DIGIT_SIDE, DIGIT_SIDE};
    for (int i = 0; i < 4; i++)
        put_number(images + 4 * i, header[i]);
    put_number(labels, 0x801);
    put_number(labels + 4, DIGITS);
    for (int64_t i = 0; i < DIGITS; i++) {
        labels[8 + i] = (uint8_t)(i % 10);
        draw_digit(i, images + 16 + i * DIGIT_PIXELS);
    }
    write_file("images-idx3-ubyte", images, 16 + DIGITS * DIGIT_PIXELS);
    write_file("labels-idx1-ubyte", labels, sizeof labels);
    free(images);
}

static const char digits[] =
    "study = { name = \"digits\"; seeds = [0]; copies = 1; threads = 2; };\n"
    "dataset = { plugin = \"mnist\"; train_images = \"images-idx3-ubyte\";\n"
    "            train_labels = \"labels-idx1-ubyte\"; validation = 100; };\n"
    "ticket = { model = { plugin = \"lenet5\"; }; phases = (); };\n"
    "train = { recipe = \"sgd\"; optimiser = \"adam\"; lr = 0.002; duration = \"6ep\"; batch = "
    "20;\n"
    "          augment = \"none\"; weight_decay = 0.0; };\n";

/* The number in the column of a table's first row. */
static double first_of(const char *table, const char *column)
{
    const char *name = table, *row = strchr(table, '\n') + 1;
    while (strncmp(name, column, strlen(column)) != 0) {
        name = strchr(name, ',');
        row = strchr(row, ',');
        if (name == NULL || row == NULL)
            fail_msg("no column %s in %s", column, table);
        name++;
        row++;
    }
    return strtod(row, NULL);
}

static void lenet_learns_files_of_idx_and_is_measured_on_what_was_held_out(void **state)
{
    (void)state;
    char config[400], out[400];
    write_digits();
    write_file("digits.cfg", digits, strlen(digits));
    (void)snprintf(config, sizeof config, "%s/digits.cfg", dir);
    (void)snprintf(out, sizeof out, "%s/digits", dir);
    assert_ends(dir, start_command(dir, WORDS("run", config, "--out", out)), 0);
    char *table = read_text(out, "studies/digits/report/tickets.csv");
    double accuracy = first_of(table, "test_accuracy");
    if (!(accuracy >= 0.95))
        fail_msg("it is right on %g of the held out images:\n%s", accuracy, table);
    free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_tree_of_pictures_holds_the_same_pairs_as_arrays, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            lenet_learns_files_of_idx_and_is_measured_on_what_was_held_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
