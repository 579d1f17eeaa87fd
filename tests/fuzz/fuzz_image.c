/* Reads pictures (coppice/files.h), as plugins do. */
#include "fuzz.h"

#include "report/renderers/png.h"

#include <coppice/files.h>

#include <string.h>

enum { MOST_WRITTEN = 1 << 16 }; /* pixels; more take long */

static size_t values_of(const cop_picture *picture)
{
    return 3 * (size_t)cop_picture_width(picture) * (size_t)cop_picture_height(picture);
}

static void require_sense(const cop_picture *picture)
{
    const uint8_t *rgb = cop_picture_rgb(picture);
    int32_t channels = cop_picture_channels(picture), bits = cop_picture_bits(picture);
    FUZZ_REQUIRE(cop_picture_width(picture) > 0 && cop_picture_height(picture) > 0);
    FUZZ_REQUIRE(bits >= 1 && bits <= 16);
    if (channels == 1)
        for (size_t i = 0; i < values_of(picture); i += 3)
            FUZZ_REQUIRE(rgb[i] == rgb[i + 1] && rgb[i] == rgb[i + 2]);
    else
        FUZZ_REQUIRE(channels == 3 || (channels == 4 && cop_picture_is_jpeg(picture)));
    if (cop_picture_is_jpeg(picture))
        FUZZ_REQUIRE(!cop_picture_has_transparency(picture) && !cop_picture_has_gamma(picture));
    else
        FUZZ_REQUIRE(cop_picture_flaw(picture) == NULL);
}

/* Written as 8-bit colours it is the same picture, and nothing is to be known of it. */
static void require_again(const cop_picture *picture)
{
    cop_picture *again = NULL;
    uint32_t width = (uint32_t)cop_picture_width(picture);
    uint32_t height = (uint32_t)cop_picture_height(picture);
    FUZZ_REQUIRE(cop_png_write(fuzz_copy(0), width, height, cop_picture_rgb(picture), NULL) ==
                 COP_OK);
    FUZZ_REQUIRE(cop_picture_read(fuzz_copy(0), &again, NULL) == COP_OK);
    FUZZ_REQUIRE(values_of(again) == values_of(picture));
    FUZZ_REQUIRE(memcmp(cop_picture_rgb(again), cop_picture_rgb(picture), values_of(picture)) == 0);
    FUZZ_REQUIRE(!cop_picture_is_jpeg(again) && !cop_picture_has_transparency(again));
    FUZZ_REQUIRE(cop_picture_channels(again) == 3 && cop_picture_bits(again) == 8);
    FUZZ_REQUIRE(!cop_picture_has_gamma(again));
    cop_picture_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cop_picture *picture = NULL;
    cop_status status = cop_picture_read(fuzz_file(data, size), &picture, NULL);
    FUZZ_REQUIRE(status == COP_OK || status == COP_INVALID || status == COP_FAILED);
    FUZZ_REQUIRE((picture != NULL) == (status == COP_OK));
    if (status != COP_OK)
        return 0;
    fuzz_accept();
    require_sense(picture);
    if (values_of(picture) <= 3 * (size_t)MOST_WRITTEN)
        require_again(picture);
    cop_picture_free(picture);
    return 0;
}
