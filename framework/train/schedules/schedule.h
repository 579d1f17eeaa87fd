/* schedule.h: a recipe worked out for a number of samples: how many steps, at which rates. */
#ifndef COP_TRAIN_SCHEDULES_SCHEDULE_H
#define COP_TRAIN_SCHEDULES_SCHEDULE_H

#include "train/recipe.h"

typedef struct cop_schedule {
    int64_t batch;     /* samples per step: the recipe's, or all of a smaller set */
    int64_t per_epoch; /* steps; a partial last batch counts */
    int64_t total;     /* steps of the whole training */
    int64_t warmup;    /* steps over which the rate rises */
    int32_t kind;      /* cop_schedule_kind */
    double lr;         /* before the first milestone */
    double factor;
    int32_t milestone_count;
    int64_t milestones[COP_MAX_MILESTONES]; /* steps, in the recipe's order */
} cop_schedule;

/* Checks every number of the recipe (COP_INVALID, naming the field and its value), and works it out
 * for `count` ≥ 1 samples. How long a training may be is study/graph/estimate.c's to say. */
cop_status cop_schedule_make(const cop_recipe *recipe, int64_t count, cop_schedule *out,
                             cop_error *err);

/* The rate of step i, counted from 0: a milestone at step s holds from step s on. While it warms up
 * it is (i + 1)/warmup of what it would be without: LinearLR(start_factor = 1/warmup, total_iters =
 * warmup − 1) in PyTorch, chained with MultiStepLR, or with CosineAnnealingLR over all steps. */
double cop_schedule_rate(const cop_schedule *s, int64_t step);

/* Whether the rate falls at this step: a milestone that the schedule has. */
bool cop_schedule_falls(const cop_schedule *s, int64_t step);

#endif
