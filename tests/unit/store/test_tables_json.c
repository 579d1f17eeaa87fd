/* test_tables_json.c: tables come back bit for bit, and other JSON is none. */
#include "core/table.h"
#include "store_fixture.h"

#include "core/damage.h"
#include "store/formats/tables_json.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void tables_come_back_bit_for_bit(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    static const cop_column columns[] = {COP_COLUMN(INT, "n", NULL, "count"),
                                         COP_COLUMN(FLOAT, "x", "%", NULL),
                                         COP_COLUMN(TEXT, "t", NULL, "words")};
    static const cop_plot plot = {
        COP_SIZED(cop_plot), .kind = COP_PLOT_LINES, .title = "T", .x = "n", .y = "x",
        .log_y = true};
    const double values[] = {0.1, -0.0, 1e-310, INFINITY, NAN};
    char path[STORE_PATH + 32];
    cop_tables *tables = cop_tables_new(), *back = NULL;
    cop_table *table = cop_tables_put(tables, "some", "help", columns, 3, &plot, &err);
    assert_non_null(table);
    const int64_t integers[] = {INT64_MAX, INT64_MIN, 9007199254740993, -1, 0};
    for (int i = 0; i < 5; i++) {
        const cop_table_value row[] = {
            {.i = integers[i]}, {.f = values[i]}, {.text = "a, \"b\"\n"}};
        assert_ok(cop_table_row(table, row, &err), &err);
    }
    (void)snprintf(path, sizeof path, "%s/tables.json", f->dir);
    assert_ok(cop_tables_write(tables, path, &err), &err);
    assert_ok(cop_tables_read(path, &back, &err), &err);
    const cop_table *read = cop_tables_at(back, 0);
    assert_int_equal(cop_table_row_count(read), 5);
    assert_string_equal(cop_table_plot(read)->y, "x");
    assert_true(cop_table_plot(read)->log_y);
    for (size_t i = 0; i < 5; i++) {
        double value = cop_table_at(read, i, 1).f;
        assert_true(cop_table_at(read, i, 0).i == integers[i]);
        assert_true(isnan(values[i]) ? isnan(value) : memcmp(&value, &values[i], 8) == 0);
        assert_string_equal(cop_table_at(read, i, 2).text, "a, \"b\"\n");
    }
    cop_tables_free(tables);
    cop_tables_free(back);
}

static void other_json_is_no_table(void **state)
{
    store_fixture *f = *state;
    static const char *const broken[] = {
        "",
        "{}",
        "[{}]",
        "[{\"name\":\"x\",\"columns\":[]}]",
        "[{\"name\":\"x\",\"columns\":[{\"name\":\"a\",\"type\":9}]}]",
        ("[{\"name\":\"x\",\"columns\":[{\"name\":\"a\",\"type\":1}],"
         "\"rows\":[[\"1\",\"2\"]]}]"),
        "[{\"name\":\"x\",\"columns\":[{\"name\":\"a\",\"type\":1}],\"rows\":[[\"1.5\"]]}]",
        ("[{\"name\":\"x\",\"columns\":[{\"name\":\"a\",\"type\":1}],"
         "\"rows\":[[\"9223372036854775808\"]]}]"),
        "[{\"name\":\"x\",\"columns\":[{\"name\":\"a\",\"type\":2}],\"rows\":[[\"1,5\"]]}]"};
    char path[STORE_PATH + 32];
    (void)snprintf(path, sizeof path, "%s/tables.json", f->dir);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        cop_error err = {0};
        cop_tables *tables = NULL;
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(broken[i], file) >= 0);
        assert_int_equal(fclose(file), 0);
        assert_refused(cop_tables_read(path, &tables, &err), COP_DAMAGED, &err,
                       "is not a file of tables");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(tables_come_back_bit_for_bit),
        WITH_STORE(other_json_is_no_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
