/* Winograd's algorithm against the sum that defines a convolution, in double precision: every kind,
 * both strides, tiles that hang over the edge, more tiles than a batch holds, any number of
 * threads. */
#include "support.h"

#include "exec/kernels/winograd/winograd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 16 };

typedef struct winograd_case {
    int64_t samples, in, out, height, width;
    int32_t stride;
} winograd_case;

static const winograd_case cases[] = {
    {3, 16, 32, 8, 8, 1},  {2, 32, 48, 7, 10, 1},  {2, 48, 16, 13, 5, 1},  {5, 16, 16, 1, 1, 1},
    {1, 16, 16, 2, 3, 1},  {7, 64, 96, 4, 4, 1},   {9, 32, 32, 32, 32, 1}, {3, 16, 32, 8, 8, 2},
    {2, 32, 48, 7, 10, 2}, {2, 48, 16, 13, 5, 2},  {5, 16, 16, 1, 1, 2},   {1, 16, 16, 2, 3, 2},
    {7, 64, 96, 8, 8, 2},  {9, 32, 32, 32, 32, 2}, {2, 16, 32, 9, 16, 2},
};

/* Matrices beyond the caches' size; and sums beyond what each thread may have, over several batches
 * (images of one pixel are tiles too). */
static const winograd_case large_cases[] = {
    {1, 352, 336, 4, 4, 1}, {150, 192, 160, 1, 1, 1}, {150, 192, 160, 1, 1, 2}};

enum { CASES = sizeof cases / sizeof cases[0] };

static cop_conv_spec spec_of(const winograd_case *c, cop_conv_kind kind)
{
    int64_t height = (c->height - 1) / c->stride + 1, width = (c->width - 1) / c->stride + 1;
    return (cop_conv_spec){.kind = kind,
                           .x = cop_shape4(c->samples, c->in, c->height, c->width),
                           .w = cop_shape4(c->out, c->in, 3, 3),
                           .y = cop_shape4(c->samples, c->out, height, width),
                           .window = cop_window_square(3, c->stride, 1)};
}

/* Where an element of an image lies, in blocks of sixteen channels. */
static int64_t at(cop_shape s, int64_t n, int64_t c, int64_t h, int64_t w)
{
    return (((n * (s.dim[1] / LANES) + c / LANES) * s.dim[2] + h) * s.dim[3] + w) * LANES +
           c % LANES;
}

/* Adds one output pixel's products to what they make. */
static void add_products(const cop_conv_spec *s, double *made, const float *x, const float *w,
                         const float *gy, const int64_t y_at[4])
{
    int64_t y_place = at(s->y, y_at[0], y_at[1], y_at[2], y_at[3]), stride = s->window.stride_h;
    for (int64_t c = 0; c < s->x.dim[1]; c++)
        for (int64_t k = 0; k < 9; k++) {
            int64_t h = y_at[2] * stride - 1 + k / 3, v = y_at[3] * stride - 1 + k % 3;
            if (h < 0 || v < 0 || h >= s->x.dim[2] || v >= s->x.dim[3])
                continue;
            int64_t x_place = at(s->x, y_at[0], c, h, v);
            int64_t w_place = (y_at[1] * s->x.dim[1] + c) * 9 + k;
            if (s->kind == COP_CONV_FORWARD)
                made[y_place] += (double)x[x_place] * (double)w[w_place];
            else if (s->kind == COP_CONV_DATA)
                made[x_place] += (double)gy[y_place] * (double)w[w_place];
            else
                made[w_place] += (double)gy[y_place] * (double)x[x_place];
        }
}

static void convolve(const cop_conv_spec *s, double *made, const float *x, const float *w,
                     const float *gy)
{
    for (int64_t n = 0; n < s->y.dim[0]; n++)
        for (int64_t o = 0; o < s->y.dim[1]; o++)
            for (int64_t i = 0; i < s->y.dim[2]; i++)
                for (int64_t j = 0; j < s->y.dim[3]; j++)
                    add_products(s, made, x, w, gy, (int64_t[4]){n, o, i, j});
}

static void *room(int64_t count, size_t size)
{
    void *memory = calloc((size_t)count, size);
    assert_non_null(memory);
    return memory;
}

static float *draw(cop_shape shape, uint32_t seed)
{
    float *values = room(cop_shape_count(shape), sizeof *values);
    for (int64_t i = 0; i < cop_shape_count(shape); i++) {
        seed = seed * 1664525u + 1013904223u;
        values[i] = (float)(seed >> 8) * 0x1p-23f - 1.0f;
    }
    return values;
}

static double root_mean_square(const double *values, int64_t count)
{
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++)
        sum += values[i] * values[i];
    return sqrt(sum / (double)count);
}

/* One kind of one case, with that many threads; the caller frees what comes back. The scratch is of
 * exactly the bytes asked for, so that a sanitizer sees what goes beyond. */
static float *run(const cop_conv_spec *s, const float *x, const float *w, const float *gy,
                  int threads)
{
    cop_shape shape = s->kind == COP_CONV_FORWARD ? s->y : s->kind == COP_CONV_DATA ? s->x : s->w;
    float *result = room(cop_shape_count(shape), sizeof *result);
    memset(result, 0xff, (size_t)cop_shape_count(shape) * sizeof *result);
    float *scratch = malloc(cop_winograd_scratch_bytes(s, threads));
    assert_non_null(scratch);
    memset(scratch, 0xff, cop_winograd_scratch_bytes(s, threads)); /* NaN */
    cop_kernel_winograd(s, result, s->kind == COP_CONV_DATA ? gy : x,
                        s->kind == COP_CONV_WEIGHTS ? gy : w, scratch, threads);
    free(scratch);
    return result;
}

static void expect_case(const winograd_case *c, cop_conv_kind kind)
{
    cop_conv_spec s = spec_of(c, kind);
    assert_true(cop_winograd_can(&s));
    float *x = draw(s.x, 1), *w = draw(s.w, 2), *gy = draw(s.y, 3);
    cop_shape shape = kind == COP_CONV_FORWARD ? s.y : kind == COP_CONV_DATA ? s.x : s.w;
    int64_t count = cop_shape_count(shape);
    double *wanted = room(count, sizeof *wanted);
    convolve(&s, wanted, x, w, gy);
    double size = root_mean_square(wanted, count);
    float *first = run(&s, x, w, gy, 1);
    for (int threads = 1; threads <= 5; threads++) {
        float *got = run(&s, x, w, gy, threads), *again = run(&s, x, w, gy, threads);
        assert_close_f32(got, wanted, count, 2e-5 * size, 0.0);
        assert_memory_equal(got, again, (size_t)count * sizeof *got);
        if (kind != COP_CONV_WEIGHTS) /* every sum is one thread's */
            assert_memory_equal(got, first, (size_t)count * sizeof *got);
        free(got);
        free(again);
    }
    free(first);
    free(wanted);
    free(x);
    free(w);
    free(gy);
}

static void the_forward_convolution_is_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++)
        expect_case(&cases[i], COP_CONV_FORWARD);
}

static void the_gradient_by_data_is_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++)
        expect_case(&cases[i], COP_CONV_DATA);
}

static void the_gradient_by_weights_is_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++)
        expect_case(&cases[i], COP_CONV_WEIGHTS);
}

/* Rounding, relative to the results' root mean square: what README says of it. */
static void rounding_stays_what_the_readme_says(void **state)
{
    (void)state;
    for (int32_t stride = 1; stride <= 2; stride++)
        for (int kind = COP_CONV_FORWARD; kind <= COP_CONV_WEIGHTS; kind++) {
            const winograd_case c = {4, 64, 64, 16, 16, stride};
            cop_conv_spec s = spec_of(&c, (cop_conv_kind)kind);
            float *x = draw(s.x, 4), *w = draw(s.w, 5), *gy = draw(s.y, 6);
            cop_shape shape = kind == COP_CONV_FORWARD ? s.y : kind == COP_CONV_DATA ? s.x : s.w;
            int64_t count = cop_shape_count(shape);
            double *wanted = room(count, sizeof *wanted), *off = room(count, sizeof *off);
            convolve(&s, wanted, x, w, gy);
            float *got = run(&s, x, w, gy, 2);
            for (int64_t i = 0; i < count; i++)
                off[i] = (double)got[i] - wanted[i];
            assert_true(root_mean_square(off, count) < 1.2e-6 * root_mean_square(wanted, count));
            free(off);
            free(got);
            free(wanted);
            free(x);
            free(w);
            free(gy);
        }
}

static void large_weights_are_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof large_cases / sizeof large_cases[0]; i++)
        for (int kind = COP_CONV_FORWARD; kind <= COP_CONV_WEIGHTS; kind++)
            expect_case(&large_cases[i], (cop_conv_kind)kind);
}

/* Inside a parallel region OpenMP gives one thread where five are asked for: the same bits. */
static void fewer_threads_than_asked_give_the_same_bits(void **state)
{
    (void)state;
    for (int kind = COP_CONV_FORWARD; kind <= COP_CONV_WEIGHTS; kind++) {
        cop_conv_spec s = spec_of(&cases[6], (cop_conv_kind)kind);
        float *x = draw(s.x, 7), *w = draw(s.w, 8), *gy = draw(s.y, 9), *inner = NULL;
        float *outer = run(&s, x, w, gy, 5);
#pragma omp parallel num_threads(2)
#pragma omp master
        inner = run(&s, x, w, gy, 5);
        cop_shape shape = kind == COP_CONV_FORWARD ? s.y : kind == COP_CONV_DATA ? s.x : s.w;
        assert_memory_equal(inner, outer, (size_t)cop_shape_count(shape) * sizeof *outer);
        free(inner);
        free(outer);
        free(x);
        free(w);
        free(gy);
    }
}

static void says_no_to_what_it_cannot_do(void **state)
{
    (void)state;
    const winograd_case odd = {1, 24, 16, 8, 8, 1};
    cop_conv_spec s = spec_of(&odd, COP_CONV_FORWARD);
    assert_false(cop_winograd_can(&s));
    s = spec_of(&cases[0], COP_CONV_FORWARD);
    s.window = cop_window_square(3, 3, 1);
    assert_false(cop_winograd_can(&s));
    s.window = cop_window_square(3, 1, 0);
    assert_false(cop_winograd_can(&s));
    s.window = cop_window_square(1, 1, 1);
    assert_false(cop_winograd_can(&s));
    s.window = (cop_window){3, 3, 1, 2, 1, 1};
    assert_false(cop_winograd_can(&s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_forward_convolution_is_right),
        cmocka_unit_test(the_gradient_by_data_is_right),
        cmocka_unit_test(the_gradient_by_weights_is_right),
        cmocka_unit_test(rounding_stays_what_the_readme_says),
        cmocka_unit_test(large_weights_are_right),
        cmocka_unit_test(fewer_threads_than_asked_give_the_same_bits),
        cmocka_unit_test(says_no_to_what_it_cannot_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
