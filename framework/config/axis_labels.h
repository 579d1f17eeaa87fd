/* axis_labels.h: what the values of an axis are called where the config gives them no labels. */
#ifndef COP_CONFIG_AXIS_LABELS_H
#define COP_CONFIG_AXIS_LABELS_H

#include "core/arena.h"
#include "plugin/options/setting.h"

/* A label for each of the `count` values, in the arena. Of scalars it is their text. Of groups, and
 * of lists of them, it is the settings in which they differ: "imp, rate = 0.2" for a plugin or a
 * recipe, which go by their names alone, and any other setting by as much of its path as tells it
 * from the others. A group without any is "unchanged"; one that differs only by what it lacks has
 * all that it sets. */
cop_status cop_axis_labels(const config_setting_t *values, size_t count, cop_arena *arena,
                           const char *const **out, cop_error *err);

#endif
