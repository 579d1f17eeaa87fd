/* file.h: whole files in, whole files out: a file that a path names is complete or is the old one.
 *
 * Every failure is COP_FAILED and its message names the path and the system's reason. */
#ifndef COP_CORE_FILE_H
#define COP_CORE_FILE_H

#include <coppice/status.h>

#include <dirent.h>

/* Fails with "<what> <path>: <strerror(errno)>"; returns COP_FAILED and leaves errno. */
cop_status cop_fail_errno(cop_error *err, const char *what, const char *path);

/* Reads a whole file of at most `limit` bytes. *data is owned by the caller (free) and has a zero
 * behind its *size bytes, so that a text file is a C string. `size` may be NULL. errno tells why it
 * failed. */
cop_status cop_file_read(const char *path, size_t limit, char **data, size_t *size, cop_error *err);

/* The same for a file that can only be a regular one: a pipe or a device of its name is refused,
 * where waiting for it might never end. */
cop_status cop_file_read_regular(const char *path, size_t limit, char **data, size_t *size,
                                 cop_error *err);

/* Opens a regular file for reading, and nothing else. *file is a descriptor, the caller's (close),
 * and *size its bytes. */
cop_status cop_file_open_regular(const char *path, int *file, int64_t *size, cop_error *err);

/* Writes a whole file atomically and durably: readers, a crash and a full disk see the old file or
 * the new one, never a part. */
cop_status cop_file_write(const char *path, const void *data, size_t size, cop_error *err);

/* The same in pieces. Between open and commit the bytes are in a temporary file beside `path`, of a
 * name that nobody else has (core/unique.h). */
typedef struct cop_writer cop_writer;

cop_status cop_writer_open(const char *path, cop_writer **out, cop_error *err);

/* After a failure the writer can only be discarded. */
cop_status cop_writer_write(cop_writer *writer, const void *data, size_t size, cop_error *err);

/* Flushes to the disk, renames into place, and frees the writer whether that succeeds or not. */
cop_status cop_writer_commit(cop_writer *writer, cop_error *err);

/* Removes the temporary file and frees the writer; NULL is fine. */
void cop_writer_discard(cop_writer *writer);

/* Reads `size` bytes of an open file from `offset` on, whose position is left alone. *got is how
 * many were there, fewer only where the file ends. False with errno set where they cannot be read.
 */
bool cop_file_read_part(int file, int64_t offset, void *data, size_t size, size_t *got);

/* Makes durable that the last part of `path` was made, renamed or removed in its directory. False
 * with errno set. */
bool cop_sync_directory_of(const char *path);

/* Makes a directory and those above it, durably; one that is already there is fine. */
cop_status cop_make_dirs(const char *path, cop_error *err);

/* For scandir(3): the names in the order of their bytes, and those alone that are not hidden. */
int cop_entries_by_name(const struct dirent **a, const struct dirent **b);
int cop_entry_is_visible(const struct dirent *entry);

#endif
