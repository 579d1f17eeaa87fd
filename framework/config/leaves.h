/* leaves.h: the settings within values that have no further settings in them, and which of them
 * differ between the values. */
#ifndef COP_CONFIG_LEAVES_H
#define COP_CONFIG_LEAVES_H

#include "core/arena.h"
#include "plugin/options/setting.h"

typedef struct cop_leaf {
    const char *path; /* from the value on: "phases.[0].rounds"; "": the value itself */
    const char *text; /* a string as it is, all else in libconfig's syntax */
    size_t value;     /* of which */
    bool differs;     /* some value has another text there, or nothing */
} cop_leaf;

/* By path and text, then by value. Texts live in the arena. */
typedef struct cop_leaves {
    cop_leaf *items;
    size_t count, room;
    cop_arena *arena;
} cop_leaves;

/* Fills *out from the first `count` members of `values` (cop_leaves_free, also after a failure). */
cop_status cop_leaves_read(const config_setting_t *values, size_t count, cop_arena *arena,
                           cop_leaves *out, cop_error *err);
void cop_leaves_free(cop_leaves *leaves);

/* The last name of a leaf's path. */
const char *cop_leaf_name(const char *path);

#endif
