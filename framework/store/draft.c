/* draft.c: filling an artifact's directory and publishing it by one rename. */
#include "core/hash.h"
#include "store/artifact.h"

#include "core/damage.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/memory_peak.h"
#include "core/path.h"
#include "core/unique.h"
#include "store/formats/artifact_json.h"
#include "store/paths.h"
#include "store/provenance.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Tries when other runs publish the same artifact at the same time: each failure means that one of
 * them got through. */
#define PUBLISH_ATTEMPTS 100

struct cop_draft {
    char makers[COP_MAKERS_SIZE]; /* empty: not told */
    char course[33];              /* empty: no longer work can go on from it */
    int64_t steps;                /* with a course */
    cop_store *store;
    cop_artifact_id id;
    char dir[COP_PATH_SIZE]; /* OUT/store/draft-<kind>-<hash>-… */
};

/* Writes the path of "<prefix>-<kind>-<hash>-…", a name of our own in the store. */
static bool own_path(const cop_store *s, const char *prefix, const cop_artifact_id *id, char *path,
                     size_t size)
{
    char name[64], unique[128];
    (void)snprintf(name, sizeof name, "%s-%s-%s", prefix, id->kind, id->hash);
    if (!cop_unique_name(name, COP_DRAFT_JOINT, unique, sizeof unique))
        return false;
    return cop_path_join(path, size, NULL, s->dir, COP_STORE_FOLDER "/%s", unique) == COP_OK;
}

cop_status cop_draft_open(cop_store *s, const cop_artifact_id *id, cop_draft **out, cop_error *err)
{
    cop_draft *d = calloc(1, sizeof *d);
    if (d == NULL)
        return cop_out_of_memory(err);
    d->store = s;
    d->id = *id;
    if (!own_path(s, "draft", id, d->dir, sizeof d->dir) || mkdir(d->dir, 0777) != 0) {
        char path[COP_PATH_SIZE];
        int reason = errno;
        cop_store_path(s, id, "", path, sizeof path);
        errno = reason;
        /* Without a name of its own the draft is told by what it was to become. */
        (void)cop_fail_errno(err, "cannot make directory", d->dir[0] != '\0' ? d->dir : path);
        free(d);
        return COP_FAILED;
    }
    *out = d;
    return COP_OK;
}

void cop_draft_path(const cop_draft *d, const char *file, char *path, size_t size)
{
    (void)cop_path_join(path, size, NULL, d->dir, "%s", file);
}

void cop_draft_made_by(cop_draft *d, const char *plugins)
{
    (void)snprintf(d->makers, sizeof d->makers, "%s", plugins);
}

cop_status cop_draft_keep_bag(cop_draft *d, const char *course, int64_t steps, cop_error *err)
{
    char path[COP_PATH_SIZE];
    bool kept = false;
    cop_draft_path(d, COP_BAG_FILE, path, sizeof path);
    COP_TRY(cop_checkpoint_keep(d->store, &d->id, steps, path, &kept, err));
    if (kept) {
        (void)snprintf(d->course, sizeof d->course, "%s", course);
        d->steps = steps;
    }
    return COP_OK;
}

void cop_draft_abandon(cop_draft *d)
{
    if (d == NULL)
        return;
    cop_remove_dir(d->dir);
    free(d);
}

/* Lists every file of the draft with its checksum, in order of their names. */
static cop_status add_files(const cop_draft *d, cop_manifest *manifest, cop_error *err)
{
    struct dirent **entries = NULL;
    int count = scandir(d->dir, &entries, cop_entry_is_visible, cop_entries_by_name);
    if (count < 0)
        return cop_fail_errno(err, "cannot list", d->dir);
    cop_status status = COP_OK;
    for (int i = 0; i < count; i++) {
        char path[COP_PATH_SIZE], hex[33];
        cop_digest digest;
        struct stat info;
        cop_draft_path(d, entries[i]->d_name, path, sizeof path);
        if (status == COP_OK)
            status = cop_hash_file(path, &digest, err);
        if (status == COP_OK && stat(path, &info) != 0)
            status = cop_fail_errno(err, "cannot read", path);
        if (status == COP_OK &&
            !cop_manifest_add_file(manifest, entries[i]->d_name, cop_digest_hex(digest, hex),
                                   (int64_t)info.st_size))
            status = cop_out_of_memory(err);
        free(entries[i]);
    }
    free(entries);
    return status;
}

static cop_status write_manifest(const cop_draft *d, const char *identity_text, double seconds,
                                 cop_error *err)
{
    char provenance[1024], path[COP_PATH_SIZE];
    cop_provenance(provenance, sizeof provenance);
    cop_manifest *manifest = cop_manifest_new(d->id.kind, identity_text, seconds, provenance);
    if (manifest == NULL)
        return cop_out_of_memory(err);
    cop_status status = add_files(d, manifest, err);
    int64_t memory = cop_memory_peak();
    if (status == COP_OK && memory > 0 && !cop_manifest_set_memory(manifest, memory))
        status = cop_out_of_memory(err);
    if (status == COP_OK && d->makers[0] != '\0' && !cop_manifest_set_makers(manifest, d->makers))
        status = cop_out_of_memory(err);
    if (status == COP_OK && d->course[0] != '\0' &&
        !cop_manifest_set_course(manifest, d->course, d->steps))
        status = cop_out_of_memory(err);
    cop_draft_path(d, COP_MANIFEST_FILE, path, sizeof path);
    if (status == COP_OK)
        status = cop_manifest_write(manifest, path, err);
    cop_manifest_free(manifest);
    return status;
}

/* Copies one file that the manifest of the published artifact lists. */
static cop_status keep_file(const cop_draft *d, const cop_manifest *manifest, const char *file,
                            cop_error *err)
{
    char from[COP_PATH_SIZE], to[COP_PATH_SIZE], *data = NULL, hex[33];
    size_t size = 0;
    cop_store_path(d->store, &d->id, file, from, sizeof from);
    cop_draft_path(d, file, to, sizeof to);
    if (access(to, F_OK) == 0 || (access(from, F_OK) != 0 && errno == ENOENT))
        return COP_OK;
    if (cop_file_read_regular(from, SIZE_MAX, &data, &size, err) != COP_OK)
        return errno == ENOENT ? COP_OK : COP_FAILED; /* another run replaced it meanwhile */
    cop_status status = COP_OK;
    if (strcmp(cop_digest_hex(cop_hash_bytes(data, size), hex),
               cop_manifest_checksum(manifest, file)) == 0)
        status = cop_file_write(to, data, size, err);
    free(data);
    return status;
}

/* The manifest of what is published; NULL where that is absent or damaged. */
static cop_status open_published(const cop_draft *d, cop_manifest **out, cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_store_path(d->store, &d->id, "", path, sizeof path);
    cop_status status = cop_open_manifest(path, &d->id, out, err);
    return status == COP_DAMAGED ? COP_OK : status;
}

cop_status cop_draft_keep(cop_draft *d, const char *prefix, cop_error *err)
{
    cop_manifest *manifest = NULL;
    COP_TRY(open_published(d, &manifest, err));
    if (manifest == NULL)
        return COP_OK;
    cop_status status = COP_OK;
    for (size_t i = 0; i < cop_manifest_file_count(manifest) && status == COP_OK; i++) {
        const char *file = cop_manifest_file(manifest, i);
        if (strncmp(file, prefix, strlen(prefix)) == 0)
            status = keep_file(d, manifest, file, err);
    }
    cop_manifest_free(manifest);
    return status;
}

/* Whether the target is whole and holds every file of the draft: then either will do, as both come
 * from one identity. */
static cop_status is_superfluous(const cop_draft *d, bool *superfluous, cop_error *err)
{
    cop_manifest *draft = NULL, *target = NULL;
    *superfluous = false;
    COP_TRY(open_published(d, &target, err));
    if (target == NULL)
        return COP_OK;
    cop_status status = cop_open_manifest(d->dir, &d->id, &draft, err);
    bool covered = status == COP_OK && draft != NULL;
    for (size_t i = 0; covered && i < cop_manifest_file_count(draft); i++)
        covered = cop_manifest_checksum(target, cop_manifest_file(draft, i)) != NULL;
    if (covered) {
        status = cop_store_verify(d->store, &d->id, err);
        *superfluous = status == COP_OK;
    }
    cop_manifest_free(draft);
    cop_manifest_free(target);
    return status == COP_DAMAGED ? COP_OK : status;
}

/* Moves what stands at the target out of the way, for file systems that cannot exchange two names.
 * True also when another run moved it first. */
static bool set_aside(const cop_draft *d, const char *target)
{
    char aside[COP_PATH_SIZE];
    if (!own_path(d->store, "old", &d->id, aside, sizeof aside))
        return false;
    if (rename(target, aside) != 0)
        return errno == ENOENT;
    cop_remove_dir(aside);
    return true;
}

/* Puts the draft where an artifact stands, in one step where the file system can: readers then
 * never miss it. False with errno; ENOTEMPTY when another run came between, so that it is worth a
 * retry. */
static bool replace(const cop_draft *d, const char *target)
{
    if (renameat2(AT_FDCWD, d->dir, AT_FDCWD, target, RENAME_EXCHANGE) == 0) {
        cop_remove_dir(d->dir); /* the old one now */
        return true;
    }
    if (errno == ENOENT) {
        errno = ENOTEMPTY;
        return false;
    }
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    return set_aside(d, target) && rename(d->dir, target) == 0;
}

/* Renames the draft into place, or discards it where a whole artifact already stands. */
static cop_status put_in_place(const cop_draft *d, cop_error *err)
{
    char target[COP_PATH_SIZE];
    cop_store_path(d->store, &d->id, "", target, sizeof target);
    for (int attempt = 0; attempt < PUBLISH_ATTEMPTS; attempt++) {
        if (rename(d->dir, target) == 0)
            return COP_OK;
        if (errno != ENOTEMPTY && errno != EEXIST)
            break;
        bool superfluous = false;
        COP_TRY(is_superfluous(d, &superfluous, err));
        if (superfluous) {
            cop_remove_dir(d->dir);
            return COP_OK;
        }
        if (replace(d, target))
            return COP_OK;
        if (errno != ENOTEMPTY && errno != EEXIST)
            break;
    }
    return cop_fail_errno(err, "cannot publish", target);
}

/* Before the checkpoint that it came from is removed. */
static cop_status sync_place(const cop_draft *d, cop_error *err)
{
    char target[COP_PATH_SIZE];
    cop_store_path(d->store, &d->id, "", target, sizeof target);
    return cop_sync_directory_of(target)
               ? COP_OK
               : cop_fail_errno(err, "cannot flush the directory of", target);
}

cop_status cop_draft_publish(cop_draft *d, const char *identity_text, double seconds,
                             cop_error *err)
{
    cop_artifact_id named;
    cop_status status = cop_artifact_name(d->id.kind, identity_text, &named, err);
    if (status == COP_OK && strcmp(named.hash, d->id.hash) != 0)
        status = cop_fail(err, COP_FAILED, "cannot publish %s-%s: its identity is that of %s-%s",
                          d->id.kind, d->id.hash, named.kind, named.hash);
    if (status == COP_OK)
        status = write_manifest(d, identity_text, seconds, err);
    if (status == COP_OK)
        status = put_in_place(d, err);
    if (status == COP_OK)
        status = sync_place(d, err);
    if (status != COP_OK)
        cop_draft_abandon(d);
    else
        free(d);
    return status;
}
