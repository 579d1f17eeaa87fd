/* picture_jpeg.c: JPEG files through libjpeg-turbo, with its defaults as Pillow has them: the slow
 * exact transform, and smooth upsampling of chroma. */
#include "store/formats/picture.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jerror.h>
#include <jpeglib.h>

enum {
    MOST_SCANS = 200, /* of a progressive file; a thousand empty ones would take for ever */
    MOST_MEMORY = 1 << 30
};

typedef struct decoding {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf back;
    cop_picture *picture;
    uint8_t *line; /* of CMYK */
    cop_status status;
    cop_error *err;
} decoding;

static decoding *decoding_of(j_common_ptr info)
{
    return info->client_data;
}

static void on_error(j_common_ptr info)
{
    decoding *d = decoding_of(info);
    char text[JMSG_LENGTH_MAX];
    info->err->format_message(info, text);
    bool is_memory = info->err->msg_code == JERR_OUT_OF_MEMORY;
    d->status = cop_fail(d->err, is_memory ? COP_FAILED : COP_INVALID, "%s", text);
    longjmp(d->back, 1);
}

/* Warnings: what makes a part of the picture up is an error here; the first of any others is kept.
 */
static void on_message(j_common_ptr info, int level)
{
    decoding *d = decoding_of(info);
    int code = info->err->msg_code;
    char text[JMSG_LENGTH_MAX];
    if (level >= 0)
        return;
    if (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER)
        on_error(info);
    if (d->picture->flaw[0] != '\0')
        return;
    info->err->format_message(info, text);
    (void)snprintf(d->picture->flaw, sizeof d->picture->flaw, "%s", text);
}

static void on_progress(j_common_ptr info)
{
    decoding *d = decoding_of(info);
    if (d->info.input_scan_number <= MOST_SCANS)
        return;
    d->status = cop_fail(d->err, COP_INVALID, "has more than %d scans", (int)MOST_SCANS);
    longjmp(d->back, 1);
}

static uint8_t product(int a, int b)
{
    int t = a * b + 128;
    return (uint8_t)((t + (t >> 8)) >> 8);
}

/* What Adobe's programs write is inverted. */
static void convert_cmyk(const uint8_t *line, int32_t width, bool is_inverted, uint8_t *rgb)
{
    for (int32_t x = 0; x < width; x++)
        for (int c = 0; c < 3; c++) {
            int ink = line[4 * x + c], key = line[4 * x + 3];
            int white = is_inverted ? key : 255 - key;
            ink = is_inverted ? 255 - ink : ink;
            rgb[3 * x + c] = (uint8_t)(white - product(ink, white));
        }
}

static void read_lines(decoding *d)
{
    bool is_cmyk = d->info.out_color_space == JCS_CMYK;
    size_t width = (size_t)d->picture->width;
    if (is_cmyk) {
        d->line = malloc(4 * width);
        if (d->line == NULL)
            ERREXIT1(&d->info, JERR_OUT_OF_MEMORY, 0);
    }
    while (d->info.output_scanline < d->info.output_height) {
        uint8_t *row = d->picture->rgb + 3 * width * d->info.output_scanline;
        JSAMPROW line = is_cmyk ? d->line : row;
        (void)jpeg_read_scanlines(&d->info, &line, 1);
        if (is_cmyk)
            convert_cmyk(d->line, d->picture->width, d->info.saw_Adobe_marker != FALSE, row);
    }
}

static void describe(decoding *d, bool is_cmyk)
{
    d->picture->is_jpeg = true;
    d->picture->width = (int32_t)d->info.image_width;
    d->picture->height = (int32_t)d->info.image_height;
    d->picture->bits = d->info.data_precision;
    d->picture->channels = is_cmyk ? 4 : d->info.jpeg_color_space == JCS_GRAYSCALE ? 1 : 3;
}

/* Comes back by `back` where something is wrong. */
static void decode(decoding *d, const uint8_t *data, size_t size)
{
    jpeg_create_decompress(&d->info);
    d->info.mem->max_memory_to_use = MOST_MEMORY;
    d->info.progress = &d->progress;
    jpeg_mem_src(&d->info, data, (unsigned long)size);
    (void)jpeg_read_header(&d->info, TRUE);
    bool is_cmyk = d->info.jpeg_color_space == JCS_CMYK || d->info.jpeg_color_space == JCS_YCCK;
    describe(d, is_cmyk);
    d->status = cop_picture_allocate(d->picture, d->err);
    if (d->status != COP_OK)
        longjmp(d->back, 1);
    d->info.out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
    (void)jpeg_start_decompress(&d->info);
    read_lines(d);
    (void)jpeg_finish_decompress(&d->info);
}

/* Apart from what sets the jump up: none of its own variables may change behind its back. */
static void try_decode(decoding *d, const uint8_t *data, size_t size)
{
    if (setjmp(d->back) == 0)
        decode(d, data, size);
}

cop_status cop_picture_decode_jpeg(const uint8_t *data, size_t size, cop_picture *out,
                                   cop_error *err)
{
    decoding d = {.picture = out, .status = COP_OK, .err = err};
    d.info.err = jpeg_std_error(&d.errors);
    d.errors.error_exit = on_error;
    d.errors.emit_message = on_message;
    d.progress.progress_monitor = on_progress;
    d.info.client_data = &d;
    try_decode(&d, data, size);
    jpeg_destroy_decompress(&d.info);
    free(d.line);
    return d.status;
}
