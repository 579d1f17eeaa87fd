/* spectrum.c: the tables of eigenvalues: the first start's Ritz values with their residuals, what
 * all starts say of the ends of the spectrum, and the dense Hessian's eigenvalues. */
#include "spectrum.h"

#include <stdlib.h>

static const cop_column value_columns[] = {
    COP_COLUMN_OF(KEY, INT, "rank", NULL, "By magnitude, from 1"),
    COP_COLUMN_OF(VALUE, FLOAT, "eigenvalue", NULL,
                  "Ritz value; one that occurs several times is found once"),
    COP_COLUMN_OF(ERROR, FLOAT, "residual", NULL,
                  "‖Hv − λv‖ of its vector, by a product of its own: an eigenvalue is at most so "
                  "far away"),
};

static const cop_plot value_plot = {
    COP_SIZED(cop_plot), .kind = COP_PLOT_LINES, .title = "Largest eigenvalues of the Hessian",
    .x = "rank",         .y = "eigenvalue",      .error = "residual",
};

/* Fewer rows than wanted where the start ended early. */
static cop_status value_table(const hessian *self, const hessian_nodes *n, const double *residual,
                              cop_tables *out, cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "hessian_eigenvalues",
                                 .help = "The Hessian's largest eigenvalues in magnitude.",
                                 COP_COLUMNS(value_columns), .plot = &value_plot};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(out, &spec, &table, err));
    for (int64_t k = 0; k < self->steps.pairs && k < n->count[0]; k++) {
        cop_table_value cells[] = {{.i = k + 1}, {.f = n->values[k]}, {.f = residual[k]}};
        COP_TRY(cop_table_row(table, cells, err));
    }
    return COP_OK;
}

static const cop_column end_columns[] = {
    COP_COLUMN_OF(VALUE, FLOAT, "largest_eigenvalue", NULL, "Largest Ritz value of all starts"),
    COP_COLUMN_OF(VALUE, FLOAT, "smallest_eigenvalue", NULL, "Smallest one"),
    COP_COLUMN_OF(VALUE, INT, "steps", NULL, "Lanczos steps of the start that ended first"),
    COP_COLUMN_OF(VALUE, INT, "starts", NULL, "Random starts"),
    COP_COLUMN_OF(VALUE, INT, "samples", "images", "Training images that the loss is over"),
    COP_COLUMN_OF(VALUE, INT, "surviving", NULL, "Surviving coordinates"),
    COP_COLUMN_OF(REPETITION, INT, "copy", NULL, "Number of the trained copy"),
};

static const cop_plot end_plot = {COP_SIZED(cop_plot), .headlines = "largest_eigenvalue"};

static int64_t fewest_steps(const hessian_nodes *n)
{
    int64_t fewest = n->count[0];
    for (int64_t s = 1; s < n->starts; s++)
        fewest = n->count[s] < fewest ? n->count[s] : fewest;
    return fewest;
}

static cop_status end_table(const hessian *self, const hessian_nodes *n, cop_tables *out,
                            cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "hessian_spectrum",
                                 .help = "Ends of the Hessian's spectrum, by Lanczos' iteration",
                                 COP_COLUMNS(end_columns), .plot = &end_plot};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(out, &spec, &table, err));
    cop_table_value cells[] = {{.f = n->largest},         {.f = n->least},
                               {.i = fewest_steps(n)},    {.i = n->starts},
                               {.i = self->sample_count}, {.i = hessian_map_count(&self->map)},
                               {.i = self->o->copy}};
    return cop_table_row(table, cells, err);
}

cop_status hessian_report_spectrum(const hessian *self, const hessian_nodes *n,
                                   const cop_tensors *bag, cop_tables *out, cop_error *err)
{
    const cop_tensor *residual = cop_tensors_find(bag, "residual");
    if (residual != NULL)
        COP_TRY(value_table(self, n, cop_f64(residual), out, err));
    return end_table(self, n, out, err);
}

static const cop_column dense_columns[] = {
    COP_COLUMN_OF(KEY, INT, "rank", NULL, "From the largest, 1"),
    COP_COLUMN_OF(VALUE, FLOAT, "eigenvalue", NULL, "Of the whole matrix, by LAPACK"),
};

static const cop_plot dense_plot = {
    COP_SIZED(cop_plot), .kind = COP_PLOT_LINES, .title = "All eigenvalues of the Hessian",
    .x = "rank",         .y = "eigenvalue",
};

/* Both halves of the matrix are products' own: their mean is symmetric. */
static cop_status dense_eigenvalues(const float *rows, int64_t n, double *values, cop_error *err)
{
    double *matrix = calloc((size_t)(n * n), sizeof *matrix);
    if (matrix == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++)
            matrix[i * n + j] = 0.5 * ((double)rows[i * n + j] + (double)rows[j * n + i]);
    }
    cop_status status = hessian_eigen_dense(n, matrix, values, err);
    free(matrix);
    return status;
}

static cop_status dense_rows(const double *values, int64_t n, cop_table *table, cop_error *err)
{
    for (int64_t k = 0; k < n; k++) {
        cop_table_value cells[] = {{.i = k + 1}, {.f = values[n - 1 - k]}};
        COP_TRY(cop_table_row(table, cells, err));
    }
    return COP_OK;
}

cop_status hessian_report_dense(const hessian *self, const cop_tensors *bag, cop_tables *out,
                                cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "hessian_dense",
                                 .help = "All eigenvalues of the Hessian.",
                                 COP_COLUMNS(dense_columns), .plot = &dense_plot};
    cop_table *table = NULL;
    int64_t n = hessian_map_count(&self->map);
    COP_TRY(cop_tables_add(out, &spec, &table, err));
    double *values = calloc((size_t)n, sizeof *values);
    if (values == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = dense_eigenvalues(cop_f32(cop_tensors_find(bag, "matrix")), n, values, err);
    if (status == COP_OK)
        status = dense_rows(values, n, table, err);
    free(values);
    return status;
}
