/* artifact_id.c: names of artifacts, made and read. */
#include "store/formats/artifact_id.h"

#include "core/hash.h"
#include "core/memory.h"

#include <stdio.h>
#include <string.h>

cop_status cop_artifact_name(const char *kind, const char *identity_text, cop_artifact_id *out,
                             cop_error *err)
{
    cop_hasher *hasher = cop_hasher_new();
    memset(out, 0, sizeof *out);
    if (hasher == NULL)
        return cop_out_of_memory(err);
    cop_hasher_update_text(hasher, kind);
    cop_hasher_update_text(hasher, identity_text);
    (void)snprintf(out->kind, sizeof out->kind, "%s", kind);
    (void)cop_digest_hex(cop_hasher_finish(hasher), out->hash);
    cop_hasher_free(hasher);
    return COP_OK;
}

const char *cop_artifact_text(const cop_artifact_id *id, char *text)
{
    (void)snprintf(text, COP_ARTIFACT_NAME_SIZE, "%s-%s", id->kind, id->hash);
    return text;
}

bool cop_same_artifact(const cop_artifact_id *a, const cop_artifact_id *b)
{
    return strcmp(a->kind, b->kind) == 0 && strcmp(a->hash, b->hash) == 0;
}

bool cop_artifact_parse(const char *name, cop_artifact_id *out)
{
    static const char *const kinds[] = {COP_ARTIFACT_SET, COP_ARTIFACT_TRAINING, COP_ARTIFACT_MASK,
                                        COP_ARTIFACT_ANALYSIS};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t head = strlen(kinds[i]);
        if (strncmp(name, kinds[i], head) != 0 || name[head] != '-' ||
            strlen(name + head + 1) != sizeof out->hash - 1 ||
            strspn(name + head + 1, "0123456789abcdef") != sizeof out->hash - 1)
            continue;
        (void)snprintf(out->kind, sizeof out->kind, "%s", kinds[i]);
        (void)snprintf(out->hash, sizeof out->hash, "%s", name + head + 1);
        return true;
    }
    return false;
}
