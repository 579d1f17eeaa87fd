/* tensor_file.c: what plugins read (coppice/files.h): the format by its first bytes, and what is
 * common to all. */
#include <coppice/files.h>

#include "core/damage.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/locale.h"
#include "core/memory.h"
#include "core/text.h"
#include "store/formats/npy_file.h"
#include "store/formats/npz_file.h"
#include "store/formats/safetensors.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes that tell the format. */
#define FIRST_BYTES 16

/* Of a file that is in memory as a whole while it is read: 14,000 images of 224 x 224 as floats. */
#define MOST_WHOLE ((int64_t)1 << 33)

struct cop_tensor_file {
    cop_tensors *tensors;
    cop_metadata *notes;
    size_t note_count;
    char hash[33];
};

void cop_tensor_file_free(cop_tensor_file *file)
{
    if (file == NULL)
        return;
    cop_tensors_free(file->tensors);
    free(file->notes);
    free(file);
}

const cop_tensors *cop_tensor_file_tensors(const cop_tensor_file *file)
{
    return file->tensors;
}

const char *cop_tensor_file_note(const cop_tensor_file *file, const char *key)
{
    return cop_metadata_find(file->notes, file->note_count, key);
}

int32_t cop_tensor_file_numbers(const cop_tensor_file *file, const char *key, float *out,
                                int32_t most)
{
    const char *at = cop_tensor_file_note(file, key);
    int32_t count = 0;
    if (at == NULL)
        return 0;
    for (at += strspn(at, " "); *at != '\0'; at += strspn(at, " "), count++) {
        char *end = NULL;
        float value = cop_strtof(at, &end);
        if (end == at || count == most || !isfinite(value))
            return -1;
        out[count] = value;
        at = end;
    }
    return count > 0 ? count : -1;
}

const char *cop_tensor_file_hash(const cop_tensor_file *file)
{
    return file->hash;
}

/* What torch.save wrote before it wrote zip files: a pickle. The length of a safetensors header may
 * begin so, too, but the header follows it. */
static bool is_pickle(const unsigned char *bytes, size_t size)
{
    bool has_header = size > 8 && bytes[8] == '{';
    return size >= 2 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5 && !has_header;
}

static cop_status take_numpy(const void *bytes, size_t size, cop_tensor_file *file, cop_error *err)
{
    file->tensors = cop_tensors_new();
    if (file->tensors == NULL)
        return cop_out_of_memory(err);
    if (cop_npy_begins(bytes, size))
        return cop_npy_take(bytes, size, "array", file->tensors, err);
    return cop_npz_take(bytes, size, file->tensors, err);
}

/* An open file. */
typedef struct source {
    const char *path;
    int file;
    int64_t size;
} source;

/* What was wrong, as that of the file. */
static cop_status fail(const source *s, const cop_error *inner, cop_error *err)
{
    char shown[256];
    return cop_fail(err, inner->status, "%s: %s", cop_escape(s->path, shown, sizeof shown),
                    inner->message);
}

/* By the safetensors reader, which names the file itself. */
static cop_status take_safetensors(const source *s, cop_tensor_file *file, cop_error *err)
{
    cop_hasher *hasher = cop_hasher_new();
    if (hasher == NULL)
        return cop_out_of_memory(err);
    const cop_safetensors_source from = {
        .path = s->path, .file = s->file, .size = (uint64_t)s->size, .hasher = hasher};
    cop_status status =
        cop_safetensors_read_open(&from, &file->tensors, &file->notes, &file->note_count, err);
    (void)cop_digest_hex(cop_hasher_finish(hasher), file->hash);
    cop_hasher_free(hasher);
    if (status != COP_DAMAGED)
        return status;
    if (err != NULL)
        err->status = COP_INVALID; /* to whoever made it elsewhere it is wrong, not damaged */
    return COP_INVALID;
}

/* Formats that are read out of memory. The file may have become shorter meanwhile. */
static cop_status take_whole(const source *s, cop_tensor_file *file, cop_error *err)
{
    cop_error inner = {0};
    cop_status status = COP_OK;
    size_t size = 0;
    if (s->size > MOST_WHOLE) {
        (void)cop_fail(&inner, COP_FAILED, "has %lld bytes, at most %lld are read",
                       (long long)s->size, (long long)MOST_WHOLE);
        return fail(s, &inner, err);
    }
    char *bytes = malloc((size_t)s->size);
    if (bytes == NULL)
        return cop_out_of_memory(err);
    if (!cop_file_read_part(s->file, 0, bytes, (size_t)s->size, &size))
        status = cop_fail(&inner, COP_FAILED, "cannot be read: %s", strerror(errno));
    if (status == COP_OK)
        status = take_numpy(bytes, size, file, &inner);
    if (status == COP_OK)
        (void)cop_digest_hex(cop_hash_bytes(bytes, size), file->hash);
    free(bytes);
    return status == COP_OK ? COP_OK : fail(s, &inner, err);
}

static cop_status take(const source *s, cop_tensor_file *file, cop_error *err)
{
    unsigned char first[FIRST_BYTES];
    cop_error inner = {0};
    size_t got = 0;
    if (!cop_file_read_part(s->file, 0, first, sizeof first, &got))
        return cop_fail_errno(err, "cannot read", s->path);
    if (cop_npy_begins(first, got) || cop_zip_begins(first, got))
        return take_whole(s, file, err);
    if (!is_pickle(first, got))
        return take_safetensors(s, file, err);
    (void)cop_fail(&inner, COP_INVALID,
                   "is a Python pickle, as PyTorch saved files: "
                   "tools/convert/pt-to-safetensors turns it into one that can be read");
    return fail(s, &inner, err);
}

cop_status cop_tensor_file_read(const char *path, cop_tensor_file **out, cop_error *err)
{
    source s = {.path = path, .file = -1};
    cop_tensor_file *file = calloc(1, sizeof *file);
    if (file == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_file_open_regular(path, &s.file, &s.size, err);
    if (status == COP_OK) {
        status = take(&s, file, err);
        (void)close(s.file);
    }
    if (status != COP_OK) {
        cop_tensor_file_free(file);
        return status;
    }
    *out = file;
    return COP_OK;
}
