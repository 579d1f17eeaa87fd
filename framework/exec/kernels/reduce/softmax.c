/* softmax.c: log of softmax by rows, shifted by the row's maximum. */
#include "exec/kernels/kernels.h"

#include <math.h>

enum { SERIAL_COUNT = 4096 };

static void log_softmax_row(float *out, const float *x, int64_t columns)
{
    float top = x[0];
    for (int64_t i = 1; i < columns; i++)
        top = x[i] > top ? x[i] : top;
    double total = 0.0;
    for (int64_t i = 0; i < columns; i++)
        total += (double)expf(x[i] - top);
    double shift = log(total);
    for (int64_t i = 0; i < columns; i++)
        out[i] = (float)((double)(x[i] - top) - shift);
}

void cop_kernel_log_softmax(float *out, const float *x, int64_t rows, int64_t columns, int threads)
{
#pragma omp parallel for schedule(static) num_threads(threads) if (rows * columns >= SERIAL_COUNT)
    for (int64_t r = 0; r < rows; r++)
        log_softmax_row(out + r * columns, x + r * columns, columns);
}
