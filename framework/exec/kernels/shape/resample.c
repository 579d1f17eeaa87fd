/* resample.c: bilinear resizing, affine sampling, shifts, flips and boxes. Coordinates are
 * computed in double, so that the pixels met are those of exact arithmetic. */
#include "exec/kernels/kernels.h"

#include <math.h>
#include <string.h>

enum { SERIAL_COUNT = 4096 };

/* Output position i reads positions low and high, weighted 1 − part and part. */
typedef struct blend {
    int64_t low, high;
    float part;
} blend;

static blend blend_at(int64_t i, int64_t from, int64_t to)
{
    double at = ((double)i + 0.5) * (double)from / (double)to - 0.5;
    if (at < 0.0)
        at = 0.0;
    int64_t low = (int64_t)at;
    if (low > from - 1)
        low = from - 1;
    return (blend){low, low + 1 < from ? low + 1 : low, (float)(at - (double)low)};
}

void cop_kernel_resize(float *y, const float *x, cop_shape from, cop_shape to, int threads)
{
    int64_t planes = from.dim[0] * from.dim[1], width = from.dim[3], out_width = to.dim[3];
    int64_t plane = from.dim[2] * width, out_plane = to.dim[2] * out_width;
#pragma omp parallel for schedule(static)                                                          \
    num_threads(threads) if (planes * out_plane >= SERIAL_COUNT)
    for (int64_t k = 0; k < planes; k++)
        for (int64_t i = 0; i < to.dim[2]; i++) {
            blend v = blend_at(i, from.dim[2], to.dim[2]);
            const float *upper = x + k * plane + v.low * width,
                        *lower = x + k * plane + v.high * width;
            for (int64_t j = 0; j < out_width; j++) {
                blend h = blend_at(j, width, out_width);
                float top = upper[h.low] + h.part * (upper[h.high] - upper[h.low]);
                float bottom = lower[h.low] + h.part * (lower[h.high] - lower[h.low]);
                y[k * out_plane + i * out_width + j] = top + v.part * (bottom - top);
            }
        }
}

void cop_kernel_resize_adjoint(float *gx, const float *gy, cop_shape from, cop_shape to,
                               int threads)
{
    int64_t planes = from.dim[0] * from.dim[1], width = from.dim[3], out_width = to.dim[3];
    int64_t plane = from.dim[2] * width, out_plane = to.dim[2] * out_width;
#pragma omp parallel for schedule(static)                                                          \
    num_threads(threads) if (planes * out_plane >= SERIAL_COUNT)
    for (int64_t k = 0; k < planes; k++) {
        memset(gx + k * plane, 0, (size_t)plane * sizeof *gx);
        for (int64_t i = 0; i < to.dim[2]; i++) {
            blend v = blend_at(i, from.dim[2], to.dim[2]);
            float *upper = gx + k * plane + v.low * width, *lower = gx + k * plane + v.high * width;
            for (int64_t j = 0; j < out_width; j++) {
                blend h = blend_at(j, width, out_width);
                float value = gy[k * out_plane + i * out_width + j];
                float bottom = v.part * value, top = value - bottom;
                upper[h.low] += top - h.part * top;
                upper[h.high] += h.part * top;
                lower[h.low] += bottom - h.part * bottom;
                lower[h.high] += h.part * bottom;
            }
        }
    }
}

/* The four pixels that one sample blends; weight 0 and place 0 for those outside the image. */
typedef struct corners {
    int64_t at[4];
    float weight[4];
} corners;

/* Where output pixel (i, j) of a height × width image samples its input, by one sample's theta. */
static corners corners_at(const float *theta, int64_t i, int64_t j, int64_t height, int64_t width)
{
    corners c = {{0}, {0}};
    double across = (2.0 * (double)j + 1.0) / (double)width - 1.0;
    double down = (2.0 * (double)i + 1.0) / (double)height - 1.0;
    double x = (double)theta[0] * across + (double)theta[1] * down + (double)theta[2];
    double y = (double)theta[3] * across + (double)theta[4] * down + (double)theta[5];
    x = ((x + 1.0) * (double)width - 1.0) / 2.0;
    y = ((y + 1.0) * (double)height - 1.0) / 2.0;
    if (!(x > -1.0 && x < (double)width && y > -1.0 && y < (double)height))
        return c;
    double left = floor(x), top = floor(y);
    for (int k = 0; k < 4; k++) {
        int64_t w = (int64_t)left + k % 2, h = (int64_t)top + k / 2;
        if (w < 0 || w >= width || h < 0 || h >= height)
            continue;
        double part = k % 2 == 1 ? x - left : 1.0 - (x - left);
        part *= k / 2 == 1 ? y - top : 1.0 - (y - top);
        c.at[k] = h * width + w;
        c.weight[k] = (float)part;
    }
    return c;
}

void cop_kernel_affine_sample(float *y, const float *x, const float *theta, cop_shape shape,
                              int threads)
{
    int64_t channels = shape.dim[1], height = shape.dim[2], width = shape.dim[3];
    int64_t plane = height * width;
#pragma omp parallel for schedule(static)                                                          \
    num_threads(threads) if (shape.dim[0] * channels * plane >= SERIAL_COUNT)
    for (int64_t n = 0; n < shape.dim[0]; n++)
        for (int64_t i = 0; i < height; i++)
            for (int64_t j = 0; j < width; j++) {
                corners k = corners_at(theta + 6 * n, i, j, height, width);
                for (int64_t c = 0; c < channels; c++) {
                    const float *image = x + (n * channels + c) * plane;
                    y[(n * channels + c) * plane + i * width + j] =
                        k.weight[0] * image[k.at[0]] + k.weight[1] * image[k.at[1]] +
                        k.weight[2] * image[k.at[2]] + k.weight[3] * image[k.at[3]];
                }
            }
}

void cop_kernel_affine_sample_adjoint(float *gx, const float *gy, const float *theta,
                                      cop_shape shape, int threads)
{
    int64_t channels = shape.dim[1], height = shape.dim[2], width = shape.dim[3];
    int64_t plane = height * width;
#pragma omp parallel for schedule(static)                                                          \
    num_threads(threads) if (shape.dim[0] * channels * plane >= SERIAL_COUNT)
    for (int64_t n = 0; n < shape.dim[0]; n++) {
        memset(gx + n * channels * plane, 0, (size_t)(channels * plane) * sizeof *gx);
        for (int64_t i = 0; i < height; i++)
            for (int64_t j = 0; j < width; j++) {
                corners k = corners_at(theta + 6 * n, i, j, height, width);
                for (int64_t c = 0; c < channels; c++) {
                    float *image = gx + (n * channels + c) * plane;
                    float value = gy[(n * channels + c) * plane + i * width + j];
                    for (int corner = 0; corner < 4; corner++)
                        image[k.at[corner]] += k.weight[corner] * value;
                }
            }
    }
}

/* A run-time offset as a number; beyond the image (or not a number) it is `limit`: all zeros. */
static int64_t whole(float offset, int64_t limit)
{
    return fabsf(offset) < (float)limit ? (int64_t)lrintf(offset) : limit;
}

void cop_kernel_shift(float *y, const float *x, const float *offset, cop_shape shape, int threads)
{
    int64_t channels = shape.dim[1], height = shape.dim[2], width = shape.dim[3];
    int64_t planes = shape.dim[0] * channels, plane = height * width;
#pragma omp parallel for schedule(static) num_threads(threads) if (planes * plane >= SERIAL_COUNT)
    for (int64_t k = 0; k < planes; k++) {
        int64_t down = whole(offset[2 * (k / channels)], height);
        int64_t across = whole(offset[2 * (k / channels) + 1], width);
        int64_t from = across < 0 ? -across : 0, to = across > 0 ? width - across : width;
        memset(y + k * plane, 0, (size_t)plane * sizeof *y);
        for (int64_t i = 0; i < height && from < to; i++)
            if (i + down >= 0 && i + down < height)
                memcpy(y + k * plane + i * width + from,
                       x + k * plane + (i + down) * width + from + across,
                       (size_t)(to - from) * sizeof *y);
    }
}

void cop_kernel_flip(float *y, const float *x, const float *flag, cop_shape shape, int threads)
{
    int64_t channels = shape.dim[1], height = shape.dim[2], width = shape.dim[3];
    int64_t planes = shape.dim[0] * channels, plane = height * width;
#pragma omp parallel for schedule(static) num_threads(threads) if (planes * plane >= SERIAL_COUNT)
    for (int64_t k = 0; k < planes; k++) {
        const float *from = x + k * plane;
        float *to = y + k * plane;
        if (flag[k / channels] == 0.0f) {
            memcpy(to, from, (size_t)plane * sizeof *y);
            continue;
        }
        for (int64_t i = 0; i < height; i++)
            for (int64_t j = 0; j < width; j++)
                to[i * width + j] = from[i * width + width - 1 - j];
    }
}

/* A box's edge, clipped to 0 … limit. */
static int64_t edge(float at, int64_t limit)
{
    if (!(at > 0.0f))
        return 0;
    return at < (float)limit ? (int64_t)lrintf(at) : limit;
}

void cop_kernel_box_mask(float *mask, const float *box, cop_shape shape, int threads)
{
    int64_t height = shape.dim[2], width = shape.dim[3];
#pragma omp parallel for schedule(static)                                                          \
    num_threads(threads) if (shape.dim[0] * height * width >= SERIAL_COUNT)
    for (int64_t n = 0; n < shape.dim[0]; n++) {
        int64_t top = edge(box[4 * n], height), left = edge(box[4 * n + 1], width);
        int64_t bottom = edge(box[4 * n + 2], height), right = edge(box[4 * n + 3], width);
        for (int64_t i = 0; i < height; i++)
            for (int64_t j = 0; j < width; j++)
                mask[(n * height + i) * width + j] =
                    i >= top && i < bottom && j >= left && j < right ? 0.0f : 1.0f;
    }
}
