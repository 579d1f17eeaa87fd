/* tables_json.c: writing and reading tables. */
#include "store/formats/tables_json.h"

#include "core/damage.h"
#include "core/file.h"
#include "core/json.h"
#include "core/locale.h"
#include "core/memory.h"
#include "core/table.h"
#include "core/text.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLES_LIMIT (1u << 30)

static bool add_text(cJSON *object, const char *name, const char *text)
{
    return text == NULL || cJSON_AddStringToObject(object, name, text) != NULL;
}

static bool write_columns(cJSON *object, const cop_table *table)
{
    cJSON *columns = cJSON_AddArrayToObject(object, "columns");
    for (size_t i = 0; columns != NULL && i < cop_table_column_count(table); i++) {
        const cop_column *column = cop_table_column(table, i);
        cJSON *item = cJSON_CreateObject();
        if (!cJSON_AddItemToArray(columns, item) || !add_text(item, "name", column->name) ||
            !add_text(item, "unit", column->unit) || !add_text(item, "help", column->help) ||
            cJSON_AddNumberToObject(item, "type", column->type) == NULL ||
            (column->role != COP_COLUMN_UNSAID &&
             cJSON_AddNumberToObject(item, "role", column->role) == NULL))
            return false;
    }
    return columns != NULL;
}

static bool write_plot(cJSON *object, const cop_plot *plot)
{
    if (plot == NULL)
        return true;
    cJSON *item = cJSON_AddObjectToObject(object, "plot");
    return item != NULL && cJSON_AddNumberToObject(item, "kind", plot->kind) != NULL &&
           add_text(item, "title", plot->title) && add_text(item, "x", plot->x) &&
           add_text(item, "y", plot->y) && add_text(item, "error", plot->error) &&
           add_text(item, "value", plot->value) && add_text(item, "series", plot->series) &&
           add_text(item, "headlines", plot->headlines) &&
           cJSON_AddBoolToObject(item, "log_x", plot->log_x) != NULL &&
           cJSON_AddBoolToObject(item, "log_y", plot->log_y) != NULL &&
           (!plot->equal_axes || cJSON_AddTrueToObject(item, "equal_axes") != NULL) &&
           (plot->marks == NULL || add_text(item, "marks", plot->marks)) &&
           (plot->surface == NULL || add_text(item, "surface", plot->surface));
}

static cJSON *cell_text(const cop_table *table, size_t row, size_t column)
{
    cop_table_value cell = cop_table_at(table, row, column);
    char text[64];
    switch (cop_table_column(table, column)->type) {
    case COP_COLUMN_INT:
        (void)snprintf(text, sizeof text, "%" PRId64, cell.i);
        return cJSON_CreateString(text);
    case COP_COLUMN_FLOAT:
        (void)cop_snprintf(text, sizeof text, "%.17g", cell.f);
        return cJSON_CreateString(text);
    case COP_COLUMN_TEXT:
        return cJSON_CreateString(cell.text);
    }
    return NULL;
}

static bool write_rows(cJSON *object, const cop_table *table)
{
    cJSON *rows = cJSON_AddArrayToObject(object, "rows");
    for (size_t r = 0; rows != NULL && r < cop_table_row_count(table); r++) {
        cJSON *row = cJSON_CreateArray();
        if (!cJSON_AddItemToArray(rows, row))
            return false;
        for (size_t c = 0; c < cop_table_column_count(table); c++) {
            if (!cJSON_AddItemToArray(row, cell_text(table, r, c)))
                return false;
        }
    }
    return rows != NULL;
}

cJSON *cop_tables_to_json(const cop_tables *tables)
{
    cJSON *root = cJSON_CreateArray();
    bool ok = root != NULL;
    for (size_t i = 0; ok && i < cop_tables_count(tables); i++) {
        const cop_table *table = cop_tables_at(tables, i);
        cJSON *object = cJSON_CreateObject();
        ok = cJSON_AddItemToArray(root, object) &&
             add_text(object, "name", cop_table_name(table)) &&
             add_text(object, "help", cop_table_help(table)) && write_columns(object, table) &&
             write_plot(object, cop_table_plot(table)) && write_rows(object, table);
    }
    if (ok)
        return root;
    cJSON_Delete(root);
    return NULL;
}

cop_status cop_tables_write(const cop_tables *tables, const char *path, cop_error *err)
{
    cJSON *root = cop_tables_to_json(tables);
    char *text = root != NULL ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    if (text == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_file_write(path, text, strlen(text), err);
    cJSON_free(text);
    return status;
}

static const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static int number_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valueint : 0;
}

static bool is_true(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static cop_plot plot_of(const cJSON *object)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, "plot");
    cop_plot plot = {COP_SIZED(cop_plot)};
    int kind = number_of(item, "kind");
    if (kind >= COP_PLOT_LINES && kind <= COP_PLOT_HEATMAP)
        plot.kind = (cop_plot_kind)kind;
    plot.title = text_of(item, "title");
    plot.x = text_of(item, "x");
    plot.y = text_of(item, "y");
    plot.error = text_of(item, "error");
    plot.value = text_of(item, "value");
    plot.series = text_of(item, "series");
    plot.headlines = text_of(item, "headlines");
    plot.log_x = is_true(item, "log_x");
    plot.log_y = is_true(item, "log_y");
    plot.equal_axes = is_true(item, "equal_axes");
    plot.marks = text_of(item, "marks");
    plot.surface = text_of(item, "surface");
    return plot;
}

static bool read_cell(const char *text, cop_column_type type, cop_table_value *cell)
{
    char *end = NULL;
    switch (type) {
    case COP_COLUMN_INT:
        return cop_integer_parse(text, &cell->i);
    case COP_COLUMN_FLOAT:
        cell->f = cop_strtod(text, &end);
        return end != text && *end == '\0';
    case COP_COLUMN_TEXT:
        cell->text = text;
        return true;
    }
    return false;
}

/* One row of as many texts as there are columns; the row's cells are written into `cells`. */
static bool read_row(const cJSON *row, const cop_column *columns, size_t count,
                     cop_table_value *cells)
{
    if (!cJSON_IsArray(row) || (size_t)cJSON_GetArraySize(row) != count)
        return false;
    size_t i = 0;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, row)
    {
        const char *text = cJSON_GetStringValue(item);
        if (text == NULL)
            return false;
        if (!read_cell(text, columns[i].type, &cells[i]))
            return false;
        i++;
    }
    return true;
}

static bool read_columns(const cJSON *list, cop_column *columns)
{
    size_t i = 0;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        int type = number_of(item, "type"), role = number_of(item, "role");
        if (text_of(item, "name") == NULL || type < COP_COLUMN_INT || type > COP_COLUMN_TEXT ||
            role < COP_COLUMN_UNSAID || role > COP_COLUMN_REPETITION)
            return false;
        columns[i++] = (cop_column){.name = text_of(item, "name"),
                                    .type = (cop_column_type)type,
                                    .role = (cop_column_role)role,
                                    .unit = text_of(item, "unit"),
                                    .help = text_of(item, "help")};
    }
    return true;
}

static cop_status not_tables(cop_error *err)
{
    return cop_fail(err, COP_DAMAGED, "is not a file of tables");
}

/* `columns` and `cells` have room for all of the table's columns. */
static cop_status fill_table(cop_tables *tables, const cJSON *object, cop_column *columns,
                             cop_table_value *cells, size_t count, cop_error *err)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, "columns");
    if (!read_columns(list, columns))
        return not_tables(err);
    cop_plot plot = plot_of(object);
    cop_table *table = cop_tables_put(tables, text_of(object, "name"), text_of(object, "help"),
                                      columns, count, &plot, err);
    if (table == NULL)
        return COP_FAILED;
    const cJSON *row = NULL;
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(object, "rows"))
    {
        if (!read_row(row, columns, count, cells))
            return not_tables(err);
        COP_TRY(cop_table_row(table, cells, err));
    }
    return COP_OK;
}

static cop_status read_table(cop_tables *tables, const cJSON *object, cop_error *err)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, "columns");
    size_t count = (size_t)cJSON_GetArraySize(list);
    if (text_of(object, "name") == NULL || count == 0)
        return not_tables(err);
    cop_column *columns = calloc(count, sizeof *columns);
    cop_table_value *cells = calloc(count, sizeof *cells);
    cop_status status = columns != NULL && cells != NULL
                            ? fill_table(tables, object, columns, cells, count, err)
                            : cop_out_of_memory(err);
    free(columns);
    free(cells);
    return status;
}

cop_status cop_tables_from_json(const cJSON *root, cop_tables **out, cop_error *err)
{
    if (!cJSON_IsArray(root))
        return not_tables(err);
    cop_tables *tables = cop_tables_new();
    if (tables == NULL)
        return cop_out_of_memory(err);
    cop_status status = COP_OK;
    const cJSON *object = NULL;
    cJSON_ArrayForEach(object, root)
    {
        if (status == COP_OK)
            status = read_table(tables, object, err);
    }
    if (status != COP_OK) {
        cop_tables_free(tables);
        return status;
    }
    *out = tables;
    return COP_OK;
}

cop_status cop_tables_read(const char *path, cop_tables **out, cop_error *err)
{
    char *text = NULL;
    size_t size = 0;
    cJSON *root = NULL;
    cop_error why = {0};
    COP_TRY(cop_file_read_regular(path, TABLES_LIMIT, &text, &size, err));
    cop_status status = cop_json_parse(text, size, &root, &why);
    free(text);
    if (status == COP_OK)
        status = cop_tables_from_json(root, out, &why);
    else if (status == COP_DAMAGED)
        (void)not_tables(&why);
    cJSON_Delete(root);
    if (status != COP_OK)
        (void)cop_fail_at(err, status, path, 0, "%s", why.message);
    return status;
}
