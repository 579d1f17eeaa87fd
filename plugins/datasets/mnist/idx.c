/* idx.c: reading idx files through zlib. */
#define _POSIX_C_SOURCE 200809L
#include "idx.h"

#include <coppice/files.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { MOST_SIDE = 4096, MOST_HEADER = 16, CHUNK = 1 << 20 };

static cop_status open_stream(const char *path, gzFile *out, int64_t *size, cop_error *err)
{
    int fd = -1;
    COP_TRY(cop_file_open(path, &fd, size, err));
    *out = gzdopen(fd, "rb");
    if (*out != NULL)
        return COP_OK;
    (void)close(fd);
    return cop_fail(err, COP_FAILED, "out of memory");
}

/* What zlib says is wrong with a stream that gave less than was wanted. */
static cop_status fail_short(const idx_file *file, cop_status status, const char *what,
                             cop_error *err)
{
    int code = Z_OK;
    const char *text = gzerror(file->stream, &code);
    const char *name = strstr(text, ">: "); /* zlib's, "<fd:3>", says nothing */
    if (code == Z_ERRNO)
        text = strerror(errno);
    else if (code == Z_OK || code == Z_BUF_ERROR)
        text = "the file ends there";
    else if (text[0] == '<' && name != NULL)
        text = name + 3;
    return cop_fail_at(err, status, file->path, 0, "cannot read %s: %s", what, text);
}

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int64_t item_size(const idx_file *file)
{
    return (int64_t)file->rows * file->columns;
}

/* Magic numbers are 0x0800, "bytes", and how many sizes follow. */
static cop_status read_header(idx_file *file, int axes, cop_error *err)
{
    uint8_t header[MOST_HEADER];
    int bytes = (int)file->header;
    if (gzread(file->stream, header, (unsigned)bytes) != bytes)
        return fail_short(file, COP_INVALID, "the header", err);
    uint32_t magic = big_endian(header), wanted = 0x800u + (uint32_t)axes;
    if (magic != wanted)
        return cop_fail_at(err, COP_INVALID, file->path, 0,
                           "begins with 0x%08x, wanted 0x%08x: an idx file of %s", (unsigned)magic,
                           (unsigned)wanted, axes == 3 ? "images" : "labels");
    uint32_t count = big_endian(header + 4);
    uint32_t rows = axes == 3 ? big_endian(header + 8) : 1;
    uint32_t columns = axes == 3 ? big_endian(header + 12) : 1;
    if (count == 0 || count > INT32_MAX || rows == 0 || rows > MOST_SIDE || columns == 0 ||
        columns > MOST_SIDE)
        return cop_fail_at(err, COP_INVALID, file->path, 0, "has %u items of %u x %u bytes",
                           (unsigned)count, (unsigned)rows, (unsigned)columns);
    file->count = count;
    file->rows = (int32_t)rows;
    file->columns = (int32_t)columns;
    return COP_OK;
}

static cop_status check_size(const idx_file *file, int64_t size, cop_error *err)
{
    int64_t wanted = file->header + file->count * item_size(file);
    if (gzdirect(file->stream) == 0 || size == wanted)
        return COP_OK;
    return cop_fail_at(err, COP_INVALID, file->path, 0,
                       "%lld bytes, wanted %lld (%lld items of %lld bytes)", (long long)size,
                       (long long)wanted, (long long)file->count, (long long)item_size(file));
}

cop_status idx_open(const char *path, int axes, idx_file *out, cop_error *err)
{
    gzFile stream = NULL;
    int64_t size = 0;
    *out = (idx_file){0};
    COP_TRY(open_stream(path, &stream, &size, err));
    idx_file file = {
        .stream = stream, .path = malloc(strlen(path) + 1), .header = 4 + 4 * (int64_t)axes};
    cop_status status = COP_OK;
    if (file.path == NULL)
        status = cop_fail(err, COP_FAILED, "out of memory");
    else
        memcpy(file.path, path, strlen(path) + 1);
    if (status == COP_OK)
        status = read_header(&file, axes, err);
    if (status == COP_OK)
        status = check_size(&file, size, err);
    if (status == COP_OK)
        *out = file;
    else
        idx_close(&file);
    return status;
}

static cop_status go_to(idx_file *file, int64_t first, cop_error *err)
{
    if (file->at == first)
        return COP_OK;
    if (gzseek(file->stream, (z_off_t)(file->header + first * item_size(file)), SEEK_SET) < 0)
        return fail_short(file, COP_FAILED, "on from the wanted item", err);
    return COP_OK;
}

/* The end has to be where the header says; reading it has zlib check its checksum. */
static cop_status check_end(const idx_file *file, cop_error *err)
{
    uint8_t more;
    int got = gzread(file->stream, &more, 1);
    if (got < 0)
        return fail_short(file, COP_FAILED, "the end", err);
    if (got > 0)
        return cop_fail_at(err, COP_FAILED, file->path, 0, "goes on behind its %lld items",
                           (long long)file->count);
    return COP_OK;
}

cop_status idx_read(idx_file *file, int64_t first, int64_t count, uint8_t *bytes, cop_error *err)
{
    int64_t size = item_size(file), wanted = count * size;
    COP_TRY(go_to(file, first, err));
    file->at = -1; /* unless all goes well */
    for (int64_t done = 0; done < wanted;) {
        int64_t part = wanted - done < CHUNK ? wanted - done : CHUNK;
        int got = gzread(file->stream, bytes + done, (unsigned)part);
        if (got != part)
            return fail_short(file, COP_FAILED, "all of its items", err);
        done += part;
    }
    if (first + count == file->count)
        return check_end(file, err);
    file->at = first + count;
    return COP_OK;
}

void idx_close(idx_file *file)
{
    if (file->stream != NULL)
        (void)gzclose(file->stream);
    free(file->path);
    *file = (idx_file){0};
}
