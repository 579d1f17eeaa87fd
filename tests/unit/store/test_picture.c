/* test_picture.c: pictures come as Pillow decodes them, say how they were stored, and are refused where
 * they are not whole. tests/fixtures/images is written by tools/fixtures/make_image_fixtures.py. */
#include "support.h"

#include "core/file.h"

#include <coppice/files.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <png.h>

#define FIXTURES COPPICE_TEST_SOURCE_DIR "/tests/fixtures/images/"

typedef struct scene {
    char dir[256];
    char path[320]; /* of a file in it */
} scene;

static int set_up(void **state)
{
    scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    make_temp_dir(s->dir, sizeof s->dir);
    (void)snprintf(s->path, sizeof s->path, "%s/file", s->dir);
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

static uint8_t *read_fixture(const char *name, size_t *size)
{
    char path[600], *data = NULL;
    cop_error err = {0};
    (void)snprintf(path, sizeof path, FIXTURES "%s", name);
    assert_ok(cop_file_read(path, 1 << 20, &data, size, &err), &err);
    return (uint8_t *)data;
}

static cop_picture *read_picture(const char *path)
{
    cop_picture *picture = NULL;
    cop_error err = {0};
    assert_ok(cop_picture_read(path, &picture, &err), &err);
    assert_non_null(picture);
    return picture;
}

static cop_picture *decode_fixture(const char *name)
{
    char path[600];
    (void)snprintf(path, sizeof path, FIXTURES "%s", name);
    return read_picture(path);
}

static size_t pixels_of(const cop_picture *p)
{
    return (size_t)cop_picture_width(p) * (size_t)cop_picture_height(p);
}

/* Of each form; what Pillow says of it (mode and format). */
static const struct form {
    const char *name;
    int32_t width, height, channels, bits;
    bool is_jpeg, has_transparency;
} forms[] = {
    {"rgb.png", 61, 47, 3, 8, false, false},    {"tall.png", 30, 71, 3, 8, false, false},
    {"grey.png", 61, 47, 1, 8, false, false},   {"bits.png", 61, 47, 1, 1, false, false},
    {"palette.png", 61, 47, 3, 8, false, true}, {"alpha.png", 61, 47, 3, 8, false, true},
    {"rgb.jpg", 61, 47, 3, 8, true, false},     {"progressive.jpg", 61, 47, 3, 8, true, false},
    {"tall.jpg", 30, 71, 3, 8, true, false},    {"grey.jpg", 61, 47, 1, 8, true, false},
    {"cmyk.jpg", 61, 47, 4, 8, true, false},
};
enum { FORMS = sizeof forms / sizeof forms[0] };

static void pixels_are_those_that_pillow_decodes(void **state)
{
    (void)state;
    for (size_t f = 0; f < FORMS; f++) {
        char file[96];
        size_t size = 0;
        (void)snprintf(file, sizeof file, "%s-0.planes", forms[f].name);
        uint8_t *wanted = read_fixture(file, &size);
        cop_picture *p = decode_fixture(forms[f].name);
        const uint8_t *rgb = cop_picture_rgb(p);
        size_t count = pixels_of(p);
        assert_int_equal(size, 3 * count);
        for (size_t i = 0; i < size; i++)
            if (rgb[3 * (i % count) + i / count] != wanted[i])
                fail_msg("%s: byte %zu of the planes is %d, wanted %d", file, i,
                         rgb[3 * (i % count) + i / count], wanted[i]);
        cop_picture_free(p);
        free(wanted);
    }
}

static void a_picture_says_how_it_was_stored(void **state)
{
    (void)state;
    for (size_t f = 0; f < FORMS; f++) {
        cop_picture *p = decode_fixture(forms[f].name);
        assert_int_equal(cop_picture_width(p), forms[f].width);
        assert_int_equal(cop_picture_height(p), forms[f].height);
        assert_int_equal(cop_picture_channels(p), forms[f].channels);
        assert_int_equal(cop_picture_bits(p), forms[f].bits);
        assert_int_equal(cop_picture_is_jpeg(p), forms[f].is_jpeg);
        assert_int_equal(cop_picture_has_transparency(p), forms[f].has_transparency);
        assert_false(cop_picture_has_gamma(p));
        assert_null(cop_picture_flaw(p));
        cop_picture_free(p);
    }
    cop_picture_free(NULL);
}

static void what_it_is_called_does_not_matter(void **state)
{
    const scene *s = *state;
    char path[600];
    size_t size = 0;
    cop_error err = {0};
    uint8_t *data = read_fixture("rgb.png", &size);
    (void)snprintf(path, sizeof path, "%s/photo.JPEG", s->dir);
    assert_ok(cop_file_write(path, data, size, &err), &err);
    cop_picture *p = read_picture(path), *same = decode_fixture("rgb.png");
    assert_false(cop_picture_is_jpeg(p));
    assert_memory_equal(cop_picture_rgb(p), cop_picture_rgb(same), 3 * pixels_of(p));
    cop_picture_free(p);
    cop_picture_free(same);
    free(data);
}

/* Writes a PNG file of 2x1 pixels, with a gamma of so many 100,000ths, if that is above 0. */
static void put_png(const scene *s, int type, int bits, uint8_t *row, int32_t gamma)
{
    FILE *file = fopen(s->path, "wb");
    assert_non_null(file);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_set_IHDR(png, info, 2, 1, bits, type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (gamma > 0)
        png_set_gAMA_fixed(png, info, gamma);
    png_write_info(png, info);
    png_write_row(png, row);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    assert_int_equal(fclose(file), 0);
}

static void assert_pixels(const cop_picture *p, const uint8_t wanted[6])
{
    assert_int_equal(pixels_of(p), 2);
    assert_memory_equal(cop_picture_rgb(p), wanted, 6);
}

static void sixteen_bits_are_their_upper_eight(void **state)
{
    const scene *s = *state;
    uint8_t colours[12] = {1, 255, 2, 128, 3, 0, 250, 127, 4, 129, 5, 254},
            grey[4] = {9, 200, 8, 7};
    put_png(s, PNG_COLOR_TYPE_RGB, 16, colours, 0);
    cop_picture *p = read_picture(s->path);
    assert_int_equal(cop_picture_bits(p), 16);
    assert_int_equal(cop_picture_channels(p), 3);
    assert_pixels(p, (const uint8_t[]){1, 2, 3, 250, 4, 5});
    cop_picture_free(p);
    put_png(s, PNG_COLOR_TYPE_GRAY, 16, grey, 0);
    p = read_picture(s->path);
    assert_int_equal(cop_picture_bits(p), 16);
    assert_int_equal(cop_picture_channels(p), 1);
    assert_pixels(p, (const uint8_t[]){9, 9, 9, 8, 8, 8});
    cop_picture_free(p);
}

static void few_bits_of_grey_are_spread_and_colours_of_transparent_pixels_stay(void **state)
{
    const scene *s = *state;
    uint8_t nibbles[1] = {0x3f}, faint[4] = {77, 0, 78, 255};
    put_png(s, PNG_COLOR_TYPE_GRAY, 4, nibbles, 0);
    cop_picture *p = read_picture(s->path);
    assert_int_equal(cop_picture_bits(p), 4);
    assert_pixels(p, (const uint8_t[]){51, 51, 51, 255, 255, 255});
    cop_picture_free(p);
    put_png(s, PNG_COLOR_TYPE_GRAY_ALPHA, 8, faint, 0);
    p = read_picture(s->path);
    assert_true(cop_picture_has_transparency(p));
    assert_int_equal(cop_picture_channels(p), 1);
    assert_pixels(p, (const uint8_t[]){77, 77, 77, 78, 78, 78});
    cop_picture_free(p);
}

static void a_gamma_is_said_and_not_applied(void **state)
{
    const scene *s = *state;
    static const struct {
        int32_t gamma;
        bool is_own;
    } cases[] = {{0, false}, {45455, false}, {45000, false}, {55556, true}, {100000, true}};
    uint8_t row[6] = {10, 20, 30, 200, 100, 0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put_png(s, PNG_COLOR_TYPE_RGB, 8, row, cases[i].gamma);
        cop_picture *p = read_picture(s->path);
        assert_int_equal(cop_picture_has_gamma(p), cases[i].is_own);
        assert_pixels(p, row);
        cop_picture_free(p);
    }
}

static void what_libjpeg_reads_over_is_a_flaw(void **state)
{
    const scene *s = *state;
    static const uint8_t nobodys[3] = {0, 1, 2};
    size_t size = 0;
    cop_error err = {0};
    uint8_t *data = read_fixture("rgb.jpg", &size), *more = malloc(size + sizeof nobodys);
    size_t at = 4 + (size_t)(data[4] << 8 | data[5]); /* where the first segment ends */
    memcpy(more, data, at);
    memcpy(more + at, nobodys, sizeof nobodys);
    memcpy(more + at + sizeof nobodys, data + at, size - at);
    assert_ok(cop_file_write(s->path, more, size + sizeof nobodys, &err), &err);
    cop_picture *p = read_picture(s->path), *same = decode_fixture("rgb.jpg");
    assert_non_null(cop_picture_flaw(p));
    assert_non_null(strstr(cop_picture_flaw(p), "3 extraneous bytes"));
    assert_memory_equal(cop_picture_rgb(p), cop_picture_rgb(same), 3 * pixels_of(same));
    cop_picture_free(p);
    cop_picture_free(same);
    free(data);
    free(more);
}

static void assert_not_read(const char *path, cop_status status, const char *text)
{
    cop_picture *picture = NULL;
    cop_error err = {0};
    assert_refused(cop_picture_read(path, &picture, &err), status, &err, text);
    assert_non_null(strstr(err.message, path));
    assert_null(picture);
}

static void put(const scene *s, const void *bytes, size_t size)
{
    cop_error err = {0};
    assert_ok(cop_file_write(s->path, bytes, size, &err), &err);
}

static void a_file_that_ends_early_is_refused(void **state)
{
    const scene *s = *state;
    static const struct {
        const char *name, *text;
    } cases[] = {{"rgb.jpg", "cannot be decoded: Premature end of JPEG file"},
                 {"progressive.jpg", "Premature end of JPEG file"},
                 {"rgb.png", "the file ends early"}};
    size_t size = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t *data = read_fixture(cases[i].name, &size);
        put(s, data, size / 2);
        assert_not_read(s->path, COP_INVALID, cases[i].text);
        put(s, data, size - 1); /* all of the pixels may be there, but not the end */
        assert_not_read(s->path, COP_INVALID, cases[i].text);
        free(data);
    }
    uint8_t *data = read_fixture("rgb.jpg", &size);
    data[size / 2] = 0xff; /* what is missing is not made up where an end was put behind it */
    data[size / 2 + 1] = 0xd9;
    put(s, data, size / 2 + 2);
    assert_not_read(s->path, COP_INVALID, "premature end of data segment");
    free(data);
}

static void what_is_no_picture_is_refused(void **state)
{
    const scene *s = *state;
    put(s, "GIF89a", 6);
    assert_not_read(s->path, COP_INVALID, "begins as neither a JPEG nor a PNG file does");
    put(s, "", 0);
    assert_not_read(s->path, COP_INVALID, "begins as neither");
    assert_int_equal(unlink(s->path), 0);
    assert_int_equal(mkfifo(s->path, 0600), 0); /* opening one waits for its writer */
    assert_not_read(s->path, COP_FAILED, "is not a regular file");
    assert_int_equal(unlink(s->path), 0);
    assert_not_read(s->path, COP_FAILED, "No such file");
}

static void a_picture_that_claims_to_be_huge_is_refused(void **state)
{
    const scene *s = *state;
    size_t size = 0, at = 2;
    uint8_t *data = read_fixture("rgb.jpg", &size);
    /* In the frame's header height and width follow its mark, length and precision. */
    while (at + 9 < size && !(data[at] == 0xff && data[at + 1] == 0xc0))
        at++;
    memset(data + at + 5, 0xf0, 4);
    put(s, data, size);
    assert_not_read(s->path, COP_INVALID, "61680 x 61680 pixels, at most 67108864 are read");
    free(data);
}

static void threads_decode_at_the_same_time(void **state)
{
    (void)state;
    enum { ROUNDS = 8 };
    cop_picture *alone[FORMS];
    int wrong = 0;
    for (size_t f = 0; f < FORMS; f++)
        alone[f] = decode_fixture(forms[f].name);
#pragma omp parallel for schedule(dynamic) num_threads(4) reduction(+ : wrong)
    for (size_t i = 0; i < ROUNDS * FORMS; i++) {
        const cop_picture *wanted = alone[i % FORMS];
        cop_picture *p = NULL;
        char path[600];
        (void)snprintf(path, sizeof path, FIXTURES "%s", forms[i % FORMS].name);
        if (cop_picture_read(path, &p, NULL) != COP_OK || pixels_of(p) != pixels_of(wanted) ||
            memcmp(cop_picture_rgb(p), cop_picture_rgb(wanted), 3 * pixels_of(p)) != 0)
            wrong++;
        cop_picture_free(p);
    }
    assert_int_equal(wrong, 0);
    for (size_t f = 0; f < FORMS; f++)
        cop_picture_free(alone[f]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_are_those_that_pillow_decodes),
        cmocka_unit_test(a_picture_says_how_it_was_stored),
        WITH_SCENE(what_it_is_called_does_not_matter),
        WITH_SCENE(sixteen_bits_are_their_upper_eight),
        WITH_SCENE(few_bits_of_grey_are_spread_and_colours_of_transparent_pixels_stay),
        WITH_SCENE(a_gamma_is_said_and_not_applied),
        WITH_SCENE(what_libjpeg_reads_over_is_a_flaw),
        WITH_SCENE(a_file_that_ends_early_is_refused),
        WITH_SCENE(what_is_no_picture_is_refused),
        WITH_SCENE(a_picture_that_claims_to_be_huge_is_refused),
        cmocka_unit_test(threads_decode_at_the_same_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
