/* history.c: per-epoch records, kept in a tensor so that a checkpoint carries them. */
#include "study/running/history.h"

#include "core/file.h"
#include "core/memory.h"
#include "core/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The extra row: closed rows, samples, loss sum, correct sum, rate. */
enum { SUM_ROWS, SUM_SAMPLES, SUM_LOSS, SUM_CORRECT, SUM_LR };

static double *row_at(const cop_history *h, int64_t row)
{
    return h->rows + row * COP_HISTORY_COLUMNS;
}

int64_t cop_history_epochs(const cop_trainer *t)
{
    int64_t per_epoch = cop_trainer_steps_per_epoch(t);
    return (cop_trainer_total_steps(t) + per_epoch - 1) / per_epoch;
}

bool cop_history_wants_test(int64_t epoch, int64_t epochs)
{
    int64_t every = epochs / COP_HISTORY_EVALUATIONS;
    return epoch == epochs || every <= 1 || epoch % every == 0;
}

void cop_history_add(cop_history *h, const cop_train_metrics *metrics)
{
    double *sums = row_at(h, h->capacity);
    double samples = (double)metrics->samples;
    sums[SUM_SAMPLES] += samples;
    sums[SUM_LOSS] += metrics->loss * samples;
    sums[SUM_CORRECT] += metrics->accuracy * samples;
    sums[SUM_LR] = metrics->lr;
}

void cop_history_close(cop_history *h, int64_t epoch, const cop_evaluation *test)
{
    double *sums = row_at(h, h->capacity);
    int64_t next = (int64_t)sums[SUM_ROWS];
    if (next >= h->capacity)
        return;
    double *row = row_at(h, next);
    row[COP_HISTORY_EPOCH] = (double)epoch;
    row[COP_HISTORY_LR] = sums[SUM_SAMPLES] > 0.0 ? sums[SUM_LR] : NAN;
    row[COP_HISTORY_TRAIN_LOSS] = sums[SUM_LOSS] / sums[SUM_SAMPLES];
    row[COP_HISTORY_TRAIN_ACCURACY] = sums[SUM_CORRECT] / sums[SUM_SAMPLES];
    row[COP_HISTORY_TEST_LOSS] = test != NULL ? test->loss : NAN;
    row[COP_HISTORY_TEST_ACCURACY] = test != NULL ? test->accuracy : NAN;
    memset(sums, 0, COP_HISTORY_COLUMNS * sizeof *sums);
    sums[SUM_ROWS] = (double)(next + 1);
}

const double *cop_history_last(const cop_history *h)
{
    int64_t count = (int64_t)row_at(h, h->capacity)[SUM_ROWS];
    return count > 0 ? row_at(h, count - 1) : NULL;
}

cop_status cop_history_write(const cop_history *h, const char *path, cop_error *err)
{
    cop_text t = {0};
    cop_text_append(&t, "epoch,lr,train_loss,train_accuracy,test_loss,test_accuracy\n");
    int64_t count = (int64_t)row_at(h, h->capacity)[SUM_ROWS];
    for (int64_t i = 0; i < count; i++) {
        for (int c = 0; c < COP_HISTORY_COLUMNS; c++) {
            double value = row_at(h, i)[c];
            if (!isnan(value))
                cop_text_printf(&t, "%.17g", value);
            cop_text_append(&t, c + 1 < COP_HISTORY_COLUMNS ? "," : "\n");
        }
    }
    char *text = cop_text_take(&t);
    if (text == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_file_write(path, text, strlen(text), err);
    free(text);
    return status;
}
