/* Tests of CSV fields and numbers, and of tables for people. */
#include "core/table.h"
#include "support.h"

#include "core/arena.h"
#include "report/renderers/csv.h"
#include "report/renderers/terminal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void numbers_are_shortest_and_exact(void **state)
{
    (void)state;
    const struct {
        double value;
        const char *text;
    } cases[] = {{0.0, "0"},
                 {-0.0, "-0"},
                 {0.1, "0.1"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {1.0 / 3.0, "0.3333333333333333"},
                 {100000.0, "100000"},
                 {123456789012.0, "123456789012"},
                 {1e15, "1e+15"},
                 {5e-324, "5e-324"},
                 {1.7976931348623157e308, "1.7976931348623157e+308"},
                 {INFINITY, "inf"},
                 {-INFINITY, "-inf"},
                 {NAN, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[COP_NUMBER_SIZE];
        assert_string_equal(cop_number_text(cases[i].value, text), cases[i].text);
        if (!isnan(cases[i].value))
            assert_true(strtod(text, NULL) == cases[i].value);
    }
}

static void fields_are_quoted_when_they_must(void **state)
{
    (void)state;
    const char *const cases[][2] = {{"plain", "plain"},
                                    {"", ""},
                                    {"a,b", "\"a,b\""},
                                    {"say \"hi\"", "\"say \"\"hi\"\"\""},
                                    {"two\nlines", "\"two\nlines\""},
                                    {"a; b", "a; b"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_text text = {0};
        cop_text_append(&text, "");
        cop_csv_text(&text, cases[i][0]);
        assert_string_equal(text.data, cases[i][1]);
        cop_text_free(&text);
    }
}

static void no_text_becomes_a_formula(void **state)
{
    (void)state;
    const char *const cases[][2] = {
        {"=1+1", "'=1+1"},
        {"@SUM(A1)", "'@SUM(A1)"},
        {"-x", "'-x"},
        {"+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"},
        {"=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""},
        {"\t=1", "'\t=1"},
        {"-0.5", "-0.5"},
        {"+1e-3", "+1e-3"},
        {"-1, 0.5", "\"-1, 0.5\""},
        {"-1, =x", "\"'-1, =x\""},
        {"a=b", "a=b"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_text text = {0};
        cop_csv_text(&text, cases[i][0]);
        assert_string_equal(text.data, cases[i][1]);
        cop_text_free(&text);
    }
}

/* A table with a mean and its deviation, a text and a count of images. */
static cop_tables *make_tables(void)
{
    static const cop_column columns[] = {
        COP_COLUMN(TEXT, "name", NULL, NULL), COP_COLUMN(FLOAT, "probe_height", "%", NULL),
        COP_COLUMN(FLOAT, "probe_height_std", "%", NULL),
        COP_COLUMN(FLOAT, "images_seen_in_training", "images", NULL),
        COP_COLUMN(INT, "n", NULL, NULL)};
    cop_error err = {0};
    cop_tables *tables = cop_tables_new();
    cop_table *table = cop_tables_put(tables, "t", NULL, columns, 5, NULL, &err);
    assert_non_null(table);
    assert_ok(cop_table_row(table,
                            (cop_table_value[]){
                                {.text = "größer"}, {.f = 12.5}, {.f = 0.25}, {.f = 3e6}, {.i = 4}},
                            &err),
              &err);
    assert_ok(cop_table_row(table,
                            (cop_table_value[]){
                                {.text = "b"}, {.f = NAN}, {.f = NAN}, {.f = 640.0}, {.i = -1}},
                            &err),
              &err);
    return tables;
}

static void assert_printed(size_t width, const char *wanted)
{
    static const char *const prefixes[] = {"probe", NULL};
    const cop_display_choice choice = {.prefixes = prefixes};
    cop_error err = {0};
    cop_display display;
    cop_tables *tables = make_tables();
    cop_arena *arena = cop_arena_new();
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_ok(cop_display_make(cop_tables_at(tables, 0), &choice, arena, &display, &err), &err);
    cop_display_print(&display, width, out);
    (void)fclose(out);
    assert_string_equal(text, wanted);
    free(text);
    cop_arena_free(arena);
    cop_tables_free(tables);
}

static void tables_are_aligned(void **state)
{
    (void)state;
    assert_printed(0, "name      height (%)  images seen   n\n"
                      "                      in training\n"
                      "                         (images)\n"
                      "-------------------------------------\n"
                      "größer  12.50 ± 0.25       3000 k   4\n"
                      "b                  -          640  -1\n");
}

static void columns_that_do_not_fit_are_counted(void **state)
{
    (void)state;
    assert_printed(25, "name      height (%)\n"
                       "--------------------\n"
                       "größer  12.50 ± 0.25\n"
                       "b                  -\n"
                       "(2 more columns in the CSV file)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_shortest_and_exact),
        cmocka_unit_test(fields_are_quoted_when_they_must),
        cmocka_unit_test(no_text_becomes_a_formula),
        cmocka_unit_test(tables_are_aligned),
        cmocka_unit_test(columns_that_do_not_fit_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
