/* hash.c: streaming XXH3-128 over bytes, texts and files. */
#include "core/hash.h"

#include "core/file.h"
#include "core/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#define READ_SIZE 65536

struct cop_hasher {
    XXH3_state_t *state;
};

cop_hasher *cop_hasher_new(void)
{
    cop_hasher *hasher = malloc(sizeof *hasher);
    if (hasher == NULL)
        return NULL;
    hasher->state = XXH3_createState();
    if (hasher->state == NULL || XXH3_128bits_reset(hasher->state) != XXH_OK) {
        cop_hasher_free(hasher);
        return NULL;
    }
    return hasher;
}

void cop_hasher_free(cop_hasher *hasher)
{
    if (hasher == NULL)
        return;
    XXH3_freeState(hasher->state);
    free(hasher);
}

void cop_hasher_update(cop_hasher *hasher, const void *data, size_t size)
{
    if (size > 0)
        (void)XXH3_128bits_update(hasher->state, data, size);
}

void cop_hasher_update_text(cop_hasher *hasher, const char *text)
{
    uint64_t length = strlen(text);
    uint8_t bytes[8]; /* little-endian on every machine */
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(length >> (8 * i));
    cop_hasher_update(hasher, bytes, sizeof bytes);
    cop_hasher_update(hasher, text, length);
}

cop_digest cop_hasher_finish(const cop_hasher *hasher)
{
    XXH128_hash_t hash = XXH3_128bits_digest(hasher->state);
    return (cop_digest){.hi = hash.high64, .lo = hash.low64};
}

cop_digest cop_hash_bytes(const void *data, size_t size)
{
    XXH128_hash_t hash = XXH3_128bits(data, size);
    return (cop_digest){.hi = hash.high64, .lo = hash.low64};
}

const char *cop_digest_hex(cop_digest digest, char out[33])
{
    (void)snprintf(out, 33, "%016" PRIx64 "%016" PRIx64, digest.hi, digest.lo);
    return out;
}

/* Feeds all that `fd` still holds; false with errno set when reading fails. */
static bool feed_file(cop_hasher *hasher, int fd, void *buffer)
{
    for (;;) {
        ssize_t got = read(fd, buffer, READ_SIZE);
        if (got == 0)
            return true;
        if (got > 0)
            cop_hasher_update(hasher, buffer, (size_t)got);
        else if (errno != EINTR)
            return false;
    }
}

cop_status cop_hash_file(const char *path, cop_digest *digest, cop_error *err)
{
    int fd = -1;
    int64_t size = 0;
    COP_TRY(cop_file_open_regular(path, &fd, &size, err));
    cop_status status = COP_OK;
    cop_hasher *hasher = cop_hasher_new();
    void *buffer = malloc(READ_SIZE);
    int reason = 0;
    if (hasher == NULL || buffer == NULL) {
        reason = ENOMEM;
        status = cop_out_of_memory(err);
    } else if (!feed_file(hasher, fd, buffer)) {
        reason = errno;
        status = cop_fail_errno(err, "cannot read", path);
    } else {
        *digest = cop_hasher_finish(hasher);
    }
    free(buffer);
    cop_hasher_free(hasher);
    (void)close(fd);
    errno = reason;
    return status;
}
