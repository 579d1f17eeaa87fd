/* curves.h: from rows of many repetitions to the curve to draw. */
#ifndef COP_REPORT_FIGURES_CURVES_H
#define COP_REPORT_FIGURES_CURVES_H

#include "report/data/results.h"
#include "report/figures/figure.h"

/* One row: which repetition it belongs to, and its point (low, high: y ∓ error). */
typedef struct cop_sample_point {
    size_t repetition;
    cop_point point;
} cop_sample_point;

/* What a figure's curves are means of. */
typedef struct cop_repetitions {
    size_t most;  /* repetitions of one curve: seeds, and copies or pairs of each */
    bool differs; /* some stand at other x than the first, which is drawn alone */
} cop_repetitions;

/* Averages repetitions whose x are the same, row by row; where they differ the curve is the first
 * repetition's. Both are noted in *over, which is not cleared before. Rows of a repetition keep
 * their order. A NaN y is left out of its mean. Low and high are the mean less and plus the mean
 * error, or where rows have none the sample standard deviation over the repetitions; NaN of one.
 * Points are the arena's. */
cop_status cop_curve_average(const cop_sample_point *rows, size_t count, cop_arena *arena,
                             cop_curve *out, cop_repetitions *over, cop_error *err);

/* The tickets that stand for the rounds of one cell (the first seed's): at most `limit` of them,
 * from first to last, evenly. Written to `out` (room for `limit`); returns how many. */
size_t cop_choose_rounds(const cop_record *record, size_t cell, size_t limit,
                         const cop_record_ticket **out);

/* "dense", or "round 3, 48.8 % sparse"; the arena's; NULL when memory is out. */
const char *cop_round_label(const cop_results *r, const cop_record_ticket *t);

/* The same for a legend headed COP_ROUND_LEGEND: "dense", "48.8 %". */
#define COP_ROUND_LEGEND "at a sparsity of"
const char *cop_round_short_label(const cop_results *r, const cop_record_ticket *t);

#endif
