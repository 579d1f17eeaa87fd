/* image.h: from a picture to what the host wants of it. */
#ifndef IMAGEFOLDER_IMAGE_H
#define IMAGEFOLDER_IMAGE_H

#include <coppice/status.h>

/* Red, green and blue bytes, pixel by pixel, row by row; they are somebody else's. */
typedef struct picture {
    const uint8_t *pixels;
    int32_t width, height;
} picture;

/* The planes R, G, B, each of height by width bytes. */
void image_planes(const picture *image, uint8_t *planes);

/* The planes, each of size by size bytes, of the middle of the image after its shorter side was
 * resized to `size`, as torchvision's Resize and CenterCrop do with a Pillow image: bilinear with
 * antialiasing, weights of 22 bits, rows before columns, rounded to bytes in between. */
cop_status image_fit(const picture *image, int32_t size, uint8_t *planes, cop_error *err);

#endif
