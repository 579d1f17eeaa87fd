/* report.c: from sums over probes to estimates with their standard errors, and to tables. */
#include "hessian.h"

#include <math.h>
#include <stdlib.h>

typedef struct estimate {
    double mean, error; /* standard error; NaN from a single probe */
} estimate;

/* Of `probes` values given by their sum and sum of squares. */
static estimate from_sums(double sum, double square, int64_t probes)
{
    double n = (double)probes, mean = sum / n;
    double variance = (square - sum * mean) / (n - 1.0);
    estimate e = {mean, probes > 1 ? sqrt((variance > 0.0 ? variance : 0.0) / n) : NAN};
    return e;
}

/* Of the shares of parameters first … last−1, summed for each probe. Two passes, as the spread of a
 * trace is small beside it. */
static estimate from_traces(const cop_tensor *trace, int64_t first, int64_t last)
{
    int64_t probes = trace->shape.dim[0], parameters = trace->shape.dim[1];
    const double *value = cop_f64(trace);
    double mean = 0.0, squares = 0.0;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t i = 0; i < probes; i++) {
            double one = 0.0;
            for (int64_t p = first; p < last; p++)
                one += value[i * parameters + p];
            if (pass == 0)
                mean += one / (double)probes;
            else
                squares += (one - mean) * (one - mean);
        }
    }
    estimate e = {mean, probes > 1 ? sqrt(squares / ((double)probes - 1.0) / (double)probes) : NAN};
    return e;
}

/* The diagonal's estimates on surviving coordinates, all parameters after one another. */
typedef struct spread {
    double *value;
    int64_t *first;     /* of each parameter in `value`, and the end */
    double *mean_error; /* standard error of a coordinate, averaged over each parameter */
    size_t parameters;
} spread;

static void free_spread(spread *d)
{
    free(d->value);
    free(d->first);
    free(d->mean_error);
}

static void add_parameter(spread *d, size_t i, const cop_tensor *mask, const cop_tensors *bag,
                          int64_t probes)
{
    char name[COP_NAME_SIZE];
    hessian_bag_name(name, sizeof name, "sum", i);
    const cop_tensor *sum = cop_tensors_find(bag, name);
    hessian_bag_name(name, sizeof name, "square", i);
    const double *square = cop_f64(cop_tensors_find(bag, name));
    int64_t next = d->first[i];
    double errors = 0.0;
    for (int64_t j = 0; j < cop_shape_count(sum->shape); j++) {
        if (!hessian_survives(mask, j))
            continue;
        estimate e = from_sums(cop_f64(sum)[j], square[j], probes);
        d->value[next++] = e.mean;
        errors += e.error;
    }
    d->first[i + 1] = next;
    d->mean_error[i] = errors / (double)(next - d->first[i]);
}

static cop_status make_spread(const cop_model *model, const cop_tensors *masks,
                              const cop_tensors *bag, int64_t probes, spread *d, cop_error *err)
{
    d->parameters = cop_model_parameter_count(model);
    d->value = calloc((size_t)cop_model_weight_count(model) + 1, sizeof *d->value);
    d->first = calloc(d->parameters + 1, sizeof *d->first);
    d->mean_error = calloc(d->parameters + 1, sizeof *d->mean_error);
    if (d->value == NULL || d->first == NULL || d->mean_error == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (size_t i = 0; i < d->parameters; i++)
        add_parameter(d, i, cop_tensors_find(masks, cop_model_parameter(model, i)->name), bag,
                      probes);
    return COP_OK;
}

static double mean_of(const spread *d, int64_t first, int64_t last)
{
    double sum = 0.0;
    for (int64_t j = first; j < last; j++)
        sum += d->value[j];
    return sum / (double)(last - first);
}

static const cop_column trace_columns[] = {
    COP_COLUMN_OF(VALUE, FLOAT, "trace", NULL, "Trace of the Hessian of the surviving coordinates"),
    COP_COLUMN_OF(ERROR, FLOAT, "standard_error", NULL, "Of the trace, over probes"),
    COP_COLUMN_OF(VALUE, FLOAT, "mean_diagonal", NULL, "Trace by surviving coordinates"),
    COP_COLUMN_OF(ERROR, FLOAT, "diagonal_error", NULL, "Mean standard error of a diagonal entry"),
    COP_COLUMN_OF(VALUE, INT, "probes", NULL, "Random probes"),
    COP_COLUMN_OF(VALUE, INT, "samples", "images", "Training images that the loss is over"),
    COP_COLUMN_OF(VALUE, INT, "surviving", NULL, "Surviving coordinates"),
    COP_COLUMN_OF(REPETITION, INT, "copy", NULL, "Number of the trained copy"),
};

static const cop_plot trace_plot = {COP_SIZED(cop_plot), .headlines = "trace,standard_error"};

static cop_status trace_table(const hessian_options *o, const spread *d, const cop_tensor *trace,
                              int64_t samples, cop_tables *out, cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "hessian_trace",
                                 .help = "Trace of the training loss's Hessian",
                                 COP_COLUMNS(trace_columns), .plot = &trace_plot};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(out, &spec, &table, err));
    int64_t surviving = d->first[d->parameters];
    estimate e = from_traces(trace, 0, trace->shape.dim[1]);
    double errors = 0.0;
    for (size_t i = 0; i < d->parameters; i++) {
        if (d->first[i + 1] > d->first[i])
            errors += d->mean_error[i] * (double)(d->first[i + 1] - d->first[i]);
    }
    cop_table_value cells[] = {{.f = e.mean},
                               {.f = e.error},
                               {.f = e.mean / (double)surviving},
                               {.f = errors / (double)surviving},
                               {.i = o->probes},
                               {.i = samples},
                               {.i = surviving},
                               {.i = o->copy}};
    return cop_table_row(table, cells, err);
}

static const cop_column layer_columns[] = {
    COP_COLUMN_OF(KEY, TEXT, "layer", NULL, "The parameter"),
    COP_COLUMN_OF(VALUE, INT, "surviving", NULL, "Its surviving coordinates"),
    COP_COLUMN_OF(VALUE, FLOAT, "trace", NULL, "Its share of the trace"),
    COP_COLUMN_OF(ERROR, FLOAT, "standard_error", NULL, "Of that share, over probes"),
    COP_COLUMN_OF(VALUE, FLOAT, "mean_diagonal", NULL, "Mean of its diagonal entries"),
};

/* A layer without survivors has no mean: its row is left out. */
static cop_status layer_table(const cop_model *model, const spread *d, const cop_tensor *trace,
                              cop_tables *out, cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "hessian_layer",
                                 .help = "The Hessian's trace by layer",
                                 COP_COLUMNS(layer_columns)};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(out, &spec, &table, err));
    for (size_t i = 0; i < d->parameters; i++) {
        if (d->first[i + 1] == d->first[i])
            continue;
        estimate e = from_traces(trace, (int64_t)i, (int64_t)i + 1);
        cop_table_value cells[] = {{.text = cop_model_parameter(model, i)->name},
                                   {.i = d->first[i + 1] - d->first[i]},
                                   {.f = e.mean},
                                   {.f = e.error},
                                   {.f = mean_of(d, d->first[i], d->first[i + 1])}};
        COP_TRY(cop_table_row(table, cells, err));
    }
    return COP_OK;
}

static const cop_column bin_columns[] = {
    COP_COLUMN_OF(KEY, FLOAT, "lower", NULL, "Lower end of the bin"),
    COP_COLUMN_OF(KEY, FLOAT, "centre", NULL, "Its centre"),
    COP_COLUMN_OF(KEY, FLOAT, "upper", NULL, "Its upper end"),
    COP_COLUMN_OF(VALUE, INT, "count", NULL, "Diagonal entries in it"),
};

static const cop_plot bin_plot = {COP_SIZED(cop_plot),
                                  .kind = COP_PLOT_HISTOGRAM,
                                  .title = "Diagonal of the Hessian on the surviving weights",
                                  .x = "centre",
                                  .y = "count",
                                  .log_y = true};

/* Bins of equal width in t = x, or in t = asinh(x / ε), which is linear about zero and logarithmic
 * beyond ε, a ten-thousandth of the largest entry. */
typedef struct axis {
    double low, high, epsilon; /* in t; epsilon 0: linear */
    int64_t bins;
} axis;

static double to_axis(const axis *a, double x)
{
    return a->epsilon > 0.0 ? asinh(x / a->epsilon) : x;
}

static double from_axis(const axis *a, double t)
{
    return a->epsilon > 0.0 ? a->epsilon * sinh(t) : t;
}

static axis make_axis(const hessian_options *o, const spread *d)
{
    double low = INFINITY, high = -INFINITY;
    for (int64_t j = 0; j < d->first[d->parameters]; j++) {
        /* NaN would slip through fmin and fmax; as an end it is seen by the caller. */
        if (isnan(d->value[j]))
            return (axis){.low = NAN, .high = NAN};
        low = fmin(low, d->value[j]);
        high = fmax(high, d->value[j]);
    }
    axis a = {.bins = o->bins};
    if (o->scale == HESSIAN_LOG)
        a.epsilon = 1e-4 * fmax(fabs(low), fabs(high));
    a.low = to_axis(&a, low);
    a.high = to_axis(&a, high);
    return a;
}

static void count_bins(const axis *a, const spread *d, int64_t *count)
{
    for (int64_t j = 0; j < d->first[d->parameters]; j++) {
        double share = (to_axis(a, d->value[j]) - a->low) / (a->high - a->low);
        int64_t bin = a->high > a->low ? (int64_t)(share * (double)a->bins) : 0;
        bin = bin < 0 ? 0 : bin;
        count[bin < a->bins ? bin : a->bins - 1]++;
    }
}

static cop_status bin_rows(const axis *a, const int64_t *count, cop_table *table, cop_error *err)
{
    double width = (a->high - a->low) / (double)a->bins;
    for (int64_t b = 0; b < a->bins; b++) {
        double low = a->low + width * (double)b;
        cop_table_value cells[] = {{.f = from_axis(a, low)},
                                   {.f = from_axis(a, low + 0.5 * width)},
                                   {.f = from_axis(a, low + width)},
                                   {.i = count[b]}};
        COP_TRY(cop_table_row(table, cells, err));
    }
    return COP_OK;
}

static cop_status diagonal_table(const hessian_options *o, const spread *d, cop_tables *out,
                                 cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "hessian_diagonal",
                                 .help = "Histogram of the Hessian's diagonal",
                                 COP_COLUMNS(bin_columns), .plot = &bin_plot};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(out, &spec, &table, err));
    axis a = make_axis(o, d);
    if (!isfinite(a.low) || !isfinite(a.high))
        return cop_fail(err, COP_FAILED, "the Hessian's diagonal is not finite");
    int64_t *count = calloc((size_t)a.bins, sizeof *count);
    if (count == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    count_bins(&a, d, count);
    cop_status status = bin_rows(&a, count, table, err);
    free(count);
    return status;
}

cop_status hessian_report(const hessian_options *o, const cop_model *model, const cop_tensors *mask,
                          const cop_tensors *bag, int64_t samples, cop_tables *out, cop_error *err)
{
    const cop_tensor *trace = cop_tensors_find(bag, "trace");
    spread d = {0};
    cop_status status = make_spread(model, mask, bag, o->probes, &d, err);
    if (status == COP_OK)
        status = trace_table(o, &d, trace, samples, out, err);
    if (status == COP_OK && o->layerwise)
        status = layer_table(model, &d, trace, out, err);
    if (status == COP_OK)
        status = diagonal_table(o, &d, out, err);
    free_spread(&d);
    return status;
}
