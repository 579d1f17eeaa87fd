/* The imagefolder dataset: which images there are, and each of them as torchvision resizes it with
 * Pillow. tests/fixtures/images is written by tools/fixtures/make_image_fixtures.py. */
#include "failing_readdir.h"
#include "nn/dataset.h"
#include "plugin_options.h"

#include "core/file.h"
#include "core/hash.h"
#include "plugins/datasets/imagefolder/image.h"

#include <coppice/files.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIXTURES COPPICE_TEST_SOURCE_DIR "/tests/fixtures/images"

typedef struct fixture {
    char dir[512];
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    make_temp_dir(f->dir, sizeof f->dir);
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

/* Resizing. */

static char *read_fixture(const char *name, size_t *size)
{
    char path[600], *data = NULL;
    cop_error err = {0};
    (void)snprintf(path, sizeof path, "%s/%s", FIXTURES, name);
    assert_ok(cop_file_read(path, 1 << 20, &data, size, &err), &err);
    return data;
}

static void assert_planes(const char *name, int size, const uint8_t *planes, size_t count)
{
    char file[96];
    size_t wanted_count = 0;
    (void)snprintf(file, sizeof file, "%s-%d.planes", name, size);
    char *wanted = read_fixture(file, &wanted_count);
    assert_int_equal(count, wanted_count);
    for (size_t i = 0; i < count; i++)
        if (planes[i] != (uint8_t)wanted[i])
            fail_msg("%s: byte %zu is %d, wanted %d", file, i, planes[i], (uint8_t)wanted[i]);
    free(wanted);
}

static const char *const image_names[] = {"rgb.png",     "tall.png",  "grey.png", "bits.png",
                                          "palette.png", "alpha.png", "rgb.jpg",  "progressive.jpg",
                                          "tall.jpg",    "grey.jpg",  "cmyk.jpg"};
enum { IMAGES = sizeof image_names / sizeof image_names[0] };

static cop_picture *read_picture(const char *name, picture *image)
{
    char path[600];
    cop_error err = {0};
    cop_picture *read = NULL;
    (void)snprintf(path, sizeof path, "%s/%s", FIXTURES, name);
    assert_ok(cop_picture_read(path, &read, &err), &err);
    *image = (picture){cop_picture_rgb(read), cop_picture_width(read), cop_picture_height(read)};
    return read;
}

static void resizes_and_crops_as_torchvision_does(void **state)
{
    (void)state;
    static const int sizes[] = {16, 47, 64};
    for (size_t i = 0; i < IMAGES; i++)
        for (size_t s = 0; s < 3; s++) {
            picture image;
            cop_picture *read = read_picture(image_names[i], &image);
            uint8_t planes[3 * 64 * 64];
            cop_error err = {0};
            assert_ok(image_fit(&image, sizes[s], planes, &err), &err);
            assert_planes(image_names[i], sizes[s], planes, 3 * (size_t)(sizes[s] * sizes[s]));
            cop_picture_free(read);
        }
}

static void an_image_of_the_right_size_stays_as_it_is(void **state)
{
    (void)state;
    uint8_t pixels[3 * 6 * 6], planes[2][3 * 6 * 6];
    cop_error err = {0};
    const picture image = {pixels, 6, 6};
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 151);
    image_planes(&image, planes[0]);
    assert_ok(image_fit(&image, 6, planes[1], &err), &err);
    assert_memory_equal(planes[0], planes[1], sizeof pixels);
}

static void a_line_is_stretched_without_asking_for_the_whole(void **state)
{
    (void)state;
    enum { LONG = 60000, SIZE = 224 };
    uint8_t *pixels = calloc(LONG, 3), *planes = malloc(3 * SIZE * SIZE);
    cop_error err = {0};
    const picture image = {pixels, LONG, 1};
    memset(pixels, 77, 3 * LONG);
    assert_ok(image_fit(&image, SIZE, planes, &err), &err);
    for (size_t i = 0; i < 3 * SIZE * SIZE; i++)
        assert_int_equal(planes[i], 77);
    free(pixels);
    free(planes);
}

static void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Folders. */

/* Copies a fixture to a path below the directory, whose folders are made. */
static void put_image(const fixture *f, const char *name, const char *fixture_name)
{
    char path[700];
    size_t size = 0;
    char *data = read_fixture(fixture_name, &size);
    (void)snprintf(path, sizeof path, "%s/%s", f->dir, name);
    for (char *slash = path + strlen(f->dir) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    write_bytes(path, data, size);
    free(data);
}

static const cop_dataset_ops *ops(void)
{
    return coppice_plugin.ops;
}

static cop_status open_data(const fixture *f, const char *more, void **self, cop_error *err)
{
    char settings[2048];
    (void)snprintf(settings, sizeof settings, "path = \"%s\"; %s %s", f->dir,
                   strstr(more, "size") == NULL ? "size = 16;" : "", more);
    test_options options = read_options(&coppice_plugin, settings);
    cop_status status = ops()->create(options.values, self, err);
    free_options(&options);
    return status;
}

static void *open_described(const fixture *f, const char *more, cop_dataset_info *info)
{
    void *self = NULL;
    cop_error err = {0};
    assert_ok(open_data(f, more, &self, &err), &err);
    *info = (cop_dataset_info){0};
    assert_ok(ops()->describe(self, info, &err), &err);
    return self;
}

static void assert_not_opened(const fixture *f, const char *more, const char *file,
                              const char *text)
{
    void *self = NULL;
    cop_error err = {0};
    assert_refused(open_data(f, more, &self, &err), COP_INVALID, &err, text);
    assert_non_null(strstr(err.file, file));
    assert_null(self);
}

/* Two classes, with a split: 3 and 1 training images, a test image each. */
static void put_split(const fixture *f, const char *test)
{
    char name[64];
    put_image(f, "train/cat/b.JPG", "rgb.jpg");
    put_image(f, "train/cat/a.png", "rgb.png");
    put_image(f, "train/cat/c.jpeg", "grey.jpg");
    put_image(f, "train/ant/x.Png", "tall.png");
    (void)snprintf(name, sizeof name, "%s/cat/1.jpg", test);
    put_image(f, name, "cmyk.jpg");
    (void)snprintf(name, sizeof name, "%s/ant/1.jpg", test);
    put_image(f, name, "tall.jpg");
    put_image(f, "train/cat/.hidden.png", "rgb.png"); /* these are no images */
    put_image(f, "train/cat/notes.txt", "rgb.png");
    put_image(f, "train/cat/deeper/d.png", "rgb.png");
    put_image(f, "train/list.png", "rgb.png");
}

static void assert_samples(void *self, cop_split split, const char *const *names,
                           const int32_t *wanted, int64_t count)
{
    uint8_t pixels[4 * 3 * 16 * 16];
    int32_t labels[4];
    cop_error err = {0};
    assert_ok(ops()->read(self, split, 0, count, pixels, labels, &err), &err);
    for (int64_t i = 0; i < count; i++) {
        assert_int_equal(labels[i], wanted[i]);
        assert_planes(names[i], 16, pixels + i * 3 * 16 * 16, 3 * 16 * 16);
    }
}

static void reads_classes_in_order_with_either_name_of_the_test_split(void **state)
{
    fixture *f = *state;
    static const char *const tests[] = {"val", "test"}; /* test comes first where both are there */
    for (size_t i = 0; i < 2; i++) {
        cop_dataset_info info;
        put_split(f, tests[i]);
        void *self = open_described(f, "", &info);
        assert_int_equal(info.task.classes, 2);
        assert_string_equal(info.class_names[0], "ant");
        assert_int_equal(info.task.height, 16);
        assert_int_equal(info.task.width, 16);
        assert_int_equal(info.count[COP_SPLIT_TRAIN], 4);
        assert_int_equal(info.count[COP_SPLIT_TEST], 2);
        assert_true(info.normalization.std[1] == 0.224f);
        assert_samples(self, COP_SPLIT_TRAIN,
                       (const char *const[]){"tall.png", "rgb.png", "rgb.jpg", "grey.jpg"},
                       (const int32_t[]){0, 1, 1, 1}, 4);
        assert_samples(self, COP_SPLIT_TEST, (const char *const[]){"tall.jpg", "cmyk.jpg"},
                       (const int32_t[]){0, 1}, 2);
        ops()->destroy(self);
    }
}

static void classes_may_be_listed_or_be_in_a_file(void **state)
{
    const fixture *f = *state;
    char path[600], more[700];
    cop_dataset_info info;
    put_split(f, "test");
    put_image(f, "train/dog/a.png", "rgb.png");
    put_image(f, "test/dog/a.png", "rgb.png");
    void *self = open_described(f, "classes = [\"dog\", \"ant\"];", &info);
    assert_int_equal(info.task.classes, 2);
    assert_string_equal(info.class_names[0], "dog");
    assert_samples(self, COP_SPLIT_TRAIN, (const char *const[]){"rgb.png", "tall.png"},
                   (const int32_t[]){0, 1}, 2);
    ops()->destroy(self);

    (void)snprintf(path, sizeof path, "%s/classes.txt", f->dir);
    static const char text[] = "cat\tdomestic cat \r\n\n  ant\n";
    write_bytes(path, text, sizeof text - 1);
    (void)snprintf(more, sizeof more, "class_file = \"%s\";", path);
    self = open_described(f, more, &info);
    assert_int_equal(info.task.classes, 2);
    assert_string_equal(info.class_names[0], "domestic cat");
    assert_string_equal(info.class_names[1], "ant");
    assert_int_equal(info.count[COP_SPLIT_TRAIN], 4);
    ops()->destroy(self);

    assert_not_opened(f, "classes = [\"dog\", \"wolf\"];", "train/wolf", "No such file");
    assert_not_opened(f, "classes = [\"dog\", \"dog\"];", "", "class \"dog\" is listed twice");
    assert_not_opened(f, "classes = [\"dog\", \"..\"];", "", "wanted the name of a folder");
    assert_not_opened(f, "classes = [\"dog\"];", "train", "1 classes, wanted 2 to 1000");
}

static void a_list_of_classes_is_a_regular_file(void **state)
{
    const fixture *f = *state;
    char path[600], more[700];
    put_split(f, "test");
    (void)snprintf(path, sizeof path, "%s/classes.txt", f->dir);
    (void)snprintf(more, sizeof more, "class_file = \"%s\";", path);
    assert_not_opened(f, more, "classes.txt", "cannot open: No such file");
    assert_int_equal(mkfifo(path, 0600), 0); /* opening one waits for its writer */
    assert_not_opened(f, more, "classes.txt", "is not a regular file");
    assert_int_equal(unlink(path), 0);
    write_bytes(path, "", 0);
    assert_int_equal(truncate(path, 1 << 20), 0);
    assert_not_opened(f, more, "classes.txt", "is too long for a list of classes");
}

/* Half of the images are no data set. */
static void a_folder_that_cannot_be_read_to_its_end_is_refused(void **state)
{
    const fixture *f = *state;
    put_split(f, "test");
    for (int entries = 0; entries < 28; entries++) {
        void *self = NULL;
        cop_error err = {0};
        entries_left = entries;
        cop_status status = open_data(f, "", &self, &err);
        entries_left = -1;
        assert_refused(status, COP_FAILED, &err, "cannot be listed: Input/output error");
        assert_null(self);
    }
}

static void folders_without_a_split_are_training_images(void **state)
{
    const fixture *f = *state;
    cop_dataset_info info;
    put_image(f, "train/1.png", "rgb.png"); /* a class of trains */
    put_image(f, "boat/1.png", "tall.png");
    void *self = open_described(f, "", &info);
    assert_int_equal(info.count[COP_SPLIT_TRAIN], 2);
    assert_int_equal(info.count[COP_SPLIT_TEST], 0);
    assert_string_equal(info.class_names[1], "train");
    ops()->destroy(self);
    assert_not_opened(f, "test = \"nowhere\";", "nowhere/boat", "No such file");
    assert_not_opened(f, "train = \"nowhere\";", "nowhere", "No such file");
}

static void a_class_without_images_is_refused(void **state)
{
    const fixture *f = *state;
    put_split(f, "test");
    put_image(f, "train/dog/notes.txt", "rgb.png");
    assert_not_opened(f, "", "train/dog", "has no images");
}

static void images_keep_their_size_where_all_are_alike(void **state)
{
    const fixture *f = *state;
    cop_dataset_info info;
    uint8_t pixels[3 * 61 * 47];
    int32_t label = -1;
    cop_error err = {0};
    put_image(f, "a/1.png", "rgb.png");
    put_image(f, "b/1.jpg", "rgb.jpg");
    put_image(f, "b/2.png", "tall.png");
    void *self = open_described(f, "size = 0;", &info);
    assert_int_equal(info.task.height, 47);
    assert_int_equal(info.task.width, 61);
    assert_ok(ops()->read(self, COP_SPLIT_TRAIN, 1, 1, pixels, &label, &err), &err);
    assert_int_equal(label, 1);
    assert_planes("rgb.jpg", 0, pixels, sizeof pixels);
    assert_refused(ops()->read(self, COP_SPLIT_TRAIN, 2, 1, pixels, &label, &err), COP_FAILED, &err,
                   "is 30 x 71 pixels, the first image is 61 x 47");
    assert_non_null(strstr(err.file, "b/2.png"));
    ops()->destroy(self);
}

static void a_damaged_image_is_named_when_it_is_read(void **state)
{
    const fixture *f = *state;
    cop_dataset_info info;
    uint8_t pixels[4 * 3 * 16 * 16];
    int32_t labels[4];
    char path[600];
    cop_error err = {0};
    put_split(f, "test");
    (void)snprintf(path, sizeof path, "%s/train/cat/b.JPG", f->dir);
    assert_int_equal(truncate(path, 400), 0);
    void *self = open_described(f, "", &info);
    assert_refused(ops()->read(self, COP_SPLIT_TRAIN, 0, 4, pixels, labels, &err), COP_INVALID,
                   &err, "cannot be decoded");
    assert_non_null(strstr(err.message, path));
    ops()->destroy(self);
}

/* What tells the images without decoding them. */
static uint64_t stamp_of(const fixture *f, const char *more)
{
    cop_error err = {0};
    void *self = NULL;
    assert_ok(open_data(f, more, &self, &err), &err);
    cop_dataset_stamp stamp = {cop_hasher_new()};
    assert_non_null(stamp.hasher);
    assert_ok(ops()->stamp(self, &stamp, &err), &err);
    cop_digest digest = cop_hasher_finish(stamp.hasher);
    cop_hasher_free(stamp.hasher);
    ops()->destroy(self);
    return digest.lo;
}

static void the_stamp_changes_with_the_images_and_their_order(void **state)
{
    const fixture *f = *state;
    char path[600];
    put_split(f, "test");
    put_image(f, "train/dog/a.png", "rgb.png");
    put_image(f, "test/dog/a.png", "rgb.png");
    const uint64_t first = stamp_of(f, "");
    assert_true(stamp_of(f, "") == first);
    assert_true(stamp_of(f, "classes = [\"ant\", \"cat\", \"dog\"];") == first);
    assert_true(stamp_of(f, "classes = [\"cat\", \"ant\", \"dog\"];") != first);
    assert_true(stamp_of(f, "classes = [\"ant\", \"cat\"];") != first);

    put_image(f, "train/dog/b.png", "rgb.png");
    const uint64_t second = stamp_of(f, "");
    assert_true(second != first);
    (void)snprintf(path, sizeof path, "%s/train/dog/notes.txt", f->dir);
    write_bytes(path, "no image", 8);
    assert_true(stamp_of(f, "") == second);
    put_image(f, "test/dog/a.png", "tall.png");
    assert_true(stamp_of(f, "") != second);
}

static void an_image_that_has_gone_cannot_be_stamped(void **state)
{
    const fixture *f = *state;
    char path[600];
    void *self = NULL;
    cop_error err = {0};
    put_split(f, "test");
    assert_ok(open_data(f, "", &self, &err), &err);
    (void)snprintf(path, sizeof path, "%s/test/cat/1.jpg", f->dir);
    assert_int_equal(unlink(path), 0);
    cop_dataset_stamp stamp = {cop_hasher_new()};
    assert_refused(ops()->stamp(self, &stamp, &err), COP_FAILED, &err, "test/cat/1.jpg");
    cop_hasher_free(stamp.hasher);
    ops()->destroy(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resizes_and_crops_as_torchvision_does),
        cmocka_unit_test(an_image_of_the_right_size_stays_as_it_is),
        cmocka_unit_test(a_line_is_stretched_without_asking_for_the_whole),
        cmocka_unit_test_setup_teardown(reads_classes_in_order_with_either_name_of_the_test_split,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(classes_may_be_listed_or_be_in_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_list_of_classes_is_a_regular_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_read_to_its_end_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(folders_without_a_split_are_training_images, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_class_without_images_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(images_keep_their_size_where_all_are_alike, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_image_is_named_when_it_is_read, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_stamp_changes_with_the_images_and_their_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_image_that_has_gone_cannot_be_stamped, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
