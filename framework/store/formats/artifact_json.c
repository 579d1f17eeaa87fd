/* artifact_json.c: writing and reading manifests. */
#include "store/formats/artifact_json.h"

#include "core/damage.h"
#include "core/memory.h"
#include "core/seal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cop_manifest {
    cJSON *root; /* as in the file */
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
        cJSON_AddObjectToObject(m->root, "files") == NULL ||
        cJSON_AddObjectToObject(m->root, "sizes") == NULL) {
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

static cJSON *sizes_of(const cop_manifest *m)
{
    return cJSON_GetObjectItemCaseSensitive(m->root, "sizes");
}

/* Sizes are text: cJSON's numbers are doubles. */
bool cop_manifest_add_file(cop_manifest *m, const char *file, const char *checksum, int64_t size)
{
    char digits[32];
    (void)snprintf(digits, sizeof digits, "%" PRId64, size);
    return cJSON_AddStringToObject(files_of(m), file, checksum) != NULL &&
           cJSON_AddStringToObject(sizes_of(m), file, digits) != NULL;
}

cop_status cop_manifest_write(const cop_manifest *m, const char *path, cop_error *err)
{
    return cop_sealed_json_write(m->root, path, err);
}

/* True when every field is there with its type. */
static bool is_manifest(const cJSON *root)
{
    const cJSON *files = cJSON_GetObjectItemCaseSensitive(root, "files");
    if (!cJSON_IsObject(files) || !cJSON_IsString(cJSON_GetObjectItemCaseSensitive(root, "kind")) ||
        !cJSON_IsString(cJSON_GetObjectItemCaseSensitive(root, "identity")) ||
        !cJSON_IsString(cJSON_GetObjectItemCaseSensitive(root, "provenance")) ||
        !isfinite(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(root, "seconds"))))
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
    cJSON *root = NULL;
    COP_TRY(cop_sealed_json_read(path, COP_MANIFEST_LIMIT, &root, err));
    cop_manifest *m = is_manifest(root) ? calloc(1, sizeof *m) : NULL;
    if (m == NULL) {
        cop_status status = is_manifest(root) ? cop_out_of_memory(err)
                                              : cop_fail_at(err, COP_DAMAGED, path, 0,
                                                            "is not an artifact's manifest");
        cJSON_Delete(root);
        return status;
    }
    m->root = root;
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

/* A number ≥ 0 as text; −1 where it is none. */
static int64_t number_of(const cJSON *text)
{
    const char *digits = cJSON_GetStringValue(text);
    char *end = NULL;
    long long size = digits != NULL ? strtoll(digits, &end, 10) : -1;
    return digits != NULL && end != digits && *end == '\0' && size >= 0 ? size : -1;
}

int64_t cop_manifest_size(const cop_manifest *m, const char *file)
{
    return number_of(cJSON_GetObjectItemCaseSensitive(sizes_of(m), file));
}

const char *cop_manifest_kind(const cop_manifest *m)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(m->root, "kind"));
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

bool cop_manifest_set_memory(cop_manifest *m, int64_t bytes)
{
    char digits[32];
    (void)snprintf(digits, sizeof digits, "%" PRId64, bytes);
    return cJSON_AddStringToObject(m->root, "memory", digits) != NULL;
}

int64_t cop_manifest_memory(const cop_manifest *m)
{
    return number_of(cJSON_GetObjectItemCaseSensitive(m->root, "memory"));
}

bool cop_manifest_set_makers(cop_manifest *m, const char *text)
{
    return cJSON_AddStringToObject(m->root, "plugins", text) != NULL;
}

const char *cop_manifest_makers(const cop_manifest *m)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(m->root, "plugins"));
}

bool cop_manifest_set_course(cop_manifest *m, const char *course, int64_t steps)
{
    char digits[32];
    (void)snprintf(digits, sizeof digits, "%" PRId64, steps);
    return cJSON_AddStringToObject(m->root, "course", course) != NULL &&
           cJSON_AddStringToObject(m->root, "steps", digits) != NULL;
}

const char *cop_manifest_course(const cop_manifest *m)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(m->root, "course"));
}

int64_t cop_manifest_steps(const cop_manifest *m)
{
    return number_of(cJSON_GetObjectItemCaseSensitive(m->root, "steps"));
}
