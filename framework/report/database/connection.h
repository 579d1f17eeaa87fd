/* connection.h (implemented in database.c): what the files that speak to SQLite share. */
#ifndef COP_REPORT_DATABASE_CONNECTION_H
#define COP_REPORT_DATABASE_CONNECTION_H

#include "report/database/database.h"

#include <sqlite3.h>

/* Its prepared statement for adding rows to a table. */
typedef struct cop_adding {
    const char *table; /* owned */
    size_t count;      /* of values */
    sqlite3_stmt *statement;
} cop_adding;

struct cop_database {
    sqlite3 *connection;
    cop_adding *adding; /* owned */
    size_t adding_count, adding_capacity;
    const char *path; /* of one that is read; owned. NULL: in memory */
};

/* Says what SQLite last complained about, after `what`, or of a file that is damaged, after its
 * name (COP_FAILED then, whatever `status`): COP_FAILED, or COP_INVALID where the query is at
 * fault. */
cop_status cop_database_refuse(const cop_database *db, const char *what, cop_status status,
                               cop_error *err);

#endif
