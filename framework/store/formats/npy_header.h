/* npy_header.h: what an array of NumPy's (npy_file.h) says of itself: a Python dictionary as text,
 *
 *   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
 *
 * Other dictionaries than NumPy writes, structured and Python's own types are refused: nothing is
 * evaluated. */
#ifndef COP_STORE_FORMATS_NPY_HEADER_H
#define COP_STORE_FORMATS_NPY_HEADER_H

#include <coppice/tensor.h>

typedef struct cop_npy_header {
    const char *type; /* "f4": kind ('f', 'i', 'u' or 'b') and bytes of an element; a literal */
    int64_t width;    /* those bytes */
    bool is_big;      /* the most significant byte comes first */
    bool is_fortran;  /* the first axis runs fastest */
    cop_shape shape;  /* no axis of more than 2^30 */
} cop_npy_header;

/* Reads the dictionary's `size` characters. COP_INVALID where it is not that of an array of numbers
 * with at most COP_MAX_RANK axes. */
cop_status cop_npy_header_parse(const char *text, size_t size, cop_npy_header *out, cop_error *err);

/* What the elements come as: F32, F64, U8 or I64, never narrower than they are in the file. */
cop_dtype cop_npy_header_dtype(const cop_npy_header *header);

#endif
