/* file.c: reading whole files, replacing files atomically, making directories. */
#include "core/file.h"

#include "core/memory.h"
#include "core/text.h"
#include "core/unique.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct cop_writer {
    char *path;
    char *temporary;
    int fd; /* −1 once closed */
};

cop_status cop_fail_errno(cop_error *err, const char *what, const char *path)
{
    int reason = errno;
    char shown[512];
    (void)cop_fail(err, COP_FAILED, "%s %s: %s", what, cop_escape(path, shown, sizeof shown),
                   strerror(reason));
    errno = reason;
    return COP_FAILED;
}

/* Bytes read, 0 at the end of the file, −1 with errno set. */
static ssize_t read_some(int fd, void *buffer, size_t size)
{
    ssize_t got = 0;
    do {
        got = read(fd, buffer, size);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* Reads to the end of the file into a buffer that grows from `guess`, but holds no more than
 * `limit` bytes and a zero. NULL with errno set, EFBIG when there is more than that. */
static char *read_to_end(int fd, size_t guess, size_t limit, size_t *size)
{
    size_t capacity = (guess < limit ? guess : limit) + 2;
    char *buffer = malloc(capacity);
    ssize_t got = 1;
    *size = 0;
    while (buffer != NULL && got > 0) {
        if (*size + 1 == capacity) {
            char *grown = cop_grow(buffer, &capacity, capacity + 1, 1);
            if (grown == NULL)
                break;
            buffer = grown;
        }
        got = read_some(fd, buffer + *size, capacity - 1 - *size);
        *size += got > 0 ? (size_t)got : 0;
        if (*size > limit) {
            errno = EFBIG;
            got = -1;
        }
    }
    if (got == 0) {
        buffer[*size] = '\0';
        return buffer;
    }
    int reason = got < 0 ? errno : ENOMEM;
    free(buffer);
    errno = reason;
    return NULL;
}

/* Reads the open file to its end, and closes it. */
static cop_status read_open(int fd, const char *path, size_t limit, char **data, size_t *size,
                            cop_error *err)
{
    struct stat info;
    size_t guess = fstat(fd, &info) == 0 && info.st_size > 0 ? (size_t)info.st_size : 4096;
    size_t got = 0;
    if (limit > SIZE_MAX / 4)
        limit = SIZE_MAX / 4; /* leaves room for the sums */
    char *buffer = read_to_end(fd, guess, limit, &got);
    int reason = errno;
    (void)close(fd);
    errno = reason;
    if (buffer == NULL && reason == EFBIG) {
        char shown[512];
        (void)cop_fail(err, COP_FAILED, "cannot read %s: it is larger than %zu bytes",
                       cop_escape(path, shown, sizeof shown), limit);
        errno = reason;
        return COP_FAILED;
    }
    if (buffer == NULL)
        return cop_fail_errno(err, "cannot read", path);
    *data = buffer;
    if (size != NULL)
        *size = got;
    return COP_OK;
}

cop_status cop_file_read(const char *path, size_t limit, char **data, size_t *size, cop_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cop_fail_errno(err, "cannot read", path);
    return read_open(fd, path, limit, data, size, err);
}

cop_status cop_file_open_regular(const char *path, int *file, int64_t *size, cop_error *err)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return cop_fail_errno(err, "cannot read", path);
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
        *file = fd;
        *size = (int64_t)info.st_size;
        return COP_OK;
    }
    (void)close(fd);
    char shown[512];
    (void)cop_fail(err, COP_FAILED, "cannot read %s: it is not a regular file",
                   cop_escape(path, shown, sizeof shown));
    errno = EINVAL;
    return COP_FAILED;
}

cop_status cop_file_read_regular(const char *path, size_t limit, char **data, size_t *size,
                                 cop_error *err)
{
    int fd = -1;
    int64_t now = 0; /* it may grow while it is read */
    COP_TRY(cop_file_open_regular(path, &fd, &now, err));
    return read_open(fd, path, limit, data, size, err);
}

static void free_writer(cop_writer *writer)
{
    free(writer->path);
    free(writer->temporary);
    free(writer);
}

/* Names the file beside `path` that is written first. False with errno set. */
static bool name_temporary(cop_writer *writer)
{
    char name[NAME_MAX + 64];
    const char *slash = strrchr(writer->path, '/');
    const char *base = slash != NULL ? slash + 1 : writer->path;
    if (!cop_unique_name(base, COP_TEMPORARY_JOINT, name, sizeof name))
        return false;
    cop_text path = {0};
    cop_text_append_bytes(&path, writer->path, (size_t)(base - writer->path));
    cop_text_append(&path, name);
    free(writer->temporary);
    writer->temporary = cop_text_take(&path);
    errno = ENOMEM;
    return writer->temporary != NULL;
}

/* Opens a file beside `path` that did not exist. Not mkostemp, whose files only their owner may
 * read, whatever the umask. */
static int open_temporary(cop_writer *writer)
{
    for (int attempt = 0; attempt < 100; attempt++) {
        if (!name_temporary(writer))
            return -1;
        int fd = open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

cop_status cop_writer_open(const char *path, cop_writer **out, cop_error *err)
{
    cop_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL || (writer->path = strdup(path)) == NULL) {
        free(writer);
        errno = ENOMEM;
        return cop_fail_errno(err, "cannot write", path);
    }
    writer->fd = open_temporary(writer);
    if (writer->fd < 0) {
        cop_status status = cop_fail_errno(err, "cannot write", path);
        free_writer(writer);
        return status;
    }
    *out = writer;
    return COP_OK;
}

cop_status cop_writer_write(cop_writer *writer, const void *data, size_t size, cop_error *err)
{
    const char *from = data;
    while (size > 0) {
        ssize_t put = write(writer->fd, from, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return cop_fail_errno(err, "cannot write", writer->path);
        from += put;
        size -= (size_t)put;
    }
    return COP_OK;
}

/* File systems that cannot sync a directory answer EINVAL. */
bool cop_sync_directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - path);
    char *directory = slash == NULL ? strdup(".") : strndup(path, length == 0 ? 1 : length);
    if (directory == NULL) {
        errno = ENOMEM;
        return false;
    }
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(directory);
    if (fd < 0)
        return false;
    bool synced = fsync(fd) == 0 || errno == EINVAL;
    int reason = errno;
    (void)close(fd);
    errno = reason;
    return synced;
}

cop_status cop_writer_commit(cop_writer *writer, cop_error *err)
{
    bool good = fsync(writer->fd) == 0;
    int reason = errno;
    /* Network file systems may report the full disk only here. */
    if (close(writer->fd) != 0 && good) {
        good = false;
        reason = errno;
    }
    writer->fd = -1;
    errno = reason;
    if (!good || rename(writer->temporary, writer->path) != 0) {
        cop_status status = cop_fail_errno(err, "cannot write", writer->path);
        cop_writer_discard(writer);
        return status;
    }
    cop_status status = COP_OK;
    if (!cop_sync_directory_of(writer->path))
        status = cop_fail_errno(err, "cannot flush the directory of", writer->path);
    free_writer(writer);
    return status;
}

void cop_writer_discard(cop_writer *writer)
{
    if (writer == NULL)
        return;
    if (writer->fd >= 0)
        (void)close(writer->fd);
    (void)unlink(writer->temporary);
    free_writer(writer);
}

cop_status cop_file_write(const char *path, const void *data, size_t size, cop_error *err)
{
    cop_writer *writer = NULL;
    COP_TRY(cop_writer_open(path, &writer, err));
    cop_status status = cop_writer_write(writer, data, size, err);
    if (status != COP_OK) {
        cop_writer_discard(writer);
        return status;
    }
    return cop_writer_commit(writer, err);
}

bool cop_file_read_part(int file, int64_t offset, void *data, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size) {
        ssize_t part =
            pread(file, (char *)data + *got, size - *got, (off_t)(offset + (int64_t)*got));
        if (part < 0 && errno == EINTR)
            continue;
        if (part <= 0)
            return part == 0;
        *got += (size_t)part;
    }
    return true;
}

/* Makes one directory; true when it is there afterwards, made by whomever. What is made stays also
 * where the power fails: files within it are promised to. */
static bool make_dir(const char *path)
{
    if (mkdir(path, 0777) == 0)
        return cop_sync_directory_of(path);
    int reason = errno;
    struct stat info;
    if (stat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode))
            return true;
        reason = ENOTDIR;
    }
    errno = reason;
    return false;
}

cop_status cop_make_dirs(const char *path, cop_error *err)
{
    char *part = strdup(path);
    if (part == NULL)
        return cop_out_of_memory(err);
    bool good = part[0] != '\0';
    if (!good)
        errno = ENOENT;
    for (char *at = part; good && *at != '\0'; at++) {
        if (*at != '/' || at == part)
            continue;
        *at = '\0';
        good = make_dir(part);
        *at = '/';
    }
    good = good && make_dir(part);
    cop_status status = COP_OK;
    if (!good)
        status = cop_fail_errno(err, "cannot make directory", path);
    free(part);
    return status;
}

int cop_entries_by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

int cop_entry_is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}
