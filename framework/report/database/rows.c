/* rows.c: going through a study in the order in which its rows refer to each other. */
#include "report/database/rows.h"

#include "core/memory.h"
#include "core/path.h"
#include "core/table.h"
#include "store/paths.h"

#include <stdlib.h>
#include <sys/stat.h>

cop_status cop_rows_begin(cop_rows *rows, cop_database *db, cop_logger *log, cop_error *err)
{
    *rows = (cop_rows){.db = db, .log = log, .arena = cop_arena_new()};
    if (rows->arena == NULL)
        return cop_out_of_memory(err);
    return COP_ADD_ROW(rows, "about", cop_datum_text("coppice"), cop_datum_text(COPPICE_VERSION));
}

cop_status cop_rows_directory(cop_rows *rows, const char *dir, cop_error *err)
{
    char path[COP_PATH_SIZE];
    struct stat info;
    rows->store = (cop_store_place){0};
    COP_TRY(cop_path_join(path, sizeof path, err, dir, COP_STORE_FOLDER));
    if (stat(path, &info) == 0)
        rows->store = (cop_store_place){(uint64_t)info.st_dev, (uint64_t)info.st_ino};
    return COP_ADD_ROW(rows, "directories", cop_datum_integer(++rows->directory),
                       cop_datum_text(dir));
}

cop_status cop_rows_study(cop_rows *rows, const cop_told_study *told, cop_error *err)
{
    rows->told = told;
    COP_TRY(cop_rows_cells(rows, err));
    COP_TRY(cop_rows_stages(rows, err));
    COP_TRY(cop_rows_artifacts(rows, err));
    COP_TRY(cop_rows_tickets(rows, err));
    COP_TRY(cop_rows_analyses(rows, err));
    return cop_rows_measures(rows, err);
}

void cop_rows_clear(cop_rows *rows)
{
    for (size_t i = 0; i < rows->table_count; i++)
        free(rows->tables[i].columns);
    free(rows->tables);
    free(rows->measures);
    free(rows->sources);
    free(rows->earlier);
    cop_arena_free(rows->arena);
    *rows = (cop_rows){0};
}

cop_datum cop_sheet_datum(const cop_table *sheet, size_t row, const char *column)
{
    size_t at = (size_t)cop_table_find_column(sheet, column);
    cop_table_value value = cop_table_at(sheet, row, at);
    switch (cop_table_column(sheet, at)->type) {
    case COP_COLUMN_INT:
        return cop_datum_integer(value.i);
    case COP_COLUMN_FLOAT:
        return cop_datum_real(value.f);
    case COP_COLUMN_TEXT:
        break;
    }
    return cop_datum_word(value.text);
}
