/* npy_file.h: NumPy's format for one array (numpy.org/doc/stable/reference/generated/
 * numpy.lib.format.html), versions 1 to 3: eight bytes of magic and version, the length of a
 * header, the header (npy_header.h), and the elements. Whole arrays are read from memory, items of
 * large ones from a file (array_file.c); both are cop_npy. */
#ifndef COP_STORE_FORMATS_NPY_FILE_H
#define COP_STORE_FORMATS_NPY_FILE_H

#include "store/formats/npy_header.h"

/* Whether the bytes begin as such a file does. */
bool cop_npy_begins(const void *bytes, size_t size);

/* Where a file's bytes are, the caller's, who keeps them as long as they are read. */
typedef struct cop_npy_source {
    const unsigned char *bytes; /* in memory; or NULL: */
    int file;                   /* a descriptor of an open file, whose position is left alone */
    int64_t size;               /* how many */
} cop_npy_source;

/* An array there. Its items are along its first axis; a scalar is one item. */
typedef struct cop_npy {
    cop_npy_source source;
    cop_npy_header header;
    int64_t data_at; /* bytes before the first element */
    int64_t items;
    int64_t item; /* elements of each */
} cop_npy;

/* Reads what it says of itself; there is nothing to close. COP_INVALID where it is no array of
 * numbers, or there are more or fewer bytes than it says; COP_FAILED where they cannot be read. */
cop_status cop_npy_open(cop_npy_source source, cop_npy *out, cop_error *err);

/* Reads items first … first+count−1, which are there, in C order and as cop_npy_header_dtype.
 * COP_INVALID for an integer beyond INT64_MAX; COP_FAILED where the bytes cannot be read. */
cop_status cop_npy_read(const cop_npy *array, int64_t first, int64_t count, void *out,
                        cop_error *err);

/* Adds the array that the bytes are to the set, under that name. Errors: as the two above, and
 * COP_FAILED when memory is out. What was added before a failure stays. */
cop_status cop_npy_take(const void *bytes, size_t size, const char *name, cop_tensors *set,
                        cop_error *err);

#endif
