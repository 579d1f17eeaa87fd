/* sweep.c: the lock that a run holds on its directory, and clearing away what killed runs left. */
#include "core/unique.h"
#include "store/paths.h"

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
        char path[COP_STORE_PATH + 300];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
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

/* What a run writes beside its folders; other files there are the user's. */
static bool is_stale_in_out(const char *name)
{
    return is_temporary(name) &&
           (starts_with(name, "study.json.") || starts_with(name, "config.txt."));
}

/* What was broken stays: somebody may want it. */
static bool is_stale_in_store(const char *name)
{
    return is_temporary(name) || (cop_is_unique_name(name, COP_DRAFT_JOINT) &&
                                  (starts_with(name, "draft-") || starts_with(name, "old-")));
}

static void sweep(const char *dir, bool (*is_stale)(const char *name))
{
    DIR *listing = opendir(dir);
    if (listing == NULL)
        return;
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        char path[COP_STORE_PATH + 300];
        (void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        if (is_stale(entry->d_name) && unlink(path) != 0)
            cop_remove_dir(path);
    }
    (void)closedir(listing);
}

static void sweep_all(const char *dir)
{
    static const char *const reports[] = {"report", "report/figures", "report/images"};
    char path[COP_STORE_PATH + 16];
    sweep(dir, is_stale_in_out);
    (void)snprintf(path, sizeof path, "%s/store", dir);
    sweep(path, is_stale_in_store);
    (void)snprintf(path, sizeof path, "%s/work", dir);
    sweep(path, is_temporary);
    for (size_t i = 0; i < sizeof reports / sizeof reports[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, reports[i]);
        sweep(path, is_temporary);
    }
}

/* Opens OUT/work/lock and shares it, after a sweep if that is wanted and nobody else holds it. */
static int lock(const char *dir, int flags, bool sweeps)
{
    char path[COP_STORE_PATH + 16];
    (void)snprintf(path, sizeof path, "%s/work/lock", dir);
    int fd = open(path, flags | O_CLOEXEC, 0666);
    if (fd < 0)
        return -1;
    if (sweeps && flock(fd, LOCK_EX | LOCK_NB) == 0)
        sweep_all(dir);
    int locked = 0;
    do {
        locked = flock(fd, LOCK_SH);
    } while (locked != 0 && errno == EINTR);
    return fd;
}

int cop_lock_and_sweep(const char *dir)
{
    return lock(dir, O_RDWR | O_CREAT, true);
}

int cop_lock_to_read(const char *dir)
{
    return lock(dir, O_RDONLY, false);
}
