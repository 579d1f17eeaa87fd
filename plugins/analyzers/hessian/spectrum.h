/* spectrum.h (ritz.c, lapack.c, spectrum.c, density.c): from tridiagonal matrices to eigenvalues,
 * their density and tables. */
#ifndef HESSIAN_SPECTRUM_H
#define HESSIAN_SPECTRUM_H

#include "hessian.h"

/* The nodes of all starts: of start s the first count[s] of its `depth` places, by falling
 * magnitude, and the weights that they have in the start's vector. */
typedef struct hessian_nodes {
    int64_t starts, depth;
    const int64_t *count; /* the bag's */
    double *values, *weights;
    double least, largest; /* of all */
} hessian_nodes;

cop_status hessian_nodes_make(const cop_tensors *bag, hessian_nodes *out, cop_error *err);
void hessian_nodes_clear(hessian_nodes *n);

/* Eigenvalues, rising, of symmetric matrices. Tridiagonal: of n diagonal elements, which the values
 * replace, and n − 1 below them, which are overwritten; vectors one after the other. Dense: the
 * matrix is overwritten. */
cop_status hessian_eigen_tridiagonal(int64_t n, double *diagonal, double *below, double *vectors,
                                     cop_error *err);
cop_status hessian_eigen_dense(int64_t n, double *matrix, double *values, cop_error *err);

/* The tables. */
cop_status hessian_report_spectrum(const hessian *self, const hessian_nodes *n,
                                   const cop_tensors *bag, cop_tables *out, cop_error *err);
cop_status hessian_report_density(const hessian *self, const hessian_nodes *n, cop_tables *out,
                                  cop_error *err);
cop_status hessian_report_dense(const hessian *self, const cop_tensors *bag, cop_tables *out,
                                cop_error *err);

#endif
