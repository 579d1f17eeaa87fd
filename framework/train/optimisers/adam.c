/* adam.c: the fused pass of Adam and AdamW. */
#include "train/optimisers/adam.h"

#include "core/openmp.h"

#include <math.h>

/* A step's numbers, in the precision of the weights. */
typedef struct numbers {
    float beta1, rest1; /* β₁ and 1 − β₁ */
    float beta2, rest2;
    float rate;   /* lr / (1 − β₁ᵗ) */
    float debias; /* √(1 − β₂ᵗ) */
    float epsilon;
    float decay; /* of the gradient */
    float keep;  /* what decoupled decay leaves of a weight */
} numbers;

static numbers numbers_of(const cop_adam *a, int64_t update)
{
    double t = (double)update;
    return (numbers){.beta1 = (float)a->beta1,
                     .rest1 = (float)(1.0 - a->beta1),
                     .beta2 = (float)a->beta2,
                     .rest2 = (float)(1.0 - a->beta2),
                     .rate = (float)(a->lr / (1.0 - pow(a->beta1, t))),
                     .debias = (float)sqrt(1.0 - pow(a->beta2, t)),
                     .epsilon = (float)a->epsilon,
                     .decay = a->is_decoupled ? 0.0f : (float)a->decay,
                     .keep = a->is_decoupled ? (float)(1.0 - a->lr * a->decay) : 1.0f};
}

/* Masked weights are selected rather than multiplied away, so that a removed one is +0 even beside
 * an infinite gradient. */
static void update_piece(const cop_piece *t, numbers k)
{
    float *restrict w = t->weight;
    float *restrict m = t->momentum;
    float *restrict v = t->second;
    const float *restrict g = t->gradient;
    const float *restrict mask = t->mask;
    for (int64_t i = 0; i < t->count; i++) {
        bool kept = mask == NULL || mask[i] != 0.0f;
        float gradient = g[i] + k.decay * w[i];
        float first = k.beta1 * m[i] + k.rest1 * gradient;
        float second = k.beta2 * v[i] + k.rest2 * gradient * gradient;
        float moved = k.keep * w[i] - k.rate * (first / (sqrtf(second) / k.debias + k.epsilon));
        m[i] = kept ? first : 0.0f;
        v[i] = kept ? second : 0.0f;
        w[i] = kept ? moved : 0.0f;
    }
}

void cop_adam_step(const cop_pieces *p, const cop_adam *a, int64_t update)
{
    const numbers k = numbers_of(a, update);
#pragma omp parallel for schedule(static) num_threads(p->threads)
    for (int64_t i = 0; i < p->count; i++)
        update_piece(&p->items[i], k);
}
