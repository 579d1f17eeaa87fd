/* match_unit.h: a match of one class for real batches of one size. Everything random is an input:
 * batches, draws of augmentation, the subset of decoded images. */
#ifndef COP_DISTIL_MATCH_UNIT_H
#define COP_DISTIL_MATCH_UNIT_H

#include "distil/match_graph.h"

#include "nn/task.h"

typedef struct cop_match_unit {
    cop_match_graph_spec spec;
    cop_task task;
    cop_program *program;
    cop_draws *draws[2];  /* of the real and the synthetic batch: one for both, or NULL */
    int64_t *permutation; /* [decoded] */
    cop_tensors *inputs;  /* owns the memory below, which the program is bound to */
    float *real_images;   /* [real, C, H, W], normalised: written before a run */
    float *pixels, *real_targets, *synthetic_targets, *mean, *std;
    float *subset; /* [synthetic] whole numbers: which decoded images are matched; NULL: all */
} cop_match_unit;

/* Builds and compiles it for real batches of `real` images. Owned by the caller. `match` has its
 * defaults filled in and outlives it. */
cop_status cop_match_unit_new(const cop_match_spec *match, int64_t real, cop_match_unit **out,
                              cop_error *err);
void cop_match_unit_free(cop_match_unit *u);

/* Draws the augmentation of both batches. */
void cop_match_unit_draw(cop_match_unit *u, cop_stream *stream);

/* Chooses which decoded images are matched: a random subset where there are too many, else all. */
void cop_match_unit_choose(cop_match_unit *u, cop_stream *stream);

/* Matches class `label`, whose stored images are `pixels` [stored, C, H, W]; *gradient is shaped as
 * they are and the unit's own until its next run. COP_FAILED when the loss is not finite. */
cop_status cop_match_unit_run(cop_match_unit *u, int32_t label, const float *pixels, double *loss,
                              const float **gradient, cop_error *err);

#endif
