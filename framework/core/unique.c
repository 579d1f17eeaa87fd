/* unique.c: names with a random number and a checksum over it. */
#include "core/unique.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

/* Keeps the checksum apart from those that others make with XXH3. */
#define MAKER UINT64_C(0x636f70706963652e)

#define DRAW_DIGITS 16

/* The digits behind `length` bytes of name. */
static void write_mark(const char *name, size_t length, uint64_t draw, char mark[33])
{
    uint64_t proof = XXH3_64bits_withSeed(name, length, draw ^ MAKER);
    (void)snprintf(mark, 33, "%016" PRIx64 "%08" PRIx32, draw, (uint32_t)proof);
}

bool cop_unique_name(const char *name, const char *joint, char *out, size_t size)
{
    uint64_t draw = 0;
    ssize_t got = 0;
    char mark[33];
    do {
        got = getrandom(&draw, sizeof draw, 0);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof draw)
        return false;
    write_mark(name, strlen(name), draw, mark);
    int length = snprintf(out, size, "%s%s%s", name, joint, mark);
    if (length >= 0 && (size_t)length < size)
        return true;
    errno = ENAMETOOLONG;
    return false;
}

bool cop_is_unique_name(const char *text, const char *joint)
{
    size_t length = strlen(text), behind = strlen(joint) + COP_UNIQUE_MARK;
    if (length <= behind)
        return false;
    const char *mark = text + length - COP_UNIQUE_MARK;
    if (strncmp(text + length - behind, joint, strlen(joint)) != 0)
        return false;
    uint64_t draw = 0;
    for (int i = 0; i < DRAW_DIGITS; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = memchr(digits, mark[i], 16);
        if (digit == NULL)
            return false;
        draw = draw << 4 | (uint64_t)(digit - digits);
    }
    char wanted[33];
    write_mark(text, length - behind, draw, wanted);
    return strcmp(mark, wanted) == 0;
}
