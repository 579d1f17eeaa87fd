/* transfer.h: a tensor copied from one way of lying in memory to another, element by element. Knows
 * blocks and nothing of oneDNN, whose own conversions are quicker but not right everywhere. */
#ifndef COP_EXEC_ONEDNN_TRANSFER_H
#define COP_EXEC_ONEDNN_TRANSFER_H

#include <coppice/graph.h>
#include <coppice/status.h>

/* How a tensor is cut into blocks: `strides` between the outermost, and inside them `inner_count`
 * blocks of inner_size[i] along axis inner_axis[i], the last the fastest. An axis that its blocks
 * do not divide is padded. Points into what it was read from. */
typedef struct cop_blocking {
    const int64_t *strides, *inner_size, *inner_axis;
    int inner_count;
} cop_blocking;

/* A copy, ready to run: where every index of every axis lies before and after. */
typedef struct cop_transfer cop_transfer;

/* A tensor of `shape` from one blocking to another, which takes `to_bytes` with its padding. Keeps
 * nothing of its arguments; the caller frees *out. COP_FAILED where memory is out. */
cop_status cop_transfer_new(cop_shape shape, const cop_blocking *from, const cop_blocking *to,
                            size_t to_bytes, cop_transfer **out, cop_error *err);
void cop_transfer_free(cop_transfer *transfer);

/* Copies on one thread, and writes zeros where `to` is padded. They do not overlap. */
void cop_transfer_run(const cop_transfer *transfer, const float *from, float *to);

#endif
