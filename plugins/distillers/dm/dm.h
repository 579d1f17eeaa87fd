/* dm.h: a step of DM, apart from the network that it draws. */
#ifndef DM_DM_H
#define DM_DM_H

#include <coppice/model.h>

/* Step i in this network: matches every class in it, and moves the pixels. `state` is an instance
 * that has begun; *loss becomes the matching loss before the step. */
cop_status dm_step_in(void *state, const cop_tensors *network, int64_t i, double *loss,
                      cop_error *err);

#endif
