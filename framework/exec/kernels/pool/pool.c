/* pool.c: average and maximum pooling and their adjoints, plane by plane. */
#include "exec/kernels/kernels.h"

#include <math.h>
#include <string.h>

enum { SERIAL_COUNT = 8192 };

/* One plane's geometry. */
typedef struct planes {
    int64_t count, height, width, out_height, out_width;
    cop_window window;
} planes;

static planes planes_of(cop_shape big, cop_shape small, cop_window window)
{
    return (planes){
        big.dim[0] * big.dim[1], big.dim[2], big.dim[3], small.dim[2], small.dim[3], window};
}

/* The part of a window that lies inside the image: rows top … bottom−1, columns left … right−1. */
typedef struct box {
    int64_t top, bottom, left, right;
} box;

static int64_t at_least(int64_t a, int64_t low)
{
    return a > low ? a : low;
}

static int64_t at_most(int64_t a, int64_t high)
{
    return a < high ? a : high;
}

static box window_at(const planes *g, int64_t i, int64_t j)
{
    int64_t top = i * g->window.stride_h - g->window.pad_h;
    int64_t left = j * g->window.stride_w - g->window.pad_w;
    return (box){at_least(top, 0), at_most(top + g->window.size_h, g->height), at_least(left, 0),
                 at_most(left + g->window.size_w, g->width)};
}

/* The commonest window: 2x2 side by side, no padding. */
static bool is_halving(const planes *g)
{
    cop_window w = g->window;
    return w.size_h == 2 && w.size_w == 2 && w.stride_h == 2 && w.stride_w == 2 && w.pad_h == 0 &&
           w.pad_w == 0;
}

static void halve(const planes *g, float *y, const float *x)
{
    for (int64_t i = 0; i < g->out_height; i++) {
        const float *upper = x + 2 * i * g->width, *lower = upper + g->width;
        float *row = y + i * g->out_width;
#pragma omp simd
        for (int64_t j = 0; j < g->out_width; j++)
            row[j] = 0.25f * (upper[2 * j] + upper[2 * j + 1] + lower[2 * j] + lower[2 * j + 1]);
    }
}

static void average(const planes *g, float *y, const float *x)
{
    float scale = 1.0f / (float)(g->window.size_h * g->window.size_w);
    for (int64_t i = 0; i < g->out_height; i++)
        for (int64_t j = 0; j < g->out_width; j++) {
            box b = window_at(g, i, j);
            double sum = 0.0;
            for (int64_t h = b.top; h < b.bottom; h++)
                for (int64_t w = b.left; w < b.right; w++)
                    sum += (double)x[h * g->width + w];
            y[i * g->out_width + j] = scale * (float)sum;
        }
}

void cop_kernel_avg_pool(float *y, const float *x, cop_shape big, cop_shape small,
                         cop_window window, int threads)
{
    planes g = planes_of(big, small, window);
    int64_t plane = g.height * g.width, out_plane = g.out_height * g.out_width;
    bool fast = is_halving(&g);
#pragma omp parallel for schedule(static) num_threads(threads) if (g.count * plane >= SERIAL_COUNT)
    for (int64_t k = 0; k < g.count; k++) {
        if (fast)
            halve(&g, y + k * out_plane, x + k * plane);
        else
            average(&g, y + k * out_plane, x + k * plane);
    }
}

/* Every element of an even image belongs to one window: written once, nothing to clear. */
static void halve_adjoint(const planes *g, float *gx, const float *gy)
{
    for (int64_t i = 0; i < g->out_height; i++) {
        float *upper = gx + 2 * i * g->width, *lower = upper + g->width;
        const float *row = gy + i * g->out_width;
#pragma omp simd
        for (int64_t j = 0; j < g->out_width; j++) {
            float value = 0.25f * row[j];
            upper[2 * j] = value;
            upper[2 * j + 1] = value;
            lower[2 * j] = value;
            lower[2 * j + 1] = value;
        }
    }
}

static void average_adjoint(const planes *g, float *gx, const float *gy)
{
    float scale = 1.0f / (float)(g->window.size_h * g->window.size_w);
    memset(gx, 0, (size_t)(g->height * g->width) * sizeof *gx);
    for (int64_t i = 0; i < g->out_height; i++)
        for (int64_t j = 0; j < g->out_width; j++) {
            box b = window_at(g, i, j);
            float value = scale * gy[i * g->out_width + j];
            for (int64_t h = b.top; h < b.bottom; h++)
                for (int64_t w = b.left; w < b.right; w++)
                    gx[h * g->width + w] += value;
        }
}

void cop_kernel_avg_pool_adjoint(float *gx, const float *gy, cop_shape big, cop_shape small,
                                 cop_window window, int threads)
{
    planes g = planes_of(big, small, window);
    int64_t plane = g.height * g.width, out_plane = g.out_height * g.out_width;
    bool fast = is_halving(&g) && g.height == 2 * g.out_height && g.width == 2 * g.out_width;
#pragma omp parallel for schedule(static) num_threads(threads) if (g.count * plane >= SERIAL_COUNT)
    for (int64_t k = 0; k < g.count; k++) {
        if (fast)
            halve_adjoint(&g, gx + k * plane, gy + k * out_plane);
        else
            average_adjoint(&g, gx + k * plane, gy + k * out_plane);
    }
}

/* Where the window's maximum is, the first in row order, and a NaN before any number; −1 where no
 * pixel is in the window. */
static int64_t place_of_maximum(const planes *g, const float *x, int64_t i, int64_t j)
{
    box b = window_at(g, i, j);
    int64_t best = -1;
    for (int64_t h = b.top; h < b.bottom; h++)
        for (int64_t w = b.left; w < b.right; w++)
            if (best < 0 || (!(x[h * g->width + w] <= x[best]) && !isnan(x[best])))
                best = h * g->width + w;
    return best;
}

void cop_kernel_max_pool_take(float *y, const float *x, const float *t, cop_shape big,
                              cop_shape small, cop_window window, int threads)
{
    planes g = planes_of(big, small, window);
    int64_t plane = g.height * g.width, out_plane = g.out_height * g.out_width;
#pragma omp parallel for schedule(static) num_threads(threads) if (g.count * plane >= SERIAL_COUNT)
    for (int64_t k = 0; k < g.count; k++)
        for (int64_t i = 0; i < g.out_height; i++)
            for (int64_t j = 0; j < g.out_width; j++) {
                int64_t at = place_of_maximum(&g, x + k * plane, i, j);
                y[k * out_plane + i * g.out_width + j] = at < 0 ? 0.0f : t[k * plane + at];
            }
}

void cop_kernel_max_pool_put(float *gx, const float *x, const float *gy, cop_shape big,
                             cop_shape small, cop_window window, int threads)
{
    planes g = planes_of(big, small, window);
    int64_t plane = g.height * g.width, out_plane = g.out_height * g.out_width;
#pragma omp parallel for schedule(static) num_threads(threads) if (g.count * plane >= SERIAL_COUNT)
    for (int64_t k = 0; k < g.count; k++) {
        memset(gx + k * plane, 0, (size_t)plane * sizeof *gx);
        for (int64_t i = 0; i < g.out_height; i++)
            for (int64_t j = 0; j < g.out_width; j++) {
                int64_t at = place_of_maximum(&g, x + k * plane, i, j);
                if (at >= 0)
                    gx[k * plane + at] += gy[k * out_plane + i * g.out_width + j];
            }
    }
}
