/* sheet_tickets.c: a line a ticket, with what the analyzers' summaries say of it. */
#include "core/text.h"
#include "report/display.h"
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

static const char own_headlines[] =
    "setting,seed,stage,round,sparsity,test_accuracy,training_points";

/* A column of a summary that joins the table. */
typedef struct joined_column {
    const cop_group *group;
    size_t key, column;
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

/* "<table>_<column>", or "<table>_<key>_<column>" where there are several keys. A column that
 * already begins with the table's name keeps its own. */
static const char *joined_name(const cop_group *g, size_t key, const cop_column *column,
                               cop_arena *arena)
{
    size_t length = strlen(g->name);
    const char *rest = column->name;
    if (strncmp(rest, g->name, length) == 0 && (rest[length] == '_' || rest[length] == '\0'))
        rest += length + (rest[length] == '_');
    if (g->key_count < 2)
        return cop_arena_printf(arena, "%.45s%s%.45s", g->name, rest[0] != '\0' ? "_" : "", rest);
    char *name = cop_arena_printf(arena, "%.40s_%.20s_%.33s", g->name, g->keys[key], rest);
    for (char *c = name; c != NULL && *c != '\0'; c++) {
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_", *c) == NULL)
            *c = '_';
    }
    return name;
}

static bool has_name(const cop_column *columns, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(columns[i].name, name) == 0)
            return true;
    }
    return false;
}

/* What the joining functions share. */
typedef struct joiner {
    cop_column *columns; /* of the table: its own, then the joined ones */
    joined_column *joined;
    size_t count; /* joined */
    cop_text headlines;
    cop_arena *arena;
} joiner;

/* True for a summary whose author chose none: then every column may be shown. */
static bool states_no_headlines(const cop_table *table)
{
    const cop_plot *plot = cop_table_plot(table);
    return plot == NULL || plot->headlines == NULL;
}

/* Joins one group's columns under one key; false when memory is out. */
static bool join_group(joiner *j, const cop_group *group, size_t key)
{
    for (size_t c = 0; c < cop_table_column_count(group->layout); c++) {
        const cop_column *from = cop_table_column(group->layout, c);
        if (cop_is_repetition(from->name) || cop_group_is_key(group, c))
            continue;
        const char *name = joined_name(group, key, from, j->arena);
        if (name == NULL)
            return false;
        if (has_name(j->columns, COP_TICKET_COLUMNS + j->count, name))
            continue;
        cop_column *column = &j->columns[COP_TICKET_COLUMNS + j->count];
        *column = *from;
        column->name = name;
        if (from->type == COP_COLUMN_INT) /* means of integers */
            column->type = COP_COLUMN_FLOAT;
        if (states_no_headlines(group->layout) || cop_is_headline(group->layout, from->name))
            cop_text_printf(&j->headlines, ",%s", name);
        j->joined[j->count++] = (joined_column){group, key, c};
    }
    return true;
}

static bool join_groups(joiner *j, const cop_groups *groups)
{
    for (size_t g = 0; g < groups->count; g++) {
        const cop_group *group = &groups->items[g];
        for (size_t key = 0; key < group->key_count; key++) {
            if (!join_group(j, group, key))
                return false;
        }
    }
    return true;
}

static size_t count_group_columns(const cop_groups *groups)
{
    size_t count = 0;
    for (size_t g = 0; g < groups->count; g++)
        count += groups->items[g].key_count * cop_table_column_count(groups->items[g].layout);
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
    cells[c++].f = cop_ticket_points(r, t);
    cells[c++].i = (int64_t)copies;
    cells[c++].f = accuracy.mean;
    cells[c++].f = accuracy.min;
    cells[c++].f = accuracy.max;
    for (size_t i = 0; i < joined_count; i++, c++) {
        const joined_column *j = &joined[i];
        if (cop_table_column(j->group->layout, j->column)->type == COP_COLUMN_TEXT) {
            cells[c].text = cop_group_text(j->group, t, j->key, j->column, r->arena);
            if (cells[c].text == NULL)
                return cop_fail(err, COP_FAILED, "out of memory");
        } else
            cells[c].f = cop_group_mean(j->group, t, j->key, j->column);
    }
    return cop_table_row(table, cells, err);
}

cop_status cop_sheet_tickets(const cop_results *r, const cop_groups *groups, cop_tables *sheets,
                             cop_error *err)
{
    size_t room = COP_TICKET_COLUMNS + count_group_columns(groups);
    cop_cell *cells = cop_arena_array(r->arena, room, sizeof *cells);
    joiner j = {.arena = r->arena};
    j.columns = cop_arena_array(r->arena, room, sizeof *j.columns);
    j.joined = cop_arena_array(r->arena, room, sizeof *j.joined);
    if (cells == NULL || j.columns == NULL || j.joined == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    memcpy(j.columns, own_columns, sizeof own_columns);
    cop_text_append(&j.headlines, own_headlines);
    bool joined = join_groups(&j, groups) && !j.headlines.failed;
    const cop_plot plot = {.headlines = j.headlines.data};
    cop_table *table = NULL;
    if (joined)
        table = cop_tables_add(sheets, "tickets", "Every ticket and seed.", j.columns,
                               COP_TICKET_COLUMNS + j.count, &plot, err);
    cop_text_free(&j.headlines);
    if (table == NULL)
        return joined ? COP_FAILED : cop_fail(err, COP_FAILED, "out of memory");
    for (size_t i = 0; i < r->record.ticket_count; i++)
        COP_TRY(add_row(r, &r->record.tickets[i], j.joined, j.count, table, cells, err));
    return COP_OK;
}

const char *cop_joined_headlines(const cop_table *tickets)
{
    return cop_table_plot(tickets)->headlines + strlen(own_headlines);
}
