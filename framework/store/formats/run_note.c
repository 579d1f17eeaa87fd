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

/* Between the parts of the words. */
#define PROCESS ", process "
#define HOST    " on "
#define SINCE   ", since "

void cop_run_note_say(cop_run_note *note, const char *study, long process, const char *host,
                      const char *since)
{
    (void)snprintf(note->who, sizeof note->who, "study \"%s\"" PROCESS "%ld" HOST "%s" SINCE "%s",
                   study, process, host, since);
}

/* The last place of `part` before `end`: a study may be called anything. */
static const char *find_last(const char *text, const char *end, const char *part)
{
    size_t length = strlen(part);
    for (size_t left = (size_t)(end - text); left >= length; left--)
        if (strncmp(text + left - length, part, length) == 0)
            return text + left - length;
    return NULL;
}

static bool take(const char *from, const char *end, char *out, size_t size)
{
    size_t length = (size_t)(end - from);
    if (length == 0 || length >= size)
        return false;
    memcpy(out, from, length);
    out[length] = '\0';
    return true;
}

bool cop_run_note_who(const cop_run_note *note, cop_run_who *out)
{
    const char *who = note->who, *end = who + strlen(who), *host = NULL;
    const char *since = find_last(who, end, SINCE);
    const char *process = since != NULL ? find_last(who, since, PROCESS) : NULL;
    memset(out, 0, sizeof *out);
    if (process != NULL)
        host = strstr(process + strlen(PROCESS), HOST);
    if (host != NULL && host < since &&
        take(process + strlen(PROCESS), host, out->process, sizeof out->process) &&
        strspn(out->process, "0123456789") == strlen(out->process) &&
        take(host + strlen(HOST), since, out->host, sizeof out->host) &&
        take(since + strlen(SINCE), end, out->since, sizeof out->since))
        return true;
    memset(out, 0, sizeof *out);
    return false;
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
