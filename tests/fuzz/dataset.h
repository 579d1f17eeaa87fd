/* dataset.h: what the fuzz targets of dataset plugins share. */
#ifndef COP_TESTS_FUZZ_DATASET_H
#define COP_TESTS_FUZZ_DATASET_H

#include "fuzz.h"

/* Puts bytes in a file of the folder in memory (fuzz_folder), which is removed when the process ends.
 * A target has the same few files all the time. */
void fuzz_put(const char *name, const uint8_t *data, size_t size);

/* Opens the dataset of that id with these settings (libconfig's; the same at every call), has it
 * describe itself, and reads its first four training images, or all that it has; whether all of that
 * went well. Requires that labels are in range. */
bool fuzz_dataset(const char *id, const char *settings);

#endif
