/* png.c: pictures of pixels, by libpng's simple interface. */
#include "report/renderers/png.h"

#include "core/file.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

cop_status cop_png_write(const char *path, uint32_t width, uint32_t height, const uint8_t *pixels,
                         cop_error *err)
{
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    image.width = width;
    image.height = height;
    image.format = PNG_FORMAT_RGB;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    void *file = malloc(size);
    if (file == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for a picture of %u x %u", width, height);
    cop_status status = COP_OK;
    if (png_image_write_to_memory(&image, file, &size, 0, pixels, 0, NULL) == 0)
        status = cop_fail(err, COP_FAILED, "cannot make %s: %s", path, image.message);
    else
        status = cop_file_write(path, file, size, err);
    free(file);
    return status;
}
