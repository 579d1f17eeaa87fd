/* report.c: from evaluations to barriers, and to verdicts in words. Errors are fractions. */
#include "instability.h"

#include <math.h>
#include <stdio.h>

/* Errors are shares of a count, so a threshold can be met exactly: rounding must not decide. */
#define ROUNDING 1e-11

enum {
    STEP,
    PAIR,
    TRAIN_LOSS,
    TRAIN_ERROR,
    TEST_LOSS,
    TEST_ERROR,
    FIRST,
    SECOND,
    ACCURACY,
    CHANCE
};

static const cop_column columns[] = {
    [STEP] = COP_COLUMN_OF(KEY, INT, "step", NULL, "The optimiser step at which the copies part"),
    [PAIR] = COP_COLUMN_OF(REPETITION, TEXT, "pair", NULL, "The two copies"),
    [TRAIN_LOSS] = COP_COLUMN_OF(VALUE, FLOAT, "train_loss_barrier", NULL,
                                 "max over alpha of the loss, less the ends' mean"),
    [TRAIN_ERROR] = COP_COLUMN_OF(VALUE, FLOAT, "train_error_barrier", "fraction",
                                  "The same of the training error"),
    [TEST_LOSS] =
        COP_COLUMN_OF(VALUE, FLOAT, "test_loss_barrier", NULL, "The same of the test loss"),
    [TEST_ERROR] = COP_COLUMN_OF(VALUE, FLOAT, "test_error_barrier", "fraction",
                                 "The same of the test error: the instability"),
    [FIRST] = COP_COLUMN_OF(VALUE, FLOAT, "first_test_error", "fraction",
                            "Of the first copy (alpha = 1)"),
    [SECOND] = COP_COLUMN_OF(VALUE, FLOAT, "second_test_error", "fraction",
                             "Of the second copy (alpha = 0)"),
    [ACCURACY] = COP_COLUMN_OF(VALUE, FLOAT, "test_accuracy", "fraction", "Mean of the two copies"),
    [CHANCE] = COP_COLUMN_OF(VALUE, FLOAT, "chance", "fraction",
                             "Test accuracy that guessing can reach: the largest class's share and "
                             "three standard errors"),
};

static const cop_plot plot = {COP_SIZED(cop_plot), .kind = COP_PLOT_LINES,
                              .title = "Error barrier against the step at which copies part",
                              .x = "step", .y = "test_error_barrier,train_error_barrier"};

static const double *row_of(const instability_numbering *n, const double *found,
                            instability_point p)
{
    return found + INSTABILITY_MEASURES * instability_step_of(n, p);
}

/* The maximum of a measure over α less the mean of the ends; NaN where something on the line is no
 * number: a diverged network is a barrier, not a gap in the maximum. */
static double barrier_of(const instability_numbering *n, const double *found, instability_point p,
                         int measure)
{
    double highest = -INFINITY, ends = 0.0;
    for (p.k = 0; p.k <= n->inner + 1; p.k++) {
        double value = row_of(n, found, p)[measure];
        if (!isfinite(value))
            return NAN;
        highest = fmax(highest, value);
        if (p.k == 0 || p.k == n->inner + 1)
            ends += 0.5 * value;
    }
    return highest - ends;
}

static cop_status add_row(const instability_numbering *n, int64_t parted, double chance,
                          const double *found, instability_point p, cop_table *table,
                          cop_error *err)
{
    int64_t first = 0, second = 0;
    char pair[48];
    instability_pair_at(n, p.pair, &first, &second);
    (void)snprintf(pair, sizeof pair, "%lld-%lld", (long long)first, (long long)second);
    p.k = n->inner + 1;
    double one = row_of(n, found, p)[INSTABILITY_TEST_ERROR];
    p.k = 0;
    double other = row_of(n, found, p)[INSTABILITY_TEST_ERROR];
    const cop_table_value cells[] = {
        [STEP].i = parted,
        [PAIR].text = pair,
        [TRAIN_LOSS].f = barrier_of(n, found, p, INSTABILITY_TRAIN_LOSS),
        [TRAIN_ERROR].f = barrier_of(n, found, p, INSTABILITY_TRAIN_ERROR),
        [TEST_LOSS].f = barrier_of(n, found, p, INSTABILITY_TEST_LOSS),
        [TEST_ERROR].f = barrier_of(n, found, p, INSTABILITY_TEST_ERROR),
        [FIRST].f = one,
        [SECOND].f = other,
        [ACCURACY].f = 1.0 - 0.5 * (one + other),
        [CHANCE].f = chance};
    return cop_table_row(table, cells, err);
}

cop_status instability_report(const instability_numbering *n, const int64_t *parted, double chance,
                              const double *found, cop_tables *out, cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "instability",
                                 .help = "Barriers between copies that part at a later step",
                                 COP_COLUMNS(columns), .plot = &plot};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(out, &spec, &table, err));
    for (int64_t i = 0; i < n->branches * n->pairs; i++) {
        const instability_point p = {.branch = i / n->pairs, .copy = -1, .pair = i % n->pairs};
        COP_TRY(add_row(n, parted[p.branch], chance, found, p, table, err));
    }
    return COP_OK;
}

static const cop_column verdict_columns[] = {
    COP_COLUMN_OF(VALUE, TEXT, "stable", NULL,
                  "stable: the test error barrier is below the threshold; unstable: it is not; "
                  "diverged: something on the line is no number; collapsed: a copy is no better "
                  "than guessing"),
};

static const char *word_for(const instability_options *o, const cop_table *t, size_t row)
{
    for (size_t i = TRAIN_LOSS; i <= TEST_ERROR; i++)
        if (!isfinite(cop_table_at(t, row, i).f))
            return "diverged";
    double worst = fmax(cop_table_at(t, row, FIRST).f, cop_table_at(t, row, SECOND).f);
    if (1.0 - worst <= cop_table_at(t, row, CHANCE).f + ROUNDING)
        return "collapsed";
    return cop_table_at(t, row, TEST_ERROR).f < o->stable_threshold / 100.0 - ROUNDING ? "stable"
                                                                                       : "unstable";
}

cop_status instability_judge(const void *options, const cop_tables *tables, const cop_tables *dense,
                             cop_tables *verdicts, cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "instability",
                                 COP_COLUMNS(verdict_columns)};
    cop_table *out = NULL;
    (void)dense; /* each line is held against its own ends */
    if (cop_tables_count(tables) == 0)
        return COP_OK;
    const cop_table *found = cop_tables_at(tables, 0);
    COP_TRY(cop_tables_add(verdicts, &spec, &out, err));
    for (size_t row = 0; row < cop_table_row_count(found); row++) {
        const cop_table_value cell = {.text = word_for(options, found, row)};
        COP_TRY(cop_table_row(out, &cell, err));
    }
    return COP_OK;
}
