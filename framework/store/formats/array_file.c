/* array_file.c: arrays that plugins read item by item (coppice/files.h). */
#include <coppice/files.h>

#include "core/memory.h"
#include "store/formats/npy_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cop_array_file {
    char *path;
    int file; /* −1: none */
    cop_npy array;
};

/* What was wrong, as that of the file. */
static cop_status fail(const char *path, const cop_error *inner, cop_error *err)
{
    return cop_fail_at(err, inner->status, path, 0, "%s", inner->message);
}

static cop_status open_array(cop_array_file *file, cop_error *err)
{
    cop_error inner = {0};
    cop_npy_source source = {0};
    COP_TRY(cop_file_open(file->path, &file->file, &source.size, err));
    source.file = file->file;
    if (cop_npy_open(source, &file->array, &inner) == COP_OK)
        return COP_OK;
    return fail(file->path, &inner, err);
}

cop_status cop_array_file_open(const char *path, cop_array_file **out, cop_error *err)
{
    cop_array_file *file = calloc(1, sizeof *file);
    if (file == NULL)
        return cop_out_of_memory(err);
    file->file = -1;
    file->path = strdup(path);
    cop_status status = file->path != NULL ? open_array(file, err) : cop_out_of_memory(err);
    if (status == COP_OK)
        *out = file;
    else
        cop_array_file_close(file);
    return status;
}

void cop_array_file_close(cop_array_file *file)
{
    if (file == NULL)
        return;
    if (file->file >= 0)
        (void)close(file->file);
    free(file->path);
    free(file);
}

const char *cop_array_file_path(const cop_array_file *file)
{
    return file->path;
}

cop_shape cop_array_file_shape(const cop_array_file *file)
{
    return file->array.header.shape;
}

cop_dtype cop_array_file_dtype(const cop_array_file *file)
{
    return cop_npy_header_dtype(&file->array.header);
}

const char *cop_array_file_type(const cop_array_file *file)
{
    return file->array.header.type;
}

cop_status cop_array_file_read(const cop_array_file *file, int64_t first, int64_t count, void *out,
                               cop_error *err)
{
    cop_error inner = {0};
    if (first < 0 || count < 0 || count > file->array.items - first)
        return cop_fail_at(err, COP_INVALID, file->path, 0,
                           "has %lld items, of which %lld from item %lld on are wanted",
                           (long long)file->array.items, (long long)count, (long long)first);
    if (cop_npy_read(&file->array, first, count, out, &inner) == COP_OK)
        return COP_OK;
    return fail(file->path, &inner, err);
}
