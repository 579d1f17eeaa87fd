/* sheets.c: the plain tables of the report, and the order of all. */
#include "report/data/sheets.h"
#include "core/table.h"

#include "core/memory.h"

#include <math.h>
#include <string.h>

static const cop_column training_columns[] = {
    COP_COLUMN(TEXT, "cell", NULL, "the sweep's values"),
    COP_COLUMN(INT, "seed", NULL, "replicate"),
    COP_COLUMN(INT, "phase", NULL, "pruning phase; -1: before any, as the dense network is"),
    COP_COLUMN(INT, "round", NULL, "rounds of pruning so far"),
    COP_COLUMN(
        TEXT, "role", NULL,
        "copy: a ticket's; reinit, shuffle, random: of that control beside it; pruned: found the "
        "ticket's mask; distilled: judges a distilled set; distiller: what a distiller asked for"),
    COP_COLUMN(INT, "copy", NULL, "number of the copy"),
    COP_COLUMN(TEXT, "id", NULL, "artifact; a training that serves twice is listed twice"),
    COP_COLUMN(FLOAT, "epochs", NULL, "passes over its data"),
    COP_COLUMN(FLOAT, "steps", NULL, "optimiser steps"),
    COP_COLUMN(FLOAT, "samples", "images", "training images seen: of a distilled set, as decoded"),
    COP_COLUMN(FLOAT, "train_loss", NULL, "mean of the last epoch"),
    COP_COLUMN(FLOAT, "train_accuracy", "fraction", "mean of the last epoch"),
    COP_COLUMN(FLOAT, "test_loss", NULL, "at the end"),
    COP_COLUMN(FLOAT, "test_accuracy", "fraction", "at the end"),
    COP_COLUMN(FLOAT, "collapsed", NULL,
               "1: no better than guessing; empty where the record does not say how good that is")};

/* Where a training stands in the study. */
typedef struct training_use {
    size_t cell;
    int64_t seed, phase, round;
    const char *role;
    int64_t copy;
} training_use;

static cop_status add_training(const cop_results *r, cop_table *table, training_use use,
                               const cop_artifact_id *id, cop_error *err)
{
    const cop_result *result = cop_results_find(r, id);
    if (result == NULL)
        return COP_OK;
    const cop_summary *s = &result->summary;
    const cop_table_value cells[] = {
        {.text = r->record.cells[use.cell].label},
        {.i = use.seed},
        {.i = use.phase},
        {.i = use.round},
        {.text = use.role},
        {.i = use.copy},
        {.text = id->hash},
        {.f = s->epochs},
        {.f = s->steps},
        {.f = s->samples},
        {.f = s->train_loss},
        {.f = s->train_accuracy},
        {.f = s->test_loss},
        {.f = s->test_accuracy},
        {.f = cop_is_collapsed(s->test_accuracy, r->record.cells[use.cell].chance)}};
    return cop_table_row(table, cells, err);
}

static cop_status add_trainings(const cop_results *r, cop_tables *sheets, cop_error *err)
{
    cop_table *table =
        cop_tables_put(sheets, "trainings", "Every trained network.", training_columns,
                       sizeof training_columns / sizeof training_columns[0], NULL, err);
    if (table == NULL)
        return COP_FAILED;
    for (size_t i = 0; i < r->record.distilled_count; i++) {
        const cop_record_distilled *d = &r->record.distilled[i];
        training_use use = {d->cell, d->seed, -1, 0, "distilled", 0};
        if (d->has_trained)
            COP_TRY(add_training(r, table, use, &d->trained, err));
        use.role = "distiller";
        for (size_t k = 0; k < d->training_count; k++) {
            use.copy = (int64_t)k;
            COP_TRY(add_training(r, table, use, &d->trainings[k], err));
        }
    }
    for (size_t i = 0; i < r->record.ticket_count; i++) {
        const cop_record_ticket *t = &r->record.tickets[i];
        training_use use = {t->cell, t->seed, t->phase, t->round, "pruned", 0};
        if (t->has_training)
            COP_TRY(add_training(r, table, use, &t->training, err));
        use.role = t->control != NULL ? t->control : "copy";
        for (size_t k = 0; k < t->copy_count; k++) {
            use.copy = (int64_t)k;
            COP_TRY(add_training(r, table, use, &t->copies[k], err));
        }
    }
    return COP_OK;
}

static const cop_column history_columns[] = {
    COP_COLUMN(TEXT, "id", NULL, "the training, as in trainings.csv"),
    COP_COLUMN(FLOAT, "epoch", NULL, "from 1"),
    COP_COLUMN(FLOAT, "lr", NULL, "learning rate of the epoch's last step"),
    COP_COLUMN(FLOAT, "train_loss", NULL, "mean over the epoch"),
    COP_COLUMN(FLOAT, "train_accuracy", "fraction", "mean over the epoch"),
    COP_COLUMN(FLOAT, "test_loss", NULL, "behind the epoch; empty where not evaluated"),
    COP_COLUMN(FLOAT, "test_accuracy", "fraction", "behind the epoch; empty where not evaluated")};

static cop_status add_history(const cop_results *r, cop_tables *sheets, cop_error *err)
{
    cop_table *table =
        cop_tables_put(sheets, "history", "Every epoch of every training.", history_columns,
                       sizeof history_columns / sizeof history_columns[0], NULL, err);
    if (table == NULL)
        return COP_FAILED;
    for (size_t i = 0; i < r->found_count; i++) {
        const cop_result *result = &r->found[i];
        for (size_t k = 0; k < result->history_count; k++) {
            const double *row = result->history[k];
            const cop_table_value cells[] = {{.text = result->id.hash},
                                             {.f = row[COP_HISTORY_EPOCH]},
                                             {.f = row[COP_HISTORY_LR]},
                                             {.f = row[COP_HISTORY_TRAIN_LOSS]},
                                             {.f = row[COP_HISTORY_TRAIN_ACCURACY]},
                                             {.f = row[COP_HISTORY_TEST_LOSS]},
                                             {.f = row[COP_HISTORY_TEST_ACCURACY]}};
            COP_TRY(cop_table_row(table, cells, err));
        }
    }
    return COP_OK;
}

static const cop_column ticket_key[] = {
    COP_COLUMN(TEXT, "cell", NULL, "the sweep's values"),
    COP_COLUMN(INT, "seed", NULL, "replicate"),
    COP_COLUMN(INT, "phase", NULL, "pruning phase; -1: before any, as the dense network is"),
    COP_COLUMN(INT, "round", NULL, "rounds of pruning so far"),
    COP_COLUMN(FLOAT, "sparsity", "fraction", "share of the prunable weights that is removed")};

static const cop_column control_key =
    COP_COLUMN(TEXT, "control", NULL, "what stands beside the round's ticket; empty: the ticket");

enum { KEY_COLUMNS = sizeof ticket_key / sizeof ticket_key[0] };

/* Whether some of its tables are of controls: then a last column tells them apart. */
static bool has_controls(const cop_table_group *g)
{
    for (size_t i = 0; i < g->member_count; i++) {
        if (g->members[i].ticket->control != NULL)
            return true;
    }
    return false;
}

/* The analyzer's own name for a column, unless a key column has it. */
static const char *own_name(const cop_table_group *g, const char *name, cop_arena *arena)
{
    for (size_t i = 0; i < KEY_COLUMNS; i++) {
        if (strcmp(ticket_key[i].name, name) == 0)
            return cop_arena_printf(arena, "%.80s_%s", g->name, name);
    }
    if (strcmp(control_key.name, name) == 0 && has_controls(g))
        return cop_arena_printf(arena, "%.80s_%s", g->name, name);
    return name;
}

static cop_status add_member(const cop_results *r, const cop_table_group_member *member,
                             cop_table *table, cop_table_value *cells, cop_error *err)
{
    const cop_record_ticket *t = member->ticket;
    size_t own = cop_table_column_count(member->table);
    if (cop_table_column_count(table) > KEY_COLUMNS + own)
        cells[KEY_COLUMNS + own].text = t->control != NULL ? t->control : "";
    cells[0].text = r->record.cells[t->cell].label;
    cells[1].i = t->seed;
    cells[2].i = t->phase;
    cells[3].i = t->round;
    cells[4].f = cop_ticket_sparsity(r, t);
    for (size_t row = 0; row < cop_table_row_count(member->table); row++) {
        for (size_t c = 0; c < own; c++)
            cells[KEY_COLUMNS + c] = cop_table_at(member->table, row, c);
        COP_TRY(cop_table_row(table, cells, err));
    }
    return COP_OK;
}

static cop_status add_group(const cop_results *r, const cop_table_group *g, cop_tables *sheets,
                            cop_error *err)
{
    size_t own = cop_table_column_count(g->first), count = KEY_COLUMNS + own;
    cop_column *columns = cop_arena_array(r->arena, count + 1, sizeof *columns);
    cop_table_value *cells = cop_arena_array(r->arena, count + 1, sizeof *cells);
    if (columns == NULL || cells == NULL)
        return cop_out_of_memory(err);
    memcpy(columns, ticket_key, sizeof ticket_key);
    for (size_t i = 0; i < own; i++) {
        columns[KEY_COLUMNS + i] = *cop_table_column(g->first, i);
        columns[KEY_COLUMNS + i].name = own_name(g, cop_table_column(g->first, i)->name, r->arena);
    }
    if (has_controls(g))
        columns[count++] = control_key;
    const char *help = cop_table_group_title(g, cop_table_help(g->first), r->arena);
    if (help == NULL)
        return cop_out_of_memory(err);
    cop_table *table = cop_tables_put(sheets, g->name, help, columns, count, NULL, err);
    if (table == NULL)
        return COP_FAILED;
    for (size_t i = 0; i < g->member_count; i++)
        COP_TRY(add_member(r, &g->members[i], table, cells, err));
    return COP_OK;
}

static const cop_column cost_columns[] = {
    COP_COLUMN(TEXT, "kind", NULL, "of stage"),
    COP_COLUMN(TEXT, "id", NULL, "artifact"),
    COP_COLUMN(FLOAT, "seconds", "s", "spent on it, all attempts together"),
    COP_COLUMN(TEXT, "provenance", NULL, "program, processor and libraries that computed it"),
    COP_COLUMN(TEXT, "cell", NULL, "of distilled sets: the first cell that has it"),
    COP_COLUMN(FLOAT, "trained_seconds", "s",
               "of distilled sets: spent on trainings that the distiller asked for")};

/* The first line of the record that has the set; NULL for other artifacts. */
static const cop_record_distilled *line_of_set(const cop_results *r, const cop_artifact_id *id)
{
    for (size_t i = 0; i < r->record.distilled_count; i++)
        if (cop_same_artifact(&r->record.distilled[i].set, id))
            return &r->record.distilled[i];
    return NULL;
}

/* What a set's trainings took; NaN where one is not there, or it is no set. */
static double trained_seconds(const cop_results *r, const cop_record_distilled *d)
{
    double seconds = d != NULL ? 0.0 : (double)NAN;
    for (size_t i = 0; d != NULL && i < d->training_count; i++) {
        const cop_result *training = cop_results_find(r, &d->trainings[i]);
        seconds += training != NULL ? training->seconds : (double)NAN;
    }
    return seconds;
}

static cop_status add_costs(const cop_results *r, cop_tables *sheets, cop_error *err)
{
    cop_table *table =
        cop_tables_put(sheets, "costs", "Seconds and provenance of every artifact.", cost_columns,
                       sizeof cost_columns / sizeof cost_columns[0], NULL, err);
    if (table == NULL)
        return COP_FAILED;
    for (size_t i = 0; i < r->found_count; i++) {
        const cop_result *result = &r->found[i];
        const cop_record_distilled *d = line_of_set(r, &result->id);
        const cop_table_value cells[] = {{.text = result->id.kind},
                                         {.text = result->id.hash},
                                         {.f = result->seconds},
                                         {.text = result->provenance},
                                         {.text = d != NULL ? r->record.cells[d->cell].label : ""},
                                         {.f = trained_seconds(r, d)}};
        COP_TRY(cop_table_row(table, cells, err));
    }
    return COP_OK;
}

static const cop_column column_columns[] = {COP_COLUMN(TEXT, "table", NULL, "file without .csv"),
                                            COP_COLUMN(TEXT, "column", NULL, "its name"),
                                            COP_COLUMN(TEXT, "unit", NULL, "empty for none"),
                                            COP_COLUMN(TEXT, "meaning", NULL, "in a few words")};

static cop_status add_columns(cop_tables *sheets, cop_error *err)
{
    size_t count = cop_tables_count(sheets);
    cop_table *table =
        cop_tables_put(sheets, "columns", "What the columns of all tables mean.", column_columns,
                       sizeof column_columns / sizeof column_columns[0], NULL, err);
    if (table == NULL)
        return COP_FAILED;
    for (size_t i = 0; i < count; i++) {
        const cop_table *described = cop_tables_at(sheets, i);
        for (size_t c = 0; c < cop_table_column_count(described); c++) {
            const cop_column *column = cop_table_column(described, c);
            const cop_table_value cells[] = {{.text = cop_table_name(described)},
                                             {.text = column->name},
                                             {.text = column->unit},
                                             {.text = column->help}};
            COP_TRY(cop_table_row(table, cells, err));
        }
    }
    return COP_OK;
}

cop_status cop_sheets_make(const cop_results *r, const cop_table_groups *groups, cop_tables *sheets,
                           cop_error *err)
{
    cop_joined_list joined;
    COP_TRY(cop_ticket_joined(r, groups, &joined, err));
    COP_TRY(cop_sheet_tickets(r, &joined, sheets, err));
    COP_TRY(cop_sheet_summary(r, &joined, cop_tables_find(sheets, "tickets"), sheets, err));
    COP_TRY(cop_sheet_comparisons(r, &joined, cop_tables_find(sheets, "tickets"), sheets, err));
    COP_TRY(cop_sheet_intervals(r, &joined, cop_tables_find(sheets, "tickets"), sheets, err));
    COP_TRY(cop_sheet_failures(r, sheets, err));
    COP_TRY(add_trainings(r, sheets, err));
    COP_TRY(cop_sheet_distilled(r, sheets, err));
    COP_TRY(cop_sheet_cost(r, sheets, err));
    COP_TRY(add_history(r, sheets, err));
    for (size_t i = 0; i < groups->count; i++)
        COP_TRY(add_group(r, &groups->items[i], sheets, err));
    COP_TRY(add_costs(r, sheets, err));
    return add_columns(sheets, err);
}
