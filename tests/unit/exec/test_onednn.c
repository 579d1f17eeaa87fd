/* Conversions of layouts: every element arrives, padding is zero, nothing beyond is written. All
 * layouts that oneDNN wants of convolutions whose channels fill blocks and do not. */
#include "support.h"

#include "exec/onednn/onednn.h"

#include <stdlib.h>
#include <string.h>

enum { BEYOND = 1024 }; /* floats behind a tensor that must stay as they are */

static const unsigned char spoilt = 0xff; /* in every byte: NaN */

static size_t floats_of(const cop_layout *layout, cop_shape shape)
{
    return layout == NULL ? (size_t)cop_shape_count(shape)
                          : cop_layout_bytes(layout) / sizeof(float);
}

static float *spoilt_room(size_t count)
{
    size_t bytes = (count + BEYOND) * sizeof(float);
    float *room = aligned_alloc(64, (bytes + 63) / 64 * 64);
    assert_non_null(room);
    memset(room, spoilt, bytes);
    return room;
}

/* What became of `x` in a conversion; the caller frees it. */
static float *converted(cop_onednn *dnn, cop_shape shape, const float *x, const cop_layout *from,
                        const cop_layout *to)
{
    cop_error err = {0};
    cop_primitive *p = NULL;
    assert_ok(cop_primitive_reorder(dnn, shape, from, to, &p, &err), &err);
    size_t count = floats_of(to, shape);
    float *y = spoilt_room(count), *scratch = NULL;
    if (cop_primitive_scratch_bytes(p) > 0)
        scratch = spoilt_room(cop_primitive_scratch_bytes(p) / sizeof(float) + 1);
    assert_ok(cop_primitive_run(p, x, NULL, y, scratch, &err), &err);
    const unsigned char *beyond = (const unsigned char *)(y + count);
    for (size_t k = 0; k < BEYOND * sizeof *y; k++)
        assert_int_equal(beyond[k], spoilt);
    cop_primitive_free(p);
    free(scratch);
    return y;
}

static void expect_padded_with_zeros(const float *x, const cop_layout *layout, cop_shape shape)
{
    size_t zeros = 0, count = floats_of(layout, shape);
    for (size_t k = 0; k < count; k++)
        zeros += x[k] == 0.0f ? 1 : 0;
    assert_int_equal(zeros, count - (size_t)cop_shape_count(shape));
}

/* From plain to one layout, to the other, and back to plain: 1, 2, 3 … must come back. */
static void expect_round_trip(cop_onednn *dnn, cop_shape shape, const cop_layout *a,
                              const cop_layout *b)
{
    size_t count = (size_t)cop_shape_count(shape);
    float *x = spoilt_room(count);
    for (size_t k = 0; k < count; k++)
        x[k] = (float)(k + 1);
    float *in_a = converted(dnn, shape, x, NULL, a);
    float *in_b = converted(dnn, shape, in_a, a, b);
    float *back = converted(dnn, shape, in_b, b, NULL);
    expect_padded_with_zeros(in_a, a, shape);
    expect_padded_with_zeros(in_b, b, shape);
    assert_memory_equal(back, x, count * sizeof *x);
    free(back);
    free(in_b);
    free(in_a);
    free(x);
}

/* x, weights and result of a convolution as its three kinds want or make them, in that order. */
static void expect_conversions(cop_onednn *dnn, int64_t in, int64_t out, int32_t size)
{
    cop_error err = {0};
    cop_conv_spec spec = {.x = cop_shape4(2, in, 7, 6),
                          .w = cop_shape4(out, in, size, size),
                          .y = cop_shape4(2, out, 7, 6),
                          .window = cop_window_square(size, 1, size / 2)};
    cop_primitive *of[3] = {0};
    for (int k = 0; k < 3; k++) {
        spec.kind = (cop_conv_kind)(COP_CONV_FORWARD + k);
        assert_ok(cop_primitive_conv(dnn, &spec, &of[k], &err), &err);
    }
    const cop_layout *x[] = {cop_primitive_operand_layout(of[0], 0),
                             cop_primitive_result_layout(of[1]),
                             cop_primitive_operand_layout(of[2], 0)};
    const cop_layout *w[] = {cop_primitive_operand_layout(of[0], 1),
                             cop_primitive_operand_layout(of[1], 1),
                             cop_primitive_result_layout(of[2])};
    const cop_layout *y[] = {cop_primitive_result_layout(of[0]),
                             cop_primitive_operand_layout(of[1], 0),
                             cop_primitive_operand_layout(of[2], 1)};
    for (int k = 0; k < 3; k++) {
        expect_round_trip(dnn, spec.x, x[k], x[(k + 1) % 3]);
        expect_round_trip(dnn, spec.w, w[k], w[(k + 1) % 3]);
        expect_round_trip(dnn, spec.y, y[k], y[(k + 1) % 3]);
    }
    for (int k = 0; k < 3; k++)
        cop_primitive_free(of[k]);
}

static void conversions_lose_nothing_and_pad_with_zeros(void **state)
{
    (void)state;
    static const int64_t channels[] = {1, 3, 5, 8, 16, 20, 33};
    enum { COUNT = sizeof channels / sizeof channels[0] };
    cop_error err = {0};
    cop_onednn *dnn = NULL;
    assert_ok(cop_onednn_new(&dnn, &err), &err);
    for (int i = 0; i < COUNT; i++)
        for (int o = 0; o < COUNT; o++)
            for (int32_t size = 1; size <= 5; size += 2)
                expect_conversions(dnn, channels[i], channels[o], size);
    cop_onednn_free(dnn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversions_lose_nothing_and_pad_with_zeros)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
