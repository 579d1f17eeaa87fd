/* histogram.c: the diagonal's histogram, beside the one that errors alone would give.
 *
 * An estimate by few probes is mostly error, and then the histogram is of errors. So it is shown
 * beside that of a diagonal whose entries are all alike, but estimated as badly: where the two are
 * the same, nothing is to be seen of the diagonal. */
#include "diagonal.h"

#include <stdio.h>
#include <stdlib.h>

/* Fewer entries are none: on a logarithmic axis the tails of errors would be all there is to see.
 */
#define LEAST 0.1

static const cop_column columns[] = {
    COP_COLUMN_OF(KEY, FLOAT, "lower", NULL, "Lower end of the bin"),
    COP_COLUMN_OF(KEY, FLOAT, "centre", NULL, "Its centre"),
    COP_COLUMN_OF(KEY, FLOAT, "upper", NULL, "Its upper end"),
    COP_COLUMN_OF(VALUE, INT, "count", NULL, "Diagonal entries in it"),
    COP_COLUMN_OF(VALUE, FLOAT, "errors_alone", NULL,
                  "Entries that would be in it, or beyond the axis, were all of them their mean "
                  "and estimated as badly; less than 0.1 is 0; exact: 0"),
    COP_COLUMN_OF(ERROR, FLOAT, "standard_error", NULL,
                  "Mean standard error of the entries in it; 0: exact"),
};

static const cop_plot plot = {COP_SIZED(cop_plot),
                              .kind = COP_PLOT_HISTOGRAM,
                              .title = "Diagonal of the Hessian on the surviving weights",
                              .x = "centre",
                              .y = "count,errors_alone",
                              .log_y = true};

/* Bins of equal width in t = x, or in t = asinh(x / ε), which is linear about zero and logarithmic
 * beyond ε, a ten-thousandth of the largest entry. */
typedef struct axis {
    double low, high, epsilon; /* in t; epsilon 0: linear */
    int64_t bins;
} axis;

typedef struct bin {
    int64_t count;
    double alone; /* what errors alone would put there */
    double error; /* sum of the entries' standard errors */
} bin;

static double to_axis(const axis *a, double x)
{
    return a->epsilon > 0.0 ? asinh(x / a->epsilon) : x;
}

static double from_axis(const axis *a, double t)
{
    return a->epsilon > 0.0 ? a->epsilon * sinh(t) : t;
}

/* The lower end of a bin, or the upper one of that before it. */
static double end_of(const axis *a, int64_t b)
{
    return from_axis(a, a->low + (a->high - a->low) / (double)a->bins * (double)b);
}

static axis make_axis(const hessian_options *o, const hessian_diagonal *d)
{
    double low = d->value[0], high = low;
    for (int64_t c = 1; c < hessian_map_count(d->map); c++) {
        low = fmin(low, d->value[c]);
        high = fmax(high, d->value[c]);
    }
    axis a = {.bins = o->bins};
    if (o->scale == HESSIAN_LOG)
        a.epsilon = 1e-4 * fmax(fabs(low), fabs(high));
    a.low = to_axis(&a, low);
    a.high = to_axis(&a, high);
    return a;
}

static int64_t bin_of(const axis *a, double x)
{
    double share = (to_axis(a, x) - a->low) / (a->high - a->low);
    int64_t b = a->high > a->low ? (int64_t)(share * (double)a->bins) : 0;
    b = b < 0 ? 0 : b;
    return b < a->bins ? b : a->bins - 1;
}

static void count_entries(const axis *a, const hessian_diagonal *d, bin *bins)
{
    for (int64_t c = 0; c < hessian_map_count(d->map); c++) {
        bin *b = &bins[bin_of(a, d->value[c])];
        b->count++;
        b->error += d->error[c];
    }
}

/* Errors are told apart by their size to a thirtieth of an octave: entries are many. */
enum { SIZES = 900, SIZES_PER_OCTAVE = 30 };

/* How many entries have errors of which size below the largest. */
static void count_errors(const hessian_diagonal *d, double largest, int64_t *counts)
{
    for (int64_t c = 0; c < hessian_map_count(d->map); c++) {
        double octaves = d->error[c] > 0.0 ? log2(largest / d->error[c]) : INFINITY;
        double size = SIZES_PER_OCTAVE * octaves + 0.5;
        counts[size < SIZES ? (int64_t)size : SIZES - 1]++;
    }
}

static double share_below(double x, double mean, double error)
{
    return 0.5 * erfc((mean - x) / (error * sqrt(2.0)));
}

/* What lies beyond the ends is in the outermost bins, as all entries are in some. */
static void spread_errors(const axis *a, double mean, double error, double entries, bin *bins)
{
    double before = 0.0;
    for (int64_t b = 0; b < a->bins; b++) {
        double below = b + 1 < a->bins ? share_below(end_of(a, b + 1), mean, error) : 1.0;
        bins[b].alone += entries * (below - before);
        before = below;
    }
}

static cop_status fill_errors(const axis *a, const hessian_diagonal *d, bin *bins, cop_error *err)
{
    double largest = 0.0;
    for (int64_t c = 0; c < hessian_map_count(d->map); c++)
        largest = fmax(largest, d->error[c]);
    for (int64_t b = 0; b < a->bins; b++)
        bins[b].alone = d->probes == 1 ? (double)NAN : 0.0;
    if (largest == 0.0 || d->probes == 1)
        return COP_OK;
    int64_t *counts = calloc(SIZES, sizeof *counts);
    if (counts == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    count_errors(d, largest, counts);
    for (int i = 0; i < SIZES; i++) {
        if (counts[i] > 0)
            spread_errors(a, d->mean, largest * exp2(-(double)i / SIZES_PER_OCTAVE),
                          (double)counts[i], bins);
    }
    free(counts);
    return COP_OK;
}

static cop_status write_rows(const axis *a, const bin *bins, cop_table *table, cop_error *err)
{
    for (int64_t b = 0; b < a->bins; b++) {
        double middle = a->low + (a->high - a->low) / (double)a->bins * ((double)b + 0.5);
        double alone = bins[b].alone < LEAST ? 0.0 : bins[b].alone; /* NaN stays */
        double error = bins[b].count > 0 ? bins[b].error / (double)bins[b].count : (double)NAN;
        cop_table_value cells[] = {{.f = end_of(a, b)},
                                   {.f = from_axis(a, middle)},
                                   {.f = end_of(a, b + 1)},
                                   {.i = bins[b].count},
                                   {.f = alone},
                                   {.f = error}};
        COP_TRY(cop_table_row(table, cells, err));
    }
    return COP_OK;
}

/* The figure says it: what was asked is the same for all tickets, what each has reached is in a
 * table of its own. */
static const char *help_of(const hessian_options *o, char *text, size_t size)
{
    static const char help[] =
        "Histogram of the Hessian's diagonal, and of what errors alone would give.";
    if (!(o->resolution > 0.0))
        return help;
    (void)snprintf(text, size,
                   "%s Asked for a resolution of %g (mean standard error of an entry by the "
                   "deviation between entries); what is reached is hessian_resolution's.",
                   help, o->resolution);
    return text;
}

cop_status hessian_report_histogram(const hessian_options *o, const hessian_diagonal *d,
                                    cop_tables *out, cop_error *err)
{
    char help[320];
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "hessian_diagonal",
                                 .help = help_of(o, help, sizeof help), COP_COLUMNS(columns),
                                 .plot = &plot};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(out, &spec, &table, err));
    const axis a = make_axis(o, d);
    bin *bins = calloc((size_t)a.bins, sizeof *bins);
    if (bins == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    count_entries(&a, d, bins);
    cop_status status = fill_errors(&a, d, bins, err);
    if (status == COP_OK)
        status = write_rows(&a, bins, table, err);
    free(bins);
    return status;
}
