/* analyses.c: rows of analyses, and of the analyzers' own tables: each is a table of the database,
 * which all studies share in which that analyzer has one of that name. */
#include "core/memory.h"
#include "core/text.h"
#include "report/data/instances.h"
#include "report/data/judged.h"
#include "report/database/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Columns that each of them has before its own. */
enum { KEYS = 2 };
static const char *const keys[KEYS] = {"analysis_id", "row_number"};

static const char *sql_type(cop_column_type type)
{
    return type == COP_COLUMN_INT ? "INTEGER" : type == COP_COLUMN_FLOAT ? "REAL" : "TEXT";
}

/* Runs SQL that was put together. */
static cop_status run(cop_rows *rows, cop_text *sql, cop_error *err)
{
    cop_status status =
        sql->failed ? cop_out_of_memory(err) : cop_database_run(rows->db, sql->data, err);
    cop_text_free(sql);
    return status;
}

/* Names. Those of tables and their columns are lower-case words (coppice/table.h). */

static bool is_table_taken(const cop_rows *rows, const char *name)
{
    return strncmp(name, "sqlite_", 7) == 0 || cop_database_has(rows->db, name);
}

/* "<table>" where it begins with its analyzer's name, as most do, else "<analyzer>_<table>"; a
 * number behind it where that is taken. The arena's; NULL when memory is out. */
static const char *table_name(cop_rows *rows, const char *analyzer, const char *title)
{
    size_t length = strlen(analyzer);
    bool begins =
        strncmp(title, analyzer, length) == 0 && (title[length] == '\0' || title[length] == '_');
    char *plain = begins ? cop_arena_strdup(rows->arena, title)
                         : cop_arena_printf(rows->arena, "%.90s_%s", analyzer, title);
    for (char *c = plain; c != NULL && *c != '\0'; c++)
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_", *c) == NULL)
            *c = '_';
    const char *name = plain;
    for (int i = 2; name != NULL && is_table_taken(rows, name); i++)
        name = cop_arena_printf(rows->arena, "%s_%d", plain, i);
    return name;
}

/* What a column is called in the database. */
static const char *column_name(const char *own, char name[COP_NAME_SIZE + 8])
{
    bool is_key = strcmp(own, keys[0]) == 0 || strcmp(own, keys[1]) == 0;
    (void)snprintf(name, COP_NAME_SIZE + 8, is_key ? "%s_own" : "%s", own);
    return name;
}

/* Tables. */

static size_t find_column(const cop_analysis_table *table, const char *name)
{
    size_t at = 0;
    while (at < table->column_count && strcmp(table->columns[at].name, name) != 0)
        at++;
    return at;
}

/* Whether its columns can be told by the table's: those of a name have one type. */
static bool fits(const cop_analysis_table *table, const char *analyzer, const cop_table *from)
{
    if (strcmp(table->analyzer, analyzer) != 0 || strcmp(table->title, cop_table_name(from)) != 0)
        return false;
    for (size_t i = 0; i < cop_table_column_count(from); i++) {
        const cop_column *column = cop_table_column(from, i);
        size_t at = find_column(table, column->name);
        if (at < table->column_count && table->columns[at].type != column->type)
            return false;
    }
    return true;
}

static cop_status add_column(cop_rows *rows, cop_analysis_table *table, const cop_column *column,
                             cop_error *err)
{
    char name[COP_NAME_SIZE + 8];
    cop_text sql = {0};
    cop_column *grown =
        cop_grow(table->columns, &table->column_capacity, table->column_count + 1, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(err);
    table->columns = grown;
    grown[table->column_count] = *column;
    grown[table->column_count].name = cop_arena_strdup(rows->arena, column->name);
    if (grown[table->column_count].name == NULL)
        return cop_out_of_memory(err);
    table->column_count++;
    cop_text_printf(&sql, "ALTER TABLE \"%s\" ADD COLUMN \"%s\" %s", table->name,
                    column_name(column->name, name), sql_type(column->type));
    COP_TRY(run(rows, &sql, err));
    return COP_ADD_ROW(rows, "analysis_columns", cop_datum_text(table->name),
                       cop_datum_integer((int64_t)table->column_count + KEYS), cop_datum_text(name),
                       cop_datum_word(column->unit), cop_datum_word(column->help));
}

static cop_status add_table(cop_rows *rows, const char *analyzer, const cop_table *from,
                            cop_analysis_table **out, cop_error *err)
{
    cop_text sql = {0};
    cop_analysis_table *grown =
        cop_grow(rows->tables, &rows->table_capacity, rows->table_count + 1, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(err);
    rows->tables = grown;
    *out = &grown[rows->table_count];
    **out = (cop_analysis_table){.name = table_name(rows, analyzer, cop_table_name(from)),
                                 .analyzer = cop_arena_strdup(rows->arena, analyzer),
                                 .title = cop_arena_strdup(rows->arena, cop_table_name(from))};
    if ((*out)->name == NULL || (*out)->analyzer == NULL || (*out)->title == NULL)
        return cop_out_of_memory(err);
    rows->table_count++;
    cop_text_printf(&sql,
                    "CREATE TABLE \"%s\" (%s INTEGER NOT NULL REFERENCES analyses, "
                    "%s INTEGER NOT NULL, PRIMARY KEY (%s, %s)) WITHOUT ROWID",
                    (*out)->name, keys[0], keys[1], keys[0], keys[1]);
    COP_TRY(run(rows, &sql, err));
    return COP_ADD_ROW(rows, "analysis_tables", cop_datum_text((*out)->name),
                       cop_datum_text(analyzer), cop_datum_text((*out)->title),
                       cop_datum_word(cop_table_help(from)));
}

/* The table of the database for one of an analyzer's, with all of its columns. */
static cop_status find_table(cop_rows *rows, const char *analyzer, const cop_table *from,
                             cop_analysis_table **out, cop_error *err)
{
    *out = NULL;
    for (size_t i = 0; *out == NULL && i < rows->table_count; i++)
        if (fits(&rows->tables[i], analyzer, from))
            *out = &rows->tables[i];
    if (*out == NULL)
        COP_TRY(add_table(rows, analyzer, from, out, err));
    for (size_t i = 0; i < cop_table_column_count(from); i++)
        if (find_column(*out, cop_table_column(from, i)->name) == (*out)->column_count)
            COP_TRY(add_column(rows, *out, cop_table_column(from, i), err));
    return COP_OK;
}

/* Rows. */

static cop_datum value_of(const cop_table *table, size_t row, size_t column)
{
    cop_table_value value = cop_table_at(table, row, column);
    switch (cop_table_column(table, column)->type) {
    case COP_COLUMN_INT:
        return cop_datum_integer(value.i);
    case COP_COLUMN_FLOAT:
        return cop_datum_real(value.f);
    case COP_COLUMN_TEXT:
        break;
    }
    return cop_datum_word(value.text);
}

static cop_status add_lines(cop_rows *rows, const cop_analysis_table *to, const cop_table *from,
                            cop_error *err)
{
    size_t own = cop_table_column_count(from), count = KEYS + to->column_count;
    cop_datum *values = calloc(count, sizeof *values); /* of others' columns NULL */
    size_t *places = calloc(own, sizeof *places);
    cop_status status = values != NULL && places != NULL ? COP_OK : cop_out_of_memory(err);
    for (size_t i = 0; status == COP_OK && i < own; i++)
        places[i] = KEYS + find_column(to, cop_table_column(from, i)->name);
    for (size_t row = 0; status == COP_OK && row < cop_table_row_count(from); row++) {
        values[0] = cop_datum_integer(rows->analysis);
        values[1] = cop_datum_integer((int64_t)row + 1);
        for (size_t i = 0; i < own; i++)
            values[places[i]] = value_of(from, row, i);
        status = cop_database_add(rows->db, to->name, values, count, err);
    }
    free(places);
    free(values);
    return status;
}

static cop_status add_tables(cop_rows *rows, const char *analyzer, const cop_tables *tables,
                             cop_error *err)
{
    for (size_t i = 0; tables != NULL && i < cop_tables_count(tables); i++) {
        cop_analysis_table *to = NULL;
        COP_TRY(find_table(rows, analyzer, cop_tables_at(tables, i), &to, err));
        COP_TRY(add_lines(rows, to, cop_tables_at(tables, i), err));
    }
    return COP_OK;
}

/* Texts of instances by their numbers: putting one together goes through all tickets. */
typedef struct instances {
    const char **texts;
    size_t count;
} instances;

static cop_status find_instance(const cop_rows *rows, instances *known, const cop_record_ticket *t,
                                size_t k, const char **out, cop_error *err)
{
    const cop_results *r = rows->told->results;
    size_t number = cop_analysis_instance(r, t, k);
    if (number < known->count && known->texts[number] == NULL)
        known->texts[number] = cop_analysis_instance_text(r, t, k);
    *out = number < known->count ? known->texts[number] : "";
    return *out != NULL ? COP_OK : cop_out_of_memory(err);
}

static cop_status add_analyses(cop_rows *rows, instances *known, size_t i, cop_error *err)
{
    const cop_results *r = rows->told->results;
    const cop_record_ticket *t = &r->record.tickets[i];
    for (size_t k = 0; k < t->analysis_count; k++) {
        const cop_record_analysis *a = &t->analyses[k];
        const char *instance = NULL;
        COP_TRY(find_instance(rows, known, t, k, &instance, err));
        COP_TRY(COP_ADD_ROW(rows, "analyses", cop_datum_integer(++rows->analysis),
                            cop_datum_integer(rows->first_ticket + (int64_t)i),
                            cop_rows_stage(rows, true, &a->id), cop_datum_text(a->analyzer),
                            cop_datum_word(instance), cop_datum_text(a->unjudged)));
        COP_TRY(add_tables(rows, a->analyzer, cop_judged_tables(r, t, k), err));
    }
    return COP_OK;
}

cop_status cop_rows_analyses(cop_rows *rows, cop_error *err)
{
    const cop_record *record = &rows->told->results->record;
    instances known = {.count = 0};
    for (size_t i = 0; i < record->ticket_count; i++)
        known.count += record->tickets[i].analysis_count;
    known.texts = cop_arena_array(rows->told->results->arena, known.count + 1, sizeof *known.texts);
    if (known.texts == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < record->ticket_count; i++)
        COP_TRY(add_analyses(rows, &known, i, err));
    return COP_OK;
}
