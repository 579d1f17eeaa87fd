/* test_arena.c: the arena's promises: aligned, zeroed, disjoint, NULL when it cannot. */
#include "core/arena.h"
#include "support.h"

#include <stdalign.h>
#include <string.h>

static void allocations_are_aligned_zeroed_and_disjoint(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    const size_t sizes[] = {1, 0, 15, 16, 17, 400, 5000, 16384, 100000};
    unsigned char *data[COUNT];
    cop_arena *arena = cop_arena_new();
    assert_non_null(arena);
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = sizes[i % 9];
        data[i] = cop_arena_alloc(arena, size);
        assert_non_null(data[i]);
        assert_int_equal((uintptr_t)data[i] % alignof(max_align_t), 0);
        for (size_t b = 0; b < size; b++)
            assert_int_equal(data[i][b], 0);
        if (size > 0)
            memset(data[i], (int)(i % 251) + 1, size);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t b = 0; b < sizes[i % 9]; b++)
            assert_int_equal(data[i][b], i % 251 + 1);
    }
    cop_arena_free(arena);
    cop_arena_free(NULL);
}

static void texts_are_copies(void **state)
{
    (void)state;
    cop_arena *arena = cop_arena_new();
    char text[] = "conv.0.weight";
    char *copy = cop_arena_strdup(arena, text);
    char *made = cop_arena_printf(arena, "%s [%d]", text, 42);
    text[0] = '?';
    assert_string_equal(copy, "conv.0.weight");
    assert_string_equal(made, "conv.0.weight [42]");
    char *wide = cop_arena_printf(arena, "%50000d", 7);
    assert_int_equal(strlen(wide), 50000);
    assert_string_equal(copy, "conv.0.weight");
    cop_arena_free(arena);
}

static void what_cannot_be_is_null(void **state)
{
    (void)state;
    const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 15, SIZE_MAX - 16, SIZE_MAX / 2 + 1};
    cop_arena *arena = cop_arena_new();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        assert_null(cop_arena_alloc(arena, sizes[i]));
    assert_null(cop_arena_array(arena, SIZE_MAX / 8 + 1, 8));
    assert_non_null(cop_arena_array(arena, 10, 8));
    cop_arena_free(arena);
}

static void count_release(void *object)
{
    int *order = object;
    order[1 + order[0]++] = 1;
}

static void note_last(void *object)
{
    **(int **)object = 7;
}

static void what_it_owns_is_released_with_it(void **state)
{
    (void)state;
    int released[3] = {0}, last = 0;
    int *pointer = &last;
    cop_arena *arena = cop_arena_new();
    assert_true(cop_arena_own(arena, released, count_release));
    assert_true(cop_arena_own(arena, released, count_release));
    assert_true(cop_arena_own(arena, &pointer, note_last));
    assert_int_equal(released[0], 0);
    cop_arena_free(arena);
    assert_int_equal(released[0], 2);
    assert_int_equal(last, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_aligned_zeroed_and_disjoint),
        cmocka_unit_test(texts_are_copies),
        cmocka_unit_test(what_cannot_be_is_null),
        cmocka_unit_test(what_it_owns_is_released_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
