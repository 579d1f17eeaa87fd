/* estimates.h (implemented in estimates.c, tally.c, outline.c): what a study will take on this
 * machine. */
#ifndef COP_STUDY_ESTIMATES_H
#define COP_STUDY_ESTIMATES_H

#include "study/running/rates.h"

#define COP_MOST_SPLITS 16

/* The processors, split into jobs of so many threads each. */
typedef struct cop_job_split {
    int jobs, threads;
    double steps_per_second; /* of all jobs together, of the training that was tried */
} cop_job_split;

typedef struct cop_estimates {
    cop_rates *rates;             /* owned */
    size_t tried;                 /* trainings that were tried here */
    const cop_stage *split_stage; /* that splits were tried with; NULL: none were */
    cop_job_split splits[COP_MOST_SPLITS];
    size_t split_count;
} cop_estimates;

/* By what is done in `store` (may be NULL). With `tries`, the trainings that most is left of are
 * tried for a second each, and the costliest with every split; what cannot be tried is a warning.
 * Clear it whatever the answer. */
cop_status cop_estimates_make(const cop_study *s, const cop_store *store, bool tries,
                              cop_estimates *out, cop_error *err);
void cop_estimates_clear(cop_estimates *e);

/* The split that does most steps; NULL where none was tried. */
const cop_job_split *cop_estimates_best_split(const cop_estimates *e);

/* Stages of one kind, or of all: how many, how many of them done, and what the others take. */
typedef struct cop_tally {
    const char *kind; /* "train"; a literal */
    size_t count, done;
    double flops, points; /* floating-point operations, training points */
    double seconds;       /* of those whose rate is known, one after the other */
    double bytes;         /* of their artifacts, where known */
    double memory;        /* the most that one of them holds; 0: unknown */
    size_t guessed;       /* open ones whose seconds are by a guessed rate */
    size_t unknown;       /* open ones whose seconds are not among them */
} cop_tally;

/* Operations per second of a small processor, for a first guess. */
#define COP_GUESSED_FLOPS 5e10

/* Counts the stages of one kind; `store` may be NULL. */
cop_status cop_study_tally(const cop_study *s, const cop_store *store, const cop_estimates *e,
                           cop_stage_kind kind, cop_tally *out, cop_error *err);

/* Adds one tally to another. */
void cop_tally_add(cop_tally *to, const cop_tally *t);

/* outline.c: prints what there is to do: distinct stages by kind, which of them are already in
 * `store` (may be NULL), and what they are thought to take. */
cop_status cop_study_print_outline(const cop_study *s, const cop_store *store,
                                   const cop_estimates *e, FILE *out, cop_error *err);

#endif
