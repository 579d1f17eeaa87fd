/* Reads distilled sets (store/formats/synthetic_file.h). */
#include "fuzz.h"

#include "nn/synthetic.h"
#include "store/formats/synthetic_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cop_synthetic set = {0}, again = {0};
    if (cop_synthetic_read(fuzz_file(data, size), &set, NULL) != COP_OK)
        return 0;
    fuzz_accept();
    FUZZ_REQUIRE(cop_synthetic_write(&set, fuzz_copy(0), NULL) == COP_OK);
    FUZZ_REQUIRE(cop_synthetic_read(fuzz_copy(0), &again, NULL) == COP_OK);
    FUZZ_REQUIRE(cop_synthetic_write(&again, fuzz_copy(1), NULL) == COP_OK);
    fuzz_require_same_copies();
    cop_synthetic_clear(&set);
    cop_synthetic_clear(&again);
    return 0;
}
