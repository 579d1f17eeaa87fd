/* expand.c: overrides, and the cells of a sweep. */
#include "config/expand.h"

#include "config/names.h"
#include "config/old_names.h"
#include "core/memory.h"
#include "plugin/component.h"

#include <string.h>

/* Fails with the message in *err, said of the override. */
static cop_status refuse_override(const char *override, cop_error *err)
{
    char shown[200];
    cop_status status = cop_fail_within(err, "--set %s", cop_escape(override, shown, sizeof shown));
    if (err != NULL) {
        err->file[0] = '\0'; /* it is in no file */
        err->line = 0;
    }
    return status;
}

static cop_status apply(config_t **tree, const char *path_text, const char *value_text,
                        const cop_place *place, const char *file, cop_logger *log, cop_arena *arena,
                        cop_error *err)
{
    cop_path path;
    COP_TRY(cop_path_parse(path_text, &path, err));
    cop_patch patch = {0};
    COP_TRY(cop_patch_find(config_root_setting(*tree), &path, true, &patch, err));
    config_t scratch, *changed = NULL;
    config_setting_t *value = NULL;
    COP_TRY(cop_syntax_parse_value(value_text, &scratch, &value, err));
    cop_setting_set_place(value, place);
    if (path.old_name != NULL)
        cop_say(log, COP_LOG_WARNING, "%s: %s is deprecated: write %s", place->file, path.old_name,
                path.new_name);
    patch.value = value;
    cop_status status = cop_old_names_rename(value, &path, file, log, err);
    if (status == COP_OK)
        status = cop_tree_copy(config_root_setting(*tree), &patch, file, arena, &changed, err);
    config_destroy(&scratch);
    if (status != COP_OK)
        return status;
    cop_tree_free(*tree);
    *tree = changed;
    return COP_OK;
}

/* What a value that is none lacks, as far as it can be told; NULL: it cannot. */
static const char *find_lack(const char *value)
{
    if (value[strspn(value, " \t")] == '\0')
        return "there is no value behind the =";
    if (strpbrk(value, "[({\"'") == NULL && strpbrk(value, " \t") != NULL)
        return "a text with blanks has quotes, for the shell and for itself: --set "
               "'study.name=\"my study\"'";
    if (strpbrk(value, "[({\"") == NULL && strchr(value, ',') != NULL)
        return "a list has brackets: [0, 1]";
    if (strstr(value, "..") != NULL && value[0] == '[')
        return "a range has no brackets: 0..4";
    if ((strchr(value, '[') != NULL) != (strchr(value, ']') != NULL) ||
        (strchr(value, '{') != NULL) != (strchr(value, '}') != NULL) ||
        (strchr(value, '(') != NULL) != (strchr(value, ')') != NULL))
        return "a bracket is not closed";
    return NULL;
}

/* The words between blanks. */
static char *trim(cop_arena *arena, const char *text, size_t length)
{
    size_t first = strspn(text, " \t");
    first = first < length ? first : length;
    while (length > first && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    return cop_arena_printf(arena, "%.*s", (int)(length - first), text + first);
}

cop_status cop_override_apply(config_t **tree, const char *override, const char *file,
                              cop_logger *log, cop_arena *arena, cop_error *err)
{
    const char *equals = strchr(override, '=');
    if (equals == NULL || equals == override) {
        (void)cop_fail(err, COP_INVALID, "wanted PATH=VALUE, such as train.lr=0.1");
        (void)refuse_override(override, err);
        return COP_INVALID;
    }
    char *path = trim(arena, override, (size_t)(equals - override));
    char *value = trim(arena, equals + 1, strlen(equals + 1));
    cop_place *place = cop_arena_alloc(arena, sizeof *place);
    char *origin = cop_arena_printf(arena, "--set %s", override);
    if (path == NULL || value == NULL || place == NULL || origin == NULL)
        return cop_out_of_memory(err);
    *place = (cop_place){origin, 0};
    cop_error own = {0};
    cop_status status = apply(tree, path, value, place, file, log, arena, &own);
    if (status == COP_OK)
        return COP_OK;
    const char *lack = strcmp(own.message, "syntax error") == 0 ? find_lack(value) : NULL;
    if (lack != NULL)
        (void)cop_fail(&own, status, "%s", lack);
    (void)refuse_override(override, &own);
    if (err != NULL)
        *err = own;
    return status;
}

/* One cell of the sweep being made. */
typedef struct expanding {
    const cop_sweep *sweep;
    const cop_expansion *from;
    cop_arena *arena;
    config_t **tree;
    cop_error *err;
    const config_setting_t **values; /* of each axis, here */
} expanding;

static const config_setting_t *root_of(const expanding *e)
{
    return config_root_setting(*e->tree);
}

/* The setting that the axis of the patch would overwrite of `value`, which was put at the path;
 * NULL: none. */
static const config_setting_t *find_lost(const expanding *e, const cop_patch *patch,
                                         const char *path_text, const config_setting_t *value)
{
    cop_path path;
    if (cop_path_parse(path_text, &path, NULL) != COP_OK)
        return NULL; /* it was complained about before */
    return cop_patch_overwrites(patch, root_of(e), &path, value);
}

static cop_status check_axes(const expanding *e, const cop_patch *patch, size_t axis)
{
    for (size_t i = 0; i < axis; i++) {
        const char *path = e->sweep->axes[i].path;
        const config_setting_t *lost = find_lost(e, patch, path, e->values[i]);
        if (lost == NULL)
            continue;
        char at[200], where[200], who[200];
        cop_place place = cop_setting_place(patch->value, e->from->file);
        cop_place first = cop_setting_place(lost, e->from->file);
        (void)cop_escape(cop_setting_path(lost, at, sizeof at), where, sizeof where);
        return cop_fail_at(
            e->err, COP_INVALID, place.file, place.line,
            "this axis of the sweep sets %s, which the axis \"%s\" sets too, at %s:%d", where,
            cop_escape(path, who, sizeof who), first.file != NULL ? first.file : "config",
            first.line);
    }
    return COP_OK;
}

/* An override is for the cells that do not say otherwise; where one does, a warning says so. It
 * set all that is at its path by now. */
static cop_status check_overrides(const expanding *e, const cop_patch *patch)
{
    for (size_t i = 0; i < e->from->override_count; i++) {
        const char *override = e->from->overrides[i];
        const char *text =
            cop_arena_printf(e->arena, "%.*s", (int)strcspn(override, "="), override);
        if (text == NULL)
            return cop_out_of_memory(e->err);
        cop_path path;
        cop_patch at = {0};
        if (cop_path_parse(text, &path, NULL) != COP_OK ||
            cop_patch_find(root_of(e), &path, true, &at, NULL) != COP_OK || at.added > 0)
            continue;
        const config_setting_t *lost = find_lost(e, patch, text, at.target);
        char where[200];
        cop_place place = cop_setting_place(patch->value, e->from->file);
        if (lost != NULL)
            cop_say(e->from->log, COP_LOG_WARNING,
                    "%s:%d: this value of the sweep sets %s, over --set %s",
                    place.file != NULL ? place.file : "config", place.line,
                    cop_setting_path(lost, where, sizeof where), override);
    }
    return COP_OK;
}

/* Replaces the tree by a copy with an axis's value in it. */
static cop_status set_value(const expanding *e, size_t axis)
{
    cop_path path;
    const char *path_text = e->sweep->axes[axis].path;
    COP_TRY(cop_path_parse(path_text, &path, e->err));
    cop_patch patch = {.is_merged = true, .value = e->values[axis]};
    cop_status status =
        cop_patch_find(root_of(e), &path, cop_sweep_may_create(&path), &patch, e->err);
    if (status != COP_OK) { /* an axis before it took away what this path named */
        cop_place place = cop_setting_place(patch.value, e->from->file);
        char inner[300], shown[100];
        memcpy(inner, e->err->message, sizeof inner);
        inner[sizeof inner - 1] = '\0';
        return cop_fail_at(e->err, COP_INVALID, place.file, place.line, "sweep path \"%s\": %s",
                           cop_escape(path_text, shown, sizeof shown), inner);
    }
    COP_TRY(check_overrides(e, &patch));
    COP_TRY(check_axes(e, &patch, axis));
    config_t *changed = NULL;
    COP_TRY(cop_tree_copy(root_of(e), &patch, e->from->file, e->arena, &changed, e->err));
    cop_tree_free(*e->tree);
    *e->tree = changed;
    return COP_OK;
}

/* Puts every axis's value into the tree and joins their labels. */
static cop_status set_values(expanding *e, size_t cell, cop_text *label)
{
    const cop_sweep *sweep = e->sweep;
    cop_place last = {e->from->file, 0};
    e->values = cop_arena_array(e->arena, sweep->axis_count + 1, sizeof *e->values);
    if (e->values == NULL)
        return cop_out_of_memory(e->err);
    size_t combination = sweep->chosen != NULL ? sweep->chosen[cell] : cell;
    for (size_t a = 0; a < sweep->axis_count; a++) {
        size_t which = cop_sweep_value(sweep, combination, a);
        const char *own = sweep->axes[a].labels[which];
        e->values[a] = config_setting_get_elem(sweep->axes[a].values, (unsigned)which);
        cop_text_printf(label, "%s%s", label->length > 0 && own[0] != '\0' ? ", " : "", own);
        last = cop_setting_place(e->values[a], e->from->file);
        COP_TRY(set_value(e, a));
    }
    if (label->failed)
        return cop_out_of_memory(e->err);
    if (sweep->axis_count == 0)
        return COP_OK;
    return cop_name_check("a cell's label", label->data, COP_MAX_LABEL, last, e->err);
}

cop_status cop_sweep_cell(const cop_sweep *sweep, const cop_expansion *from, size_t i,
                          cop_arena *arena, config_t **out, const char **label, cop_error *err)
{
    cop_error own = {0};
    *out = NULL;
    cop_text joined = {0};
    cop_text_append(&joined, sweep->axis_count == 0 ? from->name : "");
    cop_status status =
        cop_tree_copy(config_root_setting(from->tree), NULL, from->file, arena, out, &own);
    expanding e = {.sweep = sweep, .from = from, .arena = arena, .tree = out, .err = &own};
    if (status == COP_OK)
        status = set_values(&e, i, &joined);
    if (status == COP_OK) {
        *label = joined.failed ? NULL : cop_arena_strdup(arena, joined.data);
        if (*label == NULL)
            status = cop_out_of_memory(&own);
    }
    cop_text_free(&joined);
    if (status != COP_OK) {
        cop_tree_free(*out);
        *out = NULL;
    }
    if (status != COP_OK && err != NULL)
        *err = own;
    return status;
}
