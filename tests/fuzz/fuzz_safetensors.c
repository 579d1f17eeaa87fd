/* Reads safetensors files (store/formats/safetensors.h). */
#include "fuzz.h"

#include "store/formats/safetensors.h"

#include <stdlib.h>

typedef struct content {
    cop_tensors *tensors;
    cop_metadata *notes;
    size_t count;
} content;

static cop_status read_content(const char *path, content *c)
{
    return cop_safetensors_read(path, &c->tensors, &c->notes, &c->count, NULL);
}

static void clear(content *c)
{
    free(c->notes);
    cop_tensors_free(c->tensors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    content c = {0}, again = {0};
    if (read_content(fuzz_file(data, size), &c) != COP_OK)
        return 0;
    fuzz_accept();
    FUZZ_REQUIRE(cop_safetensors_write(fuzz_copy(0), c.tensors, c.notes, c.count, NULL) == COP_OK);
    FUZZ_REQUIRE(read_content(fuzz_copy(0), &again) == COP_OK);
    FUZZ_REQUIRE(cop_tensors_count(again.tensors) == cop_tensors_count(c.tensors));
    FUZZ_REQUIRE(cop_safetensors_write(fuzz_copy(1), again.tensors, again.notes, again.count,
                                       NULL) == COP_OK);
    fuzz_require_same_copies();
    clear(&c);
    clear(&again);
    return 0;
}
