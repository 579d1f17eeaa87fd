/* choose.c: k-means++, Lloyd's rule, and the image nearest to each centre. */
#include "choose.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float *image(const cop_class_features *of, int64_t i)
{
    return of->features + i * of->width;
}

/* An image, drawn by its share of the sum of `far`. */
static int64_t draw(const double *far, int64_t count, cop_stream *stream)
{
    double total = 0.0, passed = 0.0;
    for (int64_t i = 0; i < count; i++)
        total += far[i];
    if (!(total > 0.0))
        return (int64_t)cop_stream_below(stream, (uint64_t)count);
    double at = (double)cop_stream_uniform(stream) * total;
    int64_t last = 0;
    for (int64_t i = 0; i < count; i++) {
        last = far[i] > 0.0 ? i : last;
        passed += far[i];
        if (passed > at)
            return last;
    }
    return last;
}

void kmeans_start(const cop_class_features *of, int64_t wanted, cop_stream *stream, float *centres,
                  double *far)
{
    size_t bytes = (size_t)of->width * sizeof *centres;
    int64_t next = (int64_t)cop_stream_below(stream, (uint64_t)of->count);
    for (int64_t i = 0; i < of->count; i++)
        far[i] = INFINITY;
    for (int64_t k = 0; k < wanted; k++) {
        float *centre = centres + k * of->width;
        memcpy(centre, image(of, next), bytes);
        for (int64_t i = 0; i < of->count; i++) {
            double distance = cop_squared_distance(image(of, i), centre, of->width);
            far[i] = distance < far[i] ? distance : far[i];
        }
        if (k + 1 < wanted)
            next = draw(far, of->count, stream);
    }
}

bool kmeans_assign(const cop_class_features *of, int64_t wanted, const float *centres,
                   int64_t *cluster)
{
    bool changed = false;
    for (int64_t i = 0; i < of->count; i++) {
        int64_t best = 0;
        double least = INFINITY;
        for (int64_t k = 0; k < wanted; k++) {
            double distance =
                cop_squared_distance(image(of, i), centres + k * of->width, of->width);
            if (distance < least) {
                least = distance;
                best = k;
            }
        }
        changed = changed || cluster[i] != best;
        cluster[i] = best;
    }
    return changed;
}

void kmeans_move(const cop_class_features *of, int64_t wanted, const int64_t *cluster,
                 float *centres, double *sums)
{
    for (int64_t k = 0; k < wanted; k++) {
        int64_t count = 0;
        memset(sums, 0, (size_t)of->width * sizeof *sums);
        for (int64_t i = 0; i < of->count; i++) {
            if (cluster[i] != k)
                continue;
            count++;
            for (int64_t d = 0; d < of->width; d++)
                sums[d] += (double)image(of, i)[d];
        }
        for (int64_t d = 0; d < of->width && count > 0; d++)
            centres[k * of->width + d] = (float)(sums[d] / (double)count);
    }
}

/* The nearest image of all to each centre that no centre before has. */
static void take(const cop_class_features *of, int64_t wanted, const float *centres,
                 int64_t *chosen)
{
    for (int64_t k = 0; k < wanted; k++) {
        double least = INFINITY;
        chosen[k] = -1;
        for (int64_t i = 0; i < of->count; i++) {
            bool is_taken = false;
            for (int64_t j = 0; j < k && !is_taken; j++)
                is_taken = chosen[j] == i;
            if (is_taken)
                continue;
            double distance =
                cop_squared_distance(image(of, i), centres + k * of->width, of->width);
            if (chosen[k] < 0 || distance < least) {
                least = distance;
                chosen[k] = i;
            }
        }
    }
}

cop_status kmeans_choose(const void *options, const cop_class_features *of, int64_t wanted,
                         cop_stream *stream, int64_t *chosen, cop_error *err)
{
    const kmeans_options *o = options;
    float *centres = calloc((size_t)(wanted * of->width) + 1, sizeof *centres);
    double *room = calloc((size_t)(of->count + of->width), sizeof *room);
    int64_t *cluster = calloc((size_t)of->count, sizeof *cluster);
    cop_status status = COP_OK;
    if (centres == NULL || room == NULL || cluster == NULL)
        status = cop_fail(err, COP_FAILED, "out of memory");
    if (status == COP_OK) {
        kmeans_start(of, wanted, stream, centres, room);
        (void)kmeans_assign(of, wanted, centres, cluster);
        bool changed = true;
        for (int64_t i = 0; changed && i < o->iterations; i++) {
            kmeans_move(of, wanted, cluster, centres, room + of->count);
            changed = kmeans_assign(of, wanted, centres, cluster);
        }
        take(of, wanted, centres, chosen);
    }
    free(centres);
    free(room);
    free(cluster);
    return status;
}
