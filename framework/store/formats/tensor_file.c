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

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* What torch.save wrote before it wrote zip files: a pickle. */
static bool is_pickle(const unsigned char *bytes, size_t size)
{
    return size >= 2 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5;
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

/* By the safetensors reader, which reads the file itself and names it. */
static cop_status take_safetensors(const char *path, cop_tensor_file *file, cop_error *err)
{
    cop_status status =
        cop_safetensors_read(path, &file->tensors, &file->notes, &file->note_count, err);
    if (status != COP_DAMAGED)
        return status;
    if (err != NULL)
        err->status = COP_INVALID; /* to whoever made it elsewhere it is wrong, not damaged */
    return COP_INVALID;
}

static cop_status take_bytes(const char *path, char *bytes, size_t size, cop_tensor_file *file,
                             cop_error *err)
{
    cop_error inner = {0};
    cop_status status = COP_OK;
    char shown[256];
    (void)cop_digest_hex(cop_hash_bytes(bytes, size), file->hash);
    if (cop_npy_begins(bytes, size) || cop_zip_begins(bytes, size))
        status = take_numpy(bytes, size, file, &inner);
    else if (is_pickle((const unsigned char *)bytes, size))
        status = cop_fail(&inner, COP_INVALID,
                          "is a Python pickle, as PyTorch saved files: "
                          "tools/convert/pt-to-safetensors turns it into one that can be read");
    else
        return take_safetensors(path, file, err);
    if (status == COP_OK)
        return COP_OK;
    return cop_fail(err, status, "%s: %s", cop_escape(path, shown, sizeof shown), inner.message);
}

cop_status cop_tensor_file_read(const char *path, cop_tensor_file **out, cop_error *err)
{
    char *bytes = NULL;
    size_t size = 0;
    cop_tensor_file *file = calloc(1, sizeof *file);
    if (file == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_file_read_regular(path, SIZE_MAX, &bytes, &size, err);
    if (status == COP_OK)
        status = take_bytes(path, bytes, size, file, err);
    free(bytes);
    if (status != COP_OK) {
        cop_tensor_file_free(file);
        return status;
    }
    *out = file;
    return COP_OK;
}
