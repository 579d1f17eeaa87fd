/* files.h: the files that a config is made of: the one that is named, those that it and they are
 * based on, and those that they include. */
#ifndef COP_CONFIG_FILES_H
#define COP_CONFIG_FILES_H

#include "core/arena.h"
#include "plugin/options/setting.h"

#include <sys/types.h>

/* At most this many files are open one within the other, */
#define COP_CONFIG_DEPTH 16
/* and a config is made of so many at most. */
#define COP_CONFIG_FILES 1000

/* One that somebody wrote has a few kilobytes; one that was resolved has them for every cell. All
 * files together have at most so many bytes. */
#define COP_CONFIG_BYTES ((size_t)64 << 20)

/* A file that is being read. */
typedef struct cop_config_file {
    const struct cop_config_file *outer; /* that names it; NULL: it is the first one */
    const char *how;                     /* outer names it: "base = " or "@include " */
    const char *name;                    /* as it is written there */
    cop_place place;                     /* and where */
    const char *path;                    /* of the first one given, of others filled in */
    dev_t device;                        /* filled in, with inode: which file it is */
    ino_t inode;
} cop_config_file;

/* All that was read so far. */
typedef struct cop_config_files {
    cop_arena *arena; /* of the paths */
    size_t count, bytes;
} cop_config_files;

/* Reads the file that `file` describes and fills in the rest of it. A relative name is relative to
 * the directory of the file that it is written in. *text is the caller's (free). COP_INVALID, at
 * the place where it is named: it cannot be read, is no regular file (the first one may be a pipe),
 * is one of those around it (the message has all of the circle), or lies too deep. */
cop_status cop_config_file_read(cop_config_files *files, cop_config_file *file, char **text,
                                size_t *size, cop_error *err);

#endif
