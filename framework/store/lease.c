/* lease.c: a locked file for each stage that is under way. */
#include "store/lease.h"

#include "core/file.h"
#include "core/memory.h"
#include "core/path.h"
#include "store/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WHO_SIZE 300

struct cop_lease {
    char *path;
    int file; /* -1 where there are no locks */
};

static cop_status lease_path(const char *dir, const cop_artifact_id *id, char *path, size_t size,
                             cop_error *err)
{
    return cop_path_join(path, size, err, dir, COP_WORK_FOLDER "/%s-%s" COP_LEASE_SUFFIX, id->kind,
                         id->hash);
}

/* Whether the open file is still the one that the path names: its last holder removed it else. */
static bool is_current(int file, const char *path)
{
    struct stat own, named;
    return fstat(file, &own) == 0 && stat(path, &named) == 0 && own.st_ino == named.st_ino &&
           own.st_dev == named.st_dev;
}

static bool knows_no_locks(int error)
{
    return error == ENOSYS || error == EOPNOTSUPP || error == ENOLCK || error == EINVAL;
}

/* Says in the file who holds it, for people alone: that it cannot be written costs nothing. */
static void write_who(int file)
{
    char host[128] = "unknown host", who[WHO_SIZE];
    if (gethostname(host, sizeof host - 1) != 0)
        (void)snprintf(host, sizeof host, "unknown host");
    int length = snprintf(who, sizeof who, "process %ld on %s", (long)getpid(), host);
    if (ftruncate(file, 0) == 0 && pwrite(file, who, (size_t)length, 0) < 0)
        (void)ftruncate(file, 0);
}

/* Opens and locks the file; *file is -1 where another process has it, -2 where there are no locks.
 */
static cop_status lock(const char *path, int *file, cop_error *err)
{
    for (;;) {
        *file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
        if (*file < 0)
            return cop_fail_errno(err, "cannot open", path);
        int answer = flock(*file, LOCK_EX | LOCK_NB), error = errno;
        if (answer == 0 && is_current(*file, path))
            return COP_OK;
        (void)close(*file);
        *file = -1;
        if (answer == 0 || error == EINTR)
            continue;
        if (error == EWOULDBLOCK)
            return COP_OK;
        *file = -2;
        errno = error;
        return knows_no_locks(error) ? COP_OK : cop_fail_errno(err, "cannot lock", path);
    }
}

cop_status cop_lease_take(const cop_store *s, const cop_artifact_id *id, cop_lease **out,
                          cop_error *err)
{
    char path[COP_PATH_SIZE];
    int file = -1;
    *out = NULL;
    COP_TRY(lease_path(s->dir, id, path, sizeof path, err));
    COP_TRY(lock(path, &file, err));
    if (file == -1)
        return COP_OK;
    cop_lease *lease = calloc(1, sizeof *lease);
    char *kept = strdup(path);
    if (lease == NULL || kept == NULL) {
        free(lease);
        free(kept);
        if (file >= 0)
            (void)close(file);
        return cop_out_of_memory(err);
    }
    *lease = (cop_lease){.path = kept, .file = file >= 0 ? file : -1};
    if (lease->file >= 0)
        write_who(lease->file);
    *out = lease;
    return COP_OK;
}

cop_status cop_lease_wait(const cop_store *s, const cop_artifact_id *id,
                          const volatile sig_atomic_t *stop, cop_lease **out, cop_error *err)
{
    static const struct timespec moment = {.tv_nsec = 50000000};
    for (;;) {
        COP_TRY(cop_lease_take(s, id, out, err));
        if (*out != NULL)
            return COP_OK;
        if (stop != NULL && *stop != 0)
            return cop_fail(err, COP_CANCELLED, "interrupted");
        (void)nanosleep(&moment, NULL);
    }
}

/* Removes a file that is locked, before it is let go: nobody else can hold it yet. */
static void remove_locked(int file, const char *path)
{
    if (is_current(file, path))
        (void)unlink(path);
    (void)close(file);
}

void cop_lease_release(cop_lease *lease)
{
    if (lease == NULL)
        return;
    if (lease->file >= 0)
        remove_locked(lease->file, lease->path);
    else
        (void)unlink(lease->path);
    free(lease->path);
    free(lease);
}

void cop_lease_forget(const cop_store *s, const cop_artifact_id *id)
{
    char path[COP_PATH_SIZE];
    if (lease_path(s->dir, id, path, sizeof path, NULL) != COP_OK)
        return;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0)
        return;
    if (flock(file, LOCK_EX | LOCK_NB) == 0 || knows_no_locks(errno))
        remove_locked(file, path);
    else
        (void)close(file);
}

const char *cop_lease_holder(const char *dir, const cop_artifact_id *id, char *who, size_t size)
{
    char path[COP_PATH_SIZE];
    who[0] = '\0';
    if (size == 0 || lease_path(dir, id, path, sizeof path, NULL) != COP_OK)
        return who;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0)
        return who;
    if (flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        ssize_t length = pread(file, who, size - 1, 0);
        who[length > 0 ? length : 0] = '\0';
        who[strcspn(who, "\n")] = '\0';
        if (who[0] == '\0')
            (void)snprintf(who, size, "a process that does not say which");
    }
    (void)close(file);
    return who;
}
