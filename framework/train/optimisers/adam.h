/* adam.h: Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019), with masks. */
#ifndef COP_TRAIN_OPTIMISERS_ADAM_H
#define COP_TRAIN_OPTIMISERS_ADAM_H

#include "train/optimisers/pieces.h"

typedef struct cop_adam {
    double lr, beta1, beta2, epsilon;
    double decay; /* weight decay */

    /* AdamW: w ← (1 − lr·decay)·w first; Adam: decay·w is part of the gradient. */
    bool is_decoupled;
} cop_adam;

/* Update number `update` ≥ 1 since the optimiser was new, in PyTorch's order of operations, every
 * piece having a second moment: m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²;
 * w ← w − lr/(1 − β₁ᵗ)·m/(√v/√(1 − β₂ᵗ) + ε). Where the mask is 0, m, v and w become exactly 0
 * whatever the gradient is. The bits do not depend on the thread count. */
void cop_adam_step(const cop_pieces *p, const cop_adam *a, int64_t update);

#endif
