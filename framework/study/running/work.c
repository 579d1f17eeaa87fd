/* work.c: the host's services to a running work. */
#include "study/running/work.h"

#include "core/locale.h"

#include <stdarg.h>
#include <stdio.h>

const cop_samples *cop_work_train_data(const cop_work *w)
{
    return w->train;
}

const cop_samples *cop_work_test_data(const cop_work *w)
{
    return w->test;
}

cop_stream cop_work_stream(const cop_work *w, const char *purpose, uint64_t index)
{
    return cop_stream_make(w->seed, purpose, index);
}

uint64_t cop_work_seed(const cop_work *w)
{
    return w->seed;
}

int cop_work_threads(const cop_work *w)
{
    return w->threads;
}

cop_logger *cop_work_logger(const cop_work *w)
{
    return w->log;
}

void cop_work_report(cop_work *w, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)cop_vsnprintf(w->note, sizeof w->note, format, arguments);
    va_end(arguments);
}

const cop_tensors *cop_work_trained(const cop_work *w, size_t request)
{
    return request < w->training_count ? w->trainings[request].final : NULL;
}

const cop_tensors *cop_work_snapshot(const cop_work *w, size_t request, size_t i)
{
    if (request >= w->training_count || i >= w->trainings[request].snapshot_count)
        return NULL;
    return w->trainings[request].snapshots[i];
}
