/* Reads study.json (store/formats/study_json.h). */
#include "fuzz.h"

#include "store/formats/study_json.h"

#include <stdlib.h>

static void write_again(const cop_record *record, cop_arena *arena)
{
    cop_record again;
    FUZZ_REQUIRE(cop_record_write(record, fuzz_copy(0), NULL) == COP_OK);
    FUZZ_REQUIRE(cop_record_read(fuzz_copy(0), arena, &again, NULL) == COP_OK);
    FUZZ_REQUIRE(cop_record_write(&again, fuzz_copy(1), NULL) == COP_OK);
    fuzz_require_same_copies();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    cop_arena *arena = cop_arena_new();
    cop_record record;
    cop_record_kind kind = COP_RECORD_NONE;
    char *name = NULL;
    FUZZ_REQUIRE(arena != NULL);
    FUZZ_REQUIRE(cop_record_identify(path, &kind, &name, NULL) == COP_OK);
    FUZZ_REQUIRE((name != NULL) == (kind != COP_RECORD_NONE));
    free(name);
    if (cop_record_read(path, arena, &record, NULL) == COP_OK) {
        FUZZ_REQUIRE(kind == COP_RECORD_CURRENT);
        fuzz_accept();
        write_again(&record, arena);
    }
    cop_arena_free(arena);
    return 0;
}
