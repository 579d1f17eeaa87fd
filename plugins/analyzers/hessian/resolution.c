/* resolution.c: as many probes as a resolution takes. The diagonal's resolution is the mean
 * standard error of its entries by the standard deviation between them: at 1 the histogram shows as
 * much error as diagonal, at 0.1 its shape.
 *
 * Of an entry's estimate by N Rademacher probes the variance is Σⱼ Hᵢⱼ² over the others in its row,
 * by N (Bekas et al. 2007). So the probes so far tell how many are needed: N · (r / wanted)² where
 * they have reached r. They are looked at after HESSIAN_PILOT and then every HESSIAN_ROUND; where
 * the exact diagonal takes no more products than what is still to come, and may be had, it is
 * computed instead. What is found is in the bag ("course"): a resumed work goes the same way. */
#include "diagonal.h"

double hessian_deviation_of(const hessian_diagonal *d)
{
    double variance = d->variance - d->error_variance;
    return isnan(variance) || variance > 0.0 ? sqrt(variance) : 0.0;
}

double hessian_resolution_of(const hessian_diagonal *d)
{
    double deviation = hessian_deviation_of(d);
    if (d->probes == 0 || d->mean_error == 0.0)
        return 0.0;
    return deviation > 0.0 || isnan(deviation) ? d->mean_error / deviation : (double)INFINITY;
}

cop_status hessian_resolved_declare(const hessian *self, cop_tensors *bag, cop_error *err)
{
    return hessian_is_resolved(self->o)
               ? cop_tensors_add(bag, "course", COP_I64, cop_shape1(2), NULL, err)
               : COP_OK;
}

/* Whether the rest of the probes would take more products than the exact diagonal, and there are
 * steps left for that. */
static bool is_dearer(const hessian *self, int64_t probes, double reached)
{
    int64_t n = hessian_map_count(&self->map);
    double share = reached / self->o->resolution, wanted = (double)probes * share * share;
    return hessian_may_become_exact(self->o, n) && probes + n <= self->steps.diagonal &&
           wanted - (double)probes >= (double)n;
}

static cop_status decide(const hessian *self, cop_work *work, int64_t *course, cop_error *err)
{
    hessian_diagonal d = {0};
    cop_status status = hessian_diagonal_make(self, cop_work_bag(work), &d, err);
    if (status == COP_OK) {
        double reached = hessian_resolution_of(&d);
        cop_work_report(work, "resolution %.3g after %lld probes", reached, (long long)d.probes);
        if (reached <= self->o->resolution)
            course[1] = HESSIAN_REACHED;
        else if (is_dearer(self, d.probes, reached))
            course[1] = HESSIAN_EXACTLY;
    }
    hessian_diagonal_clear(&d);
    return status;
}

cop_status hessian_resolved_step(hessian *self, cop_work *work, int64_t i, cop_error *err)
{
    int64_t *course = cop_i64(cop_tensors_find(cop_work_bag(work), "course"));
    if (course[1] == HESSIAN_EXACTLY)
        return hessian_exact_step(self, work, i - course[0], err);
    if (course[1] == HESSIAN_REACHED || i >= hessian_most_probes(self->o, &self->steps))
        return COP_OK;
    COP_TRY(hessian_probe_step(self, work, i, err));
    course[0] = i + 1;
    int64_t since = course[0] - HESSIAN_PILOT;
    return since >= 0 && since % HESSIAN_ROUND == 0 ? decide(self, work, course, err) : COP_OK;
}

static const cop_column columns[] = {
    COP_COLUMN_OF(VALUE, FLOAT, "resolution_asked", NULL,
                  "Mean standard error of an entry by the deviation between entries, at most"),
    COP_COLUMN_OF(VALUE, FLOAT, "resolution_reached", NULL,
                  "What it is; 0: exact; nan: errors hide what is between the entries"),
    COP_COLUMN_OF(VALUE, INT, "met", NULL, "1: it is what was asked; 0: most_probes were too few"),
    COP_COLUMN_OF(VALUE, INT, "probes", NULL, "Random probes that it took; 0: exact"),
    COP_COLUMN_OF(VALUE, INT, "products", NULL,
                  "Hessian products of the diagonal, with probes before it became exact"),
    COP_COLUMN_OF(VALUE, FLOAT, "deviation", NULL,
                  "Standard deviation between the entries, that of their errors taken out"),
    COP_COLUMN_OF(REPETITION, INT, "copy", NULL, "Number of the trained copy"),
};

static const cop_plot plot = {COP_SIZED(cop_plot), .headlines = "resolution_reached"};

static int64_t products_of(const hessian *self, const cop_tensors *bag, const hessian_diagonal *d)
{
    const cop_tensor *course = cop_tensors_find(bag, "course");
    if (d->probes > 0)
        return d->probes;
    return hessian_map_count(&self->map) + (course != NULL ? cop_i64(course)[0] : 0);
}

cop_status hessian_report_resolution(const hessian *self, const cop_tensors *bag,
                                     const hessian_diagonal *d, cop_tables *out, cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "hessian_resolution",
                                 .help = "Resolution of the Hessian's diagonal",
                                 COP_COLUMNS(columns), .plot = &plot};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(out, &spec, &table, err));
    double reached = hessian_resolution_of(d);
    cop_table_value cells[] = {{.f = self->o->resolution},
                               {.f = isinf(reached) ? (double)NAN : reached},
                               {.i = reached <= self->o->resolution},
                               {.i = d->probes},
                               {.i = products_of(self, bag, d)},
                               {.f = hessian_deviation_of(d)},
                               {.i = self->o->copy}};
    return cop_table_row(table, cells, err);
}
