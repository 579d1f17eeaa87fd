/* pixelate.c: images of fewer pixels, as large as before. */
#include "corrupt.h"

/* Pixels of a row: how many, and how far apart they lie. */
typedef struct row_of {
    int32_t count;
    int64_t stride;
} row_of;

/* Resizes by Pillow's box filter: a pixel is the mean of those whose middles lie within it, or,
 * where it lies between their middles, a copy of the nearest. */
static void resize(const double *from, row_of in, double *to, row_of out)
{
    double scale = (double)in.count / (double)out.count;
    double width = scale > 1.0 ? scale : 1.0;
    for (int32_t i = 0; i < out.count; i++) {
        double middle = ((double)i + 0.5) * scale, sum = 0.0;
        int32_t first = (int32_t)(middle - 0.5 * width + 0.5), used = 0;
        int32_t last = (int32_t)(middle + 0.5 * width + 0.5);
        last = last > in.count ? in.count : last;
        for (int32_t k = first > 0 ? first : 0; k < last; k++) {
            double at = ((double)k - middle + 0.5) / width;
            if (at <= -0.5 || at > 0.5)
                continue;
            sum += from[k * in.stride];
            used++;
        }
        to[i * out.stride] = used > 0 ? sum / (double)used : 0.0;
    }
}

/* All rows, then all columns, to `height` by `width`; what was in `plane` is gone. */
static void resize_plane(const corruption *c, int32_t in_height, int32_t in_width, int32_t height,
                         int32_t width)
{
    for (int32_t y = 0; y < in_height; y++)
        resize(c->plane + (int64_t)y * in_width, (row_of){in_width, 1},
               c->half + (int64_t)y * width, (row_of){width, 1});
    for (int32_t x = 0; x < width; x++)
        resize(c->half + x, (row_of){in_height, width}, c->plane + x, (row_of){height, width});
}

static int32_t smaller(int32_t side, double share)
{
    int32_t less = (int32_t)((double)side * share);
    return less > 0 ? less : 1;
}

void corruption_pixelate(const corruption *c, double share, float *plane)
{
    int64_t count = (int64_t)c->height * c->width;
    int32_t height = smaller(c->height, share), width = smaller(c->width, share);
    for (int64_t i = 0; i < count; i++)
        c->plane[i] = (double)plane[i];
    resize_plane(c, c->height, c->width, height, width);
    resize_plane(c, height, width, c->height, c->width);
    for (int64_t i = 0; i < count; i++)
        plane[i] = (float)c->plane[i];
}
