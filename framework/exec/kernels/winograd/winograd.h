/* winograd.h: 3x3 convolutions of stride 1 and 2, and their gradients, by Winograd's minimal
 * filtering (Winograd 1980; Lavin & Gray 2016).
 *
 * An image is cut into tiles of 4x4 results (or as many inputs). Each tile is transformed to a few
 * dozen positions, at each of which the tiles' channels are multiplied by a matrix made of the
 * weights: that is where the time goes, and it is a quarter of the direct sum's products for stride
 * 1 (F(4x4, 3x3)), and 9/16 of them for stride 2. */
#ifndef COP_EXEC_KERNELS_WINOGRAD_WINOGRAD_H
#define COP_EXEC_KERNELS_WINOGRAD_WINOGRAD_H

#include "exec/kernels/convolution.h"

/* Whether it can do this convolution: 3x3, stride 1 or 2, padding 1, whole blocks of channels. */
bool cop_winograd_can(const cop_conv_spec *spec);

/* Whether it can, and is faster than the direct sum: by shapes alone, and by whether the kernel is
 * compiled for registers that are wide enough. */
bool cop_winograd_suits(const cop_conv_spec *spec);

size_t cop_winograd_scratch_bytes(const cop_conv_spec *spec, int threads);

/* The convolution or gradient that `spec` names, of `a` and `b` as cop_conv_kind orders them.
 * Images, of operands and result, lie blocked by sixteen channels (nChw16c), weights are plain.
 * `threads` as for the scratch. */
void cop_kernel_winograd(const cop_conv_spec *spec, float *result, const float *a, const float *b,
                         float *scratch, int threads);

#endif
