/* like.c: counting what a file of a mask keeps. */
#include "like.h"

#include <coppice/pruner.h>

cop_status like_open(const char *path, like_file *out, cop_error *err)
{
    *out = (like_file){.path = path};
    return cop_tensor_file_read(path, &out->tensors, err);
}

void like_close(like_file *file)
{
    cop_tensor_file_free(file->tensors);
    file->tensors = NULL;
}

cop_status like_count(const like_file *file, const char *name, cop_shape shape, int64_t round,
                      int64_t rounds, int64_t *left, cop_error *err)
{
    const cop_tensor *t = cop_tensors_find(cop_tensor_file_tensors(file->tensors), name);
    int64_t weights = cop_shape_count(shape), kept = 0;
    if (t == NULL)
        return cop_fail(err, COP_INVALID, "like: %s has no \"%s\"", file->path, name);
    if (!cop_shape_equal(t->shape, shape))
        return cop_fail(err, COP_INVALID, "like: in %s \"%s\" has another shape than the ticket's",
                        file->path, name);
    for (int64_t i = 0; i < weights; i++)
        kept += cop_tensor_value(t, i) != 0.0;
    double gone = (double)(weights - kept) / (double)weights;
    *left = cop_share_of(cop_density_after(gone, round, rounds), weights);
    return COP_OK;
}
