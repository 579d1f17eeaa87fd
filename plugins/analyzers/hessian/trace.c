/* trace.c: the tables of the trace, whole and by layer, which say how sure the diagonal is. */
#include "diagonal.h"

static const cop_column trace_columns[] = {
    COP_COLUMN_OF(VALUE, FLOAT, "trace", NULL, "Trace of the Hessian of the surviving coordinates"),
    COP_COLUMN_OF(ERROR, FLOAT, "standard_error", NULL, "Of the trace, over probes; 0: exact"),
    COP_COLUMN_OF(VALUE, FLOAT, "mean_diagonal", NULL, "Trace by surviving coordinates"),
    COP_COLUMN_OF(ERROR, FLOAT, "diagonal_error", NULL,
                  "Resolution of the diagonal: mean standard error of an entry; 0: exact"),
    COP_COLUMN_OF(ERROR, FLOAT, "noise", "fraction",
                  "Of the variance between the entries what is their own error: near 1 the "
                  "histogram shows errors, and not the diagonal"),
    COP_COLUMN_OF(VALUE, INT, "exact", NULL, "1: each entry has a product of its own; 0: probes"),
    COP_COLUMN_OF(VALUE, INT, "probes", NULL, "Random probes; 0: exact"),
    COP_COLUMN_OF(VALUE, INT, "samples", "images", "Training images that the loss is over"),
    COP_COLUMN_OF(VALUE, INT, "surviving", NULL, "Surviving coordinates"),
    COP_COLUMN_OF(REPETITION, INT, "copy", NULL, "Number of the trained copy"),
};

static const cop_plot trace_plot = {COP_SIZED(cop_plot), .headlines = "trace,standard_error"};

/* Estimates are as spread as the entries and their errors together. */
static double noise_of(const hessian_diagonal *d)
{
    if (d->probes == 0)
        return 0.0;
    return d->error_variance < d->variance ? d->error_variance / d->variance
           : isnan(d->error_variance)      ? (double)NAN
                                           : 1.0;
}

static cop_status trace_table(const hessian *self, const hessian_diagonal *d, cop_tables *out,
                              cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "hessian_trace",
                                 .help = "Trace of the training loss's Hessian",
                                 COP_COLUMNS(trace_columns), .plot = &trace_plot};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(out, &spec, &table, err));
    int64_t surviving = hessian_map_count(d->map);
    hessian_estimate e = hessian_trace_of(d, 0, d->map->parameters);
    cop_table_value cells[] = {{.f = e.mean},
                               {.f = e.error},
                               {.f = e.mean / (double)surviving},
                               {.f = d->mean_error},
                               {.f = noise_of(d)},
                               {.i = d->probes == 0},
                               {.i = d->probes},
                               {.i = self->sample_count},
                               {.i = surviving},
                               {.i = self->o->copy}};
    return cop_table_row(table, cells, err);
}

static const cop_column layer_columns[] = {
    COP_COLUMN_OF(KEY, TEXT, "layer", NULL, "The parameter"),
    COP_COLUMN_OF(VALUE, INT, "surviving", NULL, "Its surviving coordinates"),
    COP_COLUMN_OF(VALUE, FLOAT, "trace", NULL, "Its share of the trace"),
    COP_COLUMN_OF(ERROR, FLOAT, "standard_error", NULL, "Of that share, over probes; 0: exact"),
    COP_COLUMN_OF(VALUE, FLOAT, "mean_diagonal", NULL, "Mean of its diagonal entries"),
};

static double mean_of(const hessian_diagonal *d, int64_t first, int64_t last)
{
    double sum = 0.0;
    for (int64_t c = first; c < last; c++)
        sum += d->value[c];
    return sum / (double)(last - first);
}

/* A layer without survivors has no mean: its row is left out. */
static cop_status layer_table(const cop_model *model, const hessian_diagonal *d, cop_tables *out,
                              cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "hessian_layer",
                                 .help = "The Hessian's trace by layer",
                                 COP_COLUMNS(layer_columns)};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(out, &spec, &table, err));
    for (size_t i = 0; i < d->map->parameters; i++) {
        int64_t first = d->map->first[i], last = d->map->first[i + 1];
        if (last == first)
            continue;
        hessian_estimate e = hessian_trace_of(d, i, i + 1);
        cop_table_value cells[] = {{.text = cop_model_parameter(model, i)->name},
                                   {.i = last - first},
                                   {.f = e.mean},
                                   {.f = e.error},
                                   {.f = mean_of(d, first, last)}};
        COP_TRY(cop_table_row(table, cells, err));
    }
    return COP_OK;
}

cop_status hessian_report_trace(const hessian *self, const cop_model *model,
                                const hessian_diagonal *d, cop_tables *out, cop_error *err)
{
    COP_TRY(trace_table(self, d, out, err));
    return self->o->layerwise ? layer_table(model, d, out, err) : COP_OK;
}
