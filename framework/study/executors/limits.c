/* limits.c: the time that has passed, and the bytes that the output directory holds. */
#include "study/executors/limits.h"

#include "core/clock.h"
#include "core/path.h"
#include "core/quantity.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

/* Counting waits for so many times what it took last. */
#define COUNT_PAUSE 20.0

/* Seconds between counts where no stage ends. */
#define COUNT_INTERVAL 5.0

/* Folders in folders: OUT/studies/NAME/report/figures. */
#define MOST_DEPTH 5

/* What vanishes meanwhile counts nothing. A store that is shared counts: in the output directory
 * itself links are followed. */
static double bytes_below(const char *path, int depth)
{
    double bytes = 0.0;
    DIR *listing = opendir(path);
    const struct dirent *entry = NULL;
    while (listing != NULL && (entry = readdir(listing)) != NULL) {
        char inner[COP_PATH_SIZE];
        struct stat info;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            cop_path_join(inner, sizeof inner, NULL, path, "%s", entry->d_name) != COP_OK ||
            (depth == MOST_DEPTH ? stat(inner, &info) : lstat(inner, &info)) != 0)
            continue;
        bytes += 512.0 * (double)info.st_blocks;
        if (S_ISDIR(info.st_mode) && depth > 0)
            bytes += bytes_below(inner, depth - 1);
    }
    if (listing != NULL)
        (void)closedir(listing);
    return bytes;
}

static void count_bytes(cop_budget *b, bool has_grown)
{
    double now = cop_now(), since = now - b->counted;
    if (b->counted > 0.0 &&
        (since < COUNT_PAUSE * b->took || (!has_grown && since < COUNT_INTERVAL)))
        return;
    b->bytes = bytes_below(b->dir, MOST_DEPTH);
    b->counted = cop_now();
    b->took = b->counted - now;
}

bool cop_budget_is_up(cop_budget *b, bool has_grown, char *text, size_t size)
{
    char wanted[32], there[32];
    const cop_run_limits *limits = b->limits;
    if (limits->seconds > 0.0 && cop_now() - limits->began >= limits->seconds) {
        (void)snprintf(text, size, "the time budget of %s is used up",
                       cop_time_text(limits->seconds, wanted, sizeof wanted));
        return true;
    }
    if (limits->bytes <= 0.0)
        return false;
    count_bytes(b, has_grown);
    if (b->bytes < limits->bytes)
        return false;
    (void)snprintf(text, size, "the disk budget of %s is used up: the output directory holds %s",
                   cop_size_text(limits->bytes, wanted, sizeof wanted),
                   cop_size_text(b->bytes, there, sizeof there));
    return true;
}
