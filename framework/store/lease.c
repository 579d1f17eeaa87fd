/* lease.c: a locked file for each stage that is under way, or one that is counted up in. */
#include "store/lease.h"

#include "core/file.h"
#include "core/job.h"
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

#define WHO_SIZE   300
#define TEXT_SIZE  512 /* of a lease's file */
#define HOST_JOINT " on "

struct cop_lease {
    char *path;
    int file;                 /* -1 where there are no locks */
    cop_heartbeat *heartbeat; /* where locks do not tell; else NULL */
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

/* Who holds a lease. */

static void own_host(char *host, size_t size)
{
    if (gethostname(host, size - 1) != 0)
        (void)snprintf(host, size, "unknown host");
    host[size - 1] = '\0';
}

/* This process: what its leases say, on one line. */
static const char *own_name(char *who, size_t size)
{
    char host[128], job[64];
    own_host(host, sizeof host);
    (void)cop_job_name(job, sizeof job);
    (void)snprintf(who, size, "process %ld on %s%s%s", (long)getpid(), host,
                   job[0] != '\0' ? ", job " : "", job);
    return who;
}

/* Whether a lease's text is of this machine. */
static bool is_here(const char *text)
{
    char host[128];
    const char *named = strstr(text, HOST_JOINT);
    own_host(host, sizeof host);
    if (named == NULL)
        return false;
    named += strlen(HOST_JOINT);
    size_t length = strlen(host);
    return strncmp(named, host, length) == 0 && strchr(",\n", named[length]) != NULL;
}

/* Says in the file who holds it, for people alone: that it cannot be written costs nothing. */
static void write_who(int file)
{
    char who[WHO_SIZE];
    (void)own_name(who, sizeof who);
    if (ftruncate(file, 0) == 0 && pwrite(file, who, strlen(who), 0) < 0)
        (void)ftruncate(file, 0);
}

static void read_text(int file, char text[TEXT_SIZE])
{
    ssize_t length = pread(file, text, TEXT_SIZE - 1, 0);
    text[length > 0 ? length : 0] = '\0';
}

/* By the lock alone. */

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

/* By what is in the file. */

/* Whether a lease that is there can be taken over: its holder was here and is dead, as the lock
 * then tells, or is lost. */
static bool is_abandoned(int file, const char *path, cop_heartbeat_watch *watch, double seconds)
{
    char text[TEXT_SIZE];
    bool is_locked = flock(file, LOCK_EX | LOCK_NB) == 0;
    if (!is_locked && errno == EWOULDBLOCK)
        return false;
    read_text(file, text);
    bool is_dead = (is_locked && is_here(text)) ||
                   (watch != NULL && cop_heartbeat_is_lost(watch, text, seconds));
    return is_dead && is_current(file, path);
}

/* Makes the file, or opens one that can be taken over; *file is -1 where another process has it. */
static cop_status claim(const char *path, cop_heartbeat_watch *watch, double seconds, int *file,
                        cop_error *err)
{
    *file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (*file >= 0) {
        (void)flock(*file, LOCK_EX | LOCK_NB); /* for the others on this machine */
        return COP_OK;
    }
    if (errno != EEXIST)
        return cop_fail_errno(err, "cannot open", path);
    *file = open(path, O_RDWR | O_CLOEXEC);
    if (*file < 0) /* its holder may just have released it */
        return errno == ENOENT ? COP_OK : cop_fail_errno(err, "cannot open", path);
    if (is_abandoned(*file, path, watch, seconds) && ftruncate(*file, 0) == 0)
        return COP_OK;
    (void)close(*file);
    *file = -1;
    return COP_OK;
}

static cop_status take_by_heartbeat(cop_heartbeat_watch *watch, cop_lease *lease, cop_error *err)
{
    double seconds = 0.0;
    char who[WHO_SIZE];
    COP_TRY(cop_heartbeat_seconds(&seconds, err));
    COP_TRY(claim(lease->path, watch, seconds, &lease->file, err));
    return lease->file < 0 ? COP_OK
                           : cop_heartbeat_start(lease->file, own_name(who, sizeof who), seconds,
                                                 &lease->heartbeat, err);
}

static cop_status take(const cop_store *s, cop_heartbeat_watch *watch, cop_lease *lease,
                       cop_error *err)
{
    lease->file = -2;
    if (s->has_shared_locks)
        COP_TRY(lock(lease->path, &lease->file, err));
    if (lease->file == -2)
        return take_by_heartbeat(watch, lease, err);
    if (lease->file >= 0)
        write_who(lease->file);
    return COP_OK;
}

static void free_lease(cop_lease *lease)
{
    cop_heartbeat_stop(lease->heartbeat);
    if (lease->file >= 0)
        (void)close(lease->file);
    free(lease->path);
    free(lease);
}

cop_status cop_lease_take(const cop_store *s, const cop_artifact_id *id, cop_heartbeat_watch *watch,
                          cop_lease **out, cop_error *err)
{
    char path[COP_PATH_SIZE];
    *out = NULL;
    COP_TRY(lease_path(s->dir, id, path, sizeof path, err));
    cop_lease *lease = calloc(1, sizeof *lease);
    if (lease == NULL)
        return cop_out_of_memory(err);
    lease->file = -1;
    lease->path = strdup(path);
    cop_status status = lease->path != NULL ? take(s, watch, lease, err) : cop_out_of_memory(err);
    if (status == COP_OK && lease->file >= 0)
        *out = lease;
    else
        free_lease(lease);
    return status;
}

cop_status cop_lease_wait(const cop_store *s, const cop_artifact_id *id,
                          const volatile sig_atomic_t *stop, cop_lease **out, cop_error *err)
{
    static const struct timespec moment = {.tv_nsec = 50000000};
    cop_heartbeat_watch watch = {.has_seen = false};
    for (;;) {
        COP_TRY(cop_lease_take(s, id, &watch, out, err));
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
    cop_heartbeat_stop(lease->heartbeat);
    remove_locked(lease->file, lease->path);
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

/* Whether the lock, which is not held here, says nothing of whom the text names. */
static bool is_untold(const char *dir, const char *text)
{
    bool shared = true;
    return text[0] != '\0' && cop_store_locks(dir, &shared, NULL) == COP_OK && !shared &&
           !is_here(text);
}

const char *cop_lease_holder(const char *dir, const cop_artifact_id *id, char *who, size_t size)
{
    char path[COP_PATH_SIZE], text[TEXT_SIZE];
    who[0] = '\0';
    if (size == 0 || lease_path(dir, id, path, sizeof path, NULL) != COP_OK)
        return who;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0)
        return who;
    bool is_held = flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    read_text(file, text);
    (void)close(file);
    if (!is_held && !is_untold(dir, text))
        return who;
    text[strcspn(text, "\n")] = '\0';
    (void)snprintf(who, size, "%s", text[0] != '\0' ? text : "a process that does not say which");
    return who;
}
