/* sgd.h: stochastic gradient descent with momentum, weight decay and masks. */
#ifndef COP_TRAIN_OPTIMISERS_SGD_H
#define COP_TRAIN_OPTIMISERS_SGD_H

#include <coppice/status.h>

/* One tensor to be trained. The memory is the caller's and has `count` elements. */
typedef struct cop_sgd_tensor {
    float *weight;
    float *momentum;
    const float *gradient;
    const float *mask; /* 0 removes; NULL: dense */
    int64_t count;
} cop_sgd_tensor;

typedef struct cop_sgd cop_sgd;

/* Copies the descriptions and cuts the work into pieces for `threads` (0: what the process runs
 * with). Owned by the caller; the tensors' memory must outlive it. */
cop_status cop_sgd_new(const cop_sgd_tensor *tensors, size_t count, int threads, cop_sgd **out,
                       cop_error *err);
void cop_sgd_free(cop_sgd *s);

/* One pass over everything, in PyTorch's order of operations: v ← momentum·v + (g + decay·w);
 * w ← w − lr·v. Where the mask is 0, v and w become exactly 0 whatever the gradient is. The bits do
 * not depend on the thread count. */
void cop_sgd_step(const cop_sgd *s, double lr, double momentum, double decay);

#endif
