/* Reads artifact.json (store/formats/artifact_json.h). */
#include "fuzz.h"

#include "store/formats/artifact_json.h"

#include <string.h>

/* A manifest with the same fields. */
static cop_manifest *copy_of(const cop_manifest *m)
{
    cop_manifest *copy = cop_manifest_new(cop_manifest_kind(m), cop_manifest_identity(m),
                                          cop_manifest_seconds(m), cop_manifest_provenance(m));
    FUZZ_REQUIRE(copy != NULL);
    for (size_t i = 0; i < cop_manifest_file_count(m); i++) {
        const char *file = cop_manifest_file(m, i);
        FUZZ_REQUIRE(cop_manifest_checksum(m, file) != NULL);
        FUZZ_REQUIRE(cop_manifest_add_file(copy, file, cop_manifest_checksum(m, file),
                                           cop_manifest_size(m, file)));
    }
    const char *makers = cop_manifest_makers(m);
    FUZZ_REQUIRE(makers == NULL || cop_manifest_set_makers(copy, makers));
    const char *course = cop_manifest_course(m);
    FUZZ_REQUIRE(course == NULL || cop_manifest_set_course(copy, course, cop_manifest_steps(m)));
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cop_manifest *manifest = NULL, *again = NULL;
    if (cop_manifest_read(fuzz_file(data, size), &manifest, NULL) != COP_OK)
        return 0;
    fuzz_accept();
    cop_manifest *copy = copy_of(manifest);
    FUZZ_REQUIRE(cop_manifest_write(copy, fuzz_copy(0), NULL) == COP_OK);
    FUZZ_REQUIRE(cop_manifest_read(fuzz_copy(0), &again, NULL) == COP_OK);
    FUZZ_REQUIRE(strcmp(cop_manifest_identity(again), cop_manifest_identity(manifest)) == 0);
    cop_manifest_free(copy);
    copy = copy_of(again);
    FUZZ_REQUIRE(cop_manifest_write(copy, fuzz_copy(1), NULL) == COP_OK);
    fuzz_require_same_copies();
    cop_manifest_free(copy);
    cop_manifest_free(again);
    cop_manifest_free(manifest);
    return 0;
}
