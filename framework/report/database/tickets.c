/* tickets.c: rows of distilled sets, tickets, their copies, and what they cost. */
#include "core/memory.h"
#include "core/table.h"
#include "report/database/rows.h"

#include <math.h>

static int64_t cell_id(const cop_rows *rows, size_t cell)
{
    return rows->first_cell + (int64_t)cell;
}

static cop_status add_set(cop_rows *rows, const cop_record_distilled *d, cop_error *err)
{
    const cop_result *set = cop_results_find(rows->told->results, &d->set);
    COP_TRY(COP_ADD_ROW(
        rows, "sets", cop_datum_integer(++rows->set), cop_datum_integer(cell_id(rows, d->cell)),
        cop_datum_integer(d->seed), cop_rows_stage(rows, true, &d->set),
        cop_rows_stage(rows, d->has_trained, &d->trained),
        cop_datum_real(set != NULL ? set->summary.stored : (double)NAN),
        cop_datum_real(set != NULL ? set->summary.decoded : (double)NAN), cop_datum_text(d->recipe),
        cop_datum_real(d->real_images), cop_datum_real(d->second_order)));
    for (size_t i = 0; i < d->training_count; i++)
        COP_TRY(COP_ADD_ROW(rows, "set_trainings", cop_datum_integer(rows->set),
                            cop_datum_integer((int64_t)i),
                            cop_rows_stage(rows, true, &d->trainings[i])));
    return COP_OK;
}

/* Row i of the sheet of tickets is the record's ticket i. */
static cop_status add_ticket(cop_rows *rows, const cop_table *sheet, size_t i, cop_error *err)
{
    const cop_record_ticket *t = &rows->told->results->record.tickets[i];
    COP_TRY(COP_ADD_ROW(
        rows, "tickets", cop_datum_integer(++rows->ticket),
        cop_datum_integer(cell_id(rows, t->cell)), cop_datum_integer(t->seed),
        cop_datum_integer(t->phase), cop_datum_integer(t->round), cop_datum_text(t->control),
        cop_rows_stage(rows, t->has_mask, &t->mask),
        cop_rows_stage(rows, t->has_training, &t->training),
        cop_rows_stage(rows, t->has_data, &t->data), cop_sheet_datum(sheet, i, "sparsity"),
        cop_sheet_datum(sheet, i, "kept"), cop_sheet_datum(sheet, i, "collapsed_layers"),
        cop_sheet_datum(sheet, i, "training_points_stored"),
        cop_sheet_datum(sheet, i, "training_points_decoded"), cop_sheet_datum(sheet, i, "copies"),
        cop_sheet_datum(sheet, i, "test_accuracy"), cop_sheet_datum(sheet, i, "test_accuracy_min"),
        cop_sheet_datum(sheet, i, "test_accuracy_max"), cop_sheet_datum(sheet, i, "collapsed"),
        cop_sheet_datum(sheet, i, "failure")));
    for (size_t k = 0; k < t->copy_count; k++)
        COP_TRY(COP_ADD_ROW(rows, "copies", cop_datum_integer(rows->ticket),
                            cop_datum_integer((int64_t)k),
                            cop_rows_stage(rows, true, &t->copies[k])));
    return COP_OK;
}

/* The sheet of costs has a row per ticket that was pruned, in the record's order. */
static cop_status add_costs(cop_rows *rows, const cop_table *sheet, cop_error *err)
{
    const cop_record *record = &rows->told->results->record;
    size_t row = 0;
    for (size_t i = 0; i < record->ticket_count; i++) {
        if (!record->tickets[i].has_mask || record->tickets[i].control != NULL)
            continue;
        COP_TRY(COP_ADD_ROW(rows, "costs", cop_datum_integer(rows->first_ticket + (int64_t)i),
                            cop_sheet_datum(sheet, row, "search_images"),
                            cop_sheet_datum(sheet, row, "search_steps"),
                            cop_sheet_datum(sheet, row, "search_seconds"),
                            cop_sheet_datum(sheet, row, "distil_images"),
                            cop_sheet_datum(sheet, row, "distil_second_order"),
                            cop_sheet_datum(sheet, row, "distil_seconds"),
                            cop_sheet_datum(sheet, row, "images"),
                            cop_sheet_datum(sheet, row, "seconds")));
        row++;
    }
    return COP_OK;
}

cop_status cop_rows_tickets(cop_rows *rows, cop_error *err)
{
    const cop_record *record = &rows->told->results->record;
    const cop_table *sheet = cop_tables_find(rows->told->sheets, "tickets");
    const cop_table *costs = cop_tables_find(rows->told->sheets, "cost");
    for (size_t i = 0; i < record->distilled_count; i++)
        COP_TRY(add_set(rows, &record->distilled[i], err));
    rows->first_ticket = rows->ticket + 1;
    for (size_t i = 0; i < record->ticket_count; i++)
        COP_TRY(add_ticket(rows, sheet, i, err));
    return costs != NULL ? add_costs(rows, costs, err) : COP_OK;
}
