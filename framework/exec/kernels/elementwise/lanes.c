/* lanes.c: sixteen elements at a time. Fewer, at a tile's end, go by way of a small copy. */
#include "exec/kernels/elementwise/lanes.h"

#include "exec/kernels/elementwise/tile.h"

#include <string.h>

enum { WIDTH = 16 };

typedef float vec __attribute__((vector_size(64), aligned(4)));
typedef int32_t mask __attribute__((vector_size(64), aligned(4)));

static int64_t step_of(cop_lanes x)
{
    return x.repeats ? 0 : WIDTH;
}

static inline vec at(const float *x)
{
    return *(const vec *)x;
}

static inline vec pick(mask m, vec x)
{
    return (vec)(m & (mask)x);
}

static void apply_whole(const cop_micro_op *op, float *out, cop_lanes a, cop_lanes b, cop_lanes c,
                        int64_t n)
{
    const int64_t da = step_of(a), db = step_of(b), dc = step_of(c);
    const float *x = a.data, *y = b.data, *z = c.data;
    switch (op->op) {
    case COP_OP_ADD:
        for (int64_t i = 0; i < n; i += WIDTH, x += da, y += db)
            *(vec *)(out + i) = at(x) + at(y);
        break;
    case COP_OP_SUB:
        for (int64_t i = 0; i < n; i += WIDTH, x += da, y += db)
            *(vec *)(out + i) = at(x) - at(y);
        break;
    case COP_OP_MUL:
        for (int64_t i = 0; i < n; i += WIDTH, x += da, y += db)
            *(vec *)(out + i) = at(x) * at(y);
        break;
    case COP_OP_DIV:
        for (int64_t i = 0; i < n; i += WIDTH, x += da, y += db)
            *(vec *)(out + i) = at(x) / at(y);
        break;
    case COP_OP_GATE:
        for (int64_t i = 0; i < n; i += WIDTH, x += da, y += db)
            *(vec *)(out + i) = pick(at(y) > 0.0f, at(x));
        break;
    case COP_OP_RELU:
        for (int64_t i = 0; i < n; i += WIDTH, x += da)
            *(vec *)(out + i) = pick(~(at(x) < 0.0f), at(x));
        break;
    case COP_OP_BROADCAST:
        for (int64_t i = 0; i < n; i += WIDTH, x += da)
            *(vec *)(out + i) = at(x);
        break;
    default: /* COP_OP_NORMALIZE */
        for (int64_t i = 0; i < n; i += WIDTH, x += da, y += db, z += dc)
            *(vec *)(out + i) = (at(x) - at(y)) * at(z);
        break;
    }
}

/* The last few elements of an operand, as sixteen. */
static cop_lanes tail_of(cop_lanes x, int64_t from, int64_t count, float *room)
{
    if (x.repeats || x.data == NULL)
        return x;
    memset(room, 0, WIDTH * sizeof *room);
    memcpy(room, x.data + from, (size_t)count * sizeof *room);
    return (cop_lanes){room, false};
}

void cop_lanes_apply(const cop_micro_op *op, float *out, cop_lanes a, cop_lanes b, cop_lanes c,
                     int64_t n)
{
    switch (op->op) {
    case COP_OP_ADD:
    case COP_OP_SUB:
    case COP_OP_MUL:
    case COP_OP_DIV:
    case COP_OP_GATE:
    case COP_OP_RELU:
    case COP_OP_BROADCAST:
    case COP_OP_NORMALIZE:
        break;
    default:
        cop_tile_unary(op, out, a.data, n);
        return;
    }
    int64_t whole = n / WIDTH * WIDTH, rest = n - whole;
    apply_whole(op, out, a, b, c, whole);
    if (rest == 0)
        return;
    float room[4][WIDTH];
    apply_whole(op, room[3], tail_of(a, whole, rest, room[0]), tail_of(b, whole, rest, room[1]),
                tail_of(c, whole, rest, room[2]), WIDTH);
    memcpy(out + whole, room[3], (size_t)rest * sizeof *out);
}

static void project_whole(float *out, cop_lanes a, cop_lanes b, cop_lanes c, cop_lanes d, int64_t n)
{
    const int64_t da = step_of(a), db = step_of(b), dc = step_of(c), dd = step_of(d);
    const float *x = a.data, *y = b.data, *z = c.data, *t = d.data;
    for (int64_t i = 0; i < n; i += WIDTH, x += da, y += db, z += dc, t += dd)
        *(vec *)(out + i) = at(x) - at(z) - at(y) * at(t);
}

void cop_lanes_project(float *out, cop_lanes a, cop_lanes b, cop_lanes c, cop_lanes d, int64_t n)
{
    int64_t whole = n / WIDTH * WIDTH, rest = n - whole;
    project_whole(out, a, b, c, d, whole);
    if (rest == 0)
        return;
    float room[5][WIDTH];
    project_whole(room[4], tail_of(a, whole, rest, room[0]), tail_of(b, whole, rest, room[1]),
                  tail_of(c, whole, rest, room[2]), tail_of(d, whole, rest, room[3]), WIDTH);
    memcpy(out + whole, room[4], (size_t)rest * sizeof *out);
}

static void scale_whole(float *out, cop_lanes a, cop_lanes b, cop_lanes c, int64_t n)
{
    const int64_t da = step_of(a), db = step_of(b), dc = step_of(c);
    const float *x = a.data, *y = b.data, *z = c.data;
    for (int64_t i = 0; i < n; i += WIDTH, x += da, y += db, z += dc)
        *(vec *)(out + i) = at(x) * at(y) + at(z);
}

void cop_lanes_scale(float *out, cop_lanes a, cop_lanes b, cop_lanes c, int64_t n)
{
    int64_t whole = n / WIDTH * WIDTH, rest = n - whole;
    scale_whole(out, a, b, c, whole);
    if (rest == 0)
        return;
    float room[4][WIDTH];
    scale_whole(room[3], tail_of(a, whole, rest, room[0]), tail_of(b, whole, rest, room[1]),
                tail_of(c, whole, rest, room[2]), WIDTH);
    memcpy(out + whole, room[3], (size_t)rest * sizeof *out);
}

static void fold(vec sums, int32_t lanes, double *total)
{
    for (int i = 0; i < WIDTH; i++)
        total[i % lanes] += (double)sums[i];
}

void cop_lanes_sum(cop_lanes a, int64_t n, int32_t lanes, double *total)
{
    const int64_t da = step_of(a), whole = n / WIDTH * WIDTH;
    const float *x = a.data;
    vec s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
    int64_t i = 0;
    for (; i + 4 * WIDTH <= n; i += 4 * WIDTH, x += 4 * da) {
        s0 += at(x);
        s1 += at(x + da);
        s2 += at(x + 2 * da);
        s3 += at(x + 3 * da);
    }
    for (; i < whole; i += WIDTH, x += da)
        s0 += at(x);
    vec sums = (s0 + s1) + (s2 + s3);
    for (int k = 0; whole + k < n; k++)
        sums[k] += x[k];
    fold(sums, lanes, total);
}

void cop_lanes_dot(cop_lanes a, cop_lanes b, int64_t n, int32_t lanes, double *total)
{
    const int64_t da = step_of(a), db = step_of(b), whole = n / WIDTH * WIDTH;
    const float *x = a.data, *y = b.data;
    vec s0 = {0}, s1 = {0};
    int64_t i = 0;
    for (; i + 2 * WIDTH <= n; i += 2 * WIDTH, x += 2 * da, y += 2 * db) {
        s0 += at(x) * at(y);
        s1 += at(x + da) * at(y + db);
    }
    for (; i < whole; i += WIDTH, x += da, y += db)
        s0 += at(x) * at(y);
    vec sums = s0 + s1;
    for (int k = 0; whole + k < n; k++)
        sums[k] += x[k] * y[k];
    fold(sums, lanes, total);
}

void cop_lanes_sum_and_dot(cop_lanes a, cop_lanes b, int64_t n, int32_t lanes, double *sum,
                           double *dot)
{
    const int64_t da = step_of(a), db = step_of(b), whole = n / WIDTH * WIDTH;
    const float *x = a.data, *y = b.data;
    vec s0 = {0}, s1 = {0}, d0 = {0}, d1 = {0};
    int64_t i = 0;
    for (; i + 2 * WIDTH <= n; i += 2 * WIDTH, x += 2 * da, y += 2 * db) {
        vec p = at(x), q = at(x + da);
        s0 += p;
        s1 += q;
        d0 += p * at(y);
        d1 += q * at(y + db);
    }
    for (; i < whole; i += WIDTH, x += da, y += db) {
        s0 += at(x);
        d0 += at(x) * at(y);
    }
    vec sums = s0 + s1, dots = d0 + d1;
    for (int k = 0; whole + k < n; k++) {
        sums[k] += x[k];
        dots[k] += x[k] * y[k];
    }
    fold(sums, lanes, sum);
    fold(dots, lanes, dot);
}

void cop_lanes_squares(cop_lanes a, cop_lanes b, int64_t n, int32_t lanes, double *total)
{
    const int64_t da = step_of(a), db = step_of(b), whole = n / WIDTH * WIDTH;
    const float *x = a.data, *y = b.data;
    vec s0 = {0}, s1 = {0};
    int64_t i = 0;
    for (; i + 2 * WIDTH <= n; i += 2 * WIDTH, x += 2 * da, y += 2 * db) {
        vec p = at(x) - at(y), q = at(x + da) - at(y + db);
        s0 += p * p;
        s1 += q * q;
    }
    for (; i < whole; i += WIDTH, x += da, y += db) {
        vec p = at(x) - at(y);
        s0 += p * p;
    }
    vec sums = s0 + s1;
    for (int k = 0; whole + k < n; k++)
        sums[k] += (x[k] - y[k]) * (x[k] - y[k]);
    fold(sums, lanes, total);
}
