/* garbage.c: the names that studies refer to, against those that are there. */
#include "store/garbage.h"

#include "core/file.h"
#include "core/folder.h"
#include "core/memory.h"
#include "core/path.h"
#include "store/artifact_files.h"
#include "store/formats/stages_json.h"
#include "store/listing.h"
#include "store/paths.h"
#include "store/shared.h"
#include "store/study_folders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the functions here share. */
typedef struct searching {
    const char *dir;
    cop_arena *arena;
    cop_listed_set wanted; /* by all studies; sorted once all are there */
    cop_listing there;
    cop_garbage *out;
} searching;

static bool is_there(const char *folder, const char *file)
{
    char path[COP_PATH_SIZE];
    return cop_path_join(path, sizeof path, NULL, folder, "%s", file) == COP_OK &&
           access(path, F_OK) == 0;
}

static cop_status want(searching *s, const cop_artifact_id *id, cop_error *err)
{
    cop_listed_set *set = &s->wanted;
    cop_listed *grown = cop_grow(set->items, &set->capacity, set->count + 1, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(err);
    set->items = grown;
    set->items[set->count++] = (cop_listed){.id = *id, .name = ""};
    return COP_OK;
}

/* A run that was killed early may have left a graph without a record, never the reverse. */
static cop_status visit_study(void *own, const char *folder, const char *path, cop_error *err)
{
    searching *s = own;
    char file[COP_PATH_SIZE];
    cop_stage_records records;
    (void)folder;
    if (!is_there(path, COP_STAGES_FILE))
        return is_there(path, COP_STUDY_FILE)
                   ? cop_fail_at(err, COP_FAILED, path, 0,
                                 "a study without a graph (%s): what it refers to is not known",
                                 COP_STAGES_FILE)
                   : COP_OK;
    COP_TRY(cop_path_join(file, sizeof file, err, path, COP_STAGES_FILE));
    cop_status status = cop_stages_read(file, s->arena, &records, err);
    if (status != COP_OK) {
        (void)cop_fail_within(err, "what the study refers to is not known");
        return COP_FAILED;
    }
    for (size_t i = 0; i < records.stage_count; i++)
        COP_TRY(want(s, &records.stages[i].id, err));
    return COP_OK;
}

/* The bytes of a file, or of the files in a folder; 0 for what is gone. */
static double bytes_of(const char *path)
{
    struct stat info;
    double bytes = 0.0;
    if (lstat(path, &info) != 0)
        return 0.0;
    if (!S_ISDIR(info.st_mode))
        return (double)info.st_size;
    DIR *listing = opendir(path);
    cop_status status = COP_OK;
    for (const struct dirent *e;
         listing != NULL && (e = cop_next_entry(listing, path, &status, NULL)) != NULL;) {
        char file[COP_PATH_SIZE];
        if (cop_path_join(file, sizeof file, NULL, path, "%s", e->d_name) == COP_OK &&
            lstat(file, &info) == 0)
            bytes += (double)info.st_size;
    }
    if (listing != NULL)
        (void)closedir(listing);
    return bytes;
}

static cop_status path_of(const char *dir, const cop_garbage_item *item, char *path, size_t size,
                          cop_error *err)
{
    return cop_path_join(path, size, err, dir, "%s/%s", item->folder, item->name);
}

/* Notes those of the set that no study wants. */
static cop_status collect(searching *s, const cop_listed_set *set, const char *folder,
                          cop_error *err)
{
    bool is_artifact = strcmp(folder, COP_STORE_FOLDER) == 0;
    for (size_t i = 0; i < set->count; i++) {
        char path[COP_PATH_SIZE];
        cop_garbage_item item = {
            .folder = folder, .name = set->items[i].name, .is_artifact = is_artifact};
        if (cop_listed_find(&s->wanted, &set->items[i].id) != NULL) {
            s->out->kept_artifacts += is_artifact;
            continue;
        }
        COP_TRY(path_of(s->dir, &item, path, sizeof path, err));
        item.bytes = bytes_of(path);
        s->out->bytes += item.bytes;
        s->out->artifact_count += is_artifact;
        s->out->items[s->out->count++] = item;
    }
    return COP_OK;
}

/* Another output directory that uses the store. */
static cop_status visit_user(void *own, const char *user, cop_error *err)
{
    struct stat info;
    if (stat(user, &info) != 0 || !S_ISDIR(info.st_mode))
        return cop_fail_at(err, COP_FAILED, user, 0,
                           "uses the store, and is not there: what it refers to is not known; "
                           "'coppice gc DIR --forget %s' once it is gone for good",
                           user);
    return cop_study_folders_visit(user, visit_study, own, err);
}

static cop_status find(searching *s, cop_error *err)
{
    cop_garbage *out = s->out;
    COP_TRY(cop_lock_alone(s->dir, &out->lock, err));
    COP_TRY(cop_study_folders_visit(s->dir, visit_study, s, err));
    COP_TRY(cop_shared_store_users(s->dir, visit_user, s, err));
    cop_listed_sort(&s->wanted);
    COP_TRY(cop_listing_read(s->dir, s->arena, &s->there, err));
    const cop_listed_set *works[] = {&s->there.checkpoints, &s->there.failures, &s->there.leases};
    size_t most = s->there.published.count + s->there.logs.count;
    for (size_t i = 0; i < 3; i++)
        most += works[i]->count;
    out->items = cop_arena_array(s->arena, most + 1, sizeof *out->items);
    if (out->items == NULL)
        return cop_out_of_memory(err);
    COP_TRY(collect(s, &s->there.published, COP_STORE_FOLDER, err));
    for (size_t i = 0; i < 3; i++)
        COP_TRY(collect(s, works[i], COP_WORK_FOLDER, err));
    return collect(s, &s->there.logs, COP_LOG_FOLDER, err);
}

cop_status cop_garbage_find(const char *dir, cop_arena *arena, cop_garbage *out, cop_error *err)
{
    searching s = {.dir = dir, .arena = arena, .out = out};
    *out = (cop_garbage){.lock = -1};
    cop_status status = find(&s, err);
    free(s.wanted.items);
    cop_listing_clear(&s.there);
    return status;
}

/* Removes an artifact: without its manifest it is none. */
static cop_status remove_artifact(const char *path, cop_error *err)
{
    char manifest[COP_PATH_SIZE];
    COP_TRY(cop_path_join(manifest, sizeof manifest, err, path, COP_MANIFEST_FILE));
    if (unlink(manifest) != 0 && errno != ENOENT)
        return cop_fail_errno(err, "cannot remove", manifest);
    cop_remove_dir(path);
    return access(path, F_OK) == 0 ? cop_fail(err, COP_FAILED, "cannot remove %s whole", path)
                                   : COP_OK;
}

cop_status cop_garbage_remove(const char *dir, const cop_garbage *garbage, cop_error *err)
{
    for (size_t i = 0; i < garbage->count; i++) {
        char path[COP_PATH_SIZE];
        COP_TRY(path_of(dir, &garbage->items[i], path, sizeof path, err));
        if (garbage->items[i].is_artifact)
            COP_TRY(remove_artifact(path, err));
        else if (unlink(path) != 0 && errno != ENOENT)
            return cop_fail_errno(err, "cannot remove", path);
    }
    return COP_OK;
}

void cop_garbage_clear(cop_garbage *garbage)
{
    if (garbage->lock >= 0)
        (void)close(garbage->lock);
    garbage->lock = -1;
}
