/* database.h (implemented in report/database/): an SQLite database, made in memory and written as a
 * whole, or read. The only files that know SQLite's interface; built without it, opening one is
 * COP_UNAVAILABLE, saying so. */
#ifndef COP_REPORT_DATABASE_DATABASE_H
#define COP_REPORT_DATABASE_DATABASE_H

#include <coppice/status.h>

#include <stdio.h>

typedef struct cop_database cop_database;

/* A value on its way into a table. */
typedef enum cop_datum_type {
    COP_DATUM_NULL = 0,
    COP_DATUM_INTEGER = 1,
    COP_DATUM_REAL = 2,
    COP_DATUM_TEXT = 3
} cop_datum_type;

typedef struct cop_datum {
    cop_datum_type type;
    int64_t integer;
    double real;
    const char *text; /* bytes that are no UTF-8 are spelt out in the database */
} cop_datum;

/* An integer, all 64 bits; a number, NULL for NaN; a text, NULL for NULL. */
static inline cop_datum cop_datum_integer(int64_t value)
{
    return (cop_datum){.type = COP_DATUM_INTEGER, .integer = value};
}
static inline cop_datum cop_datum_real(double value)
{
    return (cop_datum){.type = value == value ? COP_DATUM_REAL : COP_DATUM_NULL, .real = value};
}
static inline cop_datum cop_datum_text(const char *value)
{
    return (cop_datum){.type = value != NULL ? COP_DATUM_TEXT : COP_DATUM_NULL, .text = value};
}

/* The same, NULL for an empty text. */
static inline cop_datum cop_datum_word(const char *value)
{
    return cop_datum_text(value != NULL && value[0] != '\0' ? value : NULL);
}

/* Whether this build has SQLite. */
bool cop_database_is_built(void);

/* An empty one in memory, with the tables and views of schema.sql and views.sql; owned by the
 * caller. COP_UNAVAILABLE where this build has no SQLite. */
cop_status cop_database_new(cop_database **out, cop_error *err);

/* Opens a results database to be read; the caller's. COP_INVALID where the file is none. */
cop_status cop_database_open(const char *path, cop_database **out, cop_error *err);
void cop_database_free(cop_database *db);

/* Runs SQL that answers nothing. */
cop_status cop_database_run(cop_database *db, const char *sql, cop_error *err);

/* Whether it has a table or view of that name. */
bool cop_database_has(const cop_database *db, const char *name);

/* Adds a row to a table of the schema, or to one that was made by cop_database_run: a value per
 * column, in their order. */
cop_status cop_database_add(cop_database *db, const char *table, const cop_datum *row, size_t count,
                            cop_error *err);

/* Ends adding: what was added can be read by now, and no more is. */
cop_status cop_database_finish(cop_database *db, cop_error *err);

/* Writes a finished one: what stood there stays until the new one is whole (core/file.h).
 * COP_INVALID where something else than a results database is there. *bytes may be NULL. */
cop_status cop_database_save(cop_database *db, const char *path, int64_t *bytes, cop_error *err);

/* Prints what a query answers as CSV: a line of names, a line per row. The query is one SELECT (or
 * VALUES, or WITH), or the name of a table or view, of which all is printed. It can only read:
 * anything else is COP_INVALID, and so is what SQLite does not understand. */
cop_status cop_database_print(cop_database *db, const char *query, FILE *out, cop_error *err);

#endif
