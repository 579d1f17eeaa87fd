/* seal.c: the field's place is fixed, so that it is found, and checked, before anything is parsed.
 */
#include "core/seal.h"

#include "core/damage.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/memory.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

#define FIELD  ",\n\t\"checksum\":\t\""
#define ENDING "\"\n}\n"
#define DIGITS 32

char *cop_seal(const char *json)
{
    size_t length = strlen(json);
    while (length > 0 && strchr("} \n", json[length - 1]) != NULL) {
        if (json[--length] == '}')
            break;
    }
    while (length > 0 && strchr(" \n", json[length - 1]) != NULL)
        length--;
    char hex[33];
    cop_text text = {0};
    cop_text_append_bytes(&text, json, length);
    cop_text_append(&text, FIELD);
    cop_text_append(&text, cop_digest_hex(cop_hash_bytes(json, length), hex));
    cop_text_append(&text, ENDING);
    return cop_text_take(&text);
}

cop_status cop_seal_check(const char *text, size_t size, cop_error *err)
{
    const size_t tail = strlen(FIELD) + DIGITS + strlen(ENDING);
    if (memmem(text, size, FIELD, strlen(FIELD)) == NULL)
        return COP_OK;
    const char *field = size > tail ? text + size - tail : text;
    char hex[33];
    if (size > tail && memcmp(field, FIELD, strlen(FIELD)) == 0 &&
        memcmp(text + size - strlen(ENDING), ENDING, strlen(ENDING)) == 0) {
        (void)cop_digest_hex(cop_hash_bytes(text, size - tail), hex);
        if (memcmp(field + strlen(FIELD), hex, DIGITS) == 0)
            return COP_OK;
    }
    return cop_fail(err, COP_DAMAGED, "is damaged: its checksum does not agree");
}

cop_status cop_sealed_json_write(const cJSON *root, const char *path, cop_error *err)
{
    char *plain = root != NULL ? cJSON_Print(root) : NULL;
    char *text = plain != NULL ? cop_seal(plain) : NULL;
    cJSON_free(plain);
    if (text == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_file_write(path, text, strlen(text), err);
    free(text);
    return status;
}

static cop_status parse(const char *text, size_t size, cJSON **root, cop_error *err)
{
    COP_TRY(cop_seal_check(text, size, err));
    COP_TRY(cop_json_parse(text, size, root, err));
    if (cJSON_IsObject(*root))
        return COP_OK;
    cJSON_Delete(*root);
    *root = NULL;
    return cop_fail(err, COP_DAMAGED, "is not JSON, or was cut short");
}

cop_status cop_sealed_json_read(const char *path, size_t limit, cJSON **root, cop_error *err)
{
    char *text = NULL;
    size_t size = 0;
    cop_error why = {0};
    *root = NULL;
    COP_TRY(cop_file_read_regular(path, limit, &text, &size, err));
    cop_status status = parse(text, size, root, &why);
    free(text);
    return status == COP_OK ? COP_OK : cop_fail_at(err, status, path, 0, "%s", why.message);
}
