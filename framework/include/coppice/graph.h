/* graph.h (implemented in graph/): describing a computation.
 *
 * A graph holds nodes; each node is one tensor-valued operation on earlier nodes. Nothing runs
 * while a graph is built: it is differentiated (differentiate.h), then compiled and run
 * (program.h). Tensors are row-major; images are [N, C, H, W], weights of a convolution
 * [O, I, KH, KW], of a linear layer [O, I], as in PyTorch.
 *
 * Errors are sticky: the first wrong shape is remembered with the names of the nodes, later calls
 * on it return COP_NO_NODE quietly, and cop_graph_check tells. So a network reads as a formula.
 * Equal nodes (same operation, inputs and settings) are made once.
 *
 * A graph is used by one thread at a time. */
#ifndef COPPICE_GRAPH_H
#define COPPICE_GRAPH_H

#include <coppice/tensor.h>

COP_BEGIN

typedef struct cop_graph cop_graph;

/* A node of one graph: its position + 1. Zero is no node. */
typedef int32_t cop_node;
#define COP_NO_NODE 0

/* A new empty graph, owned by the caller; NULL when memory is out. */
COP_API cop_graph *cop_graph_new(void);

/* Frees it with its nodes; NULL is fine. Programs compiled from it go on without it. */
COP_API void cop_graph_free(cop_graph *g);

/* COP_OK, or the first error since the graph was made. */
COP_API cop_status cop_graph_check(const cop_graph *g, cop_error *err);

/* Makes the graph fail, for a builder's own reasons (an image too small for the network's depth);
 * the first failure is the one kept. Returns COP_NO_NODE. */
COP_API cop_node cop_graph_refuse(cop_graph *g, const char *format, ...) COP_PRINTF(2, 3);

/* Shape of a node; rank −1 for COP_NO_NODE. */
COP_API cop_shape cop_node_shape(const cop_graph *g, cop_node a);

/* Labels a node for error messages and `coppice explain`; returns it. The first label stays. */
COP_API cop_node cop_node_label(cop_graph *g, cop_node a, const char *format, ...) COP_PRINTF(3, 4);

/* Leaves. */

/* A tensor given at run time. Names are unique within a graph. */
COP_API cop_node cop_input(cop_graph *g, const char *name, cop_shape shape);

/* Every element is `value`. */
COP_API cop_node cop_constant(cop_graph *g, cop_shape shape, double value);

/* Elementwise. Operations on two nodes broadcast: ranks are equal, and each dimension is equal or 1
 * on one side. Those on one node keep its shape. */

COP_API cop_node cop_add(cop_graph *g, cop_node a, cop_node b); /* a + b */
COP_API cop_node cop_sub(cop_graph *g, cop_node a, cop_node b); /* a − b */
COP_API cop_node cop_mul(cop_graph *g, cop_node a, cop_node b); /* a · b */
COP_API cop_node cop_div(cop_graph *g, cop_node a, cop_node b); /* a / b */

/* scale·a + offset */
COP_API cop_node cop_affine(cop_graph *g, cop_node a, double scale, double offset);

COP_API cop_node cop_scale(cop_graph *g, cop_node a, double scale); /* scale·a */
COP_API cop_node cop_neg(cop_graph *g, cop_node a);                 /* −a */
COP_API cop_node cop_square(cop_graph *g, cop_node a);              /* a² */
COP_API cop_node cop_sqrt(cop_graph *g, cop_node a);                /* √a; NaN below 0 */
COP_API cop_node cop_reciprocal(cop_graph *g, cop_node a);          /* 1 / a */
COP_API cop_node cop_exp(cop_graph *g, cop_node a);                 /* e to the power of a */
COP_API cop_node cop_ln(cop_graph *g, cop_node a);        /* natural logarithm; NaN below 0 */
COP_API cop_node cop_abs(cop_graph *g, cop_node a);       /* derivative sign(a), 0 at 0 */
COP_API cop_node cop_sign(cop_graph *g, cop_node a);      /* −1, 0, +1; derivative 0 */
COP_API cop_node cop_heaviside(cop_graph *g, cop_node a); /* 1 where a > 0, else 0; derivative 0 */
COP_API cop_node cop_sigmoid(cop_graph *g, cop_node a);   /* 1 / (1 + e^−a) */
COP_API cop_node cop_tanh(cop_graph *g, cop_node a);      /* hyperbolic tangent */
COP_API cop_node cop_relu(cop_graph *g, cop_node a);      /* derivative 0 at 0, as PyTorch */

/* a where a > 0, else slope·a; derivative slope at 0. */
COP_API cop_node cop_leaky_relu(cop_graph *g, cop_node a, double slope);

/* The same value, through which no derivative passes. */
COP_API cop_node cop_detach(cop_graph *g, cop_node a);

/* Shape. */

/* The same elements in the same order; counts must agree. */
COP_API cop_node cop_reshape(cop_graph *g, cop_node a, cop_shape shape);

/* [N, C, H, W] → [N, C·H·W], and likewise for other ranks ≥ 2. */
COP_API cop_node cop_flatten(cop_graph *g, cop_node a);

/* Dimensions of 1 repeated up to `shape`; ranks are equal. */
COP_API cop_node cop_broadcast(cop_graph *g, cop_node a, cop_shape shape);

/* Elements start … start+length−1 along one axis. */
COP_API cop_node cop_slice(cop_graph *g, cop_node a, int axis, int64_t start, int64_t length);

/* Zeros added before and after along one axis. */
COP_API cop_node cop_pad(cop_graph *g, cop_node a, int axis, int64_t before, int64_t after);

/* Images [N, C, H, W] with so many zeros on each of their four sides: for a first convolution that
 * is to pad by its window or more. */
COP_API cop_node cop_pad_images(cop_graph *g, cop_node x, int64_t margin);

/* Joined along one axis, in order; the other dimensions agree. */
COP_API cop_node cop_concat(cop_graph *g, const cop_node *parts, size_t count, int axis);

/* Rows of `a` (slices along axis 0) in the order of `index` [M], whose values are whole numbers
 * in [0, rows); no derivative with respect to the index. At run time an index out of range fails.
 */
COP_API cop_node cop_gather(cop_graph *g, cop_node a, cop_node index);

/* Adjoint of gather: a zero tensor of `rows` rows, to whose row index[m] row m of `a` is added. */
COP_API cop_node cop_scatter_add(cop_graph *g, cop_node a, cop_node index, int64_t rows);

/* Reductions (reduced axes stay, with dimension 1). */

#define COP_AXIS(i)  (1u << (i))
#define COP_ALL_AXES 0xfu

/* The sum over the axes in `axes`, bits made by COP_AXIS, and the mean. */
COP_API cop_node cop_sum(cop_graph *g, cop_node a, unsigned axes);
COP_API cop_node cop_mean(cop_graph *g, cop_node a, unsigned axes);

/* The sum of all elements as a scalar (rank 0). */
COP_API cop_node cop_total(cop_graph *g, cop_node a);

/* Linear algebra. */

/* op(a)·op(b) for matrices, op transposing where asked. */
COP_API cop_node cop_matmul(cop_graph *g, cop_node a, bool transpose_a, cop_node b,
                            bool transpose_b);

/* Convolution: cross-correlation, as every framework means it; no bias. */

typedef struct cop_window {
    int32_t size_h, size_w;
    int32_t stride_h, stride_w;
    int32_t pad_h, pad_w; /* zeros on both sides */
} cop_window;

/* A square window. */
COP_API cop_window cop_window_square(int32_t size, int32_t stride, int32_t pad);

/* x [N, I, H, W], w [O, I, KH, KW] (window sizes are the weight's) → [N, O, H', W'],
 * H' = (H + 2·pad − KH)/stride + 1 rounded down. */
COP_API cop_node cop_conv2d(cop_graph *g, cop_node x, cop_node w, cop_window window);

/* Adjoint in x: gy [N, O, H', W'], w → [N, I, H, W] for the given H and W. */
COP_API cop_node cop_conv2d_data(cop_graph *g, cop_node gy, cop_node w, cop_window window,
                                 int64_t height, int64_t width);

/* Adjoint in w: x, gy → [O, I, KH, KW]. */
COP_API cop_node cop_conv2d_weights(cop_graph *g, cop_node x, cop_node gy, cop_window window);

/* Pooling. */

/* Mean over each window, padding counted (PyTorch's default); floor of the size. */
COP_API cop_node cop_avg_pool(cop_graph *g, cop_node x, cop_window window);

/* Its adjoint, for the given H and W. */
COP_API cop_node cop_avg_pool_adjoint(cop_graph *g, cop_node gy, cop_window window, int64_t height,
                                      int64_t width);

/* Maximum over each window; the first in row order wins a tie. Padding never wins. */
COP_API cop_node cop_max_pool(cop_graph *g, cop_node x, cop_window window);

/* `t`, shaped as x, read at the places where x has its window maxima. */
COP_API cop_node cop_max_pool_take(cop_graph *g, cop_node x, cop_node t, cop_window window);

/* Its adjoint in t: gy added at those places of a zero tensor shaped as x. */
COP_API cop_node cop_max_pool_put(cop_graph *g, cop_node x, cop_node gy, cop_window window);

/* Mean over H and W: [N, C, H, W] → [N, C, 1, 1]. */
COP_API cop_node cop_global_avg_pool(cop_graph *g, cop_node x);

/* Normalisation: the parts; layers are in nn.h. */

/* Which elements share a mean and a variance. */
typedef enum cop_norm_axes {
    COP_NORM_OVER_BATCH = 1, /* per channel, over N, H, W: statistics [1, C, 1, 1] */
    COP_NORM_OVER_IMAGE = 2  /* per sample and channel, over H, W: statistics [N, C, 1, 1] */
} cop_norm_axes;

/* Biased variance, in two passes about the mean. */
COP_API cop_node cop_variance(cop_graph *g, cop_node x, cop_norm_axes over);

/* (x − mean(x)) / sqrt(variance(x) + epsilon), with the explicit first and second derivatives. */
COP_API cop_node cop_normalize(cop_graph *g, cop_node x, cop_norm_axes over, double epsilon);

/* With y = cop_normalize(x) and r = 1/sqrt(variance + epsilon):
 * r·(u − mean(u) − y·mean(u·y)). The Jacobian of normalize (symmetric) applied to u. */
COP_API cop_node cop_normalize_jacobian(cop_graph *g, cop_node u, cop_node y, cop_node r,
                                        cop_norm_axes over);

/* Losses' parts (losses are in nn.h). */

/* log of softmax over the last axis of [N, K]; shifted by the row's maximum, so it does not
 * overflow. */
COP_API cop_node cop_log_softmax(cop_graph *g, cop_node logits);

/* Resampling and augmentation (draws are run-time inputs). */

/* Bilinear to [N, C, height, width], corners not aligned (PyTorch's align_corners = false). */
COP_API cop_node cop_resize_bilinear(cop_graph *g, cop_node x, int64_t height, int64_t width);

/* Its adjoint: back to height × width of the source. */
COP_API cop_node cop_resize_bilinear_adjoint(cop_graph *g, cop_node gy, int64_t height,
                                             int64_t width);

/* affine_grid + grid_sample of PyTorch: bilinear, zero padding, corners not aligned. theta
 * [N, 2, 3] maps output to input coordinates in [−1, 1], x first. No derivative in theta. */
COP_API cop_node cop_affine_sample(cop_graph *g, cop_node x, cop_node theta);

/* Its adjoint in x. */
COP_API cop_node cop_affine_sample_adjoint(cop_graph *g, cop_node gy, cop_node theta);

/* out[n, c, i, j] = x[n, c, i + offset[n, 0], j + offset[n, 1]], zero outside; offset [N, 2] holds
 * whole numbers. Adjoint: the negated offset. No derivative in the offset. */
COP_API cop_node cop_shift(cop_graph *g, cop_node x, cop_node offset);

/* Images with flag[n] ≠ 0 mirrored left to right; flag [N]. Its own adjoint. */
COP_API cop_node cop_flip(cop_graph *g, cop_node x, cop_node flag);

/* [N, 1, height, width]: 0 inside the box of sample n, 1 outside. box [N, 4] = top, left, bottom,
 * right, whole numbers, half open, clipped to the image. No derivative. */
COP_API cop_node cop_box_mask(cop_graph *g, cop_node box, int64_t height, int64_t width);

COP_END

#endif
