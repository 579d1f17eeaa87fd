/* summary.h: summary.json, the few numbers about an artifact that a report wants at hand. */
#ifndef COP_STUDY_RUNNING_SUMMARY_H
#define COP_STUDY_RUNNING_SUMMARY_H

#include <coppice/status.h>

typedef struct cop_summary_value {
    const char *name;
    double value; /* written so that it reads back bit for bit; not finite: null */
} cop_summary_value;

/* Writes {"name": value, …} in the order given. */
cop_status cop_summary_write(const char *path, const cop_summary_value *values, size_t count,
                             cop_error *err);

#endif
