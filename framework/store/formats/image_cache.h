/* image_cache.h: a dataset's splits as they were read, in a file that is mapped into memory.
 *
 * A page of header, then the training split, then the test split: the pixels of its images, one
 * after the other, and their labels (int32), each beginning at a multiple of 64 bytes; then 16
 * bytes of a checksum over all before. Numbers are in the machine's own order: it is a file of this
 * machine, which can be made again. The header is a line that names the format, the name of what
 * was read, and the sizes: a file that does not begin exactly as its reader expects is another
 * one's. */
#ifndef COP_STORE_FORMATS_IMAGE_CACHE_H
#define COP_STORE_FORMATS_IMAGE_CACHE_H

#include "core/resident.h"

#include <coppice/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a file holds. */
typedef struct cop_image_cache {
    char name[33];    /* a hash of whatever tells what was read */
    int64_t count[2]; /* images, by split; 0: none */
    int64_t image;    /* bytes of one */
    int32_t classes;  /* labels are below it */
} cop_image_cache;

/* A file in memory, to be read. */
typedef struct cop_image_mapping {
    cop_resident file;     /* whole; its bytes are NULL where there is none */
    const void *pixels[2]; /* in it, by split */
    const int32_t *labels[2];
} cop_image_mapping;

/* Maps the file, of which `most` bytes may stay in memory (resident.h; 0: all). *there is false,
 * and nothing mapped, where there is none. COP_DAMAGED naming it where it is not whole, or not of
 * `what`; COP_FAILED where it cannot be read. *out is the caller's (cop_image_cache_unmap). */
cop_status cop_image_cache_map(const char *path, const cop_image_cache *what, size_t most,
                               cop_image_mapping *out, bool *there, cop_error *err);
void cop_image_cache_unmap(cop_image_mapping *mapping);

/* Writes one, in pieces: the pixels of a split in any number of them, then its labels, the training
 * split first; a split without images has neither. The file is there once it is committed, and
 * whole. After a failure the writer can only be discarded. */
typedef struct cop_image_writer cop_image_writer;

cop_status cop_image_writer_open(const char *path, const cop_image_cache *what,
                                 cop_image_writer **out, cop_error *err);
cop_status cop_image_writer_pixels(cop_image_writer *w, const void *pixels, size_t bytes,
                                   cop_error *err);
cop_status cop_image_writer_labels(cop_image_writer *w, const int32_t *labels, int64_t count,
                                   cop_error *err);

/* Ends the file and frees the writer whether that succeeds or not. */
cop_status cop_image_writer_commit(cop_image_writer *w, cop_error *err);

/* Removes what was written and frees the writer; NULL is fine. */
void cop_image_writer_discard(cop_image_writer *w);

#endif
