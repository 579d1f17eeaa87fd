/* series_csv.h: series.csv, what a work recorded as it went (cop_work_record).
 *
 * A line that names the columns, "name,step,value", then one for each number: series after series,
 * in each the steps in ascending order. A step is a whole number from 0; a value has all its digits
 * (%.17g, so that it reads back bit for bit), or is "inf", "-inf" or "nan". Names have no commas,
 * so nothing is quoted. */
#ifndef COP_STORE_FORMATS_SERIES_CSV_H
#define COP_STORE_FORMATS_SERIES_CSV_H

#include "core/arena.h"

#include <coppice/status.h>

/* Series of one work, and room for a name. */
#define COP_SERIES_MOST      16
#define COP_SERIES_NAME_SIZE 41

typedef struct cop_series_point {
    int64_t step;
    double value;
} cop_series_point;

/* The numbers of one name. */
typedef struct cop_series {
    const char *name;
    const cop_series_point *points; /* at least one */
    size_t count;
} cop_series;

/* Whether a series can be called so: 1 to 40 bytes of UTF-8 without control characters, commas and
 * quotation marks, and without a space at either end. */
bool cop_series_is_name(const char *name);

cop_status cop_series_csv_write(const cop_series *series, size_t count, const char *path,
                                cop_error *err);

/* The series are the arena's, at most COP_SERIES_MOST, no two of one name. COP_DAMAGED naming file
 * and line where the file is not as above; COP_FAILED where it cannot be read, or memory is
 * refused. */
cop_status cop_series_csv_read(const char *path, cop_arena *arena, cop_series **series,
                               size_t *count, cop_error *err);

#endif
