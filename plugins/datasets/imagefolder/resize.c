/* resize.c: pictures as planes: as they are, and by bilinear resizing with antialiasing, in
 * Pillow's fixed-point arithmetic, of the part that is left after the crop. */
#include "image.h"

#include <math.h>
#include <stdlib.h>

void image_planes(const picture *image, uint8_t *planes)
{
    size_t count = (size_t)image->width * (size_t)image->height;
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < 3; c++)
            planes[c * count + i] = image->pixels[3 * i + c];
}

/* A weight of 1 is 2^22: the sum of a pixel's terms fits in 32 bits. */
enum { WEIGHT_BITS = 22 };

/* Along one axis: the input pixels that each output pixel is a weighted mean of. */
typedef struct taps {
    int32_t count;    /* output pixels */
    int32_t most;     /* weights kept for each */
    int32_t *first;   /* [count] its first input pixel */
    int32_t *used;    /* [count] how many it has */
    int32_t *weights; /* [count, most] */
} taps;

static void axis_free(taps *axis)
{
    free(axis->first);
    free(axis->used);
    free(axis->weights);
}

/* Output pixel k of an axis of `from` pixels that `to` are made of: a triangle about its centre, as
 * wide as what it stands for, and no narrower than the neighbouring pixels. */
static void weigh(taps *axis, int32_t i, int32_t k, int32_t from, int32_t to, double *terms)
{
    double scale = (double)from / (double)to, reach = scale > 1.0 ? scale : 1.0;
    double centre = ((double)k + 0.5) * scale, narrow = 1.0 / reach, sum = 0.0;
    int32_t low = (int32_t)(centre - reach + 0.5), high = (int32_t)(centre + reach + 0.5);
    low = low > 0 ? low : 0;
    high = high < from ? high : from;
    for (int32_t j = low; j < high; j++) {
        double distance = fabs(((double)j - centre + 0.5) * narrow);
        terms[j - low] = distance < 1.0 ? 1.0 - distance : 0.0;
        sum += terms[j - low];
    }
    axis->first[i] = low;
    axis->used[i] = high - low;
    for (int32_t j = 0; j < high - low; j++)
        axis->weights[(int64_t)i * axis->most + j] =
            (int32_t)(terms[j] / sum * (double)(1 << WEIGHT_BITS) + 0.5);
}

/* Output pixels skip … skip+count−1 of `to`. */
static bool axis_make(taps *axis, int32_t from, int32_t to, int32_t skip, int32_t count)
{
    double scale = (double)from / (double)to, reach = scale > 1.0 ? scale : 1.0;
    axis->count = count;
    axis->most = (int32_t)ceil(reach) * 2 + 1;
    axis->first = malloc((size_t)count * sizeof *axis->first);
    axis->used = malloc((size_t)count * sizeof *axis->used);
    axis->weights = malloc((size_t)count * (size_t)axis->most * sizeof *axis->weights);
    double *terms = malloc((size_t)axis->most * sizeof *terms);
    bool is_made =
        axis->first != NULL && axis->used != NULL && axis->weights != NULL && terms != NULL;
    for (int32_t i = 0; is_made && i < count; i++)
        weigh(axis, i, skip + i, from, to, terms);
    free(terms);
    return is_made;
}

/* The weighted mean of bytes that lie `stride` apart, as a byte. */
static uint8_t mean_of(const taps *axis, int32_t i, const uint8_t *bytes, size_t stride)
{
    const int32_t *weights = axis->weights + (int64_t)i * axis->most;
    int32_t sum = 1 << (WEIGHT_BITS - 1);
    for (int32_t j = 0; j < axis->used[i]; j++)
        sum += bytes[(size_t)j * stride] * weights[j];
    sum = sum < 0 ? 0 : sum >> WEIGHT_BITS;
    return (uint8_t)(sum < 255 ? sum : 255);
}

/* Rows first, of the input rows that the columns will read: rows [from, to) of the input become the
 * rows of `narrow`. */
static void pass_rows(const picture *in, const taps *x, int32_t from, int32_t to, uint8_t *narrow)
{
    for (int32_t row = from; row < to; row++) {
        const uint8_t *line = in->pixels + 3 * (size_t)in->width * (size_t)row;
        for (int32_t i = 0; i < x->count; i++)
            for (int c = 0; c < 3; c++)
                *narrow++ = mean_of(x, i, line + 3 * x->first[i] + c, 3);
    }
}

static void pass_columns(const taps *y, int32_t from, int32_t size, const uint8_t *narrow,
                         uint8_t *planes)
{
    size_t stride = 3 * (size_t)size;
    for (int32_t c = 0; c < 3; c++)
        for (int32_t i = 0; i < size; i++)
            for (int32_t k = 0; k < size; k++)
                *planes++ = mean_of(
                    y, i, narrow + (size_t)(y->first[i] - from) * stride + 3 * k + c, stride);
}

static bool resample(const picture *in, const taps *x, const taps *y, uint8_t *planes)
{
    int32_t last = y->count - 1, from = y->first[0], to = y->first[last] + y->used[last];
    uint8_t *narrow = malloc(3 * (size_t)x->count * (size_t)(to - from));
    if (narrow == NULL)
        return false;
    pass_rows(in, x, from, to, narrow);
    pass_columns(y, from, x->count, narrow, planes);
    free(narrow);
    return true;
}

/* Half of what is too much, to the even one where that is no whole number: Python's round. */
static int32_t crop_at(int32_t length, int32_t size)
{
    int32_t more = length - size;
    return more / 2 + (more % 2 != 0 && more / 2 % 2 != 0 ? 1 : 0);
}

/* The longer side where the shorter one becomes `size`. */
static int32_t scaled(int32_t side, int32_t shorter, int32_t size)
{
    return (int32_t)((double)((int64_t)size * side) / (double)shorter);
}

cop_status image_fit(const picture *image, int32_t size, uint8_t *planes, cop_error *err)
{
    int32_t shorter = image->width < image->height ? image->width : image->height;
    int32_t width = scaled(image->width, shorter, size);
    int32_t height = scaled(image->height, shorter, size);
    taps x = {0}, y = {0};
    bool is_done = axis_make(&x, image->width, width, crop_at(width, size), size) &&
                   axis_make(&y, image->height, height, crop_at(height, size), size) &&
                   resample(image, &x, &y, planes);
    axis_free(&x);
    axis_free(&y);
    return is_done ? COP_OK : cop_fail(err, COP_FAILED, "out of memory");
}
