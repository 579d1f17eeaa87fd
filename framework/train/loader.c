/* loader.c: epoch permutations, made when an epoch is first asked for. */
#include "train/loader.h"

#include <coppice/random.h>

#include <stdlib.h>

struct cop_loader {
    int64_t count, batch, per_epoch;
    uint64_t seed;
    int64_t epoch; /* of the order below; −1: none yet */
    int64_t *order;
};

cop_status cop_loader_new(int64_t count, int64_t batch, uint64_t seed, cop_loader **out,
                          cop_error *err)
{
    cop_loader *l = malloc(sizeof *l);
    int64_t *order = calloc((size_t)count, sizeof *order);
    if (l == NULL || order == NULL) {
        free(l);
        free(order);
        return cop_fail(err, COP_FAILED, "out of memory for the order of %lld samples",
                        (long long)count);
    }
    *l = (cop_loader){.count = count,
                      .batch = batch,
                      .per_epoch = (count + batch - 1) / batch,
                      .seed = seed,
                      .epoch = -1,
                      .order = order};
    *out = l;
    return COP_OK;
}

void cop_loader_free(cop_loader *l)
{
    if (l == NULL)
        return;
    free(l->order);
    free(l);
}

static const int64_t *find_batch(const cop_loader *l, int64_t step, int64_t *n)
{
    int64_t first = step % l->per_epoch * l->batch;
    *n = l->count - first < l->batch ? l->count - first : l->batch;
    return l->order + first;
}

const int64_t *cop_loader_batch(cop_loader *l, int64_t step, int64_t *n)
{
    int64_t epoch = step / l->per_epoch;
    if (epoch != l->epoch) {
        cop_stream stream = cop_stream_make(l->seed, "order", (uint64_t)epoch);
        cop_stream_permutation(&stream, l->order, l->count);
        l->epoch = epoch;
    }
    return find_batch(l, step, n);
}

const int64_t *cop_loader_next(const cop_loader *l, int64_t step, int64_t *n)
{
    *n = 0;
    return (step + 1) / l->per_epoch == l->epoch ? find_batch(l, step + 1, n) : NULL;
}
