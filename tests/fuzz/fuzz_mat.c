/* Reads a .mat file by the svhn plugin, for both splits. Built without libmatio, it refuses all of
 * them. */
#include "dataset.h"

#include <stdio.h>

/* libmatio itself leaks where a compressed variable is damaged. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:inflateCopy\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char settings[200];
    fuzz_put("train_32x32.mat", data, size);
    fuzz_put("test_32x32.mat", data, size);
    (void)snprintf(settings, sizeof settings, "path = \"%s\";", fuzz_folder());
    if (fuzz_dataset("svhn", settings))
        fuzz_accept();
    return 0;
}
