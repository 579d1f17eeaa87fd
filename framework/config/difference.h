/* difference.h: which settings differ between two resolved configs, cell by cell. */
#ifndef COP_CONFIG_DIFFERENCE_H
#define COP_CONFIG_DIFFERENCE_H

#include "config/settings.h"

/* One setting with the values that it has. */
typedef struct cop_setting_difference {
    const char *path;
    const char *a, *b;   /* NULL: it has none */
    const size_t *pairs; /* the pairs of cells in which it is so, by their numbers */
    size_t pair_count;
} cop_setting_difference;

/* Cells that are compared with each other. */
typedef struct cop_cell_pair {
    size_t a, b;
} cop_cell_pair;

typedef struct cop_config_difference {
    cop_cell_pair *pairs;
    size_t pair_count;
    bool is_by_place;        /* no label is in both: the cells are paired as they stand */
    size_t *only_a, *only_b; /* cells that are in one alone */
    size_t only_a_count, only_b_count;
    cop_setting_difference *settings; /* by path */
    size_t setting_count;
} cop_config_difference;

/* Cells of one label are compared; where no label is in both, each with the one in its place. All
 * of *out is the arena's, or the configs'. */
cop_status cop_config_compare(const cop_config_settings *a, const cop_config_settings *b,
                              cop_arena *arena, cop_config_difference *out, cop_error *err);

#endif
