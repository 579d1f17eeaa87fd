/* statistics.h: what a few repetitions say: intervals, paired differences, several comparisons at
 * once. Values that are NaN are passed over. */
#ifndef COP_REPORT_DATA_STATISTICS_H
#define COP_REPORT_DATA_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

/* The regularised incomplete beta function I_x(a, b): a and b above 0, x from 0 to 1 (NIST's
 * Digital Library of Mathematical Functions, 8.17). */
double cop_incomplete_beta(double a, double b, double x);

/* The chance that |T| is at least |t|, T of Student's distribution with `freedom` > 0 degrees. */
double cop_student_p(double t, double freedom);

/* The t that |T| stays below with the chance `share`, 0 < share < 1. */
double cop_student_t(double share, double freedom);

/* A mean, and where it may lie. */
typedef struct cop_interval {
    size_t count;
    double mean, sd;  /* sample standard deviation */
    double low, high; /* of the mean, by Student's t; NaN of fewer than two values */
} cop_interval;

/* Of the mean of `count` values, with the confidence `share`, such as 0.95. */
cop_interval cop_mean_interval(const double *values, size_t count, double share);

/* What two copies of one network come to together, such as the barrier between them. */
typedef struct cop_pair_value {
    int64_t first, second; /* the copies' numbers, which differ */
    double value;
} cop_pair_value;

/* Of the mean over pairs of copies. Pairs share copies, so they are no independent values: the
 * standard error is the jackknife's that leaves out one copy at a time with all of its pairs (Efron
 * & Stein 1981), and `count` copies have one degree of freedom less. `sd` is the pairs' own. The
 * ends are NaN where no pair is left without some copy, as of two, and where a value is NaN. */
cop_interval cop_pairs_interval(const cop_pair_value *pairs, size_t count, double share);

/* Differences a[i] − b[i] of matched pairs; a pair that lacks one counts as none. */
typedef struct cop_paired {
    cop_interval difference;
    double effect; /* Cohen's d of the differences, mean by deviation; NaN where they do not vary */
    double p;      /* two-sided, of the paired t-test; NaN of fewer than two */
} cop_paired;

/* The paired t-test of two arms. Where all differences are the same, p is 0, or 1 where they are 0.
 * `room` is the caller's, for `count` numbers. */
cop_paired cop_paired_difference(const double *a, const double *b, size_t count, double share,
                                 double *room);

/* Corrects the p-values of several comparisons (Holm 1979): `out` may not be `p`; NaN stays and
 * counts as no comparison. */
void cop_holm(const double *p, size_t count, double *out);

#endif
