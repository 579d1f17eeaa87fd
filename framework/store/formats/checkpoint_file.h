/* checkpoint_file.h: the state of a stage under way, as a file.
 *
 * A safetensors file (safetensors.h) of the state's tensors, in their order, with the metadata
 *
 *   of        the stage: "train-<32 hexadecimal digits>"
 *   step      steps done, decimal digits
 *   seconds   spent so far, with three digits behind the point
 *   checksum  over the three, and over every tensor's name, type, shape and bytes */
#ifndef COP_STORE_FORMATS_CHECKPOINT_FILE_H
#define COP_STORE_FORMATS_CHECKPOINT_FILE_H

#include "store/artifact.h"

typedef struct cop_checkpoint {
    char owner[COP_ARTIFACT_NAME_SIZE]; /* the stage's name */
    int64_t step;
    double seconds;
} cop_checkpoint;

cop_status cop_checkpoint_write(const cop_checkpoint *checkpoint, const cop_tensors *bag,
                                const char *path, cop_error *err);

/* *bag is the caller's. COP_DAMAGED with what is wrong with it ("damaged", "at no valid step", …),
 * COP_FAILED where it cannot be read, or memory is refused. */
cop_status cop_checkpoint_read(const char *path, cop_checkpoint *out, cop_tensors **bag,
                               cop_error *err);

#endif
