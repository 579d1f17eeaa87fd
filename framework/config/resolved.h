/* resolved.h: a config that was read, written down as one that reads again anywhere.
 *
 * Every setting has its value, defaults too; paths begin at the root; overrides are in it, and the
 * sweep is one axis that holds every cell:
 *
 *   study = { name = "tiny"; seeds = [0]; ... };
 *   ...                                            # what all cells have in common
 *   sweep = ( { path = ""; labels = ["a", "b"];
 *     values = ( { train = { ... }; }, { train = { ... }; } ); } );
 *
 * Read, it gives the same cells with the same labels, so the same identities; and resolved again,
 * the same text. */
#ifndef COP_CONFIG_RESOLVED_H
#define COP_CONFIG_RESOLVED_H

#include "config/config.h"

/* Fills c->resolved from c->effective, in which `parts` says where the parts of each cell are
 * (read_study.h). A config that sweeps, be it one value, keeps its cells' labels. */
cop_status cop_config_resolve(cop_config *c, const size_t *parts, bool sweeps, cop_error *err);

#endif
