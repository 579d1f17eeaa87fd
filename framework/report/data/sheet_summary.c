/* sheet_summary.c: the ticket table with seeds and copies averaged away. */
#include "core/memory.h"
#include "core/table.h"
#include "core/text.h"
#include "report/data/sheets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SETTING,
    PHASE,
    ROUND,
    SPARSITY,
    ACCURACY,
    ACCURACY_STD,
    SEEDS,
    NETWORKS,
    COLLAPSED,
    STORED,
    DECODED,
    CONTROL,
    EMPTY_LAYERS,
    OWN_COLUMNS
};

static const cop_column own_columns[OWN_COLUMNS] = {
    COP_COLUMN(TEXT, "cell", NULL, "the sweep's values"),
    COP_COLUMN(INT, "phase", NULL, "pruning phase; -1: before any, as the dense network is"),
    COP_COLUMN(INT, "round", NULL, "rounds of pruning so far"),
    COP_COLUMN(FLOAT, "sparsity", "fraction", "mean over the seeds"),
    COP_COLUMN(FLOAT, "test_accuracy", "fraction", "mean over seeds and copies"),
    COP_COLUMN(FLOAT, "test_accuracy_std", "fraction",
               "sample standard deviation over seeds and copies"),
    COP_COLUMN(INT, "seeds", NULL, "seeds with a trained copy"),
    COP_COLUMN(INT, "networks", NULL, "trained copies of all seeds"),
    COP_COLUMN(FLOAT, "collapsed", NULL, "of these, no better than guessing"),
    COP_COLUMN(FLOAT, "training_points_stored", "images", "mean over the seeds, stored images"),
    COP_COLUMN(FLOAT, "training_points_decoded", "images",
               "mean over the seeds, images as decoded"),
    COP_COLUMN(TEXT, "control", NULL, "what stands beside the round's tickets; empty: the tickets"),
    COP_COLUMN(FLOAT, "collapsed_layers", NULL,
               "layers of which the mask keeps no weight, mean over the seeds")};

static const char *const own_headlines = "cell,phase,round,sparsity,test_accuracy,networks,"
                                         "collapsed,training_points_stored,"
                                         "training_points_decoded,collapsed_layers";

/* What one summary column is made of: a column of the ticket table, or its deviation. */
typedef struct source {
    size_t column;
    bool deviation;
} source;

/* What the functions here share. */
typedef struct builder {
    const cop_results *r;
    const cop_joined_list *joined;
    const cop_table *tickets; /* row i is the record's ticket i */
    source *sources;          /* of the columns behind the own ones */
    size_t source_count;
    double *values;                 /* room for a number of every ticket, and for every copy */
    const cop_record_ticket **line; /* room for all */
    cop_table_value *cells;
} builder;

/* True where no earlier ticket is on the same line. */
static bool begins_line(const cop_record *record, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (cop_same_line(&record->tickets[k], &record->tickets[i]))
            return false;
    }
    return true;
}

/* A numeric column's values of the line's tickets. */
static cop_spread spread_of_column(const builder *b, size_t line, size_t column)
{
    const cop_record *record = &b->r->record;
    size_t count = 0;
    for (size_t i = 0; i < record->ticket_count; i++) {
        if (cop_same_line(&record->tickets[i], &record->tickets[line]))
            b->values[count++] = cop_table_number(b->tickets, i, column);
    }
    return cop_spread_of(b->values, count);
}

static cop_spread spread_of_named(const builder *b, size_t line, const char *column)
{
    return spread_of_column(b, line, (size_t)cop_table_find_column(b->tickets, column));
}

/* NaN where no ticket of the line has a number. */
static double sum_of_column(const builder *b, size_t line, const char *column)
{
    cop_spread spread = spread_of_named(b, line, column);
    return spread.count > 0 ? spread.mean * (double)spread.count : (double)NAN;
}

/* Over all rows of the line's tickets, not of what is said of each of these. */
static const char *tally_of_column(const builder *b, size_t line, size_t column)
{
    const cop_record *record = &b->r->record;
    size_t count = 0;
    for (size_t i = 0; i < record->ticket_count; i++) {
        if (cop_same_line(&record->tickets[i], &record->tickets[line]))
            b->line[count++] = &record->tickets[i];
    }
    return cop_joined_tally(&b->joined->items[column - COP_TICKET_COLUMNS], b->r->arena, b->line,
                            count);
}

static cop_spread accuracies(const builder *b, size_t line, int64_t *seeds)
{
    const cop_record *record = &b->r->record;
    size_t count = 0;
    *seeds = 0;
    for (size_t i = 0; i < record->ticket_count; i++) {
        if (!cop_same_line(&record->tickets[i], &record->tickets[line]))
            continue;
        size_t copies = cop_copy_accuracies(b->r, &record->tickets[i], b->values + count);
        *seeds += copies > 0;
        count += copies;
    }
    return cop_spread_of(b->values, count);
}

static cop_status add_line(const builder *b, size_t line, cop_table *table, cop_error *err)
{
    const cop_record_ticket *t = &b->r->record.tickets[line];
    cop_table_value *cells = b->cells;
    cop_spread accuracy = accuracies(b, line, &cells[SEEDS].i);
    cells[SETTING].text = b->r->record.cells[t->cell].label;
    cells[PHASE].i = t->phase;
    cells[ROUND].i = t->round;
    cells[SPARSITY].f = spread_of_named(b, line, "sparsity").mean;
    cells[ACCURACY].f = accuracy.mean;
    cells[ACCURACY_STD].f = accuracy.std;
    cells[NETWORKS].i = (int64_t)accuracy.count;
    cells[COLLAPSED].f = sum_of_column(b, line, "collapsed");
    cells[STORED].f = spread_of_named(b, line, "training_points_stored").mean;
    cells[DECODED].f = spread_of_named(b, line, "training_points_decoded").mean;
    cells[CONTROL].text = t->control != NULL ? t->control : "";
    cells[EMPTY_LAYERS].f = spread_of_named(b, line, "collapsed_layers").mean;
    for (size_t i = 0; i < b->source_count; i++) {
        source s = b->sources[i];
        if (cop_table_column(b->tickets, s.column)->type == COP_COLUMN_TEXT) {
            cells[OWN_COLUMNS + i].text = tally_of_column(b, line, s.column);
            if (cells[OWN_COLUMNS + i].text == NULL)
                return cop_out_of_memory(err);
        } else {
            cop_spread spread = spread_of_column(b, line, s.column);
            cells[OWN_COLUMNS + i].f = s.deviation ? spread.std : spread.mean;
        }
    }
    return cop_table_row(table, cells, err);
}

/* Adds a joined column, and behind a numeric one its deviation, where the name is free. */
static bool add_columns(builder *b, cop_column *columns, size_t from)
{
    const cop_column *column = cop_table_column(b->tickets, from);
    columns[OWN_COLUMNS + b->source_count] = *column;
    b->sources[b->source_count++] = (source){from, false};
    char *name = cop_arena_printf(b->r->arena, "%s_std", column->name);
    if (name == NULL)
        return false;
    if (column->type == COP_COLUMN_TEXT || strlen(name) >= COP_NAME_SIZE ||
        cop_table_find_column(b->tickets, name) >= 0)
        return true;
    columns[OWN_COLUMNS + b->source_count] =
        (cop_column)COP_COLUMN(FLOAT, name, column->unit, "sample standard deviation over seeds");
    b->sources[b->source_count++] = (source){from, true};
    return true;
}

static size_t count_copies(const cop_record *record)
{
    size_t count = 0;
    for (size_t i = 0; i < record->ticket_count; i++)
        count += record->tickets[i].copy_count;
    return count;
}

/* The columns that are shown first: ours, and the analyzers' headlines; NULL when memory is out. */
static char *headlines(const cop_record *record, const cop_joined_list *joined, cop_arena *arena)
{
    cop_text text = {0};
    bool has_controls = false;
    for (size_t i = 0; i < record->ticket_count; i++)
        has_controls = has_controls || record->tickets[i].control != NULL;
    cop_text_printf(&text, "%s%s", own_headlines, has_controls ? ",control" : "");
    for (size_t i = 0; i < joined->count; i++) {
        if (joined->items[i].is_headline)
            cop_text_printf(&text, ",%s", joined->items[i].as.name);
    }
    char *line = cop_text_take(&text), *copy = line != NULL ? cop_arena_strdup(arena, line) : NULL;
    free(line);
    return copy;
}

cop_status cop_sheet_summary(const cop_results *r, const cop_joined_list *joined,
                             const cop_table *tickets, cop_tables *sheets, cop_error *err)
{
    size_t count = cop_table_column_count(tickets), room = OWN_COLUMNS + 2 * count;
    size_t numbers = r->record.ticket_count + count_copies(&r->record) + 1;
    builder b = {.r = r, .joined = joined, .tickets = tickets};
    cop_column *columns = cop_arena_array(r->arena, room, sizeof *columns);
    b.sources = cop_arena_array(r->arena, room, sizeof *b.sources);
    b.cells = cop_arena_array(r->arena, room, sizeof *b.cells);
    b.values = cop_arena_array(r->arena, numbers, sizeof *b.values);
    b.line = cop_arena_array(r->arena, numbers, sizeof *b.line);
    const cop_plot plot = {COP_SIZED(cop_plot),
                           .headlines = headlines(&r->record, joined, r->arena)};
    if (columns == NULL || b.sources == NULL || b.cells == NULL || b.values == NULL ||
        b.line == NULL || plot.headlines == NULL)
        return cop_out_of_memory(err);
    memcpy(columns, own_columns, sizeof own_columns);
    for (size_t i = COP_TICKET_COLUMNS; i < count; i++) {
        if (!add_columns(&b, columns, i))
            return cop_out_of_memory(err);
    }
    cop_table *table = cop_tables_put(sheets, "summary", "Tickets, mean over seeds and copies.",
                                      columns, OWN_COLUMNS + b.source_count, &plot, err);
    if (table == NULL)
        return COP_FAILED;
    for (size_t i = 0; i < r->record.ticket_count; i++) {
        if (begins_line(&r->record, i))
            COP_TRY(add_line(&b, i, table, err));
    }
    return COP_OK;
}
