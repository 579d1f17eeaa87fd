/* Reads stages.json (store/formats/stages_json.h). */
#include "fuzz.h"

#include "store/formats/stages_json.h"

static void write_again(const cop_stage_records *records, cop_arena *arena)
{
    cop_stage_records again;
    FUZZ_REQUIRE(cop_stages_write(records, fuzz_copy(0), NULL) == COP_OK);
    FUZZ_REQUIRE(cop_stages_read(fuzz_copy(0), arena, &again, NULL) == COP_OK);
    FUZZ_REQUIRE(cop_stages_write(&again, fuzz_copy(1), NULL) == COP_OK);
    fuzz_require_same_copies();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    cop_arena *arena = cop_arena_new();
    cop_stage_records records;
    FUZZ_REQUIRE(arena != NULL);
    if (cop_stages_read(path, arena, &records, NULL) == COP_OK) {
        fuzz_accept();
        write_again(&records, arena);
    }
    cop_arena_free(arena);
    return 0;
}
