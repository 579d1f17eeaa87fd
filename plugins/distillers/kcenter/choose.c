/* choose.c: the farthest image, again and again. */
#include "choose.h"

#include <math.h>
#include <stdlib.h>

static const float *image(const cop_class_features *of, int64_t i)
{
    return of->features + i * of->width;
}

/* The image nearest to the mean; `mean` and `sums` are [width], `sums` zero. */
static int64_t nearest_to_mean(const cop_class_features *of, float *mean, double *sums)
{
    int64_t best = 0;
    double least = INFINITY;
    for (int64_t i = 0; i < of->count * of->width; i++)
        sums[i % of->width] += (double)of->features[i] / (double)of->count;
    for (int64_t d = 0; d < of->width; d++)
        mean[d] = (float)sums[d];
    for (int64_t i = 0; i < of->count; i++) {
        double distance = cop_squared_distance(image(of, i), mean, of->width);
        if (distance < least) {
            least = distance;
            best = i;
        }
    }
    return best;
}

/* `far`[i] is how far image i is from its nearest centre; below 0 for a centre, so that none is
 * taken twice where images are equal. */
static void add_centre(const cop_class_features *of, int64_t centre, double *far)
{
    for (int64_t i = 0; i < of->count; i++) {
        double distance = cop_squared_distance(image(of, i), image(of, centre), of->width);
        far[i] = distance < far[i] ? distance : far[i];
    }
    far[centre] = -1.0;
}

static int64_t farthest(const double *far, int64_t count)
{
    int64_t best = 0;
    for (int64_t i = 1; i < count; i++)
        best = far[i] > far[best] ? i : best;
    return best;
}

cop_status kcenter_choose(const void *options, const cop_class_features *of, int64_t wanted,
                          cop_stream *stream, int64_t *chosen, cop_error *err)
{
    const kcenter_options *o = options;
    double *far = calloc((size_t)(of->count + of->width), sizeof *far);
    float *mean = calloc((size_t)of->width + 1, sizeof *mean);
    if (far == NULL || mean == NULL) {
        free(far);
        free(mean);
        return cop_fail(err, COP_FAILED, "out of memory");
    }
    chosen[0] = o->first == KCENTER_FIRST_MEAN
                    ? nearest_to_mean(of, mean, far + of->count)
                    : (int64_t)cop_stream_below(stream, (uint64_t)of->count);
    for (int64_t i = 0; i < of->count; i++)
        far[i] = INFINITY;
    for (int64_t k = 1; k < wanted; k++) {
        add_centre(of, chosen[k - 1], far);
        chosen[k] = farthest(far, of->count);
    }
    free(far);
    free(mean);
    return COP_OK;
}
