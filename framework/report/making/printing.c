/* printing.c: a report on a terminal, and for other programs. */
#include "core/memory.h"
#include "core/table.h"
#include "core/text.h"
#include "report/making/making.h"
#include "report/renderers/csv.h"
#include "store/artifact_files.h"

#include <cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

static void print_table(const char *heading, const cop_display *table, size_t width, FILE *out)
{
    if (table->row_count == 0)
        return;
    (void)fprintf(out, "\n%s", heading);
    cop_display_print(table, width, out);
}

void cop_print_files(const cop_making *r, FILE *out)
{
    size_t undrawn = 0;
    (void)fprintf(out, "\ntables:");
    for (size_t i = 0; i < cop_tables_count(r->sheets); i++)
        (void)fprintf(out, " %s.csv", cop_table_name(cop_tables_at(r->sheets, i)));
    if (r->has_database)
        (void)fprintf(out, "\ndatabase: " COP_DATABASE_FILE);
    (void)fprintf(out, "\nfigures:");
    for (size_t i = 0; i < r->figures.count; i++) {
        if (r->undrawn[i] == NULL)
            (void)fprintf(out, " %s.svg", r->figures.items[i].name);
        undrawn += r->undrawn[i] != NULL;
    }
    if (undrawn > 0)
        (void)fprintf(out, "\nfigures (data and scripts only):");
    for (size_t i = 0; undrawn > 0 && i < r->figures.count; i++) {
        if (r->undrawn[i] != NULL)
            (void)fprintf(out, " %s.gp", r->figures.items[i].name);
    }
    char shown[2048];
    (void)fprintf(out, "\nreport: %s/index.html\n", cop_escape(r->dir, shown, sizeof shown));
}

/* What was found, in words, before the numbers. */
static void print_answers(const cop_making *r, FILE *out)
{
    for (size_t i = 0; i < r->answers.count; i++)
        (void)fprintf(out, "%s: %s\n", r->answers.items[i].cell, r->answers.items[i].text);
    (void)fprintf(out, "%s", r->answers.count > 0 ? "\n" : "");
}

void cop_print_views(const cop_making *r, const cop_views *v, size_t width, FILE *out)
{
    print_answers(r, out);
    if (v->tickets.row_count > 0)
        cop_display_print(&v->tickets, width, out);
    print_table("failed:\n", &v->failures, 0, out); /* a reason is a whole line */
    print_table("controls:\n", &v->controls, width, out);
    print_table("", v->sets.row_count > 0 ? &v->sets : &v->distilled, width, out);
}

/* The table that a study is asked for: its tickets, or where it has none its sets. */
static const cop_table *main_table(const cop_making *r)
{
    const cop_table *summary = cop_tables_find(r->sheets, "summary");
    const cop_table *sets = cop_tables_find(r->sheets, "distilled_summary");
    return cop_table_row_count(summary) > 0 || sets == NULL ? summary : sets;
}

cop_status cop_print_csv(const cop_making *r, FILE *out, cop_error *err)
{
    cop_text text = {0};
    bool ok = cop_csv_table(&text, main_table(r));
    if (ok)
        (void)fputs(text.data != NULL ? text.data : "", out);
    cop_text_free(&text);
    return ok ? COP_OK : cop_out_of_memory(err);
}

/* A cell as JSON has it: what is not a number is null. cJSON's numbers are doubles, so integers are
 * written by their digits. */
static cJSON *json_cell(const cop_table *table, size_t row, size_t column)
{
    cop_table_value cell = cop_table_at(table, row, column);
    char digits[24];
    switch (cop_table_column(table, column)->type) {
    case COP_COLUMN_TEXT:
        return cJSON_CreateString(cell.text);
    case COP_COLUMN_INT:
        (void)snprintf(digits, sizeof digits, "%" PRId64, cell.i);
        return cJSON_CreateRaw(digits);
    case COP_COLUMN_FLOAT:
        break;
    }
    return isfinite(cell.f) ? cJSON_CreateNumber(cell.f) : cJSON_CreateNull();
}

/* False where memory is out. */
static bool fill_json(const cop_making *r, cJSON *root)
{
    const cop_table *table = main_table(r);
    bool ok = cJSON_AddStringToObject(root, "study", r->results.record.name) != NULL;
    cJSON *answers = cJSON_AddArrayToObject(root, "answers");
    cJSON *rows = cJSON_AddArrayToObject(root, cop_table_name(table));
    for (size_t i = 0; ok && i < r->answers.count; i++) {
        cJSON *answer = cJSON_CreateObject();
        ok = cJSON_AddItemToArray(answers, answer) &&
             cJSON_AddStringToObject(answer, "cell", r->answers.items[i].cell) != NULL &&
             cJSON_AddStringToObject(answer, "text", r->answers.items[i].text) != NULL;
    }
    for (size_t i = 0; ok && i < cop_table_row_count(table); i++) {
        cJSON *row = cJSON_CreateObject();
        ok = cJSON_AddItemToArray(rows, row);
        for (size_t c = 0; ok && c < cop_table_column_count(table); c++)
            ok = cJSON_AddItemToObject(row, cop_table_column(table, c)->name,
                                       json_cell(table, i, c));
    }
    return ok && cJSON_AddStringToObject(root, "report", r->dir) != NULL;
}

cop_status cop_print_json(const cop_making *r, FILE *out, cop_error *err)
{
    cJSON *root = cJSON_CreateObject();
    char *text = root != NULL && fill_json(r, root) ? cJSON_Print(root) : NULL;
    if (text != NULL)
        (void)fprintf(out, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(root);
    return text != NULL ? COP_OK : cop_out_of_memory(err);
}
