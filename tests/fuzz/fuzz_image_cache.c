/* Maps image caches (store/formats/image_cache.h) of what is known of them. */
#include "fuzz.h"
#include "image_cache.h"

#include "core/damage.h"
#include "core/hash.h"

#include <stdlib.h>
#include <string.h>

static void write_again(const cop_image_mapping *m, const char *path)
{
    cop_image_writer *w = NULL;
    FUZZ_REQUIRE(cop_image_writer_open(path, &fuzz_images, &w, NULL) == COP_OK);
    for (int split = 0; split < 2; split++) {
        int64_t count = fuzz_images.count[split];
        size_t bytes = (size_t)count * (size_t)fuzz_images.image;
        FUZZ_REQUIRE(cop_image_writer_pixels(w, m->pixels[split], bytes, NULL) == COP_OK);
        FUZZ_REQUIRE(cop_image_writer_labels(w, m->labels[split], count, NULL) == COP_OK);
    }
    FUZZ_REQUIRE(cop_image_writer_commit(w, NULL) == COP_OK);
}

static bool is_same(const cop_image_mapping *a, const cop_image_mapping *b)
{
    bool same = a->file.size == b->file.size;
    for (int split = 0; same && split < 2; split++) {
        size_t count = (size_t)fuzz_images.count[split];
        same = memcmp(a->pixels[split], b->pixels[split], count * (size_t)fuzz_images.image) == 0 &&
               memcmp(a->labels[split], b->labels[split], count * sizeof(int32_t)) == 0;
    }
    return same;
}

/* What is mapped has labels that are classes, and is the same when it is written again. */
static void require_sense(const cop_image_mapping *m)
{
    cop_image_mapping again;
    bool there = false;
    for (int split = 0; split < 2; split++)
        for (int64_t i = 0; i < fuzz_images.count[split]; i++)
            FUZZ_REQUIRE(m->labels[split][i] >= 0 && m->labels[split][i] < fuzz_images.classes);
    write_again(m, fuzz_copy(0));
    FUZZ_REQUIRE(cop_image_cache_map(fuzz_copy(0), &fuzz_images, 0, &again, &there, NULL) ==
                 COP_OK);
    FUZZ_REQUIRE(there && is_same(m, &again));
    write_again(&again, fuzz_copy(1));
    fuzz_require_same_copies();
    cop_image_cache_unmap(&again);
}

/* Whether the bytes are taken; if not, they are damaged, and nothing is mapped. */
static bool is_taken(const uint8_t *data, size_t size)
{
    cop_image_mapping m;
    bool there = false;
    cop_status status =
        cop_image_cache_map(fuzz_file(data, size), &fuzz_images, 4096, &m, &there, NULL);
    FUZZ_REQUIRE(status == COP_OK || status == COP_DAMAGED);
    FUZZ_REQUIRE(there == (status == COP_OK) && there == (m.file.bytes != NULL));
    if (there)
        require_sense(&m);
    cop_image_cache_unmap(&m);
    return there;
}

/* Again under a checksum that is right, as whoever makes a file up can make that, too. */
static void try_forged(const uint8_t *data, size_t size)
{
    cop_digest digest;
    if (size < sizeof digest)
        return;
    uint8_t *forged = malloc(size);
    FUZZ_REQUIRE(forged != NULL);
    memcpy(forged, data, size);
    digest = cop_hash_bytes(forged, size - sizeof digest);
    memcpy(forged + size - sizeof digest, &digest, sizeof digest);
    (void)is_taken(forged, size);
    free(forged);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (is_taken(data, size))
        fuzz_accept();
    else
        try_forged(data, size);
    return 0;
}
