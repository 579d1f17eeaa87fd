/* listing.c: three folders, each listed once, however many stages are asked about. */
#include "store/listing.h"

#include "core/file.h"
#include "core/folder.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/unique.h"
#include "store/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int by_artifact(const void *left, const void *right)
{
    const cop_listed *a = left, *b = right;
    int order = strcmp(a->id.hash, b->id.hash);
    return order != 0 ? order : strcmp(a->id.kind, b->id.kind);
}

static cop_status add(cop_listed_set *set, const cop_artifact_id *id, const char *name,
                      cop_arena *arena, cop_error *err)
{
    cop_listed *grown = cop_grow(set->items, &set->capacity, set->count + 1, sizeof *grown);
    const char *kept = cop_arena_strdup(arena, name);
    if (grown != NULL)
        set->items = grown;
    if (grown == NULL || kept == NULL)
        return cop_out_of_memory(err);
    set->items[set->count++] = (cop_listed){.id = *id, .name = kept};
    return COP_OK;
}

/* The artifact whose name is the first `length` letters. */
static bool parse_part(const char *name, size_t length, cop_artifact_id *out)
{
    char part[COP_ARTIFACT_NAME_SIZE];
    if (length >= sizeof part)
        return false;
    memcpy(part, name, length);
    part[length] = '\0';
    return cop_artifact_parse(part, out);
}

static bool parse_draft(const char *name, cop_artifact_id *out)
{
    size_t head = strlen(COP_DRAFT_PREFIX), tail = strlen(COP_DRAFT_JOINT) + COP_UNIQUE_MARK;
    size_t length = strlen(name);
    return strncmp(name, COP_DRAFT_PREFIX, head) == 0 && length > head + tail &&
           cop_is_unique_name(name, COP_DRAFT_JOINT) &&
           parse_part(name + head, length - head - tail, out);
}

/* An artifact's name with that behind it. */
static bool parse_ending(const char *name, const char *ending, cop_artifact_id *out)
{
    size_t tail = strlen(ending), length = strlen(name);
    return length > tail && strcmp(name + length - tail, ending) == 0 &&
           parse_part(name, length - tail, out);
}

static cop_status take_stored(cop_listing *l, const char *name, cop_arena *arena, cop_error *err)
{
    cop_artifact_id id;
    if (cop_artifact_parse(name, &id))
        return add(&l->published, &id, name, arena, err);
    return parse_draft(name, &id) ? add(&l->drafts, &id, name, arena, err) : COP_OK;
}

static cop_status take_work(cop_listing *l, const char *name, cop_arena *arena, cop_error *err)
{
    cop_artifact_id id;
    cop_listed_set *set = parse_ending(name, COP_CHECKPOINT_SUFFIX, &id) ? &l->checkpoints
                          : parse_ending(name, COP_LEASE_SUFFIX, &id)    ? &l->leases
                          : parse_ending(name, COP_FAILURE_SUFFIX, &id)  ? &l->failures
                                                                         : NULL;
    return set != NULL ? add(set, &id, name, arena, err) : COP_OK;
}

static cop_status take_log(cop_listing *l, const char *name, cop_arena *arena, cop_error *err)
{
    cop_artifact_id id;
    return parse_ending(name, COP_LOG_SUFFIX, &id) ? add(&l->logs, &id, name, arena, err) : COP_OK;
}

static cop_status list(const char *dir, const char *folder, cop_listing *l, cop_arena *arena,
                       cop_status (*take)(cop_listing *, const char *, cop_arena *, cop_error *),
                       cop_error *err)
{
    char path[COP_PATH_SIZE];
    COP_TRY(cop_path_join(path, sizeof path, err, dir, "%s", folder));
    DIR *listing = opendir(path);
    if (listing == NULL)
        return errno == ENOENT || errno == ENOTDIR ? COP_OK
                                                   : cop_fail_errno(err, "cannot list", path);
    cop_status status = COP_OK;
    for (const struct dirent *e; (e = cop_next_entry(listing, path, &status, err)) != NULL;)
        status = take(l, e->d_name, arena, err);
    (void)closedir(listing);
    return status;
}

void cop_listed_sort(cop_listed_set *set)
{
    if (set->count > 1)
        qsort(set->items, set->count, sizeof *set->items, by_artifact);
}

cop_status cop_listing_read(const char *dir, cop_arena *arena, cop_listing *out, cop_error *err)
{
    memset(out, 0, sizeof *out);
    COP_TRY(list(dir, COP_STORE_FOLDER, out, arena, take_stored, err));
    COP_TRY(list(dir, COP_WORK_FOLDER, out, arena, take_work, err));
    COP_TRY(list(dir, COP_LOG_FOLDER, out, arena, take_log, err));
    cop_listed_sort(&out->published);
    cop_listed_sort(&out->drafts);
    cop_listed_sort(&out->checkpoints);
    cop_listed_sort(&out->leases);
    cop_listed_sort(&out->failures);
    cop_listed_sort(&out->logs);
    return COP_OK;
}

void cop_listing_clear(cop_listing *l)
{
    free(l->published.items);
    free(l->drafts.items);
    free(l->checkpoints.items);
    free(l->leases.items);
    free(l->failures.items);
    free(l->logs.items);
    memset(l, 0, sizeof *l);
}

const cop_listed *cop_listed_find(const cop_listed_set *set, const cop_artifact_id *id)
{
    const cop_listed wanted = {.id = *id};
    if (set->count == 0)
        return NULL;
    const cop_listed *found =
        bsearch(&wanted, set->items, set->count, sizeof *set->items, by_artifact);
    while (found != NULL && found > set->items && by_artifact(found - 1, found) == 0)
        found--;
    return found;
}
