/* clock.c: how long things take. */
#include "core/clock.h"

#include <time.h>

double cop_now(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
