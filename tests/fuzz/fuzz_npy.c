/* Reads arrays by the npy plugin: the input's first two bytes say how many of the others are the
 * images' array; the rest is that of the labels. */
#include "dataset.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char settings[400];
    if (size < 2)
        return 0;
    size_t images = (size_t)data[0] << 8 | data[1], left = size - 2;
    images = images < left ? images : left;
    fuzz_put("images", data + 2, images);
    fuzz_put("labels", data + 2 + images, left - images);
    (void)snprintf(settings, sizeof settings,
                   "train_images = \"%s/images\"; train_labels = \"%s/labels\";", fuzz_folder(),
                   fuzz_folder());
    if (fuzz_dataset("npy", settings))
        fuzz_accept();
    return 0;
}
