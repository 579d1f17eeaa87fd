/* landscape.h: planes of networks, the points of a plane that are evaluated, and the tables. */
#ifndef LANDSCAPE_LANDSCAPE_H
#define LANDSCAPE_LANDSCAPE_H

#include <coppice/plugin.h>

typedef struct landscape_options {
    int32_t plane;
    int64_t copy;
    int64_t grid; /* 0: as landscape_side says */
    double margin;
    double radius; /* 0: as landscape_grid_make says */
    int32_t data;
    int64_t samples;
    int32_t statistics;
    int64_t reestimate_size, batch;
} landscape_options;

enum { LANDSCAPE_ORTHONORMAL = 0, LANDSCAPE_PUBLISHED = 1, LANDSCAPE_RANDOM = 2 };
enum { LANDSCAPE_TEST = 0, LANDSCAPE_TRAIN = 1, LANDSCAPE_DISTILLED = 2 };
enum { LANDSCAPE_INTERPOLATE = 0, LANDSCAPE_REESTIMATE = 1 };

/* What an evaluation yields, in the bag's order; the error is a fraction. The bag, all F64:
 *     "copies"   [copies, 2]      the copies by themselves
 *     "surface"  [side², 2]       the points of the grid, x fastest */
enum { LANDSCAPE_LOSS = 0, LANDSCAPE_ERROR = 1, LANDSCAPE_MEASURES = 2 };

/* plan.c: the names of the planes, NULL-terminated, and the callback (cop_work_ops.plan). */
extern const char *const landscape_plane_names[];
cop_status landscape_plan(const void *options, cop_plan *plan, cop_error *err);

/* plane.c: a point of a plane is a sum of networks (or directions), each with a share of its own:
 * those of the origin, and so much of either axis. */
enum { LANDSCAPE_MOST_SPANS = 4 };

typedef struct landscape_plane {
    int32_t kind;
    /* What it is made of: copies 0, 1, 2; copies 0 to 3; or a copy and two directions. Tensors of
     * the same names in the same order; borrowed, so set anew in each callback. */
    const cop_tensors *spans[LANDSCAPE_MOST_SPANS];
    double aa, ab, bb; /* inner products of the axes, over parameters alone */
    double u, p, v;    /* axis 1 ends at (u, 0), axis 2 at (p, v) */
} landscape_plane;

/* How many copies, the first ones, span a plane of this kind. */
int64_t landscape_spanning_copies(int32_t kind);

/* Measures the plane's axes. COP_FAILED where they are none: parallel, zero or not finite. */
cop_status landscape_plane_measure(landscape_plane *s, const cop_model *model, cop_error *err);

/* Writes the network at (x, y) into `point`, which has the spans' tensors: parameters, and buffers
 * with the same shares, of which variances do not become negative. */
void landscape_place(const landscape_plane *s, const cop_model *model, const double at[2],
                     cop_tensors *point);

/* Where a network's projection on the plane lies, and how far from it the network is, over
 * parameters alone. A span that is a point of the plane is exactly there. */
void landscape_project(const landscape_plane *s, const cop_model *model, const cop_tensors *network,
                       double at[2], double *distance);

/* directions.c: a random direction whose filters (rows along the first dimension of convolution and
 * linear weights) have the norms of the network's; it is 0 in every other tensor, and where the
 * mask is. Owned by the caller. */
cop_status landscape_direction(const cop_model *model, const cop_tensors *network,
                               const cop_tensors *mask, cop_stream stream, cop_tensors **out,
                               cop_error *err);

/* grid.c: which points of a plane are evaluated. */
typedef struct landscape_grid {
    int64_t side; /* points along each side */
    double low[2], high[2];
} landscape_grid;

/* Points along each side of the grid. */
int64_t landscape_side(const landscape_options *o);

/* About the triangle of the copies, or about the origin. */
landscape_grid landscape_grid_make(const landscape_options *o, const landscape_plane *s);

/* Point j < side · side; x fastest. */
void landscape_grid_at(const landscape_grid *g, int64_t j, double at[2]);

/* report.c: a copy that is tabulated, and where it lies. */
typedef struct landscape_copy {
    int64_t number;
    double at[2], distance;
} landscape_copy;

cop_status landscape_report(const landscape_options *o, const landscape_grid *g,
                            const landscape_copy *copies, int64_t copy_count,
                            const cop_tensors *bag, cop_tables *out, cop_error *err);

#endif
