/* varied.h: in which settings the cells of a config differ. */
#ifndef COP_CONFIG_VARIED_H
#define COP_CONFIG_VARIED_H

#include "config/config.h"
#include "core/arena.h"

typedef struct cop_varied_setting {
    const char *path;          /* "ticket.phases.[0].data" */
    const char *const *values; /* of each cell, as a text; NULL: it has no such setting */
} cop_varied_setting;

/* All of it lives in an arena. */
typedef struct cop_varied_settings {
    cop_varied_setting *rows; /* by path */
    size_t count;
} cop_varied_settings;

/* The settings of which two cells have different values, defaults too, and the plugins that not all
 * cells have. What follows from that alone, the options of a plugin that some cells have and that
 * are the same in those, is left out. */
cop_status cop_config_varied(const cop_config *c, cop_arena *arena, cop_varied_settings *out,
                             cop_error *err);

#endif
