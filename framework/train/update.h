/* update.h: what a training's optimiser keeps in its state, and its steps. */
#ifndef COP_TRAIN_UPDATE_H
#define COP_TRAIN_UPDATE_H

#include "train/recipe.h"

#include <coppice/tensor.h>

typedef struct cop_update cop_update;

/* Whether the recipe's optimiser has second moments, and counts its updates (trainer_state.h). */
bool cop_update_has_second(const cop_recipe *recipe);

/* For the parameters that `gradients` holds gradients of, by name. Weights, momentum and what else
 * the recipe's optimiser has stand in `state`. `mask` may be NULL. All outlive the handle, which is
 * the caller's. COP_FAILED when memory is out. */
cop_status cop_update_new(const cop_recipe *recipe, cop_tensors *state,
                          const cop_tensors *gradients, const cop_tensors *mask, int threads,
                          cop_update **out, cop_error *err);
void cop_update_free(cop_update *u);

/* A new optimiser: no momentum, no second moments, no updates done. */
void cop_update_reset(cop_update *u);

/* Clips the gradients where the recipe says so, and updates the weights by them. */
void cop_update_step(cop_update *u, double lr);

#endif
