/* plane_kernel.h: a fused sequence of operations on the planes of [N, C, H, W] tensors.
 *
 * A block is one sample's channel, or `lanes` neighbouring channels of one sample where tensors lie
 * blocked by channel (nChw8c, nChw16c): then a pixel's lanes are neighbours in memory. The kernel
 * takes block after block through all its operations, so that everything between the first read and
 * the last write stays in the cache. Sums over a plane give one number a lane, which later phases
 * use: a phase is a pass over the block's pixels, tile by tile, that ends with such sums. */
#ifndef COP_EXEC_KERNELS_PLANE_PLANE_KERNEL_H
#define COP_EXEC_KERNELS_PLANE_PLANE_KERNEL_H

#include "exec/kernels/kernels.h"

/* A group has at most this many operations: one node can take four. */
#define COP_PLANE_OPS       (4 * COP_GROUP_OPS)
#define COP_PLANE_REGISTERS (2 * COP_PLANE_OPS)

/* Where a register's elements are. */
typedef enum cop_plane_home {
    COP_PLANE_OPERAND = 1, /* planes in an operand's memory */
    COP_PLANE_RESULT,      /* planes in a result's memory, written and perhaps read again */
    COP_PLANE_TILE,        /* a tile of the scratch: read in the phase that writes it */
    COP_PLANE_KEPT,        /* a plane of the scratch: read in later phases too */
    COP_PLANE_LANES,       /* a number a lane, in the scratch */
    COP_PLANE_LANES_IN,    /* a number a lane, in an operand's memory */
    COP_PLANE_LANES_OUT,   /* a number a lane, in a result's memory */
    COP_PLANE_UNIFORM,     /* one number for all, an operand's */
    COP_PLANE_VALUE        /* one number known at compile time */
} cop_plane_home;

typedef struct cop_plane_register {
    cop_plane_home home;
    int32_t index;   /* of the operand or result */
    int32_t zoom;    /* of planes: rows and columns for each of the smallest plane's */
    bool per_sample; /* of lanes in memory: [N, C, 1, 1] rather than [1, C, 1, 1] */
    int32_t phase;   /* of lanes: the first phase that may read them */
    int64_t slot;    /* its floats in the scratch, from the thread's first; −1 for none */
    int64_t spread; /* what is not a plane: sixteen floats of the scratch that repeat it, or −1 */
    float value;    /* COP_PLANE_VALUE */
} cop_plane_register;

typedef enum cop_plane_kind {
    COP_PLANE_MAP = 1,  /* elementwise on planes */
    COP_PLANE_LANE_MAP, /* elementwise on lanes */
    COP_PLANE_PROJECT,  /* planes: a − c − b·d */
    COP_PLANE_SCALE,    /* planes: a·b + c */
    COP_PLANE_SUM,      /* scale · Σ a over the plane */
    COP_PLANE_DOT,      /* scale · Σ a·b */
    COP_PLANE_SQUARES,  /* scale · Σ (a − b)² */
    COP_PLANE_POOL      /* 2x2 pooling of any kind, named by micro.op */
} cop_plane_kind;

typedef struct cop_plane_op {
    cop_plane_kind kind;
    cop_micro_op micro; /* registers; `result` may be −1 for a sum that only sinks read */
    int32_t d;          /* a fourth register, or −1 */
    int32_t phase;
    bool paired;   /* a sum of a, and the next operation a dot product of a: done in one go */
    int32_t share; /* of a sum that a sink reads: which of `share_count` arrays keeps it, or −1 */
} cop_plane_op;

/* A result [1, C, 1, 1] over all samples, made of the blocks' sums when all are done: scale · Σ, or
 * with a mean the variance about it, from each plane's sum of squares about its own mean and those
 * means (Chan, Golub & LeVeque 1983). */
typedef struct cop_plane_sink {
    int32_t result;
    int32_t share, mean_share; /* mean_share is −1 for a plain sum */
    double scale, pixels;      /* pixels of a plane */
} cop_plane_sink;

typedef struct cop_plane {
    int64_t samples, channels;
    int32_t lanes;
    int64_t rows, columns; /* of the smallest plane; 1 x pixels where nothing is pooled */
    int64_t tile_rows;     /* of the smallest plane, in a tile */
    int32_t operand_count, result_count, register_count, op_count, phase_count;
    int32_t sink_count, share_count;
    cop_plane_register *registers;
    int32_t *operand_registers, *result_registers; /* −1 for the result of a sink */
    cop_plane_op *ops;                             /* in order of phases; lanes first in each */
    cop_plane_sink *sinks;
    int32_t *moving;  /* registers of planes that are pointed at each tile anew */
    int32_t *spreads; /* registers of lanes that are repeated to sixteen */
    int32_t moving_count, spread_count;
    int64_t thread_floats; /* scratch of one thread; a multiple of 16 */
} cop_plane;

/* Bytes of scratch for `threads` threads. */
size_t cop_plane_scratch_bytes(const cop_plane *plane, int threads);

/* Runs it. in[i] and out[i] are operands and results in memory, all in the group's layout; the
 * result of a sink is [1, C, 1, 1]. A result may lie exactly on an operand that no operation reads
 * after the result's is done. */
void cop_kernel_plane(const cop_plane *plane, const float *const *in, float *const *out,
                      float *scratch, int threads);

#endif
