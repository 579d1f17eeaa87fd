/* table_groups.c: sorting the analyzers' tables of all tickets. */
#include "report/data/table_groups.h"

#include "core/memory.h"
#include "core/text.h"
#include "report/data/instances.h"
#include "report/data/judged.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Tables and figures of the report itself, whose names an analyzer's table cannot have. */
static const char *const reserved[] = {
    "tickets",     "trainings", "history",  "distilled",   "summary",
    "costs",       "columns",   "accuracy", "failures",    "distilled_summary",
    "comparisons", "intervals", "cost",     "cost_summary"};

/* A summary with more ways to tell its rows apart is cut here; all rows are in its own table. */
#define MOST_KEYS 12

/* Letters in a heading that tell an analyzer's instance. */
#define TITLE_LETTERS 60

bool cop_is_repetition(const cop_column *column)
{
    if (column->role != COP_COLUMN_UNSAID)
        return column->role == COP_COLUMN_REPETITION;
    return strcmp(column->name, "pair") == 0 || strcmp(column->name, "copy") == 0;
}

bool cop_same_cell(const cop_table *a, size_t row_a, const cop_table *b, size_t row_b,
                   size_t column)
{
    cop_table_value left = cop_table_at(a, row_a, column), right = cop_table_at(b, row_b, column);
    switch (cop_table_column(a, column)->type) {
    case COP_COLUMN_INT:
        return left.i == right.i;
    case COP_COLUMN_FLOAT:
        return left.f == right.f || (isnan(left.f) && isnan(right.f));
    case COP_COLUMN_TEXT:
        return strcmp(left.text, right.text) == 0;
    }
    return false;
}

const char *cop_cell_name(const cop_table *table, size_t row, size_t column, cop_arena *arena)
{
    const cop_column *c = cop_table_column(table, column);
    cop_table_value cell = cop_table_at(table, row, column);
    switch (c->type) {
    case COP_COLUMN_INT:
        return cop_arena_printf(arena, "%s %" PRId64, c->name, cell.i);
    case COP_COLUMN_FLOAT:
        return cop_arena_printf(arena, "%s %.4g", c->name, cell.f);
    case COP_COLUMN_TEXT:
        break;
    }
    return cell.text;
}

double cop_table_number(const cop_table *table, size_t row, size_t column)
{
    cop_table_value cell = cop_table_at(table, row, column);
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

const char *cop_table_group_title(const cop_table_group *g, const char *text, cop_arena *arena)
{
    char brief[4 * TITLE_LETTERS + 1];
    if (g->instance[0] == '\0')
        return text;
    return cop_arena_printf(arena, "%s (%s)", text, cop_shorten(g->instance, TITLE_LETTERS, brief));
}

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

static bool is_taken(const cop_table_groups *groups, const char *name)
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

/* Makes a text part of a file's and a column's name: "copy = 1" becomes "copy_1". */
static void make_word(char *text)
{
    char *to = text;
    for (const char *c = text; *c != '\0'; c++) {
        char lower = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789", lower) != NULL)
            *to++ = lower;
        else if (to > text && to[-1] != '_')
            *to++ = '_';
    }
    while (to > text && to[-1] == '_')
        to--;
    *to = '\0';
}

/* The table's name, with what tells this instance of the analyzer from others behind it; where that
 * is taken, with the analyzer's before it, or else with a number behind it. NULL when memory is
 * out. */
static const char *free_name(const cop_table_groups *groups, const char *analyzer,
                             const char *table, const char *instance, cop_arena *arena)
{
    char *suffix = cop_arena_printf(arena, "%.40s", instance);
    if (suffix == NULL)
        return NULL;
    make_word(suffix);
    const char *plain =
        suffix[0] == '\0' ? table : cop_arena_printf(arena, "%.45s_%s", table, suffix);
    if (plain == NULL || !is_taken(groups, plain))
        return plain;
    char *name = cop_arena_printf(arena, "%.40s_%.40s", analyzer, plain);
    for (char *c = name; c != NULL && *c != '\0'; c++) {
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_", *c) == NULL)
            *c = '_';
    }
    const char *numbered = name;
    for (int i = 2; numbered != NULL && is_taken(groups, numbered); i++)
        numbered = cop_arena_printf(arena, "%s_%d", name, i);
    return numbered;
}

static cop_table_group *find_group(cop_table_groups *groups, const char *analyzer, size_t place,
                                   const cop_table *table)
{
    for (size_t i = 0; i < groups->count; i++) {
        cop_table_group *g = &groups->items[i];
        if (g->place == place && strcmp(g->analyzer, analyzer) == 0 &&
            strcmp(cop_table_name(g->first), cop_table_name(table)) == 0 &&
            same_columns(g->first, table))
            return g;
    }
    return NULL;
}

static cop_status add_table(const cop_results *r, cop_table_groups *groups,
                            const cop_record_ticket *t, size_t k, const cop_table *table,
                            cop_error *err)
{
    const char *analyzer = t->analyses[k].analyzer;
    size_t place = cop_analysis_instance(r, t, k);
    cop_table_group *g = find_group(groups, analyzer, place, table);
    if (g == NULL) {
        const char *instance = cop_analysis_instance_text(r, t, k);
        const char *name = instance != NULL ? free_name(groups, analyzer, cop_table_name(table),
                                                        instance, r->arena)
                                            : NULL;
        g = &groups->items[groups->count];
        *g = (cop_table_group){.name = name,
                               .analyzer = analyzer,
                               .place = place,
                               .instance = instance,
                               .first = table};
        g->members = cop_arena_array(r->arena, r->record.ticket_count, sizeof *g->members);
        if (name == NULL || g->members == NULL)
            return cop_out_of_memory(err);
        groups->count++;
    }
    if (g->member_count < r->record.ticket_count)
        g->members[g->member_count++] = (cop_table_group_member){t, table};
    return COP_OK;
}

/* Whether a table has a row for each repetition: a column says so by its role, or is called "pair"
 * and says nothing. */
static bool is_repeated(const cop_table *table)
{
    for (size_t i = 0; i < cop_table_column_count(table); i++) {
        const cop_column *c = cop_table_column(table, i);
        if (c->role == COP_COLUMN_REPETITION ||
            (c->role == COP_COLUMN_UNSAID && strcmp(c->name, "pair") == 0))
            return true;
    }
    return false;
}

static bool is_summary(const cop_table_group *g)
{
    const cop_plot *plot = cop_table_plot(g->first);
    if (plot != NULL && plot->kind != COP_PLOT_NONE)
        return false;
    if (is_repeated(g->first))
        return true;
    for (size_t i = 0; i < g->member_count; i++) {
        if (cop_table_row_count(g->members[i].table) != 1)
            return false;
    }
    return true;
}

bool cop_tells_kinds(const cop_table *table, size_t column)
{
    const cop_column *own = cop_table_column(table, column);
    if (own->role != COP_COLUMN_UNSAID)
        return own->role == COP_COLUMN_KEY;
    for (size_t i = 0; i <= column; i++) {
        const cop_column *c = cop_table_column(table, i);
        if (c->type != COP_COLUMN_TEXT && c->role != COP_COLUMN_KEY && !cop_is_repetition(c))
            return false;
    }
    return !cop_is_repetition(own);
}

bool cop_table_group_is_key(const cop_table_group *g, size_t column)
{
    return is_repeated(g->first) && cop_tells_kinds(g->first, column);
}

static bool has_key(const cop_table_group *g, const cop_table *table, size_t row,
                    const cop_key *key)
{
    for (size_t c = 0; c < cop_table_column_count(table); c++) {
        if (cop_table_group_is_key(g, c) && !cop_same_cell(table, row, key->table, key->row, c))
            return false;
    }
    return true;
}

/* Whether a key column says which rows are controls: by its role any text does, or without one the
 * column "kind". */
static bool is_kind(const cop_table_group *g, size_t column)
{
    const cop_column *c = cop_table_column(g->first, column);
    return c->type == COP_COLUMN_TEXT &&
           (c->role == COP_COLUMN_KEY || strcmp(c->name, "kind") == 0);
}

/* Whether the key column `column` makes the row a control. */
static bool marks_control(const cop_table_group *g, const cop_key *key, size_t column)
{
    return is_kind(g, column) && cop_table_group_is_key(g, column) &&
           strncmp(cop_table_at(key->table, key->row, column).text, "control", 7) == 0;
}

static bool is_control(const cop_table_group *g, const cop_key *key)
{
    for (size_t c = 0; c < cop_table_column_count(g->first); c++) {
        if (marks_control(g, key, c))
            return true;
    }
    return false;
}

/* Whether a column's cells differ among the keys that are no controls. */
static bool varies(const cop_table_group *g, size_t column)
{
    const cop_key *first = NULL;
    for (size_t k = 0; k < g->key_count; k++) {
        if (g->keys[k].is_control)
            continue;
        if (first != NULL &&
            !cop_same_cell(first->table, first->row, g->keys[k].table, g->keys[k].row, column))
            return true;
        first = first == NULL ? &g->keys[k] : first;
    }
    return false;
}

/* What tells a key from the others: the cells that differ, and a control's kind. */
static bool label_key(cop_table_group *g, cop_key *key, cop_arena *arena)
{
    key->label = "";
    for (size_t c = 0; c < cop_table_column_count(g->first); c++) {
        if (!cop_table_group_is_key(g, c) || !(varies(g, c) || marks_control(g, key, c)))
            continue;
        const char *cell = cop_cell_name(key->table, key->row, c, arena);
        key->label = cell != NULL ? cop_arena_printf(arena, "%s%s%s", key->label,
                                                     key->label[0] != '\0' ? " " : "", cell)
                                  : NULL;
        if (key->label == NULL)
            return false;
    }
    return true;
}

/* Collects the keys of a group's rows, up to MOST_KEYS; false when memory is out. */
static bool collect_keys(cop_table_group *g, cop_arena *arena)
{
    g->keys = cop_arena_array(arena, MOST_KEYS, sizeof *g->keys);
    if (g->keys == NULL)
        return false;
    for (size_t m = 0; m < g->member_count; m++) {
        const cop_table *table = g->members[m].table;
        for (size_t row = 0; row < cop_table_row_count(table); row++) {
            bool known = false;
            for (size_t k = 0; k < g->key_count; k++)
                known = known || has_key(g, table, row, &g->keys[k]);
            if (known || g->key_count == MOST_KEYS)
                continue;
            cop_key *key = &g->keys[g->key_count++];
            *key = (cop_key){.table = table, .row = row, .label = ""};
            key->is_control = is_control(g, key);
        }
    }
    for (size_t k = 0; k < g->key_count; k++) {
        if (!label_key(g, &g->keys[k], arena))
            return false;
    }
    return true;
}

/* Of all tickets: more groups there cannot be. */
static size_t count_tables(const cop_results *r)
{
    size_t count = 0;
    for (size_t i = 0; i < r->record.ticket_count; i++) {
        const cop_record_ticket *t = &r->record.tickets[i];
        for (size_t k = 0; k < t->analysis_count; k++) {
            const cop_tables *tables = cop_judged_tables(r, t, k);
            count += tables != NULL ? cop_tables_count(tables) : 0;
        }
    }
    return count;
}

cop_status cop_table_groups_make(const cop_results *r, cop_table_groups *out, cop_error *err)
{
    *out = (cop_table_groups){0};
    out->items = cop_arena_array(r->arena, count_tables(r) + 1, sizeof *out->items);
    if (out->items == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < r->record.ticket_count; i++) {
        const cop_record_ticket *t = &r->record.tickets[i];
        for (size_t k = 0; k < t->analysis_count; k++) {
            const cop_tables *tables = cop_judged_tables(r, t, k);
            for (size_t n = 0; tables != NULL && n < cop_tables_count(tables); n++)
                COP_TRY(add_table(r, out, t, k, cop_tables_at(tables, n), err));
        }
    }
    for (size_t i = 0; i < out->count; i++) {
        out->items[i].is_summary = is_summary(&out->items[i]);
        if (out->items[i].is_summary && !collect_keys(&out->items[i], r->arena))
            return cop_out_of_memory(err);
    }
    return COP_OK;
}

static const cop_table *table_of(const cop_table_group *g, const cop_record_ticket *t)
{
    for (size_t i = 0; i < g->member_count; i++) {
        if (g->members[i].ticket == t)
            return g->members[i].table;
    }
    return NULL;
}

double cop_table_group_mean(const cop_table_group *g, const cop_record_ticket *t, size_t key,
                            size_t column)
{
    const cop_table *table = table_of(g, t);
    size_t rows = table != NULL ? cop_table_row_count(table) : 0, used = 0;
    double sum = 0.0;
    for (size_t i = 0; i < rows; i++) {
        if (!has_key(g, table, i, &g->keys[key]))
            continue;
        sum += cop_table_number(table, i, column);
        used++;
    }
    return used > 0 ? sum / (double)used : (double)NAN;
}

const char *cop_count_texts(const char *const *texts, size_t count, cop_arena *arena)
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
            return count == 1 ? texts[0]
                              : cop_arena_printf(arena, "%s %zu/%zu", texts[0], equal, count);
        if (earlier == 0)
            cop_text_printf(&line, "%s%zu %s", kinds++ > 0 ? ", " : "", equal, texts[i]);
    }
    char *text = cop_text_take(&line);
    const char *copy = text != NULL ? cop_arena_strdup(arena, text) : NULL;
    free(text);
    return copy;
}

size_t cop_table_group_texts(const cop_table_group *g, const cop_record_ticket *t, size_t key,
                             size_t column, const char **texts)
{
    const cop_table *table = table_of(g, t);
    size_t rows = table != NULL ? cop_table_row_count(table) : 0, count = 0;
    for (size_t i = 0; i < rows; i++) {
        const char *text = cop_table_at(table, i, column).text;
        if (text[0] == '\0' || !has_key(g, table, i, &g->keys[key]))
            continue;
        if (texts != NULL)
            texts[count] = text;
        count++;
    }
    return count;
}

/* The column that names pairs; the column count where there is none. */
static size_t pair_column(const cop_table *table)
{
    size_t c = 0, count = cop_table_column_count(table);
    while (c < count && !(cop_is_repetition(cop_table_column(table, c)) &&
                          cop_table_column(table, c)->type == COP_COLUMN_TEXT &&
                          strcmp(cop_table_column(table, c)->name, "pair") == 0))
        c++;
    return c;
}

bool cop_table_group_has_pairs(const cop_table_group *g)
{
    return g->is_summary && pair_column(g->first) < cop_table_column_count(g->first);
}

/* "0-1" are two copies; "1-1", a copy with itself, is no pair. */
static bool read_pair(const char *text, cop_pair_value *out)
{
    char *end = NULL;
    out->first = strtoll(text, &end, 10);
    if (end == text || *end != '-' || end[1] < '0' || end[1] > '9')
        return false;
    out->second = strtoll(end + 1, &end, 10);
    return *end == '\0' && out->first >= 0 && out->first != out->second;
}

size_t cop_table_group_pairs(const cop_table_group *g, const cop_record_ticket *t, size_t key,
                             size_t column, cop_pair_value *pairs)
{
    const cop_table *table = table_of(g, t);
    size_t rows = table != NULL ? cop_table_row_count(table) : 0, count = 0;
    for (size_t i = 0; i < rows; i++) {
        cop_pair_value pair = {.value = cop_table_number(table, i, column)};
        if (!has_key(g, table, i, &g->keys[key]) ||
            !read_pair(cop_table_at(table, i, pair_column(table)).text, &pair))
            continue;
        if (pairs != NULL)
            pairs[count] = pair;
        count++;
    }
    return count;
}
