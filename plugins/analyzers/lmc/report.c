/* report.c: from evaluations to barriers and tables. Errors are fractions. */
#include "lmc.h"

#include <math.h>
#include <stdio.h>

const char *lmc_mode_name(const lmc_numbering *n, int64_t mode)
{
    return n->modes[mode] == LMC_REESTIMATE ? "reestimate" : "interpolate";
}

const double *lmc_row(const lmc_numbering *n, const double *curve, lmc_point point)
{
    return curve + LMC_MEASURES * lmc_step_of(n, point);
}

double lmc_barrier_of(const lmc_numbering *n, const double *curve, lmc_point line, int measure)
{
    double highest = -INFINITY, ends = 0.0;
    int64_t last = lmc_last(n, line.layer);
    for (line.k = 0; line.k <= last; line.k++) {
        double value = lmc_row(n, curve, line)[measure];
        /* A diverged network is a barrier, not a gap in the maximum. */
        if (!isfinite(value))
            return NAN;
        highest = value > highest ? value : highest;
        if (line.k == 0 || line.k == last)
            ends += 0.5 * value;
    }
    return highest - ends;
}

static bool is_finite(const double *row)
{
    for (int measure = 0; measure < LMC_MEASURES; measure++)
        if (!isfinite(row[measure]))
            return false;
    return true;
}

/* Mean test accuracy of the copies of the dense network; not a number when one of them has
 * diverged, or there are none. */
static double dense_accuracy(const lmc_numbering *n, const double *curve, int64_t mode)
{
    double sum = 0.0;
    for (int64_t j = 0; j < n->dense; j++) {
        lmc_point point = {.mode = mode, .network = n->copies + j, .pair = -1};
        const double *row = lmc_row(n, curve, point);
        sum += is_finite(row) ? 1.0 - row[LMC_TEST_ERROR] : NAN;
    }
    return n->dense > 0 ? sum / (double)n->dense : NAN;
}

#define KIND_HELP                                                                                  \
    "copies; control: a copy with itself; control_init: two initialisations; aligned: the first "  \
    "network's channels are permuted to be near the second's"

static const cop_column curve_columns[] = {
    COP_COLUMN_OF(REPETITION, TEXT, "line", NULL,
                  "The pair, whether it is a control, and its statistics"),
    COP_COLUMN_OF(KEY, TEXT, "kind", NULL, KIND_HELP),
    COP_COLUMN_OF(REPETITION, TEXT, "pair", NULL, "The two copies; n-n is a copy with itself"),
    COP_COLUMN_OF(KEY, TEXT, "statistics", NULL, "Running statistics on the line"),
    COP_COLUMN_OF(KEY, FLOAT, "alpha", NULL, "Share of the first copy: W2 + alpha (W1 - W2)"),
    COP_COLUMN_OF(VALUE, FLOAT, "train_loss", NULL, "Mean cross-entropy on training data"),
    COP_COLUMN_OF(VALUE, FLOAT, "train_error", "fraction", "Training error"),
    COP_COLUMN_OF(VALUE, FLOAT, "test_loss", NULL, "Mean cross-entropy on test data"),
    COP_COLUMN_OF(VALUE, FLOAT, "test_error", "fraction", "Test error"),
};

static const cop_plot curve_plot = {COP_SIZED(cop_plot),
                                    .kind = COP_PLOT_LINES,
                                    .title = "Error along the line between trained copies",
                                    .x = "alpha",
                                    .y = "test_error,train_error",
                                    .surface = "test_loss"};

/* "0-1", "0-0 (control)", "0-1 aligned, reestimate": what tells a line from the others. */
static void name_line(const lmc_numbering *n, lmc_point at, char *line, size_t size)
{
    const char *kind = at.is_aligned ? " aligned" : at.pair >= n->copy_pairs ? " (control)" : "";
    bool is_one = (at.is_aligned ? n->aligned_modes : n->mode_count) < 2;
    char pair[48];
    lmc_pair_name(n, at.pair, pair, sizeof pair);
    (void)snprintf(line, size, "%s%s%s%s", pair, kind, is_one ? "" : ", ",
                   is_one ? "" : lmc_mode_name(n, at.mode));
}

/* The points of one line. */
static cop_status curve_rows(const lmc_numbering *n, const double *curve, lmc_point at,
                             cop_table *table, cop_error *err)
{
    char pair[48], line[96];
    lmc_pair_name(n, at.pair, pair, sizeof pair);
    name_line(n, at, line, sizeof line);
    for (at.k = 0; at.k <= lmc_last(n, 0); at.k++) {
        const double *row = lmc_row(n, curve, at);
        cop_table_value cells[] = {{.text = line},
                                   {.text = lmc_pair_kind(n, at.pair, at.is_aligned)},
                                   {.text = pair},
                                   {.text = lmc_mode_name(n, at.mode)},
                                   {.f = lmc_alpha(n, 0, at.k)},
                                   {.f = row[LMC_TRAIN_LOSS]},
                                   {.f = row[LMC_TRAIN_ERROR]},
                                   {.f = row[LMC_TEST_LOSS]},
                                   {.f = row[LMC_TEST_ERROR]}};
        COP_TRY(cop_table_row(table, cells, err));
    }
    return COP_OK;
}

static cop_status curve_table(const lmc_numbering *n, const double *curve, cop_tables *out,
                              cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = LMC_CURVE,
                                 .help = "Loss and error between two trained copies",
                                 COP_COLUMNS(curve_columns), .plot = &curve_plot};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(out, &spec, &table, err));
    for (int aligned = 0; aligned <= 1; aligned++) {
        int64_t modes = aligned == 1 ? n->aligned_modes : n->mode_count;
        for (int64_t i = 0; i < modes * n->pairs; i++) {
            lmc_point at = {.mode = i / n->pairs,
                            .network = -1,
                            .pair = i % n->pairs,
                            .is_aligned = aligned == 1};
            COP_TRY(curve_rows(n, curve, at, table, err));
        }
    }
    return COP_OK;
}

/* The columns of two tables, which the prefix of what is said of the lines tells apart where the
 * report joins them to the tickets. */
#define BARRIER_COLUMNS(prefix)                                                                    \
    COP_COLUMN_OF(KEY, TEXT, "kind", NULL, KIND_HELP),                                             \
        COP_COLUMN_OF(REPETITION, TEXT, "pair", NULL,                                              \
                      "The two copies; n-n is a copy with itself"),                                \
        COP_COLUMN_OF(KEY, TEXT, "statistics", NULL, "Running statistics on the line"),            \
        COP_COLUMN_OF(VALUE, FLOAT, prefix "train_loss_barrier", NULL,                             \
                      "max over alpha of the loss, less the ends' mean"),                          \
        COP_COLUMN_OF(VALUE, FLOAT, prefix "train_error_barrier", "fraction",                      \
                      "The same of the training error"),                                           \
        COP_COLUMN_OF(VALUE, FLOAT, prefix "test_loss_barrier", NULL,                              \
                      "The same of the test loss"),                                                \
        COP_COLUMN_OF(VALUE, FLOAT, prefix "test_error_barrier", "fraction",                       \
                      "The same of the test error: the instability"),                              \
        COP_COLUMN_OF(VALUE, FLOAT, "first_test_error", "fraction",                                \
                      "Of the first copy (alpha = 1)"),                                            \
        COP_COLUMN_OF(VALUE, FLOAT, "second_test_error", "fraction",                               \
                      "Of the second copy (alpha = 0)"),                                           \
        COP_COLUMN_OF(VALUE, FLOAT, "test_accuracy", "fraction", "Mean of the two copies"),        \
        COP_COLUMN_OF(VALUE, FLOAT, "dense_accuracy", "fraction",                                  \
                      "Mean of the copies of the dense network")

static const cop_column barrier_columns[] = {BARRIER_COLUMNS("")};

static const cop_column aligned_columns[] = {
    BARRIER_COLUMNS("aligned_"),
    COP_COLUMN_OF(VALUE, FLOAT, "distance", NULL,
                  "Euclidean distance of the parameters of the two copies as they are"),
    COP_COLUMN_OF(VALUE, FLOAT, "aligned_distance", NULL, "The same with the first one aligned"),
};

static const cop_plot barrier_plot = {COP_SIZED(cop_plot),
                                      .headlines = "test_loss_barrier,test_error_barrier"};

static const cop_plot aligned_plot = {COP_SIZED(cop_plot),
                                      .headlines = "aligned_test_error_barrier"};

/* One pair's line: what it is, its barriers, and what they are held against; for an aligned one how
 * far the two were and are, for others cells that are in no column. */
static cop_status barrier_row(const lmc_numbering *n, const double *curve, const double *distances,
                              lmc_point at, cop_table *table, cop_error *err)
{
    at.k = lmc_last(n, 0);
    double first = lmc_row(n, curve, at)[LMC_TEST_ERROR];
    at.k = 0;
    double second = lmc_row(n, curve, at)[LMC_TEST_ERROR];
    const double *far = distances != NULL ? distances + at.pair * LMC_DISTANCES : NULL;
    char name[48];
    lmc_pair_name(n, at.pair, name, sizeof name);
    cop_table_value cells[] = {{.text = lmc_pair_kind(n, at.pair, at.is_aligned)},
                               {.text = name},
                               {.text = lmc_mode_name(n, at.mode)},
                               {.f = lmc_barrier_of(n, curve, at, LMC_TRAIN_LOSS)},
                               {.f = lmc_barrier_of(n, curve, at, LMC_TRAIN_ERROR)},
                               {.f = lmc_barrier_of(n, curve, at, LMC_TEST_LOSS)},
                               {.f = lmc_barrier_of(n, curve, at, LMC_TEST_ERROR)},
                               {.f = first},
                               {.f = second},
                               {.f = 1.0 - 0.5 * (first + second)},
                               {.f = dense_accuracy(n, curve, at.mode)},
                               {.f = far != NULL ? far[LMC_DISTANCE] : NAN},
                               {.f = far != NULL ? far[LMC_ALIGNED_DISTANCE] : NAN}};
    return cop_table_row(table, cells, err);
}

/* The lines of the networks as they are, where there are no distances, or of aligned ones. */
static cop_status barrier_table(const lmc_numbering *n, const double *curve,
                                const double *distances, cop_tables *out, cop_error *err)
{
    bool is_aligned = distances != NULL;
    const cop_table_spec plain = {COP_SIZED(cop_table_spec), .name = LMC_BARRIER,
                                  .help = "Barriers between trained copies, and the verdicts",
                                  COP_COLUMNS(barrier_columns), .plot = &barrier_plot};
    const cop_table_spec aligned = {COP_SIZED(cop_table_spec), .name = LMC_ALIGNED,
                                    .help = "Barriers where the first copy's channels are "
                                            "permuted to be near the second's",
                                    COP_COLUMNS(aligned_columns), .plot = &aligned_plot};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(out, is_aligned ? &aligned : &plain, &table, err));
    int64_t modes = is_aligned ? n->aligned_modes : n->mode_count;
    for (int64_t i = 0; i < modes * n->pairs; i++) {
        lmc_point at = {
            .mode = i / n->pairs, .network = -1, .pair = i % n->pairs, .is_aligned = is_aligned};
        COP_TRY(barrier_row(n, curve, distances, at, table, err));
    }
    return COP_OK;
}

static const cop_column copy_columns[] = {
    COP_COLUMN_OF(KEY, TEXT, "network", NULL,
                  "The ticket, the dense one, or the dense one of init 1"),
    COP_COLUMN_OF(KEY, INT, "copy", NULL, "Number of the copy"),
    COP_COLUMN_OF(KEY, TEXT, "statistics", NULL, "Running statistics: as trained, or re-estimated"),
    COP_COLUMN_OF(VALUE, FLOAT, "train_loss", NULL, "Mean cross-entropy on training data"),
    COP_COLUMN_OF(VALUE, FLOAT, "train_accuracy", "fraction", "Training accuracy"),
    COP_COLUMN_OF(VALUE, FLOAT, "test_loss", NULL, "Mean cross-entropy on test data"),
    COP_COLUMN_OF(VALUE, FLOAT, "test_accuracy", "fraction", "Test accuracy"),
    COP_COLUMN_OF(VALUE, FLOAT, "chance", "fraction",
                  "Test accuracy that guessing can reach: the largest class's share and three "
                  "standard errors"),
};

static cop_status copy_table(const lmc_numbering *n, double chance, const double *curve,
                             cop_tables *out, cop_error *err)
{
    static const char *const names[] = {"ticket", "dense", "dense init 1"};
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = LMC_COPIES,
                                 .help = "The trained copies by themselves",
                                 COP_COLUMNS(copy_columns)};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(out, &spec, &table, err));
    for (int64_t mode = 0; mode < n->mode_count; mode++) {
        for (int64_t j = 0; j < n->networks; j++) {
            lmc_point point = {.mode = mode, .network = j, .pair = -1};
            const double *row = lmc_row(n, curve, point);
            cop_table_value cells[] = {
                {.text = names[j / n->copies]},    {.i = j % n->copies},
                {.text = lmc_mode_name(n, mode)},  {.f = row[LMC_TRAIN_LOSS]},
                {.f = 1.0 - row[LMC_TRAIN_ERROR]}, {.f = row[LMC_TEST_LOSS]},
                {.f = 1.0 - row[LMC_TEST_ERROR]},  {.f = chance}};
            COP_TRY(cop_table_row(table, cells, err));
        }
    }
    return COP_OK;
}

cop_status lmc_report(const lmc_numbering *n, double chance, const double *curve,
                      const double *distances, cop_tables *out, cop_error *err)
{
    COP_TRY(copy_table(n, chance, curve, out, err));
    if (n->pairs == 0)
        return COP_OK;
    COP_TRY(curve_table(n, curve, out, err));
    COP_TRY(barrier_table(n, curve, NULL, out, err));
    return n->aligned_modes > 0 ? barrier_table(n, curve, distances, out, err) : COP_OK;
}
