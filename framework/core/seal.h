/* seal.h: JSON files that carry a checksum over themselves: the last field, "checksum", is that of
 * all bytes before it. */
#ifndef COP_CORE_SEAL_H
#define COP_CORE_SEAL_H

#include <coppice/status.h>

/* The text of a JSON object that is not empty, as cJSON_Print gives it, with the field. The
 * caller's, to free; NULL when memory is out. */
char *cop_seal(const char *json);

/* COP_DAMAGED where the text has such a field and it does not agree. A text without one passes:
 * earlier versions wrote none. */
cop_status cop_seal_check(const char *text, size_t size, cop_error *err);

#endif
