/* npz_file.h: NumPy's archives of arrays: a zip file with an .npy (npy_file.h) for each. */
#ifndef COP_STORE_FORMATS_NPZ_FILE_H
#define COP_STORE_FORMATS_NPZ_FILE_H

#include <coppice/tensor.h>

/* Whether the bytes begin as a zip file does. */
bool cop_zip_begins(const void *bytes, size_t size);

/* Adds every array of the archive that the bytes are, in its order, named as its member without
 * ".npy". COP_INVALID where it is damaged, holds something else, or unpacks to more than its packed
 * size can be; COP_UNAVAILABLE where this build has no libzip; COP_FAILED when memory is out. What
 * was added before a failure stays. */
cop_status cop_npz_take(const void *bytes, size_t size, cop_tensors *set, cop_error *err);

#endif
