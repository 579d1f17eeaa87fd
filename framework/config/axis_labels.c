/* axis_labels.c: labels that say in what the values of an axis differ. */
#include "config/axis_labels.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

/* A setting within a value that has no further settings in it. */
typedef struct leaf {
    const char *path; /* from the value on: "phases.[0].rounds"; "": the value itself */
    const char *text;
    size_t value; /* of which */
    bool differs; /* some value has another text there, or nothing */
} leaf;

typedef struct leaves {
    leaf *items;
    size_t count, room;
    cop_arena *arena;
} leaves;

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

static cop_status add_leaf(leaves *all, const config_setting_t *setting, const char *path,
                           size_t value, cop_error *err)
{
    leaf *items = cop_grow(all->items, &all->room, all->count + 1, sizeof *items);
    if (items == NULL)
        return cop_out_of_memory(err);
    all->items = items;
    const char *text = text_of(setting, all->arena);
    all->items[all->count++] = (leaf){.path = path, .text = text, .value = value};
    return text != NULL ? COP_OK : cop_out_of_memory(err);
}

static cop_status collect(leaves *all, const config_setting_t *setting, const char *path,
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
    const leaf *x = a, *y = b;
    int path = strcmp(x->path, y->path);
    int text = path != 0 ? path : strcmp(x->text, y->text);
    return text != 0 ? text : (x->value > y->value) - (x->value < y->value);
}

/* Sorts the leaves and marks those whose text not all values have at their path. */
static void mark_differing(leaves *all, size_t values)
{
    if (all->count == 0)
        return;
    qsort(all->items, all->count, sizeof *all->items, by_path_and_text);
    for (size_t begin = 0, end; begin < all->count; begin = end) {
        const leaf *first = &all->items[begin];
        for (end = begin; end < all->count && strcmp(all->items[end].path, first->path) == 0 &&
                          strcmp(all->items[end].text, first->text) == 0;)
            end++;
        for (size_t i = begin; i < end; i++)
            all->items[i].differs = end - begin < values;
    }
}

static const char *last_step(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot != NULL ? dot + 1 : path;
}

/* What the setting is called: its own name, or its path where another one that differs has the
 * same. */
static const char *name_of(const leaves *all, const leaf *l)
{
    const char *name = last_step(l->path);
    for (size_t i = 0; i < all->count; i++) {
        const leaf *other = &all->items[i];
        if (other->differs == l->differs && strcmp(other->path, l->path) != 0 &&
            strcmp(last_step(other->path), name) == 0)
            return l->path;
    }
    return name;
}

static void append_leaf(const leaves *all, const leaf *l, cop_text *text)
{
    const char *name = last_step(l->path);
    cop_text_append(text, text->length > 0 ? ", " : "");
    if (name[0] != '\0' && strcmp(name, "plugin") != 0 && strcmp(name, "recipe") != 0)
        cop_text_printf(text, "%s = ", name_of(all, l));
    cop_text_append(text, l->text);
}

/* Plugins and recipes come before all else. */
static void append_leaves(const leaves *all, size_t value, bool only_differing, cop_text *text)
{
    for (int others = 0; others < 2; others++) {
        for (size_t i = 0; i < all->count; i++) {
            const leaf *l = &all->items[i];
            const char *name = last_step(l->path);
            bool is_other = strcmp(name, "plugin") != 0 && strcmp(name, "recipe") != 0;
            if (l->value == value && is_other == (others == 1) && (l->differs || !only_differing))
                append_leaf(all, l, text);
        }
    }
}

static const char *label_of(const leaves *all, size_t value)
{
    cop_text text = {0};
    cop_text_append(&text, "");
    append_leaves(all, value, true, &text);
    bool has_own = false;
    for (size_t i = 0; i < all->count; i++)
        has_own = has_own || all->items[i].value == value;
    if (text.length == 0 && has_own)
        append_leaves(all, value, false, &text);
    else if (text.length == 0)
        cop_text_append(&text, "unchanged");
    const char *label = text.failed ? NULL : cop_arena_strdup(all->arena, text.data);
    cop_text_free(&text);
    return label;
}

cop_status cop_axis_labels(const config_setting_t *values, size_t count, cop_arena *arena,
                           const char *const **out, cop_error *err)
{
    leaves all = {.arena = arena};
    cop_status status = COP_OK;
    for (size_t i = 0; i < count && status == COP_OK; i++)
        status = collect(&all, config_setting_get_elem(values, (unsigned)i), "", i, err);
    const char **labels = cop_arena_array(arena, count + 1, sizeof *labels);
    if (status == COP_OK && labels == NULL)
        status = cop_out_of_memory(err);
    if (status == COP_OK)
        mark_differing(&all, count);
    for (size_t i = 0; i < count && status == COP_OK; i++) {
        labels[i] = label_of(&all, i);
        status = labels[i] != NULL ? COP_OK : cop_out_of_memory(err);
    }
    free(all.items);
    *out = labels;
    return status;
}
