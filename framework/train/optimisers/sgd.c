/* sgd.c: the fused SGD pass. */
#include "train/optimisers/sgd.h"

#include "core/openmp.h"

static void update_dense(const cop_piece *t, float lr, float momentum, float decay)
{
    float *restrict w = t->weight;
    float *restrict v = t->momentum;
    const float *restrict g = t->gradient;
#pragma omp simd
    for (int64_t i = 0; i < t->count; i++) {
        v[i] = momentum * v[i] + (g[i] + decay * w[i]);
        w[i] = w[i] - lr * v[i];
    }
}

/* Selects instead of multiplying, so that a removed weight is +0 even beside an infinite gradient.
 */
static void update_masked(const cop_piece *t, float lr, float momentum, float decay)
{
    float *restrict w = t->weight;
    float *restrict v = t->momentum;
    const float *restrict g = t->gradient;
    const float *restrict mask = t->mask;
#pragma omp simd
    for (int64_t i = 0; i < t->count; i++) {
        float next = momentum * v[i] + (g[i] + decay * w[i]);
        float moved = w[i] - lr * next;
        v[i] = mask[i] != 0.0f ? next : 0.0f;
        w[i] = mask[i] != 0.0f ? moved : 0.0f;
    }
}

void cop_sgd_step(const cop_pieces *p, double lr, double momentum, double decay)
{
#pragma omp parallel for schedule(static) num_threads(p->threads)
    for (int64_t i = 0; i < p->count; i++) {
        const cop_piece *t = &p->items[i];
        if (t->mask != NULL)
            update_masked(t, (float)lr, (float)momentum, (float)decay);
        else
            update_dense(t, (float)lr, (float)momentum, (float)decay);
    }
}
