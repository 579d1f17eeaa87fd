/* Reads stages.json (store/formats/stages_json.h). */
#include "fuzz.h"

#include "store/formats/stages_json.h"
#include "store/identity_lines.h"

static void write_again(const cop_stage_records *records, cop_arena *arena)
{
    cop_stage_records again;
    FUZZ_REQUIRE(cop_stages_write(records, fuzz_copy(0), NULL) == COP_OK);
    FUZZ_REQUIRE(cop_stages_read(fuzz_copy(0), arena, &again, NULL) == COP_OK);
    FUZZ_REQUIRE(cop_stages_write(&again, fuzz_copy(1), NULL) == COP_OK);
    fuzz_require_same_copies();
}

static cop_status refuse_difference(void *own, const cop_identity_line *a,
                                    const cop_identity_line *b, cop_error *err)
{
    (void)own;
    (void)a;
    (void)b;
    return cop_fail(err, COP_FAILED, "differs from itself");
}

/* Whatever its text is, an identity can be taken apart, and is the same as itself. */
static void take_apart(const char *text, cop_arena *arena)
{
    cop_identity identity;
    FUZZ_REQUIRE(cop_identity_read(text, arena, &identity, NULL) == COP_OK);
    FUZZ_REQUIRE(cop_identity_compare(&identity, &identity, refuse_difference, NULL, NULL) ==
                 COP_OK);
    cop_identity_clear(&identity);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    cop_arena *arena = cop_arena_new();
    cop_stage_records records;
    FUZZ_REQUIRE(arena != NULL);
    if (cop_stages_read(path, arena, &records, NULL) == COP_OK) {
        fuzz_accept();
        write_again(&records, arena);
        for (size_t i = 0; i < records.stage_count; i++)
            take_apart(records.stages[i].identity, arena);
    }
    cop_arena_free(arena);
    return 0;
}
