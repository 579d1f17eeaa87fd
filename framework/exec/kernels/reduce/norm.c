/* norm.c: the parts of batch and instance normalisation that are not elementwise.
 *
 * A plane is the H·W elements of one sample's channel. A statistic covers one plane (per image) or
 * a channel's plane in every sample (per batch); each is computed by one thread, plane by plane. */
#include "exec/kernels/kernels.h"

#include <math.h>

enum { BLOCK = 1024, SERIAL_COUNT = 8192 };

/* Which planes share a statistic: count planes, step elements apart. */
typedef struct grouping {
    int64_t groups, planes, step, plane;
} grouping;

static grouping planes_of(cop_shape shape, cop_norm_axes over)
{
    int64_t samples = shape.dim[0], channels = shape.dim[1], plane = 1;
    for (int axis = 2; axis < shape.rank; axis++)
        plane *= shape.dim[axis];
    if (over == COP_NORM_OVER_BATCH)
        return (grouping){channels, samples, channels * plane, plane};
    return (grouping){samples * channels, 1, 0, plane};
}

static double squares_about(const float *x, float mean, int64_t count)
{
    double total = 0.0;
    for (int64_t at = 0; at < count; at += BLOCK) {
        int64_t end = at + BLOCK < count ? at + BLOCK : count;
        float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
        for (int64_t i = at; i < end; i++) {
            float off = x[i] - mean;
            sum += off * off;
        }
        total += (double)sum;
    }
    return total;
}

void cop_kernel_variance(float *out, const float *x, const float *mean, cop_shape shape,
                         cop_norm_axes over, int threads)
{
    grouping g = planes_of(shape, over);
    double each = (double)(g.planes * g.plane);
#pragma omp parallel for schedule(static)                                                          \
    num_threads(threads) if (g.groups * g.planes * g.plane >= SERIAL_COUNT)
    for (int64_t k = 0; k < g.groups; k++) {
        double total = 0.0;
        for (int64_t p = 0; p < g.planes; p++)
            total += squares_about(x + k * g.plane + p * g.step, mean[k], g.plane);
        out[k] = (float)(total / each);
    }
}

/* Adds Σu to sums[0] and Σu·y to sums[1]. */
static void add_sums(const float *u, const float *y, int64_t count, double *sums)
{
    for (int64_t at = 0; at < count; at += BLOCK) {
        int64_t end = at + BLOCK < count ? at + BLOCK : count;
        float sum = 0.0f, product = 0.0f;
#pragma omp simd reduction(+ : sum, product)
        for (int64_t i = at; i < end; i++) {
            sum += u[i];
            product += u[i] * y[i];
        }
        sums[0] += (double)sum;
        sums[1] += (double)product;
    }
}

void cop_kernel_normalize_jacobian(float *out, const float *u, const float *y, const float *r,
                                   cop_shape shape, cop_norm_axes over, int threads)
{
    grouping g = planes_of(shape, over);
    double each = (double)(g.planes * g.plane);
#pragma omp parallel for schedule(static)                                                          \
    num_threads(threads) if (g.groups * g.planes * g.plane >= SERIAL_COUNT)
    for (int64_t k = 0; k < g.groups; k++) {
        double sums[2] = {0.0, 0.0};
        for (int64_t p = 0; p < g.planes; p++) {
            int64_t at = k * g.plane + p * g.step;
            add_sums(u + at, y + at, g.plane, sums);
        }
        float mean = (float)(sums[0] / each), slope = (float)(sums[1] / each), scale = r[k];
        for (int64_t p = 0; p < g.planes; p++) {
            int64_t at = k * g.plane + p * g.step;
#pragma omp simd
            for (int64_t i = at; i < at + g.plane; i++)
                out[i] = scale * (u[i] - mean - y[i] * slope);
        }
    }
}
