/* reduce.c: sums over any set of axes.
 *
 * Every set of axes of a tensor of rank ≤ 4 is, after merging neighbours, out[a, c, e] =
 * Σ_b Σ_d x[a, b, c, d, e] with some of the five lengths 1. Elements are summed in float by blocks
 * of at most BLOCK, the blocks in double: long sums keep single precision's full accuracy. */
#include "exec/kernels/kernels.h"

enum { BLOCK = 1024, PARTS = 32, WIDTH = 256, SERIAL_COUNT = 16384 };

typedef struct folded {
    int64_t a, b, c, d, e;
} folded;

/* Merges the axes into the pattern keep, reduce, keep, reduce, keep. */
static folded fold(cop_shape shape, uint32_t axes)
{
    int64_t length[5] = {1, 1, 1, 1, 1};
    int at = 0;
    for (int axis = 0; axis < shape.rank; axis++) {
        if (shape.dim[axis] == 1)
            continue;
        bool reduced = (axes & COP_AXIS(axis)) != 0;
        if (reduced != (at % 2 == 1))
            at++;
        length[at] *= shape.dim[axis];
    }
    folded f = {length[0], length[1], length[2], length[3], length[4]};
    if (f.d == 1) { /* c and e are neighbours */
        f.e *= f.c;
        f.c = 1;
    }
    if (f.c == 1) { /* b and d are neighbours */
        f.d *= f.b;
        f.b = 1;
    }
    return f;
}

static double sum_run(const float *x, int64_t count)
{
    double total = 0.0;
    for (int64_t at = 0; at < count; at += BLOCK) {
        int64_t end = at + BLOCK < count ? at + BLOCK : count;
        float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
        for (int64_t i = at; i < end; i++)
            sum += x[i];
        total += (double)sum;
    }
    return total;
}

/* Σ over b in [from, to) and all d, for e = 1. */
static double sum_rows(const float *x, folded f, int64_t a, int64_t c, int64_t from, int64_t to)
{
    double total = 0.0;
    for (int64_t b = from; b < to; b++)
        total += sum_run(x + ((a * f.b + b) * f.c + c) * f.d, f.d);
    return total;
}

/* Few results of many elements each: every result in PARTS parts, cut by b, or by d where b is
 * short. */
static void sum_few(float *out, const float *x, folded f, double scale, int threads)
{
    double part[PARTS * PARTS];
    int64_t results = f.a * f.c;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t k = 0; k < results * PARTS; k++) {
        int64_t r = k / PARTS, p = k % PARTS, a = r / f.c, c = r % f.c;
        if (f.b >= PARTS) {
            part[k] = sum_rows(x, f, a, c, f.b * p / PARTS, f.b * (p + 1) / PARTS);
            continue;
        }
        int64_t from = f.d * p / PARTS, to = f.d * (p + 1) / PARTS;
        part[k] = 0.0;
        for (int64_t b = 0; b < f.b; b++)
            part[k] += sum_run(x + ((a * f.b + b) * f.c + c) * f.d + from, to - from);
    }
    for (int64_t r = 0; r < results; r++) {
        double total = 0.0;
        for (int64_t p = 0; p < PARTS; p++)
            total += part[r * PARTS + p];
        out[r] = (float)(scale * total);
    }
}

static void sum_contiguous(float *out, const float *x, folded f, double scale, int threads)
{
    int64_t results = f.a * f.c, each = f.b * f.d;
    if (results < PARTS && results * each >= SERIAL_COUNT) {
        sum_few(out, x, f, scale, threads);
        return;
    }
#pragma omp parallel for schedule(static) num_threads(threads) if (results * each >= SERIAL_COUNT)
    for (int64_t r = 0; r < results; r++)
        out[r] = (float)(scale * sum_rows(x, f, r / f.c, r % f.c, 0, f.b));
}

/* The innermost axis stays: columns are summed side by side. */
static void sum_columns(float *out, const float *x, folded f, int64_t a, int64_t c, int64_t from,
                        int64_t width, double scale)
{
    double total[WIDTH] = {0.0};
    float sum[WIDTH] = {0.0f};
    int64_t held = 0;
    for (int64_t b = 0; b < f.b; b++)
        for (int64_t d = 0; d < f.d; d++) {
            const float *row = x + (((a * f.b + b) * f.c + c) * f.d + d) * f.e + from;
#pragma omp simd
            for (int64_t i = 0; i < width; i++)
                sum[i] += row[i];
            if (++held < BLOCK / 16)
                continue;
            held = 0;
            for (int64_t i = 0; i < width; i++) {
                total[i] += (double)sum[i];
                sum[i] = 0.0f;
            }
        }
    for (int64_t i = 0; i < width; i++)
        out[i] = (float)(scale * (total[i] + (double)sum[i]));
}

void cop_kernel_sum(float *out, const float *x, cop_shape shape, uint32_t axes, double scale,
                    int threads)
{
    folded f = fold(shape, axes);
    if (f.e == 1) {
        sum_contiguous(out, x, f, scale, threads);
        return;
    }
    int64_t strips = (f.e + WIDTH - 1) / WIDTH, jobs = f.a * f.c * strips;
#pragma omp parallel for schedule(static)                                                          \
    num_threads(threads) if (f.a * f.b * f.c * f.d * f.e >= SERIAL_COUNT)
    for (int64_t job = 0; job < jobs; job++) {
        int64_t r = job / strips, from = job % strips * WIDTH;
        int64_t width = f.e - from < WIDTH ? f.e - from : WIDTH;
        sum_columns(out + r * f.e + from, x, f, r / f.c, r % f.c, from, width, scale);
    }
}
