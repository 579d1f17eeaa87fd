/* like.h: how many weights another ticket keeps of each layer. */
#ifndef COPPICE_RANDOM_LIKE_H
#define COPPICE_RANDOM_LIKE_H

#include <coppice/files.h>
#include <coppice/model.h>

/* A file with that ticket's mask, or with its weights, pruned ones being 0. */
typedef struct like_file {
    const char *path;
    cop_tensor_file *tensors;
} like_file;

/* Opens it (like_close). Errors are those of cop_tensor_file_read. */
cop_status like_open(const char *path, like_file *out, cop_error *err);
void like_close(like_file *file);

/* How many weights of a parameter are left when it comes to the file's share of them in the phase's
 * last round, each round taking the same share of what is left: after round `round` of `rounds`.
 * COP_INVALID, naming the file, where it has no such parameter, or one of another shape. */
cop_status like_count(const like_file *file, const char *name, cop_shape shape, int64_t round,
                      int64_t rounds, int64_t *left, cop_error *err);

#endif
