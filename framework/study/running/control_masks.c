/* control_masks.c: masks that keep as many weights of each tensor as a ticket does, elsewhere. */
#include "study/running/control_masks.h"

#include "core/memory.h"

#include <coppice/random.h>

#include <stdlib.h>

/* The entries of `from`, permuted. */
static void shuffle(const cop_tensor *from, const int64_t *order, cop_tensor *to)
{
    for (int64_t i = 0; i < cop_shape_count(from->shape); i++)
        cop_f32(to)[order[i]] = cop_f32(from)[i];
}

/* As many ones as in `from`, the first in the order. */
static void draw(const cop_tensor *from, const int64_t *order, cop_tensor *to)
{
    int64_t count = cop_shape_count(from->shape), kept = 0;
    for (int64_t i = 0; i < count; i++)
        kept += cop_f32(from)[i] != 0.0f;
    for (int64_t i = 0; i < count; i++)
        cop_f32(to)[order[i]] = i < kept ? 1.0f : 0.0f;
}

cop_status cop_control_mask(cop_control control, uint64_t seed, const cop_tensors *mask,
                            cop_tensors **out, cop_error *err)
{
    int64_t largest = 0;
    for (size_t i = 0; i < cop_tensors_count(mask); i++) {
        int64_t count = cop_shape_count(cop_tensors_at(mask, i)->shape);
        largest = count > largest ? count : largest;
    }
    int64_t *order = calloc((size_t)largest + 1, sizeof *order);
    *out = cop_tensors_clone(mask);
    if (order == NULL || *out == NULL) {
        free(order);
        cop_tensors_free(*out);
        *out = NULL;
        return cop_out_of_memory(err);
    }
    for (size_t i = 0; i < cop_tensors_count(mask); i++) {
        const cop_tensor *from = cop_tensors_at(mask, i);
        cop_stream stream = cop_stream_make(seed, "order of weights", i);
        cop_stream_permutation(&stream, order, cop_shape_count(from->shape));
        if (control == COP_CONTROL_SHUFFLE)
            shuffle(from, order, cop_tensors_at(*out, i));
        else
            draw(from, order, cop_tensors_at(*out, i));
    }
    free(order);
    return COP_OK;
}
