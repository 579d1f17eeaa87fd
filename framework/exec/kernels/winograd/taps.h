/* taps.h: weights [O, I, 3, 3] to the matrices that Winograd's tiles are multiplied
 * with, and gradients of matrices to gradients of weights.
 *
 * The matrices are [I, O], or, for the gradient by data, [O, I] with the taps turned round. They
 * lie by columns of sixteen, as multiply.h has it: `column` is such a column's
 * number, `row` that of sixteen rows. Pointers are to the column's first row in the first matrix;
 * the same place in the next one is `step` floats further. */
#ifndef COP_EXEC_KERNELS_WINOGRAD_TAPS_H
#define COP_EXEC_KERNELS_WINOGRAD_TAPS_H

#include <coppice/graph.h>

#include "exec/kernels/winograd/scheme.h"

void cop_taps_enter(const cop_winograd_scheme *s, float *to, int64_t step, const float *weights,
                    cop_shape shape, bool for_data, int64_t row, int64_t column);

/* Into the gradient of weights, from those of the matrices [I, O]. */
void cop_taps_leave(const cop_winograd_scheme *s, float *weights, cop_shape shape,
                    const float *from, int64_t step, int64_t row, int64_t column);

#endif
