/* seal.c: the field's place is fixed, so that it is found, and checked, before anything is parsed.
 */
#include "core/seal.h"

#include "core/damage.h"
#include "core/hash.h"
#include "core/text.h"

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
