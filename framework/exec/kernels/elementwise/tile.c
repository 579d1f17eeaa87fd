/* tile.c: elementwise operations on plain arrays that fit the cache. */
#include "exec/kernels/elementwise/tile.h"

#include <math.h>

/* `out` may be `a`, `b` or `c`: element i is read before it is written, and by itself alone. */
void cop_tile_unary(const cop_micro_op *op, float *out, const float *a, int64_t n)
{
    const float scale = op->scale, offset = op->offset;
    switch (op->op) {
    case COP_OP_AFFINE:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            out[i] = scale * a[i] + offset;
        break;
    case COP_OP_SQRT:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            out[i] = sqrtf(a[i]);
        break;
    case COP_OP_RECIPROCAL:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            out[i] = 1.0f / a[i];
        break;
    case COP_OP_EXP:
        for (int64_t i = 0; i < n; i++)
            out[i] = expf(a[i]);
        break;
    case COP_OP_LN:
        for (int64_t i = 0; i < n; i++)
            out[i] = logf(a[i]);
        break;
    case COP_OP_ABS:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            out[i] = fabsf(a[i]);
        break;
    case COP_OP_SIGN:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            out[i] = a[i] > 0.0f ? 1.0f : (a[i] < 0.0f ? -1.0f : 0.0f);
        break;
    case COP_OP_HEAVISIDE:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            out[i] = a[i] > 0.0f ? 1.0f : 0.0f;
        break;
    case COP_OP_SIGMOID:
        for (int64_t i = 0; i < n; i++)
            out[i] = 1.0f / (1.0f + expf(-a[i]));
        break;
    case COP_OP_TANH:
        for (int64_t i = 0; i < n; i++)
            out[i] = tanhf(a[i]);
        break;
    case COP_OP_RELU:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            out[i] = a[i] < 0.0f ? 0.0f : a[i];
        break;
    case COP_OP_LEAKY_RELU:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            out[i] = a[i] > 0.0f ? a[i] : scale * a[i];
        break;
    default: /* COP_OP_BROADCAST: the operand has been spread */
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            out[i] = a[i];
        break;
    }
}

static void binary(cop_op op, float *out, const float *a, const float *b, int64_t n)
{
    switch (op) {
    case COP_OP_ADD:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            out[i] = a[i] + b[i];
        break;
    case COP_OP_SUB:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            out[i] = a[i] - b[i];
        break;
    case COP_OP_MUL:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            out[i] = a[i] * b[i];
        break;
    case COP_OP_DIV:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            out[i] = a[i] / b[i];
        break;
    default: /* COP_OP_GATE */
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            out[i] = b[i] > 0.0f ? a[i] : 0.0f;
        break;
    }
}

static void normalize(float *out, const float *x, const float *mean, const float *r, int64_t n)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        out[i] = (x[i] - mean[i]) * r[i];
}

void cop_tile_apply(const cop_micro_op *op, float *const *reg, int64_t n)
{
    if (op->c >= 0)
        normalize(reg[op->result], reg[op->a], reg[op->b], reg[op->c], n);
    else if (op->b >= 0)
        binary(op->op, reg[op->result], reg[op->a], reg[op->b], n);
    else
        cop_tile_unary(op, reg[op->result], reg[op->a], n);
}

void cop_tile_fill(float *out, float value, int64_t n)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        out[i] = value;
}
