/* groups.c: sorting the analyzers' tables of all tickets. */
#include "report/groups.h"

#include "core/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Tables of the report itself, whose names an analyzer's table cannot have. */
static const char *const reserved[] = {"tickets", "trainings", "history", "distilled",
                                       "summary", "costs",     "columns"};

bool cop_is_repetition(const char *column)
{
    return strcmp(column, "pair") == 0 || strcmp(column, "copy") == 0;
}

int cop_table_find_column(const cop_table *table, const char *name)
{
    for (size_t i = 0; i < cop_table_column_count(table); i++) {
        if (strcmp(cop_table_column(table, i)->name, name) == 0)
            return (int)i;
    }
    return -1;
}

double cop_table_number(const cop_table *table, size_t row, size_t column)
{
    cop_cell cell = cop_table_cell(table, row, column);
    switch (cop_table_column(table, column)->type) {
    case COP_COLUMN_INT:
        return (double)cell.i;
    case COP_COLUMN_FLOAT:
        return cell.f;
    case COP_COLUMN_TEXT:
        break;
    }
    return (double)NAN;
}

/* --- grouping -----------------------------------------------------------------------------------
 */

static bool same_columns(const cop_table *a, const cop_table *b)
{
    if (cop_table_column_count(a) != cop_table_column_count(b))
        return false;
    for (size_t i = 0; i < cop_table_column_count(a); i++) {
        const cop_column *left = cop_table_column(a, i), *right = cop_table_column(b, i);
        if (strcmp(left->name, right->name) != 0 || left->type != right->type)
            return false;
    }
    return true;
}

static bool is_taken(const cop_groups *groups, const char *name)
{
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (strcmp(reserved[i], name) == 0)
            return true;
    }
    for (size_t i = 0; i < groups->count; i++) {
        if (strcmp(groups->items[i].name, name) == 0)
            return true;
    }
    return false;
}

/* The table's name where it is free, else with the analyzer's before it, else with a number behind
 * that. NULL when memory is out. */
static const char *free_name(const cop_groups *groups, const char *analyzer, const char *table,
                             cop_arena *arena)
{
    if (!is_taken(groups, table))
        return table;
    char *name = cop_arena_printf(arena, "%.40s_%.40s", analyzer, table);
    for (char *c = name; c != NULL && *c != '\0'; c++) {
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_", *c) == NULL)
            *c = '_';
    }
    const char *numbered = name;
    for (int i = 2; numbered != NULL && is_taken(groups, numbered); i++)
        numbered = cop_arena_printf(arena, "%s_%d", name, i);
    return numbered;
}

static cop_group *find_group(cop_groups *groups, const char *analyzer, size_t place,
                             const cop_table *table)
{
    for (size_t i = 0; i < groups->count; i++) {
        cop_group *g = &groups->items[i];
        if (g->place == place && strcmp(g->analyzer, analyzer) == 0 &&
            strcmp(cop_table_name(g->layout), cop_table_name(table)) == 0 &&
            same_columns(g->layout, table))
            return g;
    }
    return NULL;
}

/* How many of the ticket's analyses before the k-th are by the same analyzer. */
static size_t place_of(const cop_record_ticket *t, size_t k)
{
    size_t place = 0;
    for (size_t i = 0; i < k; i++)
        place += strcmp(t->analyses[i].analyzer, t->analyses[k].analyzer) == 0;
    return place;
}

static cop_status add_table(const cop_results *r, cop_groups *groups, const cop_record_ticket *t,
                            size_t k, const cop_table *table, cop_error *err)
{
    const char *analyzer = t->analyses[k].analyzer;
    size_t place = place_of(t, k);
    cop_group *g = find_group(groups, analyzer, place, table);
    if (g == NULL) {
        const char *name = free_name(groups, analyzer, cop_table_name(table), r->arena);
        g = &groups->items[groups->count];
        *g = (cop_group){.name = name, .analyzer = analyzer, .place = place, .layout = table};
        g->members = cop_arena_array(r->arena, r->record.ticket_count, sizeof *g->members);
        if (name == NULL || g->members == NULL)
            return cop_fail(err, COP_FAILED, "out of memory");
        groups->count++;
    }
    if (g->member_count < r->record.ticket_count)
        g->members[g->member_count++] = (cop_group_member){t, table};
    return COP_OK;
}

static bool is_summary(const cop_group *g)
{
    const cop_plot *plot = cop_table_plot(g->layout);
    if (plot != NULL && plot->kind != COP_PLOT_NONE)
        return false;
    for (size_t i = 0; i < cop_table_column_count(g->layout); i++) {
        if (cop_is_repetition(cop_table_column(g->layout, i)->name))
            return true;
    }
    for (size_t i = 0; i < g->member_count; i++) {
        if (cop_table_row_count(g->members[i].table) != 1)
            return false;
    }
    return true;
}

static size_t count_tables(const cop_results *r)
{
    size_t count = 0;
    for (size_t i = 0; i < r->found_count; i++)
        count += r->found[i].tables != NULL ? cop_tables_count(r->found[i].tables) : 0;
    return count;
}

cop_status cop_groups_make(const cop_results *r, cop_groups *out, cop_error *err)
{
    *out = (cop_groups){0};
    out->items = cop_arena_array(r->arena, count_tables(r) + 1, sizeof *out->items);
    if (out->items == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (size_t i = 0; i < r->record.ticket_count; i++) {
        const cop_record_ticket *t = &r->record.tickets[i];
        for (size_t k = 0; k < t->analysis_count; k++) {
            const cop_result *analysis = cop_results_find(r, &t->analyses[k].id);
            for (size_t n = 0; analysis != NULL && n < cop_tables_count(analysis->tables); n++)
                COP_TRY(add_table(r, out, t, k, cop_tables_at(analysis->tables, n), err));
        }
    }
    for (size_t i = 0; i < out->count; i++)
        out->items[i].is_summary = is_summary(&out->items[i]);
    return COP_OK;
}

/* --- summarising --------------------------------------------------------------------------------
 */

static const cop_table *table_of(const cop_group *g, const cop_record_ticket *t)
{
    for (size_t i = 0; i < g->member_count; i++) {
        if (g->members[i].ticket == t)
            return g->members[i].table;
    }
    return NULL;
}

double cop_group_mean(const cop_group *g, const cop_record_ticket *t, size_t column)
{
    const cop_table *table = table_of(g, t);
    size_t rows = table != NULL ? cop_table_row_count(table) : 0;
    double sum = 0.0;
    for (size_t i = 0; i < rows; i++)
        sum += cop_table_number(table, i, column);
    return rows > 0 ? sum / (double)rows : (double)NAN;
}

const char *cop_tally(const char *const *texts, size_t count, cop_arena *arena)
{
    cop_text line = {0};
    size_t kinds = 0;
    for (size_t i = 0; i < count; i++) {
        size_t earlier = 0, equal = 0;
        for (size_t k = 0; k < count; k++) {
            bool same = strcmp(texts[i], texts[k]) == 0;
            earlier += same && k < i;
            equal += same;
        }
        if (equal == count)
            return texts[0];
        if (earlier == 0)
            cop_text_printf(&line, "%s%s (%zu)", kinds++ > 0 ? ", " : "", texts[i], equal);
    }
    char *text = cop_text_take(&line);
    const char *copy = text != NULL ? cop_arena_strdup(arena, text) : NULL;
    free(text);
    return copy;
}

const char *cop_group_text(const cop_group *g, const cop_record_ticket *t, size_t column,
                           cop_arena *arena)
{
    const cop_table *table = table_of(g, t);
    size_t rows = table != NULL ? cop_table_row_count(table) : 0;
    const char **texts = cop_arena_array(arena, rows + 1, sizeof *texts);
    if (texts == NULL)
        return NULL;
    for (size_t i = 0; i < rows; i++)
        texts[i] = cop_table_cell(table, i, column).text;
    return cop_tally(texts, rows, arena);
}
