/* manifest.c: artifact.json by cJSON. */
#include "store/manifest.h"

#include "core/file.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* A manifest lists a handful of files; anything larger is not one. */
#define MANIFEST_LIMIT (4u << 20)

struct cop_manifest {
    cJSON *root; /* {"kind", "identity", "seconds", "provenance", "files": {name: checksum}} */
};

cop_manifest *cop_manifest_new(const char *kind, const char *identity_text, double seconds,
                               const char *provenance)
{
    cop_manifest *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->root = cJSON_CreateObject();
    if (cJSON_AddStringToObject(m->root, "kind", kind) == NULL ||
        cJSON_AddStringToObject(m->root, "identity", identity_text) == NULL ||
        cJSON_AddNumberToObject(m->root, "seconds", seconds) == NULL ||
        cJSON_AddStringToObject(m->root, "provenance", provenance) == NULL ||
        cJSON_AddObjectToObject(m->root, "files") == NULL) {
        cop_manifest_free(m);
        return NULL;
    }
    return m;
}

void cop_manifest_free(cop_manifest *m)
{
    if (m == NULL)
        return;
    cJSON_Delete(m->root);
    free(m);
}

static cJSON *files_of(const cop_manifest *m)
{
    return cJSON_GetObjectItemCaseSensitive(m->root, "files");
}

bool cop_manifest_add_file(cop_manifest *m, const char *file, const char *checksum)
{
    return cJSON_AddStringToObject(files_of(m), file, checksum) != NULL;
}

cop_status cop_manifest_write(const cop_manifest *m, const char *path, cop_error *err)
{
    char *text = cJSON_Print(m->root);
    if (text == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = cop_file_write(path, text, strlen(text), err);
    cJSON_free(text);
    return status;
}

/* True when every field is there with its type. */
static bool is_manifest(const cJSON *root)
{
    const cJSON *files = cJSON_GetObjectItemCaseSensitive(root, "files");
    if (!cJSON_IsObject(files) || !cJSON_IsString(cJSON_GetObjectItemCaseSensitive(root, "kind")) ||
        !cJSON_IsString(cJSON_GetObjectItemCaseSensitive(root, "identity")) ||
        !cJSON_IsString(cJSON_GetObjectItemCaseSensitive(root, "provenance")) ||
        !cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(root, "seconds")))
        return false;
    const cJSON *file = NULL;
    cJSON_ArrayForEach(file, files)
    {
        if (!cJSON_IsString(file) || strchr(file->string, '/') != NULL)
            return false;
    }
    return true;
}

cop_status cop_manifest_read(const char *path, cop_manifest **out, cop_error *err)
{
    char *text = NULL;
    COP_TRY(cop_file_read(path, MANIFEST_LIMIT, &text, NULL, err));
    cop_manifest *m = calloc(1, sizeof *m);
    if (m != NULL)
        m->root = cJSON_Parse(text);
    free(text);
    if (m == NULL || m->root == NULL || !is_manifest(m->root)) {
        cop_manifest_free(m);
        return cop_fail_at(err, COP_FAILED, path, 0, "is not an artifact's manifest");
    }
    *out = m;
    return COP_OK;
}

size_t cop_manifest_file_count(const cop_manifest *m)
{
    return (size_t)cJSON_GetArraySize(files_of(m));
}

const char *cop_manifest_file(const cop_manifest *m, size_t i)
{
    return cJSON_GetArrayItem(files_of(m), (int)i)->string;
}

const char *cop_manifest_checksum(const cop_manifest *m, const char *file)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(files_of(m), file));
}

const char *cop_manifest_identity(const cop_manifest *m)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(m->root, "identity"));
}

const char *cop_manifest_provenance(const cop_manifest *m)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(m->root, "provenance"));
}

double cop_manifest_seconds(const cop_manifest *m)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(m->root, "seconds"));
}

bool cop_manifest_set_makers(cop_manifest *m, const char *text)
{
    return cJSON_AddStringToObject(m->root, "plugins", text) != NULL;
}

const char *cop_manifest_makers(const cop_manifest *m)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(m->root, "plugins"));
}
