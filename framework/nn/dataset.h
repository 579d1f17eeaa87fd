/* dataset.h: what is inside a cop_dataset_info: the host's own code reads the members, plugins fill
 * them by the functions of coppice/dataset.h. */
#ifndef COP_NN_DATASET_H
#define COP_NN_DATASET_H

#include "core/hash.h"
#include "nn/task.h"

#include <coppice/dataset.h>

struct cop_dataset_info {
    cop_task task;
    cop_normalization normalization;
    bool is_float;                  /* else bytes */
    int64_t count[2];               /* samples by cop_split */
    const char *const *class_names; /* task.classes names, or NULL; the instance's until destroy */
    uint32_t augment;               /* cop_augment_flag */
};

/* Path, size and time of every file, and texts, as they were added. */
struct cop_dataset_stamp {
    cop_hasher *hasher;
};

#endif
