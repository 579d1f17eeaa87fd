/* diagonal.h (diagonal.c, trace.c, histogram.c, resolution.c, entries.c): the diagonal with its
 * errors, its tables, and all of it as tensors. */
#ifndef HESSIAN_DIAGONAL_H
#define HESSIAN_DIAGONAL_H

#include "hessian.h"

/* It is made out of the bag. */
typedef struct hessian_diagonal {
    const hessian_map *map;
    const cop_tensor *trace; /* NULL: exact */
    int64_t probes;          /* 0: exact */
    double *value, *error;   /* of each coordinate; 0: exact, NaN: of a single probe */
    double mean, variance;   /* of the entries */
    double mean_error;
    double error_variance; /* mean square of the errors */
} hessian_diagonal;

/* A number with its standard error. */
typedef struct hessian_estimate {
    double mean, error;
} hessian_estimate;

cop_status hessian_diagonal_make(const hessian *self, const cop_tensors *bag, hessian_diagonal *out,
                                 cop_error *err);
void hessian_diagonal_clear(hessian_diagonal *d);

/* The share of parameters first … last−1 in the trace. */
hessian_estimate hessian_trace_of(const hessian_diagonal *d, size_t first, size_t last);

/* The standard deviation between the entries, with that of their errors taken out; 0 where these
 * hide it. */
double hessian_deviation_of(const hessian_diagonal *d);

/* The mean standard error of an entry by that: what the diagonal's resolution is. 0: exact;
 * infinite where errors hide all there is between the entries, NaN of a single probe. */
double hessian_resolution_of(const hessian_diagonal *d);

/* The tables. */
cop_status hessian_report_trace(const hessian *self, const cop_model *model,
                                const hessian_diagonal *d, cop_tables *out, cop_error *err);
cop_status hessian_report_resolution(const hessian *self, const cop_tensors *bag,
                                     const hessian_diagonal *d, cop_tables *out, cop_error *err);
cop_status hessian_report_histogram(const hessian_options *o, const hessian_diagonal *d,
                                    cop_tables *out, cop_error *err);

/* Adds the diagonal as a tensor (F64) for each parameter, called and shaped like it; NaN where the
 * mask has removed a weight. */
cop_status hessian_report_entries(const cop_model *model, const hessian_diagonal *d,
                                  cop_tensors *out, cop_error *err);

#endif
