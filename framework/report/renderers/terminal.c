/* terminal.c: tables for people. */
#include "report/renderers/terminal.h"

#include "core/locale.h"
#include "core/memory.h"
#include "core/text.h"
#include "report/data/shown.h"
#include "report/data/table_groups.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Headers go on lines of this many letters, or of a longer word. */
#define HEADER_WIDTH 13

static bool is_listed(const char *name, const char *const *list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        if (strcmp(list[i], name) == 0)
            return true;
    }
    return false;
}

/* The name behind the longest listed prefix; the whole name where there is none. */
static const char *without_prefix(const char *name, const char *const *prefixes)
{
    size_t longest = 0;
    for (size_t i = 0; prefixes != NULL && prefixes[i] != NULL; i++) {
        size_t length = strlen(prefixes[i]);
        if (strncmp(name, prefixes[i], length) == 0 && name[length] == '_' && length >= longest)
            longest = length + 1;
    }
    return name + longest;
}

/* The shortest name by which a column is still told from all others. */
static const char *short_name(const cop_table *table, size_t column, const char *const *prefixes)
{
    const char *name = cop_table_column(table, column)->name;
    const char *rest = without_prefix(name, prefixes);
    for (size_t i = 0; i < cop_table_column_count(table); i++) {
        const char *other = cop_table_column(table, i)->name;
        if (i != column && strcmp(without_prefix(other, prefixes), rest) == 0)
            return name;
    }
    return rest;
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

static const char *header(const cop_table *table, size_t column, const char *const *prefixes,
                          cop_arena *arena)
{
    const char *name = short_name(table, column, prefixes);
    const char *unit = cop_shown_unit(cop_table_column(table, column));
    char *text = unit[0] != '\0' ? cop_arena_printf(arena, "%s (%s)", name, unit)
                                 : cop_arena_strdup(arena, name);
    for (char *c = text; c != NULL && *c != '\0'; c++) {
        if (*c == '_')
            *c = ' ';
    }
    return text;
}

/* A text fit for one line, or what the choice shows instead of it. */
static const char *text_shown(const char *text, const char *const *instead, cop_arena *arena)
{
    char line[512];
    for (size_t i = 0; instead != NULL && instead[i] != NULL; i += 2) {
        if (strcmp(instead[i], text) == 0)
            return instead[i + 1];
    }
    return cop_arena_strdup(arena, cop_escape(text, line, sizeof line));
}

static const char *cell_text(const cop_table *table, size_t row, size_t column,
                             const char *const *instead, cop_arena *arena)
{
    const cop_column *c = cop_table_column(table, column);
    cop_table_value cell = cop_table_at(table, row, column);
    char mean[64], std[64];
    switch (c->type) {
    case COP_COLUMN_INT:
        return cop_arena_printf(arena, "%" PRId64, cell.i);
    case COP_COLUMN_TEXT:
        return text_shown(cell.text, instead, arena);
    case COP_COLUMN_FLOAT:
        break;
    }
    (void)cop_display_number(cell.f, c->unit, mean, sizeof mean);
    double deviation =
        has_deviation(table, column) ? cop_table_at(table, row, column + 1).f : (double)NAN;
    if (isnan(deviation))
        return cop_arena_strdup(arena, mean);
    (void)cop_display_within(cell.f, deviation, c->unit, mean, sizeof mean);
    (void)cop_display_within(deviation, deviation, c->unit, std, sizeof std);
    return cop_arena_printf(arena, "%s ± %s", mean, std);
}

cop_status cop_display_make(const cop_table *table, const cop_display_choice *choice,
                            cop_arena *arena, cop_display *out, cop_error *err)
{
    size_t columns = cop_table_column_count(table), rows = cop_table_row_count(table), shown = 0;
    size_t *from = cop_arena_array(arena, columns, sizeof *from);
    *out = (cop_display){.row_count = rows};
    out->headers = cop_arena_array(arena, columns, sizeof *out->headers);
    out->is_number = cop_arena_array(arena, columns, sizeof *out->is_number);
    out->cells = cop_arena_array(arena, rows * columns + 1, sizeof *out->cells);
    out->values = cop_arena_array(arena, rows * columns + 1, sizeof *out->values);
    out->constant = "";
    if (from == NULL || out->headers == NULL || out->is_number == NULL || out->cells == NULL ||
        out->values == NULL)
        return cop_out_of_memory(err);
    for (size_t c = 0; c < columns; c++) {
        const char *name = cop_table_column(table, c)->name;
        if (is_listed(name, choice->skip) ||
            (choice->only != NULL && !is_listed(name, choice->only)) ||
            (choice->headlines_only && !cop_is_headline(table, name)) ||
            (c > 0 && has_deviation(table, c - 1)))
            continue;
        out->headers[shown] = header(table, c, choice->prefixes, arena);
        out->is_number[shown] = cop_table_column(table, c)->type != COP_COLUMN_TEXT;
        if (out->headers[shown] == NULL)
            return cop_out_of_memory(err);
        from[shown++] = c;
    }
    out->column_count = shown;
    for (size_t i = 0; i < rows * shown; i++) {
        out->cells[i] = cell_text(table, i / shown, from[i % shown], choice->instead, arena);
        if (out->cells[i] == NULL)
            return cop_out_of_memory(err);
        bool is_whole = cop_table_column(table, from[i % shown])->type == COP_COLUMN_INT;
        out->values[i] =
            is_whole ? (double)NAN : cop_table_number(table, i / shown, from[i % shown]);
    }
    return COP_OK;
}

static bool is_kept(const char *header, const char *const *keep)
{
    for (size_t i = 0; keep[i] != NULL; i++)
        if (strncmp(header, keep[i], strlen(keep[i])) == 0)
            return true;
    return false;
}

static bool varies(const cop_display *d, size_t column)
{
    for (size_t r = 1; r < d->row_count; r++)
        if (strcmp(d->cells[r * d->column_count + column], d->cells[column]) != 0)
            return true;
    return false;
}

cop_status cop_display_fold(cop_display *d, const char *const *keep, cop_arena *arena,
                            cop_error *err)
{
    size_t kept = 0, columns = d->column_count;
    size_t *from = cop_arena_array(arena, columns + 1, sizeof *from);
    if (from == NULL)
        return cop_out_of_memory(err);
    if (d->row_count < 2)
        return COP_OK;
    for (size_t c = 0; c < columns; c++) {
        if (is_kept(d->headers[c], keep) || varies(d, c)) {
            from[kept++] = c;
            continue;
        }
        const char *value = d->cells[c][0] != '\0' ? d->cells[c] : "-";
        d->constant = cop_arena_printf(arena, "%s%s%s %s", d->constant,
                                       d->constant[0] != '\0' ? ", " : "", d->headers[c], value);
        if (d->constant == NULL)
            return cop_out_of_memory(err);
    }
    for (size_t i = 0; i < d->row_count * kept; i++) { /* each moves towards the beginning */
        size_t at = i / kept * columns + from[i % kept];
        d->cells[i] = d->cells[at];
        d->values[i] = d->values[at];
    }
    for (size_t c = 0; c < kept; c++) {
        d->headers[c] = d->headers[from[c]];
        d->is_number[c] = d->is_number[from[c]];
    }
    d->column_count = kept;
    return COP_OK;
}

/* Columns that a text takes on a terminal: its code points. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

/* The next line of a header: as many words as fit. Returns its length in bytes. */
static size_t header_line(const char *text, size_t width)
{
    size_t length = strcspn(text, " ");
    while (text[length] == ' ') {
        size_t with = length + 1 + strcspn(text + length + 1, " ");
        if (with > width)
            break;
        length = with;
    }
    return length;
}

/* How wide a column is: its cells, or its header on lines of HEADER_WIDTH if that is wider. */
static size_t column_width(const cop_display *d, size_t column)
{
    size_t width = 0;
    for (const char *at = d->headers[column]; *at != '\0'; at += strspn(at, " ")) {
        size_t line = header_line(at, HEADER_WIDTH);
        width = line > width ? line : width;
        at += line;
    }
    for (size_t r = 0; r < d->row_count; r++) {
        size_t own = width_of(d->cells[r * d->column_count + column]);
        width = own > width ? own : width;
    }
    return width;
}

/* A line under way: blanks wait until something stands behind them, so that no line ends in one. */
typedef struct line {
    FILE *out;
    size_t blanks;
} line;

static void put_text(line *l, const char *text)
{
    if (text[0] == '\0')
        return;
    (void)fprintf(l->out, "%*s%s", (int)l->blanks, "", text);
    l->blanks = 0;
}

static void put_cell(line *l, const char *text, size_t width, bool right)
{
    size_t own = width_of(text), padding = own < width ? width - own : 0;
    l->blanks += right ? padding : 0;
    put_text(l, text);
    l->blanks += (right ? 0 : padding) + 2;
}

static void end_line(line *l)
{
    (void)fputs("\n", l->out);
    l->blanks = 0;
}

/* Prints the headers, wrapped, from the first line on. */
static void print_headers(const cop_display *d, size_t shown, FILE *out)
{
    line l = {.out = out};
    for (size_t n = 0, more = 1; more > 0; n++) {
        more = 0;
        for (size_t c = 0; c < shown; c++) {
            const char *at = d->headers[c];
            size_t width = column_width(d, c), length = header_line(at, width);
            for (size_t i = 0; i < n; i++) {
                at += length;
                at += strspn(at, " ");
                length = header_line(at, width);
            }
            char part[160];
            (void)snprintf(part, sizeof part, "%.*s", (int)length, at);
            put_cell(&l, part, width, d->is_number[c]);
            more += at[length] != '\0';
        }
        end_line(&l);
    }
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
    print_headers(d, shown, out);
    for (size_t i = 0; i < total; i++)
        (void)fputs("-", out);
    (void)fputs("\n", out);
    line l = {.out = out};
    for (size_t r = 0; r < d->row_count; r++) {
        for (size_t c = 0; c < shown; c++)
            put_cell(&l, d->cells[r * d->column_count + c], column_width(d, c), d->is_number[c]);
        end_line(&l);
    }
    if (d->constant != NULL && d->constant[0] != '\0')
        (void)fprintf(out, "(the same in every row: %s)\n", d->constant);
    if (shown < d->column_count)
        (void)fprintf(out, "(%zu more columns in the CSV file)\n", d->column_count - shown);
}
