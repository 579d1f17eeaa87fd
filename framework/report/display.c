/* display.c: tables for people. */
#include "report/display.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *scaled(double value, char *text, size_t size)
{
    static const char *const prefixes[] = {"", " k", " M", " G", " T"};
    size_t i = 0;
    while (fabs(value) >= 10000.0 && i + 1 < sizeof prefixes / sizeof prefixes[0]) {
        value /= 1000.0;
        i++;
    }
    (void)snprintf(text, size, i == 0 ? "%.0f%s" : "%.4g%s", value, prefixes[i]);
    return text;
}

const char *cop_display_number(double value, const char *unit, char *text, size_t size)
{
    if (isnan(value))
        (void)snprintf(text, size, "-");
    else if (unit != NULL && strcmp(unit, "%") == 0)
        (void)snprintf(text, size, "%.2f", value);
    else if (unit != NULL && strcmp(unit, "images") == 0)
        return scaled(value, text, size);
    else
        (void)snprintf(text, size, "%.4g", value);
    return text;
}

/* --- rendering ----------------------------------------------------------------------------------
 */

static bool is_skipped(const char *name, const char *const *skip)
{
    for (size_t i = 0; skip != NULL && skip[i] != NULL; i++) {
        if (strcmp(skip[i], name) == 0)
            return true;
    }
    return false;
}

/* True when column + 1 is the deviation of `column`. */
static bool has_deviation(const cop_table *table, size_t column)
{
    if (column + 1 >= cop_table_column_count(table))
        return false;
    const char *name = cop_table_column(table, column)->name;
    const char *next = cop_table_column(table, column + 1)->name;
    size_t length = strlen(name);
    return strncmp(next, name, length) == 0 && strcmp(next + length, "_std") == 0;
}

static const char *header(const cop_column *column, cop_arena *arena)
{
    char *text = column->unit != NULL && column->unit[0] != '\0'
                     ? cop_arena_printf(arena, "%s (%s)", column->name, column->unit)
                     : cop_arena_strdup(arena, column->name);
    for (char *c = text; c != NULL && *c != '\0'; c++) {
        if (*c == '_')
            *c = ' ';
    }
    return text;
}

static const char *cell_text(const cop_table *table, size_t row, size_t column, cop_arena *arena)
{
    const cop_column *c = cop_table_column(table, column);
    cop_cell cell = cop_table_cell(table, row, column);
    char mean[64], std[64];
    switch (c->type) {
    case COP_COLUMN_INT:
        return cop_arena_printf(arena, "%" PRId64, cell.i);
    case COP_COLUMN_TEXT:
        return cell.text;
    case COP_COLUMN_FLOAT:
        break;
    }
    (void)cop_display_number(cell.f, c->unit, mean, sizeof mean);
    double deviation =
        has_deviation(table, column) ? cop_table_cell(table, row, column + 1).f : (double)NAN;
    if (isnan(deviation))
        return cop_arena_strdup(arena, mean);
    (void)cop_display_number(deviation, c->unit, std, sizeof std);
    return cop_arena_printf(arena, "%s ± %s", mean, std);
}

cop_status cop_display_make(const cop_table *table, const char *const *skip, cop_arena *arena,
                            cop_display *out, cop_error *err)
{
    size_t columns = cop_table_column_count(table), rows = cop_table_row_count(table), shown = 0;
    size_t *from = cop_arena_array(arena, columns, sizeof *from);
    *out = (cop_display){.row_count = rows};
    out->headers = cop_arena_array(arena, columns, sizeof *out->headers);
    out->is_number = cop_arena_array(arena, columns, sizeof *out->is_number);
    out->cells = cop_arena_array(arena, rows * columns + 1, sizeof *out->cells);
    if (from == NULL || out->headers == NULL || out->is_number == NULL || out->cells == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (size_t c = 0; c < columns; c++) {
        if (is_skipped(cop_table_column(table, c)->name, skip) ||
            (c > 0 && has_deviation(table, c - 1)))
            continue;
        out->headers[shown] = header(cop_table_column(table, c), arena);
        out->is_number[shown] = cop_table_column(table, c)->type != COP_COLUMN_TEXT;
        if (out->headers[shown] == NULL)
            return cop_fail(err, COP_FAILED, "out of memory");
        from[shown++] = c;
    }
    out->column_count = shown;
    for (size_t i = 0; i < rows * shown; i++) {
        out->cells[i] = cell_text(table, i / shown, from[i % shown], arena);
        if (out->cells[i] == NULL)
            return cop_fail(err, COP_FAILED, "out of memory");
    }
    return COP_OK;
}

/* --- printing -----------------------------------------------------------------------------------
 */

/* Columns that a text takes on a terminal: its code points. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static size_t column_width(const cop_display *d, size_t column)
{
    size_t width = width_of(d->headers[column]);
    for (size_t r = 0; r < d->row_count; r++) {
        size_t own = width_of(d->cells[r * d->column_count + column]);
        width = own > width ? own : width;
    }
    return width;
}

static void print_cell(const char *text, size_t width, bool right, bool last, FILE *out)
{
    size_t own = width_of(text);
    int padding = own < width ? (int)(width - own) : 0;
    if (right)
        (void)fprintf(out, "%*s%s", padding, "", text);
    else
        (void)fprintf(out, "%s%*s", text, last ? 0 : padding, "");
    (void)fputs(last ? "\n" : "  ", out);
}

void cop_display_print(const cop_display *d, size_t width, FILE *out)
{
    size_t shown = 0, total = 0;
    for (; shown < d->column_count; shown++) {
        size_t with = total + (shown > 0 ? 2 : 0) + column_width(d, shown);
        if (width > 0 && shown > 0 && with > width)
            break;
        total = with;
    }
    for (size_t c = 0; c < shown; c++)
        print_cell(d->headers[c], column_width(d, c), d->is_number[c], c + 1 == shown, out);
    for (size_t i = 0; i < total; i++)
        (void)fputs("-", out);
    (void)fputs("\n", out);
    for (size_t r = 0; r < d->row_count; r++) {
        for (size_t c = 0; c < shown; c++)
            print_cell(d->cells[r * d->column_count + c], column_width(d, c), d->is_number[c],
                       c + 1 == shown, out);
    }
    if (shown < d->column_count)
        (void)fprintf(out, "(%zu more columns in the CSV file)\n", d->column_count - shown);
}
