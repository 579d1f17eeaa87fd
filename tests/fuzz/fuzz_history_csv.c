/* Reads history.csv (store/formats/history_csv.h). */
#include "fuzz.h"

#include "store/formats/history_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    cop_arena *arena = cop_arena_new();
    cop_history_row *rows = NULL, *again = NULL;
    size_t count = 0, count_again = 0;
    FUZZ_REQUIRE(arena != NULL);
    if (cop_history_csv_read(path, arena, &rows, &count, NULL) == COP_OK) {
        fuzz_accept();
        FUZZ_REQUIRE(cop_history_csv_write((const cop_history_row *)rows, count, fuzz_copy(0),
                                           NULL) == COP_OK);
        FUZZ_REQUIRE(cop_history_csv_read(fuzz_copy(0), arena, &again, &count_again, NULL) ==
                     COP_OK);
        FUZZ_REQUIRE(count_again == count);
        FUZZ_REQUIRE(cop_history_csv_write((const cop_history_row *)again, count, fuzz_copy(1),
                                           NULL) == COP_OK);
        fuzz_require_same_copies();
    }
    cop_arena_free(arena);
    return 0;
}
