/* slurm_note.c: writing and reading what was submitted to Slurm. */
#include "store/formats/slurm_note.h"

#include "core/file.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than the lines can be. */
#define NOTE_LIMIT 255

cop_status cop_slurm_note_write(const cop_slurm_note *note, const char *path, cop_error *err)
{
    char text[NOTE_LIMIT + 1];
    int length =
        snprintf(text, sizeof text, "workers %lld\ntasks %lld\nreport %lld\n",
                 (long long)note->workers, (long long)note->tasks, (long long)note->report);
    return cop_file_write(path, text, (size_t)length, err);
}

/* The number of a line "<word> <number>"; *at is moved behind it. */
static bool take(char **at, const char *word, int64_t *out)
{
    size_t length = strlen(word);
    char *line = *at, *end = strchr(line, '\n');
    if (end == NULL || strncmp(line, word, length) != 0 || line[length] != ' ')
        return false;
    *end = '\0';
    *at = end + 1;
    return cop_integer_parse(line + length + 1, out) && *out > 0;
}

bool cop_slurm_note_read(const char *path, cop_slurm_note *out)
{
    char *text = NULL;
    *out = (cop_slurm_note){0};
    if (cop_file_read_regular(path, NOTE_LIMIT, &text, NULL, NULL) != COP_OK)
        return false;
    char *at = text;
    bool is_whole = take(&at, "workers", &out->workers) && take(&at, "tasks", &out->tasks) &&
                    take(&at, "report", &out->report) && *at == '\0';
    free(text);
    if (!is_whole)
        *out = (cop_slurm_note){0};
    return is_whole;
}
