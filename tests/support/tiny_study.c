/* tiny_study.c: a study called "tiny", from a config to the tables of a report. */
#include "tiny_study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tiny_study_make(tiny_study *t, const char *config)
{
    make_temp_dir(t->dir, sizeof t->dir);
    (void)snprintf(t->config, sizeof t->config, "%s/tiny.cfg", t->dir);
    (void)snprintf(t->out, sizeof t->out, "%s/o", t->dir);
    (void)snprintf(t->to, sizeof t->to, "%s/to.safetensors", t->dir);
    write_text(t->dir, "tiny.cfg", config);
}

void tiny_study_run(const tiny_study *t, const char *const *words, int wanted)
{
    static const char *const without_gnuplot[] = {"PATH=/nowhere", NULL};
    const command_way way = {.program = COMMAND, .environment = without_gnuplot};
    assert_ends(t->dir, start_program(t->dir, &way, words), wanted);
}

void tiny_study_said(const tiny_study *t, const char *text)
{
    char *err = read_text(t->dir, "err");
    if (strstr(err, text) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err, text);
    assert_ptr_equal(strchr(err, '\n'), err + strlen(err) - 1);
    free(err);
}

void tiny_study_refuses(const tiny_study *t, const char *const *words, const char *text)
{
    tiny_study_run(t, words, 2);
    tiny_study_said(t, text);
}

/* The position of a name in a line that is taken apart; −1: it is not there. */
static int place_of(char *line, const char *name)
{
    const char *part = NULL;
    for (int i = 0; (part = strsep(&line, ",")) != NULL; i++)
        if (strcmp(part, name) == 0)
            return i;
    return -1;
}

const char *tiny_study_cell(const tiny_study *t, const char *table, int row, const char *column,
                            char *cell, size_t size)
{
    char file[200];
    (void)snprintf(file, sizeof file, "o/studies/tiny/report/%s.csv", table);
    char *text = read_text(t->dir, file), *rest = text;
    int place = place_of(strsep(&rest, "\n"), column);
    if (place < 0)
        fail_msg("%s has no column %s", table, column);
    char *line = NULL;
    const char *part = NULL;
    for (int i = 0; i <= row; i++)
        line = strsep(&rest, "\n");
    for (int i = 0; i <= place; i++)
        part = strsep(&line, ",");
    (void)snprintf(cell, size, "%s", part != NULL ? part : "");
    free(text);
    return cell;
}

double tiny_study_number(const tiny_study *t, const char *table, int row, const char *column)
{
    char cell[64], *end = NULL;
    double value = strtod(tiny_study_cell(t, table, row, column, cell, sizeof cell), &end);
    if (end == cell || *end != '\0')
        fail_msg("%s, row %d, %s: \"%s\" is no number", table, row, column, cell);
    return value;
}
