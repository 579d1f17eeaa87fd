/* Reads checkpoints (store/formats/checkpoint_file.h). */
#include "fuzz.h"

#include "store/formats/checkpoint_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char owner[COP_ARTIFACT_NAME_SIZE], same[COP_ARTIFACT_NAME_SIZE];
    cop_saved state, again;
    if (cop_checkpoint_read(fuzz_file(data, size), owner, &state, NULL) != COP_OK)
        return 0;
    fuzz_accept();
    FUZZ_REQUIRE(cop_checkpoint_write(owner, &state, fuzz_copy(0), NULL) == COP_OK);
    FUZZ_REQUIRE(cop_checkpoint_read(fuzz_copy(0), same, &again, NULL) == COP_OK);
    FUZZ_REQUIRE(again.step == state.step);
    FUZZ_REQUIRE((again.series != NULL) == (state.series != NULL));
    FUZZ_REQUIRE(cop_checkpoint_write(same, &again, fuzz_copy(1), NULL) == COP_OK);
    fuzz_require_same_copies();
    cop_saved_clear(&state);
    cop_saved_clear(&again);
    return 0;
}
