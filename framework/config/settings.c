/* settings.c: a resolved config's tree laid flat. */
#include "config/settings.h"

#include "config/tree.h"
#include "core/file.h"
#include "core/memory.h"
#include "plugin/options/setting.h"

#include <stdlib.h>
#include <string.h>

/* The group of cells (resolved.h). */
#define SWEEP "sweep"

/* Of a config's file. */
#define MOST_BYTES ((size_t)256 << 20)

/* What the functions here share. */
typedef struct flattening {
    cop_arena *arena;
    cop_error *err;
} flattening;

/* The value itself, beside its text; false when memory is out. */
static bool take_value(const config_setting_t *setting, cop_arena *arena, cop_setting *out)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        out->type = COP_SETTING_INTEGER;
        out->integer = config_setting_get_int64(setting);
        return true;
    case CONFIG_TYPE_FLOAT:
        out->type = COP_SETTING_FLOAT;
        out->number = config_setting_get_float(setting);
        return true;
    case CONFIG_TYPE_BOOL:
        out->type = COP_SETTING_BOOL;
        out->integer = config_setting_get_bool(setting) != 0;
        return true;
    case CONFIG_TYPE_STRING:
        out->type = COP_SETTING_STRING;
        out->string = cop_arena_strdup(arena, config_setting_get_string(setting));
        return out->string != NULL;
    default:
        out->type = COP_SETTING_LIST;
        return true;
    }
}

/* One setting without what the path to the cell's group says. */
static cop_status add(const flattening *f, const config_setting_t *setting, size_t skip,
                      cop_settings *to)
{
    char path[1024];
    cop_text value = {0};
    (void)cop_setting_path(setting, path, sizeof path);
    cop_setting_text(setting, &value);
    cop_setting *grown = to->items;
    if (to->count == to->capacity) { /* the arena frees what was outgrown */
        to->capacity = 2 * to->capacity + 64;
        grown = cop_arena_array(f->arena, to->capacity, sizeof *grown);
        if (grown != NULL && to->count > 0)
            memcpy(grown, to->items, to->count * sizeof *grown);
    }
    cop_setting item = {
        .path = cop_arena_strdup(f->arena, path + (strlen(path) > skip ? skip : 0)),
        .value =
            value.failed ? NULL : cop_arena_strdup(f->arena, value.length > 0 ? value.data : "")};
    cop_text_free(&value);
    if (grown == NULL || item.path == NULL || item.value == NULL ||
        !take_value(setting, f->arena, &item))
        return cop_out_of_memory(f->err);
    to->items = grown;
    to->items[to->count++] = item;
    return COP_OK;
}

/* Groups, and lists that hold some, are gone into; lists of values are one. */
static bool is_gone_into(const config_setting_t *setting)
{
    if (config_setting_is_group(setting))
        return true;
    for (int i = 0; config_setting_is_list(setting) && i < config_setting_length(setting); i++)
        if (config_setting_is_aggregate(config_setting_get_elem(setting, (unsigned)i)))
            return true;
    return false;
}

/* What is in it, but for `left_out` (NULL: nothing). */
static cop_status flatten(const flattening *f, const config_setting_t *setting, size_t skip,
                          const config_setting_t *left_out, cop_settings *to)
{
    if (setting == left_out)
        return COP_OK;
    if (!is_gone_into(setting))
        return add(f, setting, skip, to);
    for (int i = 0; i < config_setting_length(setting); i++)
        COP_TRY(flatten(f, config_setting_get_elem(setting, (unsigned)i), skip, left_out, to));
    return COP_OK;
}

static int by_path(const void *left, const void *right)
{
    return strcmp((*(cop_setting *const *)left)->path, (*(cop_setting *const *)right)->path);
}

static int path_against(const void *path, const void *setting)
{
    return strcmp(path, (*(cop_setting *const *)setting)->path);
}

static cop_status sort(const flattening *f, cop_settings *s)
{
    s->sorted = cop_arena_array(f->arena, s->count + 1, sizeof *s->sorted);
    if (s->sorted == NULL)
        return cop_out_of_memory(f->err);
    for (size_t i = 0; i < s->count; i++)
        s->sorted[i] = &s->items[i];
    qsort(s->sorted, s->count, sizeof *s->sorted, by_path);
    return COP_OK;
}

/* The sweep's lists; false where it is none of those that resolving writes. */
static bool find_cells(const config_setting_t *sweep, const config_setting_t **labels,
                       const config_setting_t **values)
{
    const config_setting_t *axis =
        sweep != NULL && config_setting_is_list(sweep) && config_setting_length(sweep) == 1
            ? config_setting_get_elem(sweep, 0)
            : NULL;
    if (axis == NULL || !config_setting_is_group(axis))
        return false;
    *labels = config_setting_get_member(axis, "labels");
    *values = config_setting_get_member(axis, "values");
    return *labels != NULL && *values != NULL && config_setting_is_aggregate(*labels) &&
           config_setting_is_list(*values) && config_setting_length(*values) > 0 &&
           config_setting_length(*values) == config_setting_length(*labels);
}

static cop_status flatten_cell(const flattening *f, const char *label,
                               const config_setting_t *value, cop_cell_settings *out)
{
    char path[256];
    out->label = cop_arena_strdup(f->arena, label != NULL ? label : "");
    if (out->label == NULL)
        return cop_out_of_memory(f->err);
    COP_TRY(
        flatten(f, value, strlen(cop_setting_path(value, path, sizeof path)) + 1, NULL, &out->own));
    return sort(f, &out->own);
}

static cop_status flatten_all(const flattening *f, const config_setting_t *root,
                              cop_config_settings *out)
{
    const config_setting_t *sweep = config_setting_get_member(root, SWEEP), *labels = NULL,
                           *values = NULL;
    bool sweeps = find_cells(sweep, &labels, &values);
    out->cell_count = sweeps ? (size_t)config_setting_length(values) : 1;
    out->cells = cop_arena_array(f->arena, out->cell_count, sizeof *out->cells);
    if (out->cells == NULL)
        return cop_out_of_memory(f->err);
    COP_TRY(flatten(f, root, 0, sweeps ? sweep : NULL, &out->common));
    COP_TRY(sort(f, &out->common));
    for (size_t i = 0; sweeps && i < out->cell_count; i++)
        COP_TRY(flatten_cell(f, config_setting_get_string_elem(labels, (int)i),
                             config_setting_get_elem(values, (unsigned)i), &out->cells[i]));
    return sweeps ? COP_OK : sort(f, &out->cells[0].own);
}

cop_status cop_config_settings_parse(const char *text, size_t size, const char *path,
                                     cop_arena *arena, cop_config_settings *out, cop_error *err)
{
    const flattening f = {.arena = arena, .err = err};
    config_t config;
    *out = (cop_config_settings){0};
    if (cop_syntax_parse(text, size, path, &config, err) != COP_OK)
        return COP_FAILED;
    cop_status status = flatten_all(&f, config_root_setting(&config), out);
    config_destroy(&config);
    return status;
}

cop_status cop_config_settings_read(const char *path, cop_arena *arena, cop_config_settings *out,
                                    cop_error *err)
{
    char *text = NULL;
    size_t size = 0;
    COP_TRY(cop_file_read_regular(path, MOST_BYTES, &text, &size, err));
    cop_status status = cop_config_settings_parse(text, size, path, arena, out, err);
    free(text);
    return status;
}

const cop_setting *cop_settings_find(const cop_settings *s, const char *path)
{
    cop_setting **found =
        s->count > 0 ? bsearch(path, s->sorted, s->count, sizeof *s->sorted, path_against) : NULL;
    return found != NULL ? *found : NULL;
}

const char *cop_cell_value(const cop_config_settings *config, size_t cell, const char *path)
{
    const cop_setting *own = cop_settings_find(&config->cells[cell].own, path);
    if (own == NULL)
        own = cop_settings_find(&config->common, path);
    return own != NULL ? own->value : NULL;
}
