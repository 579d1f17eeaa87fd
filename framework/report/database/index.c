/* index.c: reading studies and making databases of them. */
#include "report/database/index.h"

#include "core/memory.h"
#include "core/path.h"
#include "store/study_folders.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static cop_status fill(const cop_told_study *told, cop_database *db, cop_rows *rows,
                       cop_logger *log, cop_error *err)
{
    COP_TRY(cop_rows_begin(rows, db, log, err));
    COP_TRY(cop_rows_directory(rows, told->dir, err));
    COP_TRY(cop_rows_study(rows, told, err));
    return cop_database_finish(db, err);
}

cop_status cop_report_database(const cop_told_study *told, const char *path, cop_logger *log,
                               cop_error *err)
{
    cop_database *db = NULL;
    cop_rows rows = {0};
    COP_TRY(cop_database_new(&db, err));
    cop_status status = fill(told, db, &rows, log, err);
    cop_rows_clear(&rows);
    if (status == COP_OK)
        status = cop_database_save(db, path, NULL, err);
    cop_database_free(db);
    return status;
}

/* Several. */

/* What the functions here share. */
typedef struct indexing {
    cop_rows rows;
    cop_logger *log;
    cop_indexed *indexed;
    const char *dir;
} indexing;

/* Counts a study's damage with that of the others. */
static void count_study(cop_indexed *indexed, const cop_results *r)
{
    if (r->damaged_count > 0 && indexed->damaged == 0)
        indexed->first_damage = r->first_damage;
    indexed->damaged += r->damaged_count;
    indexed->tickets += r->record.ticket_count;
    indexed->studies++;
}

static cop_status tell(indexing *own, const char *record, const cop_results *r, cop_tables *sheets,
                       cop_error *err)
{
    cop_table_groups groups;
    cop_joined_list joined;
    COP_TRY(cop_table_groups_make(r, &groups, err));
    COP_TRY(cop_ticket_joined(r, &groups, &joined, err));
    COP_TRY(cop_sheets_make(r, &groups, sheets, err));
    const cop_told_study told = {
        .dir = own->dir, .record = record, .results = r, .joined = &joined, .sheets = sheets};
    return cop_rows_study(&own->rows, &told, err);
}

static cop_status add_study(void *context, const char *name, const char *record, cop_error *err)
{
    indexing *own = context;
    cop_results results;
    (void)name;
    if (!cop_study_folder_has_record(record))
        return COP_OK;
    cop_tables *sheets = cop_tables_new();
    cop_status status = sheets != NULL ? COP_OK : cop_out_of_memory(err);
    if (status == COP_OK) {
        status = cop_results_read(own->dir, record, own->log, &results, err);
        if (status == COP_OK)
            status = tell(own, record, &results, sheets, err);
        count_study(own->indexed, &results);
        cop_results_clear(&results);
    }
    cop_tables_free(sheets);
    return status;
}

/* A directory without a study says itself what is wrong with it. */
static cop_status check_directory(const char *dir, cop_error *err)
{
    char folder[COP_PATH_SIZE];
    cop_error why = {0};
    cop_status status = cop_study_folder_choose(dir, NULL, folder, sizeof folder, &why);
    if (status == COP_OK || status == COP_INVALID) /* there are several */
        return COP_OK;
    *err = why;
    return status;
}

static cop_status add_directories(indexing *own, const char *const *dirs, size_t count,
                                  cop_error *err)
{
    for (size_t i = 0; i < count; i++) {
        own->dir = dirs[i];
        COP_TRY(check_directory(dirs[i], err));
        COP_TRY(cop_rows_directory(&own->rows, dirs[i], err));
        COP_TRY(cop_study_folders_visit(dirs[i], add_study, own, err));
    }
    own->indexed->stages = (size_t)own->rows.stage;
    return cop_database_finish(own->rows.db, err);
}

static bool is_same_place(const char *a, const char *b)
{
    char left[PATH_MAX], right[PATH_MAX];
    return realpath(a, left) != NULL && realpath(b, right) != NULL && strcmp(left, right) == 0;
}

/* Each directory counts once. */
static cop_status refuse_twice(const char *const *dirs, size_t count, cop_error *err)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (is_same_place(dirs[k], dirs[i]))
                return cop_fail_at(err, COP_INVALID, dirs[i], 0, "is named twice");
    return COP_OK;
}

cop_status cop_index_make(const char *const *dirs, size_t count, cop_logger *log,
                          cop_database **out, cop_indexed *indexed, cop_error *err)
{
    indexing own = {.log = log, .indexed = indexed};
    cop_error failure = {0};
    *indexed = (cop_indexed){0};
    *out = NULL;
    COP_TRY(refuse_twice(dirs, count, err));
    COP_TRY(cop_database_new(out, err));
    cop_status status = cop_rows_begin(&own.rows, *out, log, &failure);
    if (status == COP_OK)
        status = add_directories(&own, dirs, count, &failure);
    cop_rows_clear(&own.rows);
    if (status == COP_OK)
        return COP_OK;
    if (err != NULL)
        *err = failure;
    cop_database_free(*out);
    *out = NULL;
    return status;
}
