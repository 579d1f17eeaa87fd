/* table.c: named tables of typed columns in memory, as analyzers fill them. */
#include "core/table.h"

#include "core/memory.h"
#include "core/sized.h"

#include <stdlib.h>
#include <string.h>

struct cop_table {
    char *name, *help;
    cop_column *columns;
    size_t column_count;
    cop_plot plot;
    cop_table_value *cells; /* row by row; texts are owned */
    size_t row_count, row_capacity;
};

struct cop_tables {
    cop_table **items;
    size_t count, capacity;
};

static void free_table(cop_table *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->row_count * t->column_count; i++) {
        if (t->columns[i % t->column_count].type == COP_COLUMN_TEXT)
            free((void *)t->cells[i].text);
    }
    for (size_t i = 0; t->columns != NULL && i < t->column_count; i++) {
        free((void *)t->columns[i].name);
        free((void *)t->columns[i].unit);
        free((void *)t->columns[i].help);
    }
    free((void *)t->plot.title);
    free((void *)t->plot.x);
    free((void *)t->plot.y);
    free((void *)t->plot.error);
    free((void *)t->plot.value);
    free((void *)t->plot.series);
    free((void *)t->plot.headlines);
    free((void *)t->plot.marks);
    free((void *)t->plot.surface);
    free(t->columns);
    free(t->cells);
    free(t->name);
    free(t->help);
    free(t);
}

cop_tables *cop_tables_new(void)
{
    return calloc(1, sizeof(cop_tables));
}

void cop_tables_free(cop_tables *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->count; i++)
        free_table(t->items[i]);
    free(t->items);
    free(t);
}

/* Copies a text that may be NULL; clears *ok when memory is out. */
static char *copy_text(const char *text, bool *ok)
{
    if (text == NULL)
        return NULL;
    char *copy = strdup(text);
    if (copy == NULL)
        *ok = false;
    return copy;
}

/* [a-z][a-z0-9_]*, short enough for a file's and a column's name. */
static bool is_word(const char *text)
{
    if (text == NULL || text[0] < 'a' || text[0] > 'z' || strlen(text) >= COP_NAME_SIZE)
        return false;
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(text);
}

static bool has_column(const cop_column *columns, size_t count, const char *name, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(columns[i].name) == length && memcmp(columns[i].name, name, length) == 0)
            return true;
    }
    return false;
}

static cop_status check_columns(const char *table, const cop_column *columns, size_t count,
                                cop_error *err)
{
    if (count == 0)
        return cop_fail(err, COP_FAILED, "table '%s' has no columns", table);
    for (size_t i = 0; i < count; i++) {
        const cop_column *c = &columns[i];
        if (!is_word(c->name))
            return cop_fail(err, COP_FAILED,
                            "table '%s': column %zu is named '%s', wanted a lower-case word", table,
                            i, c->name != NULL ? c->name : "");
        if (c->type != COP_COLUMN_INT && c->type != COP_COLUMN_FLOAT && c->type != COP_COLUMN_TEXT)
            return cop_fail(err, COP_FAILED, "table '%s': column '%s' is of unknown type %d", table,
                            c->name, (int)c->type);
        if (c->role < COP_COLUMN_UNSAID || c->role > COP_COLUMN_REPETITION)
            return cop_fail(err, COP_FAILED, "table '%s': column '%s' is of unknown role %d", table,
                            c->name, (int)c->role);
        if (has_column(columns, i, c->name, strlen(c->name)))
            return cop_fail(err, COP_FAILED, "table '%s' has two columns named '%s'", table,
                            c->name);
    }
    return COP_OK;
}

/* Each name of a comma-separated list is a column. */
static cop_status check_plot_names(const char *table, const cop_column *columns, size_t count,
                                   const char *names, cop_error *err)
{
    while (names != NULL && names[0] != '\0') {
        size_t length = strcspn(names, ",");
        if (!has_column(columns, count, names, length))
            return cop_fail(err, COP_FAILED, "table '%s': its plot names the unknown column '%.*s'",
                            table, (int)length, names);
        names += length;
        names += names[0] == ',';
    }
    return COP_OK;
}

static cop_status check_plot(const char *table, const cop_column *columns, size_t count,
                             const cop_plot *plot, cop_error *err)
{
    if (plot == NULL)
        return COP_OK;
    COP_TRY(check_plot_names(table, columns, count, plot->headlines, err));
    if (plot->kind == COP_PLOT_NONE)
        return COP_OK;
    if (plot->kind < COP_PLOT_NONE || plot->kind > COP_PLOT_HEATMAP)
        return cop_fail(err, COP_FAILED, "table '%s': unknown plot kind %d", table,
                        (int)plot->kind);
    if (plot->x == NULL || plot->y == NULL)
        return cop_fail(err, COP_FAILED, "table '%s': its plot lacks x or y", table);
    if (plot->kind == COP_PLOT_HEATMAP && plot->value == NULL)
        return cop_fail(err, COP_FAILED, "table '%s': its heat map lacks a value", table);
    if (plot->marks != NULL && !is_word(plot->marks))
        return cop_fail(err, COP_FAILED,
                        "table '%s': its plot marks the rows of '%s', wanted a "
                        "table's name",
                        table, plot->marks);
    const char *names[] = {plot->x, plot->y, plot->error, plot->value, plot->series, plot->surface};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        COP_TRY(check_plot_names(table, columns, count, names[i], err));
    return COP_OK;
}

static cop_table *copy_table(const char *name, const char *help, const cop_column *columns,
                             size_t count, const cop_plot *plot)
{
    bool ok = true;
    cop_table *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->name = copy_text(name, &ok);
    t->help = copy_text(help != NULL ? help : "", &ok);
    t->columns = calloc(count, sizeof *t->columns);
    t->column_count = count;
    for (size_t i = 0; t->columns != NULL && i < count; i++) {
        t->columns[i].type = columns[i].type;
        t->columns[i].role = columns[i].role;
        t->columns[i].name = copy_text(columns[i].name, &ok);
        t->columns[i].unit = copy_text(columns[i].unit, &ok);
        t->columns[i].help = copy_text(columns[i].help, &ok);
    }
    if (plot != NULL) {
        t->plot = *plot;
        t->plot.title = copy_text(plot->title, &ok);
        t->plot.x = copy_text(plot->x, &ok);
        t->plot.y = copy_text(plot->y, &ok);
        t->plot.error = copy_text(plot->error, &ok);
        t->plot.value = copy_text(plot->value, &ok);
        t->plot.series = copy_text(plot->series, &ok);
        t->plot.headlines = copy_text(plot->headlines, &ok);
        t->plot.marks = copy_text(plot->marks, &ok);
        t->plot.surface = copy_text(plot->surface, &ok);
    }
    if (!ok || t->columns == NULL) {
        free_table(t);
        return NULL;
    }
    return t;
}

static bool make_room(cop_tables *t)
{
    cop_table **grown = cop_grow(t->items, &t->capacity, t->count + 1, sizeof(cop_table *));
    if (grown == NULL)
        return false;
    t->items = grown;
    return true;
}

cop_table *cop_tables_put(cop_tables *t, const char *name, const char *help,
                          const cop_column *columns, size_t column_count, const cop_plot *plot,
                          cop_error *err)
{
    if (!is_word(name)) {
        cop_fail(err, COP_FAILED, "a table is named '%s', wanted a lower-case word",
                 name != NULL ? name : "");
        return NULL;
    }
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->items[i]->name, name) == 0) {
            cop_fail(err, COP_FAILED, "there are two tables named '%s'", name);
            return NULL;
        }
    }
    if (check_columns(name, columns, column_count, err) != COP_OK ||
        check_plot(name, columns, column_count, plot, err) != COP_OK)
        return NULL;
    cop_table *made = make_room(t) ? copy_table(name, help, columns, column_count, plot) : NULL;
    if (made == NULL) {
        cop_fail(err, COP_FAILED, "out of memory for table '%s'", name);
        return NULL;
    }
    t->items[t->count++] = made;
    return made;
}

/* The rows of a spec as this build's; to be freed. */
static cop_status take_columns(const cop_table_spec *spec, cop_column **out, cop_error *err)
{
    size_t size = spec->column_size, own = sizeof(cop_column);
    if (size < COP_LEAST(cop_column, help))
        return cop_fail(err, COP_INVALID,
                        "a table's spec says that a column is %zu bytes, wanted %zu or more: "
                        "COP_COLUMNS",
                        size, COP_LEAST(cop_column, help));
    *out = calloc(spec->column_count + 1, own);
    if (*out == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for a table");
    for (size_t i = 0; i < spec->column_count; i++)
        memcpy(&(*out)[i], (const char *)spec->columns + i * size, size < own ? size : own);
    return COP_OK;
}

cop_status cop_tables_add(cop_tables *t, const cop_table_spec *spec, cop_table **table,
                          cop_error *err)
{
    cop_table_spec own;
    cop_plot plot = {COP_SIZED(cop_plot)};
    cop_column *columns = NULL;
    *table = NULL;
    COP_TRY(cop_sized_take("a table's spec", spec, COP_LEAST(cop_table_spec, plot), &own,
                           sizeof own, err));
    if (own.plot != NULL)
        COP_TRY(cop_sized_take("a table's plot", own.plot, COP_LEAST(cop_plot, reserved), &plot,
                               sizeof plot, err));
    COP_TRY(take_columns(&own, &columns, err));
    *table = cop_tables_put(t, own.name, own.help, columns, own.column_count,
                            own.plot != NULL ? &plot : NULL, err);
    free(columns);
    return *table != NULL ? COP_OK : COP_FAILED;
}

cop_status cop_table_row(cop_table *table, const cop_table_value *cells, cop_error *err)
{
    size_t columns = table->column_count;
    cop_table_value *grown =
        cop_grow(table->cells, &table->row_capacity, table->row_count + 1, columns * sizeof *grown);
    if (grown == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for table '%s'", table->name);
    table->cells = grown;
    cop_table_value *row = table->cells + table->row_count * columns;
    for (size_t i = 0; i < columns; i++) {
        row[i] = cells[i];
        if (table->columns[i].type != COP_COLUMN_TEXT)
            continue;
        row[i].text = strdup(cells[i].text != NULL ? cells[i].text : "");
        if (row[i].text == NULL) {
            for (size_t j = 0; j < i; j++) {
                if (table->columns[j].type == COP_COLUMN_TEXT)
                    free((void *)row[j].text);
            }
            return cop_fail(err, COP_FAILED, "out of memory for table '%s'", table->name);
        }
    }
    table->row_count++;
    return COP_OK;
}

size_t cop_tables_count(const cop_tables *t)
{
    return t->count;
}

const cop_table *cop_tables_at(const cop_tables *t, size_t i)
{
    return t->items[i];
}

const char *cop_table_name(const cop_table *table)
{
    return table->name;
}

const char *cop_table_help(const cop_table *table)
{
    return table->help;
}

size_t cop_table_column_count(const cop_table *table)
{
    return table->column_count;
}

const cop_column *cop_table_column(const cop_table *table, size_t i)
{
    return &table->columns[i];
}

const cop_plot *cop_table_plot(const cop_table *table)
{
    return &table->plot;
}

size_t cop_table_row_count(const cop_table *table)
{
    return table->row_count;
}

cop_table_value cop_table_at(const cop_table *table, size_t row, size_t column)
{
    return table->cells[row * table->column_count + column];
}

const cop_table *cop_tables_find(const cop_tables *t, const char *name)
{
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->items[i]->name, name) == 0)
            return t->items[i];
    }
    return NULL;
}

int cop_table_find_column(const cop_table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcmp(table->columns[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}
