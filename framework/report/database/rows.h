/* rows.h (implemented in report/database/): what studies become in a results database. */
#ifndef COP_REPORT_DATABASE_ROWS_H
#define COP_REPORT_DATABASE_ROWS_H

#include "report/data/sheets.h"
#include "report/database/database.h"

#include <coppice/log.h>

/* A study of which all is read that its report tells. */
typedef struct cop_told_study {
    const char *dir;    /* the output directory */
    const char *record; /* the study's folder in it */
    const cop_results *results;
    const cop_joined_list *joined;
    const cop_tables *sheets; /* all of cop_sheets_make */
} cop_told_study;

/* A table of the database that analyses of one analyzer and name share. */
typedef struct cop_analysis_table {
    const char *name, *analyzer, *title;
    cop_column *columns; /* as the analyzers have them; owned */
    size_t column_count, column_capacity;
} cop_analysis_table;

/* What analyses say of tickets in one number or text. */
typedef struct cop_measure {
    const char *name, *analyzer, *unit, *help; /* the arena's; the last two may be NULL */
    bool is_headline, is_control;
} cop_measure;

/* Which folder a store is, whatever its path; zeros where it is not there. */
typedef struct cop_store_place {
    uint64_t device, inode;
} cop_store_place;

/* The ids of the stages of a study that was added, and which store their artifacts are in: output
 * directories may share one (store/shared.h). */
typedef struct cop_earlier_study {
    cop_name_table stages;
    cop_store_place store;
} cop_earlier_study;

/* What the rows are added with. Each id is the last one given. */
typedef struct cop_rows {
    cop_database *db;
    cop_logger *log;
    cop_arena *arena; /* lives as long as this */
    int64_t directory, study, cell, stage, set, ticket, analysis, summary;
    cop_earlier_study *earlier; /* owned */
    size_t earlier_count, earlier_capacity;
    const char **sources; /* their ids are their places, from 1; owned */
    size_t source_count, source_capacity;
    cop_measure *measures; /* likewise; owned */
    size_t measure_count, measure_capacity;
    cop_analysis_table *tables; /* owned */
    size_t table_count, table_capacity;

    cop_store_place store; /* of the directory */

    /* Of the study that is being added. */
    const cop_told_study *told;
    int64_t first_cell, first_ticket; /* ids of the record's first ones */
    cop_name_table stages;            /* its stages' ids */
} cop_rows;

/* Begins rows for an empty database. Clear with cop_rows_clear whatever the answer. */
cop_status cop_rows_begin(cop_rows *rows, cop_database *db, cop_logger *log, cop_error *err);

/* What follows is of the output directory `dir`. */
cop_status cop_rows_directory(cop_rows *rows, const char *dir, cop_error *err);

/* Adds a study of that directory, all of it. */
cop_status cop_rows_study(cop_rows *rows, const cop_told_study *told, cop_error *err);
void cop_rows_clear(cop_rows *rows);

/* The files behind it, each for the study that is being added, in this order. */

/* cells.c: the study, its seeds, cells, their settings, and plugins. */
cop_status cop_rows_cells(cop_rows *rows, cop_error *err);

/* stages.c: the study's graph, how far each stage is, and who made what. */
cop_status cop_rows_stages(cop_rows *rows, cop_error *err);

/* The id of a stage; NULL of the database where `has` is false. */
cop_datum cop_rows_stage(const cop_rows *rows, bool has, const cop_artifact_id *id);

/* artifacts.c: what single artifacts say: trainings, histories, series, masks, layers. */
cop_status cop_rows_artifacts(cop_rows *rows, cop_error *err);

/* tickets.c: distilled sets, tickets, their copies, and what they cost. */
cop_status cop_rows_tickets(cop_rows *rows, cop_error *err);

/* analyses.c: analyses, and the analyzers' own tables. */
cop_status cop_rows_analyses(cop_rows *rows, cop_error *err);

/* measures.c: what analyses say of tickets in one number, and all over seeds. */
cop_status cop_rows_measures(cop_rows *rows, cop_error *err);

/* A row's values in the order of its table's columns. */
#define COP_ADD_ROW(rows_, table_, ...)                                                            \
    cop_database_add((rows_)->db, (table_), (const cop_datum[]){__VA_ARGS__},                      \
                     sizeof((const cop_datum[]){__VA_ARGS__}) / sizeof(cop_datum), err)

/* A cell of a sheet as a value: of the column of that name. */
cop_datum cop_sheet_datum(const cop_table *sheet, size_t row, const char *column);

#endif
