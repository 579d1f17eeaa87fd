/* leaves.c: collecting and comparing what is in values. */
#include "config/leaves.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

static bool has_groups(const config_setting_t *setting)
{
    if (config_setting_is_group(setting))
        return true;
    int count = config_setting_is_list(setting) ? config_setting_length(setting) : 0;
    for (int i = 0; i < count; i++)
        if (has_groups(config_setting_get_elem(setting, (unsigned)i)))
            return true;
    return false;
}

/* A string as it is, all else in libconfig's syntax; NULL when memory is out. */
static const char *text_of(const config_setting_t *setting, cop_arena *arena)
{
    if (config_setting_type(setting) == CONFIG_TYPE_STRING)
        return cop_arena_strdup(arena, config_setting_get_string(setting));
    cop_text text = {0};
    cop_setting_text(setting, &text);
    const char *kept = text.failed || text.data == NULL ? NULL : cop_arena_strdup(arena, text.data);
    cop_text_free(&text);
    return kept;
}

static cop_status add_leaf(cop_leaves *all, const config_setting_t *setting, const char *path,
                           size_t value, cop_error *err)
{
    cop_leaf *items = cop_grow(all->items, &all->room, all->count + 1, sizeof *items);
    if (items == NULL)
        return cop_out_of_memory(err);
    all->items = items;
    const char *text = text_of(setting, all->arena);
    all->items[all->count++] = (cop_leaf){.path = path, .text = text, .value = value};
    return text != NULL ? COP_OK : cop_out_of_memory(err);
}

static cop_status collect(cop_leaves *all, const config_setting_t *setting, const char *path,
                          size_t value, cop_error *err)
{
    if (!has_groups(setting))
        return add_leaf(all, setting, path, value, err);
    for (int i = 0; i < config_setting_length(setting); i++) {
        const config_setting_t *member = config_setting_get_elem(setting, (unsigned)i);
        const char *name = config_setting_name(member), *dot = path[0] != '\0' ? "." : "";
        const char *inner = name != NULL ? cop_arena_printf(all->arena, "%s%s%s", path, dot, name)
                                         : cop_arena_printf(all->arena, "%s%s[%d]", path, dot, i);
        if (inner == NULL)
            return cop_out_of_memory(err);
        COP_TRY(collect(all, member, inner, value, err));
    }
    return COP_OK;
}

static int by_path_and_text(const void *a, const void *b)
{
    const cop_leaf *x = a, *y = b;
    int path = strcmp(x->path, y->path);
    int text = path != 0 ? path : strcmp(x->text, y->text);
    return text != 0 ? text : (x->value > y->value) - (x->value < y->value);
}

/* Sorts the leaves and marks those whose text not all values have at their path. */
static void mark_differing(cop_leaves *all, size_t values)
{
    if (all->count == 0)
        return;
    qsort(all->items, all->count, sizeof *all->items, by_path_and_text);
    for (size_t begin = 0, end; begin < all->count; begin = end) {
        const cop_leaf *first = &all->items[begin];
        for (end = begin; end < all->count && strcmp(all->items[end].path, first->path) == 0 &&
                          strcmp(all->items[end].text, first->text) == 0;)
            end++;
        for (size_t i = begin; i < end; i++)
            all->items[i].differs = end - begin < values;
    }
}

cop_status cop_leaves_read(const config_setting_t *values, size_t count, cop_arena *arena,
                           cop_leaves *out, cop_error *err)
{
    *out = (cop_leaves){.arena = arena};
    for (size_t i = 0; i < count; i++)
        COP_TRY(collect(out, config_setting_get_elem(values, (unsigned)i), "", i, err));
    mark_differing(out, count);
    return COP_OK;
}

void cop_leaves_free(cop_leaves *leaves)
{
    free(leaves->items);
    *leaves = (cop_leaves){0};
}

const char *cop_leaf_name(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot != NULL ? dot + 1 : path;
}
