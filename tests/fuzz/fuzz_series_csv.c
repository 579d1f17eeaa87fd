/* Reads series.csv (store/formats/series_csv.h). */
#include "fuzz.h"

#include "store/formats/series_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    cop_arena *arena = cop_arena_new();
    cop_series *series = NULL, *again = NULL;
    size_t count = 0, count_again = 0;
    FUZZ_REQUIRE(arena != NULL);
    if (cop_series_csv_read(path, arena, &series, &count, NULL) == COP_OK) {
        fuzz_accept();
        FUZZ_REQUIRE(cop_series_csv_write(series, count, fuzz_copy(0), NULL) == COP_OK);
        FUZZ_REQUIRE(cop_series_csv_read(fuzz_copy(0), arena, &again, &count_again, NULL) ==
                     COP_OK);
        FUZZ_REQUIRE(count_again == count);
        FUZZ_REQUIRE(cop_series_csv_write(again, count, fuzz_copy(1), NULL) == COP_OK);
        fuzz_require_same_copies();
    }
    cop_arena_free(arena);
    return 0;
}
