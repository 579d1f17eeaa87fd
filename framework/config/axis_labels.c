/* axis_labels.c: labels that say in what the values of an axis differ. */
#include "config/axis_labels.h"

#include "config/leaves.h"
#include "core/memory.h"

#include <string.h>

/* What the setting is called: its own name, or its path where another one that differs has the
 * same. */
static const char *name_of(const cop_leaves *all, const cop_leaf *l)
{
    const char *name = cop_leaf_name(l->path);
    for (size_t i = 0; i < all->count; i++) {
        const cop_leaf *other = &all->items[i];
        if (other->differs == l->differs && strcmp(other->path, l->path) != 0 &&
            strcmp(cop_leaf_name(other->path), name) == 0)
            return l->path;
    }
    return name;
}

static void append_leaf(const cop_leaves *all, const cop_leaf *l, cop_text *text)
{
    const char *name = cop_leaf_name(l->path);
    cop_text_append(text, text->length > 0 ? ", " : "");
    if (name[0] != '\0' && strcmp(name, "plugin") != 0 && strcmp(name, "recipe") != 0)
        cop_text_printf(text, "%s = ", name_of(all, l));
    cop_text_append(text, l->text);
}

/* Plugins and recipes come before all else. */
static void append_leaves(const cop_leaves *all, size_t value, bool only_differing, cop_text *text)
{
    for (int others = 0; others < 2; others++) {
        for (size_t i = 0; i < all->count; i++) {
            const cop_leaf *l = &all->items[i];
            const char *name = cop_leaf_name(l->path);
            bool is_other = strcmp(name, "plugin") != 0 && strcmp(name, "recipe") != 0;
            if (l->value == value && is_other == (others == 1) && (l->differs || !only_differing))
                append_leaf(all, l, text);
        }
    }
}

static const char *label_of(const cop_leaves *all, size_t value)
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
    cop_leaves all;
    cop_status status = cop_leaves_read(values, count, arena, &all, err);
    const char **labels = cop_arena_array(arena, count + 1, sizeof *labels);
    if (status == COP_OK && labels == NULL)
        status = cop_out_of_memory(err);
    for (size_t i = 0; i < count && status == COP_OK; i++) {
        labels[i] = label_of(&all, i);
        status = labels[i] != NULL ? COP_OK : cop_out_of_memory(err);
    }
    cop_leaves_free(&all);
    *out = labels;
    return status;
}
