/* pieces.h: what optimisers go over: the tensors that are trained, cut into pieces of equal size,
 * so that threads share them evenly and no result depends on how many threads there are. */
#ifndef COP_TRAIN_OPTIMISERS_PIECES_H
#define COP_TRAIN_OPTIMISERS_PIECES_H

#include <coppice/status.h>

/* One tensor to be trained, or a piece of one. The memory is the caller's and has `count`
 * elements. */
typedef struct cop_piece {
    float *weight;
    float *momentum;
    float *second; /* Adam's second moment; NULL: none */
    float *gradient;
    const float *mask; /* 0 removes; NULL: dense */
    int64_t count;
} cop_piece;

typedef struct cop_pieces {
    int threads;
    int64_t count;
    double *sums; /* [count]: room for a number of each piece */
    cop_piece items[];
} cop_pieces;

/* Cuts `count` tensors for `threads` (0: what the process runs with). Owned by the caller; the
 * tensors' memory must outlive it. COP_FAILED when memory is out. */
cop_status cop_pieces_new(const cop_piece *tensors, size_t count, int threads, cop_pieces **out,
                          cop_error *err);
void cop_pieces_free(cop_pieces *p);

#endif
