/* open.h (implemented in open.c, probe.c): opening one shared object, here or in a child process
 * that may die of it. */
#ifndef COP_PLUGIN_LOADING_OPEN_H
#define COP_PLUGIN_LOADING_OPEN_H

#include <coppice/log.h>
#include <coppice/plugin.h>
#include <coppice/status.h>

/* Opens the file for good (RTLD_NOW | RTLD_LOCAL, never closed: closing an object that has used
 * OpenMP crashes the process), finds its descriptor and checks it. Runs its constructors. The
 * message is one line, dlerror's own words where it is dlopen that refuses. COP_FAILED where the
 * machine fails (memory, a disk, open files), COP_INVALID for all that is wrong with the file. */
cop_status cop_plugin_open(const char *path, const cop_plugin **plugin, cop_error *err);

/* What a child process saw when it opened a file. */
typedef struct cop_probe_result {
    bool is_ok;
    bool is_system;   /* the machine failed, which says nothing about the file */
    char reason[768]; /* one line; empty when ok */
    /* What the descriptor says, when ok; of long texts the beginning. */
    cop_kind kind;
    char id[COP_NAME_SIZE], version[64], results_version[64], summary[512];
} cop_probe_result;

/* Opens every file in a child process, so that one whose constructor crashes, exits or hangs is a
 * result and not the end of this process: the child is started anew behind the culprit, and dies
 * with this process. A constructor has `seconds` to return, and is named to `log` (may be NULL)
 * when it has not after one. Forks, so call it before this process uses OpenMP (the child itself
 * runs nothing but the constructors). [main thread] */
cop_status cop_plugin_probe(const char *const *paths, size_t count, int seconds, cop_logger *log,
                            cop_probe_result *results, cop_error *err);

#endif
