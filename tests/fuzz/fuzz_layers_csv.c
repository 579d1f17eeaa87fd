/* Reads layers.csv (store/formats/layers_csv.h). */
#include "fuzz.h"

#include "store/formats/layers_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    cop_arena *arena = cop_arena_new();
    cop_layer *layers = NULL, *again = NULL;
    size_t count = 0, count_again = 0;
    FUZZ_REQUIRE(arena != NULL);
    if (cop_layers_csv_read(path, arena, &layers, &count, NULL) == COP_OK) {
        fuzz_accept();
        FUZZ_REQUIRE(cop_layers_csv_write(layers, count, fuzz_copy(0), NULL) == COP_OK);
        FUZZ_REQUIRE(cop_layers_csv_read(fuzz_copy(0), arena, &again, &count_again, NULL) ==
                     COP_OK);
        FUZZ_REQUIRE(count_again == count);
        FUZZ_REQUIRE(cop_layers_csv_write(again, count, fuzz_copy(1), NULL) == COP_OK);
        fuzz_require_same_copies();
    }
    cop_arena_free(arena);
    return 0;
}
