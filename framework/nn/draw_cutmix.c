/* draw_cutmix.c: the box, the order and the labels of CutMix (Yun et al. 2019).
 *
 * The order of draws is fixed: the coin; then λ, centre down, centre right, the permutation. */
#include "nn/draws.h"

#include <assert.h>
#include <math.h>

/* Rows become own·row + (1 − own)·the row that the permutation puts in the box. */
static void mix_targets(cop_draws *d, int64_t n, double own, float *targets, int32_t classes)
{
    for (int32_t c = 0; c < classes; c++) {
        for (int64_t k = 0; k < n; k++)
            d->column[k] = targets[k * classes + c];
        for (int64_t k = 0; k < n; k++)
            targets[k * classes + c] = (float)(own * (double)d->column[k] +
                                               (1.0 - own) * (double)d->column[d->permutation[k]]);
    }
}

/* A box of `ratio` of the side about a centre, clipped. */
static void place_box(int64_t centre, int64_t side, double ratio, float *from, float *to)
{
    int64_t half = (int64_t)((double)side * ratio) / 2;
    int64_t first = centre - half, end = centre + half;
    *from = (float)(first < 0 ? 0 : first);
    *to = (float)(end > side ? side : end);
}

void cop_draws_cutmix(cop_draws *d, cop_stream *stream, int64_t n, double p, float *targets,
                      int32_t classes)
{
    assert(n <= d->capacity);
    cop_draws_set_unmixed(d, n);
    if (!d->cutmix || !((double)cop_stream_uniform(stream) < p))
        return;
    double ratio = sqrt(1.0 - (double)cop_stream_uniform(stream)); /* Beta(1, 1) is uniform */
    int64_t row = (int64_t)cop_stream_below(stream, (uint64_t)d->height);
    int64_t column = (int64_t)cop_stream_below(stream, (uint64_t)d->width);
    cop_stream_permutation(stream, d->permutation, n);
    place_box(row, d->height, ratio, &d->box[0], &d->box[2]);
    place_box(column, d->width, ratio, &d->box[1], &d->box[3]);
    for (int64_t k = 0; k < n; k++)
        d->order[k] = (float)d->permutation[k];
    double area = (double)(d->box[2] - d->box[0]) * (double)(d->box[3] - d->box[1]);
    mix_targets(d, n, 1.0 - area / ((double)d->height * (double)d->width), targets, classes);
}
