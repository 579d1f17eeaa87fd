/* preparation.h: what the framework does with the samples of any dataset before anyone sees them,
 * and the options that say it: keys of every dataset's group, which no plugin's own table has. */
#ifndef COP_PLUGIN_PREPARATION_H
#define COP_PLUGIN_PREPARATION_H

#include <coppice/plugin.h>

#include <libconfig.h>

/* Done in this order. All 0: samples are as the plugin gives them. */
typedef struct cop_preparation {
    double validation;  /* training samples held out: below 1 a share, else a number */
    int64_t per_class;  /* training samples kept of each class; 0: all */
    double subset;      /* training samples kept: below 1 a share, else a number; 0: all */
    double label_noise; /* share of the training labels that are replaced */
    double zca;         /* whitening's ε; 0: none */
    int64_t split_seed; /* of the draws of all these */
} cop_preparation;

/* The rows of that struct; *count of them. */
const cop_option *cop_preparation_options(size_t *count);

/* Whether a key of this kind's groups is the framework's, so that no plugin's option may be called
 * so. */
bool cop_option_is_reserved(cop_kind kind, const char *name);

/* What a group says of it. */

#define COP_PREPARATION_KEYS 6

typedef struct cop_key_place {
    char *file; /* NULL: the group does not have the key; owned */
    int line;
} cop_key_place;

typedef struct cop_prepared {
    cop_preparation values;
    char *lines; /* "name = value" lines of what is not the default; NULL: all is; owned */
    cop_key_place places[COP_PREPARATION_KEYS]; /* by row */
} cop_prepared;

/* Reads the framework's keys of a dataset's group; those of the plugin's table and of `skip` are
 * passed over. COP_INVALID at the key. *out is the caller's (cop_prepared_clear), also after a
 * failure. */
cop_status cop_prepared_read(const cop_plugin *plugin, const config_setting_t *group,
                             const char *const *skip, const char *file, cop_prepared *out,
                             cop_error *err);
void cop_prepared_clear(cop_prepared *p);

/* Where the group has the key; false where it has not. */
bool cop_prepared_place(const cop_prepared *p, const char *key, const char **file, int *line);

/* "plugin", the names in `more` (NULL: none), and those of a table: what a reading of a group
 * passes over. The caller's to free; NULL when memory is out. */
const char **cop_names_beside(const char *const *more, const cop_option *table, size_t count);

#endif
