/* sheet_tickets.c: a line per ticket, with what the analyzers' summaries say of it. */
#include "core/memory.h"
#include "core/table.h"
#include "core/text.h"
#include "report/data/sheets.h"

#include <math.h>
#include <string.h>

static const cop_column own_columns[COP_TICKET_COLUMNS] = {
    COP_COLUMN(TEXT, "cell", NULL, "the sweep's values"),
    COP_COLUMN(INT, "seed", NULL, "replicate"),
    COP_COLUMN(INT, "phase", NULL,
               "pruning phase that left this ticket; -1: before any, as the dense network is"),
    COP_COLUMN(INT, "round", NULL, "rounds of pruning so far, over all phases"),
    COP_COLUMN(FLOAT, "sparsity", "fraction", "share of the prunable weights that is removed"),
    COP_COLUMN(FLOAT, "kept", NULL, "prunable weights that remain"),
    COP_COLUMN(FLOAT, "training_points_stored", "images",
               "stored images seen while finding the mask, each once per epoch"),
    COP_COLUMN(FLOAT, "training_points_decoded", "images",
               "training images seen while finding the mask: of a distilled set, as decoded"),
    COP_COLUMN(INT, "copies", NULL, "trained copies that are there"),
    COP_COLUMN(FLOAT, "test_accuracy", "fraction", "mean over the copies"),
    COP_COLUMN(FLOAT, "test_accuracy_min", "fraction", "of the copies"),
    COP_COLUMN(FLOAT, "test_accuracy_max", "fraction", "of the copies"),
    COP_COLUMN(FLOAT, "collapsed", NULL,
               "copies that are no better than guessing: test accuracy not above the largest "
               "class's share "
               "by "
               "three standard errors"),
    COP_COLUMN(TEXT, "failure", NULL, "why parts of it are missing; empty where none failed"),
    COP_COLUMN(TEXT, "control", NULL,
               "what stands beside the round's ticket: its mask with weights drawn anew (reinit), "
               "its mask shuffled in each layer, a random one of as many weights in each; empty: "
               "the ticket"),
    COP_COLUMN(FLOAT, "collapsed_layers", NULL, "layers of which the mask keeps no weight")};

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
            values[count] = copy->summary.test_accuracy;
        count++;
    }
    return count;
}

double cop_copies_collapsed(const cop_results *r, const cop_record_ticket *t)
{
    double chance = r->record.cells[t->cell].chance, collapsed = 0.0;
    size_t there = 0;
    for (size_t i = 0; i < t->copy_count; i++) {
        const cop_result *copy = cop_results_find(r, &t->copies[i]);
        there += copy != NULL;
        collapsed += copy != NULL && cop_is_collapsed(copy->summary.test_accuracy, chance) > 0.0;
    }
    return there > 0 && !isnan(chance) ? collapsed : (double)NAN;
}

static cop_status add_row(const cop_results *r, const cop_record_ticket *t,
                          const cop_joined_list *joined, cop_table *table, cop_table_value *cells,
                          cop_error *err)
{
    double *accuracies = cop_arena_array(r->arena, t->copy_count + 1, sizeof *accuracies);
    if (accuracies == NULL)
        return cop_out_of_memory(err);
    size_t copies = cop_copy_accuracies(r, t, accuracies);
    cop_spread accuracy = cop_spread_of(accuracies, copies);
    size_t c = 0;
    cells[c++].text = r->record.cells[t->cell].label;
    cells[c++].i = t->seed;
    cells[c++].i = t->phase;
    cells[c++].i = t->round;
    cells[c++].f = cop_ticket_sparsity(r, t);
    cells[c++].f = cop_ticket_kept(r, t);
    cells[c++].f = cop_ticket_points(r, t, COP_POINTS_STORED);
    cells[c++].f = cop_ticket_points(r, t, COP_POINTS_DECODED);
    cells[c++].i = (int64_t)copies;
    cells[c++].f = accuracy.mean;
    cells[c++].f = accuracy.min;
    cells[c++].f = accuracy.max;
    cells[c++].f = cop_copies_collapsed(r, t);
    cells[c].text = cop_ticket_failure(r, t);
    if (cells[c++].text == NULL)
        return cop_out_of_memory(err);
    cells[c++].text = t->control != NULL ? t->control : "";
    cells[c++].f = cop_ticket_collapsed_layers(r, t);
    for (size_t i = 0; i < joined->count; i++, c++) {
        const cop_joined *j = &joined->items[i];
        if (cop_table_column(j->group->first, j->column)->type == COP_COLUMN_TEXT) {
            cells[c].text = cop_joined_tally(j, r->arena, &t, 1);
            if (cells[c].text == NULL)
                return cop_out_of_memory(err);
        } else
            cells[c].f = cop_table_group_mean(j->group, t, j->key, j->column);
    }
    return cop_table_row(table, cells, err);
}

cop_status cop_ticket_joined(const cop_results *r, const cop_table_groups *groups,
                             cop_joined_list *out, cop_error *err)
{
    return cop_join(groups, own_columns, COP_TICKET_COLUMNS, r->arena, out, err);
}

cop_status cop_sheet_tickets(const cop_results *r, const cop_joined_list *joined,
                             cop_tables *sheets, cop_error *err)
{
    size_t count = COP_TICKET_COLUMNS + joined->count;
    cop_table_value *cells = cop_arena_array(r->arena, count, sizeof *cells);
    cop_column *columns = cop_arena_array(r->arena, count, sizeof *columns);
    if (cells == NULL || columns == NULL)
        return cop_out_of_memory(err);
    memcpy(columns, own_columns, sizeof own_columns);
    for (size_t i = 0; i < joined->count; i++)
        columns[COP_TICKET_COLUMNS + i] = joined->items[i].as;
    cop_table *table =
        cop_tables_put(sheets, "tickets", "Every ticket and seed.", columns, count, NULL, err);
    if (table == NULL)
        return COP_FAILED;
    for (size_t i = 0; i < r->record.ticket_count; i++)
        COP_TRY(add_row(r, &r->record.tickets[i], joined, table, cells, err));
    return COP_OK;
}
