/* safetensors.h (implemented in safetensors.c, safetensors_read.c): sets of named tensors on disk,
 * in the format that PyTorch and others read.
 *
 * The format (huggingface.co/docs/safetensors): an 8-byte little-endian length, that many bytes of
 * JSON {"name": {"dtype", "shape", "data_offsets": [begin, end)}, "__metadata__": {text: text}},
 * and the tensors' bytes, which the offsets count from and cover without hole or overlap. */
#ifndef COP_STORE_FORMATS_SAFETENSORS_H
#define COP_STORE_FORMATS_SAFETENSORS_H

#include "core/hash.h"

#include <coppice/tensor.h>

/* Files with a longer header are refused: it would be no file of ours, and JSON grows in memory. */
#define COP_SAFETENSORS_HEADER_LIMIT (16 * 1024 * 1024)

/* One entry of a file's own notes. Keys are unique. */
typedef struct cop_metadata {
    const char *key;
    const char *value;
} cop_metadata;

/* Writes the set atomically with `count` entries of metadata (NULL with 0 for none). The header
 * keeps the set's order. COP_FAILED naming the file; the file at `path` is then as it was. */
cop_status cop_safetensors_write(const char *path, const cop_tensors *tensors,
                                 const cop_metadata *metadata, size_t count, cop_error *err);

/* Reads a file from anywhere: nothing in it is trusted. *out is a new set in the header's order,
 * the caller's. F32, F64, U8, I64 come as they are; F16 and BF16 as f32, I32 as i64, BOOL as u8 of
 * 0 and 1. With `metadata` (may be NULL, then `count` too) *metadata is the list of *count entries,
 * which one free() releases. Without `out` (NULL) the header alone is read and checked. COP_DAMAGED
 * (core/damage.h) naming the file and, where there is one, the tensor; COP_FAILED where the file
 * cannot be read or memory is refused. */
cop_status cop_safetensors_read(const char *path, cop_tensors **out, cop_metadata **metadata,
                                size_t *count, cop_error *err);

/* A file that is open already. */
typedef struct cop_safetensors_source {
    const char *path;   /* what messages call it */
    int file;           /* a descriptor, whose position is left alone; stays open */
    uint64_t size;      /* bytes */
    cop_hasher *hasher; /* NULL, or is fed all of these bytes, in order, as they are read */
} cop_safetensors_source;

/* The same of that file, each of whose bytes is read once. After a failure the hasher has been fed
 * some of them. */
cop_status cop_safetensors_read_open(const cop_safetensors_source *source, cop_tensors **out,
                                     cop_metadata **metadata, size_t *count, cop_error *err);

/* The value of `key`, or NULL. */
const char *cop_metadata_find(const cop_metadata *metadata, size_t count, const char *key);

#endif
