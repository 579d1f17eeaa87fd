/* grid.c: which points of a plane are evaluated. */
#include "landscape.h"

#include <math.h>

/* The published code draws points from [-2, 2]; Li et al. show [-1, 1] with 51 points. */
#define PUBLISHED_RADIUS 2.0
#define RANDOM_RADIUS    1.0
#define RANDOM_SIDE      51
#define COPIES_SIDE      21

int64_t landscape_side(const landscape_options *o)
{
    if (o->grid > 0)
        return o->grid;
    return o->plane == LANDSCAPE_RANDOM ? RANDOM_SIDE : COPIES_SIDE;
}

landscape_grid landscape_grid_make(const landscape_options *o, const landscape_plane *s)
{
    landscape_grid g = {.side = landscape_side(o)};
    if (o->plane == LANDSCAPE_ORTHONORMAL) {
        /* The copies lie at (0, 0), (u, 0) and (p, v). */
        double left = fmin(0.0, s->p), right = fmax(s->u, s->p);
        g.low[0] = left - o->margin * (right - left);
        g.high[0] = right + o->margin * (right - left);
        g.low[1] = -o->margin * s->v;
        g.high[1] = s->v + o->margin * s->v;
        return g;
    }
    double radius = o->plane == LANDSCAPE_RANDOM ? RANDOM_RADIUS : PUBLISHED_RADIUS;
    radius = o->radius > 0.0 ? o->radius : radius;
    for (int k = 0; k < 2; k++) {
        g.low[k] = -radius;
        g.high[k] = radius;
    }
    return g;
}

void landscape_grid_at(const landscape_grid *g, int64_t j, double at[2])
{
    const int64_t place[2] = {j % g->side, j / g->side};
    for (int k = 0; k < 2; k++) {
        double share = (double)place[k] / (double)(g->side - 1);
        at[k] = (1.0 - share) * g->low[k] + share * g->high[k];
    }
}
