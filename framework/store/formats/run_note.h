/* run_note.h: the file run of a study's folder, which tells who runs it (store/holder.h).
 *
 * Two lines of text: the hash of the plan that is run, 32 hexadecimal digits, and who runs it, in
 * words: study, process, host, and since when. */
#ifndef COP_STORE_FORMATS_RUN_NOTE_H
#define COP_STORE_FORMATS_RUN_NOTE_H

#include <coppice/status.h>

typedef struct cop_run_note {
    char hash[33];
    char who[1024]; /* one line */
} cop_run_note;

cop_status cop_run_note_write(const cop_run_note *note, const char *path, cop_error *err);

/* Fills who runs it, in words; `study` is fit for one line. */
void cop_run_note_say(cop_run_note *note, const char *study, long process, const char *host,
                      const char *since);

/* The words taken apart: texts. */
typedef struct cop_run_who {
    char process[24]; /* digits */
    char host[256];
    char since[64];
} cop_run_who;

/* False, and all empty, where the words are others than cop_run_note_say makes. */
bool cop_run_note_who(const cop_run_note *note, cop_run_who *out);

/* What the file says; a text is empty where it does not say, as it cannot be read or is no such
 * note. */
void cop_run_note_read(const char *path, cop_run_note *out);

#endif
