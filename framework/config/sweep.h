/* sweep.h: the list `sweep` of a config: its axes, and which combinations of their values are
 * cells.
 *
 *   sweep = ( { path = "train.lr"; values = [0.1, 0.2]; zip = "rate"; },
 *             { path = "train.batch"; values = [64, 128]; zip = "rate"; },   # goes with it
 *             { path = "ticket.model"; labels = ["small", "large"]; values = ( ... ); },
 *             { exclude = ( { lr = 0.2; model = "large"; } ); } );
 *
 * Axes are crossed. Those of one `zip` go together: the first value of one with the first of the
 * other. What `exclude` and `include` name is in combinations.h. */
#ifndef COP_CONFIG_SWEEP_H
#define COP_CONFIG_SWEEP_H

#include "config/tree.h"

#include <coppice/log.h>

/* At most this many cells in a sweep, */
#define COP_MAX_CELLS 10000
/* and this many combinations that they are chosen from. */
#define COP_MAX_COMBINATIONS 100000

typedef struct cop_axis {
    const char *path;
    const char *name; /* what exclude and include call it; "": nothing */
    const char *zip;  /* "": it is crossed with all others */
    const config_setting_t *group, *values;
    size_t count;
    const char *const *labels; /* `count` of them; empty ones are left out of a cell's */
    size_t dimension;
} cop_axis;

/* Axes live in the arena, values in the tree. */
typedef struct cop_sweep {
    cop_axis *axes;
    size_t axis_count;
    size_t *dimensions; /* how many values each has: an axis alone, or those of one zip */
    size_t dimension_count;
    size_t combinations; /* the product of the dimensions; 1 without axes */
    size_t *chosen;      /* combinations that are cells, in their order; NULL: all */
    size_t cells;
} cop_sweep;

/* Fills *sweep. Settings that it leads to are looked for in the tree; every complaint names the
 * file and line. */
cop_status cop_sweep_read(const config_t *tree, const char *file, cop_logger *log, cop_arena *arena,
                          cop_sweep *sweep, cop_error *err);

/* Which of its values the axis has in the combination. The last dimension changes fastest. */
size_t cop_sweep_value(const cop_sweep *sweep, size_t combination, size_t axis);

/* Groups that a config may leave out can be swept into; elsewhere a new group is a misspelt one. */
bool cop_sweep_may_create(const cop_path *path);

#endif
