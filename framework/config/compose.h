/* compose.h: a config with what it is based on.
 *
 *   base  = "other.cfg";          # at top level; relative to this file
 *   train = { lr = 0.1; };        # what is said otherwise than there
 *
 * A setting of this file takes the place of the base's. Groups merge, setting by setting, unless
 * both name a `plugin` and not the same one: then the group is this file's alone, as the options of
 * one component mean nothing to another. A list or an array is replaced whole. A base may have a
 * base of its own. The name of the study is not taken over: studies of one name in one directory
 * are one study. */
#ifndef COP_CONFIG_COMPOSE_H
#define COP_CONFIG_COMPOSE_H

#include "config/tree.h"

#include <coppice/log.h>

/* Reads the file, what it includes and what it is based on into a new *out (cop_tree_free), without
 * `base` and with old names as the new ones. Every setting knows in which file and line it was
 * written; places live in the arena. */
cop_status cop_config_compose(const char *path, cop_logger *log, cop_arena *arena, config_t **out,
                              cop_error *err);

#endif
