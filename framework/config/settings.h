/* settings.h: the settings of a resolved config (resolved.h), cell by cell, as paths and values. No
 * plugin is needed to read them. */
#ifndef COP_CONFIG_SETTINGS_H
#define COP_CONFIG_SETTINGS_H

#include "core/arena.h"

#include <coppice/status.h>

typedef enum cop_setting_type {
    COP_SETTING_INTEGER = 1,
    COP_SETTING_FLOAT = 2,
    COP_SETTING_BOOL = 3,
    COP_SETTING_STRING = 4,
    COP_SETTING_LIST = 5 /* of values, be it an array or a list; also an empty group */
} cop_setting_type;

typedef struct cop_setting {
    const char *path;  /* "ticket.phases.[0].rounds" */
    const char *value; /* in libconfig syntax */
    cop_setting_type type;
    int64_t integer;    /* of an INTEGER, and 1 or 0 of a BOOL */
    double number;      /* of a FLOAT */
    const char *string; /* of a STRING, byte for byte; NULL for the others */
} cop_setting;

/* In the order of the file. */
typedef struct cop_settings {
    cop_setting *items;
    size_t count, capacity;
    cop_setting **sorted; /* by path */
} cop_settings;

typedef struct cop_cell_settings {
    const char *label; /* NULL: the config does not sweep */
    cop_settings own;  /* beside those that all cells have */
} cop_cell_settings;

/* Texts and arrays are the arena's. */
typedef struct cop_config_settings {
    cop_settings common;
    cop_cell_settings *cells; /* one or more */
    size_t cell_count;
} cop_config_settings;

/* Reads such a file, of which nothing is trusted, into the arena. COP_FAILED where it cannot be
 * read, or is no config, naming it. */
cop_status cop_config_settings_read(const char *path, cop_arena *arena, cop_config_settings *out,
                                    cop_error *err);

/* The same of a text; `path` is its name in messages (NULL: none). */
cop_status cop_config_settings_parse(const char *text, size_t size, const char *path,
                                     cop_arena *arena, cop_config_settings *out, cop_error *err);

/* A setting of that path; NULL where there is none. */
const cop_setting *cop_settings_find(const cop_settings *s, const char *path);

/* The value of the path in the cell; NULL where it has none. */
const char *cop_cell_value(const cop_config_settings *config, size_t cell, const char *path);

#endif
