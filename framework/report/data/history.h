/* history.h: reading a training's history.csv. */
#ifndef COP_REPORT_DATA_HISTORY_H
#define COP_REPORT_DATA_HISTORY_H

#include "core/arena.h"
#include "report/data/results.h"

/* Reads rows of epoch, lr, train_loss, train_accuracy, test_loss, test_accuracy behind a line that
 * names them; an empty cell is NaN. The rows are the arena's. COP_FAILED naming file and line. */
cop_status cop_history_read(const char *path, cop_arena *arena, double (**rows)[COP_HISTORY_WIDTH],
                            size_t *count, cop_error *err);

#endif
