/* sweep.c: the lock that a run holds on its directory, and clearing away what killed runs left. */
#include "store/paths.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
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

/* Past a run of digits; NULL where there is none. */
static const char *past_digits(const char *text)
{
    if (!isdigit((unsigned char)*text))
        return NULL;
    while (isdigit((unsigned char)*text))
        text++;
    return text;
}

/* True for the name under which a file is written before it is renamed: "<name>.tmp-<pid>-<n>". */
static bool is_temporary(const char *name)
{
    const char *at = NULL;
    for (const char *next = strstr(name, ".tmp-"); next != NULL; next = strstr(next + 1, ".tmp-"))
        at = next;
    if (at == NULL || (at = past_digits(at + strlen(".tmp-"))) == NULL || *at != '-')
        return false;
    at = past_digits(at + 1);
    return at != NULL && *at == '\0';
}

static bool starts_with(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* What a run writes beside its folders; other files there are the user's. */
static bool is_stale_in_out(const char *name)
{
    return is_temporary(name) &&
           (starts_with(name, "study.json.") || starts_with(name, "config.txt."));
}

static bool is_stale_in_work(const char *name)
{
    return is_temporary(name) || starts_with(name, "draft-") || starts_with(name, "old-");
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
    char path[COP_STORE_PATH + 16];
    sweep(dir, is_stale_in_out);
    (void)snprintf(path, sizeof path, "%s/work", dir);
    sweep(path, is_stale_in_work);
    (void)snprintf(path, sizeof path, "%s/report", dir);
    sweep(path, is_temporary);
}

int cop_lock_and_sweep(const char *dir)
{
    char path[COP_STORE_PATH + 16];
    (void)snprintf(path, sizeof path, "%s/work/lock", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        sweep_all(dir);
    int locked = 0;
    do {
        locked = flock(fd, LOCK_SH);
    } while (locked != 0 && errno == EINTR);
    return fd;
}
