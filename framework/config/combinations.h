/* combinations.h: which combinations of a sweep's values are cells.
 *
 *   { exclude = ( { lr = 0.2; model = "large"; }, { model = "tiny"; } );    # an entry of `sweep`
 *     include = ( ... ); }
 *
 * Each group is a rule: it names axes, and for each a value, a label or a list of such; an axis
 * that it does not name may have any value. Where there is `include`, the combinations that one of
 * its rules fits are the only ones; those that a rule of `exclude` fits are none. An axis goes by
 * its `name`, without one by the last name of its path. */
#ifndef COP_CONFIG_COMBINATIONS_H
#define COP_CONFIG_COMBINATIONS_H

#include "config/sweep.h"

/* Whether the entry of `sweep` has rules, and is no axis. */
bool cop_combinations_is_entry(const config_setting_t *entry);

/* Fills sweep->chosen and sweep->cells by the rules in the list `sweep`, whose axes are read. */
cop_status cop_combinations_choose(const config_setting_t *list, const char *file, cop_arena *arena,
                                   cop_sweep *sweep, cop_error *err);

#endif
