/* verdict.c: from barriers to verdicts, which are words. Errors and accuracies are fractions,
 * thresholds percent. */
#include "lmc.h"

#include <math.h>
#include <string.h>

/* Errors are shares of a count, so a threshold can be met exactly: rounding must not decide. */
#define ROUNDING 1e-11

static const cop_table *find_table(const cop_tables *tables, const char *name)
{
    for (size_t i = 0; i < cop_tables_count(tables); i++) {
        if (strcmp(cop_table_name(cop_tables_at(tables, i)), name) == 0)
            return cop_tables_at(tables, i);
    }
    return NULL;
}

static cop_status cell_of(const cop_table *table, size_t row, const char *column,
                          cop_table_value *out, cop_error *err)
{
    for (size_t i = 0; i < cop_table_column_count(table); i++) {
        if (strcmp(cop_table_column(table, i)->name, column) == 0) {
            *out = cop_table_at(table, row, i);
            return COP_OK;
        }
    }
    return cop_fail(err, COP_FAILED, "table '%s' has no column '%s'", cop_table_name(table),
                    column);
}

static cop_status number_of(const cop_table *table, size_t row, const char *column, double *out,
                            cop_error *err)
{
    cop_table_value cell = {.f = NAN};
    cop_status status = cell_of(table, row, column, &cell, err);
    *out = cell.f;
    return status;
}

/* Whether a row of the curve is on the line that a row of the barriers is about. */
static cop_status is_on_line(const cop_table *curve, size_t point, const cop_table *barriers,
                             size_t row, bool *out, cop_error *err)
{
    static const char *const keys[] = {"kind", "pair", "statistics"};
    *out = true;
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        cop_table_value left = {0}, right = {0};
        COP_TRY(cell_of(curve, point, keys[k], &left, err));
        COP_TRY(cell_of(barriers, row, keys[k], &right, err));
        *out = *out && strcmp(left.text, right.text) == 0;
    }
    return COP_OK;
}

/* Whether every evaluation on the line is a number. A network whose loss has diverged still has an
 * error, that of guessing: nothing may be concluded from it. */
static cop_status is_line_finite(const cop_table *curve, const cop_table *barriers, size_t row,
                                 bool *out, cop_error *err)
{
    static const char *const measures[] = {"train_loss", "train_error", "test_loss", "test_error"};
    *out = true;
    for (size_t i = 0; i < cop_table_row_count(curve); i++) {
        bool is_own = false;
        COP_TRY(is_on_line(curve, i, barriers, row, &is_own, err));
        for (size_t m = 0; is_own && m < sizeof measures / sizeof measures[0]; m++) {
            double value = NAN;
            COP_TRY(number_of(curve, i, measures[m], &value, err));
            *out = *out && isfinite(value);
        }
    }
    return COP_OK;
}

#define STABLE_HELP                                                                                \
    "stable: the test error barrier is below the threshold; unstable: it is not; diverged: "       \
    "something on the line is no number; collapsed: a copy is no better than guessing, its test "  \
    "accuracy not above the largest class's share by three standard errors"

static const cop_column columns[] = {
    COP_COLUMN_OF(VALUE, TEXT, "stable", NULL, STABLE_HELP),
    COP_COLUMN_OF(VALUE, TEXT, "matching", NULL,
                  "matching: the accuracy is within the threshold of the dense one; not matching: "
                  "it is not; diverged, collapsed: something on the line, or the dense network, "
                  "has; "
                  "empty where there is no dense network"),
};

/* Only this is new of aligned lines: the networks are those of the others. */
static const cop_column aligned_columns[] = {
    COP_COLUMN_OF(VALUE, TEXT, "aligned_stable", NULL, STABLE_HELP)};

enum { STABLE = 0, MATCHING = 1, COLUMN_COUNT = sizeof columns / sizeof columns[0] };

static const cop_plot plot = {COP_SIZED(cop_plot), .headlines = "stable,matching"};
static const cop_plot aligned_plot = {COP_SIZED(cop_plot), .headlines = "aligned_stable"};

static bool has_dense(const cop_table *copies)
{
    cop_table_value network = {.text = ""};
    for (size_t i = 0; i < cop_table_row_count(copies); i++) {
        if (cell_of(copies, i, "network", &network, NULL) == COP_OK &&
            strcmp(network.text, "dense") == 0)
            return true;
    }
    return false;
}

/* What is said instead of a verdict; NULL where one can be passed: whoever guesses is as good as
 * any other guesser, which says nothing of the network. */
static const char *unsound(bool is_finite, double accuracy, double chance)
{
    if (!is_finite)
        return "diverged";
    return accuracy <= chance + ROUNDING ? "collapsed" : NULL;
}

static const char *match_word(const lmc_options *o, double chance, double accuracy, double dense)
{
    const char *word = unsound(isfinite(dense), dense, chance);
    if (word != NULL)
        return word;
    return accuracy >= dense - o->matching_threshold / 100.0 - ROUNDING ? "matching"
                                                                        : "not matching";
}

static cop_status judge_row(const lmc_options *o, double chance, bool has_dense,
                            const cop_table *curve, const cop_table *barriers, size_t row,
                            cop_table *out, cop_error *err)
{
    double rise, first, second, accuracy, dense;
    bool is_finite = true;
    bool is_aligned = strcmp(cop_table_name(barriers), LMC_ALIGNED) == 0;
    COP_TRY(number_of(barriers, row,
                      is_aligned ? "aligned_test_error_barrier" : "test_error_barrier", &rise,
                      err));
    COP_TRY(number_of(barriers, row, "first_test_error", &first, err));
    COP_TRY(number_of(barriers, row, "second_test_error", &second, err));
    COP_TRY(number_of(barriers, row, "test_accuracy", &accuracy, err));
    COP_TRY(number_of(barriers, row, "dense_accuracy", &dense, err));
    COP_TRY(is_line_finite(curve, barriers, row, &is_finite, err));
    const char *word = unsound(is_finite, 1.0 - fmax(first, second), chance);
    bool is_stable = rise < o->stable_threshold / 100.0 - ROUNDING;
    cop_table_value cells[COLUMN_COUNT];
    cells[STABLE].text = word != NULL ? word : is_stable ? "stable" : "unstable";
    cells[MATCHING].text = !has_dense     ? ""
                           : word != NULL ? word
                                          : match_word(o, chance, accuracy, dense);
    return cop_table_row(out, cells, err);
}

static cop_status judge_table(const lmc_options *o, const cop_tables *tables, const char *name,
                              cop_tables *verdicts, cop_error *err)
{
    const cop_table_spec plain = {COP_SIZED(cop_table_spec), .name = name, COP_COLUMNS(columns),
                                  .plot = &plot};
    const cop_table_spec aligned = {COP_SIZED(cop_table_spec), .name = name,
                                    COP_COLUMNS(aligned_columns), .plot = &aligned_plot};
    const cop_table *barriers = find_table(tables, name);
    const cop_table *curve = find_table(tables, LMC_CURVE);
    const cop_table *copies = find_table(tables, LMC_COPIES);
    cop_table *out = NULL;
    double chance = NAN;
    if (barriers == NULL || curve == NULL || copies == NULL)
        return COP_OK;                                     /* one copy makes no pair */
    COP_TRY(number_of(copies, 0, "chance", &chance, err)); /* the same in every row */
    bool with_dense = has_dense(copies);
    bool is_aligned = strcmp(name, LMC_ALIGNED) == 0;
    COP_TRY(cop_tables_add(verdicts, is_aligned ? &aligned : &plain, &out, err));
    for (size_t row = 0; row < cop_table_row_count(barriers); row++)
        COP_TRY(judge_row(o, chance, with_dense, curve, barriers, row, out, err));
    return COP_OK;
}

cop_status lmc_judge(const void *options, const cop_tables *tables, const cop_tables *dense,
                     cop_tables *verdicts, cop_error *err)
{
    (void)dense; /* what matters of it is in the ticket's own tables */
    COP_TRY(judge_table(options, tables, LMC_BARRIER, verdicts, err));
    return judge_table(options, tables, LMC_ALIGNED, verdicts, err);
}
