/* sweep.c: reading the axes of a sweep. */
#include "config/sweep.h"

#include "config/axis_labels.h"
#include "config/combinations.h"
#include "config/names.h"
#include "config/tables.h"
#include "core/memory.h"
#include "plugin/component.h"

#include <string.h>

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

/* Complains at the label, or at the value that has no other. */
static cop_status check_label(const config_setting_t *group, const cop_axis *axis, bool is_given,
                              size_t i, const char *label, const char *file, cop_error *err)
{
    const config_setting_t *list =
        is_given ? config_setting_get_member(group, "labels") : axis->values;
    const config_setting_t *at = config_setting_get_elem(list, (unsigned)i);
    return cop_name_check(
        is_given ? "label" : "the label of a value without one (labels = [ ... ])", label,
        COP_MAX_LABEL, cop_setting_place(at != NULL ? at : group, file), err);
}

/* Whether an axis that goes with this one has labels of its own. */
static bool is_named_elsewhere(const cop_sweep *sweep, const cop_axis *axis)
{
    for (size_t i = 0; i < sweep->axis_count; i++) {
        const config_setting_t *labels = config_setting_get_member(sweep->axes[i].group, "labels");
        if (sweep->axes[i].dimension == axis->dimension && labels != NULL &&
            config_setting_length(labels) > 0)
            return true;
    }
    return false;
}

/* Where an axis of a zip has labels, those of the others would say the same again. */
static cop_status make_labels(const cop_sweep *sweep, cop_axis *axis, cop_arena *arena,
                              cop_error *err)
{
    if (!is_named_elsewhere(sweep, axis))
        return cop_axis_labels(axis->values, axis->count, arena, &axis->labels, err);
    const char **none = cop_arena_array(arena, axis->count, sizeof *none);
    if (none == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < axis->count; i++)
        none[i] = "";
    axis->labels = none;
    return COP_OK;
}

static cop_status keep_labels(cop_axis *axis, const cop_string_list *given, cop_arena *arena,
                              cop_error *err)
{
    const char **labels = cop_arena_array(arena, axis->count, sizeof *labels);
    if (labels == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < axis->count; i++) {
        labels[i] = cop_arena_strdup(arena, given->items[i]);
        if (labels[i] == NULL)
            return cop_out_of_memory(err);
    }
    axis->labels = labels;
    return COP_OK;
}

bool cop_sweep_may_create(const cop_path *path)
{
    return path->count > 0 &&
           (strcmp(path->steps[0].name, "study") == 0 || strcmp(path->steps[0].name, "seeds") == 0);
}

/* Where the path leads; the axis takes its last name unless it has one of its own. */
static cop_status check_path(const config_t *tree, const cop_axis_options *options,
                             cop_arena *arena, cop_axis *axis, cop_error *err)
{
    cop_path path;
    cop_patch patch = {0};
    COP_TRY(cop_path_parse(options->path, &path, err));
    COP_TRY(
        cop_patch_find(config_root_setting(tree), &path, cop_sweep_may_create(&path), &patch, err));
    if (path.count > 0 && strcmp(path.steps[0].name, "sweep") == 0)
        return cop_fail(err, COP_INVALID, "it cannot be swept");
    const char *name = options->name;
    for (size_t i = path.count; i > 0 && name[0] == '\0'; i--)
        name = path.steps[i - 1].name;
    axis->name = cop_arena_strdup(arena, name);
    return axis->name != NULL ? COP_OK : cop_out_of_memory(err);
}

static cop_status check_axis(const config_t *tree, const config_setting_t *group, cop_axis *axis,
                             const cop_axis_options *options, const char *file, cop_arena *arena,
                             cop_error *err)
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
    cop_error own = {0};
    cop_status status = check_path(tree, options, arena, axis, &own);
    if (status == COP_OK)
        return COP_OK;
    char shown[100];
    return cop_fail_at(err, status, place.file, place.line, "sweep path \"%s\": %s",
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
    const cop_section *table = cop_section_table(COP_SECTION_SWEEP);
    COP_TRY(cop_options_read(table->options, table->count, group, skip, table->what, file, NULL,
                             log, &options, &kept, err));
    axis->group = group;
    axis->path = cop_arena_strdup(arena, options.path);
    axis->zip = cop_arena_strdup(arena, options.zip);
    cop_status status = axis->path != NULL && axis->zip != NULL ? COP_OK : cop_out_of_memory(err);
    if (status == COP_OK)
        status = check_axis(tree, group, axis, &options, file, arena, err);
    if (status == COP_OK && options.labels.count > 0)
        status = keep_labels(axis, &options.labels, arena, err);
    cop_option_values_free(kept);
    return status;
}

/* Reads the entries that are axes. */
static cop_status read_axes(const config_t *tree, const config_setting_t *list, const char *file,
                            cop_logger *log, cop_arena *arena, cop_sweep *sweep, cop_error *err)
{
    size_t count = (size_t)config_setting_length(list);
    sweep->axes = cop_arena_array(arena, count + 1, sizeof *sweep->axes);
    sweep->dimensions = cop_arena_array(arena, count + 1, sizeof *sweep->dimensions);
    if (sweep->axes == NULL || sweep->dimensions == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        const config_setting_t *entry = config_setting_get_elem(list, (unsigned)i);
        if (cop_combinations_is_entry(entry))
            continue;
        cop_axis *axis = &sweep->axes[sweep->axis_count];
        COP_TRY(read_axis(tree, entry, file, log, arena, axis, err));
        sweep->axis_count++;
    }
    return COP_OK;
}

/* The first axis before this one that it goes with; NULL: none. */
static const cop_axis *zipped_before(const cop_sweep *sweep, size_t axis)
{
    for (size_t i = 0; i < axis && sweep->axes[axis].zip[0] != '\0'; i++)
        if (strcmp(sweep->axes[i].zip, sweep->axes[axis].zip) == 0)
            return &sweep->axes[i];
    return NULL;
}

/* Axes that go together are of one length. */
static cop_status check_zip(const cop_axis *axis, const cop_axis *first, const char *file,
                            cop_error *err)
{
    if (axis->count == first->count)
        return COP_OK;
    char shown[80], path[100], other[100];
    cop_place place = cop_setting_place(axis->values, file);
    cop_place there = cop_setting_place(first->values, file);
    return cop_fail_at(err, COP_INVALID, place.file, place.line,
                       "axes of the zip \"%s\" go together: \"%s\" has %zu values, \"%s\" %zu, at "
                       "%s:%d",
                       cop_escape(axis->zip, shown, sizeof shown),
                       cop_escape(axis->path, path, sizeof path), axis->count,
                       cop_escape(first->path, other, sizeof other), first->count,
                       there.file != NULL ? there.file : "config", there.line);
}

/* A zip of one axis is most likely a misspelt one. */
static cop_status check_alone(const cop_sweep *sweep, const char *file, cop_error *err)
{
    for (size_t i = 0; i < sweep->axis_count; i++) {
        const cop_axis *axis = &sweep->axes[i];
        size_t together = 0;
        for (size_t k = 0; k < sweep->axis_count; k++)
            together += sweep->axes[k].dimension == axis->dimension;
        char shown[80];
        cop_place place = cop_setting_place(config_setting_get_member(axis->group, "zip"), file);
        if (axis->zip[0] != '\0' && together == 1)
            return cop_fail_at(err, COP_INVALID, place.file, place.line,
                               "no other axis of the sweep has zip = \"%s\"",
                               cop_escape(axis->zip, shown, sizeof shown));
    }
    return COP_OK;
}

/* Gives each axis its dimension. */
static cop_status lay_dimensions(cop_sweep *sweep, const char *file, cop_error *err)
{
    for (size_t i = 0; i < sweep->axis_count; i++) {
        cop_axis *axis = &sweep->axes[i];
        const cop_axis *first = zipped_before(sweep, i);
        if (first != NULL) {
            COP_TRY(check_zip(axis, first, file, err));
            axis->dimension = first->dimension;
        } else {
            axis->dimension = sweep->dimension_count;
            sweep->dimensions[sweep->dimension_count++] = axis->count;
        }
    }
    return check_alone(sweep, file, err);
}

static cop_status read_labels(cop_sweep *sweep, const char *file, cop_arena *arena, cop_error *err)
{
    for (size_t i = 0; i < sweep->axis_count; i++) {
        cop_axis *axis = &sweep->axes[i];
        bool is_given = axis->labels != NULL;
        if (!is_given)
            COP_TRY(make_labels(sweep, axis, arena, err));
        for (size_t k = 0; k < axis->count; k++)
            COP_TRY(check_label(axis->group, axis, is_given, k, axis->labels[k], file, err));
    }
    return COP_OK;
}

/* How many combinations there are, where rules choose from them more than cells. */
static cop_status count_combinations(cop_sweep *sweep, const config_setting_t *list,
                                     const char *file, cop_error *err)
{
    bool has_rules = (size_t)config_setting_length(list) > sweep->axis_count;
    sweep->combinations = 1;
    for (size_t d = 0; d < sweep->dimension_count; d++) {
        sweep->combinations *= sweep->dimensions[d];
        if (has_rules && sweep->combinations > COP_MAX_COMBINATIONS)
            return refuse_at(list, file, err, "the sweep has more than 100000 combinations");
        if (!has_rules && sweep->combinations > COP_MAX_CELLS)
            return refuse_at(list, file, err, "the sweep has more than 10000 cells");
    }
    sweep->cells = sweep->combinations;
    return COP_OK;
}

cop_status cop_sweep_read(const config_t *tree, const char *file, cop_logger *log, cop_arena *arena,
                          cop_sweep *sweep, cop_error *err)
{
    *sweep = (cop_sweep){.combinations = 1, .cells = 1};
    const config_setting_t *list = config_setting_get_member(config_root_setting(tree), "sweep");
    if (list == NULL)
        return COP_OK;
    if (!is_list(list))
        return refuse_at(list, file, err, "sweep is a list of groups: ( { path = \"...\"; ... } )");
    COP_TRY(read_axes(tree, list, file, log, arena, sweep, err));
    COP_TRY(lay_dimensions(sweep, file, err));
    COP_TRY(count_combinations(sweep, list, file, err));
    COP_TRY(read_labels(sweep, file, arena, err));
    COP_TRY(cop_combinations_choose(list, file, arena, sweep, err));
    return sweep->cells <= COP_MAX_CELLS
               ? COP_OK
               : refuse_at(list, file, err, "the sweep has more than 10000 cells");
}

size_t cop_sweep_value(const cop_sweep *sweep, size_t combination, size_t axis)
{
    size_t below = 1, dimension = sweep->axes[axis].dimension;
    for (size_t d = dimension + 1; d < sweep->dimension_count; d++)
        below *= sweep->dimensions[d];
    return combination / below % sweep->dimensions[dimension];
}
