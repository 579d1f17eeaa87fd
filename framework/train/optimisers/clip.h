/* clip.h: holding the norm of a gradient below a limit. */
#ifndef COP_TRAIN_OPTIMISERS_CLIP_H
#define COP_TRAIN_OPTIMISERS_CLIP_H

#include "train/optimisers/pieces.h"

/* Scales all gradients by min(1, limit / (norm + 1e-6)), as PyTorch's clip_grad_norm_ does. The
 * norm is that of the whole gradient, of which removed weights have no part. The bits do not depend
 * on the thread count. */
void cop_clip_gradients(cop_pieces *p, double limit);

#endif
