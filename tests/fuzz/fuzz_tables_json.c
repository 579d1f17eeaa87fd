/* Reads tables.json (store/formats/tables_json.h). */
#include "fuzz.h"

#include "store/formats/tables_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cop_tables *tables = NULL, *again = NULL;
    if (cop_tables_read(fuzz_file(data, size), &tables, NULL) == COP_OK) {
        fuzz_accept();
        FUZZ_REQUIRE(cop_tables_write(tables, fuzz_copy(0), NULL) == COP_OK);
        FUZZ_REQUIRE(cop_tables_read(fuzz_copy(0), &again, NULL) == COP_OK);
        FUZZ_REQUIRE(cop_tables_write(again, fuzz_copy(1), NULL) == COP_OK);
        fuzz_require_same_copies();
    }
    cop_tables_free(tables);
    cop_tables_free(again);
    return 0;
}
