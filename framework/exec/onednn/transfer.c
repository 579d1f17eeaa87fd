/* transfer.c: copying between blockings. An index of an axis always adds the same to where an
 * element lies, whatever its other indices: those summands are tables, one for each axis. */
#include "exec/onednn/transfer.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

struct cop_transfer {
    int64_t dim[COP_MAX_RANK];
    size_t to_bytes;
    const int64_t *from[COP_MAX_RANK], *to[COP_MAX_RANK]; /* point into places */
    int64_t places[];
};

/* What `index` of an axis adds to where an element lies. */
static int64_t place(const cop_blocking *b, int axis, int64_t index)
{
    int64_t at = 0, unit = 1;
    for (int k = b->inner_count - 1; k >= 0; k--) {
        if (b->inner_axis[k] == axis) {
            at += index % b->inner_size[k] * unit;
            index /= b->inner_size[k];
        }
        unit *= b->inner_size[k];
    }
    return at + index * b->strides[axis];
}

cop_status cop_transfer_new(cop_shape shape, const cop_blocking *from, const cop_blocking *to,
                            size_t to_bytes, cop_transfer **out, cop_error *err)
{
    size_t indices = 0;
    int64_t dim[COP_MAX_RANK];
    for (int axis = 0; axis < COP_MAX_RANK; axis++) {
        dim[axis] = axis < shape.rank ? shape.dim[axis] : 1;
        indices += (size_t)dim[axis];
    }
    cop_transfer *t = calloc(1, sizeof *t + 2 * indices * sizeof *t->places);
    if (t == NULL)
        return cop_out_of_memory(err);
    int64_t *next = t->places;
    for (int axis = 0; axis < COP_MAX_RANK; axis++) {
        t->from[axis] = next;
        t->to[axis] = next + dim[axis];
        for (int64_t i = 0; i < dim[axis] && axis < shape.rank; i++) {
            next[i] = place(from, axis, i);
            next[dim[axis] + i] = place(to, axis, i);
        }
        next += 2 * dim[axis];
    }
    memcpy(t->dim, dim, sizeof dim);
    t->to_bytes = to_bytes;
    *out = t;
    return COP_OK;
}

void cop_transfer_free(cop_transfer *transfer)
{
    free(transfer);
}

/* The elements that share the first two indices. */
static void copy_plane(const cop_transfer *t, const float *from, float *to)
{
    for (int64_t i = 0; i < t->dim[2]; i++)
        for (int64_t j = 0; j < t->dim[3]; j++)
            to[t->to[2][i] + t->to[3][j]] = from[t->from[2][i] + t->from[3][j]];
}

void cop_transfer_run(const cop_transfer *transfer, const float *from, float *to)
{
    const cop_transfer *t = transfer;
    memset(to, 0, t->to_bytes);
    for (int64_t i = 0; i < t->dim[0]; i++)
        for (int64_t j = 0; j < t->dim[1]; j++)
            copy_plane(t, from + t->from[0][i] + t->from[1][j], to + t->to[0][i] + t->to[1][j]);
}
