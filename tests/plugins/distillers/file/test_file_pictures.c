/* A set out of a folder of pictures for each class: which class a picture is of, its pixels, and
 * what is refused with its path. */
#include "core/file.h"
#include "nn/synthetic.h"
#include "plugin_options.h"
#include "report/renderers/png.h"
#include "study/graph/plan.h"
#include "study/running/drive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

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

/* One colour, which JPEG keeps. */
static void put_jpeg(const scene *s, const char *name, const char *file, uint8_t grey)
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
    info.input_components = CHANNELS;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, 100, TRUE);
    jpeg_start_compress(&info, TRUE);
    uint8_t line[CHANNELS * WIDTH];
    JSAMPROW row = line;
    memset(line, grey, sizeof line);
    while (info.next_scanline < HEIGHT)
        (void)jpeg_write_scanlines(&info, &row, 1);
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    assert_int_equal(fclose(out), 0);
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
    put_jpeg(s, "c", "1.png", 9);
    damaged(s, "/c/1.png: cannot be read: ");
    assert_int_equal(remove(in_class(s, "c", "1.png")), 0);
    refused(s, "", "/c: holds no pictures");
    assert_ok(cop_file_write(in_class(s, "c", "notes.txt"), "", 0, &err), &err);
    damaged(s, "/c/notes.txt: is neither .png nor .jpg nor .jpeg");
    assert_int_equal(remove(in_class(s, "c", "notes.txt")), 0);
    put_jpeg(s, "c", "cut.jpg", 9);
    assert_ok(cop_file_read(in_class(s, "c", "cut.jpg"), SIZE_MAX, &bytes, &size, &err), &err);
    for (size_t cut = 1; cut < size; cut += 5) {
        assert_ok(cop_file_write(in_class(s, "c", "cut.jpg"), bytes, cut, &err), &err);
        damaged(s, "/c/cut.jpg: cannot be read: ");
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCENE(a_picture_is_of_the_class_of_its_folder),
        WITH_SCENE(pictures_are_grey_where_the_data_are),
        WITH_SCENE(flawed_pictures_are_refused_with_their_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
