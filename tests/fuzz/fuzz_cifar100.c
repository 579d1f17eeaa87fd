/* Reads records of CIFAR-100 by its plugin: the input's first byte says how many bytes the training
 * file lacks or has too many, the rest is its first records. The test file is sound. */
#include "dataset.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { RECORD = 2 + 3072, TRAIN = 50000 * RECORD, TEST = 10000 * RECORD };

/* Makes a file longer by a hole. */
static void lengthen(const char *name, off_t size)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    FUZZ_REQUIRE(truncate(path, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char settings[200];
    off_t odd = size > 0 ? (off_t)(int8_t)data[0] : 0;
    fuzz_put("train.bin", data + (size > 0), size - (size > 0));
    fuzz_put("test.bin", NULL, 0);
    lengthen("train.bin", TRAIN + odd);
    lengthen("test.bin", TEST);
    (void)snprintf(settings, sizeof settings, "path = \"%s\";", fuzz_folder());
    if (fuzz_dataset("cifar100", settings))
        fuzz_accept();
    return 0;
}
