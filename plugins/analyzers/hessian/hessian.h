/* hessian.h: what the files of the Hessian analyzer share: its options, the order of its steps,
 * its instance, and what the steps leave in the bag.
 *
 * The bag, of n surviving coordinates in the order of the parameters:
 *     "sum"       F64 [n]: Σ over probes of z ⊙ Hz               where the diagonal is estimated
 *     "square"    F64 [n]: Σ of its squares
 *     "trace"     F64 [probes, parameters]: zᵀHz, each parameter's share
 *     "course"    I64 [2]: probes so far, and how it goes on     where they go by a resolution
 *     "diagonal"  F64 [n]: Hᵢᵢ                                   where it is, or may become, exact
 *     "matrix"    F32 [n, n]: row i is H eᵢ                      of the dense Hessian
 *     "basis"     F32 [depth, n]: Lanczos vectors of the start at hand
 *     "alpha"     F64 [starts, depth]: diagonal of each start's tridiagonal matrix
 *     "beta"      F64 [starts, depth]: what is below it
 *     "length"    I64 [starts]: steps that the start has gone
 *     "residual"  F64 [pairs]: ‖Hv − λv‖ of the first start's Ritz pairs */
#ifndef HESSIAN_HESSIAN_H
#define HESSIAN_HESSIAN_H

#include "coordinates.h"

#include <coppice/plugin.h>

typedef struct hessian_options {
    int32_t diagonal;
    int64_t probes;
    int64_t samples;
    int64_t batch;
    int32_t mode;
    int64_t copy;
    bool layerwise;
    int64_t bins;
    int32_t scale;
    int64_t eigenvalues;
    int64_t density;
    int64_t lanczos;
    double smoothing;
    int64_t points;
    bool dense;
    int64_t memory;
    bool entries;
    double resolution;
    int64_t most_probes;
} hessian_options;

enum { HESSIAN_AUTO = 0, HESSIAN_EXACT = 1, HESSIAN_PROBES = 2 };
enum { HESSIAN_EVAL = 0, HESSIAN_TRAIN = 1 };
enum { HESSIAN_LINEAR = 0, HESSIAN_LOG = 1 };

/* Coordinates of which a dense Hessian is made: its eigenvalues take time as their cube. */
#define HESSIAN_DENSE_MOST 5000

/* Probes before the first look at what resolution they have reached: errors are themselves known
 * to a sixth then, and the mean over all entries far better. Then so many between two looks. */
enum { HESSIAN_PILOT = 20, HESSIAN_ROUND = 10 };

/* How it goes on where probes go by a resolution: the bag's "course"[1]. */
enum { HESSIAN_PROBING = 0, HESSIAN_REACHED = 1, HESSIAN_EXACTLY = 2 };

/* Steps (steps.c). Each is one Hessian product; those of a Lanczos start that has ended, and of
 * probes that are not needed any more, do nothing. In this order: */
typedef struct hessian_steps {
    int64_t diagonal; /* probes, or the coordinates themselves where these are not more; where they
                         go by a resolution, as many as either may take */
    int64_t columns;  /* of the dense Hessian; they hold the exact diagonal */
    int64_t depth;    /* Lanczos steps of each start; the first start's are followed by */
    int64_t pairs;    /* the residuals of its Ritz pairs, then come the other starts' */
    int64_t starts;
} hessian_steps;

/* The steps for so many surviving coordinates; with more of these no number becomes less. */
hessian_steps hessian_steps_of(const hessian_options *o, int64_t surviving);
int64_t hessian_steps_count(const hessian_steps *s);

/* The coordinates that survive, as far as a plan knows: all of the network's where it does not. */
int64_t hessian_planned_coordinates(const cop_plan *plan);

/* Whether the diagonal is known entry by entry from the first step on. */
bool hessian_is_exact(const hessian_options *o, int64_t surviving);

/* Whether the number of probes follows from a resolution; the most there may be then. */
bool hessian_is_resolved(const hessian_options *o);
int64_t hessian_most_probes(const hessian_options *o, const hessian_steps *s);

/* Whether the exact diagonal may take the place of probes that turn out to be dearer. */
bool hessian_may_become_exact(const hessian_options *o, int64_t surviving);

/* Refuses what cannot be, and warns of options that have no say. */
cop_status hessian_check(const hessian_options *o, cop_plan *plan, cop_error *err);

/* The eigenpairs of a start's tridiagonal matrix, by falling magnitude (ritz.c). Component i of
 * vector k is vectors[k · count + i]. */
typedef struct hessian_ritz {
    int64_t count;
    double *values, *vectors;
} hessian_ritz;

cop_status hessian_ritz_make(const cop_tensors *bag, int64_t start, hessian_ritz *out,
                             cop_error *err);
void hessian_ritz_clear(hessian_ritz *r);

/* The instance (hessian.c): nothing but caches. */
typedef struct hessian {
    const hessian_options *o;
    hessian_steps steps;
    hessian_map map;
    bool is_exact;
    int64_t sample_count;
    cop_objective *objective;
    cop_tensors *v, *hv;    /* of all parameters */
    float *vector, *result; /* of surviving coordinates */
    double *rest;           /* what is left of a product */
    double *along;          /* what of it lies along each Lanczos vector */
    hessian_ritz ritz;      /* of the first start, once a residual is wanted */
} hessian;

/* Draws the training images that the loss is over, without replacement: the first *count of *index,
 * which the caller frees. */
cop_status hessian_draw_samples(const hessian_options *o, const cop_work *work, int64_t **index,
                                int64_t *count, cop_error *err);

/* self->result = H · self->vector, on surviving coordinates. */
cop_status hessian_multiply(hessian *self, cop_work *work, cop_error *err);

/* Fills self->vector with ±1 from a stream of that purpose. */
void hessian_draw(hessian *self, const cop_work *work, const char *purpose, int64_t index);

/* The parts. Each declares its share of the bag, if it has any, and goes its steps. */
cop_status hessian_probe_declare(const hessian *self, cop_tensors *bag, cop_error *err);
cop_status hessian_probe_step(hessian *self, cop_work *work, int64_t i, cop_error *err);

cop_status hessian_resolved_declare(const hessian *self, cop_tensors *bag, cop_error *err);
cop_status hessian_resolved_step(hessian *self, cop_work *work, int64_t i, cop_error *err);

cop_status hessian_exact_declare(const hessian *self, cop_tensors *bag, cop_error *err);
cop_status hessian_exact_step(hessian *self, cop_work *work, int64_t i, cop_error *err);

cop_status hessian_lanczos_declare(const hessian *self, cop_tensors *bag, cop_error *err);
cop_status hessian_lanczos_step(hessian *self, cop_work *work, int64_t start, int64_t j,
                                cop_error *err);
cop_status hessian_residual_step(hessian *self, cop_work *work, int64_t pair, cop_error *err);

#endif
