/* history.h: what happened in a training, one row per epoch. */
#ifndef COP_STUDY_RUNNING_HISTORY_H
#define COP_STUDY_RUNNING_HISTORY_H

#include "store/formats/history_csv.h"

#include <coppice/objective.h>
#include <coppice/trainer.h>

/* Epochs of a training that are evaluated on test data besides the last. */
#define COP_HISTORY_EVALUATIONS 10

/* Rows so far and the sums of the epoch under way. All of it is one F64 tensor named "history" in
 * the training's checkpoint: [rows + 1, columns], the last row holding (rows done, samples, loss
 * sum, …). */
typedef struct cop_history {
    cop_history_row *rows; /* capacity + 1, within a tensor of the checkpoint's bag */
    int64_t capacity;
} cop_history;

/* Epochs, the last partial one counted, of a training. */
int64_t cop_history_epochs(const cop_trainer *t);

/* True when the epoch (from 1) is to be evaluated. */
bool cop_history_wants_test(int64_t epoch, int64_t epochs);

/* Adds the metrics of one step to the running sums. */
void cop_history_add(cop_history *h, const cop_train_metrics *metrics);

/* Closes the epoch: its row is the means of the sums, NaN where no step was taken; `test` may be
 * NULL. */
void cop_history_close(cop_history *h, int64_t epoch, const cop_evaluation *test);

/* Writes the closed rows as history.csv. */
cop_status cop_history_write(const cop_history *h, const char *path, cop_error *err);

/* The last closed row, or NULL. */
const double *cop_history_last(const cop_history *h);

#endif
