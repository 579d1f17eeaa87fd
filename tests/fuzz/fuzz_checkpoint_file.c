/* Reads checkpoints (store/formats/checkpoint_file.h). */
#include "fuzz.h"

#include "store/formats/checkpoint_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cop_checkpoint checkpoint, again;
    cop_tensors *bag = NULL, *bag_again = NULL;
    if (cop_checkpoint_read(fuzz_file(data, size), &checkpoint, &bag, NULL) != COP_OK)
        return 0;
    fuzz_accept();
    FUZZ_REQUIRE(cop_checkpoint_write(&checkpoint, bag, fuzz_copy(0), NULL) == COP_OK);
    FUZZ_REQUIRE(cop_checkpoint_read(fuzz_copy(0), &again, &bag_again, NULL) == COP_OK);
    FUZZ_REQUIRE(again.step == checkpoint.step);
    FUZZ_REQUIRE(cop_checkpoint_write(&again, bag_again, fuzz_copy(1), NULL) == COP_OK);
    fuzz_require_same_copies();
    cop_tensors_free(bag);
    cop_tensors_free(bag_again);
    return 0;
}
