/* history.c: per-epoch records, kept in a tensor so that a checkpoint carries them. */
#include "study/running/history.h"

#include <math.h>
#include <string.h>

/* The extra row: closed rows, samples, loss sum, correct sum, rate. */
enum { SUM_ROWS, SUM_SAMPLES, SUM_LOSS, SUM_CORRECT, SUM_LR };

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
    double *sums = h->rows[h->capacity];
    double samples = (double)metrics->samples;
    sums[SUM_SAMPLES] += samples;
    sums[SUM_LOSS] += metrics->loss * samples;
    sums[SUM_CORRECT] += metrics->accuracy * samples;
    sums[SUM_LR] = metrics->lr;
}

void cop_history_close(cop_history *h, int64_t epoch, const cop_evaluation *test)
{
    double *sums = h->rows[h->capacity];
    int64_t next = (int64_t)sums[SUM_ROWS];
    if (next >= h->capacity)
        return;
    double *row = h->rows[next];
    row[COP_HISTORY_EPOCH] = (double)epoch;
    row[COP_HISTORY_LR] = sums[SUM_SAMPLES] > 0.0 ? sums[SUM_LR] : NAN;
    row[COP_HISTORY_TRAIN_LOSS] = sums[SUM_LOSS] / sums[SUM_SAMPLES];
    row[COP_HISTORY_TRAIN_ACCURACY] = sums[SUM_CORRECT] / sums[SUM_SAMPLES];
    row[COP_HISTORY_TEST_LOSS] = test != NULL ? test->loss : NAN;
    row[COP_HISTORY_TEST_ACCURACY] = test != NULL ? test->accuracy : NAN;
    memset(sums, 0, COP_HISTORY_COLUMNS * sizeof *sums);
    sums[SUM_ROWS] = (double)(next + 1);
}

/* Rows closed so far. */
static int64_t count_of(const cop_history *h)
{
    return (int64_t)h->rows[h->capacity][SUM_ROWS];
}

const double *cop_history_last(const cop_history *h)
{
    int64_t count = count_of(h);
    return count > 0 ? h->rows[count - 1] : NULL;
}

cop_status cop_history_write(const cop_history *h, const char *path, cop_error *err)
{
    return cop_history_csv_write((const cop_history_row *)h->rows, (size_t)count_of(h), path, err);
}
