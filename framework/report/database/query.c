/* query.c: what a results database answers, as CSV. */
#include "report/database/database.h"

#ifndef COPPICE_HAS_SQLITE

cop_status cop_database_print(cop_database *db, const char *query, FILE *out, cop_error *err)
{
    (void)db;
    (void)query;
    (void)out;
    return cop_fail(err, COP_UNAVAILABLE, "this Coppice was built without SQLite");
}

#else

#include "core/memory.h"
#include "core/text.h"
#include "report/database/connection.h"
#include "report/renderers/csv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What a query may do: read. Attaching files, loading code and changing anything is not that. */
static int permit(void *own, int action, const char *first, const char *second,
                  const char *database, const char *within)
{
    (void)own;
    (void)first;
    (void)database;
    (void)within;
    if (action == SQLITE_FUNCTION)
        return sqlite3_stricmp(second, "load_extension") != 0 ? SQLITE_OK : SQLITE_DENY;
    return action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE
               ? SQLITE_OK
               : SQLITE_DENY;
}

static bool is_name(const char *query)
{
    return query[0] != '\0' &&
           query[strspn(query,
                        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == '\0';
}

/* One statement, and nothing behind it but blanks and comments. */
static cop_status prepare(cop_database *db, const char *sql, sqlite3_stmt **out, cop_error *err)
{
    const char *rest = NULL;
    sqlite3_stmt *more = NULL;
    if (sqlite3_prepare_v2(db->connection, sql, -1, out, &rest) != SQLITE_OK)
        return cop_database_refuse(db, "the query", COP_INVALID, err);
    if (*out == NULL)
        return cop_fail(err, COP_INVALID, "the query is empty");
    if (!sqlite3_stmt_readonly(*out))
        return cop_fail(err, COP_INVALID, "the query would change something");
    int code = sqlite3_prepare_v2(db->connection, rest, -1, &more, NULL);
    (void)sqlite3_finalize(more);
    return code == SQLITE_OK && more == NULL
               ? COP_OK
               : cop_fail(err, COP_INVALID, "the query is more than one statement");
}

static void append_value(cop_text *line, sqlite3_stmt *statement, int column)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        cop_text_printf(line, "%" PRId64, (int64_t)sqlite3_column_int64(statement, column));
        break;
    case SQLITE_FLOAT:
        cop_csv_number(line, sqlite3_column_double(statement, column));
        break;
    case SQLITE_NULL:
        break;
    default: {
        const char *text = (const char *)sqlite3_column_text(statement, column);
        if (text != NULL)
            cop_csv_text(line, text);
        else
            line->failed = true; /* memory is out */
    }
    }
}

static cop_status put_line(cop_text *line, FILE *out, cop_error *err)
{
    cop_text_append(line, "\n");
    cop_status status = line->failed ? cop_out_of_memory(err) : COP_OK;
    if (status == COP_OK)
        (void)fwrite(line->data, 1, line->length, out); /* who called looks for errors */
    cop_text_free(line);
    return status;
}

static cop_status print_names(sqlite3_stmt *statement, FILE *out, cop_error *err)
{
    cop_text line = {0};
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        const char *name = sqlite3_column_name(statement, i);
        cop_text_append(&line, i > 0 ? "," : "");
        cop_csv_text(&line, name != NULL ? name : "");
    }
    return put_line(&line, out, err);
}

static cop_status print_row(sqlite3_stmt *statement, FILE *out, cop_error *err)
{
    cop_text line = {0};
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        cop_text_append(&line, i > 0 ? "," : "");
        append_value(&line, statement, i);
    }
    return put_line(&line, out, err);
}

static cop_status print(cop_database *db, sqlite3_stmt *statement, FILE *out, cop_error *err)
{
    int code = SQLITE_ROW;
    COP_TRY(print_names(statement, out, err));
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        COP_TRY(print_row(statement, out, err));
    return code == SQLITE_DONE ? COP_OK : cop_database_refuse(db, "the query", COP_FAILED, err);
}

cop_status cop_database_print(cop_database *db, const char *query, FILE *out, cop_error *err)
{
    sqlite3_stmt *statement = NULL;
    cop_text sql = {0};
    cop_text_printf(&sql, is_name(query) ? "SELECT * FROM \"%s\"" : "%s", query);
    if (sql.failed) {
        cop_text_free(&sql);
        return cop_out_of_memory(err);
    }
    (void)sqlite3_set_authorizer(db->connection, permit, NULL);
    cop_status status = prepare(db, sql.data, &statement, err);
    if (status == COP_OK)
        status = print(db, statement, out, err);
    (void)sqlite3_finalize(statement);
    (void)sqlite3_set_authorizer(db->connection, NULL, NULL);
    cop_text_free(&sql);
    return status;
}

#endif
