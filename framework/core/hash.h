/* hash.h: 128-bit content hashes (XXH3), for identities and checksums; not cryptographic. */
#ifndef COP_CORE_HASH_H
#define COP_CORE_HASH_H

#include <coppice/status.h>

typedef struct cop_digest {
    uint64_t hi;
    uint64_t lo;
} cop_digest;

typedef struct cop_hasher cop_hasher;

/* A hasher that has seen nothing, owned by the caller, or NULL when memory is out. */
cop_hasher *cop_hasher_new(void);
void cop_hasher_free(cop_hasher *hasher);

/* Feeds raw bytes: how they are cut into calls does not matter. */
void cop_hasher_update(cop_hasher *hasher, const void *data, size_t size);

/* Feeds a text as one field: its length goes first, so that "ab","c" and "a","bc" differ. */
void cop_hasher_update_text(cop_hasher *hasher, const char *text);

/* The digest of all that was fed; the hasher may be fed further. */
cop_digest cop_hasher_finish(const cop_hasher *hasher);

/* The digest in 32 lower-case hexadecimal digits, as xxhsum prints it; returns `out`. */
const char *cop_digest_hex(cop_digest digest, char out[33]);

/* The digest of these bytes, as a hasher fed with them alone gives it; needs no memory. */
cop_digest cop_hash_bytes(const void *data, size_t size);

/* The digest of a regular file's bytes. COP_FAILED naming the path when it cannot be read or is
 * something else, for which it does not wait, or when memory is refused; errno tells which. */
cop_status cop_hash_file(const char *path, cop_digest *digest, cop_error *err);

#endif
