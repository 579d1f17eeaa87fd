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

/* A plugin and a recipe go by their names alone, */
static bool is_bare(const char *name)
{
    return name[0] == '\0' || strcmp(name, "plugin") == 0 || strcmp(name, "recipe") == 0;
}

/* and come before all else. Appends, in one of the two passes, each leaf to its value's text; of
 * those alone that differ, or of all to texts that are empty. */
static void append_leaves(const cop_leaves *all, bool bare, bool differing, const bool *passed_over,
                          cop_text *texts)
{
    const char *path = NULL, *name = NULL; /* leaves of one path follow each other */
    for (size_t i = 0; i < all->count; i++) {
        const cop_leaf *l = &all->items[i];
        cop_text *text = &texts[l->value];
        bool is_wanted = l->differs || !differing;
        if (!is_wanted || passed_over[l->value] || is_bare(cop_leaf_name(l->path)) != bare)
            continue;
        if (!bare && (path == NULL || strcmp(path, l->path) != 0)) {
            path = l->path;
            name = name_of(all, l);
        }
        cop_text_append(text, text->length > 0 ? ", " : "");
        if (!bare)
            cop_text_printf(text, "%s = ", name);
        cop_text_append(text, l->text);
    }
}

static void append_both(const cop_leaves *all, bool differing, const bool *passed_over,
                        cop_text *texts)
{
    append_leaves(all, true, differing, passed_over, texts);
    append_leaves(all, false, differing, passed_over, texts);
}

/* What differs; where that is nothing all that there is; and where that is nothing, too, a word. */
static void make_texts(const cop_leaves *all, size_t count, bool *is_done, cop_text *texts)
{
    append_both(all, true, is_done, texts);
    for (size_t i = 0; i < count; i++)
        is_done[i] = texts[i].length > 0;
    append_both(all, false, is_done, texts);
    for (size_t i = 0; i < all->count; i++)
        is_done[all->items[i].value] = true; /* an empty string is its own label */
    for (size_t i = 0; i < count; i++)
        cop_text_append(&texts[i], is_done[i] ? "" : "unchanged");
}

static cop_status keep_texts(const cop_text *texts, size_t count, cop_arena *arena,
                             const char **labels, cop_error *err)
{
    for (size_t i = 0; i < count; i++) {
        labels[i] = texts[i].failed ? NULL : cop_arena_strdup(arena, texts[i].data);
        if (labels[i] == NULL)
            return cop_out_of_memory(err);
    }
    return COP_OK;
}

cop_status cop_axis_labels(const config_setting_t *values, size_t count, cop_arena *arena,
                           const char *const **out, cop_error *err)
{
    cop_leaves all;
    cop_status status = cop_leaves_read(values, count, arena, &all, err);
    const char **labels = cop_arena_array(arena, count + 1, sizeof *labels);
    cop_text *texts = cop_arena_array(arena, count + 1, sizeof *texts);
    bool *is_done = cop_arena_array(arena, count + 1, sizeof *is_done);
    if (status == COP_OK && (labels == NULL || texts == NULL || is_done == NULL))
        status = cop_out_of_memory(err);
    if (status == COP_OK) {
        make_texts(&all, count, is_done, texts);
        status = keep_texts(texts, count, arena, labels, err);
        for (size_t i = 0; i < count; i++)
            cop_text_free(&texts[i]);
    }
    cop_leaves_free(&all);
    *out = labels;
    return status;
}
