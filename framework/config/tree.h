/* tree.h: changed copies of a libconfig tree. Nothing is changed in place: an override or a cell
 * of a sweep is a copy with one patch, in which every setting still knows where it was written. */
#ifndef COP_CONFIG_TREE_H
#define COP_CONFIG_TREE_H

#include "core/arena.h"
#include "plugin/options/setting.h"

#define COP_PATH_DEPTH 32

/* A libconfig path in steps: "ticket.phases.[0].data". The empty path is the root. */
typedef struct cop_path {
    size_t count;
    const char *old_name, *new_name; /* literals: of a setting that is called otherwise by now; the
                                        steps have the new name. NULL: none */
    struct {
        char name[COP_NAME_SIZE]; /* empty: by index */
        unsigned index;
    } steps[COP_PATH_DEPTH];
} cop_path;

cop_status cop_path_parse(const char *text, cop_path *path, cop_error *err);

/* One change. */
typedef struct cop_patch {
    const config_setting_t *target; /* what is replaced, or what is added to */
    size_t added;                   /* how many steps at the path's end are new, below the target */
    const cop_path *path;
    const config_setting_t *value;
    bool is_merged; /* groups merge, unless their `plugin` differs; else the value replaces */
} cop_patch;

/* Finds where the path leads. At its end a group may gain one new member, a list one new item;
 * `may_create` allows new groups on the way. COP_INVALID names the step that leads nowhere. */
cop_status cop_patch_find(const config_setting_t *root, const cop_path *path, bool may_create,
                          cop_patch *patch, cop_error *err);

/* The first setting within `value` that the patch would replace, or NULL. The value was put at the
 * path before: it is in the tree, with nothing of it replaced so far. A group sets what is in it;
 * its `plugin` is no setting of its own where the patch names the same one. */
const config_setting_t *cop_patch_overwrites(const cop_patch *patch, const config_setting_t *root,
                                             const cop_path *path, const config_setting_t *value);

/* Writes where the setting is: "ticket.phases.[0].rounds". */
const char *cop_setting_path(const config_setting_t *setting, char *text, size_t size);

/* Copies the tree, with the patch unless NULL, into a new *out, owned by the caller (cop_tree_free;
 * on the heap because a libconfig tree points back at its config_t and cannot be moved). Places are
 * kept in the arena, which must outlive *out; `file` is the place's file where libconfig knows
 * none. */
cop_status cop_tree_copy(const config_setting_t *root, const cop_patch *patch, const char *file,
                         cop_arena *places, config_t **out, cop_error *err);
void cop_tree_free(config_t *tree);

#endif
