/* sheet_tickets.c: a line a ticket, with what the analyzers' summaries say of it. */
#include "report/sheets.h"

#include <math.h>
#include <string.h>

static const cop_column own_columns[COP_TICKET_COLUMNS] = {
    {"setting", COP_COLUMN_TEXT, NULL, "the sweep's values"},
    {"seed", COP_COLUMN_INT, NULL, "replicate"},
    {"stage", COP_COLUMN_INT, NULL, "pruning stage that left this ticket; -1: the dense network"},
    {"round", COP_COLUMN_INT, NULL, "rounds of pruning so far, over all stages"},
    {"sparsity", COP_COLUMN_FLOAT, "%", "share of the prunable weights that is removed"},
    {"kept", COP_COLUMN_FLOAT, NULL, "prunable weights that remain"},
    {"training_points", COP_COLUMN_FLOAT, "images", "training images seen while finding the mask"},
    {"copies", COP_COLUMN_INT, NULL, "trained copies that are there"},
    {"test_accuracy", COP_COLUMN_FLOAT, "%", "mean over the copies"},
    {"test_accuracy_min", COP_COLUMN_FLOAT, "%", "of the copies"},
    {"test_accuracy_max", COP_COLUMN_FLOAT, "%", "of the copies"}};

/* A column of a summary that joins the table. */
typedef struct joined_column {
    const cop_group *group;
    size_t column;
} joined_column;

cop_spread cop_spread_of(const double *values, size_t count)
{
    cop_spread s = {
        .mean = (double)NAN, .std = (double)NAN, .min = (double)NAN, .max = (double)NAN};
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < count; i++) {
        if (isnan(values[i]))
            continue;
        sum += values[i];
        s.min = fmin(s.min, values[i]);
        s.max = fmax(s.max, values[i]);
        s.count++;
    }
    if (s.count == 0)
        return s;
    s.mean = sum / (double)s.count;
    for (size_t i = 0; i < count; i++) {
        if (!isnan(values[i]))
            squares += (values[i] - s.mean) * (values[i] - s.mean);
    }
    if (s.count > 1)
        s.std = sqrt(squares / (double)(s.count - 1));
    return s;
}

size_t cop_copy_accuracies(const cop_results *r, const cop_record_ticket *t, double *values)
{
    size_t count = 0;
    for (size_t i = 0; i < t->copy_count; i++) {
        const cop_result *copy = cop_results_find(r, &t->copies[i]);
        if (copy == NULL)
            continue;
        if (values != NULL)
            values[count] = 100.0 * copy->summary.test_accuracy;
        count++;
    }
    return count;
}

/* "<table>_<column>", or the column alone where it already begins so. */
static const char *joined_name(const cop_group *g, const cop_column *column, cop_arena *arena)
{
    size_t length = strlen(g->name);
    if (strncmp(column->name, g->name, length) == 0 &&
        (column->name[length] == '_' || column->name[length] == '\0'))
        return column->name;
    return cop_arena_printf(arena, "%.50s_%.44s", g->name, column->name);
}

static bool has_name(const cop_column *columns, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(columns[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Fills the joined columns behind the table's own; false when memory is out. */
static bool join_columns(const cop_groups *groups, cop_arena *arena, cop_column *columns,
                         joined_column *joined, size_t *count)
{
    for (size_t g = 0; g < groups->count; g++) {
        const cop_group *group = &groups->items[g];
        for (size_t c = 0; group->is_summary && c < cop_table_column_count(group->layout); c++) {
            const cop_column *from = cop_table_column(group->layout, c);
            const char *name = joined_name(group, from, arena);
            if (name == NULL)
                return false;
            if (cop_is_repetition(from->name) ||
                has_name(columns, COP_TICKET_COLUMNS + *count, name))
                continue;
            columns[COP_TICKET_COLUMNS + *count] = *from;
            columns[COP_TICKET_COLUMNS + *count].name = name;
            if (from->type == COP_COLUMN_INT) /* means of integers */
                columns[COP_TICKET_COLUMNS + *count].type = COP_COLUMN_FLOAT;
            joined[(*count)++] = (joined_column){group, c};
        }
    }
    return true;
}

static size_t count_group_columns(const cop_groups *groups)
{
    size_t count = 0;
    for (size_t g = 0; g < groups->count; g++)
        count += cop_table_column_count(groups->items[g].layout);
    return count;
}

static cop_status add_row(const cop_results *r, const cop_record_ticket *t,
                          const joined_column *joined, size_t joined_count, cop_table *table,
                          cop_cell *cells, cop_error *err)
{
    double *accuracies = cop_arena_array(r->arena, t->copy_count + 1, sizeof *accuracies);
    if (accuracies == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    size_t copies = cop_copy_accuracies(r, t, accuracies);
    cop_spread accuracy = cop_spread_of(accuracies, copies);
    size_t c = 0;
    cells[c++].text = r->record.settings[t->setting].label;
    cells[c++].i = t->seed;
    cells[c++].i = t->stage;
    cells[c++].i = t->round;
    cells[c++].f = cop_ticket_sparsity(r, t);
    cells[c++].f = cop_ticket_kept(r, t);
    cells[c++].f = t->points;
    cells[c++].i = (int64_t)copies;
    cells[c++].f = accuracy.mean;
    cells[c++].f = accuracy.min;
    cells[c++].f = accuracy.max;
    for (size_t i = 0; i < joined_count; i++, c++) {
        const joined_column *j = &joined[i];
        if (cop_table_column(j->group->layout, j->column)->type == COP_COLUMN_TEXT)
            cells[c].text = cop_group_text(j->group, t, j->column, r->arena);
        else
            cells[c].f = cop_group_mean(j->group, t, j->column);
    }
    return cop_table_row(table, cells, err);
}

cop_status cop_sheet_tickets(const cop_results *r, const cop_groups *groups, cop_tables *sheets,
                             cop_error *err)
{
    size_t room = COP_TICKET_COLUMNS + count_group_columns(groups), joined_count = 0;
    cop_column *columns = cop_arena_array(r->arena, room, sizeof *columns);
    joined_column *joined = cop_arena_array(r->arena, room, sizeof *joined);
    cop_cell *cells = cop_arena_array(r->arena, room, sizeof *cells);
    if (columns == NULL || joined == NULL || cells == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    memcpy(columns, own_columns, sizeof own_columns);
    if (!join_columns(groups, r->arena, columns, joined, &joined_count))
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_table *table = cop_tables_add(sheets, "tickets", "Every ticket and seed.", columns,
                                      COP_TICKET_COLUMNS + joined_count, NULL, err);
    if (table == NULL)
        return COP_FAILED;
    for (size_t i = 0; i < r->record.ticket_count; i++)
        COP_TRY(add_row(r, &r->record.tickets[i], joined, joined_count, table, cells, err));
    return COP_OK;
}
