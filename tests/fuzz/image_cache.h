/* image_cache.h: what the image cache of the corpus holds, for its writer and its fuzz target. */
#ifndef COP_TESTS_FUZZ_IMAGE_CACHE_H
#define COP_TESTS_FUZZ_IMAGE_CACHE_H

#include "store/formats/image_cache.h"

/* Both splits end within the 64 bytes that the next part begins at. */
static const cop_image_cache fuzz_images = {
    .name = "0123456789abcdef0123456789abcdef", .count = {3, 2}, .image = 12, .classes = 4};

#endif
