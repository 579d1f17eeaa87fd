/* json.h: parsing JSON that may be damaged, telling damage from a lack of memory. */
#ifndef COP_CORE_JSON_H
#define COP_CORE_JSON_H

#include <coppice/status.h>

#include <cjson/cJSON.h>
#include <stdio.h>

/* Parses `size` bytes, all of them but for space around. *root is the caller's. COP_DAMAGED where
 * they are not JSON, COP_FAILED where memory is refused. */
cop_status cop_json_parse(const char *text, size_t size, cJSON **root, cop_error *err);

/* Whether the bytes are one JSON value, as far as cJSON takes one. Needs no memory, so that it can
 * tell why cJSON gave none. */
bool cop_json_is_valid(const char *text, size_t size);

/* What an object has under a name, and the length of a list; NULL and 0 for anything else. */
const cJSON *cop_json_item(const cJSON *object, const char *name);
size_t cop_json_length(const cJSON *list);

/* Prints the value with a line's end behind it, and deletes it. Where it is NULL, or not whole, as
 * memory was refused for it or a part, COP_FAILED says so, and nothing is printed. */
cop_status cop_json_print(cJSON *root, bool is_whole, FILE *out, cop_error *err);

#endif
