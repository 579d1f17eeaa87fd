/* safetensors.c: writing safetensors files, and their metadata. */
#include "store/formats/safetensors.h"

#include "core/file.h"
#include "core/shape.h"
#include "core/text.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *cop_metadata_find(const cop_metadata *metadata, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(metadata[i].key, key) == 0)
            return metadata[i].value;
    }
    return NULL;
}

static const char *type_name(cop_dtype dtype)
{
    switch (dtype) {
    case COP_F32:
        return "F32";
    case COP_F64:
        return "F64";
    case COP_U8:
        return "U8";
    case COP_I64:
        return "I64";
    }
    return NULL;
}

static size_t tensor_bytes(const cop_tensor *tensor)
{
    size_t bytes = 0;
    (void)cop_shape_bytes(tensor->shape, tensor->dtype, &bytes);
    return bytes;
}

/* The order of the data. */

/* Wide elements lie before narrow ones, so that every tensor is aligned in a mapped file (PyTorch
 * takes views of it). Calls `visit` for each tensor in that order, until one fails. */
static cop_status for_each_by_width(const cop_tensors *set,
                                    cop_status (*visit)(const cop_tensor *tensor, size_t i,
                                                        void *context, cop_error *err),
                                    void *context, cop_error *err)
{
    static const size_t widths[] = {8, 4, 1};
    for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
        for (size_t i = 0; i < cop_tensors_count(set); i++) {
            const cop_tensor *tensor = cop_tensors_at(set, i);
            if (cop_dtype_size(tensor->dtype) == widths[w])
                COP_TRY(visit(tensor, i, context, err));
        }
    }
    return COP_OK;
}

struct placement {
    uint64_t *begin; /* of each tensor, in the set's order */
    uint64_t end;    /* of those placed so far */
};

static cop_status place(const cop_tensor *tensor, size_t i, void *context, cop_error *err)
{
    (void)err;
    struct placement *placement = context;
    placement->begin[i] = placement->end;
    placement->end += tensor_bytes(tensor);
    return COP_OK;
}

static cop_status write_data(const cop_tensor *tensor, size_t i, void *context, cop_error *err)
{
    (void)i;
    return cop_writer_write(context, tensor->data, tensor_bytes(tensor), err);
}

/* Raw, because cJSON's numbers are doubles and come out as 1e+15. */
static bool add_integer(cJSON *array, uint64_t value)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%" PRIu64, value);
    return cJSON_AddItemToArray(array, cJSON_CreateRaw(digits)) != 0;
}

static bool add_tensor(cJSON *root, const cop_tensor *tensor, uint64_t begin)
{
    cJSON *entry = cJSON_AddObjectToObject(root, tensor->name);
    if (entry == NULL || cJSON_AddStringToObject(entry, "dtype", type_name(tensor->dtype)) == NULL)
        return false;
    cJSON *shape = cJSON_AddArrayToObject(entry, "shape");
    if (shape == NULL)
        return false;
    for (int32_t i = 0; i < tensor->shape.rank; i++) {
        if (!add_integer(shape, (uint64_t)tensor->shape.dim[i]))
            return false;
    }
    cJSON *offsets = cJSON_AddArrayToObject(entry, "data_offsets");
    return offsets != NULL && add_integer(offsets, begin) &&
           add_integer(offsets, begin + tensor_bytes(tensor));
}

static bool add_metadata(cJSON *root, const cop_metadata *metadata, size_t count)
{
    cJSON *notes = count == 0 ? NULL : cJSON_AddObjectToObject(root, "__metadata__");
    for (size_t i = 0; i < count; i++) {
        if (notes == NULL ||
            cJSON_AddStringToObject(notes, metadata[i].key, metadata[i].value) == NULL)
            return false;
    }
    return true;
}

/* The header as text, padded so that the data behind it starts at a multiple of eight; NULL when
 * memory is out. The caller's, to free. */
static char *make_header(const cop_tensors *tensors, const uint64_t *begin,
                         const cop_metadata *metadata, size_t count)
{
    cJSON *root = cJSON_CreateObject();
    bool good = root != NULL && add_metadata(root, metadata, count);
    for (size_t i = 0; good && i < cop_tensors_count(tensors); i++)
        good = add_tensor(root, cop_tensors_at(tensors, i), begin[i]);
    char *json = good ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    if (json == NULL)
        return NULL;
    cop_text header = {0};
    cop_text_append(&header, json);
    cJSON_free(json);
    while (header.length % 8 != 0 && !header.failed)
        cop_text_append(&header, " ");
    return cop_text_take(&header);
}

/* What a JSON object cannot say, or what a reader would refuse. */
static cop_status check_names(const cop_tensors *tensors, const cop_metadata *metadata,
                              size_t count, cop_error *err)
{
    char shown[128];
    for (size_t i = 0; i < cop_tensors_count(tensors); i++) {
        const char *name = cop_tensors_at(tensors, i)->name;
        if (strcmp(name, "__metadata__") == 0)
            return cop_fail(err, COP_FAILED, "no tensor can be called __metadata__");
        if (!cop_is_utf8(name, strlen(name)))
            return cop_fail(err, COP_FAILED, "tensor %s: its name is not UTF-8",
                            cop_escape(name, shown, sizeof shown));
    }
    for (size_t i = 0; i < count; i++) {
        const char *key = metadata[i].key;
        if (cop_metadata_find(metadata, i, key) != NULL)
            return cop_fail(err, COP_FAILED, "metadata %s is given twice",
                            cop_escape(key, shown, sizeof shown));
        if (!cop_is_utf8(key, strlen(key)) ||
            !cop_is_utf8(metadata[i].value, strlen(metadata[i].value)))
            return cop_fail(err, COP_FAILED, "metadata %s is not UTF-8",
                            cop_escape(key, shown, sizeof shown));
    }
    return COP_OK;
}

static cop_status write_file(const char *path, const cop_tensors *tensors, const char *header,
                             cop_error *err)
{
    uint64_t length = strlen(header);
    if (length > COP_SAFETENSORS_HEADER_LIMIT)
        return cop_fail(err, COP_FAILED, "the header would take %" PRIu64 " bytes, more than %d",
                        length, COP_SAFETENSORS_HEADER_LIMIT);
    cop_writer *writer = NULL;
    COP_TRY(cop_writer_open(path, &writer, err));
    cop_status status = cop_writer_write(writer, &length, sizeof length, err);
    if (status == COP_OK)
        status = cop_writer_write(writer, header, length, err);
    if (status == COP_OK)
        status = for_each_by_width(tensors, write_data, writer, err);
    if (status != COP_OK) {
        cop_writer_discard(writer);
        return status;
    }
    return cop_writer_commit(writer, err);
}

/* Fails with `path` before the message, where cop_file does not already name it. */
static cop_status fail_in(const char *path, cop_error *err)
{
    char shown[256];
    return cop_fail_within(err, "%s", cop_escape(path, shown, sizeof shown));
}

cop_status cop_safetensors_write(const char *path, const cop_tensors *tensors,
                                 const cop_metadata *metadata, size_t count, cop_error *err)
{
    if (check_names(tensors, metadata, count, err) != COP_OK)
        return fail_in(path, err);
    struct placement placement = {.begin = calloc(cop_tensors_count(tensors) + 1, 8)};
    char *header = NULL;
    if (placement.begin != NULL) {
        (void)for_each_by_width(tensors, place, &placement, NULL);
        header = make_header(tensors, placement.begin, metadata, count);
    }
    free(placement.begin);
    if (header == NULL) {
        (void)cop_fail(err, COP_FAILED, "out of memory for the header");
        return fail_in(path, err);
    }
    cop_status status = write_file(path, tensors, header, err);
    free(header);
    return status;
}
