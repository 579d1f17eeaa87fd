/* tables_json.h: tables.json, an analyzer's tables.
 *
 *   [{"name": text, "help": text,
 *     "columns": [{"name": text, "unit": text, "help": text, "type": number,
 *                  "role": number}, …],
 *     "plot": {"kind": number, "title", "x", "y", "error", "value", "series", "headlines": text,
 *              "log_x", "log_y": bool},
 *     "rows": [[text, …], …]}, …]
 *
 * Numbers that stand for a type, a role or a kind of plot are those of table.h; a text that there
 * is none of is left out, and so are a role that nobody stated and the plot. A row has a cell per
 * column, and every cell is text: integers with all their digits, floats by %.17g, so that 64 bits,
 * NaN and infinity pass and everything comes back bit for bit. */
#ifndef COP_STORE_FORMATS_TABLES_JSON_H
#define COP_STORE_FORMATS_TABLES_JSON_H

#include <coppice/table.h>

struct cJSON;

cop_status cop_tables_write(const cop_tables *tables, const char *path, cop_error *err);

/* Reads what write wrote; anything else is COP_DAMAGED (core/damage.h) naming the file, and a file
 * that cannot be read, or memory that is refused, COP_FAILED. *out is the caller's. */
cop_status cop_tables_read(const char *path, cop_tables **out, cop_error *err);

/* The same as a part of another file: the list, which is the caller's, or NULL when memory is out;
 * and tables from one. COP_DAMAGED without a place where it is none, COP_FAILED where a table
 * cannot be. */
struct cJSON *cop_tables_to_json(const cop_tables *tables);
cop_status cop_tables_from_json(const struct cJSON *list, cop_tables **out, cop_error *err);

#endif
