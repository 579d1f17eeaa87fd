/* dataset.h: the dataset kind. A dataset plugin describes its splits and reads ranges of samples;
 * the host loads them into memory once, fingerprints what it read, and shares the cop_samples. */
#ifndef COPPICE_DATASET_H
#define COPPICE_DATASET_H

#include <coppice/samples.h>

COP_BEGIN

#define COP_DATASET_INTERFACE 1
#define COP_MAX_CLASSES       1000

typedef enum cop_split { COP_SPLIT_TRAIN = 0, COP_SPLIT_TEST = 1 } cop_split;

typedef struct cop_dataset_info {
    cop_task task;
    cop_normalization normalization;
    bool is_float;    /* samples are float in [0, 1], exactly: clamp what rounding took past an end,
                         for a pixel outside (NaN too) is refused with its sample; else bytes */
    int64_t count[2]; /* samples by cop_split */
    const char *const *class_names; /* task.classes names, owned by the instance until destroy */
    uint32_t augment; /* cop_augment_flag that suit this data when a recipe says "default" */
} cop_dataset_info;

typedef struct cop_dataset_ops {
    size_t size; /* sizeof(cop_dataset_ops) */

    /* Opens the data: checks that files are there and have the right size. [main thread] */
    cop_status (*create)(const void *options, void **self, cop_error *err);
    void (*destroy)(void *self);

    /* Fills *info. [main thread] */
    cop_status (*describe)(void *self, cop_dataset_info *info, cop_error *err);

    /* Writes samples first … first+count−1 of a split: pixels [count, C, H, W] as uint8_t or float,
     * labels [count] in [0, classes). The order of samples is fixed. [main thread] */
    cop_status (*read)(void *self, cop_split split, int64_t first, int64_t count, void *pixels,
                       int32_t *labels, cop_error *err);
} cop_dataset_ops;

COP_END

#endif
