/* Tables: what goes in comes out, and what makes no sense is refused. */
#include "core/table.h"
#include "support.h"

#include <coppice/table.h>

#include <stdio.h>
#include <string.h>

static const cop_column columns[] = {COP_COLUMN(TEXT, "name", NULL, "who"),
                                     COP_COLUMN(INT, "count", NULL, NULL),
                                     COP_COLUMN(FLOAT, "share", "%", "how much")};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static void keeps_copies_of_rows(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_tables *set = cop_tables_new();
    cop_plot plot = {COP_SIZED(cop_plot), .kind = COP_PLOT_LINES, .x = "count", .y = "share,count",
                     .series = "name"};
    cop_table *table = cop_tables_put(set, "people", "a table", columns, COLUMNS, &plot, &err);
    assert_non_null(table);
    char name[16];
    for (int64_t i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "n%d", (int)i);
        cop_table_value cells[] = {{.text = name}, {.i = i}, {.f = (double)i / 4.0}};
        assert_ok(cop_table_row(table, cells, &err), &err);
    }
    assert_int_equal(cop_tables_count(set), 1);
    assert_ptr_equal(cop_tables_at(set, 0), table);
    assert_string_equal(cop_table_name(table), "people");
    assert_string_equal(cop_table_help(table), "a table");
    assert_int_equal(cop_table_column_count(table), COLUMNS);
    assert_string_equal(cop_table_column(table, 2)->unit, "%");
    assert_null(cop_table_column(table, 0)->unit);
    assert_string_equal(cop_table_plot(table)->y, "share,count");
    assert_int_equal(cop_table_row_count(table), 100);
    for (size_t i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "n%d", (int)i);
        assert_string_equal(cop_table_at(table, i, 0).text, name);
        assert_int_equal(cop_table_at(table, i, 1).i, i);
        assert_true(cop_table_at(table, i, 2).f == (double)i / 4.0);
    }
    cop_tables_free(set);
}

static void a_missing_text_is_empty(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_tables *set = cop_tables_new();
    cop_table *table = cop_tables_put(set, "t", NULL, columns, COLUMNS, NULL, &err);
    cop_table_value cells[COLUMNS] = {{.text = NULL}, {.i = 0}, {.f = 0.0}};
    assert_ok(cop_table_row(table, cells, &err), &err);
    assert_string_equal(cop_table_at(table, 0, 0).text, "");
    assert_int_equal(cop_table_plot(table)->kind, COP_PLOT_NONE);
    cop_tables_free(set);
}

static void refuses_what_makes_no_sense(void **state)
{
    (void)state;
    const cop_column twice[] = {columns[0], columns[1], columns[0]};
    const cop_column odd_name[] = {COP_COLUMN(INT, "Test Error", NULL, NULL)};
    const cop_column no_name[] = {COP_COLUMN(INT, NULL, NULL, NULL)};
    const cop_column odd_role[] = {
        {.name = "x", .type = COP_COLUMN_INT, .role = (cop_column_role)9}};
    const cop_column odd_type[] = {{.name = "x", .type = (cop_column_type)9}};
    const cop_plot unknown_x = {COP_SIZED(cop_plot), .kind = COP_PLOT_LINES, .x = "alpha",
                                .y = "count"};
    const cop_plot unknown_y = {COP_SIZED(cop_plot), .kind = COP_PLOT_LINES, .x = "count",
                                .y = "share,loss"};
    const cop_plot unknown_series = {COP_SIZED(cop_plot), .kind = COP_PLOT_POINTS, .x = "count",
                                     .y = "share", .series = "pair"};
    const cop_plot no_y = {COP_SIZED(cop_plot), .kind = COP_PLOT_LINES, .x = "count"};
    const cop_plot no_value = {COP_SIZED(cop_plot), .kind = COP_PLOT_HEATMAP, .x = "count",
                               .y = "share"};
    const cop_plot prefix = {COP_SIZED(cop_plot), .kind = COP_PLOT_LINES, .x = "coun",
                             .y = "share"};
    const struct {
        const char *name;
        const cop_column *columns;
        size_t count;
        const cop_plot *plot;
        const char *text;
    } cases[] = {
        {"taken", columns, COLUMNS, NULL, "two tables named 'taken'"},
        {"Big", columns, COLUMNS, NULL, "named 'Big'"},
        {"", columns, COLUMNS, NULL, "lower-case word"},
        {NULL, columns, COLUMNS, NULL, "lower-case word"},
        {"../up", columns, COLUMNS, NULL, "lower-case word"},
        {"t", columns, 0, NULL, "no columns"},
        {"t", twice, 3, NULL, "two columns named 'name'"},
        {"t", odd_name, 1, NULL, "'Test Error'"},
        {"t", no_name, 1, NULL, "lower-case word"},
        {"t", odd_type, 1, NULL, "unknown type 9"},
        {"t", odd_role, 1, NULL, "unknown role 9"},
        {"t", columns, COLUMNS, &unknown_x, "unknown column 'alpha'"},
        {"t", columns, COLUMNS, &unknown_y, "unknown column 'loss'"},
        {"t", columns, COLUMNS, &unknown_series, "unknown column 'pair'"},
        {"t", columns, COLUMNS, &no_y, "lacks x or y"},
        {"t", columns, COLUMNS, &no_value, "lacks a value"},
        {"t", columns, COLUMNS, &prefix, "unknown column 'coun'"},
    };
    cop_error err = {0};
    cop_tables *set = cop_tables_new();
    assert_non_null(cop_tables_put(set, "taken", NULL, columns, COLUMNS, NULL, &err));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        err = (cop_error){0};
        assert_null(cop_tables_put(set, cases[i].name, NULL, cases[i].columns, cases[i].count,
                                   cases[i].plot, &err));
        assert_refused(err.status, COP_FAILED, &err, cases[i].text);
    }
    assert_int_equal(cop_tables_count(set), 1);
    cop_tables_free(set);
}

/* Rows as a plugin of a later minor version has them: longer, and read by their own size. */
typedef struct long_column {
    cop_column column;
    double more;
} long_column;

static void rows_are_read_by_the_size_that_they_say(void **state)
{
    (void)state;
    const long_column rows[] = {{COP_COLUMN_OF(KEY, TEXT, "layer", NULL, "which"), 1.0},
                                {COP_COLUMN_OF(ERROR, FLOAT, "spread", "s", NULL), 2.0}};
    cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "t", .columns = &rows[0].column,
                           .column_count = 2, .column_size = sizeof rows[0]};
    cop_error err = {0};
    cop_tables *set = cop_tables_new();
    cop_table *table = NULL;
    assert_ok(cop_tables_add(set, &spec, &table, &err), &err);
    assert_int_equal(cop_table_column_count(table), 2);
    assert_string_equal(cop_table_column(table, 1)->name, "spread");
    assert_string_equal(cop_table_column(table, 1)->unit, "s");
    assert_int_equal(cop_table_column(table, 0)->role, COP_COLUMN_KEY);
    assert_int_equal(cop_table_column(table, 1)->role, COP_COLUMN_ERROR);
    spec.name = "u";
    spec.column_size = 0;
    assert_refused(cop_tables_add(set, &spec, &table, &err), COP_INVALID, &err, "COP_COLUMNS");
    assert_null(table);
    spec.size = 0;
    assert_refused(cop_tables_add(set, &spec, &table, &err), COP_INVALID, &err, "COP_SIZED");
    const cop_plot sizeless = {.kind = COP_PLOT_NONE};
    const cop_table_spec plotted = {COP_SIZED(cop_table_spec), .name = "v", COP_COLUMNS(columns),
                                    .plot = &sizeless};
    assert_refused(cop_tables_add(set, &plotted, &table, &err), COP_INVALID, &err, "COP_SIZED");
    assert_int_equal(cop_tables_count(set), 1);
    cop_tables_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_copies_of_rows),
        cmocka_unit_test(a_missing_text_is_empty),
        cmocka_unit_test(refuses_what_makes_no_sense),
        cmocka_unit_test(rows_are_read_by_the_size_that_they_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
