/* sheet_comparisons.c: each cell of the study beside its baseline: what differs, and how sure that
 * is, over matched seeds. */
#include "core/memory.h"
#include "core/table.h"
#include "report/data/sheets.h"
#include "report/data/statistics.h"

#include <math.h>
#include <string.h>

/* Of the intervals. */
#define CONFIDENCE 0.95

/* Tickets of two cells are compared where their sparsities differ by less. */
#define SAME_SPARSITY 0.005

enum {
    CELL,
    BASELINE,
    ROUND,
    SPARSITY,
    RESULT,
    UNIT,
    SEEDS,
    COLLAPSED,
    MEAN,
    BASELINE_MEAN,
    DIFFERENCE,
    DIFFERENCE_SD,
    LOW,
    HIGH,
    EFFECT,
    P,
    P_HOLM,
    COLUMNS
};

static const cop_column columns[COLUMNS] = {
    COP_COLUMN(TEXT, "cell", NULL, "the sweep's values"),
    COP_COLUMN(TEXT, "baseline", NULL, "the cell that it is compared with (study.baseline)"),
    COP_COLUMN(INT, "round", NULL, "rounds of pruning so far, of both"),
    COP_COLUMN(FLOAT, "sparsity", "fraction", "mean over the seeds"),
    COP_COLUMN(TEXT, "result", NULL, "what is compared: a column of tickets"),
    COP_COLUMN(TEXT, "unit", NULL, "of the result, its mean and its difference"),
    COP_COLUMN(INT, "seeds", NULL, "seeds under which both have the result, none collapsed"),
    COP_COLUMN(INT, "collapsed", NULL,
               "seeds left out, as a copy of one of both is no better than guessing"),
    COP_COLUMN(FLOAT, "mean", NULL, "of the cell, over these seeds"),
    COP_COLUMN(FLOAT, "baseline_mean", NULL, "of the baseline, over these seeds"),
    COP_COLUMN(FLOAT, "difference", NULL, "mean difference, cell less baseline"),
    COP_COLUMN(FLOAT, "difference_sd", NULL, "sample standard deviation of the differences"),
    COP_COLUMN(FLOAT, "low", NULL, "95 % confidence interval of the mean difference (Student's t)"),
    COP_COLUMN(FLOAT, "high", NULL, "its other end"),
    COP_COLUMN(FLOAT, "effect", NULL, "Cohen's d of the differences: mean by deviation"),
    COP_COLUMN(FLOAT, "p", NULL, "two-sided, of the paired t-test"),
    COP_COLUMN(FLOAT, "p_holm", NULL,
               "the same, corrected for as many cells as are compared in this round and result"),
};

/* What the functions here share. */
typedef struct comparer {
    const cop_results *r;
    const cop_table *tickets;   /* row i is the record's ticket i */
    size_t sparsity, collapsed; /* columns of it */
    int64_t *found;             /* by cell and seed: rows of it, of the round at hand */
    double *arm, *baseline, *room;
    cop_table_value (*rows)[COLUMNS]; /* of one round and result: a row per cell */
    double *p, *p_holm;
} comparer;

/* Where a cell's ticket under the k-th seed is among those of the round at hand. */
static int64_t *place_of(const comparer *c, size_t cell, size_t k)
{
    return &c->found[cell * c->r->record.seed_count + k];
}

/* Finds the tickets of a round, but for controls; -1 where there is none. */
static void find_tickets(const comparer *c, int64_t round)
{
    const cop_record *record = &c->r->record;
    for (size_t i = 0; i < record->cell_count * record->seed_count; i++)
        c->found[i] = -1;
    for (size_t i = 0; i < record->ticket_count; i++) {
        const cop_record_ticket *t = &record->tickets[i];
        for (size_t k = 0; t->round == round && t->control == NULL && k < record->seed_count; k++)
            if (t->seed == record->seeds[k])
                *place_of(c, t->cell, k) = (int64_t)i;
    }
}

static double number_at(const comparer *c, int64_t row, size_t column)
{
    return cop_table_number(c->tickets, (size_t)row, column);
}

/* Whether both are one ticket, as the dense networks of two cells are: nothing is to compare. */
static bool is_one_ticket(const comparer *c, int64_t own, int64_t other)
{
    const cop_record_ticket *a = &c->r->record.tickets[own], *b = &c->r->record.tickets[other];
    return a->copy_count > 0 && b->copy_count > 0 &&
           cop_same_artifact(&a->copies[0], &b->copies[0]);
}

/* Fills the arms with the results of matched seeds, NaN where there is no pair. Gives how many
 * seeds were left out as one of both collapsed; *sparsity is the cell's mean. */
static int64_t match_seeds(const comparer *c, size_t cell, size_t column, double *sparsity)
{
    const cop_record *record = &c->r->record;
    int64_t collapsed = 0;
    double sum = 0.0, count = 0.0;
    for (size_t k = 0; k < record->seed_count; k++) {
        int64_t own = *place_of(c, cell, k), other = *place_of(c, record->baseline, k);
        c->arm[k] = c->baseline[k] = (double)NAN;
        if (own < 0 || other < 0 || is_one_ticket(c, own, other) ||
            !(fabs(number_at(c, own, c->sparsity) - number_at(c, other, c->sparsity)) <
              SAME_SPARSITY))
            continue;
        sum += number_at(c, own, c->sparsity);
        count += 1.0;
        double a = number_at(c, own, column), b = number_at(c, other, column);
        if (isnan(a) || isnan(b))
            continue;
        if (number_at(c, own, c->collapsed) > 0.0 || number_at(c, other, c->collapsed) > 0.0) {
            collapsed++;
            continue;
        }
        c->arm[k] = a;
        c->baseline[k] = b;
    }
    *sparsity = count > 0.0 ? sum / count : (double)NAN;
    return collapsed;
}

/* A row, without what is corrected; false where there is no pair. */
static bool compare(const comparer *c, size_t cell, int64_t round, size_t column,
                    cop_table_value *out)
{
    const cop_record *record = &c->r->record;
    double sparsity = 0.0;
    int64_t collapsed = match_seeds(c, cell, column, &sparsity);
    const cop_paired d =
        cop_paired_difference(c->arm, c->baseline, record->seed_count, CONFIDENCE, c->room);
    out[CELL].text = record->cells[cell].label;
    out[BASELINE].text = record->cells[record->baseline].label;
    out[ROUND].i = round;
    out[SPARSITY].f = sparsity;
    out[RESULT].text = cop_table_column(c->tickets, column)->name;
    const char *unit = cop_table_column(c->tickets, column)->unit;
    out[UNIT].text = unit != NULL ? unit : "";
    out[SEEDS].i = (int64_t)d.difference.count;
    out[COLLAPSED].i = collapsed;
    out[MEAN].f = cop_spread_of(c->arm, record->seed_count).mean;
    out[BASELINE_MEAN].f = cop_spread_of(c->baseline, record->seed_count).mean;
    out[DIFFERENCE].f = d.difference.mean;
    out[DIFFERENCE_SD].f = d.difference.sd;
    out[LOW].f = d.difference.low;
    out[HIGH].f = d.difference.high;
    out[EFFECT].f = d.effect;
    out[P].f = d.p;
    return d.difference.count > 0 || collapsed > 0;
}

/* All cells in one round by one result. The table is made with the first row. */
static cop_status compare_cells(const comparer *c, int64_t round, size_t column, cop_tables *sheets,
                                cop_table **table, cop_error *err)
{
    const cop_record *record = &c->r->record;
    size_t count = 0;
    for (size_t cell = 0; cell < record->cell_count; cell++)
        if (cell != record->baseline && compare(c, cell, round, column, c->rows[count]))
            count++;
    for (size_t i = 0; i < count; i++)
        c->p[i] = c->rows[i][P].f;
    cop_holm(c->p, count, c->p_holm);
    for (size_t i = 0; i < count; i++) {
        c->rows[i][P_HOLM].f = c->p_holm[i];
        if (*table == NULL)
            *table = cop_tables_put(sheets, "comparisons",
                                    "Cells beside the baseline, over matched seeds.", columns,
                                    COLUMNS, NULL, err);
        if (*table == NULL)
            return COP_FAILED;
        COP_TRY(cop_table_row(*table, c->rows[i], err));
    }
    return COP_OK;
}

/* Whether an earlier ticket is of the same round. */
static bool is_known_round(const cop_record *record, size_t ticket)
{
    for (size_t i = 0; i < ticket; i++)
        if (record->tickets[i].round == record->tickets[ticket].round)
            return true;
    return false;
}

/* How sure a result is, is none to compare. */
static bool is_compared(const cop_joined *j)
{
    return j->is_headline && j->as.type != COP_COLUMN_TEXT &&
           cop_table_column(j->group->first, j->column)->role != COP_COLUMN_ERROR;
}

/* By what cells are compared: accuracy, and the analyzers' headlines that are numbers. */
static cop_status compare_round(const comparer *c, int64_t round, const cop_joined_list *joined,
                                cop_tables *sheets, cop_table **table, cop_error *err)
{
    size_t accuracy = (size_t)cop_table_find_column(c->tickets, "test_accuracy");
    find_tickets(c, round);
    COP_TRY(compare_cells(c, round, accuracy, sheets, table, err));
    for (size_t i = 0; i < joined->count; i++)
        if (is_compared(&joined->items[i]))
            COP_TRY(compare_cells(c, round, COP_TICKET_COLUMNS + i, sheets, table, err));
    return COP_OK;
}

cop_status cop_sheet_comparisons(const cop_results *r, const cop_joined_list *joined,
                                 const cop_table *tickets, cop_tables *sheets, cop_error *err)
{
    size_t seeds = r->record.seed_count + 1, cells = r->record.cell_count + 1;
    comparer c = {.r = r,
                  .tickets = tickets,
                  .sparsity = (size_t)cop_table_find_column(tickets, "sparsity"),
                  .collapsed = (size_t)cop_table_find_column(tickets, "collapsed"),
                  .found = cop_arena_array(r->arena, seeds * cells, sizeof *c.found),
                  .arm = cop_arena_array(r->arena, seeds, sizeof *c.arm),
                  .baseline = cop_arena_array(r->arena, seeds, sizeof *c.baseline),
                  .room = cop_arena_array(r->arena, seeds, sizeof *c.room),
                  .rows = cop_arena_array(r->arena, cells, sizeof *c.rows),
                  .p = cop_arena_array(r->arena, cells, sizeof *c.p),
                  .p_holm = cop_arena_array(r->arena, cells, sizeof *c.p_holm)};
    cop_table *table = NULL;
    if (c.found == NULL || c.arm == NULL || c.baseline == NULL || c.room == NULL ||
        c.rows == NULL || c.p == NULL || c.p_holm == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; r->record.cell_count > 1 && i < r->record.ticket_count; i++)
        if (!is_known_round(&r->record, i))
            COP_TRY(compare_round(&c, r->record.tickets[i].round, joined, sheets, &table, err));
    return COP_OK;
}
