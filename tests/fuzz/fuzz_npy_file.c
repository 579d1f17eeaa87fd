/* Reads NumPy's arrays (store/formats/npy_file.h). */
#include "fuzz.h"

#include "store/formats/npy_file.h"
#include "store/formats/safetensors.h"

/* There is no writer: what is taken goes through another format and must come back the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cop_tensors *set = cop_tensors_new(), *again = NULL;
    FUZZ_REQUIRE(set != NULL);
    if (cop_npy_take(data, size, "array", set, NULL) == COP_OK) {
        fuzz_accept();
        FUZZ_REQUIRE(cop_safetensors_write(fuzz_copy(0), set, NULL, 0, NULL) == COP_OK);
        FUZZ_REQUIRE(cop_safetensors_read(fuzz_copy(0), &again, NULL, NULL, NULL) == COP_OK);
        FUZZ_REQUIRE(cop_safetensors_write(fuzz_copy(1), again, NULL, 0, NULL) == COP_OK);
        fuzz_require_same_copies();
    }
    cop_tensors_free(set);
    cop_tensors_free(again);
    return 0;
}
