/* decoders.h: a decoder for each format, in a file of its own: jpeg.c, png.c. */
#ifndef IMAGEFOLDER_DECODERS_H
#define IMAGEFOLDER_DECODERS_H

#include "image.h"

enum {
    MOST_PIXELS = 1 << 26, /* of an image: more are refused before memory is asked for */
    REASON_SIZE = 256
};

/* Decode a file's bytes. On failure `reason` says why, and *out is empty. */
bool jpeg_decode(const uint8_t *data, size_t size, picture *out, char reason[REASON_SIZE]);
bool png_decode(const uint8_t *data, size_t size, picture *out, char reason[REASON_SIZE]);

/* Asks for the pixels of an image whose width and height are set; false with the reason otherwise.
 */
bool image_allocate(picture *image, char reason[REASON_SIZE]);

#endif
