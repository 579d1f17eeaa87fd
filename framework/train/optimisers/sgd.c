/* sgd.c: the fused SGD pass, over pieces of equal size so that threads share it evenly. */
#include "train/optimisers/sgd.h"

#include "core/openmp.h"

#include <stdlib.h>

/* Elements: small enough to share out a single large tensor, large enough to hide the loop. */
#define PIECE 8192

struct cop_sgd {
    int threads;
    int64_t piece_count;
    cop_sgd_tensor pieces[];
};

static int64_t pieces_of(int64_t count)
{
    return (count + PIECE - 1) / PIECE;
}

static cop_sgd_tensor piece_of(const cop_sgd_tensor *t, int64_t first)
{
    int64_t left = t->count - first;
    return (cop_sgd_tensor){.weight = t->weight + first,
                            .momentum = t->momentum + first,
                            .gradient = t->gradient + first,
                            .mask = t->mask != NULL ? t->mask + first : NULL,
                            .count = left < PIECE ? left : PIECE};
}

cop_status cop_sgd_new(const cop_sgd_tensor *tensors, size_t count, int threads, cop_sgd **out,
                       cop_error *err)
{
    int64_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += pieces_of(tensors[i].count);
    cop_sgd *s = calloc(1, sizeof *s + (size_t)total * sizeof s->pieces[0]);
    if (s == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for the optimiser");
    s->threads = threads > 0 ? threads : omp_get_max_threads();
    for (size_t i = 0; i < count; i++)
        for (int64_t first = 0; first < tensors[i].count; first += PIECE)
            s->pieces[s->piece_count++] = piece_of(&tensors[i], first);
    *out = s;
    return COP_OK;
}

void cop_sgd_free(cop_sgd *s)
{
    free(s);
}

static void update_dense(const cop_sgd_tensor *t, float lr, float momentum, float decay)
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
static void update_masked(const cop_sgd_tensor *t, float lr, float momentum, float decay)
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

void cop_sgd_step(const cop_sgd *s, double lr, double momentum, double decay)
{
#pragma omp parallel for schedule(static) num_threads(s->threads)
    for (int64_t i = 0; i < s->piece_count; i++) {
        const cop_sgd_tensor *t = &s->pieces[i];
        if (t->mask != NULL)
            update_masked(t, (float)lr, (float)momentum, (float)decay);
        else
            update_dense(t, (float)lr, (float)momentum, (float)decay);
    }
}
