/* shape_kernel.c: copying blocks (slice, pad, concat) and rows by index (gather, scatter-add). */
#include "exec/kernels/kernels.h"

#include <string.h>

enum { SERIAL_COUNT = 16384 };

void cop_kernel_copy(float *out, const float *x, int64_t count, int threads)
{
#pragma omp parallel for simd schedule(static) num_threads(threads) if (count >= SERIAL_COUNT)
    for (int64_t i = 0; i < count; i++)
        out[i] = x[i];
}

void cop_kernel_fill(float *out, float value, int64_t count, int threads)
{
#pragma omp parallel for simd schedule(static) num_threads(threads) if (count >= SERIAL_COUNT)
    for (int64_t i = 0; i < count; i++)
        out[i] = value;
}

void cop_kernel_copy_blocks(float *out, int64_t out_stride, const float *x, int64_t x_stride,
                            int64_t blocks, int64_t length, int threads)
{
    if (blocks == 1) {
        cop_kernel_copy(out, x, length, threads);
        return;
    }
#pragma omp parallel for schedule(static) num_threads(threads) if (blocks * length >= SERIAL_COUNT)
    for (int64_t k = 0; k < blocks; k++)
        memcpy(out + k * out_stride, x + k * x_stride, (size_t)length * sizeof *out);
}

int64_t cop_kernel_bad_index(const float *index, int64_t count, int64_t rows)
{
    for (int64_t m = 0; m < count; m++)
        if (!(index[m] >= 0.0f && index[m] < (float)rows) || (float)(int64_t)index[m] != index[m] ||
            (int64_t)index[m] >= rows)
            return m;
    return -1;
}

void cop_kernel_gather(float *out, const float *x, const float *index, int64_t count,
                       int64_t length, int threads)
{
#pragma omp parallel for schedule(static) num_threads(threads) if (count * length >= SERIAL_COUNT)
    for (int64_t m = 0; m < count; m++)
        memcpy(out + m * length, x + (int64_t)index[m] * length, (size_t)length * sizeof *out);
}

/* Columns are divided among threads, so that rows are added in the order of m. */
void cop_kernel_scatter_add(float *out, const float *x, const float *index, int64_t count,
                            int64_t rows, int64_t length, int threads)
{
    enum { STRIP = 512 };
    int64_t strips = (length + STRIP - 1) / STRIP;
#pragma omp parallel for schedule(static)                                                          \
    num_threads(threads) if ((count + rows) * length >= SERIAL_COUNT)
    for (int64_t s = 0; s < strips; s++) {
        int64_t from = s * STRIP, width = length - from < STRIP ? length - from : STRIP;
        for (int64_t r = 0; r < rows; r++)
            memset(out + r * length + from, 0, (size_t)width * sizeof *out);
        for (int64_t m = 0; m < count; m++) {
            float *to = out + (int64_t)index[m] * length + from;
            const float *row = x + m * length + from;
#pragma omp simd
            for (int64_t i = 0; i < width; i++)
                to[i] += row[i];
        }
    }
}
