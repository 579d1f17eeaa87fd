/* Verdicts fit the tables they are passed on, and stand behind what they judge. */
#include "core/verdict.h"

#include "core/table.h"
#include "support.h"

#include <math.h>
#include <string.h>

static const cop_column own[] = {COP_COLUMN_OF(KEY, TEXT, "way", NULL, "A key"),
                                 COP_COLUMN_OF(VALUE, FLOAT, "score", NULL, "A result")};
static const cop_column verdict[] = {COP_COLUMN(INT, "good", NULL, "An opinion"),
                                     COP_COLUMN(TEXT, "why", NULL, "In words")};

/* One table of two rows, and its headlines. */
static cop_tables *make_tables(const char *headlines)
{
    cop_error err = {0};
    cop_tables *tables = cop_tables_new();
    const cop_plot plot = {COP_SIZED(cop_plot), .headlines = headlines};
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "marks", COP_COLUMNS(own),
                                 .plot = &plot};
    cop_table *table = NULL;
    assert_ok(cop_tables_add(tables, &spec, &table, &err), &err);
    for (int i = 0; i < 2; i++)
        assert_ok(
            cop_table_row(table,
                          (const cop_table_value[]){{.text = i == 0 ? "a" : "b"}, {.f = 0.5 * i}},
                          &err),
            &err);
    return tables;
}

static cop_tables *make_verdicts(const char *name, const cop_column *columns, size_t count,
                                 int rows, const cop_plot *plot)
{
    cop_error err = {0};
    cop_tables *verdicts = cop_tables_new();
    cop_table *table = cop_tables_put(verdicts, name, NULL, columns, count, plot, &err);
    assert_non_null(table);
    for (int i = 0; i < rows; i++)
        assert_ok(cop_table_row(
                      table, (const cop_table_value[]){{.i = i}, {.text = "for a reason"}}, &err),
                  &err);
    return verdicts;
}

static void what_does_not_fit_is_refused_with_the_reason(void **state)
{
    (void)state;
    const cop_column shared[] = {COP_COLUMN(INT, "score", NULL, "Its own name")};
    const cop_column key[] = {COP_COLUMN_OF(KEY, INT, "grade", NULL, "A key")};
    const cop_column repetition[] = {COP_COLUMN_OF(REPETITION, INT, "time", NULL, "A number")};
    const cop_plot drawn = {COP_SIZED(cop_plot), .kind = COP_PLOT_LINES, .x = "good", .y = "good"};
    const struct {
        const char *name;
        const cop_column *columns;
        size_t count;
        int rows;
        const cop_plot *plot;
        const char *reason; /* NULL: it fits */
    } cases[] = {
        {"marks", verdict, 2, 2, NULL, NULL},
        {"remarks", verdict, 2, 2, NULL, "table 'remarks', which is not there"},
        {"marks", verdict, 2, 1, NULL, "are 1 rows, wanted one for each of its 2"},
        {"marks", shared, 1, 2, NULL, "a column 'score', which it has itself"},
        {"marks", key, 1, 2, NULL, "column 'grade' is a key"},
        {"marks", repetition, 1, 2, NULL, "column 'time' is a repetition"},
        {"marks", verdict, 2, 2, &drawn, "ask for a figure"},
    };
    cop_tables *tables = make_tables(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        cop_tables *verdicts = make_verdicts(cases[i].name, cases[i].columns, cases[i].count,
                                             cases[i].rows, cases[i].plot);
        cop_status status = cop_verdicts_check(tables, verdicts, &err);
        assert_int_equal(status, cases[i].reason == NULL ? COP_OK : COP_FAILED);
        if (cases[i].reason != NULL && strstr(err.message, cases[i].reason) == NULL)
            fail_msg("%s", err.message);
        cop_tables_free(verdicts);
    }
    cop_tables_free(tables);
}

static void verdicts_stand_behind_what_they_judge(void **state)
{
    (void)state;
    cop_error err = {0};
    const cop_plot plot = {COP_SIZED(cop_plot), .headlines = "good"};
    cop_tables *tables = make_tables("score"), *joined = NULL;
    cop_tables *verdicts = make_verdicts("marks", verdict, 2, 2, &plot);
    assert_ok(cop_verdicts_join(tables, verdicts, NULL, &joined, &err), &err);
    const cop_table *table = cop_tables_find(joined, "marks");
    assert_int_equal(cop_table_column_count(table), 4);
    assert_string_equal(cop_table_column(table, 2)->name, "good");
    assert_int_equal(cop_table_column(table, 2)->type, COP_COLUMN_FLOAT);
    assert_int_equal(cop_table_column(table, 3)->role, COP_COLUMN_VALUE);
    assert_string_equal(cop_table_plot(table)->headlines, "score,good");
    assert_true(cop_table_at(table, 1, 1).f == 0.5 && cop_table_at(table, 1, 2).f == 1.0);
    assert_string_equal(cop_table_at(table, 0, 3).text, "for a reason");
    cop_tables_free(joined);
    cop_tables_free(verdicts);
    cop_tables_free(tables);
}

/* An analysis without a verdict among others that have one keeps its table in line with theirs. */
static void a_missing_verdict_leaves_empty_cells(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_tables *tables = make_tables(NULL), *joined = NULL;
    cop_tables *pattern = make_verdicts("marks", verdict, 2, 1, NULL);
    assert_ok(cop_verdicts_join(tables, NULL, pattern, &joined, &err), &err);
    const cop_table *table = cop_tables_find(joined, "marks");
    assert_int_equal(cop_table_column_count(table), 4);
    assert_true(isnan(cop_table_at(table, 1, 2).f));
    assert_string_equal(cop_table_at(table, 1, 3).text, "");
    assert_null(cop_table_plot(table)->headlines);
    cop_tables_free(joined);
    cop_tables_free(pattern);
    cop_tables_free(tables);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_fit_is_refused_with_the_reason),
        cmocka_unit_test(verdicts_stand_behind_what_they_judge),
        cmocka_unit_test(a_missing_verdict_leaves_empty_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
