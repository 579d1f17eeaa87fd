/* kept.c: finding and reading the last bags of finished works. */
#include "store/kept.h"

#include "core/damage.h"
#include "core/file.h"
#include "core/folder.h"
#include "core/memory.h"
#include "core/path.h"
#include "store/formats/checkpoint_file.h"
#include "store/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is found so far. */
typedef struct list {
    cop_kept *items; /* owned */
    size_t count, capacity;
} list;

static cop_status add(list *l, const cop_kept *kept, cop_error *err)
{
    cop_kept *grown = cop_grow(l->items, &l->capacity, l->count + 1, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(err);
    l->items = grown;
    l->items[l->count++] = *kept;
    return COP_OK;
}

/* The steps of an artifact's kept bag; −1 where it has none of that course. */
static cop_status steps_of(const cop_store *s, const cop_artifact_id *id, const char *course,
                           int64_t *steps, cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_manifest *manifest = NULL;
    *steps = -1;
    cop_store_path(s, id, "", path, sizeof path);
    cop_status status = cop_open_manifest(path, id, &manifest, err);
    if (manifest == NULL)
        return status == COP_DAMAGED ? COP_OK : status;
    const char *own = cop_manifest_course(manifest);
    if (own != NULL && strcmp(own, course) == 0 &&
        cop_manifest_checksum(manifest, COP_BAG_FILE) != NULL)
        *steps = cop_manifest_steps(manifest);
    cop_manifest_free(manifest);
    return COP_OK;
}

/* The longest first; by name where two are of one length, so that the order is always the same. */
static int by_steps(const void *left, const void *right)
{
    const cop_kept *a = left, *b = right;
    if (a->steps != b->steps)
        return a->steps > b->steps ? -1 : 1;
    return strcmp(a->id.hash, b->id.hash);
}

static cop_status look_through(const cop_store *s, DIR *listing, const char *path, const char *kind,
                               const char *course, int64_t most, list *found, cop_error *err)
{
    cop_status status = COP_OK;
    for (const struct dirent *e; (e = cop_next_entry(listing, path, &status, err)) != NULL;) {
        cop_kept kept;
        if (!cop_artifact_parse(e->d_name, &kept.id) || strcmp(kept.id.kind, kind) != 0)
            continue;
        COP_TRY(steps_of(s, &kept.id, course, &kept.steps, err));
        if (kept.steps > 0 && kept.steps <= most)
            COP_TRY(add(found, &kept, err));
    }
    return status;
}

cop_status cop_store_kept(const cop_store *s, const char *kind, const char *course, int64_t most,
                          cop_kept **out, size_t *count, cop_error *err)
{
    char path[COP_PATH_SIZE];
    list found = {0};
    *out = NULL;
    *count = 0;
    COP_TRY(cop_path_join(path, sizeof path, err, s->dir, COP_STORE_FOLDER));
    DIR *listing = opendir(path);
    if (listing == NULL)
        return errno == ENOENT ? COP_OK : cop_fail_errno(err, "cannot list", path);
    cop_status status = look_through(s, listing, path, kind, course, most, &found, err);
    (void)closedir(listing);
    if (status != COP_OK) {
        free(found.items);
        return status;
    }
    if (found.count > 0)
        qsort(found.items, found.count, sizeof *found.items, by_steps);
    *out = found.items;
    *count = found.count;
    return COP_OK;
}

cop_status cop_kept_read(const cop_store *s, const cop_kept *kept, cop_saved *out, cop_error *err)
{
    char path[COP_PATH_SIZE], self[COP_ARTIFACT_NAME_SIZE], owner[COP_ARTIFACT_NAME_SIZE];
    cop_error inner = {0};
    double seconds = 0.0;
    *out = (cop_saved){0};
    COP_TRY(cop_store_check_file(s, &kept->id, COP_BAG_FILE, err));
    COP_TRY(cop_store_cost(s, &kept->id, &seconds, NULL, 0, err));
    cop_store_path(s, &kept->id, COP_BAG_FILE, path, sizeof path);
    cop_status status = cop_checkpoint_read(path, owner, out, &inner);
    if (status != COP_OK)
        return cop_fail_at(err, status, path, 0, "%s", inner.message);
    int64_t step = out->step;
    out->seconds = seconds;
    if (step == kept->steps && strcmp(owner, cop_artifact_text(&kept->id, self)) == 0)
        return COP_OK;
    cop_saved_clear(out);
    return cop_fail_at(err, COP_DAMAGED, path, 0, "is of %s, step %lld", owner, (long long)step);
}
