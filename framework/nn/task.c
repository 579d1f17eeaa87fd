/* task.c: what plugins ask of a task. */
#include "nn/task.h"

int32_t cop_task_channels(const cop_task *task)
{
    return task->channels;
}

int32_t cop_task_height(const cop_task *task)
{
    return task->height;
}

int32_t cop_task_width(const cop_task *task)
{
    return task->width;
}

int32_t cop_task_classes(const cop_task *task)
{
    return task->classes;
}

cop_shape cop_task_shape(const cop_task *task, int64_t count)
{
    return cop_shape4(count, task->channels, task->height, task->width);
}

int64_t cop_task_values(const cop_task *task)
{
    return (int64_t)task->channels * task->height * task->width;
}
