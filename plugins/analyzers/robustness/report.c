/* report.c: the tables: by bits, by corruption and severity, and what both come to. */
#include "robustness.h"

#include <math.h>

/* In the column of bits, weights as they are: single precision. */
#define ALL_BITS 32

/* The width whose cost is a headline. */
#define FEW_BITS 4

/* What the functions here share. */
typedef struct reporter {
    const robustness_options *o;
    const robustness_steps *s;
    const double *found;
    cop_tables *out;
} reporter;

static const double *found_at(const reporter *r, robustness_step step)
{
    return r->found + ROBUSTNESS_MEASURES * robustness_step_of(r->s, step);
}

/* Of the copy as it is. */
static const double *clean(const reporter *r, int64_t copy)
{
    return found_at(r, (robustness_step){.copy = copy, .bits = -1, .corruption = -1});
}

static const cop_column weight_columns[] = {
    COP_COLUMN_OF(KEY, INT, "bits", NULL, "Of each weight; 32: as trained"),
    COP_COLUMN_OF(REPETITION, INT, "copy", NULL, "Number of the trained copy"),
    COP_COLUMN_OF(VALUE, FLOAT, "test_loss", NULL, "Mean cross-entropy on test data"),
    COP_COLUMN_OF(VALUE, FLOAT, "test_accuracy", "fraction", "Test accuracy"),
    COP_COLUMN_OF(VALUE, FLOAT, "zeroed", "fraction",
                  "Surviving weights that rounding made 0, of all surviving ones"),
};

static const cop_plot weight_plot = {
    COP_SIZED(cop_plot), .kind = COP_PLOT_LINES, .title = "Accuracy with weights of few bits",
    .x = "bits",         .y = "test_accuracy",   .log_x = true};

static cop_status weight_row(const double *found, int64_t bits, int64_t copy, cop_table *table,
                             cop_error *err)
{
    const cop_table_value cells[] = {{.i = bits},
                                     {.i = copy},
                                     {.f = found[ROBUSTNESS_LOSS]},
                                     {.f = found[ROBUSTNESS_ACCURACY]},
                                     {.f = found[ROBUSTNESS_ZEROED]}};
    return cop_table_row(table, cells, err);
}

static cop_status weight_table(const reporter *r, cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "robustness_weights",
                                 .help = "Accuracy with quantised weights",
                                 COP_COLUMNS(weight_columns), .plot = &weight_plot};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(r->out, &spec, &table, err));
    for (int64_t copy = 0; copy < r->s->copies; copy++) {
        COP_TRY(weight_row(clean(r, copy), ALL_BITS, copy, table, err));
        for (int64_t i = 0; i < r->s->bits; i++) {
            robustness_step step = {.copy = copy, .bits = i, .corruption = -1};
            COP_TRY(weight_row(found_at(r, step), r->o->bits.items[i], copy, table, err));
        }
    }
    return COP_OK;
}

static const cop_column image_columns[] = {
    COP_COLUMN_OF(KEY, TEXT, "corruption", NULL, "What is done to the images"),
    COP_COLUMN_OF(KEY, INT, "severity", NULL, "How strongly, from 1 to 5"),
    COP_COLUMN_OF(REPETITION, INT, "copy", NULL, "Number of the trained copy"),
    COP_COLUMN_OF(VALUE, FLOAT, "test_loss", NULL, "Mean cross-entropy on those images"),
    COP_COLUMN_OF(VALUE, FLOAT, "test_accuracy", "fraction", "Accuracy on those images"),
};

static const cop_plot image_plot = {
    COP_SIZED(cop_plot), .kind = COP_PLOT_LINES, .title = "Accuracy on corrupted images",
    .x = "severity",     .y = "test_accuracy",   .series = "corruption"};

static cop_status image_rows(const reporter *r, int64_t copy, cop_table *table, cop_error *err)
{
    for (int64_t k = 0; k < r->s->corruptions; k++) {
        for (int64_t i = 0; i < r->s->severities; i++) {
            robustness_step step = {.copy = copy, .bits = -1, .corruption = k, .severity = i};
            const double *found = found_at(r, step);
            const cop_table_value cells[] = {{.text = r->o->corruptions.items[k]},
                                             {.i = r->o->severities.items[i]},
                                             {.i = copy},
                                             {.f = found[ROBUSTNESS_LOSS]},
                                             {.f = found[ROBUSTNESS_ACCURACY]}};
            COP_TRY(cop_table_row(table, cells, err));
        }
    }
    return COP_OK;
}

static cop_status image_table(const reporter *r, cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "robustness_images",
                                 .help = "Accuracy on corrupted test images",
                                 COP_COLUMNS(image_columns), .plot = &image_plot};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(r->out, &spec, &table, err));
    for (int64_t copy = 0; copy < r->s->copies; copy++)
        COP_TRY(image_rows(r, copy, table, err));
    return COP_OK;
}

static const cop_column summary_columns[] = {
    COP_COLUMN_OF(REPETITION, INT, "copy", NULL, "Number of the trained copy"),
    COP_COLUMN_OF(VALUE, FLOAT, "test_loss", NULL, "Mean cross-entropy, nothing changed"),
    COP_COLUMN_OF(VALUE, FLOAT, "test_accuracy", "fraction", "Test accuracy, nothing changed"),
    COP_COLUMN_OF(VALUE, FLOAT, "mean_corruption_error", "fraction",
                  "Mean error over corruptions and severities"),
    COP_COLUMN_OF(VALUE, FLOAT, "corruption_cost", "fraction",
                  "That, less the error on the images as they are"),
    COP_COLUMN_OF(VALUE, FLOAT, "lost_at_4_bits", "fraction",
                  "Accuracy that weights of 4 bits lose"),
};

static double mean_corruption_error(const reporter *r, int64_t copy)
{
    int64_t count = r->s->corruptions * r->s->severities;
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++) {
        robustness_step step = {.copy = copy,
                                .bits = -1,
                                .corruption = i / r->s->severities,
                                .severity = i % r->s->severities};
        sum += 1.0 - found_at(r, step)[ROBUSTNESS_ACCURACY];
    }
    return count > 0 ? sum / (double)count : (double)NAN;
}

/* NaN where those bits are not among the options. */
static double lost_at(const reporter *r, int64_t bits, int64_t copy)
{
    for (int64_t i = 0; i < r->s->bits; i++) {
        robustness_step step = {.copy = copy, .bits = i, .corruption = -1};
        if (r->o->bits.items[i] == bits)
            return clean(r, copy)[ROBUSTNESS_ACCURACY] - found_at(r, step)[ROBUSTNESS_ACCURACY];
    }
    return (double)NAN;
}

/* What there is of the two. */
static const char *headlines_of(const reporter *r)
{
    bool has_bits = !isnan(lost_at(r, FEW_BITS, 0));
    if (r->s->corruptions > 0)
        return has_bits ? "mean_corruption_error,lost_at_4_bits" : "mean_corruption_error";
    return has_bits ? "lost_at_4_bits" : "test_accuracy";
}

static cop_status summary_table(const reporter *r, cop_error *err)
{
    const cop_plot plot = {COP_SIZED(cop_plot), .headlines = headlines_of(r)};
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "robustness",
                                 .help = "What corrupted images and quantised weights cost",
                                 COP_COLUMNS(summary_columns), .plot = &plot};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(r->out, &spec, &table, err));
    for (int64_t copy = 0; copy < r->s->copies; copy++) {
        const double *own = clean(r, copy);
        double error = mean_corruption_error(r, copy);
        const cop_table_value cells[] = {{.i = copy},
                                         {.f = own[ROBUSTNESS_LOSS]},
                                         {.f = own[ROBUSTNESS_ACCURACY]},
                                         {.f = error},
                                         {.f = error - (1.0 - own[ROBUSTNESS_ACCURACY])},
                                         {.f = lost_at(r, FEW_BITS, copy)}};
        COP_TRY(cop_table_row(table, cells, err));
    }
    return COP_OK;
}

cop_status robustness_report(const robustness_options *o, const robustness_steps *s,
                             const double *found, cop_tables *out, cop_error *err)
{
    const reporter r = {o, s, found, out};
    COP_TRY(summary_table(&r, err));
    if (s->bits > 0)
        COP_TRY(weight_table(&r, err));
    return s->corruptions > 0 ? image_table(&r, err) : COP_OK;
}
