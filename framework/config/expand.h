/* expand.h: from the config that was written to the configs that are meant: overrides of the
 * command line, then one tree for each cell of the sweep. */
#ifndef COP_CONFIG_EXPAND_H
#define COP_CONFIG_EXPAND_H

#include "config/sweep.h"

/* Replaces *tree by a copy with one "path=value" applied. Messages name the override. */
cop_status cop_override_apply(config_t **tree, const char *override, const char *file,
                              cop_logger *log, cop_arena *arena, cop_error *err);

/* What cells are made from. */
typedef struct cop_expansion {
    const config_t *tree;         /* the config with the overrides in it and without the sweep */
    const char *const *overrides; /* "path=value" */
    size_t override_count;
    const char *name; /* the label where nothing is swept */
    const char *file;
    cop_logger *log;
} cop_expansion;

/* The tree of cell i (cop_tree_free), and its label: the values' labels joined with ", ", in the
 * arena. COP_INVALID where an axis sets what an earlier one has set: it would be lost, and stay in
 * the label. Where it sets what an override has set, a warning says so. */
cop_status cop_sweep_cell(const cop_sweep *sweep, const cop_expansion *from, size_t i,
                          cop_arena *arena, config_t **out, const char **label, cop_error *err);

#endif
