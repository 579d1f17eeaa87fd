/* divide.c: drawing samples class by class. */
#include "study/data/parts.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

/* The class with the largest remainder of its share that has not been given one more; -1: none. */
static int32_t next_class(const int64_t *class_counts, int32_t classes, int64_t total,
                          int64_t wanted, const int64_t *take)
{
    int32_t best = -1;
    int64_t most = 0;
    for (int32_t c = 0; c < classes; c++) {
        int64_t share = wanted * class_counts[c];
        if (take[c] == share / total && share % total > most) {
            most = share % total;
            best = c;
        }
    }
    return best;
}

void cop_divide_evenly(const int64_t *class_counts, int32_t classes, int64_t total, int64_t wanted,
                       int64_t *take)
{
    int64_t missing = wanted;
    for (int32_t c = 0; c < classes; c++) {
        take[c] = wanted * class_counts[c] / total;
        missing -= take[c];
    }
    for (; missing > 0; missing--) {
        int32_t c = next_class(class_counts, classes, total, wanted, take);
        if (c < 0)
            return;
        take[c]++;
    }
}

cop_status cop_divide_draw(const int32_t *labels, int64_t count, int32_t classes,
                           const int64_t *take, uint64_t seed, const char *purpose, bool *drawn,
                           cop_error *err)
{
    int64_t *places = calloc((size_t)count + 1, sizeof *places);
    int64_t *order = calloc((size_t)count + 1, sizeof *order);
    bool has_memory = places != NULL && order != NULL;
    const cop_samples all = {.labels = labels, .count = count};
    memset(drawn, 0, (size_t)count * sizeof *drawn);
    for (int32_t c = 0; has_memory && c < classes; c++) {
        int64_t own = cop_samples_of_class(&all, c, places);
        cop_stream stream = cop_stream_make(seed, purpose, (uint64_t)c);
        cop_stream_permutation(&stream, order, own);
        for (int64_t i = 0; i < take[c] && i < own; i++)
            drawn[places[order[i]]] = true;
    }
    free(places);
    free(order);
    return has_memory ? COP_OK : cop_out_of_memory(err);
}
