/* expand.h: from the config that was written to the configs that are meant: overrides of the
 * command line, then one tree for each setting of the sweep. */
#ifndef COP_CONFIG_EXPAND_H
#define COP_CONFIG_EXPAND_H

#include "config/tree.h"

#include <coppice/log.h>

/* At most this many settings in a sweep. */
#define COP_MAX_SETTINGS 10000

/* Replaces *tree by a copy with one "path=value" applied. Messages name the override. */
cop_status cop_override_apply(config_t **tree, const char *override, const char *file,
                              cop_arena *arena, cop_error *err);

typedef struct cop_axis {
    const char *path;
    const config_setting_t *values;
    size_t count;
    const char *const *labels; /* `count` of them */
} cop_axis;

/* What the command line sets: no axis may set it again. */
typedef struct cop_overrides {
    const char *const *items; /* "path=value" */
    size_t count;
} cop_overrides;

/* The sweep of a tree; axes live in the arena, values in the tree. */
typedef struct cop_sweep {
    cop_axis *axes;
    size_t axis_count;
    size_t settings; /* the product of the axes' counts; 1 without axes */
} cop_sweep;

cop_status cop_sweep_read(const config_t *tree, const char *file, cop_logger *log, cop_arena *arena,
                          cop_sweep *sweep, cop_error *err);

/* The tree of setting i (cop_tree_free), made from `tree`, which has the overrides in it and lacks
 * the sweep itself (the last axis varies fastest), and its label: the values' labels joined with
 * ", ", in the arena; `name` where nothing is swept. COP_INVALID where an axis sets what an earlier
 * one or an override has set: it would be lost, and stay in the label. */
cop_status cop_sweep_setting(const cop_sweep *sweep, const cop_overrides *overrides,
                             const config_t *tree, size_t i, const char *name, const char *file,
                             cop_arena *arena, config_t **out, const char **label, cop_error *err);

#endif
