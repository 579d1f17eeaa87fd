/* kernels.h (implemented in exec/kernels/): the f32 kernels a program is made of. All tensors are
 * plain row-major.
 *
 * Work is divided by index into parts that depend on shapes and the thread count only, and every
 * sum is taken in a fixed order, so a result is the same bits at every run. Kernels allocate
 * nothing. Pointers may not overlap unless a kernel says so. */
#ifndef COP_EXEC_KERNELS_KERNELS_H
#define COP_EXEC_KERNELS_KERNELS_H

#include "graph/node.h"

/* Elementwise groups. */

/* Elements that one tile of a group holds at most: intermediate values stay in the L1 cache. */
#define COP_TILE 1024

/* A group has at most this many operations, and each reads at most three operands. */
#define COP_GROUP_OPS       48
#define COP_GROUP_REGISTERS (4 * COP_GROUP_OPS)

/* One operation on registers; b and c are −1 where there is no such operand. */
typedef struct cop_micro_op {
    cop_op op;
    int32_t a, b, c, result; /* registers */
    float scale, offset;     /* affine; scale is leaky_relu's slope */
} cop_micro_op;

/* Where a tile of an operand comes from. */
typedef enum cop_operand_kind {
    COP_OPERAND_FULL = 1, /* as large as the group's shape: read in place */
    COP_OPERAND_SPREAD,   /* broadcast: spread into a tile */
    COP_OPERAND_UNIFORM,  /* one element for all: spread once */
    COP_OPERAND_VALUE     /* one value known at compile time: spread once */
} cop_operand_kind;

typedef struct cop_fused_operand {
    cop_operand_kind kind;
    int32_t reg;
    int64_t stride[COP_MAX_RANK]; /* of the collapsed axes; 0 where broadcast */
    float value;                  /* COP_OPERAND_VALUE */
} cop_fused_operand;

/* Elementwise operations of one result shape, evaluated tile by tile. The shape is collapsed to as
 * few axes as the operands' broadcasting allows. Registers are tiles: places in memory for full
 * operands and results, slots of the scratch for everything else. */
typedef struct cop_fused {
    int32_t rank;
    int64_t dim[COP_MAX_RANK];
    int32_t operand_count, result_count, op_count, register_count, slot_count;
    cop_fused_operand *operands;
    int32_t *result_regs;
    cop_micro_op *ops;
    int32_t *slots; /* of each register: its place in the scratch, or −1 */
} cop_fused;

/* Bytes of scratch for `threads` threads. */
size_t cop_fused_scratch_bytes(const cop_fused *group, int threads);

/* Runs the group. in[i] belongs to operands[i] (NULL for a COP_OPERAND_VALUE), out[i] to
 * result_regs[i]; a result may lie exactly on a full operand that no later operation reads. */
void cop_kernel_fused(const cop_fused *group, const float *const *in, float *const *out,
                      float *scratch, int threads);

/* Reductions and normalisation. */

/* out = scale · Σ over `axes` of x. Accumulates blocks in float, and the blocks in double. */
void cop_kernel_sum(float *out, const float *x, cop_shape shape, uint32_t axes, double scale,
                    int threads);

/* Biased variance of x [N, C, …] about the given mean: [1, C, 1, 1] or [N, C, 1, 1]. */
void cop_kernel_variance(float *out, const float *x, const float *mean, cop_shape shape,
                         cop_norm_axes over, int threads);

/* r·(u − mean(u) − y·mean(u·y)); out may be u or y. */
void cop_kernel_normalize_jacobian(float *out, const float *u, const float *y, const float *r,
                                   cop_shape shape, cop_norm_axes over, int threads);

/* Log of softmax of each row of [rows, columns]. */
void cop_kernel_log_softmax(float *out, const float *x, int64_t rows, int64_t columns, int threads);

/* Pooling: x and its like are [N, C, H, W] of shape `big`, y and its like of shape `small`. */

void cop_kernel_avg_pool(float *y, const float *x, cop_shape big, cop_shape small,
                         cop_window window, int threads);
void cop_kernel_avg_pool_adjoint(float *gx, const float *gy, cop_shape big, cop_shape small,
                                 cop_window window, int threads);

/* y = t at the places of x's window maxima; t = x gives the maximum itself. */
void cop_kernel_max_pool_take(float *y, const float *x, const float *t, cop_shape big,
                              cop_shape small, cop_window window, int threads);
void cop_kernel_max_pool_put(float *gx, const float *x, const float *gy, cop_shape big,
                             cop_shape small, cop_window window, int threads);

/* Resampling and augmentation: [N, C, H, W]. */

/* `from` and `to` are the shapes of x and y. */
void cop_kernel_resize(float *y, const float *x, cop_shape from, cop_shape to, int threads);

/* gx has shape `from`, gy shape `to`: the shapes of the resize whose adjoint it is. */
void cop_kernel_resize_adjoint(float *gx, const float *gy, cop_shape from, cop_shape to,
                               int threads);

void cop_kernel_affine_sample(float *y, const float *x, const float *theta, cop_shape shape,
                              int threads);
void cop_kernel_affine_sample_adjoint(float *gx, const float *gy, const float *theta,
                                      cop_shape shape, int threads);
void cop_kernel_shift(float *y, const float *x, const float *offset, cop_shape shape, int threads);
void cop_kernel_flip(float *y, const float *x, const float *flag, cop_shape shape, int threads);

/* mask [N, 1, H, W] of shape `shape`. */
void cop_kernel_box_mask(float *mask, const float *box, cop_shape shape, int threads);

/* Moving elements. */

void cop_kernel_copy(float *out, const float *x, int64_t count, int threads);
void cop_kernel_fill(float *out, float value, int64_t count, int threads);

/* `blocks` blocks of `length` elements, which lie x_stride and out_stride apart. */
void cop_kernel_copy_blocks(float *out, int64_t out_stride, const float *x, int64_t x_stride,
                            int64_t blocks, int64_t length, int threads);

/* The position of the first of `count` indices that is not a whole number in [0, rows), or −1. */
int64_t cop_kernel_bad_index(const float *index, int64_t count, int64_t rows);

/* Row m of out is row index[m] of x; rows are `length` long. Indices are good. */
void cop_kernel_gather(float *out, const float *x, const float *index, int64_t count,
                       int64_t length, int threads);

/* out [rows, length] = 0, then row m of x is added to row index[m], m ascending. Indices are good.
 */
void cop_kernel_scatter_add(float *out, const float *x, const float *index, int64_t count,
                            int64_t rows, int64_t length, int threads);

/* op(a)·op(b) of the given shapes before transposing; out is [m, n]. Uses OpenMP's thread count. */
void cop_kernel_matmul(float *out, const float *a, cop_shape a_shape, bool transpose_a,
                       const float *b, cop_shape b_shape, bool transpose_b);

#endif
