/* checkpoint_file.h: the state of a stage under way, as a file.
 *
 * A safetensors file (safetensors.h) of the bag's tensors, in their order, and behind them those of
 * what was recorded, each under a prefix that no tensor of the bag begins with; with the metadata
 *
 *   of        the stage: "train-<32 hexadecimal digits>"
 *   step      steps done, decimal digits
 *   seconds   spent so far, with three digits behind the point
 *   series    the prefix; absent where nothing was recorded
 *   checksum  over the others, and over every tensor's name, type, shape and bytes */
#ifndef COP_STORE_FORMATS_CHECKPOINT_FILE_H
#define COP_STORE_FORMATS_CHECKPOINT_FILE_H

#include "store/formats/artifact_id.h"

#include <coppice/tensor.h>

/* The state of a stage under way. */
typedef struct cop_saved {
    cop_tensors *bag;
    cop_tensors *series; /* what a work recorded (study/running/recorder.h); NULL: nothing */
    int64_t step;        /* that it stands at */
    double seconds;      /* already spent */
} cop_saved;

/* Frees the tensors of one that was read, and leaves it empty. */
void cop_saved_clear(cop_saved *saved);

/* `owner` is the stage's name. */
cop_status cop_checkpoint_write(const char *owner, const cop_saved *state, const char *path,
                                cop_error *err);

/* *out is the caller's (cop_saved_clear), empty after a failure; `owner` has room for
 * COP_ARTIFACT_NAME_SIZE. COP_DAMAGED with what is wrong with it ("damaged", "at no valid step",
 * …), COP_FAILED where it cannot be read, or memory is refused. */
cop_status cop_checkpoint_read(const char *path, char *owner, cop_saved *out, cop_error *err);

/* The same without the tensors, however large they are, and so without the checksum: what the file
 * says of itself, to be shown and not gone on from. */
cop_status cop_checkpoint_glance(const char *path, char *owner, int64_t *step, double *seconds,
                                 cop_error *err);

#endif
