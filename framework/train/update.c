/* update.c: an optimiser over the tensors of a training's state. */
#include "train/update.h"

#include "core/memory.h"
#include "core/tensor_view.h"
#include "train/optimisers/adam.h"
#include "train/optimisers/clip.h"
#include "train/optimisers/sgd.h"
#include "train/trainer_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cop_update {
    cop_recipe recipe;
    cop_pieces *pieces; /* for the steps */
    cop_piece *tensors; /* whole ones, for a reset */
    size_t count;
    int64_t *updates; /* in the state; NULL for SGD */
};

bool cop_update_has_second(const cop_recipe *recipe)
{
    return recipe->optimiser != COP_OPTIMISER_SGD;
}

/* The state's values under a prefixed name; NULL where it has none. */
static float *find(const cop_tensors *state, const char *prefix, const char *name)
{
    char full[COP_MOMENTUM_SIZE];
    (void)snprintf(full, sizeof full, "%s%s", prefix, name);
    const cop_tensor *found = cop_tensors_find(state, full);
    return found != NULL ? cop_f32(found) : NULL;
}

static cop_piece piece_for(const cop_tensors *state, const cop_tensor *gradient,
                           const cop_tensors *mask)
{
    const char *name = gradient->name;
    const cop_tensor *kept = mask != NULL ? cop_tensors_find(mask, name) : NULL;
    return (cop_piece){.weight = find(state, "", name),
                       .momentum = find(state, COP_MOMENTUM_PREFIX, name),
                       .second = find(state, COP_SECOND_PREFIX, name),
                       .gradient = cop_f32(gradient),
                       .mask = kept != NULL ? cop_f32(kept) : NULL,
                       .count = cop_shape_count(gradient->shape)};
}

static cop_status make(cop_update *u, cop_tensors *state, const cop_tensors *gradients,
                       const cop_tensors *mask, int threads, cop_error *err)
{
    u->count = cop_tensors_count(gradients);
    u->tensors = calloc(u->count + 1, sizeof *u->tensors);
    if (u->tensors == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < u->count; i++)
        u->tensors[i] = piece_for(state, cop_tensors_at(gradients, i), mask);
    if (cop_update_has_second(&u->recipe))
        u->updates = cop_i64(cop_tensors_find(state, COP_UPDATES_NAME));
    return cop_pieces_new(u->tensors, u->count, threads, &u->pieces, err);
}

cop_status cop_update_new(const cop_recipe *recipe, cop_tensors *state,
                          const cop_tensors *gradients, const cop_tensors *mask, int threads,
                          cop_update **out, cop_error *err)
{
    cop_update *u = calloc(1, sizeof *u);
    if (u == NULL)
        return cop_out_of_memory(err);
    u->recipe = *recipe;
    cop_status status = make(u, state, gradients, mask, threads, err);
    if (status != COP_OK)
        cop_update_free(u);
    else
        *out = u;
    return status;
}

void cop_update_free(cop_update *u)
{
    if (u == NULL)
        return;
    cop_pieces_free(u->pieces);
    free(u->tensors);
    free(u);
}

void cop_update_reset(cop_update *u)
{
    for (size_t i = 0; i < u->count; i++) {
        size_t bytes = (size_t)u->tensors[i].count * sizeof(float);
        memset(u->tensors[i].momentum, 0, bytes);
        if (u->tensors[i].second != NULL)
            memset(u->tensors[i].second, 0, bytes);
    }
    if (u->updates != NULL)
        *u->updates = 0;
}

void cop_update_step(cop_update *u, double lr)
{
    const cop_recipe *r = &u->recipe;
    if (r->clip > 0.0)
        cop_clip_gradients(u->pieces, r->clip);
    if (!cop_update_has_second(r)) {
        cop_sgd_step(u->pieces, lr, r->momentum, r->weight_decay);
        return;
    }
    const cop_adam adam = {.lr = lr,
                           .beta1 = r->beta1,
                           .beta2 = r->beta2,
                           .epsilon = r->epsilon,
                           .decay = r->weight_decay,
                           .is_decoupled = r->optimiser == COP_OPTIMISER_ADAMW};
    cop_adam_step(u->pieces, &adam, ++*u->updates);
}
