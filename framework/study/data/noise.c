/* noise.c: labels that are wrong on purpose. */
#include "study/data/parts.h"

#include "core/memory.h"

#include <math.h>
#include <stdlib.h>

cop_status cop_noise_labels(int32_t *labels, int64_t count, int32_t classes, double share,
                            uint64_t seed, cop_error *err)
{
    int64_t noisy = (int64_t)llround(share * (double)count);
    int64_t *order = calloc((size_t)count + 1, sizeof *order);
    if (order == NULL)
        return cop_out_of_memory(err);
    cop_stream which = cop_stream_make(seed, "noisy labels", 0);
    cop_stream other = cop_stream_make(seed, "noise of labels", 0);
    cop_stream_permutation(&which, order, count);
    for (int64_t i = 0; i < noisy; i++) {
        int32_t *label = &labels[order[i]];
        uint64_t step = 1 + cop_stream_below(&other, (uint64_t)classes - 1);
        *label = (int32_t)(((uint64_t)*label + step) % (uint64_t)classes);
    }
    free(order);
    return COP_OK;
}
