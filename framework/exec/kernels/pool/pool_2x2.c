/* pool_2x2.c: 2x2 pooling. Every loop over lanes has a constant length once it is inlined into
 * one of the three cases below, and is one or two vector instructions then. */
#include "exec/kernels/pool/pool_2x2.h"

#include <math.h>

/* The four pixels of a window, as offsets from its first. */
typedef struct corners {
    int64_t right, below, across;
} corners;

static inline corners corners_of(const cop_pool2 *g, int32_t lanes)
{
    int64_t row = 2 * g->columns * lanes;
    return (corners){lanes, row, row + lanes};
}

static inline __attribute__((always_inline)) void average(const cop_pool2 *g, float *y,
                                                          const float *x, const int32_t lanes)
{
    corners at = corners_of(g, lanes);
    for (int64_t i = 0; i < g->rows; i++, x += at.below)
        for (int64_t j = 0; j < g->columns; j++, x += 2 * lanes, y += lanes)
#pragma omp simd
            for (int32_t l = 0; l < lanes; l++)
                y[l] = 0.25f * (x[l] + x[at.right + l] + x[at.below + l] + x[at.across + l]);
}

static inline __attribute__((always_inline)) void
average_adjoint(const cop_pool2 *g, float *gx, const float *gy, const int32_t lanes)
{
    corners at = corners_of(g, lanes);
    for (int64_t i = 0; i < g->rows; i++, gx += at.below)
        for (int64_t j = 0; j < g->columns; j++, gx += 2 * lanes, gy += lanes)
#pragma omp simd
            for (int32_t l = 0; l < lanes; l++)
                gx[l] = gx[at.right + l] = gx[at.below + l] = gx[at.across + l] = 0.25f * gy[l];
}

/* Whether b comes before a as the window's maximum, a being earlier in row order. */
static inline int beats(float b, float a)
{
    return !(b <= a) && !isnan(a);
}

static inline __attribute__((always_inline)) void take(const cop_pool2 *g, float *y, const float *x,
                                                       const float *t, const int32_t lanes)
{
    corners at = corners_of(g, lanes);
    for (int64_t i = 0; i < g->rows; i++, x += at.below, t += at.below)
        for (int64_t j = 0; j < g->columns; j++, x += 2 * lanes, t += 2 * lanes, y += lanes)
#pragma omp simd
            for (int32_t l = 0; l < lanes; l++) {
                float best = x[l], value = t[l];
                value = beats(x[at.right + l], best) ? t[at.right + l] : value;
                best = beats(x[at.right + l], best) ? x[at.right + l] : best;
                value = beats(x[at.below + l], best) ? t[at.below + l] : value;
                best = beats(x[at.below + l], best) ? x[at.below + l] : best;
                y[l] = beats(x[at.across + l], best) ? t[at.across + l] : value;
            }
}

static inline __attribute__((always_inline)) void put(const cop_pool2 *g, float *gx, const float *x,
                                                      const float *gy, const int32_t lanes)
{
    corners at = corners_of(g, lanes);
    for (int64_t i = 0; i < g->rows; i++, x += at.below, gx += at.below)
        for (int64_t j = 0; j < g->columns; j++, x += 2 * lanes, gx += 2 * lanes, gy += lanes)
#pragma omp simd
            for (int32_t l = 0; l < lanes; l++) {
                float best = x[l];
                int32_t place = 0;
                place = beats(x[at.right + l], best) ? 1 : place;
                best = beats(x[at.right + l], best) ? x[at.right + l] : best;
                place = beats(x[at.below + l], best) ? 2 : place;
                best = beats(x[at.below + l], best) ? x[at.below + l] : best;
                place = beats(x[at.across + l], best) ? 3 : place;
                gx[l] = place == 0 ? gy[l] : 0.0f;
                gx[at.right + l] = place == 1 ? gy[l] : 0.0f;
                gx[at.below + l] = place == 2 ? gy[l] : 0.0f;
                gx[at.across + l] = place == 3 ? gy[l] : 0.0f;
            }
}

void cop_pool2_average(const cop_pool2 *g, float *y, const float *x)
{
    if (g->lanes == 16)
        average(g, y, x, 16);
    else if (g->lanes == 8)
        average(g, y, x, 8);
    else
        average(g, y, x, 1);
}

void cop_pool2_average_adjoint(const cop_pool2 *g, float *gx, const float *gy)
{
    if (g->lanes == 16)
        average_adjoint(g, gx, gy, 16);
    else if (g->lanes == 8)
        average_adjoint(g, gx, gy, 8);
    else
        average_adjoint(g, gx, gy, 1);
}

void cop_pool2_take(const cop_pool2 *g, float *y, const float *x, const float *t)
{
    if (g->lanes == 16)
        take(g, y, x, t, 16);
    else if (g->lanes == 8)
        take(g, y, x, t, 8);
    else
        take(g, y, x, t, 1);
}

void cop_pool2_put(const cop_pool2 *g, float *gx, const float *x, const float *gy)
{
    if (g->lanes == 16)
        put(g, gx, x, gy, 16);
    else if (g->lanes == 8)
        put(g, gx, x, gy, 8);
    else
        put(g, gx, x, gy, 1);
}
