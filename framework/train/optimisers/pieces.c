/* pieces.c: cutting tensors into pieces. */
#include "train/optimisers/pieces.h"

#include "core/openmp.h"

#include <stdlib.h>

/* Elements: small enough to share out a single large tensor, large enough to hide the loop. */
#define PIECE 8192

static int64_t pieces_of(int64_t count)
{
    return (count + PIECE - 1) / PIECE;
}

static cop_piece piece_of(const cop_piece *t, int64_t first)
{
    int64_t left = t->count - first;
    return (cop_piece){.weight = t->weight + first,
                       .momentum = t->momentum + first,
                       .second = t->second != NULL ? t->second + first : NULL,
                       .gradient = t->gradient + first,
                       .mask = t->mask != NULL ? t->mask + first : NULL,
                       .count = left < PIECE ? left : PIECE};
}

cop_status cop_pieces_new(const cop_piece *tensors, size_t count, int threads, cop_pieces **out,
                          cop_error *err)
{
    int64_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += pieces_of(tensors[i].count);
    cop_pieces *p = calloc(1, sizeof *p + (size_t)total * sizeof p->items[0]);
    double *sums = calloc((size_t)total + 1, sizeof *sums);
    if (p == NULL || sums == NULL) {
        free(p);
        free(sums);
        return cop_fail(err, COP_FAILED, "out of memory for the optimiser");
    }
    p->threads = threads > 0 ? threads : omp_get_max_threads();
    p->sums = sums;
    for (size_t i = 0; i < count; i++)
        for (int64_t first = 0; first < tensors[i].count; first += PIECE)
            p->items[p->count++] = piece_of(&tensors[i], first);
    *out = p;
    return COP_OK;
}

void cop_pieces_free(cop_pieces *p)
{
    if (p == NULL)
        return;
    free(p->sums);
    free(p);
}
