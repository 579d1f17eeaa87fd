/* history.c: reading a training's history.csv. */
#include "report/data/history.h"

#include "core/damage.h"
#include "core/file.h"
#include "core/locale.h"
#include "core/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HISTORY_LIMIT (64u << 20)
#define HEADER        "epoch,lr,train_loss,train_accuracy,test_loss,test_accuracy\n"

static size_t count_lines(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

/* One cell, of which `*text` is moved to the end; false unless it is empty or a number. */
static bool read_cell(char **text, double *value)
{
    *value = (double)NAN;
    if (**text == ',' || **text == '\n')
        return true;
    char *end = NULL;
    *value = cop_strtod(*text, &end);
    bool ok = end != *text && strchr(" \t\r\n", **text) == NULL;
    *text = end;
    return ok;
}

static bool read_row(char **text, double *row)
{
    for (int c = 0; c < COP_HISTORY_WIDTH; c++) {
        if (!read_cell(text, &row[c]) || **text != (c + 1 < COP_HISTORY_WIDTH ? ',' : '\n'))
            return false;
        (*text)++;
    }
    return true;
}

cop_status cop_history_read(const char *path, cop_arena *arena, double (**rows)[COP_HISTORY_WIDTH],
                            size_t *count, cop_error *err)
{
    char *text = NULL;
    COP_TRY(cop_file_read_regular(path, HISTORY_LIMIT, &text, NULL, err));
    cop_status status = COP_OK;
    char *at = text;
    *count = 0;
    *rows = cop_arena_array(arena, count_lines(text) + 1, sizeof **rows);
    if (*rows == NULL)
        status = cop_out_of_memory(err);
    else if (strncmp(text, HEADER, strlen(HEADER)) != 0)
        status = cop_fail_at(err, COP_DAMAGED, path, 1, "is not a training's history");
    else
        at += strlen(HEADER);
    while (status == COP_OK && *at != '\0') {
        if (read_row(&at, (*rows)[*count]))
            ++*count;
        else
            status = cop_fail_at(err, COP_DAMAGED, path, (int)*count + 2,
                                 "wanted %d numbers, separated by commas", COP_HISTORY_WIDTH);
    }
    free(text);
    return status;
}
