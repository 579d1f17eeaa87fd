/* density.c: the spectral density by stochastic Lanczos quadrature (Ghorbani et al. 2019; Yao et
 * al. 2020): of each start the Ritz values are the nodes, and the squared first components of their
 * vectors the weights; a Gaussian lies on each node. Starts are repetitions: their mean is shown,
 * with its standard error.
 *
 * What is tabulated is the mean over a cell of the axis, so that the table integrates to 1 however
 * narrow the Gaussians are. */
#include "spectrum.h"

#include <stdlib.h>

/* The axis ends so many standard deviations beyond the outermost nodes. */
#define MARGIN 5.0

/* No density is below this share of what a single eigenvalue has at its peak: on a logarithmic axis
 * the Gaussians' tails would be all there is to see. */
#define LEAST 1e-4

static const cop_column columns[] = {
    COP_COLUMN_OF(KEY, FLOAT, "eigenvalue", NULL, "Centre of a cell of the axis"),
    COP_COLUMN_OF(VALUE, FLOAT, "density", NULL,
                  "Share of the eigenvalues there by its width; at least 1e-4 of the peak of one"),
    COP_COLUMN_OF(ERROR, FLOAT, "standard_error", NULL, "Of the density, over random starts"),
};

static const cop_plot plot = {
    COP_SIZED(cop_plot), .kind = COP_PLOT_LINES, .title = "Spectral density of the Hessian",
    .x = "eigenvalue",   .y = "density",         .log_y = true,
};

typedef struct quadrature {
    double low, width, deviation; /* the axis and the Gaussians */
    int64_t cells, starts;
    double *sum, *square; /* over starts, of each cell */
} quadrature;

/* σ² = smoothing · range. A spectrum that is a point has a range of its own size. */
static void make_axis(const hessian_options *o, const hessian_nodes *n, quadrature *q)
{
    double range = n->largest - n->least;
    if (!(range > 0.0))
        range = n->largest != 0.0 ? fabs(n->largest) : 1.0;
    q->deviation = sqrt(o->smoothing * range);
    q->low = n->least - MARGIN * q->deviation;
    q->width = (n->largest + MARGIN * q->deviation - q->low) / (double)q->cells;
}

static double share_below(const quadrature *q, double x, double node)
{
    return 0.5 * erfc((node - x) / (q->deviation * sqrt(2.0)));
}

static void add_node(const quadrature *q, double node, double weight, double *density)
{
    double before = share_below(q, q->low, node);
    for (int64_t b = 0; b < q->cells; b++) {
        double below = share_below(q, q->low + q->width * (double)(b + 1), node);
        density[b] += weight * (below - before) / q->width;
        before = below;
    }
}

static cop_status add_start(const hessian_nodes *n, int64_t start, const quadrature *q,
                            cop_error *err)
{
    double *density = calloc((size_t)q->cells, sizeof *density);
    if (density == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (int64_t k = start * n->depth; k < start * n->depth + n->count[start]; k++)
        add_node(q, n->values[k], n->weights[k], density);
    for (int64_t b = 0; b < q->cells; b++) {
        q->sum[b] += density[b];
        q->square[b] += density[b] * density[b];
    }
    free(density);
    return COP_OK;
}

static cop_status write_rows(const quadrature *q, double coordinates, cop_table *table,
                             cop_error *err)
{
    double starts = (double)q->starts;
    double peak = 1.0 / (coordinates * (q->deviation * sqrt(2.0 * acos(-1.0)) + q->width));
    for (int64_t b = 0; b < q->cells; b++) {
        double mean = q->sum[b] / starts;
        double variance = fmax(q->square[b] - q->sum[b] * mean, 0.0) / (starts - 1.0);
        cop_table_value cells[] = {{.f = q->low + q->width * ((double)b + 0.5)},
                                   {.f = fmax(mean, LEAST * peak)},
                                   {.f = starts > 1.0 ? sqrt(variance / starts) : (double)NAN}};
        COP_TRY(cop_table_row(table, cells, err));
    }
    return COP_OK;
}

cop_status hessian_report_density(const hessian *self, const hessian_nodes *n, cop_tables *out,
                                  cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "hessian_density",
                                 .help = "Density of the Hessian's eigenvalues, by stochastic "
                                         "Lanczos quadrature.",
                                 COP_COLUMNS(columns), .plot = &plot};
    cop_table *table = NULL;
    cop_status status = COP_OK;
    quadrature q = {.cells = self->o->points, .starts = n->starts};
    COP_TRY(cop_tables_add(out, &spec, &table, err));
    make_axis(self->o, n, &q);
    q.sum = calloc((size_t)q.cells, sizeof *q.sum);
    q.square = calloc((size_t)q.cells, sizeof *q.square);
    if (q.sum == NULL || q.square == NULL)
        status = cop_fail(err, COP_FAILED, "out of memory");
    for (int64_t s = 0; status == COP_OK && s < n->starts; s++)
        status = add_start(n, s, &q, err);
    if (status == COP_OK)
        status = write_rows(&q, (double)hessian_map_count(&self->map), table, err);
    free(q.sum);
    free(q.square);
    return status;
}
