/* in_bag.h (implemented in train/trainer.c): a trainer whose state stands in a set that someone
 * else keeps. */
#ifndef COP_TRAIN_IN_BAG_H
#define COP_TRAIN_IN_BAG_H

#include <coppice/trainer.h>

/* As cop_trainer_new, but the state's tensors are added to `bag`, which outlives the trainer, with
 * the prefix before their names; cop_trainer_state shows them without it. So nothing is copied
 * between the two: whoever saves and restores the bag saves and restores the trainer. On failure
 * the bag may have got some of them. */
cop_status cop_trainer_new_in_bag(const cop_trainer_spec *spec, cop_tensors *bag,
                                  const char *prefix, cop_trainer **out, cop_error *err);

#endif
