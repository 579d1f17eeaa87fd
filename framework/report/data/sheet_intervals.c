/* sheet_intervals.c: where the mean of what is measured between copies may lie, and what that rests
 * on. Seeds are independent of each other: with several, it is Student's interval of their means.
 * Within one seed there are pairs of copies, which are not, as each copy is in several: then it is
 * the jackknife's over copies, and says nothing of other seeds. One pair has none. */
#include "core/memory.h"
#include "core/table.h"
#include "report/data/sheets.h"
#include "report/data/statistics.h"

#include <inttypes.h>
#include <math.h>

/* Of the intervals. */
#define CONFIDENCE 0.95

static const cop_column columns[] = {
    COP_COLUMN(TEXT, "cell", NULL, "the sweep's values"),
    COP_COLUMN(INT, "round", NULL, "rounds of pruning so far"),
    COP_COLUMN(FLOAT, "sparsity", "fraction", "mean over the seeds"),
    COP_COLUMN(TEXT, "result", NULL, "a column of tickets: a mean over pairs of copies"),
    COP_COLUMN(TEXT, "unit", NULL, "of the result"),
    COP_COLUMN(INT, "seeds", NULL, "seeds under which it is a number"),
    COP_COLUMN(INT, "pairs", NULL, "pairs of copies under all of them"),
    COP_COLUMN(FLOAT, "mean", NULL, "over these seeds"),
    COP_COLUMN(FLOAT, "low", NULL, "95 % confidence interval of the mean"),
    COP_COLUMN(FLOAT, "high", NULL, "its other end"),
    COP_COLUMN(TEXT, "basis", NULL,
               "what it rests on: several seeds (Student's t over their means), or the copies of "
               "one (a jackknife that leaves out a copy at a time: pairs share copies)"),
};

/* What the functions here share. */
typedef struct builder {
    const cop_results *r;
    const cop_table *tickets; /* row i is the record's ticket i */
    double *values;           /* room for a number of every ticket */
} builder;

/* What the line's tickets say of a result. */
typedef struct line {
    const cop_joined *joined;
    size_t column;                 /* of the tickets */
    size_t seeds, pairs;           /* that are there */
    const cop_record_ticket *last; /* that has a number; NULL: none */
    double sparsity;
} line;

static line collect(const builder *b, size_t first, const cop_joined *j, size_t column)
{
    const cop_record *record = &b->r->record;
    size_t sparsity = (size_t)cop_table_find_column(b->tickets, "sparsity"), count = 0;
    line l = {.joined = j, .column = column};
    for (size_t i = 0; i < record->ticket_count; i++) {
        const cop_record_ticket *t = &record->tickets[i];
        double value = cop_table_number(b->tickets, i, column);
        if (!cop_same_line(t, &record->tickets[first]) || isnan(value))
            continue;
        l.pairs += cop_table_group_pairs(j->group, t, j->key, j->column, NULL);
        l.sparsity += cop_table_number(b->tickets, i, sparsity);
        l.last = t;
        b->values[count++] = value;
    }
    l.seeds = count;
    l.sparsity = count > 0 ? l.sparsity / (double)count : (double)NAN;
    return l;
}

/* false: no memory. */
static bool find_interval(const builder *b, const line *l, cop_interval *out)
{
    *out = cop_mean_interval(b->values, l->seeds, CONFIDENCE);
    if (l->seeds != 1)
        return true;
    cop_pair_value *pairs = cop_arena_array(b->r->arena, l->pairs + 1, sizeof *pairs);
    if (pairs == NULL)
        return false;
    size_t count =
        cop_table_group_pairs(l->joined->group, l->last, l->joined->key, l->joined->column, pairs);
    const cop_interval over_copies = cop_pairs_interval(pairs, count, CONFIDENCE);
    out->low = over_copies.low;
    out->high = over_copies.high;
    return true;
}

/* The arena's; NULL: no memory. */
static const char *basis_of(const builder *b, const line *l, const cop_interval *interval)
{
    if (l->seeds > 1)
        return cop_arena_printf(b->r->arena, "%zu seeds: interval over seeds", l->seeds);
    const char *plural = l->pairs == 1 ? "" : "s";
    return isnan(interval->low)
               ? cop_arena_printf(b->r->arena, "one seed, %zu pair%s of copies: no interval",
                                  l->pairs, plural)
               : cop_arena_printf(b->r->arena,
                                  "one seed: interval over copies by jackknife, %zu pair%s",
                                  l->pairs, plural);
}

/* Makes the table with its first row. */
static cop_status add_line(const builder *b, size_t first, const cop_joined *j, size_t column,
                           cop_tables *sheets, cop_table **table, cop_error *err)
{
    const cop_record_ticket *t = &b->r->record.tickets[first];
    const line l = collect(b, first, j, column);
    cop_interval interval;
    if (l.seeds == 0 || l.pairs == 0)
        return COP_OK;
    if (!find_interval(b, &l, &interval))
        return cop_out_of_memory(err);
    const char *basis = basis_of(b, &l, &interval);
    if (basis == NULL)
        return cop_out_of_memory(err);
    if (*table == NULL)
        *table = cop_tables_put(sheets, "intervals", "Where means over pairs of copies may lie.",
                                columns, sizeof columns / sizeof columns[0], NULL, err);
    if (*table == NULL)
        return COP_FAILED;
    const cop_table_value cells[] = {{.text = b->r->record.cells[t->cell].label},
                                     {.i = t->round},
                                     {.f = l.sparsity},
                                     {.text = j->as.name},
                                     {.text = j->as.unit != NULL ? j->as.unit : ""},
                                     {.i = (int64_t)l.seeds},
                                     {.i = (int64_t)l.pairs},
                                     {.f = interval.mean},
                                     {.f = interval.low},
                                     {.f = interval.high},
                                     {.text = basis}};
    return cop_table_row(*table, cells, err);
}

/* Whether it is no control, and no earlier ticket is on the same line. */
static bool begins_line(const cop_record *record, size_t i)
{
    if (record->tickets[i].control != NULL)
        return false;
    for (size_t k = 0; k < i; k++)
        if (cop_same_line(&record->tickets[k], &record->tickets[i]))
            return false;
    return true;
}

static bool is_of_pairs(const cop_joined *j)
{
    return j->is_headline && j->as.type != COP_COLUMN_TEXT &&
           cop_table_column(j->group->first, j->column)->role != COP_COLUMN_ERROR &&
           cop_table_group_has_pairs(j->group);
}

cop_status cop_sheet_intervals(const cop_results *r, const cop_joined_list *joined,
                               const cop_table *tickets, cop_tables *sheets, cop_error *err)
{
    const builder b = {.r = r,
                       .tickets = tickets,
                       .values =
                           cop_arena_array(r->arena, r->record.ticket_count + 1, sizeof *b.values)};
    cop_table *table = NULL;
    if (b.values == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < r->record.ticket_count; i++) {
        for (size_t k = 0; begins_line(&r->record, i) && k < joined->count; k++) {
            if (is_of_pairs(&joined->items[k]))
                COP_TRY(add_line(&b, i, &joined->items[k], COP_TICKET_COLUMNS + k, sheets, &table,
                                 err));
        }
    }
    return COP_OK;
}
