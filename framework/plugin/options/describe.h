/* describe.h (implemented in describe.c, describe_json.c): what `list` and `inspect` print. From
 * descriptors alone: no instance is made. */
#ifndef COP_PLUGIN_OPTIONS_DESCRIBE_H
#define COP_PLUGIN_OPTIONS_DESCRIBE_H

#include "plugin/loading/registry.h"

#include <stdio.h>

/* Prints the plugins of a kind (0: of all), by kind: id, version, summary; then the files that
 * are shadowed and those that failed to load, with the reasons. The second prints one JSON object:
 * plugins, refused; it opens the plugins in this process, for their options. */
void cop_describe_list(const cop_registry *r, cop_kind kind, FILE *out);
cop_status cop_describe_list_json(const cop_registry *r, cop_kind kind, FILE *out, cop_error *err);

/* Prints everything that the descriptor says; the second as one JSON object, for programs. */
void cop_describe_plugin(const cop_registry_entry *entry, FILE *out);
cop_status cop_describe_plugin_json(const cop_registry_entry *entry, FILE *out, cop_error *err);

/* Prints an option table: name and default, type, range or choices, unit, flags, help; advanced
 * ones last. */
void cop_describe_options(const cop_option *options, size_t count, FILE *out);

/* A group of options that is no plugin's. */
typedef struct cop_described_group {
    const char *name, *help;
    const cop_option *options;
    size_t count;
} cop_described_group;

/* Prints groups as one JSON object: {"groups": [{"name", "help", "options"}, ...]}. */
cop_status cop_describe_groups_json(const cop_described_group *groups, size_t count, FILE *out,
                                    cop_error *err);

/* The plugin that a word of the command line names: "imp", or "pruner:imp" where several kinds have
 * the id. COP_INVALID for none (with the nearest, and the reason if a file of that name was
 * refused) and for several. */
cop_status cop_describe_find(const cop_registry *r, const char *word,
                             const cop_registry_entry **entry, cop_error *err);

#endif
