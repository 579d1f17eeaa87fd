/* dataset.c: what a dataset plugin says of its data. */
#include "nn/dataset.h"

void cop_dataset_set_images(cop_dataset_info *info, int32_t channels, int32_t height, int32_t width)
{
    info->task.channels = channels;
    info->task.height = height;
    info->task.width = width;
}

void cop_dataset_set_classes(cop_dataset_info *info, int32_t count, const char *const *names)
{
    info->task.classes = count;
    info->class_names = names;
}

void cop_dataset_set_count(cop_dataset_info *info, cop_split split, int64_t count)
{
    if (split == COP_SPLIT_TRAIN || split == COP_SPLIT_TEST)
        info->count[split] = count;
}

void cop_dataset_set_normalization(cop_dataset_info *info, const cop_normalization *normalization)
{
    info->normalization = *normalization;
}

void cop_dataset_set_float(cop_dataset_info *info)
{
    info->is_float = true;
}

void cop_dataset_set_augment(cop_dataset_info *info, uint32_t flags)
{
    info->augment = flags;
}
