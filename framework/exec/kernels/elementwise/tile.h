/* tile.h: elementwise operations on a tile: a run of elements that stays in the L1 cache.
 * Shared by the kernels that work tile by tile. */
#ifndef COP_EXEC_KERNELS_ELEMENTWISE_TILE_H
#define COP_EXEC_KERNELS_ELEMENTWISE_TILE_H

#include "exec/kernels/kernels.h"

/* Applies one operation to n elements of the registers it names. A result may lie exactly on an
 * operand: element i is read before it is written, and by itself alone. */
void cop_tile_apply(const cop_micro_op *op, float *const *reg, int64_t n);

/* An operation of one operand. */
void cop_tile_unary(const cop_micro_op *op, float *out, const float *a, int64_t n);

void cop_tile_fill(float *out, float value, int64_t n);

#endif
