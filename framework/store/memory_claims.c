/* memory_claims.c: a locked file for each process, with a number in it. */
#include "store/memory_claims.h"

#include "core/path.h"
#include "core/unique.h"
#include "store/paths.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct cop_memory_claims {
    double allowed;
    char folder[COP_PATH_SIZE], prefix[300], path[COP_PATH_SIZE];
    int file;  /* locked; holds the number */
    int guard; /* the folder: locked while claims are summed and made */
};

static bool name_files(cop_memory_claims *c, const char *dir)
{
    char host[128] = "";
    if (gethostname(host, sizeof host - 1) != 0 || strchr(host, '/') != NULL)
        return false;
    (void)snprintf(c->prefix, sizeof c->prefix, COP_CLAIM_PREFIX "%s-", host);
    return cop_path_join(c->folder, sizeof c->folder, NULL, dir, "%s", COP_WORK_FOLDER) == COP_OK &&
           cop_path_join(c->path, sizeof c->path, NULL, c->folder, "%s%ld" COP_CLAIM_SUFFIX,
                         c->prefix, (long)getpid()) == COP_OK;
}

/* Under the guard: to others, a file that is not locked yet is nobody's. One that another process
 * of this name has, as in containers, stays as it is. */
static bool open_files(cop_memory_claims *c)
{
    c->guard = open(c->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (c->guard < 0 || flock(c->guard, LOCK_EX) != 0)
        return false;
    int file = open(c->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    bool is_ours = file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0 && ftruncate(file, 0) == 0;
    if (is_ours)
        c->file = file;
    else if (file >= 0)
        (void)close(file);
    (void)flock(c->guard, LOCK_UN);
    return is_ours;
}

cop_memory_claims *cop_memory_claims_open(const cop_store *s, double allowed)
{
    cop_memory_claims *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    *c = (cop_memory_claims){.allowed = allowed, .file = -1, .guard = -1};
    if (name_files(c, cop_store_dir(s)) && open_files(c))
        return c;
    cop_memory_claims_close(c);
    return NULL;
}

void cop_memory_claims_close(cop_memory_claims *c)
{
    if (c == NULL)
        return;
    if (c->file >= 0) {
        (void)unlink(c->path);
        (void)close(c->file);
    }
    if (c->guard >= 0)
        (void)close(c->guard);
    free(c);
}

static bool is_claim(const cop_memory_claims *c, const char *name)
{
    size_t length = strlen(name), prefix = strlen(c->prefix), suffix = strlen(COP_CLAIM_SUFFIX);
    return length > prefix + suffix && strncmp(name, c->prefix, prefix) == 0 &&
           strcmp(name + length - suffix, COP_CLAIM_SUFFIX) == 0;
}

/* What another process claims; the file of one that has ended is removed. */
static double read_claim(const char *path)
{
    char text[32] = "";
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0)
        return 0.0;
    if (flock(file, LOCK_EX | LOCK_NB) == 0)
        (void)unlink(path);
    else if (pread(file, text, sizeof text - 1, 0) < 0)
        text[0] = '\0';
    (void)close(file);
    return (double)strtoll(text, NULL, 10);
}

static double sum_of_others(const cop_memory_claims *c)
{
    double sum = 0.0;
    DIR *listing = opendir(c->folder);
    const struct dirent *entry = NULL;
    while (listing != NULL && (entry = readdir(listing)) != NULL) {
        char path[COP_PATH_SIZE];
        if (is_claim(c, entry->d_name) &&
            cop_path_join(path, sizeof path, NULL, c->folder, "%s", entry->d_name) == COP_OK &&
            strcmp(path, c->path) != 0)
            sum += read_claim(path);
    }
    if (listing != NULL)
        (void)closedir(listing);
    return sum;
}

static void write_claim(const cop_memory_claims *c, double bytes)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%-24" PRId64, (int64_t)bytes); /* no shorter than before */
    ssize_t written = pwrite(c->file, text, strlen(text), 0);
    (void)written;
}

bool cop_memory_claim(cop_memory_claims *c, double bytes)
{
    if (c == NULL || flock(c->guard, LOCK_EX) != 0)
        return true;
    double others = sum_of_others(c);
    bool fits = others <= 0.0 || others + bytes <= c->allowed;
    write_claim(c, fits ? bytes : 0.0);
    (void)flock(c->guard, LOCK_UN);
    return fits;
}
