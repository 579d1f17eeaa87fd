/* clip.c: a sum for each piece, added up in their order. */
#include "train/optimisers/clip.h"

#include "core/openmp.h"

#include <math.h>

#define TINY 1e-6 /* of PyTorch: a gradient of zeros stays one */

static double sum_of_squares(const cop_piece *t)
{
    double sum = 0.0;
    for (int64_t i = 0; i < t->count; i++)
        if (t->mask == NULL || t->mask[i] != 0.0f)
            sum += (double)t->gradient[i] * (double)t->gradient[i];
    return sum;
}

void cop_clip_gradients(cop_pieces *p, double limit)
{
#pragma omp parallel for schedule(static) num_threads(p->threads)
    for (int64_t i = 0; i < p->count; i++)
        p->sums[i] = sum_of_squares(&p->items[i]);
    double total = 0.0;
    for (int64_t i = 0; i < p->count; i++)
        total += p->sums[i];
    double norm = sqrt(total);
    if (limit >= norm + TINY)
        return;
    float scale = (float)(limit / (norm + TINY));
#pragma omp parallel for schedule(static) num_threads(p->threads)
    for (int64_t i = 0; i < p->count; i++)
        for (int64_t k = 0; k < p->items[i].count; k++)
            p->items[i].gradient[k] *= scale;
}
