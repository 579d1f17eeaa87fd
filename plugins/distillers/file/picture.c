/* picture.c: PNG and JPEG pictures as bytes. What would have to be guessed is refused: another size
 * or number of channels than the data have, transparency, 16 bits. Of a PNG that states a gamma of
 * its own libpng makes sRGB; EXIF's orientation is not read. */
#include "given.h"

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <jpeglib.h>
#include <png.h>

/* Of errors that libjpeg finds. */
typedef struct jpeg_failure {
    struct jpeg_error_mgr manager; /* first, as libjpeg hands out its address */
    jmp_buf back;
    char message[JMSG_LENGTH_MAX];
} jpeg_failure;

static void leave(j_common_ptr info)
{
    jpeg_failure *failure = (jpeg_failure *)info->err;
    info->err->format_message(info, failure->message);
    longjmp(failure->back, 1);
}

/* A warning is a picture that is not whole: what libjpeg makes up for it is no data. */
static void warn(j_common_ptr info, int level)
{
    if (level < 0)
        leave(info);
}

static cop_status check_size(const char *path, const cop_task *task, int64_t width, int64_t height,
                             cop_error *err)
{
    if (width == cop_task_width(task) && height == cop_task_height(task))
        return COP_OK;
    return cop_fail(err, COP_INVALID, "%s: is %lldx%lld, wanted %dx%d as the data's images are",
                    path, (long long)width, (long long)height, (int)cop_task_width(task),
                    (int)cop_task_height(task));
}

static cop_status read_png(const char *path, FILE *file, const cop_task *task, uint8_t *pixels,
                           cop_error *err)
{
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    cop_status status = COP_OK;
    if (png_image_begin_read_from_stdio(&image, file) == 0)
        status = cop_fail(err, COP_INVALID, "%s: cannot be read: %s", path, image.message);
    else if ((image.format & (PNG_FORMAT_FLAG_ALPHA | PNG_FORMAT_FLAG_LINEAR)) != 0)
        status = cop_fail(err, COP_INVALID, "%s: has transparency or 16 bits, wanted 8-bit colours",
                          path);
    else
        status = check_size(path, task, image.width, image.height, err);
    image.format = cop_task_channels(task) == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
    if (status == COP_OK && png_image_finish_read(&image, NULL, pixels, 0, NULL) == 0)
        status = cop_fail(err, COP_INVALID, "%s: cannot be read: %s", path, image.message);
    png_image_free(&image);
    return status;
}

/* What is set between setjmp and longjmp lives in *info and *failure. */
static cop_status decode_jpeg(const char *path, FILE *file, const cop_task *task,
                              struct jpeg_decompress_struct *info, jpeg_failure *failure,
                              uint8_t *pixels, cop_error *err)
{
    if (setjmp(failure->back) != 0)
        return cop_fail(err, COP_INVALID, "%s: cannot be read: %s", path, failure->message);
    jpeg_create_decompress(info);
    jpeg_stdio_src(info, file);
    (void)jpeg_read_header(info, TRUE);
    COP_TRY(check_size(path, task, info->image_width, info->image_height, err));
    info->out_color_space = cop_task_channels(task) == 1 ? JCS_GRAYSCALE : JCS_RGB;
    info->dct_method = JDCT_ISLOW;
    (void)jpeg_start_decompress(info);
    size_t row = (size_t)info->output_width * (size_t)info->output_components;
    while (info->output_scanline < info->output_height) {
        JSAMPROW line = pixels + info->output_scanline * row;
        (void)jpeg_read_scanlines(info, &line, 1);
    }
    (void)jpeg_finish_decompress(info);
    return COP_OK;
}

static cop_status read_jpeg(const char *path, FILE *file, const cop_task *task, uint8_t *pixels,
                            cop_error *err)
{
    struct jpeg_decompress_struct info;
    jpeg_failure failure;
    memset(&info, 0, sizeof info);
    memset(&failure, 0, sizeof failure);
    info.err = jpeg_std_error(&failure.manager);
    failure.manager.error_exit = leave;
    failure.manager.emit_message = warn;
    cop_status status = decode_jpeg(path, file, task, &info, &failure, pixels, err);
    jpeg_destroy_decompress(&info);
    return status;
}

static bool ends_with(const char *path, const char *end)
{
    size_t length = strlen(path), part = strlen(end);
    return length > part && strcasecmp(path + length - part, end) == 0;
}

cop_status picture_read(const char *path, const cop_task *task, uint8_t *pixels, cop_error *err)
{
    bool is_png = ends_with(path, ".png");
    if (!is_png && !ends_with(path, ".jpg") && !ends_with(path, ".jpeg"))
        return cop_fail(err, COP_INVALID, "%s: is neither .png nor .jpg nor .jpeg", path);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return cop_fail(err, COP_FAILED, "%s: cannot be opened: %s", path, strerror(errno));
    cop_status status =
        is_png ? read_png(path, file, task, pixels, err) : read_jpeg(path, file, task, pixels, err);
    (void)fclose(file);
    return status;
}
