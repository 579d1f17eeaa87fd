/* Reads the note of what was submitted to Slurm (store/formats/slurm_note.h). */
#include "fuzz.h"

#include "store/formats/slurm_note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cop_slurm_note note, again;
    if (!cop_slurm_note_read(fuzz_file(data, size), &note)) {
        FUZZ_REQUIRE(note.workers == 0 && note.tasks == 0 && note.report == 0);
        return 0;
    }
    fuzz_accept();
    FUZZ_REQUIRE(note.workers > 0 && note.tasks > 0 && note.report > 0);
    FUZZ_REQUIRE(cop_slurm_note_write(&note, fuzz_copy(0), NULL) == COP_OK);
    FUZZ_REQUIRE(cop_slurm_note_read(fuzz_copy(0), &again));
    FUZZ_REQUIRE(again.workers == note.workers && again.tasks == note.tasks &&
                 again.report == note.report);
    return 0;
}
