/* npy_file.h: NumPy's format for one array (numpy.org/doc/stable/reference/generated/
 * numpy.lib.format.html), versions 1 to 3: eight bytes of magic and version, the length of a
 * header, the header, a Python dictionary as text
 *
 *   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
 *
 * and the elements. Other dictionaries than NumPy writes, structured and Python's own types are
 * refused: nothing is evaluated. */
#ifndef COP_STORE_FORMATS_NPY_FILE_H
#define COP_STORE_FORMATS_NPY_FILE_H

#include <coppice/tensor.h>

/* Whether the bytes begin as such a file does. */
bool cop_npy_begins(const void *bytes, size_t size);

/* Adds the array that the bytes are to the set, under that name, in C order and as one of our
 * dtypes: float16 and float32 as F32, float64 as F64, uint8 and bool as U8, other integers as I64.
 * COP_INVALID where they are no such array, with nothing added; COP_FAILED when memory is out. */
cop_status cop_npy_take(const void *bytes, size_t size, const char *name, cop_tensors *set,
                        cop_error *err);

#endif
