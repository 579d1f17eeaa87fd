/* path.h: how long a path may be, and putting one together. */
#ifndef COP_CORE_PATH_H
#define COP_CORE_PATH_H

#include <coppice/status.h>

/* Bytes of a path with its zero: the system takes no longer one. */
#define COP_PATH_SIZE 4096

/* The same of a directory that a study's results are in, so that all that is put there has a path
 * that fits. */
#define COP_OUT_SIZE 2048

/* Writes "dir/…" into `path`, of `size` bytes. What does not fit is COP_FAILED with errno at
 * ENAMETOOLONG, and the path is then empty: a part of a path would be another file's. `err` may be
 * NULL. */
cop_status cop_path_join(char *path, size_t size, cop_error *err, const char *dir,
                         const char *format, ...) COP_PRINTF(5, 6);

/* COP_INVALID for a directory that results cannot go to: its path is longer than COP_OUT_SIZE. */
cop_status cop_path_check_out(const char *dir, cop_error *err);

#endif
