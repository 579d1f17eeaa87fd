/* Decodes and resizes an image by the imagefolder plugin: it is the only one of either class. */
#include "dataset.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char settings[200];
    fuzz_make_folder("a");
    fuzz_make_folder("b");
    fuzz_put("a/1.jpg", data, size);
    fuzz_put("b/1.png", data, size);
    (void)snprintf(settings, sizeof settings, "path = \"%s\"; size = 16;", fuzz_folder());
    if (fuzz_dataset("imagefolder", settings))
        fuzz_accept();
    return 0;
}
