/* database.c: making an SQLite database in memory, and writing it. */
#include "report/database/database.h"

#ifndef COPPICE_HAS_SQLITE

static cop_status refuse(cop_error *err)
{
    return cop_fail(err, COP_UNAVAILABLE,
                    "this Coppice was built without SQLite (Debian: libsqlite3-dev)");
}

bool cop_database_is_built(void)
{
    return false;
}

cop_status cop_database_new(cop_database **out, cop_error *err)
{
    *out = NULL;
    return refuse(err);
}

cop_status cop_database_open(const char *path, cop_database **out, cop_error *err)
{
    (void)path;
    *out = NULL;
    return refuse(err);
}

void cop_database_free(cop_database *db)
{
    (void)db;
}

cop_status cop_database_run(cop_database *db, const char *sql, cop_error *err)
{
    (void)db;
    (void)sql;
    return refuse(err);
}

bool cop_database_has(const cop_database *db, const char *name)
{
    (void)db;
    (void)name;
    return false;
}

cop_status cop_database_add(cop_database *db, const char *table, const cop_datum *row, size_t count,
                            cop_error *err)
{
    (void)db;
    (void)table;
    (void)row;
    (void)count;
    return refuse(err);
}

cop_status cop_database_finish(cop_database *db, cop_error *err)
{
    (void)db;
    return refuse(err);
}

cop_status cop_database_save(cop_database *db, const char *path, int64_t *bytes, cop_error *err)
{
    (void)db;
    (void)path;
    (void)bytes;
    return refuse(err);
}

#else

#include "core/file.h"
#include "core/memory.h"
#include "core/text.h"
#include "report/database/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern const unsigned char cop_database_schema[], cop_database_views[]; /* *.sql beside this */

/* Of a results database, in the file's header (SQLite's "Database File Format", 1.3). */
#define MAGIC             "SQLite format 3"
#define HEADER_SIZE       100
#define APPLICATION_PLACE 68
static const unsigned char application[4] = {'C', 'o', 'p', 'p'};

bool cop_database_is_built(void)
{
    return true;
}

cop_status cop_database_refuse(const cop_database *db, const char *what, cop_status status,
                               cop_error *err)
{
    int code = sqlite3_errcode(db->connection);
    if (code == SQLITE_NOMEM)
        return cop_out_of_memory(err);
    const char *file = sqlite3_db_filename(db->connection, "main");
    if ((code == SQLITE_CORRUPT || code == SQLITE_NOTADB) && file != NULL && file[0] != '\0')
        return cop_fail_at(err, COP_FAILED, file, 0, "is damaged: %s; make it again",
                           sqlite3_errmsg(db->connection));
    return cop_fail(err, status, "%s: %s", what, sqlite3_errmsg(db->connection));
}

static cop_status connect_to(const char *name, int flags, cop_database **out, cop_error *err)
{
    cop_database *db = calloc(1, sizeof *db);
    *out = db;
    if (db == NULL)
        return cop_out_of_memory(err);
    if (sqlite3_open_v2(name, &db->connection, flags, NULL) == SQLITE_OK)
        return COP_OK;
    return db->connection != NULL ? cop_database_refuse(db, "SQLite", COP_FAILED, err)
                                  : cop_out_of_memory(err);
}

/* Nothing of how the file looks is left to how this SQLite was built. */
static const char beginning[] = "PRAGMA page_size = 4096; PRAGMA encoding = 'UTF-8';"
                                "PRAGMA auto_vacuum = NONE; PRAGMA journal_mode = OFF;"
                                "PRAGMA foreign_keys = ON;";

static cop_status make(cop_database **out, cop_error *err)
{
    COP_TRY(connect_to(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, out, err));
    COP_TRY(cop_database_run(*out, beginning, err));
    COP_TRY(cop_database_run(*out, (const char *)cop_database_schema, err));
    COP_TRY(cop_database_run(*out, (const char *)cop_database_views, err));
    return cop_database_run(*out, "BEGIN", err);
}

cop_status cop_database_new(cop_database **out, cop_error *err)
{
    cop_status status = make(out, err);
    if (status == COP_OK)
        return COP_OK;
    cop_database_free(*out);
    *out = NULL;
    return status;
}

void cop_database_free(cop_database *db)
{
    if (db == NULL)
        return;
    for (size_t i = 0; i < db->adding_count; i++) {
        (void)sqlite3_finalize(db->adding[i].statement);
        free((void *)db->adding[i].table);
    }
    free(db->adding);
    free((void *)db->path);
    (void)sqlite3_close(db->connection);
    free(db);
}

cop_status cop_database_run(cop_database *db, const char *sql, cop_error *err)
{
    if (sqlite3_exec(db->connection, sql, NULL, NULL, NULL) == SQLITE_OK)
        return COP_OK;
    return cop_database_refuse(db, "SQLite", COP_FAILED, err);
}

bool cop_database_has(const cop_database *db, const char *name)
{
    sqlite3_stmt *statement = NULL;
    bool has = sqlite3_prepare_v2(db->connection,
                                  "SELECT 1 FROM sqlite_master WHERE name = ?1 COLLATE NOCASE", -1,
                                  &statement, NULL) == SQLITE_OK &&
               sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC) == SQLITE_OK &&
               sqlite3_step(statement) == SQLITE_ROW;
    (void)sqlite3_finalize(statement);
    return has;
}

/* Adding. */

static cop_status prepare(cop_database *db, cop_adding *adding, cop_error *err)
{
    cop_text sql = {0};
    cop_text_printf(&sql, "INSERT INTO \"%s\" VALUES (", adding->table);
    for (size_t i = 0; i < adding->count; i++)
        cop_text_append(&sql, i > 0 ? ",?" : "?");
    cop_text_append(&sql, ")");
    if (sql.failed) {
        cop_text_free(&sql);
        return cop_out_of_memory(err);
    }
    int code = sqlite3_prepare_v3(db->connection, sql.data, -1, SQLITE_PREPARE_PERSISTENT,
                                  &adding->statement, NULL);
    cop_text_free(&sql);
    return code == SQLITE_OK ? COP_OK : cop_database_refuse(db, adding->table, COP_FAILED, err);
}

static cop_status find_adding(cop_database *db, const char *table, size_t count, cop_adding **out,
                              cop_error *err)
{
    for (size_t i = 0; i < db->adding_count; i++) {
        *out = &db->adding[i];
        if ((*out)->count == count && strcmp((*out)->table, table) == 0)
            return COP_OK;
    }
    cop_adding *grown =
        cop_grow(db->adding, &db->adding_capacity, db->adding_count + 1, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(err);
    db->adding = grown;
    *out = &db->adding[db->adding_count];
    **out = (cop_adding){.table = strdup(table), .count = count};
    if ((*out)->table == NULL)
        return cop_out_of_memory(err);
    db->adding_count++;
    return prepare(db, *out, err);
}

/* The text with bytes that are no UTF-8 spelt out, \xff; NULL when memory is out. */
static char *spell_out(const char *text, size_t length)
{
    cop_text out = {0};
    for (const char *at = text, *end = text + length; at < end;) {
        size_t size = cop_utf8_length(at, end);
        if (size > 0)
            cop_text_append_bytes(&out, at, size);
        else
            cop_text_printf(&out, "\\x%02x", (unsigned)(unsigned char)*at);
        at += size > 0 ? size : 1;
    }
    return cop_text_take(&out);
}

/* Readers trust that a TEXT is UTF-8: Python's refuses a row where it is not. */
static int bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    size_t length = strlen(text);
    if (cop_is_utf8(text, length))
        return sqlite3_bind_text64(statement, at, text, length, SQLITE_STATIC, SQLITE_UTF8);
    char *line = spell_out(text, length);
    if (line == NULL)
        return SQLITE_NOMEM;
    return sqlite3_bind_text64(statement, at, line, strlen(line), free, SQLITE_UTF8);
}

static int bind(sqlite3_stmt *statement, int at, const cop_datum *datum)
{
    switch (datum->type) {
    case COP_DATUM_INTEGER:
        return sqlite3_bind_int64(statement, at, datum->integer);
    case COP_DATUM_REAL:
        return sqlite3_bind_double(statement, at, datum->real);
    case COP_DATUM_TEXT:
        return bind_text(statement, at, datum->text);
    case COP_DATUM_NULL:
        break;
    }
    return sqlite3_bind_null(statement, at);
}

cop_status cop_database_add(cop_database *db, const char *table, const cop_datum *row, size_t count,
                            cop_error *err)
{
    cop_adding *adding = NULL;
    COP_TRY(find_adding(db, table, count, &adding, err));
    int code = SQLITE_OK;
    for (size_t i = 0; i < count && code == SQLITE_OK; i++)
        code = bind(adding->statement, (int)i + 1, &row[i]);
    if (code == SQLITE_NOMEM)
        return cop_out_of_memory(err);
    if (code == SQLITE_OK && sqlite3_step(adding->statement) == SQLITE_DONE &&
        sqlite3_reset(adding->statement) == SQLITE_OK)
        return COP_OK;
    cop_status status = cop_database_refuse(db, table, COP_FAILED, err);
    (void)sqlite3_reset(adding->statement);
    return status;
}

cop_status cop_database_finish(cop_database *db, cop_error *err)
{
    return cop_database_run(db, "COMMIT; ANALYZE;", err);
}

/* Files. */

/* Whether the file is a results database, or empty. *there is false where there is none. */
static cop_status look_at_file(const char *path, bool *there, bool *ours, cop_error *err)
{
    struct stat info;
    size_t size = 0;
    *there = stat(path, &info) == 0;
    *ours = false;
    if (!*there || !S_ISREG(info.st_mode))
        return COP_OK;
    int file = -1;
    int64_t length = 0;
    unsigned char bytes[HEADER_SIZE] = {0};
    COP_TRY(cop_file_open_regular(path, &file, &length, err));
    bool ok = cop_file_read_part(file, 0, bytes, sizeof bytes, &size);
    cop_status status = ok ? COP_OK : cop_fail_errno(err, "cannot read", path);
    (void)close(file);
    *ours =
        length == 0 || (size == sizeof bytes && memcmp(bytes, MAGIC, sizeof MAGIC) == 0 &&
                        memcmp(bytes + APPLICATION_PLACE, application, sizeof application) == 0);
    return status;
}

cop_status cop_database_save(cop_database *db, const char *path, int64_t *bytes, cop_error *err)
{
    bool there = false, ours = false;
    sqlite3_int64 size = 0;
    COP_TRY(look_at_file(path, &there, &ours, err));
    if (there && !ours)
        return cop_fail_at(err, COP_INVALID, path, 0,
                           "is there already, and is no results database of Coppice");
    unsigned char *content = sqlite3_serialize(db->connection, "main", &size, 0);
    if (content == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_file_write(path, content, (size_t)size, err);
    sqlite3_free(content);
    if (status == COP_OK && bytes != NULL)
        *bytes = size;
    return status;
}

cop_status cop_database_open(const char *path, cop_database **out, cop_error *err)
{
    bool there = false, ours = false;
    *out = NULL;
    COP_TRY(look_at_file(path, &there, &ours, err));
    if (!there || !ours)
        return cop_fail_at(err, COP_INVALID, path, 0,
                           there ? "is no results database of Coppice" : "is not there");
    cop_status status = connect_to(path, SQLITE_OPEN_READONLY, out, err);
    if (status == COP_OK && ((*out)->path = strdup(path)) == NULL)
        status = cop_out_of_memory(err);
    if (status == COP_OK)
        return COP_OK;
    cop_database_free(*out);
    *out = NULL;
    return status;
}

#endif
