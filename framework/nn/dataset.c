/* dataset.c: what a dataset plugin says of its data. */
#include "nn/dataset.h"

#include "core/file.h"

#include <sys/stat.h>

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

cop_status cop_dataset_stamp_file(cop_dataset_stamp *stamp, const char *path, cop_error *err)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return cop_fail_errno(err, "cannot look at", path);
    const int64_t numbers[] = {(int64_t)info.st_size, (int64_t)info.st_mtim.tv_sec,
                               (int64_t)info.st_mtim.tv_nsec};
    cop_hasher_update_text(stamp->hasher, path);
    cop_hasher_update(stamp->hasher, numbers, sizeof numbers);
    return COP_OK;
}

void cop_dataset_stamp_text(cop_dataset_stamp *stamp, const char *text)
{
    cop_hasher_update_text(stamp->hasher, text);
}
