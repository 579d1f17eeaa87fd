/* test_memory.c: arrays that grow, and what is said where memory is out. */
#include "core/memory.h"
#include "support.h"

#include <stdlib.h>

static void says_that_memory_is_out(void **state)
{
    (void)state;
    cop_error err = {0};
    assert_refused(cop_out_of_memory(&err), COP_FAILED, &err, "out of memory");
    assert_int_equal(cop_out_of_memory(NULL), COP_FAILED);
}

static void an_array_keeps_its_items_and_at_least_doubles(void **state)
{
    (void)state;
    int64_t *items = NULL;
    size_t capacity = 0, times = 0;
    for (size_t i = 0; i < 1000; i++) {
        size_t before = capacity;
        int64_t *grown = cop_grow(items, &capacity, i + 1, sizeof *grown);
        assert_non_null(grown);
        assert_true(capacity > i);
        assert_true(capacity == before || capacity >= 2 * before);
        times += capacity != before;
        items = grown;
        items[i] = (int64_t)i;
    }
    assert_true(times < 10);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    free(items);
}

static void an_array_grows_to_what_is_wanted_at_once(void **state)
{
    (void)state;
    size_t capacity = 0;
    char *items = cop_grow(NULL, &capacity, 100000, 1);
    assert_non_null(items);
    assert_true(capacity >= 100000);
    assert_ptr_equal(cop_grow(items, &capacity, capacity, 1), items);
    free(items);
}

static void refuses_more_bytes_than_can_be_counted_and_leaves_the_array(void **state)
{
    (void)state;
    size_t capacity = 0;
    int64_t *items = cop_grow(NULL, &capacity, 2, sizeof *items);
    assert_non_null(items);
    items[1] = 7;
    size_t before = capacity;
    assert_null(cop_grow(items, &capacity, SIZE_MAX / sizeof *items + 1, sizeof *items));
    assert_null(cop_grow(items, &capacity, SIZE_MAX, sizeof *items));
    assert_int_equal(capacity, before);
    assert_int_equal(items[1], 7);
    free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_that_memory_is_out),
        cmocka_unit_test(an_array_keeps_its_items_and_at_least_doubles),
        cmocka_unit_test(an_array_grows_to_what_is_wanted_at_once),
        cmocka_unit_test(refuses_more_bytes_than_can_be_counted_and_leaves_the_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
