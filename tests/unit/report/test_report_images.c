/* test_report_images.c: the contact sheet of a distilled set shows its images: each class in a row,
 * normalised pixels as those of an image once more, whitened ones in a range of their own. */
#include "support.h"

#include "nn/synthetic.h"
#include "report/figures/images.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As grid.c draws: three pixels for one of a small image, two between images. */
enum { SIDE = 3 * 2, STEP = SIDE + 2 };

typedef struct picture {
    png_image image;
    uint8_t *pixels;
} picture;

static picture read_picture(const char *path)
{
    picture p;
    memset(&p, 0, sizeof p);
    p.image.version = PNG_IMAGE_VERSION;
    assert_true(png_image_begin_read_from_file(&p.image, path) != 0);
    p.image.format = PNG_FORMAT_RGB;
    p.pixels = malloc(PNG_IMAGE_SIZE(p.image));
    assert_non_null(p.pixels);
    assert_true(png_image_finish_read(&p.image, NULL, p.pixels, 0, NULL) != 0);
    return p;
}

/* The colour in the middle of the image at a row and column. */
static void assert_colour(const picture *p, int row, int column, int red, int green, int blue)
{
    size_t x = (size_t)(2 + column * STEP + 1), y = (size_t)(2 + row * STEP + 1);
    const uint8_t *at = p->pixels + (y * p->image.width + x) * 3;
    assert_int_equal(at[0], red);
    assert_int_equal(at[1], green);
    assert_int_equal(at[2], blue);
}

/* Two classes with an image of 2 × 2 each, of one colour. */
static cop_synthetic two_images(float red, float green, float blue)
{
    cop_synthetic s = {.task = {3, 2, 2, 2},
                       .normalization = {.mean = {0.5f, 0.4f, 0.6f}, .std = {0.25f, 0.5f, 0.2f}},
                       .factor = 1};
    cop_error err = {0};
    assert_ok(cop_synthetic_allocate(&s, 2, &err), &err);
    s.labels[0] = s.labels[3] = 1.0f;
    const float colour[] = {red, green, blue};
    for (int k = 0; k < 12; k++)
        s.pixels[12 + k] = colour[k / 4];
    return s;
}

static void check(const cop_synthetic *s, int first, int red, int green, int blue)
{
    char dir[256], path[300];
    cop_error err = {0};
    bool decoded = true;
    make_temp_dir(dir, sizeof dir);
    assert_ok(cop_images_write(s, dir, "set", &decoded, &err), &err);
    assert_false(decoded);
    (void)snprintf(path, sizeof path, "%s/set.png", dir);
    picture p = read_picture(path);
    assert_int_equal(p.image.height, 2 + 2 * STEP);
    assert_int_equal(p.image.width, 2 + STEP);
    assert_colour(&p, 0, 0, first, first == 0 ? 0 : 102, first == 0 ? 0 : 153);
    assert_colour(&p, 1, 0, red, green, blue);
    free(p.pixels);
    remove_tree(dir);
}

static void unit_pixels_are_shown_as_they_are(void **state)
{
    (void)state;
    cop_synthetic s = two_images(1.0f, 0.2f, 0.4f);
    check(&s, 0, 255, 51, 102);
    cop_synthetic_clear(&s);
}

/* 0 is the mean: 0.5, 0.4, 0.6. Then 0.5 + 0.6 · 0.25 = 0.65; 0.4 − 0.5 is clipped to 0, 0.6 + 0.6
 * to 1. */
static void normalised_pixels_are_shown_as_they_were(void **state)
{
    (void)state;
    cop_synthetic s = two_images(0.6f, -1.0f, 3.0f);
    cop_synthetic_set_space(&s, COP_PIXELS_NORMALISED);
    check(&s, 128, 166, 0, 255);
    cop_synthetic_clear(&s);
}

/* Pixels of whitened data lie about 0: each image is shown from its least value, −0.05, to its
 * largest, 0.15. One of a single value is grey. */
static void whitened_pixels_are_shown_in_each_image_s_own_range(void **state)
{
    (void)state;
    cop_synthetic s = two_images(0.15f, -0.05f, 0.05f);
    char dir[256], path[300];
    cop_error err = {0};
    bool decoded = true;
    s.normalization = cop_normalization_none();
    s.is_whitened = true;
    cop_synthetic_set_space(&s, COP_PIXELS_NORMALISED);
    make_temp_dir(dir, sizeof dir);
    assert_ok(cop_images_write(&s, dir, "set", &decoded, &err), &err);
    (void)snprintf(path, sizeof path, "%s/set.png", dir);
    picture p = read_picture(path);
    assert_colour(&p, 0, 0, 128, 128, 128);
    assert_colour(&p, 1, 0, 255, 0, 128);
    free(p.pixels);
    remove_tree(dir);
    cop_synthetic_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unit_pixels_are_shown_as_they_are),
        cmocka_unit_test(normalised_pixels_are_shown_as_they_were),
        cmocka_unit_test(whitened_pixels_are_shown_in_each_image_s_own_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
