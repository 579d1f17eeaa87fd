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

/* What the file says; a text is empty where it does not say, as it cannot be read or is no such
 * note. */
void cop_run_note_read(const char *path, cop_run_note *out);

#endif
