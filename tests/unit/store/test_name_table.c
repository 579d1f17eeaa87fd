/* Finding an artifact among many by its name. */
#include "support.h"

#include "store/name_table.h"

#include <stdio.h>

static cop_artifact_id name(const char *kind, size_t number)
{
    char identity[32];
    cop_artifact_id id;
    cop_error err = {0};
    (void)snprintf(identity, sizeof identity, "%zu", number);
    assert_ok(cop_artifact_name(kind, identity, &id, &err), &err);
    return id;
}

static void every_name_gives_its_number_and_others_none(void **state)
{
    (void)state;
    enum { NAMES = 10000 };
    cop_arena *arena = cop_arena_new();
    cop_name_table table;
    cop_error err = {0};
    assert_ok(cop_name_table_make(NAMES, arena, &table, &err), &err);
    for (size_t i = 0; i < NAMES; i++) {
        cop_artifact_id id = name(i % 2 == 0 ? "train" : "mask", i);
        assert_true(cop_name_table_find(&table, &id) == COP_NO_NAME);
        cop_name_table_put(&table, &id, 7 * i);
    }
    for (size_t i = 0; i < NAMES; i++) {
        cop_artifact_id id = name(i % 2 == 0 ? "train" : "mask", i);
        assert_int_equal(cop_name_table_find(&table, &id), 7 * i);
        id = name(i % 2 == 0 ? "train" : "mask", NAMES + i);
        assert_true(cop_name_table_find(&table, &id) == COP_NO_NAME);
    }
    cop_arena_free(arena);
}

static void names_of_one_hash_and_two_kinds_are_two(void **state)
{
    (void)state;
    cop_arena *arena = cop_arena_new();
    cop_name_table table;
    cop_error err = {0};
    assert_ok(cop_name_table_make(2, arena, &table, &err), &err);
    cop_artifact_id train = name("train", 1), mask = train;
    (void)snprintf(mask.kind, sizeof mask.kind, "mask");
    cop_name_table_put(&table, &train, 1);
    assert_true(cop_name_table_find(&table, &mask) == COP_NO_NAME);
    cop_name_table_put(&table, &mask, 2);
    assert_int_equal(cop_name_table_find(&table, &train), 1);
    assert_int_equal(cop_name_table_find(&table, &mask), 2);
    cop_arena_free(arena);
}

static void a_table_of_nothing_has_no_name(void **state)
{
    (void)state;
    const cop_name_table empty = {0};
    cop_artifact_id id = name("train", 1);
    assert_true(cop_name_table_find(&empty, &id) == COP_NO_NAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_gives_its_number_and_others_none),
        cmocka_unit_test(names_of_one_hash_and_two_kinds_are_two),
        cmocka_unit_test(a_table_of_nothing_has_no_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
