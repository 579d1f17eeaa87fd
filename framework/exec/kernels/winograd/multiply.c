/* multiply.c: blocks of products that stay in registers. */
#include "exec/kernels/winograd/multiply.h"

/* Rows whose results fill the registers, two vectors each: 28 of 32, beside two of the matrix. */
enum { ROWS = 14, LEFT = 8 };

typedef struct product {
    float *out;
    const float *in, *matrix;
    int64_t out_step, in_step, in_blocks;
} product;

/* `rows` and `columns` (blocks of the result, one or two) are constants wherever this is inlined.
 */
__attribute__((always_inline)) static inline void multiply(const product *p, int rows, int columns)
{
    cop_vector low[ROWS] = {{0}}, high[ROWS] = {{0}};
    const float *in = p->in, *matrix = p->matrix;
    int64_t next = p->in_blocks * COP_VECTOR * COP_VECTOR; /* the matrix's next block of columns */
    for (int64_t b = 0; b < p->in_blocks; b++, in += p->in_step)
        for (int c = 0; c < COP_VECTOR; c++, matrix += COP_VECTOR) {
            cop_vector m0 = cop_vector_load(matrix);
            cop_vector m1 = columns == 2 ? cop_vector_load(matrix + next) : m0;
#pragma GCC unroll 14
            for (int r = 0; r < rows; r++) {
                float x = in[r * COP_VECTOR + c];
                low[r] += x * m0;
                if (columns == 2)
                    high[r] += x * m1;
            }
        }
#pragma GCC unroll 14
    for (int r = 0; r < rows; r++) {
        cop_vector_store(p->out + r * COP_VECTOR, low[r]);
        if (columns == 2)
            cop_vector_store(p->out + p->out_step + r * COP_VECTOR, high[r]);
    }
}

__attribute__((always_inline)) static inline void multiply_rows(const product *p, int64_t rows,
                                                                int columns)
{
    switch (rows) {
    case 14:
        multiply(p, 14, columns);
        break;
    case 13:
        multiply(p, 13, columns);
        break;
    case 12:
        multiply(p, 12, columns);
        break;
    case 11:
        multiply(p, 11, columns);
        break;
    case 10:
        multiply(p, 10, columns);
        break;
    case 9:
        multiply(p, 9, columns);
        break;
    case 8:
        multiply(p, 8, columns);
        break;
    default:
        for (int64_t r = 0; r < rows; r++) {
            product one = *p;
            one.in += r * COP_VECTOR;
            one.out += r * COP_VECTOR;
            multiply(&one, 1, columns);
        }
        break;
    }
}

void cop_winograd_multiply(float *out, int64_t out_step, const float *in, int64_t in_step,
                           const float *matrix, int64_t rows, int64_t in_blocks, int64_t out_blocks)
{
    int64_t parts = (rows + ROWS - 1) / ROWS;
    for (int64_t b = 0; b < out_blocks; b += 2)
        for (int64_t k = 0; k < parts; k++) {
            int64_t first = rows * k / parts;
            product p = {.out = out + b * out_step + first * COP_VECTOR,
                         .in = in + first * COP_VECTOR,
                         .matrix = matrix + b * in_blocks * COP_VECTOR * COP_VECTOR,
                         .out_step = out_step,
                         .in_step = in_step,
                         .in_blocks = in_blocks};
            if (b + 1 < out_blocks)
                multiply_rows(&p, rows * (k + 1) / parts - first, 2);
            else
                multiply_rows(&p, rows * (k + 1) / parts - first, 1);
        }
}

/* LEFT channels of `left` by one or two vectors of `right`, summed over rows. */
__attribute__((always_inline)) static inline void accumulate(float *matrix, int64_t next,
                                                             const float *left, const float *right,
                                                             int64_t right_step, int64_t rows,
                                                             int columns, int is_first)
{
    cop_vector low[LEFT] = {{0}}, high[LEFT] = {{0}};
    if (!is_first)
#pragma GCC unroll 8
        for (int c = 0; c < LEFT; c++) {
            low[c] = cop_vector_load(matrix + c * COP_VECTOR);
            if (columns == 2)
                high[c] = cop_vector_load(matrix + next + c * COP_VECTOR);
        }
    for (int64_t t = 0; t < rows; t++, left += COP_VECTOR, right += COP_VECTOR) {
        cop_vector r0 = cop_vector_load(right);
        cop_vector r1 = columns == 2 ? cop_vector_load(right + right_step) : r0;
#pragma GCC unroll 8
        for (int c = 0; c < LEFT; c++) {
            low[c] += left[c] * r0;
            if (columns == 2)
                high[c] += left[c] * r1;
        }
    }
#pragma GCC unroll 8
    for (int c = 0; c < LEFT; c++) {
        cop_vector_store(matrix + c * COP_VECTOR, low[c]);
        if (columns == 2)
            cop_vector_store(matrix + next + c * COP_VECTOR, high[c]);
    }
}

void cop_winograd_accumulate(float *matrix, const float *left, int64_t left_step,
                             const float *right, int64_t right_step, int64_t rows,
                             int64_t in_blocks, int columns, int is_first)
{
    int64_t next = in_blocks * COP_VECTOR * COP_VECTOR;
    for (int64_t b = 0; b < in_blocks; b++, left += left_step)
        for (int c = 0; c < COP_VECTOR; c += LEFT, matrix += LEFT * COP_VECTOR) {
            if (columns == 2)
                accumulate(matrix, next, left + c, right, right_step, rows, 2, is_first);
            else
                accumulate(matrix, next, left + c, right, right_step, rows, 1, is_first);
        }
}
