/* old_names.h: settings that were called otherwise in earlier versions. A config, an override or a
 * sweep that uses an old name means the new one, and a warning says so. */
#ifndef COP_CONFIG_OLD_NAMES_H
#define COP_CONFIG_OLD_NAMES_H

#include "config/tree.h"

#include <coppice/log.h>

/* Renames the settings with old names within `value`, which stands, or is to be put, at the path
 * `at` (NULL: it is the root). Each is a warning at its own place. COP_INVALID where a setting is
 * there under both names. */
cop_status cop_old_names_rename(config_setting_t *value, const cop_path *at, const char *file,
                                cop_logger *log, cop_error *err);

/* Renames what the axes of the root's `sweep` put into the config, as above. */
cop_status cop_old_names_rename_sweep(config_setting_t *root, const char *file, cop_logger *log,
                                      cop_error *err);

/* Gives the steps of a path their new names. Returns the old name that it used ("ticket.stages"),
 * and the new one in *now; or NULL. */
const char *cop_old_names_in_path(cop_path *path, const char **now);

#endif
