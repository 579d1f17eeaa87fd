/* picture.c: pictures for plugins (coppice/files.h): the format by its first bytes, and what is
 * common to both. */
#include "store/formats/picture.h"

#include "core/file.h"
#include "core/memory.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_BYTES = 1 << 28, /* of a file */
    MOST_PIXELS = 1 << 26 /* more are refused before memory is asked for */
};

void cop_picture_free(cop_picture *picture)
{
    if (picture == NULL)
        return;
    free(picture->rgb);
    free(picture);
}

int32_t cop_picture_width(const cop_picture *picture)
{
    return picture->width;
}

int32_t cop_picture_height(const cop_picture *picture)
{
    return picture->height;
}

const uint8_t *cop_picture_rgb(const cop_picture *picture)
{
    return picture->rgb;
}

bool cop_picture_is_jpeg(const cop_picture *picture)
{
    return picture->is_jpeg;
}

int32_t cop_picture_channels(const cop_picture *picture)
{
    return picture->channels;
}

int32_t cop_picture_bits(const cop_picture *picture)
{
    return picture->bits;
}

bool cop_picture_has_transparency(const cop_picture *picture)
{
    return picture->has_transparency;
}

bool cop_picture_has_gamma(const cop_picture *picture)
{
    return picture->has_gamma;
}

const char *cop_picture_flaw(const cop_picture *picture)
{
    return picture->flaw[0] != '\0' ? picture->flaw : NULL;
}

cop_status cop_picture_allocate(cop_picture *picture, cop_error *err)
{
    int64_t pixels = (int64_t)picture->width * picture->height;
    if (picture->width < 1 || picture->height < 1 || pixels > MOST_PIXELS)
        return cop_fail(err, COP_INVALID, "%d x %d pixels, at most %d are read",
                        (int)picture->width, (int)picture->height, (int)MOST_PIXELS);
    picture->rgb = calloc((size_t)pixels, 3);
    return picture->rgb != NULL ? COP_OK : cop_out_of_memory(err);
}

/* What a file is called proves nothing (ImageNet has a PNG that is called JPEG). */
static cop_status decode(const uint8_t *data, size_t size, cop_picture *out, cop_error *err)
{
    static const uint8_t jpeg[] = {0xff, 0xd8, 0xff};
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    if (size >= sizeof jpeg && memcmp(data, jpeg, sizeof jpeg) == 0)
        return cop_picture_decode_jpeg(data, size, out, err);
    if (size >= sizeof png && memcmp(data, png, sizeof png) == 0)
        return cop_picture_decode_png(data, size, out, err);
    return cop_fail(err, COP_INVALID, "begins as neither a JPEG nor a PNG file does");
}

/* Decodes, and names the file where that fails. */
static cop_status take_bytes(const char *path, const void *data, size_t size, cop_picture *out,
                             cop_error *err)
{
    char shown[256];
    cop_error inner = {0};
    cop_status status = decode(data, size, out, &inner);
    if (status == COP_OK)
        return COP_OK;
    return cop_fail(err, status, "%s: cannot be decoded: %s", cop_escape(path, shown, sizeof shown),
                    inner.message);
}

cop_status cop_picture_read(const char *path, cop_picture **out, cop_error *err)
{
    char *data = NULL;
    size_t size = 0;
    cop_picture *picture = calloc(1, sizeof *picture);
    if (picture == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_file_read_regular(path, MOST_BYTES, &data, &size, err);
    if (status == COP_OK)
        status = take_bytes(path, data, size, picture, err);
    free(data);
    if (status == COP_OK)
        *out = picture;
    else
        cop_picture_free(picture);
    return status;
}
