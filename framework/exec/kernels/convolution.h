/* convolution.h: which convolution, or which of its gradients. */
#ifndef COP_EXEC_KERNELS_CONVOLUTION_H
#define COP_EXEC_KERNELS_CONVOLUTION_H

#include <coppice/graph.h>

typedef enum cop_conv_kind {
    COP_CONV_FORWARD = 1, /* x, w → y */
    COP_CONV_DATA,        /* gy, w → gx */
    COP_CONV_WEIGHTS      /* x, gy → gw */
} cop_conv_kind;

/* Shapes of x [N, I, H, W], w [O, I, KH, KW] and y [N, O, H', W'], whichever the result is. */
typedef struct cop_conv_spec {
    cop_conv_kind kind;
    cop_shape x, w, y;
    cop_window window;
} cop_conv_spec;

#endif
