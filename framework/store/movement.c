/* movement.c: what there is of results, as a sum over names, sizes and times. */
#include "store/movement.h"

#include "core/arena.h"
#include "core/hash.h"
#include "core/memory.h"
#include "core/path.h"
#include "store/listing.h"
#include "store/paths.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* An entry that is gone by now counts by its name. */
static void add(const char *dir, const char *folder, const cop_listed_set *set, cop_movement *out)
{
    for (size_t i = 0; i < set->count; i++) {
        char path[COP_PATH_SIZE], text[COP_PATH_SIZE + 100];
        struct stat info = {0};
        const char *name = set->items[i].name;
        if (cop_path_join(path, sizeof path, NULL, dir, "%s/%s", folder, name) == COP_OK)
            (void)stat(path, &info);
        int length = snprintf(text, sizeof text, "%s %lld %lld %ld", name, (long long)info.st_size,
                              (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
        out->entries++;
        out->sum += cop_hash_bytes(text, (size_t)length).lo;
    }
}

cop_status cop_movement_look(const char *dir, cop_movement *out, cop_error *err)
{
    cop_listing listing = {0};
    cop_arena *arena = cop_arena_new();
    *out = (cop_movement){0};
    if (arena == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_listing_read(dir, arena, &listing, err);
    if (status == COP_OK) {
        add(dir, COP_STORE_FOLDER, &listing.published, out);
        add(dir, COP_WORK_FOLDER, &listing.checkpoints, out);
        add(dir, COP_WORK_FOLDER, &listing.failures, out);
    }
    cop_listing_clear(&listing);
    cop_arena_free(arena);
    return status;
}

bool cop_movement_is_same(const cop_movement *a, const cop_movement *b)
{
    return a->entries == b->entries && a->sum == b->sum;
}
