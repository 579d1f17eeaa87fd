/* picture.h (implemented in picture.c, picture_jpeg.c, picture_png.c): pictures (coppice/files.h)
 * and their decoders, one for each format. */
#ifndef COP_STORE_FORMATS_PICTURE_H
#define COP_STORE_FORMATS_PICTURE_H

#include <coppice/files.h>

enum { COP_PICTURE_FLAW_SIZE = 256 };

struct cop_picture {
    uint8_t *rgb; /* owned; NULL until there is room for it */
    int32_t width, height;
    int32_t channels, bits; /* as stored */
    bool is_jpeg, has_transparency, has_gamma;
    char flaw[COP_PICTURE_FLAW_SIZE]; /* empty: none */
};

/* Asks for the pixels of a picture whose width and height are set. COP_INVALID where there are too
 * many or none, COP_FAILED when memory is out. */
cop_status cop_picture_allocate(cop_picture *picture, cop_error *err);

/* Decode a file's bytes into a picture of zeros. COP_INVALID saying why they cannot be decoded,
 * COP_FAILED when memory is out; the picture is to be freed whatever the answer. */
cop_status cop_picture_decode_jpeg(const uint8_t *data, size_t size, cop_picture *out,
                                   cop_error *err);
cop_status cop_picture_decode_png(const uint8_t *data, size_t size, cop_picture *out,
                                  cop_error *err);

#endif
