/* multiply.h: the products at one position of Winograd's tiles.
 *
 * Rows, one per tile, lie by blocks of sixteen channels: channel 16·b + l of row t is at
 * data[b·step + 16·t + l]. A matrix [in, out] lies by blocks of sixteen columns: element (c, 16·b +
 * l) is at [(b·in + c)·16 + l]. */
#ifndef COP_EXEC_KERNELS_WINOGRAD_MULTIPLY_H
#define COP_EXEC_KERNELS_WINOGRAD_MULTIPLY_H

#include "exec/kernels/vector.h"

/* out = in · matrix, for rows of in_blocks and out_blocks blocks of channels. The sum for an
 * element goes over `in` in order, whatever the number of rows. */
void cop_winograd_multiply(float *out, int64_t out_step, const float *in, int64_t in_step,
                           const float *matrix, int64_t rows, int64_t in_blocks,
                           int64_t out_blocks);

/* matrix (+)= leftᵀ · right, for all in_blocks blocks of `left` and `columns` blocks of `right`,
 * one or two; `matrix` and `right` point at the first of them. Sums go over rows in order. */
void cop_winograd_accumulate(float *matrix, const float *left, int64_t left_step,
                             const float *right, int64_t right_step, int64_t rows,
                             int64_t in_blocks, int columns, int is_first);

#endif
