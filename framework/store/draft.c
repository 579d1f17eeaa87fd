/* draft.c: filling an artifact's directory and publishing it by one rename. */
#include "store/artifact.h"

#include "core/file.h"
#include "store/manifest.h"
#include "store/paths.h"
#include "store/provenance.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cop_draft {
    cop_store *store;
    cop_artifact_id id;
    char dir[COP_STORE_PATH]; /* OUT/work/draft-<kind>-<hash>.<pid> */
};

/* Removes a directory's files and the directory; artifacts have no folders inside. */
static void remove_dir(const char *dir)
{
    DIR *listing = opendir(dir);
    if (listing == NULL)
        return;
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        char path[COP_STORE_PATH + 300];
        if (entry->d_name[0] == '.' && (entry->d_name[1] == '\0' || entry->d_name[1] == '.'))
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(listing);
    (void)rmdir(dir);
}

cop_status cop_draft_open(cop_store *s, const cop_artifact_id *id, cop_draft **out, cop_error *err)
{
    cop_draft *d = calloc(1, sizeof *d);
    if (d == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    d->store = s;
    d->id = *id;
    (void)snprintf(d->dir, sizeof d->dir, "%s/work/draft-%s-%s.%ld", s->dir, id->kind, id->hash,
                   (long)getpid());
    remove_dir(d->dir);
    if (cop_make_dirs(d->dir, err) != COP_OK) {
        free(d);
        return COP_FAILED;
    }
    *out = d;
    return COP_OK;
}

void cop_draft_path(const cop_draft *d, const char *file, char *path, size_t size)
{
    (void)snprintf(path, size, "%s/%s", d->dir, file);
}

void cop_draft_abandon(cop_draft *d)
{
    if (d == NULL)
        return;
    remove_dir(d->dir);
    free(d);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Lists every file of the draft with its checksum, in order of their names. */
static cop_status add_files(const cop_draft *d, cop_manifest *manifest, cop_error *err)
{
    struct dirent **entries = NULL;
    int count = scandir(d->dir, &entries, is_visible, by_name);
    if (count < 0)
        return cop_fail_errno(err, "cannot list", d->dir);
    cop_status status = COP_OK;
    for (int i = 0; i < count; i++) {
        char path[COP_STORE_PATH + 300], hex[33];
        cop_digest digest;
        cop_draft_path(d, entries[i]->d_name, path, sizeof path);
        if (status == COP_OK)
            status = cop_hash_file(path, &digest, err);
        if (status == COP_OK &&
            !cop_manifest_add_file(manifest, entries[i]->d_name, cop_digest_hex(digest, hex)))
            status = cop_fail(err, COP_FAILED, "out of memory");
        free(entries[i]);
    }
    free(entries);
    return status;
}

static cop_status write_manifest(const cop_draft *d, const char *identity_text, double seconds,
                                 cop_error *err)
{
    char provenance[1024], path[COP_STORE_PATH + 32];
    cop_provenance(provenance, sizeof provenance);
    cop_manifest *manifest = cop_manifest_new(d->id.kind, identity_text, seconds, provenance);
    if (manifest == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = add_files(d, manifest, err);
    cop_draft_path(d, COP_MANIFEST_FILE, path, sizeof path);
    if (status == COP_OK)
        status = cop_manifest_write(manifest, path, err);
    cop_manifest_free(manifest);
    return status;
}

cop_status cop_draft_publish(cop_draft *d, const char *identity_text, double seconds,
                             cop_error *err)
{
    cop_status status = write_manifest(d, identity_text, seconds, err);
    if (status != COP_OK) {
        cop_draft_abandon(d);
        return status;
    }
    char target[COP_STORE_PATH], aside[COP_STORE_PATH + 32];
    cop_store_path(d->store, &d->id, "", target, sizeof target);
    if (rename(d->dir, target) != 0 && (errno == ENOTEMPTY || errno == EEXIST)) {
        /* An older or damaged one stands there: it steps aside whole, and is then removed. */
        (void)snprintf(aside, sizeof aside, "%s/work/old-%s-%s.%ld", d->store->dir, d->id.kind,
                       d->id.hash, (long)getpid());
        remove_dir(aside);
        if (rename(target, aside) == 0)
            remove_dir(aside);
        errno = 0;
        if (rename(d->dir, target) != 0)
            status = cop_fail_errno(err, "cannot publish", target);
    } else if (access(target, F_OK) != 0) {
        status = cop_fail_errno(err, "cannot publish", target);
    }
    if (status != COP_OK)
        cop_draft_abandon(d);
    else
        free(d);
    return status;
}
