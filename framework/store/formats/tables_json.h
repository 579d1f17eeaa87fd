/* tables_json.h: an analyzer's tables on disk: one JSON file with columns, plot hints and rows,
 * exact to the last bit of every number. */
#ifndef COP_STORE_FORMATS_TABLES_JSON_H
#define COP_STORE_FORMATS_TABLES_JSON_H

#include <coppice/table.h>

cop_status cop_tables_write(const cop_tables *tables, const char *path, cop_error *err);

/* Reads what write wrote; anything else is COP_DAMAGED (core/damage.h) naming the file, and a file
 * that cannot be read, or memory that is refused, COP_FAILED. *out is the caller's. */
cop_status cop_tables_read(const char *path, cop_tables **out, cop_error *err);

#endif
