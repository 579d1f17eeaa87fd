/* history_csv.h: history.csv, what happened in a training, one line per epoch.
 *
 * A line that names the columns, then one per epoch: "epoch,lr,train_loss,train_accuracy,test_loss,
 * test_accuracy", six numbers with all their digits (%.17g, so that they read back bit for bit),
 * separated by commas. A number that there is none of, as the epoch was not evaluated or took no
 * step, is an empty cell, and NaN in memory. Accuracies are shares. */
#ifndef COP_STORE_FORMATS_HISTORY_CSV_H
#define COP_STORE_FORMATS_HISTORY_CSV_H

#include "core/arena.h"

#include <coppice/status.h>

/* Columns of a row. */
enum {
    COP_HISTORY_EPOCH,
    COP_HISTORY_LR,
    COP_HISTORY_TRAIN_LOSS,
    COP_HISTORY_TRAIN_ACCURACY,
    COP_HISTORY_TEST_LOSS,
    COP_HISTORY_TEST_ACCURACY,
    COP_HISTORY_COLUMNS
};

typedef double cop_history_row[COP_HISTORY_COLUMNS];

cop_status cop_history_csv_write(const cop_history_row *rows, size_t count, const char *path,
                                 cop_error *err);

/* The rows are the arena's. COP_DAMAGED naming file and line where it is no history; COP_FAILED
 * where it cannot be read, or memory is refused. */
cop_status cop_history_csv_read(const char *path, cop_arena *arena, cop_history_row **rows,
                                size_t *count, cop_error *err);

#endif
