/* picture.c: PNG and JPEG pictures as bytes. What would have to be guessed is refused: another size
 * than the data's, colours where those are grey, transparency, 16 bits, a gamma of its own, inks,
 * what is damaged, a name that is another format's. EXIF's orientation is not read. */
#include "given.h"

#include <string.h>
#include <strings.h>

static bool ends_with(const char *path, const char *end)
{
    size_t length = strlen(path), part = strlen(end);
    return length > part && strcasecmp(path + length - part, end) == 0;
}

/* Why its bytes are not for certain the colours that were meant; NULL: they are. */
static const char *find_doubt(const cop_picture *picture, bool is_png)
{
    if (cop_picture_is_jpeg(picture) == is_png)
        return is_png ? "is a JPEG file, and is called .png" : "is a PNG file, and is called .jpg";
    if (cop_picture_has_transparency(picture) || cop_picture_bits(picture) > 8)
        return "has transparency or 16 bits, wanted 8-bit colours";
    if (cop_picture_has_gamma(picture))
        return "states a gamma that is not sRGB's, wanted 8-bit colours of sRGB";
    if (cop_picture_channels(picture) > 3)
        return "is in four inks (CMYK), wanted colours";
    return NULL;
}

static cop_status check(const char *path, const cop_picture *picture, const cop_task *task,
                        bool is_png, cop_error *err)
{
    int32_t width = cop_picture_width(picture), height = cop_picture_height(picture);
    const char *doubt = find_doubt(picture, is_png), *flaw = cop_picture_flaw(picture);
    if (doubt != NULL)
        return cop_fail(err, COP_FAILED, "%s: %s", path, doubt);
    if (flaw != NULL)
        return cop_fail(err, COP_FAILED, "%s: is damaged: %s", path, flaw);
    if (width != cop_task_width(task) || height != cop_task_height(task))
        return cop_fail(err, COP_FAILED, "%s: is %dx%d, wanted %dx%d as the data's images are",
                        path, (int)width, (int)height, (int)cop_task_width(task),
                        (int)cop_task_height(task));
    return COP_OK;
}

/* For data of one channel: what is grey, whether it was stored as that or as colours. */
static cop_status take_grey(const char *path, const uint8_t *rgb, int64_t count, uint8_t *pixels,
                            cop_error *err)
{
    for (int64_t i = 0; i < count; i++, rgb += 3) {
        if (rgb[0] != rgb[1] || rgb[0] != rgb[2])
            return cop_fail(err, COP_FAILED, "%s: has colours, and the data's images are grey",
                            path);
        pixels[i] = rgb[0];
    }
    return COP_OK;
}

cop_status picture_read(const char *path, const cop_task *task, uint8_t *pixels, cop_error *err)
{
    cop_picture *picture = NULL;
    int64_t count = (int64_t)cop_task_width(task) * cop_task_height(task);
    bool is_png = ends_with(path, ".png");
    if (!is_png && !ends_with(path, ".jpg") && !ends_with(path, ".jpeg"))
        return cop_fail(err, COP_INVALID, "%s: is neither .png nor .jpg nor .jpeg", path);
    COP_TRY(cop_picture_read(path, &picture, err));
    cop_status status = check(path, picture, task, is_png, err);
    if (status == COP_OK && cop_task_channels(task) == 1)
        status = take_grey(path, cop_picture_rgb(picture), count, pixels, err);
    else if (status == COP_OK)
        memcpy(pixels, cop_picture_rgb(picture), 3 * (size_t)count);
    cop_picture_free(picture);
    return status;
}
