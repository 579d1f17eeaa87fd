/* Reads summary.json (store/formats/summary_json.h). */
#include "fuzz.h"

#include "store/artifact.h"
#include "store/formats/summary_json.h"

static void write_again(const cop_summary *summary)
{
    static const char *const kinds[] = {COP_ARTIFACT_SET, COP_ARTIFACT_TRAINING, COP_ARTIFACT_MASK,
                                        COP_ARTIFACT_ANALYSIS};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        cop_summary again;
        FUZZ_REQUIRE(cop_summary_write(summary, kinds[i], fuzz_copy(0), NULL) == COP_OK);
        FUZZ_REQUIRE(cop_summary_read(fuzz_copy(0), &again, NULL) == COP_OK);
        FUZZ_REQUIRE(cop_summary_write(&again, kinds[i], fuzz_copy(1), NULL) == COP_OK);
        fuzz_require_same_copies();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cop_summary summary;
    if (cop_summary_read(fuzz_file(data, size), &summary, NULL) == COP_OK) {
        fuzz_accept();
        write_again(&summary);
    }
    return 0;
}
