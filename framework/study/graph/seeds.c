/* seeds.c: one seed per source of randomness, and seeds derived from it. */
#include "study/graph/graph.h"

#include <coppice/random.h>

uint64_t cop_study_seed(const cop_cell *cell, int64_t replicate, cop_seed_source source)
{
    return cell->seed_pinned[source] ? cell->seed_pin[source] : (uint64_t)replicate;
}

uint64_t cop_derived_seed(uint64_t seed, const char *purpose, uint64_t variant)
{
    if (variant == 0)
        return seed;
    cop_stream stream = cop_stream_make(seed, purpose, variant);
    return cop_stream_u64(&stream);
}
