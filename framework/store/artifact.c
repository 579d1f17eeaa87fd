/* artifact.c: published artifacts: naming, finding, reading with their checksums. */
#include "store/artifact.h"

#include "core/file.h"
#include "store/manifest.h"
#include "store/paths.h"
#include "store/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

cop_status cop_store_open(const char *dir, cop_store **out, cop_error *err)
{
    cop_store *s = calloc(1, sizeof *s);
    char *copy = strdup(dir);
    if (s == NULL || copy == NULL) {
        free(s);
        free(copy);
        return cop_fail(err, COP_FAILED, "out of memory");
    }
    s->dir = copy;
    s->lock = -1;
    char path[COP_STORE_PATH];
    for (int i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, i == 0 ? "store" : "work");
        if (cop_make_dirs(path, err) != COP_OK) {
            cop_store_close(s);
            return COP_FAILED;
        }
    }
    s->lock = cop_lock_and_sweep(dir);
    *out = s;
    return COP_OK;
}

void cop_store_close(cop_store *s)
{
    if (s == NULL)
        return;
    if (s->lock >= 0)
        (void)close(s->lock);
    free(s->dir);
    free(s);
}

const char *cop_store_dir(const cop_store *s)
{
    return s->dir;
}

cop_artifact_id cop_artifact_name(const char *kind, const char *identity_text)
{
    cop_artifact_id id = {0};
    (void)snprintf(id.kind, sizeof id.kind, "%s", kind);
    cop_hasher *hasher = cop_hasher_new();
    if (hasher == NULL)
        return id; /* an empty hash names no artifact; the caller's next allocation fails too */
    cop_hasher_update_text(hasher, kind);
    cop_hasher_update_text(hasher, identity_text);
    (void)cop_digest_hex(cop_hasher_finish(hasher), id.hash);
    cop_hasher_free(hasher);
    return id;
}

void cop_store_path(const cop_store *s, const cop_artifact_id *id, const char *file, char *path,
                    size_t size)
{
    (void)snprintf(path, size, "%s/store/%s-%s%s%s", s->dir, id->kind, id->hash,
                   file[0] != '\0' ? "/" : "", file);
}

bool cop_store_has(const cop_store *s, const cop_artifact_id *id)
{
    char path[COP_STORE_PATH];
    cop_store_path(s, id, COP_MANIFEST_FILE, path, sizeof path);
    cop_manifest *manifest = NULL;
    if (cop_manifest_read(path, &manifest, NULL) != COP_OK)
        return false;
    cop_manifest_free(manifest);
    return true;
}

/* Checks one file against the manifest that lists it. */
static cop_status check_file(const cop_store *s, const cop_artifact_id *id,
                             const cop_manifest *manifest, const char *file, cop_error *err)
{
    char path[COP_STORE_PATH], hex[33];
    cop_store_path(s, id, file, path, sizeof path);
    const char *wanted = cop_manifest_checksum(manifest, file);
    if (wanted == NULL)
        return cop_fail_at(err, COP_FAILED, path, 0, "is not a file of this artifact");
    cop_digest digest;
    COP_TRY(cop_hash_file(path, &digest, err));
    if (strcmp(cop_digest_hex(digest, hex), wanted) != 0)
        return cop_fail_at(err, COP_FAILED, path, 0,
                           "is damaged: checksum %s, recorded %s; delete %s/store/%s-%s and run "
                           "again",
                           hex, wanted, s->dir, id->kind, id->hash);
    return COP_OK;
}

static cop_status open_manifest(const cop_store *s, const cop_artifact_id *id,
                                cop_manifest **manifest, cop_error *err)
{
    char path[COP_STORE_PATH];
    cop_store_path(s, id, COP_MANIFEST_FILE, path, sizeof path);
    return cop_manifest_read(path, manifest, err);
}

cop_status cop_store_check_file(const cop_store *s, const cop_artifact_id *id, const char *file,
                                cop_error *err)
{
    cop_manifest *manifest = NULL;
    COP_TRY(open_manifest(s, id, &manifest, err));
    cop_status status = check_file(s, id, manifest, file, err);
    cop_manifest_free(manifest);
    return status;
}

cop_status cop_store_read_tensors(const cop_store *s, const cop_artifact_id *id, const char *file,
                                  cop_tensors **out, cop_error *err)
{
    COP_TRY(cop_store_check_file(s, id, file, err));
    char path[COP_STORE_PATH];
    cop_store_path(s, id, file, path, sizeof path);
    return cop_safetensors_read(path, out, NULL, NULL, err);
}

cop_status cop_store_verify(const cop_store *s, const cop_artifact_id *id, cop_error *err)
{
    cop_manifest *manifest = NULL;
    COP_TRY(open_manifest(s, id, &manifest, err));
    cop_status status = COP_OK;
    size_t count = cop_manifest_file_count(manifest);
    for (size_t i = 0; i < count && status == COP_OK; i++)
        status = check_file(s, id, manifest, cop_manifest_file(manifest, i), err);
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
