/* array.h: an array in a .npy file, read item by item along its first axis. */
#ifndef NPY_ARRAY_H
#define NPY_ARRAY_H

#include "header.h"

/* An open file. Zero-initialise it: npy_close must be able to tell that there is none. */
typedef struct npy_array {
    char *path; /* NULL: none */
    int file;
    int64_t data_at; /* bytes before the first element */
    int64_t item;    /* elements of an item */
    npy_header header;
} npy_array;

/* Opens a file, whose size must be as its header says. On failure the message names the file, and
 * *out is empty. */
cop_status npy_open(const char *path, npy_array *out, cop_error *err);
void npy_close(npy_array *array);

/* Reads items first … first+count−1, which are there, with the elements of each in C's order and
 * this machine's byte order: count times `item` elements. */
cop_status npy_read(const npy_array *array, int64_t first, int64_t count, void *out,
                    cop_error *err);

#endif
