/* ritz.c: Ritz pairs, which are what a start's tridiagonal matrix says of the Hessian; and those of
 * all starts as the nodes and weights of a quadrature. */
#include "spectrum.h"

#include <stdlib.h>
#include <string.h>

/* The next one that is not taken: the largest in magnitude. */
static int64_t largest_left(const double *values, const bool *is_taken, int64_t count)
{
    int64_t best = -1;
    for (int64_t i = 0; i < count; i++) {
        if (!is_taken[i] && (best < 0 || fabs(values[i]) > fabs(values[best])))
            best = i;
    }
    return best;
}

/* Copies the pairs by falling magnitude. */
static cop_status sort_pairs(const double *values, const double *vectors, hessian_ritz *out,
                             cop_error *err)
{
    int64_t m = out->count;
    bool *is_taken = calloc((size_t)m, sizeof *is_taken);
    if (is_taken == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (int64_t k = 0; k < m; k++) {
        int64_t from = largest_left(values, is_taken, m);
        is_taken[from] = true;
        out->values[k] = values[from];
        memcpy(out->vectors + k * m, vectors + from * m, (size_t)m * sizeof *vectors);
    }
    free(is_taken);
    return COP_OK;
}

/* LAPACK gives them rising, into memory of this function's own. */
static cop_status solve(const double *alpha, const double *beta, hessian_ritz *out, cop_error *err)
{
    size_t m = (size_t)out->count;
    double *values = calloc(m, sizeof *values), *below = calloc(m, sizeof *below);
    double *vectors = calloc(m * m, sizeof *vectors);
    cop_status status = COP_OK;
    if (values == NULL || below == NULL || vectors == NULL) {
        status = cop_fail(err, COP_FAILED, "out of memory");
    } else {
        memcpy(values, alpha, m * sizeof *values);
        memcpy(below, beta, m * sizeof *below);
        status = hessian_eigen_tridiagonal(out->count, values, below, vectors, err);
    }
    if (status == COP_OK)
        status = sort_pairs(values, vectors, out, err);
    free(values);
    free(below);
    free(vectors);
    return status;
}

cop_status hessian_ritz_make(const cop_tensors *bag, int64_t start, hessian_ritz *out,
                             cop_error *err)
{
    const cop_tensor *alpha = cop_tensors_find(bag, "alpha");
    int64_t depth = alpha->shape.dim[1];
    int64_t m = cop_i64(cop_tensors_find(bag, "length"))[start];
    *out = (hessian_ritz){.count = m,
                          .values = calloc((size_t)m + 1, sizeof *out->values),
                          .vectors = calloc((size_t)(m * m) + 1, sizeof *out->vectors)};
    if (out->values == NULL || out->vectors == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    if (m == 0)
        return COP_OK;
    return solve(cop_f64(alpha) + start * depth,
                 cop_f64(cop_tensors_find(bag, "beta")) + start * depth, out, err);
}

void hessian_ritz_clear(hessian_ritz *r)
{
    free(r->values);
    free(r->vectors);
    *r = (hessian_ritz){0};
}

/* The start's vector is the first of its basis. */
static void take_nodes(const hessian_ritz *ritz, int64_t start, hessian_nodes *n)
{
    for (int64_t k = 0; k < ritz->count; k++) {
        double first = ritz->vectors[k * ritz->count];
        n->values[start * n->depth + k] = ritz->values[k];
        n->weights[start * n->depth + k] = first * first;
        n->least = fmin(n->least, ritz->values[k]);
        n->largest = fmax(n->largest, ritz->values[k]);
    }
}

cop_status hessian_nodes_make(const cop_tensors *bag, hessian_nodes *out, cop_error *err)
{
    const cop_tensor *alpha = cop_tensors_find(bag, "alpha");
    size_t all = (size_t)cop_shape_count(alpha->shape);
    *out = (hessian_nodes){.starts = alpha->shape.dim[0],
                           .depth = alpha->shape.dim[1],
                           .count = cop_i64(cop_tensors_find(bag, "length")),
                           .values = calloc(all, sizeof *out->values),
                           .weights = calloc(all, sizeof *out->weights),
                           .least = INFINITY,
                           .largest = -INFINITY};
    if (out->values == NULL || out->weights == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (int64_t s = 0; s < out->starts; s++) {
        hessian_ritz ritz = {0};
        cop_status status = hessian_ritz_make(bag, s, &ritz, err);
        if (status == COP_OK)
            take_nodes(&ritz, s, out);
        hessian_ritz_clear(&ritz);
        COP_TRY(status);
    }
    return COP_OK;
}

void hessian_nodes_clear(hessian_nodes *n)
{
    free(n->values);
    free(n->weights);
    *n = (hessian_nodes){0};
}
