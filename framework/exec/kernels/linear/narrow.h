/* narrow.h: the gradient of a convolution by an input of few channels, such as pixels.
 *
 * oneDNN computes it at a tenth of the processor's speed, since its blocks of input channels stay
 * almost empty. Here all input channels and taps of a window are one row of at most 32 numbers:
 * each pixel of gy times the weights gives such a row, which is added to where its window lies. */
#ifndef COP_EXEC_KERNELS_LINEAR_NARROW_H
#define COP_EXEC_KERNELS_LINEAR_NARROW_H

#include "exec/kernels/kernels.h"

enum { COP_NARROW_CHANNELS = 4, COP_NARROW_TAPS = 32 };

typedef struct cop_narrow {
    cop_shape x, w,
        y; /* of the forward convolution: [N, I, H, W], [O, I, KH, KW], [N, O, H', W'] */
    cop_window window;
    int32_t lanes; /* neighbouring channels of gy at each pixel; 1 where it is plain */
} cop_narrow;

/* Whether it pays, few channels being what oneDNN does badly, and I·KH·KW fits a row. */
bool cop_narrow_suits(cop_shape w);

size_t cop_narrow_scratch_bytes(const cop_narrow *c);

/* gx plain, gy as `lanes` says, w plain. */
void cop_kernel_conv_data_narrow(const cop_narrow *c, float *gx, const float *gy, const float *w,
                                 float *scratch, int threads);

#endif
