/* A set out of a folder of pictures for each class: which class a picture is of, its pixels, and
 * what is refused with its path. */
#include "core/file.h"
#include "failing_readdir.h"
#include "nn/synthetic.h"
#include "plugin_options.h"
#include "plugins/distillers/file/given.h"
#include "report/renderers/png.h"
#include "study/graph/plan.h"
#include "study/running/drive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

enum { CHANNELS = 3, HEIGHT = 4, WIDTH = 6, PLANE = HEIGHT * WIDTH, CLASSES = 3 };

static const cop_task task = {
    .channels = CHANNELS, .height = HEIGHT, .width = WIDTH, .classes = CLASSES};

typedef struct scene {
    char dir[256];
} scene;

static int set_up(void **state)
{
    scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    make_temp_dir(s->dir, sizeof s->dir);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    scene *s = *state;
    remove_tree(s->dir);
    free(s);
    return 0;
}

#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* The path of a file in a class's folder, which is made. */
static const char *in_class(const scene *s, const char *name, const char *file)
{
    static char path[600];
    cop_error err = {0};
    (void)snprintf(path, sizeof path, "%s/%s", s->dir, name);
    assert_ok(cop_make_dirs(path, &err), &err);
    (void)snprintf(path, sizeof path, "%s/%s/%s", s->dir, name, file);
    return path;
}

/* Sample k, in the order of the file (height, width, channel), is first + k. */
static void put_png(const scene *s, const char *name, const char *file, int width, int first)
{
    uint8_t pixels[CHANNELS * HEIGHT * 16];
    cop_error err = {0};
    for (int k = 0; k < CHANNELS * HEIGHT * width; k++)
        pixels[k] = (uint8_t)(first + k);
    assert_ok(cop_png_write(in_class(s, name, file), (uint32_t)width, HEIGHT, pixels, &err), &err);
}

/* Of samples that are 0, in a format of libpng's simple interface. */
static void put_png_as(const scene *s, const char *name, const char *file, png_uint_32 format)
{
    static const uint16_t zeros[4 * PLANE];
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = WIDTH, .height = HEIGHT, .format = format};
    assert_int_not_equal(
        png_image_write_to_file(&image, in_class(s, name, file), 0, zeros, 0, NULL), 0);
}

/* Of pixels that are proportional to light: gamma 1. */
static void put_png_with_gamma(const scene *s, const char *name, const char *file)
{
    static const uint8_t row[WIDTH];
    FILE *out = fopen(in_class(s, name, file), "wb");
    assert_non_null(out);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, out);
    png_set_IHDR(png, info, WIDTH, HEIGHT, 8, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_gAMA_fixed(png, info, 100000);
    png_write_info(png, info);
    for (int y = 0; y < HEIGHT; y++)
        png_write_row(png, row);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    assert_int_equal(fclose(out), 0);
}

/* One colour, which JPEG keeps. */
static void put_jpeg_as(const scene *s, const char *name, const char *file, uint8_t grey,
                        J_COLOR_SPACE space)
{
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr errors;
    FILE *out = fopen(in_class(s, name, file), "wb");
    assert_non_null(out);
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    jpeg_stdio_dest(&info, out);
    info.image_width = WIDTH;
    info.image_height = HEIGHT;
    info.input_components = space == JCS_CMYK ? 4 : CHANNELS;
    info.in_color_space = space;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, 100, TRUE);
    jpeg_start_compress(&info, TRUE);
    uint8_t line[4 * WIDTH];
    JSAMPROW row = line;
    memset(line, grey, sizeof line);
    while (info.next_scanline < HEIGHT)
        (void)jpeg_write_scanlines(&info, &row, 1);
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    assert_int_equal(fclose(out), 0);
}

static void put_jpeg(const scene *s, const char *name, const char *file, uint8_t grey)
{
    put_jpeg_as(s, name, file, grey, JCS_RGB);
}

static cop_status make(const scene *s, const cop_task *t, const char *settings, cop_synthetic *out,
                       cop_error *err)
{
    char text[600];
    (void)snprintf(text, sizeof text, "path = \"%s/\"; recipe = \"idc\"; %s", s->dir, settings);
    test_options o = read_options(&coppice_plugin, text);
    const cop_samples data = {.task = *t, .normalization = {.std = {1, 1, 1}}};
    cop_plan plan = {.kind = COP_KIND_DISTILLER, .task = *t};
    cop_status status = cop_plan_make("distiller 'file'", coppice_plugin.ops, o.values, &plan, err);
    if (status == COP_OK) {
        cop_work work = {.kind = COP_KIND_DISTILLER, .task = t, .train = &data};
        cop_drive d = {.what = "distiller 'file'", .self = o.values, .work = &work};
        status = cop_drive_distiller(&d, coppice_plugin.ops, out, err);
        cop_plan_clear(&plan);
    }
    free_options(&o);
    return status;
}

static void refused(const scene *s, const char *settings, const char *text)
{
    cop_synthetic out;
    cop_error err = {0};
    assert_refused(make(s, &task, settings, &out, &err), COP_INVALID, &err, text);
}

/* For what a picture is. */
static void damaged(const scene *s, const char *text)
{
    cop_synthetic out;
    cop_error err = {0};
    assert_refused(make(s, &task, "", &out, &err), COP_FAILED, &err, text);
}

static int class_of(const cop_synthetic *set, int64_t image)
{
    int found = -1;
    for (int c = 0; c < CLASSES; c++)
        if (set->labels[image * CLASSES + c] == 1.0f)
            found = c;
    return found;
}

static void a_picture_is_of_the_class_of_its_folder(void **state)
{
    const scene *s = *state;
    cop_synthetic set;
    cop_error err = {0};
    put_png(s, "10", "b.png", WIDTH, 0);
    put_png(s, "9", "a.PNG", WIDTH, 50);
    put_jpeg(s, "2", "x.Jpg", 130);
    put_jpeg(s, "2", "y.jpeg", 7);
    put_png(s, "2", ".hidden.png", 2, 0);
    assert_ok(make(s, &task, "", &set, &err), &err);
    assert_int_equal(set.count, 4);
    const int wanted[] = {0, 0, 1, 2}; /* numbers by their value */
    for (int i = 0; i < 4; i++)
        assert_int_equal(class_of(&set, i), wanted[i]);
    for (int k = 0; k < CHANNELS * PLANE; k++) {
        int c = k / PLANE, place = k % PLANE;
        assert_true(set.pixels[k] == 130.0f / 255.0f);
        assert_true(set.pixels[CHANNELS * PLANE + k] == 7.0f / 255.0f);
        assert_true(set.pixels[2 * CHANNELS * PLANE + k] ==
                    (float)(50 + place * CHANNELS + c) / 255.0f);
    }
    assert_string_equal(cop_recipe_base(set.recipe), "idc");
    assert_int_equal(cop_synthetic_space(&set), COP_PIXELS_UNIT);
    assert_non_null(strstr(set.origin, "of 4 pictures"));
    cop_synthetic_clear(&set);
    assert_ok(make(s, &task, "classes = [\"9\", \"10\", \"2\"];", &set, &err), &err);
    assert_true(set.pixels[0] == 50.0f / 255.0f);
    assert_int_equal(class_of(&set, 3), 2);
    cop_synthetic_clear(&set);
}

/* Whatever order the folder has them in: the classes are in the same one. */
static void names_have_one_order(void **state)
{
    (void)state;
    enum { NAMES = 7 };
    static const char *const wanted[NAMES] = {"2", "03", "3", "10", "", "1a", "b"};
    int places[NAMES] = {0, 1, 2, 3, 4, 5, 6}, turned[NAMES] = {0};
    const char *names[NAMES];
    for (int i = 0; i < NAMES;) { /* Heap's permutations */
        for (int k = 0; k < NAMES; k++)
            names[k] = wanted[places[k]];
        qsort(names, NAMES, sizeof *names, given_compare_names);
        for (int k = 0; k < NAMES; k++)
            assert_string_equal(names[k], wanted[k]);
        for (i = 0; i < NAMES && turned[i] >= i; i++)
            turned[i] = 0;
        if (i == NAMES)
            break;
        int *a = &places[i % 2 == 0 ? 0 : turned[i]], *b = &places[i], held = *a;
        *a = *b;
        *b = held;
        turned[i]++;
    }
}

/* Half of the pictures are no set. */
static void a_folder_that_cannot_be_read_to_its_end_is_refused(void **state)
{
    const scene *s = *state;
    char text[600];
    put_png(s, "a", "1.png", WIDTH, 0);
    put_png(s, "b", "1.png", WIDTH, 0);
    put_png(s, "c", "1.png", WIDTH, 0);
    (void)snprintf(text, sizeof text, "path = \"%s\"; recipe = \"idc\";", s->dir);
    test_options o = read_options(&coppice_plugin, text);
    for (int entries = 0; entries < 18; entries++) { /* of four folders, with their ends */
        cop_plan plan = {.kind = COP_KIND_DISTILLER, .task = task};
        cop_error err = {0};
        entries_left = entries;
        cop_status status = cop_plan_make("file", coppice_plugin.ops, o.values, &plan, &err);
        entries_left = -1;
        assert_refused(status, COP_FAILED, &err, "cannot be listed: Input/output error");
    }
    free_options(&o);
}

static void pictures_are_grey_where_the_data_are(void **state)
{
    const scene *s = *state;
    const cop_task grey = {.channels = 1, .height = HEIGHT, .width = WIDTH, .classes = 1};
    cop_synthetic set;
    cop_error err = {0};
    put_jpeg(s, "all", "x.jpg", 200);
    assert_ok(make(s, &grey, "", &set, &err), &err);
    for (int k = 0; k < PLANE; k++)
        assert_true(set.pixels[k] == 200.0f / 255.0f);
    cop_synthetic_clear(&set);
    put_png(s, "all", "y.png", WIDTH, 0); /* which grey a colour is would be a guess */
    assert_refused(make(s, &grey, "", &set, &err), COP_FAILED, &err,
                   "/all/y.png: has colours, and the data's images are grey");
}

static void what_would_have_to_be_guessed_is_refused(void **state)
{
    const scene *s = *state;
    put_png(s, "a", "1.png", WIDTH, 0);
    put_png(s, "b", "1.png", WIDTH, 0);
    put_png_as(s, "c", "1.png", PNG_FORMAT_RGBA);
    damaged(s, "/c/1.png: has transparency or 16 bits, wanted 8-bit colours");
    put_png_as(s, "c", "1.png", PNG_FORMAT_GA);
    damaged(s, "/c/1.png: has transparency or 16 bits");
    put_png_as(s, "c", "1.png", PNG_FORMAT_LINEAR_RGB);
    damaged(s, "/c/1.png: has transparency or 16 bits");
    put_png_with_gamma(s, "c", "1.png");
    damaged(s, "/c/1.png: states a gamma that is not sRGB's");
    put_jpeg(s, "c", "1.png", 9);
    damaged(s, "/c/1.png: is a JPEG file, and is called .png");
    assert_int_equal(remove(in_class(s, "c", "1.png")), 0);
    put_png(s, "c", "1.jpg", WIDTH, 0);
    damaged(s, "/c/1.jpg: is a PNG file, and is called .jpg");
    put_jpeg_as(s, "c", "1.jpg", 9, JCS_CMYK);
    damaged(s, "/c/1.jpg: is in four inks (CMYK)");
}

/* What `plan` says of folders of these names beside data whose classes are called c, a and b. */
static cop_status order_of(const scene *s, const char *settings, cop_error *err)
{
    static const char *const named[CLASSES] = {"c", "a", "b"};
    char text[600];
    (void)snprintf(text, sizeof text, "path = \"%s\"; recipe = \"idc\"; %s", s->dir, settings);
    test_options o = read_options(&coppice_plugin, text);
    cop_plan plan = {.kind = COP_KIND_DISTILLER, .task = task, .class_names = named};
    cop_status status = cop_plan_make("file", coppice_plugin.ops, o.values, &plan, err);
    if (status == COP_OK)
        cop_plan_clear(&plan);
    free_options(&o);
    return status;
}

static void folders_in_another_order_than_the_classes_are_refused(void **state)
{
    const scene *s = *state;
    cop_error err = {0}, none = {0};
    put_png(s, "a", "1.png", WIDTH, 0);
    put_png(s, "b", "1.png", WIDTH, 0);
    put_png(s, "c", "1.png", WIDTH, 0);
    assert_refused(order_of(s, "", &err), COP_INVALID, &err,
                   "the folder \"a\" is number 0, and class 1 of the data: state classes");
    assert_ok(order_of(s, "classes = [\"c\", \"a\", \"b\"];", &none), &none);
}

static void folders_that_are_no_classes_are_refused(void **state)
{
    const scene *s = *state;
    cop_error err = {0};
    put_png(s, "a", "1.png", WIDTH, 0);
    put_png(s, "b", "1.png", WIDTH, 0);
    put_png(s, "cat", "1.png", WIDTH, 0);
    assert_refused(order_of(s, "", &err), COP_INVALID, &err, "state classes");
}

static void folders_may_be_called_by_the_labels(void **state)
{
    const scene *s = *state;
    cop_error err = {0};
    put_png(s, "00", "1.png", WIDTH, 0);
    put_png(s, "01", "1.png", WIDTH, 0);
    put_png(s, "02", "1.png", WIDTH, 0);
    assert_ok(order_of(s, "", &err), &err);
}

static void flawed_pictures_are_refused_with_their_path(void **state)
{
    const scene *s = *state;
    char *bytes = NULL;
    size_t size = 0;
    cop_error err = {0};
    put_png(s, "a", "1.png", WIDTH, 0);
    put_png(s, "b", "1.png", WIDTH, 0);
    refused(s, "", "holds 2 classes, wanted 3");
    put_png(s, "c", "1.png", WIDTH + 1, 0);
    damaged(s, "/c/1.png: is 7x4, wanted 6x4");
    refused(s, "space = \"unit\";", "pictures are bytes");
    refused(s, "label_kind = \"soft\";", "of the classes of their folders");
    assert_int_equal(remove(in_class(s, "c", "1.png")), 0);
    refused(s, "", "/c: holds no pictures");
    assert_ok(cop_file_write(in_class(s, "c", "notes.txt"), "", 0, &err), &err);
    damaged(s, "/c/notes.txt: is neither .png nor .jpg nor .jpeg");
    assert_int_equal(remove(in_class(s, "c", "notes.txt")), 0);
    put_jpeg(s, "c", "cut.jpg", 9);
    assert_ok(cop_file_read(in_class(s, "c", "cut.jpg"), SIZE_MAX, &bytes, &size, &err), &err);
    for (size_t cut = 1; cut < size; cut += 5) {
        assert_ok(cop_file_write(in_class(s, "c", "cut.jpg"), bytes, cut, &err), &err);
        damaged(s, "/c/cut.jpg: cannot be decoded: ");
    }
    char *more = malloc(size + 1); /* a byte of nobody's behind the first segment, JFIF's */
    assert_non_null(more);
    memcpy(more, bytes, 20);
    more[20] = 7;
    memcpy(more + 21, bytes + 20, size - 20);
    assert_ok(cop_file_write(in_class(s, "c", "cut.jpg"), more, size + 1, &err), &err);
    damaged(s, "/c/cut.jpg: is damaged: Corrupt JPEG data");
    free(more);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCENE(a_picture_is_of_the_class_of_its_folder),
        cmocka_unit_test(names_have_one_order),
        WITH_SCENE(a_folder_that_cannot_be_read_to_its_end_is_refused),
        WITH_SCENE(pictures_are_grey_where_the_data_are),
        WITH_SCENE(what_would_have_to_be_guessed_is_refused),
        WITH_SCENE(folders_in_another_order_than_the_classes_are_refused),
        WITH_SCENE(folders_that_are_no_classes_are_refused),
        WITH_SCENE(folders_may_be_called_by_the_labels),
        WITH_SCENE(flawed_pictures_are_refused_with_their_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
