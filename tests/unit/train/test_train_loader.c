/* Which samples each step sees. */
#include "support.h"

#include "train/loader.h"

#include <string.h>

#define COUNT     23
#define BATCH     5
#define PER_EPOCH 5

static cop_loader *new_loader(uint64_t seed)
{
    cop_loader *l = NULL;
    cop_error err = {0};
    assert_ok(cop_loader_new(COUNT, BATCH, seed, &l, &err), &err);
    return l;
}

static void read_epoch(cop_loader *l, int64_t epoch, int64_t order[COUNT])
{
    int64_t seen = 0;
    for (int64_t k = 0; k < PER_EPOCH; k++) {
        int64_t n = 0;
        const int64_t *index = cop_loader_batch(l, epoch * PER_EPOCH + k, &n);
        assert_int_equal(n, k < PER_EPOCH - 1 ? BATCH : COUNT % BATCH);
        memcpy(order + seen, index, (size_t)n * sizeof *order);
        seen += n;
    }
    assert_int_equal(seen, COUNT);
}

static void each_epoch_is_a_permutation(void **state)
{
    (void)state;
    cop_loader *l = new_loader(3);
    int64_t before[COUNT] = {0};
    for (int64_t epoch = 0; epoch < 4; epoch++) {
        int64_t order[COUNT], times[COUNT] = {0};
        read_epoch(l, epoch, order);
        for (int i = 0; i < COUNT; i++) {
            assert_in_range(order[i], 0, COUNT - 1);
            times[order[i]]++;
        }
        for (int i = 0; i < COUNT; i++)
            assert_int_equal(times[i], 1);
        assert_memory_not_equal(order, before, sizeof order);
        memcpy(before, order, sizeof before);
    }
    cop_loader_free(l);
}

static void the_seed_alone_decides(void **state)
{
    (void)state;
    cop_loader *a = new_loader(3), *b = new_loader(3), *c = new_loader(4);
    int64_t first[COUNT], again[COUNT], other[COUNT];
    read_epoch(a, 2, first);
    read_epoch(b, 7, again); /* epochs may be visited in any order */
    read_epoch(b, 2, again);
    read_epoch(c, 2, other);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
    cop_loader_free(a);
    cop_loader_free(b);
    cop_loader_free(c);
}

/* What is read ahead while a step computes. */
static void the_next_batch_is_told_within_the_epoch(void **state)
{
    (void)state;
    cop_loader *l = new_loader(3);
    for (int64_t step = 0; step < 3 * PER_EPOCH; step++) {
        int64_t n = 0, expected_count = 0, expected[BATCH] = {0};
        (void)cop_loader_batch(l, step, &n);
        const int64_t *next = cop_loader_next(l, step, &expected_count);
        if (step % PER_EPOCH == PER_EPOCH - 1) {
            assert_null(next);
            assert_int_equal(expected_count, 0);
            continue;
        }
        memcpy(expected, next, (size_t)expected_count * sizeof *expected);
        const int64_t *index = cop_loader_batch(l, step + 1, &n);
        assert_int_equal(expected_count, n);
        assert_memory_equal(index, expected, (size_t)n * sizeof *expected);
    }
    cop_loader_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_epoch_is_a_permutation),
        cmocka_unit_test(the_seed_alone_decides),
        cmocka_unit_test(the_next_batch_is_told_within_the_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
