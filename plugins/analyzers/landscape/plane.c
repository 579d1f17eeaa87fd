/* plane.c: the geometry of planes of networks.
 *
 * With axes A and B a point is O + sA + tB. `orthonormal` shows it at x = us + pt, y = vt, where
 * (u, 0) is copy 1 and (p, v) copy 2: Gram-Schmidt, so that x and y are distances. The others show
 * s and t themselves. As shares of networks all of this is exact at the copies. */
#include "landscape.h"

#include <math.h>

/* Axes whose angle has a smaller squared sine are parallel but for rounding. */
#define LEAST_SINE_SQUARED 1e-10

/* The shares of each span in the origin and the axes; and where the first spans lie that are points
 * of the plane: s and t. */
typedef struct frame {
    int64_t copies; /* spans that are copies; directions stand behind them */
    size_t spans, corners;
    double origin[LANDSCAPE_MOST_SPANS];
    double axis[2][LANDSCAPE_MOST_SPANS];
    double corner[LANDSCAPE_MOST_SPANS][2];
} frame;

static const frame frames[] = {
    [LANDSCAPE_ORTHONORMAL] = {.copies = 3,
                               .spans = 3,
                               .corners = 3,
                               .origin = {1.0},
                               .axis = {{-1.0, 1.0}, {-1.0, 0.0, 1.0}},
                               .corner = {{0.0, 0.0}, {1.0, 0.0}, {0.0, 1.0}}},
    /* McDermott & Cummings' code: M + X V0 + Y V1 with M between m0 and m1, V0 = (m0 − m1)/2 and
     * V1 = (m3 − m2)/2. Their figures are turned: it draws the point at (−X − Y, X − Y). */
    [LANDSCAPE_PUBLISHED] = {.copies = 4,
                             .spans = 4,
                             .corners = 2,
                             .origin = {0.5, 0.5},
                             .axis = {{0.5, -0.5}, {0.0, 0.0, -0.5, 0.5}},
                             .corner = {{1.0, 0.0}, {-1.0, 0.0}}},
    [LANDSCAPE_RANDOM] = {.copies = 1,
                          .spans = 3,
                          .corners = 1,
                          .origin = {1.0},
                          .axis = {{0.0, 1.0}, {0.0, 0.0, 1.0}},
                          .corner = {{0.0, 0.0}}},
};

int64_t landscape_spanning_copies(int32_t kind)
{
    return frames[kind].copies;
}

/* One tensor of each span. */
typedef struct values {
    const float *of[LANDSCAPE_MOST_SPANS];
    size_t count;
} values;

static values values_named(const landscape_plane *s, const char *name)
{
    values v = {.count = frames[s->kind].spans};
    for (size_t k = 0; k < v.count; k++)
        v.of[k] = cop_f32(cop_tensors_find(s->spans[k], name));
    return v;
}

/* Σ share · value at element j. What has no share has no say, be it not finite. */
static double sum_at(const values *v, const double *share, int64_t j)
{
    double sum = 0.0;
    for (size_t k = 0; k < v->count; k++) {
        if (share[k] != 0.0)
            sum += share[k] * (double)v->of[k][j];
    }
    return sum;
}

cop_status landscape_plane_measure(landscape_plane *s, const cop_model *model, cop_error *err)
{
    const frame *f = &frames[s->kind];
    s->aa = s->ab = s->bb = 0.0;
    for (size_t i = 0; i < cop_model_parameter_count(model); i++) {
        const cop_parameter *parameter = cop_model_parameter(model, i);
        const values v = values_named(s, parameter->name);
        for (int64_t j = 0; j < cop_shape_count(parameter->shape); j++) {
            double a = sum_at(&v, f->axis[0], j), b = sum_at(&v, f->axis[1], j);
            s->aa += a * a;
            s->ab += a * b;
            s->bb += b * b;
        }
    }
    double determinant = s->aa * s->bb - s->ab * s->ab;
    if (!isfinite(determinant) || !(determinant > LEAST_SINE_SQUARED * s->aa * s->bb))
        return cop_fail(err, COP_FAILED,
                        s->kind == LANDSCAPE_RANDOM
                            ? "two directions in the copy's weights make no plane: there are too "
                              "few weights, or some are not finite"
                            : "the copies make no plane: they lie on one line, or some weights are "
                              "not finite");
    bool turned = s->kind == LANDSCAPE_ORTHONORMAL;
    s->u = turned ? sqrt(s->aa) : 1.0;
    s->p = turned ? s->ab / s->u : 0.0;
    s->v = turned ? sqrt(determinant / s->aa) : 1.0;
    return COP_OK;
}

/* The shares of the spans at O + sA + tB. */
static void shares_of(const landscape_plane *s, const double along[2], double *share)
{
    const frame *f = &frames[s->kind];
    for (size_t k = 0; k < f->spans; k++)
        share[k] = f->origin[k] + along[0] * f->axis[0][k] + along[1] * f->axis[1][k];
}

static void shares_at(const landscape_plane *s, const double at[2], double *share)
{
    double along[2];
    along[1] = at[1] / s->v;
    along[0] = (at[0] - along[1] * s->p) / s->u;
    shares_of(s, along, share);
}

/* Beyond the copies some shares are negative, and so might a variance be. It is 0 then, as on the
 * published plane, where their code has no number. On our own it is not below the least of the
 * copies' either: nearly divided by zero, one channel would outshine the surface. */
static double least_variance(const landscape_plane *s, const values *v, int64_t j)
{
    double least = INFINITY;
    if (s->kind != LANDSCAPE_ORTHONORMAL)
        return 0.0;
    for (size_t k = 0; k < v->count; k++)
        least = fmin(least, (double)v->of[k][j]);
    return fmax(least, 0.0);
}

static void place_tensor(const landscape_plane *s, const double *share, bool is_variance,
                         cop_tensor *to)
{
    const values v = values_named(s, to->name);
    float *w = cop_f32(to);
    for (int64_t j = 0; j < cop_shape_count(to->shape); j++) {
        double sum = sum_at(&v, share, j);
        double least = is_variance ? least_variance(s, &v, j) : -INFINITY;
        w[j] = (float)(sum < least ? least : sum);
    }
}

void landscape_place(const landscape_plane *s, const cop_model *model, const double at[2],
                     cop_tensors *point)
{
    double share[LANDSCAPE_MOST_SPANS];
    shares_at(s, at, share);
    for (size_t i = 0; i < cop_model_parameter_count(model); i++)
        place_tensor(s, share, false, cop_tensors_find(point, cop_model_parameter(model, i)->name));
    for (size_t i = 0; i < cop_model_buffer_count(model); i++) {
        const cop_parameter *buffer = cop_model_buffer(model, i);
        place_tensor(s, share, buffer->role == COP_ROLE_RUNNING_VARIANCE,
                     cop_tensors_find(point, buffer->name));
    }
}

/* The least squares solution for s and t of network − O = sA + tB. */
static void solve(const landscape_plane *s, const cop_model *model, const cop_tensors *network,
                  double along[2])
{
    const frame *f = &frames[s->kind];
    double da = 0.0, db = 0.0;
    for (size_t i = 0; i < cop_model_parameter_count(model); i++) {
        const cop_parameter *parameter = cop_model_parameter(model, i);
        const values v = values_named(s, parameter->name);
        const float *w = cop_f32(cop_tensors_find(network, parameter->name));
        for (int64_t j = 0; j < cop_shape_count(parameter->shape); j++) {
            double d = (double)w[j] - sum_at(&v, f->origin, j);
            da += d * sum_at(&v, f->axis[0], j);
            db += d * sum_at(&v, f->axis[1], j);
        }
    }
    double determinant = s->aa * s->bb - s->ab * s->ab;
    along[0] = (s->bb * da - s->ab * db) / determinant;
    along[1] = (s->aa * db - s->ab * da) / determinant;
}

static double distance_to(const landscape_plane *s, const cop_model *model, const double *share,
                          const cop_tensors *network)
{
    double squares = 0.0;
    for (size_t i = 0; i < cop_model_parameter_count(model); i++) {
        const cop_parameter *parameter = cop_model_parameter(model, i);
        const values v = values_named(s, parameter->name);
        const float *w = cop_f32(cop_tensors_find(network, parameter->name));
        for (int64_t j = 0; j < cop_shape_count(parameter->shape); j++) {
            double d = (double)w[j] - sum_at(&v, share, j);
            squares += d * d;
        }
    }
    return sqrt(squares);
}

void landscape_project(const landscape_plane *s, const cop_model *model, const cop_tensors *network,
                       double at[2], double *distance)
{
    const frame *f = &frames[s->kind];
    double along[2], share[LANDSCAPE_MOST_SPANS];
    size_t corner = 0;
    while (corner < f->corners && s->spans[corner] != network)
        corner++;
    if (corner < f->corners) {
        along[0] = f->corner[corner][0];
        along[1] = f->corner[corner][1];
    } else {
        solve(s, model, network, along);
    }
    at[0] = s->u * along[0] + s->p * along[1];
    at[1] = s->v * along[1];
    shares_of(s, along, share);
    *distance = distance_to(s, model, share, network);
}
