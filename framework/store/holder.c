/* holder.c: a file that says who holds a directory, and a lock that every run of the same stages
 * shares.
 *
 * The lock is shared, so that the last run that goes lets it go, and the kernel lets go for a
 * killed one. Looking and writing are guarded by a second, exclusive lock that is held for that
 * moment. What is locked is never written: it may be a link to somebody's copy. */
#include "store/holder.h"

#include "core/file.h"
#include "core/hash.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/text.h"
#include "store/formats/run_note.h"
#include "store/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

struct cop_holder {
    int file; /* run.lock; -1 where there are no locks */
};

static cop_status lock(int file, int how, const char *path, cop_error *err)
{
    while (flock(file, how) != 0) {
        if (errno != EINTR)
            return cop_fail_errno(err, "cannot lock", path);
    }
    return COP_OK;
}

static cop_status open_in(const char *dir, const char *name, char *path, size_t size, int *file,
                          cop_error *err)
{
    COP_TRY(cop_path_join(path, size, err, dir, "%s", name));
    *file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    return *file >= 0 ? COP_OK : cop_fail_errno(err, "cannot open", path);
}

/* True when it failed since the file system has no locks. */
static bool knows_no_locks(int error)
{
    return error == ENOSYS || error == EOPNOTSUPP || error == ENOLCK || error == EINVAL;
}

static cop_status hash_of(const char *outline, char hex[33], cop_error *err)
{
    cop_hasher *hasher = cop_hasher_new();
    if (hasher == NULL)
        return cop_out_of_memory(err);
    cop_hasher_update_text(hasher, outline);
    (void)cop_digest_hex(cop_hasher_finish(hasher), hex);
    cop_hasher_free(hasher);
    return COP_OK;
}

static cop_status write_note(const char *path, const char *hash, const char *study, cop_error *err)
{
    char name[256], host[128] = "unknown host", when[40] = "unknown";
    cop_run_note note;
    time_t now = time(NULL);
    struct tm local;
    if (gethostname(host, sizeof host - 1) != 0)
        (void)snprintf(host, sizeof host, "unknown host");
    if (localtime_r(&now, &local) != NULL)
        (void)strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &local);
    (void)snprintf(note.hash, sizeof note.hash, "%s", hash);
    cop_run_note_say(&note, cop_escape(study, name, sizeof name), (long)getpid(), host, when);
    return cop_run_note_write(&note, path, err);
}

/* Refuses where the note is of another outline. */
static cop_status check_note(const char *path, const char *dir, const char *hash, cop_error *err)
{
    char shown[1024];
    cop_run_note note;
    cop_run_note_read(path, &note);
    if (strcmp(note.hash, hash) == 0)
        return COP_OK;
    return cop_fail(
        err, COP_FAILED,
        "%s is in use by a run with another config, other plugins or other data (%s): "
        "wait for it, or give another --out or study.name",
        dir, note.who[0] != '\0' ? cop_escape(note.who, shown, sizeof shown) : "of unknown origin");
}

/* Under the guard's lock: nobody else looks or writes meanwhile. */
static cop_status take(int file, const char *dir, const char *path, const char *study,
                       const char *hash, cop_error *err)
{
    char note[COP_PATH_SIZE];
    COP_TRY(cop_path_join(note, sizeof note, err, dir, "%s", COP_RUN_FILE));
    if (flock(file, LOCK_EX | LOCK_NB) == 0)
        COP_TRY(write_note(note, hash, study, err));
    else if (errno == EWOULDBLOCK)
        COP_TRY(check_note(note, dir, hash, err));
    else
        return cop_fail_errno(err, "cannot lock", path);
    return lock(file, LOCK_SH, path, err);
}

/* Stands in for a lock where there are none. */
static cop_status go_without(const char *dir, cop_holder *holder, cop_logger *log, cop_holder **out)
{
    cop_say(log, COP_LOG_WARNING,
            "%s is on a file system without locks: do not run two studies in it at a time", dir);
    holder->file = -1;
    *out = holder;
    return COP_OK;
}

cop_status cop_holder_take(const char *dir, const char *study, const char *outline, cop_logger *log,
                           cop_holder **out, cop_error *err)
{
    char path[COP_PATH_SIZE], guard_path[COP_PATH_SIZE], hash[33];
    int guard = -1, file = -1;
    cop_holder *holder = calloc(1, sizeof *holder);
    cop_status status = holder != NULL ? COP_OK : cop_out_of_memory(err);
    if (status == COP_OK)
        status = hash_of(outline, hash, err);
    if (status == COP_OK)
        status = open_in(dir, COP_RUN_GUARD_FILE, guard_path, sizeof guard_path, &guard, err);
    if (status == COP_OK && flock(guard, LOCK_EX | LOCK_NB) != 0 && knows_no_locks(errno)) {
        (void)close(guard);
        return go_without(dir, holder, log, out);
    }
    if (status == COP_OK)
        status = lock(guard, LOCK_EX, guard_path, err);
    if (status == COP_OK)
        status = open_in(dir, COP_RUN_LOCK_FILE, path, sizeof path, &file, err);
    if (status == COP_OK)
        status = take(file, dir, path, study, hash, err);
    if (guard >= 0)
        (void)close(guard);
    if (status != COP_OK) {
        if (file >= 0)
            (void)close(file);
        free(holder);
        return status;
    }
    holder->file = file;
    *out = holder;
    return COP_OK;
}

void cop_holder_release(cop_holder *holder)
{
    if (holder == NULL)
        return;
    if (holder->file >= 0)
        (void)close(holder->file);
    free(holder);
}

/* Looking from outside. */

/* How often, and with what pause, the guard is asked for; a run has it for a moment. */
#define GUARD_TRIES 20
#define GUARD_PAUSE 10000000 /* ns */

/* Opens a file that is there, to be locked; -1 where it is not, or cannot be opened. */
static int open_to_look(const char *dir, const char *name)
{
    char path[COP_PATH_SIZE];
    if (cop_path_join(path, sizeof path, NULL, dir, "%s", name) != COP_OK)
        return -1;
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

static bool lock_guard(int guard)
{
    const struct timespec pause = {.tv_nsec = GUARD_PAUSE};
    for (int i = 0; i < GUARD_TRIES; i++) {
        if (flock(guard, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return false;
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

/* Nobody can hold what is locked for a moment here; under the guard no run mistakes that for
 * another run. */
static cop_holding ask(int file, int guard)
{
    if (guard >= 0 && !lock_guard(guard))
        return COP_HELD_UNKNOWN;
    if (flock(file, LOCK_EX | LOCK_NB) == 0)
        return COP_HELD_BY_NONE;
    return errno == EWOULDBLOCK ? COP_HELD : COP_HELD_UNKNOWN;
}

static void read_note(const char *dir, cop_held *out)
{
    char path[COP_PATH_SIZE];
    if (cop_path_join(path, sizeof path, NULL, dir, "%s", COP_RUN_FILE) == COP_OK)
        cop_run_note_read(path, &out->note);
}

void cop_holder_look(const char *dir, cop_held *out)
{
    memset(out, 0, sizeof *out);
    int file = open_to_look(dir, COP_RUN_LOCK_FILE);
    if (file < 0) {
        out->holding = errno == ENOENT ? COP_HELD_BY_NONE : COP_HELD_UNKNOWN;
        return;
    }
    int guard = open_to_look(dir, COP_RUN_GUARD_FILE);
    out->holding = ask(file, guard);
    (void)close(file);
    if (guard >= 0)
        (void)close(guard);
    if (out->holding == COP_HELD)
        read_note(dir, out);
}
