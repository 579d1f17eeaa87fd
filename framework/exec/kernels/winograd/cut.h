/* cut.h (implemented in gradient.c, images.c, winograd.c): how a convolution is cut into tiles;
 * and the two kinds of run. */
#ifndef COP_EXEC_KERNELS_WINOGRAD_CUT_H
#define COP_EXEC_KERNELS_WINOGRAD_CUT_H

#include "exec/kernels/winograd/tiles.h"
#include "exec/kernels/winograd/winograd.h"

/* The smaller and larger of two counts. */
static inline int64_t cop_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t cop_most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

const cop_winograd_scheme *cop_winograd_scheme_of(const cop_conv_spec *spec);

/* Along a side of so many pixels of the forward convolution's result, and in all. */
int64_t cop_winograd_tiles_along(int64_t size);
int64_t cop_winograd_tiles(const cop_conv_spec *spec);

/* An image of x's or y's sizes as so many tiles. */
cop_tiling cop_winograd_tiling(const cop_conv_spec *spec, cop_shape image, int step, int origin,
                               int side);

/* The same tiles of `count` blocks of channels alone (fewer, if there are no more), and where in
 * the image the first of them begins. */
cop_tiling cop_winograd_some_blocks(const cop_tiling *tiling, int64_t first, int64_t count,
                                    int64_t *offset);

/* Floats from one matrix of so many blocks to the next: a line more than its elements, as between a
 * batch's positions and for the same reason. */
static inline int64_t cop_winograd_matrix_step(int64_t in_blocks, int64_t out_blocks)
{
    return (in_blocks * out_blocks * COP_VECTOR + 1) * COP_VECTOR;
}

/* The number of position p's matrix. */
int cop_winograd_matrix(const cop_winograd_scheme *s, int p);

/* From image to image: the forward convolution and the gradient by data. Floats of scratch, and the
 * run. */
size_t cop_winograd_images_floats(const cop_conv_spec *spec, int threads);
void cop_winograd_images(const cop_conv_spec *spec, float *result, const float *operand,
                         const float *weights, float *scratch, int threads);

/* The gradient by the weights, likewise. */
size_t cop_winograd_gradient_floats(const cop_conv_spec *spec, int threads);
void cop_winograd_gradient(const cop_conv_spec *spec, float *result, const float *x,
                           const float *gy, float *scratch, int threads);

#endif
