/* history_csv.c: writing and reading a training's history. */
#include "store/formats/history_csv.h"

#include "core/damage.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/text.h"
#include "store/formats/csv_numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HISTORY_LIMIT (64u << 20)
#define HEADER        "epoch,lr,train_loss,train_accuracy,test_loss,test_accuracy\n"

cop_status cop_history_csv_write(const cop_history_row *rows, size_t count, const char *path,
                                 cop_error *err)
{
    cop_text t = {0};
    cop_text_append(&t, HEADER);
    for (size_t i = 0; i < count; i++) {
        for (int c = 0; c < COP_HISTORY_COLUMNS; c++) {
            if (!isnan(rows[i][c]))
                cop_text_printf(&t, "%.17g", rows[i][c]);
            cop_text_append(&t, c + 1 < COP_HISTORY_COLUMNS ? "," : "\n");
        }
    }
    char *text = cop_text_take(&t);
    if (text == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_file_write(path, text, strlen(text), err);
    free(text);
    return status;
}

/* One cell, of which `*text` is moved to the end; false unless it is empty or a number. */
static bool read_cell(char **text, double *value)
{
    *value = (double)NAN;
    if (**text == ',' || **text == '\n')
        return true;
    return cop_csv_read_number(text, value);
}

static bool read_row(char **text, double *row)
{
    for (int c = 0; c < COP_HISTORY_COLUMNS; c++) {
        if (!read_cell(text, &row[c]) || **text != (c + 1 < COP_HISTORY_COLUMNS ? ',' : '\n'))
            return false;
        (*text)++;
    }
    return true;
}

cop_status cop_history_csv_read(const char *path, cop_arena *arena, cop_history_row **rows,
                                size_t *count, cop_error *err)
{
    char *text = NULL;
    size_t size = 0;
    COP_TRY(cop_file_read_regular(path, HISTORY_LIMIT, &text, &size, err));
    cop_status status = COP_OK;
    char *at = text;
    *count = 0;
    *rows = cop_arena_array(arena, cop_csv_count_lines(text) + 1, sizeof **rows);
    if (*rows == NULL)
        status = cop_out_of_memory(err);
    else if (strncmp(text, HEADER, strlen(HEADER)) != 0)
        status = cop_fail_at(err, COP_DAMAGED, path, 1, "is not a training's history");
    else
        at += strlen(HEADER);
    while (status == COP_OK && at < text + size) {
        if (read_row(&at, (*rows)[*count]))
            ++*count;
        else
            status = cop_fail_at(err, COP_DAMAGED, path, (int)*count + 2,
                                 "wanted %d numbers, separated by commas", COP_HISTORY_COLUMNS);
    }
    free(text);
    return status;
}
