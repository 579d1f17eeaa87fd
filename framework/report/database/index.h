/* index.h: results databases: of one study, for its report, or of all that lies in some output
 * directories. None is open while stages run: a database is made in memory, and written whole. */
#ifndef COP_REPORT_DATABASE_INDEX_H
#define COP_REPORT_DATABASE_INDEX_H

#include "report/database/rows.h"

/* Writes the database of one study beside its report. COP_UNAVAILABLE where this build has no
 * SQLite. */
cop_status cop_report_database(const cop_told_study *told, const char *path, cop_logger *log,
                               cop_error *err);

/* What was put into a database, and what could not be. */
typedef struct cop_indexed {
    size_t studies, stages, tickets;
    size_t damaged; /* artifacts that were left out */
    cop_error first_damage;
} cop_indexed;

/* Makes a database of all studies of the output directories; *out is the caller's. COP_FAILED where
 * one of the directories holds no study, or one that cannot be read: nothing is made then. Damaged
 * artifacts are left out and counted. */
cop_status cop_index_make(const char *const *dirs, size_t count, cop_logger *log,
                          cop_database **out, cop_indexed *indexed, cop_error *err);

#endif
