/* whiten.c: ZCA whitening: a covariance, its eigenvectors, and a product for every image.
 *
 * All products are cut into tiles of columns, each computed by one thread from beginning to end:
 * which thread takes which tile is no matter. OpenBLAS computes on the calling thread alone inside
 * of a parallel region, and where there is but one thread. */
#include "nn/whiten.h"

#include "core/memory.h"
#include "core/openmp.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Columns of a tile, and images that are looked at together. */
enum { TILE = 256, IMAGES = 512 };

struct cop_whitening {
    int64_t values; /* of an image */
    double *mean;   /* [values] */
    float *matrix;  /* [values, values], symmetric */
};

/* LAPACK's, which is part of OpenBLAS: eigenvalues, ascending, and eigenvectors of a symmetric
 * matrix, which they replace. Column-major; the lengths of the two texts are Fortran's. */
void dsyevd_(const char *job, const char *half, const blasint *n, double *a, const blasint *lda,
             double *eigenvalues, double *work, const blasint *lwork, blasint *iwork,
             const blasint *liwork, blasint *info, size_t job_length, size_t half_length);

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void cop_whitening_free(cop_whitening *w)
{
    if (w == NULL)
        return;
    free(w->mean);
    free(w->matrix);
    free(w);
}

/* Adds rowsᵀ · rows, of [count, n], to the tiles on and above the diagonal of sums, [n, n]. */
static void add_products(const double *rows, int64_t count, int64_t n, double *sums)
{
    int64_t tiles = (n + TILE - 1) / TILE;
#pragma omp parallel for schedule(dynamic)
    for (int64_t pair = 0; pair < tiles * tiles; pair++) {
        int64_t top = pair / tiles * TILE, left = pair % tiles * TILE;
        if (left >= top)
            cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (blasint)least(TILE, n - top),
                        (blasint)least(TILE, n - left), (blasint)count, 1.0, rows + top, (blasint)n,
                        rows + left, (blasint)n, 1.0, sums + top * n + left, (blasint)n);
    }
}

/* Copies what is above the diagonal below it. */
static void mirror(double *sums, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = i + 1; k < n; k++)
            sums[k * n + i] = sums[i * n + k];
}

/* The pixels of `count` samples from `first` on, less the mean: [count, values]. `one` has room for
 * one image. */
static void centre(const cop_samples *s, int64_t first, int64_t count, const double *mean,
                   int64_t values, float *one, double *rows)
{
    for (int64_t i = 0; i < count; i++) {
        cop_samples_pixels(s, first + i, one);
        for (int64_t k = 0; k < values; k++)
            rows[i * values + k] = (double)one[k] - mean[k];
    }
}

static void find_mean(const cop_samples *s, int64_t values, float *one, double *mean)
{
    for (int64_t i = 0; i < s->count; i++) {
        cop_samples_pixels(s, i, one);
        for (int64_t k = 0; k < values; k++)
            mean[k] += (double)one[k];
    }
    for (int64_t k = 0; k < values; k++)
        mean[k] /= (double)s->count;
}

/* Fills w->mean, and [values, values] of the covariance. */
static cop_status find_covariance(cop_whitening *w, const cop_samples *s, double *covariance,
                                  cop_error *err)
{
    int64_t n = w->values;
    float *one = calloc((size_t)n, sizeof *one);
    double *rows = calloc((size_t)(IMAGES * n), sizeof *rows);
    bool has_memory = one != NULL && rows != NULL;
    if (has_memory)
        find_mean(s, n, one, w->mean);
    for (int64_t first = 0; has_memory && first < s->count; first += IMAGES) {
        int64_t count = least(IMAGES, s->count - first);
        centre(s, first, count, w->mean, n, one, rows);
        add_products(rows, count, n, covariance);
    }
    free(one);
    free(rows);
    if (!has_memory)
        return cop_out_of_memory(err);
    for (int64_t i = 0; i < n * n; i++)
        covariance[i] /= (double)(s->count - 1);
    mirror(covariance, n);
    return COP_OK;
}

/* Replaces a symmetric matrix by its eigenvectors, one per row, and fills the eigenvalues. On one
 * thread: LAPACK's bits are then the same everywhere. */
static cop_status decompose(double *matrix, int64_t n, double *eigenvalues, cop_error *err)
{
    blasint order = (blasint)n, info = 0, query = -1, iwork_size = 0;
    double work_size = 0.0;
    int before = omp_get_max_threads();
    dsyevd_("V", "U", &order, matrix, &order, eigenvalues, &work_size, &query, &iwork_size, &query,
            &info, 1, 1);
    blasint lwork = (blasint)work_size, liwork = iwork_size;
    double *work = calloc((size_t)lwork + 1, sizeof *work);
    blasint *iwork = calloc((size_t)liwork + 1, sizeof *iwork);
    cop_status status = work != NULL && iwork != NULL ? COP_OK : cop_out_of_memory(err);
    omp_set_num_threads(1);
    if (status == COP_OK)
        dsyevd_("V", "U", &order, matrix, &order, eigenvalues, work, &lwork, iwork, &liwork, &info,
                1, 1);
    omp_set_num_threads(before);
    free(work);
    free(iwork);
    if (status == COP_OK && info != 0)
        status =
            cop_fail(err, COP_FAILED,
                     "whitening: the eigenvalues of the covariance are not found (%d)", (int)info);
    return status;
}

/* w->matrix = Σ v vᵀ over eigenvectors that are scaled by (s + ε)^(−1/4). `sums` is scratch,
 * [n, n], and so are the vectors afterwards. */
static void fill_matrix(cop_whitening *w, double *vectors, const double *eigenvalues,
                        double epsilon, double *sums)
{
    int64_t n = w->values;
    for (int64_t i = 0; i < n; i++) {
        double value = eigenvalues[i] > 0.0 ? eigenvalues[i] : 0.0; /* rounding goes below */
        double scale = pow(value + epsilon, -0.25);
        for (int64_t k = 0; k < n; k++)
            vectors[i * n + k] *= scale;
    }
    memset(sums, 0, (size_t)(n * n) * sizeof *sums);
    for (int64_t first = 0; first < n; first += IMAGES)
        add_products(vectors + first * n, least(IMAGES, n - first), n, sums);
    mirror(sums, n);
    for (int64_t i = 0; i < n * n; i++)
        w->matrix[i] = (float)sums[i];
}

static cop_status fit(cop_whitening *w, const cop_samples *s, double epsilon, cop_error *err)
{
    size_t n = (size_t)w->values;
    double *covariance = calloc(n, n * sizeof *covariance);
    double *sums = calloc(n, n * sizeof *sums);
    double *eigenvalues = calloc(n, sizeof *eigenvalues);
    cop_status status = COP_OK;
    if (covariance == NULL || sums == NULL || eigenvalues == NULL)
        status = cop_out_of_memory(err);
    if (status == COP_OK)
        status = find_covariance(w, s, covariance, err);
    if (status == COP_OK)
        status = decompose(covariance, w->values, eigenvalues, err);
    if (status == COP_OK)
        fill_matrix(w, covariance, eigenvalues, epsilon, sums);
    free(covariance);
    free(sums);
    free(eigenvalues);
    return status;
}

cop_status cop_whitening_fit(const cop_samples *s, double epsilon, cop_whitening **out,
                             cop_error *err)
{
    *out = NULL;
    cop_whitening *w = calloc(1, sizeof *w);
    if (w == NULL)
        return cop_out_of_memory(err);
    w->values = cop_task_values(&s->task);
    w->mean = calloc((size_t)w->values, sizeof *w->mean);
    w->matrix = calloc((size_t)w->values, (size_t)w->values * sizeof *w->matrix);
    cop_status status =
        w->mean != NULL && w->matrix != NULL ? fit(w, s, epsilon, err) : cop_out_of_memory(err);
    if (status == COP_OK)
        *out = w;
    else
        cop_whitening_free(w);
    return status;
}

/* images = rows · matrix, of [count, n]. */
static void multiply(const float *rows, int64_t count, const cop_whitening *w, float *images)
{
    int64_t n = w->values, tiles = (n + TILE - 1) / TILE;
#pragma omp parallel for schedule(dynamic)
    for (int64_t tile = 0; tile < tiles; tile++) {
        int64_t left = tile * TILE;
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)count,
                    (blasint)least(TILE, n - left), (blasint)n, 1.0f, rows, (blasint)n,
                    w->matrix + left, (blasint)n, 0.0f, images + left, (blasint)n);
    }
}

cop_status cop_whitening_apply(const cop_whitening *w, const cop_samples *s, float *images,
                               cop_error *err)
{
    int64_t n = w->values;
    float *rows = calloc((size_t)(IMAGES * n), sizeof *rows);
    if (rows == NULL)
        return cop_out_of_memory(err);
    for (int64_t first = 0; first < s->count; first += IMAGES) {
        int64_t count = least(IMAGES, s->count - first);
        for (int64_t i = 0; i < count; i++) {
            float *row = rows + i * n;
            cop_samples_pixels(s, first + i, row);
            for (int64_t k = 0; k < n; k++)
                row[k] = (float)((double)row[k] - w->mean[k]);
        }
        multiply(rows, count, w, images + first * n);
    }
    free(rows);
    return COP_OK;
}
