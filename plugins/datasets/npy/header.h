/* header.h: what a .npy file says of itself before its data: a dictionary in Python's syntax. */
#ifndef NPY_HEADER_H
#define NPY_HEADER_H

#include <coppice/status.h>

/* An array may have more axes; no array of images or labels has. */
enum { NPY_RANK = 4, NPY_REASON = 160 };

typedef struct npy_header {
    char kind;               /* 'u', 'i' or 'f': unsigned, signed, floating point */
    int32_t bytes;           /* of an element: 1, 2, 4 or 8 */
    bool is_big;             /* big-endian */
    bool is_fortran;         /* the first axis varies fastest */
    int32_t rank;            /* 1 to NPY_RANK */
    int64_t shape[NPY_RANK]; /* each 1 or more */
} npy_header;

/* Reads the dictionary's `size` characters; false with the reason where it is not one of an array
 * of numbers. */
bool npy_header_parse(const char *text, size_t size, npy_header *out, char reason[NPY_REASON]);

#endif
