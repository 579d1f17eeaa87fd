/* idx.h: files in the format of the MNIST page: a magic number, sizes, then bytes; gzipped or not.
 */
#ifndef MNIST_IDX_H
#define MNIST_IDX_H

#include <coppice/status.h>

/* An open file. All zeros: none. */
typedef struct idx_file {
    void *stream; /* zlib's, which reads plain files, too */
    char *path;
    int64_t header;        /* bytes before the first item */
    int64_t count;         /* images or labels */
    int32_t rows, columns; /* of images; 1 for labels */
    int64_t at;            /* the item that the stream stands at; -1: not known */
} idx_file;

/* Opens a file of images (`axes` 3) or labels (`axes` 1) and reads its sizes. A plain file must be
 * exactly as long as they say; of a gzipped one that is seen when its end is read. On failure the
 * message names the file, and *out is empty. */
cop_status idx_open(const char *path, int axes, idx_file *out, cop_error *err);

/* Reads the bytes of items first … first+count−1, which are there. */
cop_status idx_read(idx_file *file, int64_t first, int64_t count, uint8_t *bytes, cop_error *err);

/* Closes it and leaves it empty. */
void idx_close(idx_file *file);

#endif
