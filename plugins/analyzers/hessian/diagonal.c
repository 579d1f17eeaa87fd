/* diagonal.c: from what the steps left to the diagonal and its sums, with their standard errors. */
#include "diagonal.h"

#include <stdlib.h>

/* Of `probes` values given by their sum and sum of squares. */
static hessian_estimate from_sums(double sum, double square, int64_t probes)
{
    double n = (double)probes, mean = sum / n;
    double variance = (square - sum * mean) / (n - 1.0);
    return (hessian_estimate){mean, probes > 1 ? sqrt((variance > 0.0 ? variance : 0.0) / n)
                                               : (double)NAN};
}

/* Of the shares of parameters first … last−1, summed for each probe. Two passes, as the spread of a
 * trace is small beside it. */
static hessian_estimate from_traces(const cop_tensor *trace, int64_t probes, size_t first,
                                    size_t last)
{
    int64_t parameters = trace->shape.dim[1];
    const double *value = cop_f64(trace);
    double mean = 0.0, squares = 0.0;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t i = 0; i < probes; i++) {
            double one = 0.0;
            for (size_t p = first; p < last; p++)
                one += value[i * parameters + (int64_t)p];
            if (pass == 0)
                mean += one / (double)probes;
            else
                squares += (one - mean) * (one - mean);
        }
    }
    double n = (double)probes;
    return (hessian_estimate){mean, probes > 1 ? sqrt(squares / (n - 1.0) / n) : (double)NAN};
}

hessian_estimate hessian_trace_of(const hessian_diagonal *d, size_t first, size_t last)
{
    if (d->trace != NULL)
        return from_traces(d->trace, d->probes, first, last);
    hessian_estimate e = {0};
    for (int64_t c = d->map->first[first]; c < d->map->first[last]; c++)
        e.mean += d->value[c];
    return e;
}

static void fill(hessian_diagonal *d, const cop_tensors *bag)
{
    int64_t n = hessian_map_count(d->map);
    const cop_tensor *exact = d->probes == 0 ? cop_tensors_find(bag, "diagonal") : NULL;
    const cop_tensor *sum = cop_tensors_find(bag, "sum"), *square = cop_tensors_find(bag, "square");
    for (int64_t c = 0; c < n; c++) {
        hessian_estimate e = {0};
        if (exact != NULL)
            e.mean = cop_f64(exact)[c];
        else
            e = from_sums(cop_f64(sum)[c], cop_f64(square)[c], d->probes);
        d->value[c] = e.mean;
        d->error[c] = e.error;
    }
}

static void summarise(hessian_diagonal *d)
{
    int64_t n = hessian_map_count(d->map);
    double count = (double)n;
    for (int64_t c = 0; c < n; c++) {
        d->mean += d->value[c] / count;
        d->mean_error += d->error[c] / count;
        d->error_variance += d->error[c] * d->error[c] / count;
    }
    for (int64_t c = 0; c < n; c++)
        d->variance += (d->value[c] - d->mean) * (d->value[c] - d->mean) / count;
}

/* 0: it is exact. */
static int64_t probes_of(const hessian *self, const cop_tensors *bag)
{
    const cop_tensor *course = cop_tensors_find(bag, "course");
    if (course == NULL)
        return self->is_exact ? 0 : self->steps.diagonal;
    return cop_i64(course)[1] == HESSIAN_EXACTLY ? 0 : cop_i64(course)[0];
}

cop_status hessian_diagonal_make(const hessian *self, const cop_tensors *bag, hessian_diagonal *out,
                                 cop_error *err)
{
    size_t n = (size_t)hessian_map_count(&self->map);
    int64_t probes = probes_of(self, bag);
    *out = (hessian_diagonal){.map = &self->map,
                              .trace = probes > 0 ? cop_tensors_find(bag, "trace") : NULL,
                              .probes = probes,
                              .value = calloc(n, sizeof *out->value),
                              .error = calloc(n, sizeof *out->error)};
    if (out->value == NULL || out->error == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    fill(out, bag);
    summarise(out);
    return isfinite(out->mean) ? COP_OK
                               : cop_fail(err, COP_FAILED, "the Hessian's diagonal is not finite");
}

void hessian_diagonal_clear(hessian_diagonal *d)
{
    free(d->value);
    free(d->error);
    *d = (hessian_diagonal){0};
}
