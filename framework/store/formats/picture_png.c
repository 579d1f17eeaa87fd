/* picture_png.c: PNG files through libpng. */
#include "store/formats/picture.h"

#include "core/memory.h"

#include <setjmp.h>
#include <string.h>

#include <png.h>

enum { MOST_CHUNK = 1 << 24 }; /* bytes of one that is kept, such as a text */

typedef struct decoding {
    png_structp png;
    png_infop info;
    const uint8_t *data;
    size_t size, at;
    cop_picture *picture;
    cop_status status;
    cop_error *err;
} decoding;

static void on_error(png_structp png, png_const_charp text)
{
    decoding *d = png_get_error_ptr(png);
    d->status = cop_fail(d->err, COP_INVALID, "%s", text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void on_read(png_structp png, png_bytep bytes, size_t count)
{
    decoding *d = png_get_io_ptr(png);
    if (count > d->size - d->at)
        png_error(png, "the file ends early");
    memcpy(bytes, d->data + d->at, count);
    d->at += count;
}

/* sRGB's is 1/2.2, or as good as that: by libpng's measure, 5 percent. */
static bool states_gamma(const decoding *d)
{
    png_fixed_point gamma = 0; /* in 100,000ths */
    if (png_get_valid(d->png, d->info, PNG_INFO_sRGB) != 0 ||
        png_get_gAMA_fixed(d->png, d->info, &gamma) == 0)
        return false;
    double power = (double)gamma / 1e5 * 2.2;
    return power < 0.95 || power > 1.05;
}

static void describe(decoding *d)
{
    png_byte type = png_get_color_type(d->png, d->info);
    bool is_palette = type == PNG_COLOR_TYPE_PALETTE;
    d->picture->width = (int32_t)png_get_image_width(d->png, d->info);
    d->picture->height = (int32_t)png_get_image_height(d->png, d->info);
    d->picture->bits = is_palette ? 8 : png_get_bit_depth(d->png, d->info);
    d->picture->channels = (type & PNG_COLOR_MASK_COLOR) != 0 ? 3 : 1;
    d->picture->has_transparency =
        (type & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(d->png, d->info, PNG_INFO_tRNS) != 0;
    d->picture->has_gamma = states_gamma(d);
}

/* Whatever it is, 8 bits each of red, green and blue. */
static void ask_for_rgb(decoding *d)
{
    png_byte type = png_get_color_type(d->png, d->info);
    if (type == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(d->png);
    if ((type & PNG_COLOR_MASK_COLOR) == 0) {
        png_set_expand_gray_1_2_4_to_8(d->png);
        png_set_gray_to_rgb(d->png);
    }
    png_set_strip_16(d->png);
    png_set_strip_alpha(d->png);
}

/* Comes back by libpng's jump where something is wrong. */
static void decode(decoding *d)
{
    png_set_read_fn(d->png, d, on_read);
    png_set_chunk_malloc_max(d->png, MOST_CHUNK);
    png_read_info(d->png, d->info);
    describe(d);
    d->status = cop_picture_allocate(d->picture, d->err);
    if (d->status != COP_OK)
        png_longjmp(d->png, 1);
    ask_for_rgb(d);
    int passes = png_set_interlace_handling(d->png);
    png_read_update_info(d->png, d->info);
    size_t stride = 3 * (size_t)d->picture->width;
    if (png_get_rowbytes(d->png, d->info) != stride)
        png_error(d->png, "cannot be made RGB");
    for (int pass = 0; pass < passes; pass++)
        for (int32_t y = 0; y < d->picture->height; y++)
            png_read_row(d->png, d->picture->rgb + stride * (size_t)y, NULL);
    png_read_end(d->png, NULL);
}

/* Apart from what sets the jump up: none of its own variables may change behind its back. */
static void try_decode(decoding *d)
{
    if (setjmp(png_jmpbuf(d->png)) == 0)
        decode(d);
}

cop_status cop_picture_decode_png(const uint8_t *data, size_t size, cop_picture *out,
                                  cop_error *err)
{
    decoding d = {.data = data, .size = size, .picture = out, .status = COP_OK, .err = err};
    d.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &d, on_error, on_warning);
    d.info = d.png != NULL ? png_create_info_struct(d.png) : NULL;
    if (d.info != NULL)
        try_decode(&d);
    else
        d.status = cop_out_of_memory(err);
    if (d.png != NULL)
        png_destroy_read_struct(&d.png, d.info != NULL ? &d.info : NULL, NULL);
    return d.status;
}
