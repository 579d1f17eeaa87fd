/* recorder.h: the numbers that a work records as it goes: a series for each name, kept short.
 *
 * A series keeps every number until COP_RECORDER_KEPT are there; then every second of them goes,
 * and from there on only every second is kept; and so on. It also has the last one. So what it
 * holds depends on what was recorded alone, not on how often a run was stopped, nor on how much is
 * to come. */
#ifndef COP_STUDY_RUNNING_RECORDER_H
#define COP_STUDY_RUNNING_RECORDER_H

#include "store/formats/series_csv.h"

#include <coppice/tensor.h>

#define COP_RECORDER_KEPT 2048 /* even */

typedef struct cop_recorded {
    char name[COP_SERIES_NAME_SIZE];
    int64_t seen;             /* numbers so far, of which every stride-th is kept, from the first */
    int64_t stride;           /* a power of two */
    size_t kept;              /* points that are */
    size_t count;             /* with the last one, where that is not kept */
    cop_series_point *points; /* owned; room for COP_RECORDER_KEPT and the last */
} cop_recorded;

/* Starts as {0}. */
typedef struct cop_recorder {
    cop_recorded items[COP_SERIES_MOST]; /* in the order of their first numbers */
    size_t count;
} cop_recorder;

/* Frees what it holds, and leaves it empty. */
void cop_recorder_clear(cop_recorder *r);

/* Records the number of that step; a second one of the same name and step takes the place of the
 * first. Steps do not fall. COP_INVALID, saying why, for what is no name (cop_series_is_name), and
 * for more than COP_SERIES_MOST names; COP_FAILED where memory is refused. */
cop_status cop_recorder_add(cop_recorder *r, const char *name, int64_t step, double value,
                            cop_error *err);

/* Shows the series in `out`, which has room for COP_SERIES_MOST; gives how many there are. They
 * stay the recorder's. */
size_t cop_recorder_series(const cop_recorder *r, cop_series *out);

/* What goes into a checkpoint: *out is a set of the caller's, NULL where nothing was recorded. Of
 * each series it has "steps/NAME" (I64: how many numbers were seen, then the points' steps) and
 * "values/NAME" (F64). */
cop_status cop_recorder_save(const cop_recorder *r, cop_tensors **out, cop_error *err);

/* Puts what was saved before step `next` into an empty recorder; NULL: nothing was recorded.
 * COP_DAMAGED for a set that no recorder saved, COP_FAILED where memory is refused; it is then
 * empty. */
cop_status cop_recorder_load(cop_recorder *r, const cop_tensors *saved, int64_t next,
                             cop_error *err);

#endif
