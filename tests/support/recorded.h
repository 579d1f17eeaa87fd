/* recorded.h: looking into what a work recorded, for the tests. */
#ifndef COP_TEST_RECORDED_H
#define COP_TEST_RECORDED_H

#include "study/running/recorder.h"

#include <math.h>
#include <string.h>

/* The last number of a series; NaN where there is none of that name. */
static inline double last_recorded(const cop_recorder *r, const char *name)
{
    cop_series series[COP_SERIES_MOST];
    size_t count = cop_recorder_series(r, series);
    for (size_t i = 0; i < count; i++)
        if (strcmp(series[i].name, name) == 0)
            return series[i].points[series[i].count - 1].value;
    return (double)NAN;
}

#endif
