/* png.h: pictures of pixels. */
#ifndef COP_REPORT_RENDERERS_PNG_H
#define COP_REPORT_RENDERERS_PNG_H

#include <coppice/status.h>

/* Writes an 8-bit RGB picture, pixels [height, width, 3], atomically. */
cop_status cop_png_write(const char *path, uint32_t width, uint32_t height, const uint8_t *pixels,
                         cop_error *err);

#endif
