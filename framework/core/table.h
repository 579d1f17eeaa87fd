/* table.h: adding a table by the host's own code, which knows its own structs' sizes. */
#ifndef COP_CORE_TABLE_H
#define COP_CORE_TABLE_H

#include <coppice/table.h>

/* As cop_tables_add, of this build's rows; NULL and *err where that is refused. */
cop_table *cop_tables_put(cop_tables *t, const char *name, const char *help,
                          const cop_column *columns, size_t column_count, const cop_plot *plot,
                          cop_error *err);

/* The table of that name, or NULL; the position of a table's column of that name, or −1. */
const cop_table *cop_tables_find(const cop_tables *t, const char *name);
int cop_table_find_column(const cop_table *table, const char *name);

#endif
