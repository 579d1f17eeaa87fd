/* artifact.c: published artifacts: naming, finding, reading with their checksums. */
#include "store/artifact.h"

#include "core/damage.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/text.h"
#include "core/unique.h"
#include "store/formats/artifact_json.h"
#include "store/formats/safetensors.h"
#include "store/paths.h"
#include "store/shared.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files of at most this size are compared with their checksum whenever an artifact is looked for:
 * tables, histories and summaries, which reports are made of. */
#define SMALL_FILE (1 << 20)

static cop_store *new_store(const char *dir)
{
    cop_store *s = calloc(1, sizeof *s);
    char *copy = strdup(dir);
    if (s == NULL || copy == NULL) {
        free(s);
        free(copy);
        return NULL;
    }
    s->dir = copy;
    s->lock = -1;
    return s;
}

cop_status cop_store_open(const char *dir, cop_store **out, cop_error *err)
{
    COP_TRY(cop_claim_store(dir, err));
    COP_TRY(cop_shared_store_join(dir, err));
    cop_store *s = new_store(dir);
    if (s == NULL)
        return cop_out_of_memory(err);
    s->writes = true;
    cop_status status = cop_store_locks(dir, &s->has_shared_locks, err);
    if (status == COP_OK)
        status = cop_lock_and_sweep(dir, s->has_shared_locks, &s->lock, err);
    if (status == COP_OK)
        *out = s;
    else
        cop_store_close(s);
    return status;
}

cop_status cop_store_open_to_read(const char *dir, cop_store **out, cop_error *err)
{
    COP_TRY(cop_path_check_out(dir, err));
    COP_TRY(cop_shared_store_check(dir, err));
    cop_store *s = new_store(dir);
    if (s == NULL)
        return cop_out_of_memory(err);
    s->lock = cop_lock_to_read(dir);
    *out = s;
    return COP_OK;
}

void cop_store_close(cop_store *s)
{
    if (s == NULL)
        return;
    if (s->writes && s->has_shared_locks)
        cop_sweep_and_unlock(s->dir, s->lock);
    else if (s->lock >= 0)
        (void)close(s->lock);
    free(s->dir);
    free(s);
}

const char *cop_store_dir(const cop_store *s)
{
    return s->dir;
}

void cop_store_path(const cop_store *s, const cop_artifact_id *id, const char *file, char *path,
                    size_t size)
{
    (void)cop_path_join(path, size, NULL, s->dir, COP_STORE_FOLDER "/%s-%s%s%s", id->kind, id->hash,
                        file[0] != '\0' ? "/" : "", file);
}

cop_status cop_store_cache_path(const char *dir, const char *name, char *path, size_t size,
                                cop_error *err)
{
    return cop_path_join(path, size, err, dir, COP_STORE_FOLDER "/" COP_CACHE_FOLDER "%s%s",
                         name[0] != '\0' ? "/" : "", name);
}

/* Whether the manifest is that of `id`: the folder's name proves nothing. */
static cop_status check_identity(const char *path, const cop_manifest *manifest,
                                 const cop_artifact_id *id, cop_error *err)
{
    cop_artifact_id held;
    COP_TRY(cop_artifact_name(cop_manifest_kind(manifest), cop_manifest_identity(manifest), &held,
                              err));
    if (cop_same_artifact(&held, id))
        return COP_OK;
    return cop_fail_at(err, COP_DAMAGED, path, 0, "is not this artifact but %s-%s", held.kind,
                       held.hash);
}

/* False where it cannot be told what the link leads to, as on a disk that does not read; a link to
 * nothing or to itself is told. */
static bool leads_somewhere(const char *path, struct stat *info)
{
    return stat(path, info) == 0 || errno == ENOENT || errno == ELOOP || errno == ENOTDIR;
}

/* Whether there is something of that kind; a file in a directory's place is COP_DAMAGED. */
static cop_status look_for(const char *path, mode_t kind, bool *there, struct stat *info,
                           cop_error *err)
{
    *there = lstat(path, info) == 0;
    if (!*there && errno == ENOENT)
        return COP_OK;
    if (!*there || (S_ISLNK(info->st_mode) && !leads_somewhere(path, info)))
        return cop_fail_errno(err, "cannot read", path);
    if ((info->st_mode & S_IFMT) == kind)
        return COP_OK;
    return cop_fail_at(err, COP_DAMAGED, path, 0,
                       kind == S_IFDIR ? "is not a directory" : "is not a regular file");
}

cop_status cop_open_manifest(const char *path, const cop_artifact_id *id, cop_manifest **out,
                             cop_error *err)
{
    char file[COP_PATH_SIZE];
    struct stat info;
    bool there = false;
    *out = NULL;
    COP_TRY(look_for(path, S_IFDIR, &there, &info, err));
    if (!there)
        return COP_OK;
    COP_TRY(cop_path_join(file, sizeof file, err, path, "%s", COP_MANIFEST_FILE));
    COP_TRY(look_for(file, S_IFREG, &there, &info, err));
    if (!there)
        return cop_fail_at(err, COP_DAMAGED, path, 0, "has no " COP_MANIFEST_FILE);
    if (info.st_size > COP_MANIFEST_LIMIT)
        return cop_fail_at(err, COP_DAMAGED, file, 0, "is not an artifact's manifest");
    cop_status status = cop_manifest_read(file, out, err);
    if (status == COP_FAILED && errno == ENOENT)
        return cop_fail_at(err, COP_DAMAGED, path, 0, "has no " COP_MANIFEST_FILE);
    COP_TRY(status);
    status = check_identity(path, *out, id, err);
    if (status != COP_OK) {
        cop_manifest_free(*out);
        *out = NULL;
    }
    return status;
}

/* Whether a listed file is there with its size, and, where `most` allows so many bytes, with its
 * checksum. */
static cop_status check_file(const cop_store *s, const cop_artifact_id *id,
                             const cop_manifest *manifest, const char *file, int64_t most,
                             cop_error *err)
{
    char path[COP_PATH_SIZE], hex[33];
    struct stat info;
    bool there = false;
    cop_store_path(s, id, file, path, sizeof path);
    COP_TRY(look_for(path, S_IFREG, &there, &info, err));
    if (!there)
        return cop_fail_at(err, COP_DAMAGED, path, 0, "is missing");
    int64_t size = cop_manifest_size(manifest, file);
    if (size >= 0 && size != (int64_t)info.st_size)
        return cop_fail_at(err, COP_DAMAGED, path, 0, "is damaged: %lld bytes, recorded %lld",
                           (long long)info.st_size, (long long)size);
    if ((int64_t)info.st_size > most)
        return COP_OK;
    cop_digest digest;
    if (cop_hash_file(path, &digest, err) != COP_OK) /* another run may replace the artifact */
        return errno == ENOENT ? cop_fail_at(err, COP_DAMAGED, path, 0, "is missing") : COP_FAILED;
    if (strcmp(cop_digest_hex(digest, hex), cop_manifest_checksum(manifest, file)) != 0)
        return cop_fail_at(err, COP_DAMAGED, path, 0, "is damaged: checksum %s, recorded %s", hex,
                           cop_manifest_checksum(manifest, file));
    return COP_OK;
}

static cop_status check_files(const cop_store *s, const cop_artifact_id *id,
                              const cop_manifest *manifest, int64_t most, cop_error *err)
{
    for (size_t i = 0; i < cop_manifest_file_count(manifest); i++)
        COP_TRY(check_file(s, id, manifest, cop_manifest_file(manifest, i), most, err));
    return COP_OK;
}

static cop_status find(const cop_store *s, const cop_artifact_id *id, bool *there, cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_manifest *manifest = NULL;
    *there = false;
    cop_store_path(s, id, "", path, sizeof path);
    COP_TRY(cop_open_manifest(path, id, &manifest, err));
    if (manifest == NULL)
        return COP_OK;
    cop_status status = check_files(s, id, manifest, SMALL_FILE, err);
    cop_manifest_free(manifest);
    *there = status == COP_OK;
    return status;
}

/* What seems broken is looked at twice: another run may have replaced it meanwhile. */
cop_status cop_store_find(const cop_store *s, const cop_artifact_id *id, bool *there,
                          cop_error *err)
{
    cop_status status = find(s, id, there, err);
    return status == COP_DAMAGED ? find(s, id, there, err) : status;
}

cop_status cop_store_set_aside(cop_store *s, const cop_artifact_id *id, char *path, size_t size,
                               cop_error *err)
{
    char from[COP_PATH_SIZE], name[64], aside[128];
    path[0] = '\0';
    cop_store_path(s, id, "", from, sizeof from);
    (void)snprintf(name, sizeof name, "broken-%s-%s", id->kind, id->hash);
    if (!cop_unique_name(name, COP_DRAFT_JOINT, aside, sizeof aside))
        return cop_fail_errno(err, "cannot set aside", from);
    COP_TRY(cop_path_join(path, size, err, s->dir, COP_STORE_FOLDER "/%s", aside));
    if (rename(from, path) == 0)
        return COP_OK;
    path[0] = '\0';
    return errno == ENOENT ? COP_OK : cop_fail_errno(err, "cannot set aside", from);
}

/* The manifest of an artifact that is to be there. */
static cop_status open_manifest(const cop_store *s, const cop_artifact_id *id,
                                cop_manifest **manifest, cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_store_path(s, id, "", path, sizeof path);
    COP_TRY(cop_open_manifest(path, id, manifest, err));
    if (*manifest == NULL)
        return cop_fail_at(err, COP_DAMAGED, path, 0, "is missing");
    return COP_OK;
}

cop_status cop_store_advise(const cop_store *s, const cop_artifact_id *id, cop_status status,
                            cop_error *err)
{
    if (status != COP_DAMAGED || err == NULL)
        return status;
    char path[COP_PATH_SIZE], shown[512];
    cop_store_path(s, id, "", path, sizeof path);
    size_t used = strlen(err->message);
    (void)snprintf(err->message + used, sizeof err->message - used, "; delete %s and run again",
                   cop_escape(path, shown, sizeof shown));
    return status;
}

cop_status cop_store_lists(const cop_store *s, const cop_artifact_id *id, const char *file,
                           bool *listed, cop_error *err)
{
    cop_manifest *manifest = NULL;
    *listed = false;
    COP_TRY(open_manifest(s, id, &manifest, err));
    *listed = cop_manifest_checksum(manifest, file) != NULL;
    cop_manifest_free(manifest);
    return COP_OK;
}

cop_status cop_store_check_file(const cop_store *s, const cop_artifact_id *id, const char *file,
                                cop_error *err)
{
    cop_manifest *manifest = NULL;
    cop_status status = COP_OK;
    COP_TRY(open_manifest(s, id, &manifest, err));
    char path[COP_PATH_SIZE];
    cop_store_path(s, id, file, path, sizeof path);
    if (cop_manifest_checksum(manifest, file) != NULL)
        status = check_file(s, id, manifest, file, INT64_MAX, err);
    else
        status = cop_fail_at(err, COP_FAILED, path, 0, "is not a file of this artifact");
    cop_manifest_free(manifest);
    return status;
}

/* Checked and read are two openings: another run may replace the artifact between them. */
static cop_status read_tensors(const cop_store *s, const cop_artifact_id *id, const char *file,
                               cop_tensors **out, cop_error *err)
{
    char path[COP_PATH_SIZE];
    COP_TRY(cop_store_check_file(s, id, file, err));
    cop_store_path(s, id, file, path, sizeof path);
    errno = 0;
    cop_status status = cop_safetensors_read(path, out, NULL, NULL, err);
    if (status == COP_FAILED && errno == ENOENT)
        return cop_fail_at(err, COP_DAMAGED, path, 0, "is missing");
    return status;
}

/* What seems broken is looked at twice, as where artifacts are looked for. */
cop_status cop_store_read_tensors(const cop_store *s, const cop_artifact_id *id, const char *file,
                                  cop_tensors **out, cop_error *err)
{
    cop_status status = read_tensors(s, id, file, out, err);
    return status == COP_DAMAGED ? read_tensors(s, id, file, out, err) : status;
}

cop_status cop_store_verify(const cop_store *s, const cop_artifact_id *id, cop_error *err)
{
    cop_manifest *manifest = NULL;
    COP_TRY(open_manifest(s, id, &manifest, err));
    cop_status status = check_files(s, id, manifest, INT64_MAX, err);
    cop_manifest_free(manifest);
    return status;
}

cop_status cop_store_cost(const cop_store *s, const cop_artifact_id *id, double *seconds,
                          char *provenance, size_t size, cop_error *err)
{
    cop_manifest *manifest = NULL;
    COP_TRY(open_manifest(s, id, &manifest, err));
    *seconds = cop_manifest_seconds(manifest);
    if (provenance != NULL)
        (void)snprintf(provenance, size, "%s", cop_manifest_provenance(manifest));
    cop_manifest_free(manifest);
    return COP_OK;
}

/* The bytes of the files that the manifest lists, and its own. */
static int64_t bytes_of(const cop_manifest *m)
{
    int64_t bytes = (int64_t)strlen(cop_manifest_identity(m)) + 512;
    for (size_t i = 0; i < cop_manifest_file_count(m); i++) {
        int64_t size = cop_manifest_size(m, cop_manifest_file(m, i));
        bytes += size > 0 ? size : 0;
    }
    return bytes;
}

cop_status cop_store_spent(const cop_store *s, const cop_artifact_id *id, cop_spent *out,
                           cop_error *err)
{
    cop_manifest *manifest = NULL;
    COP_TRY(open_manifest(s, id, &manifest, err));
    *out = (cop_spent){.seconds = cop_manifest_seconds(manifest),
                       .bytes = bytes_of(manifest),
                       .memory = cop_manifest_memory(manifest)};
    (void)snprintf(out->provenance, sizeof out->provenance, "%s",
                   cop_manifest_provenance(manifest));
    cop_manifest_free(manifest);
    return COP_OK;
}

cop_status cop_store_made_by(const cop_store *s, const cop_artifact_id *id, char *plugins,
                             size_t size, cop_error *err)
{
    cop_manifest *manifest = NULL;
    COP_TRY(open_manifest(s, id, &manifest, err));
    const char *text = cop_manifest_makers(manifest);
    (void)snprintf(plugins, size, "%s", text != NULL ? text : "");
    cop_manifest_free(manifest);
    return COP_OK;
}
