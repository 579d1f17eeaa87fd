/* measures.c: rows of what analyses say of tickets in one number or text, of all that over seeds,
 * and of cells beside each other: out of the report's sheets. */
#include "core/memory.h"
#include "core/table.h"
#include "report/database/rows.h"

#include <stdio.h>
#include <string.h>

static bool is_same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_same(const cop_measure *m, const cop_joined *j)
{
    return strcmp(m->name, j->as.name) == 0 && strcmp(m->analyzer, j->group->analyzer) == 0 &&
           is_same_text(m->unit, j->as.unit) && is_same_text(m->help, j->as.help) &&
           m->is_headline == j->is_headline && m->is_control == j->is_control;
}

/* A copy in the arena; NULL for NULL, and, with *ok false, when memory is out. */
static const char *keep(cop_arena *arena, const char *text, bool *ok)
{
    const char *copy = text != NULL ? cop_arena_strdup(arena, text) : NULL;
    *ok = *ok && (text == NULL || copy != NULL);
    return copy;
}

static cop_status add_measure(cop_rows *rows, const cop_joined *j, cop_error *err)
{
    bool ok = true;
    cop_measure *grown =
        cop_grow(rows->measures, &rows->measure_capacity, rows->measure_count + 1, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(err);
    rows->measures = grown;
    cop_measure *m = &grown[rows->measure_count++];
    *m = (cop_measure){.name = keep(rows->arena, j->as.name, &ok),
                       .analyzer = keep(rows->arena, j->group->analyzer, &ok),
                       .unit = keep(rows->arena, j->as.unit, &ok),
                       .help = keep(rows->arena, j->as.help, &ok),
                       .is_headline = j->is_headline,
                       .is_control = j->is_control};
    if (!ok)
        return cop_out_of_memory(err);
    return COP_ADD_ROW(rows, "measures", cop_datum_integer((int64_t)rows->measure_count),
                       cop_datum_text(m->name), cop_datum_text(m->analyzer),
                       cop_datum_word(m->unit), cop_datum_word(m->help),
                       cop_datum_integer(m->is_headline), cop_datum_integer(m->is_control));
}

static cop_status find_measure(cop_rows *rows, const cop_joined *j, int64_t *id, cop_error *err)
{
    for (*id = 1; *id <= (int64_t)rows->measure_count; ++*id)
        if (is_same(&rows->measures[*id - 1], j))
            return COP_OK;
    return add_measure(rows, j, err);
}

/* The ids of all joined columns; the study's arena's. */
static cop_status find_measures(cop_rows *rows, int64_t **out, cop_error *err)
{
    const cop_joined_list *joined = rows->told->joined;
    *out = cop_arena_array(rows->told->results->arena, joined->count + 1, sizeof **out);
    if (*out == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < joined->count; i++)
        COP_TRY(find_measure(rows, &joined->items[i], &(*out)[i], err));
    return COP_OK;
}

static cop_status add_measured(cop_rows *rows, const int64_t *measures, size_t ticket,
                               cop_error *err)
{
    const cop_table *sheet = cop_tables_find(rows->told->sheets, "tickets");
    for (size_t i = 0; i < rows->told->joined->count; i++) {
        cop_datum value = cop_sheet_datum(sheet, ticket, rows->told->joined->items[i].as.name);
        if (value.type != COP_DATUM_NULL)
            COP_TRY(COP_ADD_ROW(rows, "measured",
                                cop_datum_integer(rows->first_ticket + (int64_t)ticket),
                                cop_datum_integer(measures[i]), value));
    }
    return COP_OK;
}

/* Over seeds. */

/* The deviation beside a column; NULL of the database where there is none. */
static cop_datum deviation_of(const cop_table *sheet, size_t row, const char *column)
{
    char name[2 * COP_NAME_SIZE];
    (void)snprintf(name, sizeof name, "%s_std", column);
    return cop_table_find_column(sheet, name) >= 0 ? cop_sheet_datum(sheet, row, name)
                                                   : (cop_datum){0};
}

static cop_status add_summarised(cop_rows *rows, const int64_t *measures, const cop_table *sheet,
                                 size_t row, cop_error *err)
{
    for (size_t i = 0; i < rows->told->joined->count; i++) {
        const char *name = rows->told->joined->items[i].as.name;
        cop_datum value = cop_sheet_datum(sheet, row, name);
        if (value.type != COP_DATUM_NULL)
            COP_TRY(COP_ADD_ROW(rows, "summarised", cop_datum_integer(rows->summary),
                                cop_datum_integer(measures[i]), value,
                                deviation_of(sheet, row, name)));
    }
    return COP_OK;
}

static cop_status add_summary(cop_rows *rows, const cop_record_ticket *t, const cop_table *sheet,
                              size_t row, cop_error *err)
{
    return COP_ADD_ROW(
        rows, "summaries", cop_datum_integer(++rows->summary),
        cop_datum_integer(rows->first_cell + (int64_t)t->cell), cop_datum_integer(t->phase),
        cop_datum_integer(t->round), cop_datum_text(t->control),
        cop_sheet_datum(sheet, row, "sparsity"), cop_sheet_datum(sheet, row, "test_accuracy"),
        cop_sheet_datum(sheet, row, "test_accuracy_std"), cop_sheet_datum(sheet, row, "seeds"),
        cop_sheet_datum(sheet, row, "networks"), cop_sheet_datum(sheet, row, "collapsed"),
        cop_sheet_datum(sheet, row, "training_points_stored"),
        cop_sheet_datum(sheet, row, "training_points_decoded"),
        cop_sheet_datum(sheet, row, "collapsed_layers"));
}

/* The sheet has a row per line of tickets, in the order of their first ones. */
static cop_status add_summaries(cop_rows *rows, const int64_t *measures, cop_error *err)
{
    const cop_record *record = &rows->told->results->record;
    const cop_table *sheet = cop_tables_find(rows->told->sheets, "summary");
    size_t row = 0;
    for (size_t i = 0; i < record->ticket_count; i++) {
        bool begins = true;
        for (size_t k = 0; begins && k < i; k++)
            begins = !cop_same_line(&record->tickets[k], &record->tickets[i]);
        if (!begins)
            continue;
        COP_TRY(add_summary(rows, &record->tickets[i], sheet, row, err));
        COP_TRY(add_summarised(rows, measures, sheet, row, err));
        row++;
    }
    return COP_OK;
}

/* Cells beside each other. */

/* The cell that a sheet names by its label. */
static cop_datum cell_of(const cop_rows *rows, const cop_table *sheet, size_t row,
                         const char *column)
{
    const cop_record *record = &rows->told->results->record;
    const char *label = cop_table_at(sheet, row, (size_t)cop_table_find_column(sheet, column)).text;
    size_t i = 0;
    while (i + 1 < record->cell_count && strcmp(record->cells[i].label, label) != 0)
        i++;
    return cop_datum_integer(rows->first_cell + (int64_t)i);
}

/* A sheet as it is: its first `cells` columns name cells. */
static cop_status copy_sheet(cop_rows *rows, const char *name, size_t cells, cop_error *err)
{
    enum { MOST = 24 };
    cop_datum values[MOST];
    const cop_table *sheet = cop_tables_find(rows->told->sheets, name);
    size_t count = sheet != NULL ? cop_table_column_count(sheet) : 0;
    if (count > MOST)
        return cop_fail(err, COP_FAILED, "the sheet %s has %zu columns", name, count);
    for (size_t row = 0; count > 0 && row < cop_table_row_count(sheet); row++) {
        for (size_t i = 0; i < count; i++) {
            const char *column = cop_table_column(sheet, i)->name;
            values[i] =
                i < cells ? cell_of(rows, sheet, row, column) : cop_sheet_datum(sheet, row, column);
        }
        COP_TRY(cop_database_add(rows->db, name, values, count, err));
    }
    return COP_OK;
}

cop_status cop_rows_measures(cop_rows *rows, cop_error *err)
{
    int64_t *measures = NULL;
    COP_TRY(find_measures(rows, &measures, err));
    for (size_t i = 0; i < rows->told->results->record.ticket_count; i++)
        COP_TRY(add_measured(rows, measures, i, err));
    COP_TRY(add_summaries(rows, measures, err));
    COP_TRY(copy_sheet(rows, "comparisons", 2, err));
    return copy_sheet(rows, "intervals", 1, err);
}
