/* loader.h: which samples each step of a training sees. */
#ifndef COP_TRAIN_LOADER_H
#define COP_TRAIN_LOADER_H

#include <coppice/status.h>

/* Each epoch is a permutation of all samples, from the stream (seed, "order", epoch), cut into
 * batches; the smaller last batch is kept. The batch of a step depends on nothing but the step, so
 * a training may go on from anywhere. One thread at a time. */
typedef struct cop_loader cop_loader;

/* For `count` ≥ 1 samples in batches of `batch` ≥ 1. Owned by the caller. */
cop_status cop_loader_new(int64_t count, int64_t batch, uint64_t seed, cop_loader **out,
                          cop_error *err);
void cop_loader_free(cop_loader *l);

/* The samples of a step ≥ 0: *n indices, the loader's own until the next call. */
const int64_t *cop_loader_batch(cop_loader *l, int64_t step, int64_t *n);

/* Those of the step after it, as long as that is in the same epoch; else NULL and none. */
const int64_t *cop_loader_next(const cop_loader *l, int64_t step, int64_t *n);

#endif
