/* sgd.h: stochastic gradient descent with momentum, weight decay and masks. */
#ifndef COP_TRAIN_OPTIMISERS_SGD_H
#define COP_TRAIN_OPTIMISERS_SGD_H

#include "train/optimisers/pieces.h"

/* One pass over everything, in PyTorch's order of operations: v ← momentum·v + (g + decay·w);
 * w ← w − lr·v. Where the mask is 0, v and w become exactly 0 whatever the gradient is. The bits do
 * not depend on the thread count. */
void cop_sgd_step(const cop_pieces *p, double lr, double momentum, double decay);

#endif
