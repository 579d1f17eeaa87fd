/* Reads the note of who runs on a directory (store/formats/run_note.h). */
#include "fuzz.h"

#include "store/formats/run_note.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cop_run_note note, again;
    cop_run_note_read(fuzz_file(data, size), &note);
    cop_run_who who;
    FUZZ_REQUIRE(cop_run_note_who(&note, &who) == (who.process[0] != '\0'));
    FUZZ_REQUIRE(strchr(note.hash, '\n') == NULL && strchr(note.who, '\n') == NULL);
    if (note.who[0] == '\0')
        return 0;
    fuzz_accept();
    FUZZ_REQUIRE(cop_run_note_write(&note, fuzz_copy(0), NULL) == COP_OK);
    cop_run_note_read(fuzz_copy(0), &again);
    FUZZ_REQUIRE(strcmp(again.hash, note.hash) == 0 && strcmp(again.who, note.who) == 0);
    return 0;
}
