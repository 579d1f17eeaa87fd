/* Copies between blockings, against indices worked out by hand. */
#include "support.h"

#include "exec/onednn/transfer.h"

#include <stdlib.h>
#include <string.h>

enum { O = 3, I = 5, H = 2, W = 2, PLAIN = O * I * H * W, BLOCKED = 2 * 2 * H * W * 2 * 4 };

static const int64_t plain_strides[] = {I * H * W, H *W, W, 1};

/* Two output channels by four input channels, in each pixel of 2 × 2 such blocks. */
static const int64_t blocked_strides[] = {2 * H * W * 8, H *W * 8, W * 8, 8};
static const int64_t inner_size[] = {2, 4}, inner_axis[] = {0, 1};

static const cop_blocking plain = {.strides = plain_strides};
static const cop_blocking blocked = {blocked_strides, inner_size, inner_axis, 2};

static int blocked_place(int o, int i, int h, int w)
{
    return ((((o / 2) * 2 + i / 4) * H + h) * W + w) * 8 + (o % 2) * 4 + i % 4;
}

/* The elements are 1, 2, 3 …; what is left is padding. */
static void fill_blocked(float *x)
{
    memset(x, 0, BLOCKED * sizeof *x);
    float value = 1.0f;
    for (int o = 0; o < O; o++)
        for (int i = 0; i < I; i++)
            for (int h = 0; h < H; h++)
                for (int w = 0; w < W; w++)
                    x[blocked_place(o, i, h, w)] = value++;
}

static void run(const cop_blocking *from, const cop_blocking *to, const float *x, float *y,
                size_t bytes)
{
    cop_error err = {0};
    cop_transfer *transfer = NULL;
    assert_ok(cop_transfer_new(cop_shape4(O, I, H, W), from, to, bytes, &transfer, &err), &err);
    memset(y, 0xff, bytes);
    cop_transfer_run(transfer, x, y);
    cop_transfer_free(transfer);
}

static void a_plain_tensor_is_cut_into_blocks_and_padded_with_zeros(void **state)
{
    (void)state;
    float x[PLAIN], y[BLOCKED], wanted[BLOCKED];
    for (int k = 0; k < PLAIN; k++)
        x[k] = (float)(k + 1);
    fill_blocked(wanted);
    run(&plain, &blocked, x, y, sizeof y);
    assert_memory_equal(y, wanted, sizeof y);
}

static void blocks_become_a_plain_tensor(void **state)
{
    (void)state;
    float x[BLOCKED], y[PLAIN];
    fill_blocked(x);
    run(&blocked, &plain, x, y, sizeof y);
    for (int k = 0; k < PLAIN; k++)
        assert_true(y[k] == (float)(k + 1));
}

/* An axis may be cut twice, as in oneDNN's "4b16a4b": here 8 columns in blocks of 2 and of 2 again,
 * with the rows between them. */
static void an_axis_may_be_cut_twice(void **state)
{
    (void)state;
    static const int64_t strides[] = {16, 8}, rows[] = {8, 1};
    static const int64_t size[] = {2, 2, 2}, axis[] = {1, 0, 1};
    const cop_blocking from = {.strides = rows}, to = {strides, size, axis, 3};
    float x[16], y[16];
    for (int k = 0; k < 16; k++)
        x[k] = (float)k;
    cop_error err = {0};
    cop_transfer *transfer = NULL;
    assert_ok(cop_transfer_new(cop_shape2(2, 8), &from, &to, sizeof y, &transfer, &err), &err);
    cop_transfer_run(transfer, x, y);
    cop_transfer_free(transfer);
    static const float wanted[] = {0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15};
    assert_memory_equal(y, wanted, sizeof y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_tensor_is_cut_into_blocks_and_padded_with_zeros),
        cmocka_unit_test(blocks_become_a_plain_tensor), cmocka_unit_test(an_axis_may_be_cut_twice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
