/* whole.c: going through a .mat file from end to end. */
#define _POSIX_C_SOURCE 200809L
#include "whole.h"

#ifdef SVHN_HAS_MATIO

#include <coppice/files.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

enum {
    HEADER = 128, /* bytes: a text, then the version and the byte order */
    TAG = 8,      /* what an element is, and how many bytes follow */
    VARIABLE = 14,
    COMPRESSED = 15, /* a variable */
    FLAGS = 6,
    SIZES = 5,
    NAME = 1,
    MOST_HEAD = 80,  /* bytes of a variable up to its name */
    MOST_SIZES = 32, /* bytes: 8 axes */
    MOST_NAME = 63,
    MOST_ELEMENTS = 64,
    BLOCK = 1 << 16
};

typedef struct walk {
    int file;
    int64_t size;
    bool is_big; /* the byte order of tags */
    uint8_t in[BLOCK], out[BLOCK];
} walk;

static bool read_at(const walk *w, void *out, int64_t size, int64_t at)
{
    return cop_file_read_at(w->file, "", at, out, (size_t)size, NULL) == COP_OK;
}

/* The end of the header: version 1.0, in either byte order. */
static bool is_matlab5(walk *w)
{
    static const uint8_t little[4] = {0x00, 0x01, 'I', 'M'}, big[4] = {0x01, 0x00, 'M', 'I'};
    uint8_t end[4];
    if (!read_at(w, end, sizeof end, HEADER - 4))
        return false;
    w->is_big = memcmp(end, big, sizeof end) == 0;
    return w->is_big || memcmp(end, little, sizeof end) == 0;
}

static int64_t number(const uint8_t *bytes, bool is_big)
{
    int64_t value = 0;
    for (int i = 0; i < 4; i++)
        value = value << 8 | bytes[is_big ? i : 3 - i];
    return value;
}

/* Whether a variable's body begins as one does: flags, sizes, and a name of a length that MATLAB
 * allows; libmatio asks for as much memory as they claim. The tag of a name of up to 4 bytes may
 * have its length in the upper half of its first number. */
static bool has_sound_head(const uint8_t *body, int64_t count, bool is_big)
{
    if (count < 3 * TAG || number(body, is_big) != FLAGS || number(body + 4, is_big) != TAG ||
        number(body + 2 * TAG, is_big) != SIZES)
        return false;
    int64_t sizes = number(body + 2 * TAG + 4, is_big);
    int64_t at = 3 * TAG + (sizes + TAG - 1) / TAG * TAG;
    if (sizes > MOST_SIZES || count < at + TAG)
        return false;
    int64_t type = number(body + at, is_big);
    if (type >> 16 != 0)
        return type >> 16 <= 4 && (type & 0xffff) == NAME;
    return type == NAME && number(body + at + 4, is_big) <= MOST_NAME;
}

static bool is_sound_variable(walk *w, int64_t at, int64_t size)
{
    int64_t count = size < MOST_HEAD ? size : MOST_HEAD;
    return read_at(w, w->in, count, at) && has_sound_head(w->in, count, w->is_big);
}

/* What the first decompressed bytes are: the tag of a variable, and its body. */
static bool begins_soundly(const walk *w, const z_stream *stream)
{
    int64_t count = BLOCK - (int64_t)stream->avail_out;
    return count > TAG && number(w->out, w->is_big) == VARIABLE &&
           has_sound_head(w->out + TAG, count - TAG, w->is_big);
}

/* Decompresses what there is; the stream must end, soundly, where the element does. */
static bool inflates(walk *w, z_stream *stream, int64_t at, int64_t size)
{
    int code = Z_OK;
    while (code == Z_OK) {
        int64_t part = size < BLOCK ? size : BLOCK;
        if (stream->avail_in == 0) {
            if (part == 0 || !read_at(w, w->in, part, at))
                return false;
            stream->next_in = w->in;
            stream->avail_in = (unsigned)part;
            at += part;
            size -= part;
        }
        stream->next_out = w->out;
        stream->avail_out = BLOCK;
        bool is_first = stream->total_out == 0;
        code = inflate(stream, Z_NO_FLUSH);
        if (is_first && !begins_soundly(w, stream))
            return false;
    }
    return code == Z_STREAM_END && size == 0 && stream->avail_in == 0;
}

static bool is_sound_stream(walk *w, int64_t at, int64_t size)
{
    z_stream stream = {0};
    if (inflateInit(&stream) != Z_OK)
        return false;
    bool is_sound = inflates(w, &stream, at, size);
    (void)inflateEnd(&stream);
    return is_sound;
}

/* Element by element, up to where the file ends; what is wrong, or NULL. */
static const char *find_fault(walk *w)
{
    int64_t at = HEADER;
    for (int i = 0; at < w->size && i < MOST_ELEMENTS; i++) {
        uint8_t tag[TAG];
        if (!read_at(w, tag, TAG, at))
            return "is cut off";
        int64_t type = number(tag, w->is_big), size = number(tag + 4, w->is_big);
        at += TAG;
        if (type != VARIABLE && type != COMPRESSED)
            return "is damaged: it has something else than variables";
        if (size > w->size - at)
            return "is cut off: its last variable is longer";
        if (type == VARIABLE && !is_sound_variable(w, at, size))
            return "is damaged: a variable does not begin as one does";
        if (type == COMPRESSED && !is_sound_stream(w, at, size))
            return "is damaged: a variable cannot be decompressed, or is none";
        at += size;
    }
    return at == w->size && at > HEADER ? NULL : "has no variables, or too many";
}

static cop_status check(walk *w, const char *path, cop_error *err)
{
    if (!is_matlab5(w))
        return cop_fail_at(err, COP_INVALID, path, 0, "is no .mat file of MATLAB 5's format");
    const char *fault = find_fault(w);
    return fault == NULL ? COP_OK : cop_fail_at(err, COP_INVALID, path, 0, "%s", fault);
}

cop_status mat_check_whole(const char *path, cop_error *err)
{
    walk *w = malloc(sizeof *w);
    if (w == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = cop_file_open(path, &w->file, &w->size, err);
    if (status == COP_OK) {
        status = check(w, path, err);
        (void)close(w->file);
    }
    free(w);
    return status;
}

#endif
