/* clearing.c: the lock that a run holds on its directory, and clearing away what killed runs
 * left. */
#include "core/locks.h"
#include "core/path.h"
#include "core/unique.h"
#include "store/paths.h"
#include "store/shared.h"
#include "store/study_folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

void cop_remove_dir(const char *dir)
{
    DIR *listing = opendir(dir);
    if (listing == NULL)
        return;
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        char path[COP_PATH_SIZE];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (cop_path_join(path, sizeof path, NULL, dir, "%s", entry->d_name) == COP_OK)
            (void)unlink(path);
    }
    (void)closedir(listing);
    (void)rmdir(dir);
}

static bool starts_with(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* A file that was not finished and renamed. */
static bool is_temporary(const char *name)
{
    return cop_is_unique_name(name, COP_TEMPORARY_JOINT);
}

/* In the output directory itself, where much may lie beside it. */
static bool is_unfinished_database(const char *name)
{
    return is_temporary(name) && starts_with(name, COP_DATABASE_FILE COP_TEMPORARY_JOINT);
}

/* What was broken stays: somebody may want it. */
static bool is_stale_in_store(const char *name)
{
    return is_temporary(name) ||
           (cop_is_unique_name(name, COP_DRAFT_JOINT) &&
            (starts_with(name, COP_DRAFT_PREFIX) || starts_with(name, "old-")));
}

/* Where nobody uses the directory, nobody has a claim to memory either. */
static bool is_stale_in_work(const char *name)
{
    size_t length = strlen(name), suffix = strlen(COP_CLAIM_SUFFIX);
    return is_temporary(name) || (starts_with(name, COP_CLAIM_PREFIX) && length > suffix &&
                                  strcmp(name + length - suffix, COP_CLAIM_SUFFIX) == 0);
}

static void sweep(const char *dir, bool (*is_stale)(const char *name))
{
    DIR *listing = opendir(dir);
    if (listing == NULL)
        return;
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        char path[COP_PATH_SIZE];
        if (is_stale(entry->d_name) &&
            cop_path_join(path, sizeof path, NULL, dir, "%s", entry->d_name) == COP_OK &&
            unlink(path) != 0)
            cop_remove_dir(path);
    }
    (void)closedir(listing);
}

static cop_status sweep_study(void *own, const char *folder, const char *record, cop_error *err)
{
    static const char *const folders[] = {".", COP_REPORT_FOLDER,
                                          COP_REPORT_FOLDER "/" COP_FIGURE_FOLDER,
                                          COP_REPORT_FOLDER "/" COP_IMAGE_FOLDER};
    char path[COP_PATH_SIZE];
    (void)own;
    (void)folder;
    (void)err;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (cop_path_join(path, sizeof path, NULL, record, "%s", folders[i]) == COP_OK)
            sweep(path, is_temporary);
    }
    return COP_OK;
}

static void sweep_all(const char *dir)
{
    char path[COP_PATH_SIZE];
    sweep(dir, is_unfinished_database);
    (void)cop_path_join(path, sizeof path, NULL, dir, COP_STORE_FOLDER);
    sweep(path, is_stale_in_store);
    (void)cop_store_cache_path(dir, "", path, sizeof path, NULL);
    sweep(path, is_temporary);
    (void)cop_path_join(path, sizeof path, NULL, dir, COP_WORK_FOLDER);
    sweep(path, is_stale_in_work);
    (void)cop_study_folders_visit(dir, sweep_study, NULL, NULL);
}

cop_status cop_store_locks(const char *dir, bool *shared, cop_error *err)
{
    char path[COP_PATH_SIZE];
    *shared = true;
    COP_TRY(cop_path_join(path, sizeof path, err, dir, COP_WORK_FOLDER));
    return cop_locks_are_shared(path, shared, err);
}

static int open_lock(const char *dir, int flags)
{
    char path[COP_PATH_SIZE];
    if (cop_path_join(path, sizeof path, NULL, dir, COP_WORK_FOLDER "/" COP_LOCK_FILE) != COP_OK)
        return -1;
    return open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
}

static void share(int lock)
{
    int locked = 0;
    do {
        locked = flock(lock, LOCK_SH);
    } while (locked != 0 && errno == EINTR);
}

/* Nobody sweeps while anybody shares the lock, so the mark is written under it, be it shared with
 * others or not: runs that start at the same time may all write it. */
cop_status cop_lock_and_sweep(const char *dir, bool has_shared_locks, int *lock, cop_error *err)
{
    *lock = open_lock(dir, O_RDWR | O_CREAT);
    if (*lock >= 0 && has_shared_locks && flock(*lock, LOCK_EX | LOCK_NB) == 0)
        sweep_all(dir);
    if (*lock >= 0)
        share(*lock);
    cop_status status = cop_mark_store(dir, err);
    if (status != COP_OK && *lock >= 0) {
        (void)close(*lock);
        *lock = -1;
    }
    return status;
}

void cop_sweep_and_unlock(const char *dir, int lock)
{
    if (lock < 0)
        return;
    if (flock(lock, LOCK_EX | LOCK_NB) == 0)
        sweep_all(dir);
    (void)close(lock);
}

cop_status cop_lock_alone(const char *dir, int *lock, cop_error *err)
{
    bool has_shared_locks = true;
    *lock = -1;
    COP_TRY(cop_shared_store_check(dir, err));
    COP_TRY(cop_store_locks(dir, &has_shared_locks, err));
    if (!has_shared_locks)
        return cop_fail(err, COP_FAILED,
                        "%s is on a file system whose locks other machines do not see: whether "
                        "somebody uses it cannot be told (COPPICE_LOCKS=shared says that nobody "
                        "does)",
                        dir);
    *lock = open_lock(dir, O_RDWR);
    if (*lock < 0)
        return cop_fail(err, COP_FAILED, "%s: no run has written here (no %s)", dir,
                        COP_WORK_FOLDER "/" COP_LOCK_FILE);
    if (flock(*lock, LOCK_EX | LOCK_NB) == 0)
        return COP_OK;
    bool is_used = errno == EWOULDBLOCK;
    (void)close(*lock);
    *lock = -1;
    return cop_fail(err, COP_FAILED,
                    is_used ? "%s is in use by another process: wait for it"
                            : "%s is on a file system without locks: whether somebody uses it "
                              "cannot be told",
                    dir);
}

int cop_lock_to_read(const char *dir)
{
    int lock = open_lock(dir, O_RDONLY);
    if (lock >= 0)
        share(lock);
    return lock;
}
