/* tree.c: paths into libconfig trees, and copies with a patch. */
#include "config/tree.h"

#include "config/old_names.h"
#include "core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_index(const char **at, unsigned *index)
{
    const char *p = *at + 1;
    size_t digits = strspn(p, "0123456789");
    if (digits == 0 || digits > 6 || p[digits] != ']')
        return false;
    *index = 0;
    for (size_t i = 0; i < digits; i++)
        *index = *index * 10 + (unsigned)(p[i] - '0');
    *at = p + digits + 1;
    return true;
}

static bool parse_step(const char **at, cop_path *path)
{
    if (path->count == COP_PATH_DEPTH)
        return false;
    if (**at == '[') {
        path->steps[path->count].name[0] = '\0';
        if (!parse_index(at, &path->steps[path->count].index))
            return false;
    } else {
        size_t length = strcspn(*at, ".[");
        if (length == 0 || length >= COP_NAME_SIZE)
            return false;
        memcpy(path->steps[path->count].name, *at, length);
        path->steps[path->count].name[length] = '\0';
        *at += length;
    }
    path->count++;
    return true;
}

cop_status cop_path_parse(const char *text, cop_path *path, cop_error *err)
{
    memset(path, 0, sizeof *path);
    const char *at = text;
    while (*at != '\0') {
        bool is_ok = parse_step(&at, path);
        if (is_ok && *at == '.')
            is_ok = *++at != '\0';
        else if (is_ok && *at != '[' && *at != '\0')
            is_ok = false;
        char shown[80];
        if (!is_ok)
            return cop_fail(err, COP_INVALID,
                            "\"%s\" is not a path such as ticket.phases.[0].rounds",
                            cop_escape(text, shown, sizeof shown));
    }
    path->old_name = cop_old_names_in_path(path, &path->new_name);
    return COP_OK;
}

static cop_status refuse_step(const config_setting_t *at, const cop_path *path, size_t i,
                              cop_error *err)
{
    char step[COP_NAME_SIZE + 16], shown[COP_NAME_SIZE + 16];
    if (path->steps[i].name[0] != '\0')
        (void)snprintf(step, sizeof step, "%s", path->steps[i].name);
    else
        (void)snprintf(step, sizeof step, "[%u]", path->steps[i].index);
    (void)cop_escape(step, shown, sizeof shown);
    if (!config_setting_is_group(at))
        return cop_fail(err, COP_INVALID, "there is no \"%s\" in %s", shown,
                        cop_setting_type_name(at));
    const char *names[64];
    size_t count = 0;
    for (int k = 0; k < config_setting_length(at) && count < 64; k++) {
        const char *name = config_setting_name(config_setting_get_elem(at, (unsigned)k));
        if (name != NULL)
            names[count++] = name;
    }
    const char *nearest = cop_nearest(path->steps[i].name, names, count);
    if (nearest != NULL)
        return cop_fail(err, COP_INVALID, "there is no \"%s\"; did you mean \"%s\"?", shown,
                        nearest);
    return cop_fail(err, COP_INVALID, "there is no \"%s\"", shown);
}

static const config_setting_t *step_into(const config_setting_t *at, const cop_path *path, size_t i)
{
    if (path->steps[i].name[0] != '\0')
        return config_setting_is_group(at) ? config_setting_get_member(at, path->steps[i].name)
                                           : NULL;
    bool is_list = config_setting_is_list(at) || config_setting_is_array(at);
    return is_list ? config_setting_get_elem(at, path->steps[i].index) : NULL;
}

cop_status cop_patch_find(const config_setting_t *root, const cop_path *path, bool may_create,
                          cop_patch *patch, cop_error *err)
{
    patch->target = root;
    patch->path = path;
    patch->added = 0;
    for (size_t i = 0; i < path->count; i++) {
        const config_setting_t *next = step_into(patch->target, path, i);
        if (next != NULL) {
            patch->target = next;
            continue;
        }
        bool is_last = i + 1 == path->count;
        bool is_named = path->steps[i].name[0] != '\0';
        bool can_add = is_named
                           ? config_setting_is_group(patch->target)
                           : !config_setting_is_group(patch->target) &&
                                 config_setting_is_aggregate(patch->target) &&
                                 (int)path->steps[i].index == config_setting_length(patch->target);
        for (size_t k = i + 1; k < path->count; k++)
            can_add = can_add && may_create && path->steps[k].name[0] != '\0';
        if (!can_add || (!is_last && !may_create))
            return refuse_step(patch->target, path, i, err);
        patch->added = path->count - i;
        break;
    }
    return COP_OK;
}

const char *cop_setting_path(const config_setting_t *setting, char *text, size_t size)
{
    const config_setting_t *up[COP_PATH_DEPTH * 2];
    size_t depth = 0, used = 0;
    for (; config_setting_parent(setting) != NULL && depth < COP_PATH_DEPTH * 2;
         setting = config_setting_parent(setting))
        up[depth++] = setting;
    (void)snprintf(text, size, "%s", "");
    while (depth > 0 && used < size) {
        const config_setting_t *s = up[--depth];
        const char *name = config_setting_name(s), *dot = used > 0 ? "." : "";
        int length = name != NULL ? snprintf(text + used, size - used, "%s%s", dot, name)
                                  : snprintf(text + used, size - used, "%s[%d]", dot,
                                             config_setting_index(s));
        used += length > 0 ? (size_t)length : 0;
    }
    return text;
}

typedef struct copying {
    const cop_patch *patch;
    const char *file;
    cop_arena *places;
    cop_error *err;
} copying;

static cop_status copy(const copying *c, config_setting_t *parent, const char *name,
                       const config_setting_t *from);

static cop_status refuse(const copying *c, const config_setting_t *from, const char *name)
{
    cop_place place = cop_setting_place(from, c->file);
    char shown[80];
    return cop_fail_at(c->err, COP_INVALID, place.file, place.line,
                       "cannot make a setting named \"%s\"",
                       cop_escape(name != NULL ? name : "", shown, sizeof shown));
}

/* Adds an empty setting of that type that knows where `from` was written. */
static cop_status add(const copying *c, config_setting_t *parent, const char *name, int type,
                      const config_setting_t *from, config_setting_t **out)
{
    *out = config_setting_add(parent, name, type);
    if (*out == NULL)
        return refuse(c, from, name);
    cop_place *place = cop_arena_alloc(c->places, sizeof *place);
    if (place == NULL)
        return cop_out_of_memory(c->err);
    *place = cop_setting_place(from, c->file);
    config_setting_set_hook(*out, place);
    return COP_OK;
}

static void copy_scalar(const config_setting_t *from, config_setting_t *to)
{
    switch (config_setting_type(from)) {
    case CONFIG_TYPE_INT:
        (void)config_setting_set_int(to, config_setting_get_int(from));
        break;
    case CONFIG_TYPE_INT64:
        (void)config_setting_set_int64(to, config_setting_get_int64(from));
        break;
    case CONFIG_TYPE_FLOAT:
        (void)config_setting_set_float(to, config_setting_get_float(from));
        break;
    case CONFIG_TYPE_BOOL:
        (void)config_setting_set_bool(to, config_setting_get_bool(from));
        break;
    case CONFIG_TYPE_STRING:
        (void)config_setting_set_string(to, config_setting_get_string(from));
        break;
    default:
        break;
    }
}

/* Two groups are one component's, or no component's. */
static bool is_mergeable(const config_setting_t *a, const config_setting_t *b)
{
    if (!config_setting_is_group(a) || !config_setting_is_group(b))
        return false;
    const config_setting_t *x = config_setting_get_member(a, "plugin");
    const config_setting_t *y = config_setting_get_member(b, "plugin");
    if (x == NULL || y == NULL)
        return true;
    return config_setting_type(x) == CONFIG_TYPE_STRING &&
           config_setting_type(y) == CONFIG_TYPE_STRING &&
           strcmp(config_setting_get_string(x), config_setting_get_string(y)) == 0;
}

static bool is_within(const config_setting_t *setting, const config_setting_t *around)
{
    while (setting != NULL && setting != around)
        setting = config_setting_parent(setting);
    return setting != NULL;
}

/* Whether `high`, put over `low`, replaces `setting`, which is `low` or within it. */
static bool replaces(const config_setting_t *high, const config_setting_t *low,
                     const config_setting_t *setting)
{
    if (low == setting || !is_mergeable(low, high))
        return true;
    const config_setting_t *step = setting;
    while (config_setting_parent(step) != low)
        step = config_setting_parent(step);
    const config_setting_t *over = config_setting_get_member(high, config_setting_name(step));
    return over != NULL && replaces(over, step, setting);
}

/* The same for the patch and a setting that has nothing in it. */
static bool patch_replaces(const cop_patch *patch, const config_setting_t *setting)
{
    if (patch->added > 0) /* an empty list is one no more */
        return patch->target == setting;
    if (!is_within(setting, patch->target))
        return false;
    return !patch->is_merged || replaces(patch->value, patch->target, setting);
}

/* A group's `plugin` says which group is meant; both may say so. */
static bool is_same_plugin(const cop_patch *patch, const config_setting_t *setting)
{
    const char *name = config_setting_name(setting);
    if (name == NULL || strcmp(name, "plugin") != 0 || patch->added > 0 || !patch->is_merged)
        return false;
    const config_setting_t *group = config_setting_parent(setting), *over = patch->value;
    const config_setting_t *steps[COP_PATH_DEPTH * 2];
    size_t depth = 0;
    for (; group != patch->target && depth < COP_PATH_DEPTH * 2;
         group = config_setting_parent(group)) {
        if (group == NULL)
            return false;
        steps[depth++] = group;
    }
    while (depth > 0 && over != NULL && config_setting_is_group(over)) {
        const char *step = config_setting_name(steps[--depth]);
        over = step != NULL ? config_setting_get_member(over, step) : NULL;
    }
    return over != NULL && config_setting_parent(setting) != NULL &&
           is_mergeable(config_setting_parent(setting), over);
}

static const config_setting_t *first_overwritten(const cop_patch *patch, const config_setting_t *at,
                                                 const config_setting_t *value)
{
    if (at == NULL)
        return NULL;
    int count = config_setting_is_aggregate(value) ? config_setting_length(value) : 0;
    if (count == 0) {
        bool sets_nothing = config_setting_is_group(value);
        return !sets_nothing && patch_replaces(patch, at) && !is_same_plugin(patch, at) ? at : NULL;
    }
    for (int i = 0; i < count; i++) {
        const config_setting_t *item = config_setting_get_elem(value, (unsigned)i);
        const char *name = config_setting_name(item);
        const config_setting_t *there = name != NULL ? config_setting_get_member(at, name)
                                                     : config_setting_get_elem(at, (unsigned)i);
        const config_setting_t *found = first_overwritten(patch, there, item);
        if (found != NULL)
            return found;
    }
    return NULL;
}

const config_setting_t *cop_patch_overwrites(const cop_patch *patch, const config_setting_t *root,
                                             const cop_path *path, const config_setting_t *value)
{
    cop_patch place = {0};
    if (cop_patch_find(root, path, true, &place, NULL) != COP_OK || place.added > 0)
        return NULL;
    return first_overwritten(patch, place.target, value);
}

/* Fills the group `to` with the members of `under`, those of `over` on top. */
static cop_status merge(const copying *c, config_setting_t *to, const config_setting_t *under,
                        const config_setting_t *over)
{
    for (int i = 0; i < config_setting_length(under); i++) {
        const config_setting_t *low = config_setting_get_elem(under, (unsigned)i);
        const char *name = config_setting_name(low);
        const config_setting_t *high = config_setting_get_member(over, name);
        if (high != NULL && is_mergeable(low, high)) {
            config_setting_t *inner = NULL;
            COP_TRY(add(c, to, name, CONFIG_TYPE_GROUP, low, &inner));
            COP_TRY(merge(c, inner, low, high));
        } else {
            COP_TRY(copy(c, to, name, high != NULL ? high : low));
        }
    }
    for (int i = 0; i < config_setting_length(over); i++) {
        const config_setting_t *high = config_setting_get_elem(over, (unsigned)i);
        const char *name = config_setting_name(high);
        if (config_setting_get_member(under, name) == NULL)
            COP_TRY(copy(c, to, name, high));
    }
    return COP_OK;
}

/* Adds the new end of the path below `to`. */
static cop_status add_end(const copying *c, config_setting_t *to)
{
    const cop_path *path = c->patch->path;
    for (size_t i = path->count - c->patch->added; i + 1 < path->count; i++)
        COP_TRY(add(c, to, path->steps[i].name, CONFIG_TYPE_GROUP, c->patch->value, &to));
    const char *name = path->steps[path->count - 1].name;
    return copy(c, to, name[0] != '\0' ? name : NULL, c->patch->value);
}

static cop_status fill(const copying *c, config_setting_t *to, const config_setting_t *from)
{
    bool is_target = c->patch != NULL && c->patch->target == from;
    if (is_target && c->patch->added == 0) /* only where it merges */
        return merge(c, to, from, c->patch->value);
    for (int i = 0; i < config_setting_length(from); i++) {
        const config_setting_t *member = config_setting_get_elem(from, (unsigned)i);
        COP_TRY(copy(c, to, config_setting_name(member), member));
    }
    return is_target ? add_end(c, to) : COP_OK;
}

/* Arrays hold one type only; one that is changed becomes a list. */
static int type_of_copy(const copying *c, const config_setting_t *from)
{
    int type = config_setting_type(from);
    bool is_changed = c->patch != NULL &&
                      (c->patch->target == from || config_setting_parent(c->patch->target) == from);
    return type == CONFIG_TYPE_ARRAY && is_changed ? CONFIG_TYPE_LIST : type;
}

static cop_status copy(const copying *c, config_setting_t *parent, const char *name,
                       const config_setting_t *from)
{
    bool is_target = c->patch != NULL && c->patch->target == from && c->patch->added == 0;
    if (is_target && !(c->patch->is_merged && is_mergeable(from, c->patch->value)))
        return copy(c, parent, name, c->patch->value);
    config_setting_t *to = NULL;
    COP_TRY(add(c, parent, name, type_of_copy(c, from), from, &to));
    if (config_setting_is_aggregate(from))
        return fill(c, to, from);
    copy_scalar(from, to);
    return COP_OK;
}

cop_status cop_tree_copy(const config_setting_t *root, const cop_patch *patch, const char *file,
                         cop_arena *places, config_t **out, cop_error *err)
{
    copying c = {.patch = patch, .file = file, .places = places, .err = err};
    bool is_root = patch != NULL && patch->target == root && patch->added == 0;
    if (is_root && !config_setting_is_group(patch->value)) {
        cop_place place = cop_setting_place(patch->value, file);
        return cop_fail_at(err, COP_INVALID, place.file, place.line,
                           "a value for the whole config is %s; wanted a group",
                           cop_setting_type_name(patch->value));
    }
    config_t *tree = malloc(sizeof *tree);
    if (tree == NULL)
        return cop_out_of_memory(err);
    config_init(tree);
    cop_status status = fill(&c, config_root_setting(tree), root);
    if (status == COP_OK)
        *out = tree;
    else
        cop_tree_free(tree);
    return status;
}

void cop_tree_free(config_t *tree)
{
    if (tree == NULL)
        return;
    config_destroy(tree);
    free(tree);
}
