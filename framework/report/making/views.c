/* views.c: which tables and columns people are shown. */
#include "core/memory.h"
#include "core/table.h"
#include "report/data/sheets.h"
#include "report/data/shown.h"
#include "report/making/making.h"

#include <string.h>

/* Whether a column of the summary has nothing above zero to show. */
static bool is_all_zero(const cop_table *table, const char *column)
{
    size_t c = (size_t)cop_table_find_column(table, column);
    for (size_t i = 0; i < cop_table_row_count(table); i++) {
        if (cop_table_number(table, i, c) > 0.0)
            return false;
    }
    return true;
}

static bool are_equal(const cop_table *table, const char *left, const char *right)
{
    size_t a = (size_t)cop_table_find_column(table, left);
    size_t b = (size_t)cop_table_find_column(table, right);
    for (size_t i = 0; i < cop_table_row_count(table); i++) {
        if (cop_table_number(table, i, a) != cop_table_number(table, i, b))
            return false;
    }
    return true;
}

/* Columns of the summary that say nothing in this study, NULL-terminated; NULL: no memory. */
static const char *const *dull_columns(const cop_making *r, const cop_table *summary)
{
    const char **names = cop_arena_array(r->results.arena, 7, sizeof *names);
    size_t count = 0;
    bool one_phase = true, has_controls = false;
    if (names == NULL)
        return NULL;
    for (size_t i = 0; i < r->results.record.ticket_count; i++)
        one_phase = one_phase && r->results.record.tickets[i].phase <= 0;
    for (size_t i = 0; i < r->results.record.ticket_count; i++)
        has_controls = has_controls || r->results.record.tickets[i].control != NULL;
    names[count++] = "seeds";
    if (one_phase)
        names[count++] = "phase";
    if (is_all_zero(summary, "collapsed"))
        names[count++] = "collapsed";
    if (!has_controls)
        names[count++] = "control";
    if (is_all_zero(summary, "collapsed_layers"))
        names[count++] = "collapsed_layers";
    if (are_equal(summary, "training_points_stored", "training_points_decoded"))
        names[count++] = "training_points_decoded";
    return names;
}

/* The summary's columns that say which ticket it is, and those of controls that are judged;
 * *controls: how many of the latter. NULL: no memory. */
static const char *const *control_columns(const cop_making *r, size_t *controls, cop_error *err)
{
    static const char *const keys[] = {"cell", "phase", "round", "sparsity"};
    enum { KEYS = sizeof keys / sizeof keys[0] };
    const cop_joined_list *joined = &r->joined;
    *controls = 0;
    const char **names =
        cop_arena_array(r->results.arena, KEYS + 2 * joined->count + 1, sizeof *names);
    size_t count = 0;
    if (names == NULL) {
        (void)cop_out_of_memory(err);
        return NULL;
    }
    for (; count < KEYS; count++)
        names[count] = keys[count];
    for (size_t i = 0; i < joined->count; i++) {
        const cop_joined *j = &joined->items[i];
        if (!j->is_control || !j->is_main)
            continue;
        names[count++] = j->as.name;
        ++*controls;
    }
    return names;
}

/* Long labels and what is shown for them on a terminal, by pairs; NULL: no memory. */
static const char *const *brief_labels(const cop_making *r)
{
    const cop_record *record = &r->results.record;
    const char **pairs =
        cop_arena_array(r->results.arena, 2 * record->cell_count + 1, sizeof *pairs);
    for (size_t i = 0; pairs != NULL && i < record->cell_count; i++) {
        pairs[2 * i] = record->cells[i].label;
        pairs[2 * i + 1] = r->results.briefs[i];
    }
    return pairs;
}

/* Whether there is nothing to say of tickets: none was pruned, and no copy is trained. */
static bool is_on_sets_alone(const cop_record *record)
{
    for (size_t i = 0; i < record->ticket_count; i++)
        if (record->tickets[i].copy_count > 0 || record->tickets[i].has_mask)
            return false;
    return record->distilled_count > 0;
}

/* The means over seeds, where there are several. */
static cop_status make_sets(const cop_making *r, const cop_display_choice *choice, cop_display *out,
                            cop_error *err)
{
    const cop_table *sets = cop_tables_find(r->sheets, "distilled_summary");
    *out = (cop_display){0};
    return sets != NULL && r->results.record.seed_count > 1
               ? cop_display_make(sets, choice, r->results.arena, out, err)
               : COP_OK;
}

/* Shares are shown in percent, and differ by points: `unit_word`. The table has a column for the
 * unit, as its rows are of many; `value`, "low" and "high" are of it. */
static cop_status show_shares(cop_display *d, const cop_table *table, const char *value,
                              const char *unit_word, cop_arena *arena, cop_error *err)
{
    size_t unit = (size_t)cop_table_find_column(table, "unit");
    for (size_t i = 0; i < d->row_count * d->column_count; i++) {
        const char *header = d->headers[i % d->column_count];
        const char *of = cop_table_at(table, i / d->column_count, unit).text;
        bool is_unit = strcmp(header, "unit") == 0;
        bool is_scaled =
            strcmp(header, value) == 0 || strcmp(header, "low") == 0 || strcmp(header, "high") == 0;
        if (strcmp(of, "fraction") != 0 || !(is_unit || is_scaled))
            continue;
        char number[64];
        d->values[i] *= is_scaled ? 100.0 : 1.0;
        d->cells[i] = is_unit ? unit_word
                              : cop_arena_strdup(arena, cop_display_number(d->values[i], "%",
                                                                           number, sizeof number));
        if (d->cells[i] == NULL)
            return cop_out_of_memory(err);
    }
    return COP_OK;
}

/* Each cell beside the baseline, where there are several seeds: of one nobody knows what is chance.
 */
static cop_status make_comparisons(const cop_making *r, const cop_display_choice *choice,
                                   cop_display *out, cop_error *err)
{
    static const char *const shown[] = {"cell", "round",  "sparsity",   "result",
                                        "unit", "seeds",  "difference", "low",
                                        "high", "effect", "p_holm",     NULL};
    const cop_table *comparisons = cop_tables_find(r->sheets, "comparisons");
    cop_display_choice own = *choice;
    own.only = shown;
    own.skip = NULL;
    *out = (cop_display){0};
    if (comparisons == NULL || r->results.record.seed_count < 2)
        return COP_OK;
    COP_TRY(cop_display_make(comparisons, &own, r->results.arena, out, err));
    return show_shares(out, comparisons, "difference", "points", r->results.arena, err);
}

/* Where what is measured between copies may lie. */
static cop_status make_intervals(const cop_making *r, const cop_display_choice *choice,
                                 cop_display *out, cop_error *err)
{
    static const char *const shown[] = {"cell", "round", "sparsity", "result", "unit",
                                        "mean", "low",   "high",     "basis",  NULL};
    const cop_table *intervals = cop_tables_find(r->sheets, "intervals");
    cop_display_choice own = *choice;
    own.only = shown;
    own.skip = NULL;
    *out = (cop_display){0};
    if (intervals == NULL)
        return COP_OK;
    COP_TRY(cop_display_make(intervals, &own, r->results.arena, out, err));
    return show_shares(out, intervals, "mean", "%", r->results.arena, err);
}

/* What finding tickets took. */
static cop_status make_cost(const cop_making *r, const cop_display_choice *choice, cop_display *out,
                            cop_error *err)
{
    static const char *const hidden[] = {"phase", NULL};
    const cop_table *cost = cop_tables_find(r->sheets, "cost_summary");
    cop_display_choice own = *choice;
    own.only = NULL;
    own.skip = hidden;
    *out = (cop_display){0};
    return cost != NULL ? cop_display_make(cost, &own, r->results.arena, out, err) : COP_OK;
}

/* States once what does not vary, but for what tells rows apart. */
static cop_status fold_all(cop_views *v, cop_arena *arena, cop_error *err)
{
    static const char *const keep[] = {"cell",   "round",  "sparsity", "test accuracy",
                                       "result", "reason", "seed",     NULL};
    cop_display *all[] = {&v->tickets, &v->comparisons, &v->intervals, &v->controls,
                          &v->sets,    &v->distilled,   &v->cost};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        COP_TRY(cop_display_fold(all[i], keep, arena, err));
    return COP_OK;
}

cop_status cop_views_make(const cop_making *r, bool is_brief, cop_views *out, cop_error *err)
{
    static const char *const ids[] = {"id", NULL};
    cop_arena *arena = r->results.arena;
    const cop_table *summary = cop_tables_find(r->sheets, "summary");
    const char **prefixes = cop_arena_array(arena, r->groups.count + 1, sizeof *prefixes);
    size_t controls = 0;
    cop_display_choice choice = {.skip = dull_columns(r, summary),
                                 .headlines_only = true,
                                 .prefixes = prefixes,
                                 .instead = is_brief ? brief_labels(r) : NULL};
    if (prefixes == NULL || choice.skip == NULL || (is_brief && choice.instead == NULL))
        return cop_out_of_memory(err);
    for (size_t i = 0; i < r->groups.count; i++)
        prefixes[i] = r->groups.items[i].name;
    COP_TRY(cop_display_make(summary, &choice, arena, &out->tickets, err));
    choice.headlines_only = false;
    choice.only = control_columns(r, &controls, err);
    if (choice.only == NULL)
        return COP_FAILED;
    COP_TRY(cop_display_make(summary, &choice, arena, &out->controls, err));
    if (controls == 0)
        out->controls.row_count = 0;
    COP_TRY(make_comparisons(r, &choice, &out->comparisons, err));
    COP_TRY(make_intervals(r, &choice, &out->intervals, err));
    COP_TRY(make_cost(r, &choice, &out->cost, err));
    choice.only = NULL;
    choice.skip = ids;
    const cop_table *failures = cop_tables_find(r->sheets, "failures");
    out->failures = (cop_display){0};
    if (failures != NULL)
        COP_TRY(cop_display_make(failures, &choice, arena, &out->failures, err));
    if (is_on_sets_alone(&r->results.record))
        out->tickets.row_count = 0;
    COP_TRY(make_sets(r, &choice, &out->sets, err));
    COP_TRY(cop_display_make(cop_tables_find(r->sheets, "distilled"), &choice, arena,
                             &out->distilled, err));
    return fold_all(out, arena, err);
}
