/* joined.c: naming the columns that the analyzers' summaries add to the table of tickets. */
#include "report/data/joined.h"

#include "core/memory.h"
#include "report/data/shown.h"

#include <string.h>

/* What the functions here share. */
typedef struct joiner {
    const cop_column *own;
    size_t own_count;
    cop_joined_list *out;
    cop_arena *arena;
} joiner;

static bool is_taken(const joiner *j, const char *name)
{
    for (size_t i = 0; i < j->own_count; i++) {
        if (strcmp(j->own[i].name, name) == 0)
            return true;
    }
    for (size_t i = 0; i < j->out->count; i++) {
        if (strcmp(j->out->items[i].as.name, name) == 0)
            return true;
    }
    return false;
}

/* "<table>_<column>", or "<table>_<key>_<column>" where the key has a label. A column that already
 * begins with the table's name keeps its own. */
static char *plain_name(const cop_table_group *g, const cop_key *key, const cop_column *column,
                        cop_arena *arena)
{
    size_t length = strlen(g->name);
    const char *rest = column->name;
    if (strncmp(rest, g->name, length) == 0 && (rest[length] == '_' || rest[length] == '\0'))
        rest += length + (rest[length] == '_');
    if (key->label[0] == '\0')
        return cop_arena_printf(arena, "%.45s%s%.45s", g->name, rest[0] != '\0' ? "_" : "", rest);
    char *name = cop_arena_printf(arena, "%.35s_%.22s_%.33s", g->name, key->label, rest);
    for (char *c = name; c != NULL && *c != '\0'; c++) {
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_", *c) == NULL)
            *c = '_';
    }
    return name;
}

/* The plain name, or where that is taken the same cut and numbered; NULL when memory is out. */
static const char *free_name(const joiner *j, const cop_table_group *g, const cop_key *key,
                             const cop_column *column)
{
    const char *plain = plain_name(g, key, column, j->arena), *name = plain;
    for (int i = 2; name != NULL && is_taken(j, name); i++)
        name = cop_arena_printf(j->arena, "%.88s_%d", plain, i);
    return name;
}

/* True for a summary whose author chose none: then every column may be shown. */
static bool states_no_headlines(const cop_table *table)
{
    const cop_plot *plot = cop_table_plot(table);
    return plot == NULL || plot->headlines == NULL;
}

/* Joins one group's columns under one key; false when memory is out. */
static bool join_group(const joiner *j, const cop_table_group *group, size_t key)
{
    for (size_t c = 0; c < cop_table_column_count(group->first); c++) {
        const cop_column *from = cop_table_column(group->first, c);
        if (cop_is_repetition(from) || cop_table_group_is_key(group, c))
            continue;
        const char *name = free_name(j, group, &group->keys[key], from);
        if (name == NULL)
            return false;
        bool is_main =
            states_no_headlines(group->first) || cop_is_headline(group->first, from->name);
        bool is_control = group->keys[key].is_control;
        cop_joined *joined = &j->out->items[j->out->count++];
        *joined = (cop_joined){.group = group,
                               .key = key,
                               .column = c,
                               .as = *from,
                               .is_headline = is_main && !is_control,
                               .is_control = is_control,
                               .is_main = is_main};
        joined->as.name = name;
        if (from->type == COP_COLUMN_INT) /* means of integers */
            joined->as.type = COP_COLUMN_FLOAT;
    }
    return true;
}

static size_t count_columns(const cop_table_groups *groups)
{
    size_t count = 0;
    for (size_t g = 0; g < groups->count; g++)
        count += groups->items[g].key_count * cop_table_column_count(groups->items[g].first);
    return count;
}

cop_status cop_join(const cop_table_groups *groups, const cop_column *own, size_t own_count,
                    cop_arena *arena, cop_joined_list *out, cop_error *err)
{
    *out = (cop_joined_list){0};
    out->items = cop_arena_array(arena, count_columns(groups) + 1, sizeof *out->items);
    bool ok = out->items != NULL;
    const joiner j = {own, own_count, out, arena};
    for (size_t g = 0; ok && g < groups->count; g++) {
        for (size_t key = 0; ok && key < groups->items[g].key_count; key++)
            ok = join_group(&j, &groups->items[g], key);
    }
    return ok ? COP_OK : cop_out_of_memory(err);
}

const char *cop_joined_tally(const cop_joined *j, cop_arena *arena,
                             const cop_record_ticket *const *tickets, size_t count)
{
    size_t room = 0, used = 0;
    for (size_t i = 0; i < count; i++)
        room += cop_table_group_texts(j->group, tickets[i], j->key, j->column, NULL);
    const char **texts = cop_arena_array(arena, room + 1, sizeof *texts);
    if (texts == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        used += cop_table_group_texts(j->group, tickets[i], j->key, j->column, texts + used);
    return used > 0 ? cop_count_texts(texts, used, arena) : "";
}
