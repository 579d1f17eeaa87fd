/* instability.h: the numbering of an instability analysis: where copies part, and which evaluation
 * each step is. */
#ifndef INSTABILITY_INSTABILITY_H
#define INSTABILITY_INSTABILITY_H

#include <coppice/plugin.h>

typedef struct instability_options {
    cop_int_list epochs, steps; /* where copies part */
    int64_t copies;             /* that part at each */
    int64_t alphas;
    int32_t statistics;
    bool momentum;
    int64_t train_size, test_size;
    int64_t reestimate_size, batch;
    double stable_threshold; /* %; read by instability_judge alone */
} instability_options;

enum { INSTABILITY_INTERPOLATE = 0, INSTABILITY_REESTIMATE = 1 };

/* What an evaluation yields, in the bag's order; errors are fractions. */
enum {
    INSTABILITY_TRAIN_LOSS = 0,
    INSTABILITY_TRAIN_ERROR = 1,
    INSTABILITY_TEST_LOSS = 2,
    INSTABILITY_TEST_ERROR = 3,
    INSTABILITY_MEASURES = 4
};

/* Steps are, branch after branch, the copies by themselves and then the inner points of each pair.
 */
typedef struct instability_numbering {
    int64_t branches, copies;
    int64_t pairs; /* of two copies of one branch */
    int64_t inner; /* values of α between 0 and 1 */
} instability_numbering;

/* One step: a copy by itself (pair −1), or an inner point of a pair. */
typedef struct instability_point {
    int64_t branch;
    int64_t copy;    /* −1 for a point of a pair */
    int64_t pair, k; /* k-th value of α, 0 … inner + 1: the ends are the copies themselves */
} instability_point;

instability_numbering instability_numbering_make(const instability_options *o);
int64_t instability_count(const instability_numbering *n);
instability_point instability_point_at(const instability_numbering *n, int64_t step);
int64_t instability_step_of(const instability_numbering *n, instability_point point);

/* The copies W1 and W2 of a pair; α is W1's share. */
void instability_pair_at(const instability_numbering *n, int64_t pair, int64_t *first,
                         int64_t *second);

/* Branch b parts after so long: the epochs first, then the steps. */
cop_duration instability_part(const instability_options *o, int64_t branch);

/* report.c: makes the table out of the evaluations [steps, INSTABILITY_MEASURES]; parted[b] is the
 * step at which the copies of branch b part. `chance` is the accuracy that guessing reaches. */
cop_status instability_report(const instability_numbering *n, const int64_t *parted, double chance,
                              const double *found, cop_tables *out, cop_error *err);

/* In words, whether each pair is stable (work.h: cop_work_ops.judge). */
cop_status instability_judge(const void *options, const cop_tables *tables, const cop_tables *dense,
                             cop_tables *verdicts, cop_error *err);

#endif
