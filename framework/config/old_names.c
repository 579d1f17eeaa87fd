/* old_names.c: settings that were called otherwise in earlier versions. */
#include "config/old_names.h"

#include "core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A member of a group of the root that has another name by now. */
typedef struct old_name {
    const char *group, *was, *is;
    const char *whole_was, *whole_is;
} old_name;

static const old_name old_names[] = {
    {"ticket", "stages", "phases", "ticket.stages", "ticket.phases"},
};

#define OLD_NAME_COUNT (sizeof old_names / sizeof old_names[0])

static void warn(const old_name *name, cop_place place, cop_logger *log)
{
    if (place.line > 0)
        cop_say(log, COP_LOG_WARNING, "%s:%d: %s is deprecated: write %s",
                place.file != NULL ? place.file : "config", place.line, name->whole_was,
                name->whole_is);
    else
        cop_say(log, COP_LOG_WARNING, "%s: %s is deprecated: write %s",
                place.file != NULL ? place.file : "config", name->whole_was, name->whole_is);
}

/* libconfig has no call for it; the name is the setting's own, on the heap. */
static cop_status set_name(config_setting_t *setting, const char *name, cop_error *err)
{
    char *copy = strdup(name);
    if (copy == NULL)
        return cop_out_of_memory(err);
    free(setting->name);
    setting->name = copy;
    return COP_OK;
}

/* Renames one member of the group that the name is about. */
static cop_status rename_member(config_setting_t *group, const old_name *name, const char *file,
                                cop_logger *log, cop_error *err)
{
    if (group == NULL || !config_setting_is_group(group))
        return COP_OK;
    config_setting_t *member = config_setting_get_member(group, name->was);
    if (member == NULL)
        return COP_OK;
    cop_place place = cop_setting_place(member, file);
    if (config_setting_get_member(group, name->is) != NULL)
        return cop_fail_at(err, COP_INVALID, place.file, place.line,
                           "%s is given twice: %s is its old name", name->whole_is,
                           name->whole_was);
    warn(name, place, log);
    return set_name(member, name->is, err);
}

static bool is_step(const cop_path *path, size_t i, const char *name)
{
    return path->count > i && strcmp(path->steps[i].name, name) == 0;
}

cop_status cop_old_names_rename(config_setting_t *value, const cop_path *at, const char *file,
                                cop_logger *log, cop_error *err)
{
    size_t depth = at != NULL ? at->count : 0;
    for (size_t i = 0; i < OLD_NAME_COUNT; i++) {
        const old_name *name = &old_names[i];
        config_setting_t *group = NULL;
        if (depth == 0 && config_setting_is_group(value))
            group = config_setting_get_member(value, name->group);
        else if (depth == 1 && is_step(at, 0, name->group))
            group = value;
        COP_TRY(rename_member(group, name, file, log, err));
    }
    return COP_OK;
}

/* One axis; what is wrong with it in other ways is for others to say. */
static cop_status rename_axis(config_setting_t *axis, const char *file, cop_logger *log,
                              cop_error *err)
{
    if (!config_setting_is_group(axis))
        return COP_OK;
    const config_setting_t *text = config_setting_get_member(axis, "path");
    const config_setting_t *values = config_setting_get_member(axis, "values");
    cop_path path;
    if (text == NULL || config_setting_type(text) != CONFIG_TYPE_STRING || values == NULL ||
        !config_setting_is_aggregate(values) ||
        cop_path_parse(config_setting_get_string(text), &path, NULL) != COP_OK)
        return COP_OK;
    for (size_t i = 0; i < OLD_NAME_COUNT; i++)
        if (path.old_name != NULL && strcmp(path.old_name, old_names[i].whole_was) == 0)
            warn(&old_names[i], cop_setting_place(text, file), log);
    for (int i = 0; i < config_setting_length(values); i++)
        COP_TRY(cop_old_names_rename(config_setting_get_elem(values, (unsigned)i), &path, file, log,
                                     err));
    return COP_OK;
}

cop_status cop_old_names_rename_sweep(config_setting_t *root, const char *file, cop_logger *log,
                                      cop_error *err)
{
    const config_setting_t *sweep = config_setting_get_member(root, "sweep");
    if (sweep == NULL || !config_setting_is_aggregate(sweep))
        return COP_OK;
    for (int i = 0; i < config_setting_length(sweep); i++)
        COP_TRY(rename_axis(config_setting_get_elem(sweep, (unsigned)i), file, log, err));
    return COP_OK;
}

const char *cop_old_names_in_path(cop_path *path, const char **now)
{
    for (size_t i = 0; i < OLD_NAME_COUNT; i++) {
        const old_name *name = &old_names[i];
        if (!is_step(path, 0, name->group) || !is_step(path, 1, name->was))
            continue;
        (void)snprintf(path->steps[1].name, sizeof path->steps[1].name, "%s", name->is);
        *now = name->whole_is;
        return name->whole_was;
    }
    return NULL;
}
