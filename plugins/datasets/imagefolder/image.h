/* image.h: a decoded image, from the file to what the host wants of it. */
#ifndef IMAGEFOLDER_IMAGE_H
#define IMAGEFOLDER_IMAGE_H

#include <coppice/status.h>

/* Red, green and blue bytes, pixel by pixel, row by row. */
typedef struct picture {
    uint8_t *pixels; /* owned: image_free */
    int32_t width, height;
} picture;

/* Reads a JPEG or PNG file, whatever it is called: grey becomes RGB, a palette its colours, 16 bits
 * 8; alpha is left out, EXIF (its orientation, too) and colour profiles are ignored, CMYK is
 * converted as Pillow does. A file that ends early, is damaged or too large is refused; the message
 * names it. */
cop_status image_read(const char *path, picture *out, cop_error *err);
void image_free(picture *image);

/* The planes R, G, B, each of height by width bytes. */
void image_planes(const picture *image, uint8_t *planes);

/* The planes, each of size by size bytes, of the middle of the image after its shorter side was
 * resized to `size`, as torchvision's Resize and CenterCrop do with a Pillow image: bilinear with
 * antialiasing, weights of 22 bits, rows before columns, rounded to bytes in between. */
cop_status image_fit(const picture *image, int32_t size, uint8_t *planes, cop_error *err);

#endif
