/* pool_2x2.h: 2x2 pooling with stride 2 of some rows of one block of planes, whose lanes
 * (channels) are neighbours at every pixel. */
#ifndef COP_EXEC_KERNELS_POOL_POOL_2X2_H
#define COP_EXEC_KERNELS_POOL_POOL_2X2_H

#include <stdint.h>

/* Rows and columns of the small planes; the large ones have twice as many. */
typedef struct cop_pool2 {
    int64_t rows, columns;
    int32_t lanes;
} cop_pool2;

/* y = the mean of each window of x; and gx = a quarter of gy at each of its pixels. */
void cop_pool2_average(const cop_pool2 *g, float *y, const float *x);
void cop_pool2_average_adjoint(const cop_pool2 *g, float *gx, const float *gy);

/* y = t at the place of each window's maximum of x: the first in row order, and a NaN before any
 * number; and gx = gy at that place, 0 at the others. */
void cop_pool2_take(const cop_pool2 *g, float *y, const float *x, const float *t);
void cop_pool2_put(const cop_pool2 *g, float *gx, const float *x, const float *gy);

#endif
