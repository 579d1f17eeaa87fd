/* run_note.c: writing and reading the note of a run. */
#include "store/formats/run_note.h"

#include "core/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than both lines can be. */
#define NOTE_LIMIT 2047

cop_status cop_run_note_write(const cop_run_note *note, const char *path, cop_error *err)
{
    char text[sizeof *note + 4];
    int length = snprintf(text, sizeof text, "%s\n%s\n", note->hash, note->who);
    return cop_file_write(path, text, (size_t)length, err);
}

void cop_run_note_read(const char *path, cop_run_note *out)
{
    char *text = NULL;
    memset(out, 0, sizeof *out);
    if (cop_file_read_regular(path, NOTE_LIMIT, &text, NULL, NULL) != COP_OK)
        return;
    size_t first = strcspn(text, "\n");
    if (first < sizeof out->hash)
        memcpy(out->hash, text, first);
    char *who = text + first + (text[first] == '\n' ? 1 : 0);
    who[strcspn(who, "\n")] = '\0';
    (void)snprintf(out->who, sizeof out->who, "%s", who);
    free(text);
}
