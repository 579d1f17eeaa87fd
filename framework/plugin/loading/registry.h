/* registry.h (implemented in descriptor.c, registry.c): finding, loading and checking plugins. */
#ifndef COP_PLUGIN_LOADING_REGISTRY_H
#define COP_PLUGIN_LOADING_REGISTRY_H

#include <coppice/log.h>
#include <coppice/plugin.h>

/* A plugin that passed every check. Lives until the registry is freed (an object that was opened
 * stays mapped). Until it is asked for by cop_registry_find, it was opened in a child process
 * alone, and `plugin` holds what that saw: kind, id, versions and summary. */
typedef struct cop_registry_entry {
    const cop_plugin *plugin; /* the host's copy, as long as the host's structs; owned */
    char *path;               /* of the shared object */
    char content_hash[33];    /* of the file, hexadecimal */
} cop_registry_entry;

/* A file that looked like a plugin (*.so) and was refused. */
typedef struct cop_registry_refusal {
    char *path;
    char *reason;     /* one line: wanted and got */
    bool is_system;   /* the machine failed (memory, a disk): which plugin it is, is not known */
    bool is_shadowed; /* nothing is wrong with it: another of its kind and id was found first */
} cop_registry_refusal;

typedef struct cop_registry cop_registry;

/* Looks at every *.so of the search path, in order: `extra_dirs` (--plugin-dir),
 * COPPICE_PLUGIN_PATH (colon-separated), then the library's own (home.h). Never the working
 * directory by itself. A file that fails a check is a refusal, not an error; a second plugin of the
 * same kind and id in a later directory is passed over quietly if it is the same file content, and
 * is a refusal (shadowed) otherwise, which cop_registry_say_shadowed tells whoever uses the first.
 * A missing extra directory is COP_INVALID, a missing one of the environment a refusal, and one
 * that the machine cannot read (a disk's error, no memory) COP_FAILED wherever it is named.
 *
 * Files are opened in a child process (open.h), so a constructor that crashes, exits or hangs is a
 * refusal too; that forks: call it before OpenMP is used. In this process an object is opened when
 * it is asked for, and never one that nobody names.
 *
 * A file that everyone may write, or that lies in a directory where everyone may put another
 * (unless that is sticky), is refused, unless COPPICE_ALLOW_WRITABLE_PLUGINS is 1.
 * A program that runs with another user's rights (set-uid) looks at neither variable, and says so.
 * [main thread] Owned by the caller; `log` may be NULL. */
cop_status cop_registry_search(const char *const *extra_dirs, size_t count, cop_logger *log,
                               cop_registry **out, cop_error *err);
void cop_registry_free(cop_registry *r);

size_t cop_registry_count(const cop_registry *r);
const cop_registry_entry *cop_registry_at(const cop_registry *r, size_t i); /* by kind, then id */
size_t cop_registry_refusal_count(const cop_registry *r);
const cop_registry_refusal *cop_registry_refusal_at(const cop_registry *r, size_t i);

/* The directories that were named (`extra_dirs`, then COPPICE_PLUGIN_PATH) and could be read, in
 * their order, as paths from the root: named again, they give the same plugins to a process with
 * another environment and working directory. */
size_t cop_registry_dir_count(const cop_registry *r);
const char *cop_registry_dir(const cop_registry *r, size_t i);

/* The plugin of that kind and id, opened in this process; or NULL, also where that fails now, or
 * where a file that is named like it could not be read (cop_registry_unknown then says why).
 * [main thread] */
const cop_registry_entry *cop_registry_find(const cop_registry *r, cop_kind kind, const char *id);

/* Warns, once per entry, of the files that it may have been mistaken for: those whose plugins have
 * its kind and id and stand behind it on the search path, and refused ones that are named like it,
 * with the reason. */
void cop_registry_say_shadowed(const cop_registry *r, const cop_registry_entry *entry,
                               cop_logger *log);

/* Fills *err (COP_INVALID) for an unknown id: names the nearest, and a refused file of that name
 * with its reason, if there is one. COP_FAILED where the machine could not read or open a file,
 * since it may be the one. */
cop_status cop_registry_unknown(const cop_registry *r, cop_kind kind, const char *id,
                                cop_error *err);

/* "model", …; "models", …; and back (0 for an unknown word; plurals are accepted). */
const char *cop_kind_name(cop_kind kind);
const char *cop_kind_plural(cop_kind kind);
cop_kind cop_kind_parse(const char *word);

/* Checks a descriptor as cop_registry_search does, in the order of the fields of cop_plugin. */
cop_status cop_plugin_check(const cop_plugin *plugin, cop_error *err);

/* A copy of a checked descriptor and its ops in which members that a shorter one lacks are zero: an
 * optional callback that an older plugin does not know is NULL. Options and texts stay the
 * plugin's. Owned by the caller (cop_plugin_free; NULL is fine). */
cop_status cop_plugin_copy(const cop_plugin *plugin, const cop_plugin **out, cop_error *err);
void cop_plugin_free(const cop_plugin *copy);

#endif
