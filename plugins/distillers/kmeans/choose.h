/* choose.h: the choice that makes this plugin k-means. */
#ifndef KMEANS_CHOOSE_H
#define KMEANS_CHOOSE_H

#include <coppice/select.h>

typedef struct kmeans_options {
    cop_select_options select;
    int64_t iterations;
} kmeans_options;

/* A cop_chooser: the image nearest to each centre, centres in the order in which they started. */
cop_status kmeans_choose(const void *options, const cop_class_features *of, int64_t wanted,
                         cop_stream *stream, int64_t *chosen, cop_error *err);

/* The steps of it, for `centres` [wanted, of->width]. The start by k-means++: the first is at a
 * random image, all others at images that are drawn by their squared distance from the centres
 * before (uniformly where all of them are 0). `far` [of->count] is room. */
void kmeans_start(const cop_class_features *of, int64_t wanted, cop_stream *stream, float *centres,
                  double *far);

/* Assigns each image to its nearest centre, of equally near ones the first; whether any changed. */
bool kmeans_assign(const cop_class_features *of, int64_t wanted, const float *centres,
                   int64_t *cluster);

/* Moves each centre to the mean of its images; `sums` [of->width] is room. */
void kmeans_move(const cop_class_features *of, int64_t wanted, const int64_t *cluster,
                 float *centres, double *sums);

#endif
