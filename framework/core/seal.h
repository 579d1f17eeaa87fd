/* seal.h: JSON files that carry a checksum over themselves: the last field, "checksum", is that of
 * all bytes before it. */
#ifndef COP_CORE_SEAL_H
#define COP_CORE_SEAL_H

#include <coppice/status.h>

#include <cjson/cJSON.h>

/* The text of a JSON object that is not empty, as cJSON_Print gives it, with the field. The
 * caller's, to free; NULL when memory is out. */
char *cop_seal(const char *json);

/* COP_DAMAGED where the text has such a field and it does not agree. A text without one passes:
 * earlier versions wrote none. */
cop_status cop_seal_check(const char *text, size_t size, cop_error *err);

/* Writes the object as such a file; NULL stands for one that memory was refused for. */
cop_status cop_sealed_json_write(const cJSON *root, const char *path, cop_error *err);

/* Reads such a file of at most `limit` bytes; *root, an object, is the caller's. COP_DAMAGED naming
 * the file where it is not whole, COP_FAILED where it cannot be read or memory is refused. */
cop_status cop_sealed_json_read(const char *path, size_t limit, cJSON **root, cop_error *err);

#endif
