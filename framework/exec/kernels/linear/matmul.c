/* matmul.c: products of matrices, by OpenBLAS. */
#include "exec/kernels/kernels.h"

#include <cblas.h>

void cop_kernel_matmul(float *out, const float *a, cop_shape a_shape, bool transpose_a,
                       const float *b, cop_shape b_shape, bool transpose_b)
{
    int64_t m = a_shape.dim[transpose_a ? 1 : 0], k = a_shape.dim[transpose_a ? 0 : 1];
    int64_t n = b_shape.dim[transpose_b ? 0 : 1];
    cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
                transpose_b ? CblasTrans : CblasNoTrans, (blasint)m, (blasint)n, (blasint)k, 1.0f,
                a, (blasint)a_shape.dim[1], b, (blasint)b_shape.dim[1], 0.0f, out, (blasint)n);
}
