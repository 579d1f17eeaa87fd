/* csv.c: tables as comma-separated values. */
#include "report/renderers/csv.h"

#include "core/file.h"
#include "core/locale.h"
#include "core/memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *cop_number_text(double value, char text[COP_NUMBER_SIZE])
{
    text[0] = '\0';
    if (isnan(value))
        return text;
    for (int digits = 1; digits <= 17; digits++) {
        (void)cop_snprintf(text, COP_NUMBER_SIZE, "%.*g", digits, value);
        if (cop_strtod(text, NULL) == value)
            break;
    }
    /* "1e+05" reads worse than the 100000 that it stands for. */
    if (strchr(text, 'e') != NULL && fabs(value) < 1e15 && floor(value) == value)
        (void)cop_snprintf(text, COP_NUMBER_SIZE, "%.0f", value);
    return text;
}

static void append_text(cop_text *line, const char *field)
{
    if (strpbrk(field, ",\"\r\n") == NULL) {
        cop_text_append(line, field);
        return;
    }
    cop_text_append(line, "\"");
    for (const char *c = field; *c != '\0'; c++) {
        cop_text_append_bytes(line, c, 1);
        if (*c == '"')
            cop_text_append(line, "\"");
    }
    cop_text_append(line, "\"");
}

static bool looks_like_formula(const char *field)
{
    if (field[0] == '\0' || strchr("=+-@\t\r", field[0]) == NULL)
        return false;
    /* A number, or the numbers of several axes: "-1, 0.5". */
    for (char *end = NULL;; field = end + 2) {
        (void)cop_strtod(field, &end);
        if (end == field)
            return true;
        if (strncmp(end, ", ", 2) != 0)
            return *end != '\0';
    }
}

void cop_csv_text(cop_text *line, const char *field)
{
    char *guarded = NULL;
    if (looks_like_formula(field)) {
        cop_text text = {0};
        cop_text_printf(&text, "'%s", field);
        guarded = cop_text_take(&text);
        line->failed = line->failed || guarded == NULL;
        field = guarded != NULL ? guarded : "";
    }
    append_text(line, field);
    free(guarded);
}
void cop_csv_number(cop_text *line, double value)
{
    char text[COP_NUMBER_SIZE];
    cop_text_append(line, cop_number_text(value, text));
}

static void append_cell(cop_text *out, const cop_table *table, size_t row, size_t column)
{
    cop_table_value cell = cop_table_at(table, row, column);
    switch (cop_table_column(table, column)->type) {
    case COP_COLUMN_INT:
        cop_text_printf(out, "%" PRId64, cell.i);
        break;
    case COP_COLUMN_FLOAT:
        cop_csv_number(out, cell.f);
        break;
    case COP_COLUMN_TEXT:
        cop_csv_text(out, cell.text);
        break;
    }
}

bool cop_csv_table(cop_text *out, const cop_table *table)
{
    size_t columns = cop_table_column_count(table);
    for (size_t c = 0; c < columns; c++) {
        cop_csv_text(out, cop_table_column(table, c)->name);
        cop_text_append(out, c + 1 < columns ? "," : "\n");
    }
    for (size_t r = 0; r < cop_table_row_count(table); r++) {
        for (size_t c = 0; c < columns; c++) {
            append_cell(out, table, r, c);
            cop_text_append(out, c + 1 < columns ? "," : "\n");
        }
    }
    return !out->failed;
}

cop_status cop_csv_write(const cop_table *table, const char *path, cop_error *err)
{
    cop_text text = {0};
    (void)cop_csv_table(&text, table);
    size_t length = text.length;
    char *content = cop_text_take(&text);
    if (content == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_file_write(path, content, length, err);
    free(content);
    return status;
}
