/* expand.c: overrides and sweeps. */
#include "config/expand.h"

#include "config/tables.h"
#include "plugin/component.h"

#include <string.h>

static cop_status refuse_memory(cop_error *err)
{
    return cop_fail(err, COP_FAILED, "out of memory");
}

/* --- overrides -------------------------------------------------------------------------------- */

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
                        const cop_place *place, const char *file, cop_arena *arena, cop_error *err)
{
    cop_path path;
    COP_TRY(cop_path_parse(path_text, &path, err));
    cop_patch patch = {0};
    COP_TRY(cop_patch_find(config_root_setting(*tree), &path, true, &patch, err));
    config_t scratch, *changed = NULL;
    config_setting_t *value = NULL;
    COP_TRY(cop_syntax_parse_value(value_text, &scratch, &value, err));
    cop_setting_set_place(value, place);
    patch.value = value;
    cop_status status =
        cop_tree_copy(config_root_setting(*tree), &patch, file, arena, &changed, err);
    config_destroy(&scratch);
    if (status != COP_OK)
        return status;
    cop_tree_free(*tree);
    *tree = changed;
    return COP_OK;
}

cop_status cop_override_apply(config_t **tree, const char *override, const char *file,
                              cop_arena *arena, cop_error *err)
{
    const char *equals = strchr(override, '=');
    if (equals == NULL || equals == override) {
        (void)cop_fail(err, COP_INVALID, "wanted PATH=VALUE, such as train.lr=0.1");
        (void)refuse_override(override, err);
        return COP_INVALID;
    }
    char *path = cop_arena_printf(arena, "%.*s", (int)(equals - override), override);
    cop_place *place = cop_arena_alloc(arena, sizeof *place);
    char *origin = cop_arena_printf(arena, "--set %s", override);
    if (path == NULL || place == NULL || origin == NULL)
        return refuse_memory(err);
    *place = (cop_place){origin, 0};
    cop_error own = {0};
    cop_status status = apply(tree, path, equals + 1, place, file, arena, &own);
    if (status == COP_OK)
        return COP_OK;
    (void)refuse_override(override, &own);
    if (err != NULL)
        *err = own;
    return status;
}

/* --- sweeps ----------------------------------------------------------------------------------- */

static cop_status refuse_at(const config_setting_t *setting, const char *file, cop_error *err,
                            const char *message)
{
    cop_place place = cop_setting_place(setting, file);
    return cop_fail_at(err, COP_INVALID, place.file, place.line, "%s", message);
}

static bool is_list(const config_setting_t *setting)
{
    return setting != NULL && (config_setting_is_list(setting) || config_setting_is_array(setting));
}

/* A value's own text, where the config gives it no label. */
static const char *default_label(const config_setting_t *value, cop_arena *arena)
{
    if (config_setting_type(value) == CONFIG_TYPE_STRING)
        return cop_arena_strdup(arena, config_setting_get_string(value));
    cop_text text = {0};
    cop_setting_text(value, &text);
    const char *label =
        text.failed || text.data == NULL ? NULL : cop_arena_strdup(arena, text.data);
    cop_text_free(&text);
    return label;
}

static cop_status read_labels(cop_axis *axis, const cop_string_list *given, cop_arena *arena,
                              cop_error *err)
{
    const char **labels = cop_arena_array(arena, axis->count, sizeof *labels);
    if (labels == NULL)
        return refuse_memory(err);
    for (size_t i = 0; i < axis->count; i++) {
        labels[i] = given->count > 0
                        ? cop_arena_strdup(arena, given->items[i])
                        : default_label(config_setting_get_elem(axis->values, (unsigned)i), arena);
        if (labels[i] == NULL)
            return refuse_memory(err);
    }
    axis->labels = labels;
    return COP_OK;
}

/* Groups that a config may leave out can be swept into; elsewhere a new group is a misspelt one. */
static bool may_create(const cop_path *path)
{
    return path->count > 0 &&
           (strcmp(path->steps[0].name, "study") == 0 || strcmp(path->steps[0].name, "seeds") == 0);
}

static cop_status check_axis(const config_t *tree, const config_setting_t *group, cop_axis *axis,
                             const cop_axis_options *options, const char *file, cop_error *err)
{
    const config_setting_t *values = config_setting_get_member(group, "values");
    if (!is_list(values))
        return refuse_at(values != NULL ? values : group, file, err,
                         "an axis of the sweep needs values = [ ... ]");
    axis->values = values;
    axis->count = (size_t)config_setting_length(values);
    cop_place place = cop_setting_place(values, file);
    if (axis->count == 0)
        return refuse_at(values, file, err, "an axis of the sweep has no values");
    if (options->labels.count != 0 && options->labels.count != axis->count)
        return cop_fail_at(err, COP_INVALID, place.file, place.line,
                           "an axis of the sweep has %zu values and %zu labels", axis->count,
                           options->labels.count);
    cop_path path;
    cop_patch patch = {0};
    cop_error own = {0};
    cop_status status = cop_path_parse(options->path, &path, &own);
    if (status == COP_OK)
        status = cop_patch_find(config_root_setting(tree), &path, may_create(&path), &patch, &own);
    const char *first = path.count > 0 ? path.steps[0].name : "";
    if (status == COP_OK && strcmp(first, "sweep") == 0)
        status = cop_fail(&own, COP_INVALID, "it cannot be swept");
    if (status == COP_OK)
        return COP_OK;
    char shown[100];
    return cop_fail_at(err, COP_INVALID, place.file, place.line, "sweep path \"%s\": %s",
                       cop_escape(options->path, shown, sizeof shown), own.message);
}

static cop_status read_axis(const config_t *tree, const config_setting_t *group, const char *file,
                            cop_logger *log, cop_arena *arena, cop_axis *axis, cop_error *err)
{
    static const char *const skip[] = {"values", NULL};
    if (!config_setting_is_group(group))
        return refuse_at(group, file, err,
                         "an axis of the sweep is a group { path = \"...\"; values = [ ... ]; }");
    cop_axis_options options = {0};
    cop_option_values *kept = NULL;
    const cop_group *table = cop_group_table(COP_GROUP_SWEEP);
    COP_TRY(cop_options_read(table->options, table->count, group, skip, table->what, file, NULL,
                             log, &options, &kept, err));
    cop_status status = check_axis(tree, group, axis, &options, file, err);
    axis->path = cop_arena_strdup(arena, options.path);
    if (status == COP_OK && axis->path == NULL)
        status = refuse_memory(err);
    if (status == COP_OK)
        status = read_labels(axis, &options.labels, arena, err);
    cop_option_values_free(kept);
    return status;
}

cop_status cop_sweep_read(const config_t *tree, const char *file, cop_logger *log, cop_arena *arena,
                          cop_sweep *sweep, cop_error *err)
{
    *sweep = (cop_sweep){.settings = 1};
    const config_setting_t *list = config_setting_get_member(config_root_setting(tree), "sweep");
    if (list == NULL)
        return COP_OK;
    if (!is_list(list))
        return refuse_at(list, file, err, "sweep is a list of groups: ( { path = \"...\"; ... } )");
    size_t count = (size_t)config_setting_length(list);
    sweep->axes = cop_arena_array(arena, count > 0 ? count : 1, sizeof *sweep->axes);
    if (sweep->axes == NULL)
        return refuse_memory(err);
    for (size_t i = 0; i < count; i++) {
        const config_setting_t *group = config_setting_get_elem(list, (unsigned)i);
        COP_TRY(read_axis(tree, group, file, log, arena, &sweep->axes[i], err));
        sweep->settings *= sweep->axes[i].count;
        if (sweep->settings > COP_MAX_SETTINGS)
            return refuse_at(group, file, err, "the sweep has more than 10000 settings");
    }
    sweep->axis_count = count;
    return COP_OK;
}

/* Replaces *tree by a copy with an axis's value in it. */
static cop_status set_value(config_t **tree, const cop_axis *axis, size_t which, const char *file,
                            cop_arena *arena, cop_error *err)
{
    cop_path path;
    COP_TRY(cop_path_parse(axis->path, &path, err));
    cop_patch patch = {.is_merged = true,
                       .value = config_setting_get_elem(axis->values, (unsigned)which)};
    cop_status status =
        cop_patch_find(config_root_setting(*tree), &path, may_create(&path), &patch, err);
    if (status != COP_OK) { /* an axis before it took away what this path named */
        cop_place place = cop_setting_place(patch.value, file);
        char inner[300];
        memcpy(inner, err->message, sizeof inner);
        inner[sizeof inner - 1] = '\0';
        return cop_fail_at(err, COP_INVALID, place.file, place.line, "sweep path \"%.100s\": %s",
                           axis->path, inner);
    }
    config_t *changed = NULL;
    COP_TRY(cop_tree_copy(config_root_setting(*tree), &patch, file, arena, &changed, err));
    cop_tree_free(*tree);
    *tree = changed;
    return COP_OK;
}

cop_status cop_sweep_setting(const cop_sweep *sweep, const config_t *tree, size_t i,
                             const char *name, const char *file, cop_arena *arena, config_t **out,
                             const char **label, cop_error *err)
{
    cop_error own = {0};
    *out = NULL;
    cop_text joined = {0};
    cop_text_append(&joined, sweep->axis_count == 0 ? name : "");
    cop_status status = cop_tree_copy(config_root_setting(tree), NULL, file, arena, out, &own);
    size_t below = sweep->settings;
    for (size_t a = 0; a < sweep->axis_count && status == COP_OK; a++) {
        below /= sweep->axes[a].count;
        size_t which = i / below % sweep->axes[a].count;
        cop_text_printf(&joined, "%s%s", a > 0 ? ", " : "", sweep->axes[a].labels[which]);
        status = set_value(out, &sweep->axes[a], which, file, arena, &own);
    }
    if (status == COP_OK) {
        *label = joined.failed ? NULL : cop_arena_strdup(arena, joined.data);
        if (*label == NULL)
            status = refuse_memory(&own);
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
