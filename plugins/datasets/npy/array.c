/* array.c: reading .npy files (versions 1 to 3 of the format), in whichever order they are stored.
 */
#define _POSIX_C_SOURCE 200809L
#include "array.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAGIC = 6, MOST_HEADER = 1 << 16 };

static cop_status fail(const npy_array *a, cop_error *err, const char *reason)
{
    return cop_fail_at(err, COP_INVALID, a->path, 0, "is no array that can be read: %s", reason);
}

/* Reads bytes of a place; a file that ends before is an error. */
static cop_status read_at(const npy_array *a, void *out, int64_t size, int64_t at, cop_error *err)
{
    char *bytes = out;
    while (size > 0) {
        ssize_t got = pread(a->file, bytes, (size_t)size, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return cop_fail_at(err, COP_FAILED, a->path, 0, "cannot read byte %lld: %s",
                               (long long)at, got < 0 ? strerror(errno) : "the file ends there");
        bytes += got;
        size -= got;
        at += got;
    }
    return COP_OK;
}

/* Opening does not block: a pipe of that name would have it wait for ever. */
static cop_status open_file(npy_array *a, int64_t *size, cop_error *err)
{
    struct stat info = {0};
    a->file = open(a->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (a->file < 0 || fstat(a->file, &info) != 0)
        return cop_fail_at(err, COP_INVALID, a->path, 0, "cannot open: %s", strerror(errno));
    if (!S_ISREG(info.st_mode))
        return cop_fail_at(err, COP_INVALID, a->path, 0, "is not a regular file");
    *size = (int64_t)info.st_size;
    return COP_OK;
}

/* The lead: the magic text, a version, and the length of the dictionary in 2 bytes, or 4. */
static cop_status read_lead(npy_array *a, int64_t size, int64_t *text_at, int64_t *text_size,
                            cop_error *err)
{
    static const uint8_t magic[MAGIC] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
    uint8_t lead[12];
    if (size < (int64_t)sizeof lead)
        return fail(a, err, "it is too short");
    COP_TRY(read_at(a, lead, (int64_t)sizeof lead, 0, err));
    if (memcmp(lead, magic, MAGIC) != 0)
        return fail(a, err, "it does not begin as a .npy file does");
    if (lead[6] < 1 || lead[6] > 3)
        return fail(a, err, "it is of a version that is not known");
    *text_at = lead[6] == 1 ? 10 : 12;
    *text_size = lead[8] | lead[9] << 8;
    if (lead[6] > 1)
        *text_size |= (int64_t)lead[10] << 16 | (int64_t)lead[11] << 24;
    if (*text_size > MOST_HEADER || *text_size > size - *text_at)
        return fail(a, err, "its header is damaged: it is longer than the file");
    return COP_OK;
}

static cop_status read_header(npy_array *a, int64_t size, cop_error *err)
{
    int64_t text_at = 0, text_size = 0;
    char reason[NPY_REASON] = "";
    COP_TRY(read_lead(a, size, &text_at, &text_size, err));
    char *text = malloc((size_t)text_size + 1);
    if (text == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = read_at(a, text, text_size, text_at, err);
    if (status == COP_OK && !npy_header_parse(text, (size_t)text_size, &a->header, reason))
        status = fail(a, err, reason);
    free(text);
    a->data_at = text_at + text_size;
    return status;
}

/* Counts elements; axes are below 2^30, and the product is held to what a file can have. */
static cop_status check_size(npy_array *a, int64_t size, cop_error *err)
{
    const int64_t most = (int64_t)1 << 56;
    int64_t all = a->header.shape[0];
    a->item = 1;
    for (int32_t i = 1; i < a->header.rank; i++) {
        a->item *= a->header.shape[i] < most / a->item ? a->header.shape[i] : 1;
        all = all < most / a->header.shape[i] ? all * a->header.shape[i] : most;
    }
    int64_t wanted = all < most ? all * a->header.bytes : most;
    if (size - a->data_at == wanted)
        return COP_OK;
    return cop_fail_at(err, COP_INVALID, a->path, 0,
                       "has %lld bytes of data, by its header %lld are wanted",
                       (long long)(size - a->data_at), (long long)wanted);
}

cop_status npy_open(const char *path, npy_array *out, cop_error *err)
{
    npy_array a = {.path = malloc(strlen(path) + 1), .file = -1};
    int64_t size = 0;
    *out = (npy_array){0};
    if (a.path == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    memcpy(a.path, path, strlen(path) + 1);
    cop_status status = open_file(&a, &size, err);
    if (status == COP_OK)
        status = read_header(&a, size, err);
    if (status == COP_OK)
        status = check_size(&a, size, err);
    if (status == COP_OK)
        *out = a;
    else
        npy_close(&a);
    return status;
}

void npy_close(npy_array *array)
{
    if (array->path != NULL && array->file >= 0)
        (void)close(array->file);
    free(array->path);
    *array = (npy_array){0};
}

static bool is_big_endian(void)
{
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    return first == 0;
}

static void swap_bytes(uint8_t *elements, int64_t count, int32_t bytes)
{
    for (int64_t i = 0; i < count; i++, elements += bytes)
        for (int32_t k = 0; k < bytes / 2; k++) {
            uint8_t byte = elements[k];
            elements[k] = elements[bytes - 1 - k];
            elements[bytes - 1 - k] = byte;
        }
}

/* Where element k of an item, counted in C's order, is among its elements in Fortran's. */
static int64_t fortran_place(const npy_header *h, int64_t k)
{
    int64_t place = 0, stride = 1, index[NPY_RANK] = {0};
    for (int32_t axis = h->rank - 1; axis > 0; axis--) {
        index[axis] = k % h->shape[axis];
        k /= h->shape[axis];
    }
    for (int32_t axis = 1; axis < h->rank; axis++) {
        place += index[axis] * stride;
        stride *= h->shape[axis];
    }
    return place;
}

/* In Fortran's order the items' elements of one place lie together: a run for each place. */
static cop_status read_fortran(const npy_array *a, int64_t first, int64_t count, uint8_t *out,
                               cop_error *err)
{
    const size_t bytes = (size_t)a->header.bytes;
    uint8_t *run = malloc((size_t)count * bytes);
    if (run == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = COP_OK;
    for (int64_t k = 0; status == COP_OK && k < a->item; k++) {
        int64_t at = fortran_place(&a->header, k) * a->header.shape[0] + first;
        status = read_at(a, run, count * (int64_t)bytes, a->data_at + at * (int64_t)bytes, err);
        for (int64_t i = 0; status == COP_OK && i < count; i++)
            memcpy(out + (size_t)(i * a->item + k) * bytes, run + (size_t)i * bytes, bytes);
    }
    free(run);
    return status;
}

cop_status npy_read(const npy_array *array, int64_t first, int64_t count, void *out, cop_error *err)
{
    int64_t size = array->item * array->header.bytes;
    if (array->header.is_fortran && array->item > 1)
        COP_TRY(read_fortran(array, first, count, out, err));
    else
        COP_TRY(read_at(array, out, count * size, array->data_at + first * size, err));
    if (array->header.is_big != is_big_endian())
        swap_bytes(out, count * array->item, array->header.bytes);
    return COP_OK;
}
