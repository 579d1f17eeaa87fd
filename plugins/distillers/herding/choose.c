/* choose.c: greedy matching of means. */
#include "choose.h"

#include <math.h>
#include <stdlib.h>

/* Σ_d (target_d − f_d)². */
static double distance_to(const double *target, const float *f, int64_t width)
{
    double sum = 0.0;
    for (int64_t d = 0; d < width; d++)
        sum += (target[d] - (double)f[d]) * (target[d] - (double)f[d]);
    return sum;
}

static int64_t nearest(const cop_class_features *of, const double *target, const bool *is_taken)
{
    double least = INFINITY;
    int64_t best = -1;
    for (int64_t i = 0; i < of->count; i++) {
        if (is_taken[i])
            continue;
        double distance = distance_to(target, of->features + i * of->width, of->width);
        if (best < 0 || distance < least) {
            least = distance;
            best = i;
        }
    }
    return best;
}

/* `target` is what is missing for k + 1 means: a mean more each time, less what was chosen. */
static void herd(const cop_class_features *of, int64_t wanted, double *mean, double *target,
                 bool *is_taken, int64_t *chosen)
{
    for (int64_t i = 0; i < of->count * of->width; i++)
        mean[i % of->width] += (double)of->features[i] / (double)of->count;
    for (int64_t k = 0; k < wanted; k++) {
        for (int64_t d = 0; d < of->width; d++)
            target[d] += mean[d];
        chosen[k] = nearest(of, target, is_taken);
        is_taken[chosen[k]] = true;
        for (int64_t d = 0; d < of->width; d++)
            target[d] -= (double)of->features[chosen[k] * of->width + d];
    }
}

cop_status herding_choose(const void *options, const cop_class_features *of, int64_t wanted,
                          cop_stream *stream, int64_t *chosen, cop_error *err)
{
    (void)options;
    (void)stream;
    double *means = calloc(2 * (size_t)of->width + 1, sizeof *means);
    bool *is_taken = calloc((size_t)of->count, sizeof *is_taken);
    cop_status status = COP_OK;
    if (means == NULL || is_taken == NULL)
        status = cop_fail(err, COP_FAILED, "out of memory");
    else
        herd(of, wanted, means, means + of->width, is_taken, chosen);
    free(means);
    free(is_taken);
    return status;
}
