/* lapack.c: eigenvalues of symmetric matrices by LAPACK, which is part of OpenBLAS. It is Fortran:
 * arguments are pointers, and the lengths of texts follow as arguments of their own. */
#include "spectrum.h"

#include <stdlib.h>

void dstev_(const char *job, const int *n, double *diagonal, double *below, double *vectors,
            const int *stride, double *work, int *info, size_t job_length);
void dsyev_(const char *job, const char *triangle, const int *n, double *matrix, const int *stride,
            double *values, double *work, const int *work_length, int *info, size_t job_length,
            size_t triangle_length);

/* Neither of them ends for sure where a number is none. */
static cop_status check_finite(const double *values, int64_t count, cop_error *err)
{
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(values[i]))
            return cop_fail(err, COP_FAILED, "the Hessian is not finite");
    }
    return COP_OK;
}

static cop_status check_info(int info, cop_error *err)
{
    return info == 0
               ? COP_OK
               : cop_fail(err, COP_FAILED, "the eigenvalues did not converge (LAPACK: %d)", info);
}

cop_status hessian_eigen_tridiagonal(int64_t n, double *diagonal, double *below, double *vectors,
                                     cop_error *err)
{
    const int size = (int)n;
    int info = 0;
    COP_TRY(check_finite(diagonal, n, err));
    COP_TRY(check_finite(below, n - 1, err));
    double *work = calloc((size_t)(2 * n), sizeof *work);
    if (work == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    dstev_("V", &size, diagonal, below, vectors, &size, work, &info, 1);
    free(work);
    return check_info(info, err);
}

cop_status hessian_eigen_dense(int64_t n, double *matrix, double *values, cop_error *err)
{
    /* 64 columns at a time, which is more than it asks for. */
    const int size = (int)n, work_length = 66 * size;
    int info = 0;
    COP_TRY(check_finite(matrix, n * n, err));
    double *work = calloc((size_t)work_length, sizeof *work);
    if (work == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    dsyev_("N", "L", &size, matrix, &size, values, work, &work_length, &info, 1, 1);
    free(work);
    return check_info(info, err);
}
