/* control_masks.h: masks that stand beside a ticket's. */
#ifndef COP_STUDY_RUNNING_CONTROL_MASKS_H
#define COP_STUDY_RUNNING_CONTROL_MASKS_H

#include "config/config.h"

/* A mask that keeps as many weights of each tensor as `mask` does. COP_CONTROL_SHUFFLE: its
 * entries, permuted by the seed. COP_CONTROL_RANDOM: the first weights in an order by the seed:
 * with the same seed, the mask of fewer weights is part of that of more. *out is the caller's. */
cop_status cop_control_mask(cop_control control, uint64_t seed, const cop_tensors *mask,
                            cop_tensors **out, cop_error *err);

#endif
