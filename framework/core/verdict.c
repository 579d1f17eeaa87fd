/* verdict.c: verdicts on tables, checked and joined. */
#include "core/verdict.h"

#include "core/memory.h"
#include "core/table.h"
#include "core/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Whether a column of one table has the name of one of the other. */
static const char *shared_column(const cop_table *a, const cop_table *b)
{
    for (size_t i = 0; i < cop_table_column_count(b); i++) {
        const char *name = cop_table_column(b, i)->name;
        if (cop_table_find_column(a, name) >= 0)
            return name;
    }
    return NULL;
}

static cop_status check_table(const cop_table *table, const cop_table *verdict, cop_error *err)
{
    const char *name = cop_table_name(verdict), *shared = shared_column(table, verdict);
    if (cop_table_row_count(verdict) != cop_table_row_count(table))
        return cop_fail(err, COP_FAILED,
                        "the verdicts on table '%s' are %zu rows, wanted one for each of its %zu",
                        name, cop_table_row_count(verdict), cop_table_row_count(table));
    if (shared != NULL)
        return cop_fail(err, COP_FAILED,
                        "the verdicts on table '%s' have a column '%s', which it has itself", name,
                        shared);
    for (size_t i = 0; i < cop_table_column_count(verdict); i++) {
        const cop_column *column = cop_table_column(verdict, i);
        if (column->role == COP_COLUMN_KEY || column->role == COP_COLUMN_REPETITION)
            return cop_fail(err, COP_FAILED,
                            "the verdicts on table '%s': column '%s' is a %s, wanted a value", name,
                            column->name, column->role == COP_COLUMN_KEY ? "key" : "repetition");
    }
    if (cop_table_plot(verdict)->kind != COP_PLOT_NONE)
        return cop_fail(err, COP_FAILED, "the verdicts on table '%s' ask for a figure", name);
    return COP_OK;
}

cop_status cop_verdicts_check(const cop_tables *tables, const cop_tables *verdicts, cop_error *err)
{
    for (size_t i = 0; i < cop_tables_count(verdicts); i++) {
        const cop_table *verdict = cop_tables_at(verdicts, i);
        const cop_table *table = cop_tables_find(tables, cop_table_name(verdict));
        if (table == NULL)
            return cop_fail(err, COP_FAILED,
                            "verdicts are passed on table '%s', which is not there",
                            cop_table_name(verdict));
        COP_TRY(check_table(table, verdict, err));
    }
    return COP_OK;
}

/* Both tables' headlines: NULL where all columns of the first are shown; the caller's. */
static cop_status join_headlines(const cop_table *table, const cop_table *verdict, char **out,
                                 cop_error *err)
{
    const char *own = cop_table_plot(table)->headlines;
    const char *more = cop_table_plot(verdict)->headlines;
    cop_text text = {0};
    *out = NULL;
    if (own == NULL)
        return COP_OK;
    cop_text_append(&text, own);
    if (more != NULL && more[0] != '\0')
        cop_text_printf(&text, "%s%s", own[0] != '\0' ? "," : "", more);
    for (size_t i = 0; more == NULL && i < cop_table_column_count(verdict); i++)
        cop_text_printf(&text, "%s%s", text.length > 0 ? "," : "",
                        cop_table_column(verdict, i)->name);
    *out = cop_text_take(&text);
    return *out != NULL ? COP_OK : cop_out_of_memory(err);
}

/* A column of verdicts as it is joined. */
static cop_column joined_column(const cop_column *from)
{
    cop_column column = *from;
    if (column.type == COP_COLUMN_INT)
        column.type = COP_COLUMN_FLOAT;
    if (column.role == COP_COLUMN_UNSAID)
        column.role = COP_COLUMN_VALUE;
    return column;
}

/* A verdict's cell as it is joined; of none, where `is_missing`. */
static cop_table_value joined_cell(const cop_table *verdict, size_t row, size_t column,
                                   bool is_missing)
{
    cop_column_type type = cop_table_column(verdict, column)->type;
    if (is_missing)
        return type == COP_COLUMN_TEXT ? (cop_table_value){.text = ""}
                                       : (cop_table_value){.f = (double)NAN};
    cop_table_value cell = cop_table_at(verdict, row, column);
    return type == COP_COLUMN_INT ? (cop_table_value){.f = (double)cell.i} : cell;
}

/* `verdict` gives columns, and cells unless they are missing; NULL: there is none. `columns` and
 * `cells` have room for both tables' columns. */
static cop_status fill_joined(const cop_table *table, const cop_table *verdict, bool is_missing,
                              cop_column *columns, cop_table_value *cells, cop_tables *out,
                              cop_error *err)
{
    size_t own = cop_table_column_count(table);
    size_t more = verdict != NULL ? cop_table_column_count(verdict) : 0;
    char *headlines = NULL;
    cop_plot plot = *cop_table_plot(table);
    for (size_t c = 0; c < own; c++)
        columns[c] = *cop_table_column(table, c);
    for (size_t c = 0; c < more; c++)
        columns[own + c] = joined_column(cop_table_column(verdict, c));
    if (verdict != NULL) {
        COP_TRY(join_headlines(table, verdict, &headlines, err));
        plot.headlines = headlines;
    }
    cop_table *joined = cop_tables_put(out, cop_table_name(table), cop_table_help(table), columns,
                                       own + more, &plot, err);
    free(headlines);
    if (joined == NULL)
        return COP_FAILED;
    for (size_t row = 0; row < cop_table_row_count(table); row++) {
        for (size_t c = 0; c < own; c++)
            cells[c] = cop_table_at(table, row, c);
        for (size_t c = 0; c < more; c++)
            cells[own + c] = joined_cell(verdict, row, c, is_missing);
        COP_TRY(cop_table_row(joined, cells, err));
    }
    return COP_OK;
}

static cop_status join_table(const cop_table *table, const cop_tables *verdicts,
                             const cop_tables *pattern, cop_tables *out, cop_error *err)
{
    const char *name = cop_table_name(table);
    const cop_table *verdict = verdicts != NULL ? cop_tables_find(verdicts, name) : NULL;
    bool is_missing = verdict == NULL;
    if (is_missing && pattern != NULL)
        verdict = cop_tables_find(pattern, name);
    if (is_missing && verdict != NULL && shared_column(table, verdict) != NULL)
        verdict = NULL; /* of an analysis with other columns */
    size_t count =
        cop_table_column_count(table) + (verdict != NULL ? cop_table_column_count(verdict) : 0);
    cop_column *columns = calloc(count, sizeof *columns);
    cop_table_value *cells = calloc(count, sizeof *cells);
    cop_status status = columns != NULL && cells != NULL
                            ? fill_joined(table, verdict, is_missing, columns, cells, out, err)
                            : cop_out_of_memory(err);
    free(columns);
    free(cells);
    return status;
}

cop_status cop_verdicts_join(const cop_tables *tables, const cop_tables *verdicts,
                             const cop_tables *pattern, cop_tables **out, cop_error *err)
{
    cop_tables *joined = cop_tables_new();
    cop_status status = joined != NULL ? COP_OK : cop_out_of_memory(err);
    *out = NULL;
    for (size_t i = 0; status == COP_OK && i < cop_tables_count(tables); i++)
        status = join_table(cop_tables_at(tables, i), verdicts, pattern, joined, err);
    if (status != COP_OK) {
        cop_tables_free(joined);
        return status;
    }
    *out = joined;
    return COP_OK;
}
