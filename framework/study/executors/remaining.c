/* remaining.c: counting, and a sum that is made anew now and then. */
#include "study/executors/remaining.h"

#include "core/clock.h"
#include "core/memory.h"
#include "core/quantity.h"

#include <math.h>
#include <stdlib.h>

/* Seconds between two sums over all stages. */
#define SUM_INTERVAL 2.0

struct cop_remaining {
    const cop_study *study;
    const cop_store *store;
    cop_rates *rates;
    bool *settled; /* by stage: nothing is to do for it, or not wanted */
    size_t jobs, wanted, done;
    double seconds; /* that were left at the last sum; NaN: not known */
    double summed;  /* when that was */
    char text[96];
};

static void count(cop_remaining *r)
{
    for (size_t i = 0; i < r->study->stage_count; i++) {
        bool is_wanted = cop_study_wants(r->study, i);
        r->wanted += is_wanted;
        r->done += is_wanted && r->settled[i];
        r->settled[i] = r->settled[i] || !is_wanted;
    }
}

cop_status cop_remaining_make(const cop_study *s, const cop_store *store, size_t jobs,
                              cop_remaining **out, cop_error *err)
{
    cop_remaining *r = calloc(1, sizeof *r);
    if (r == NULL)
        return cop_out_of_memory(err);
    *r = (cop_remaining){.study = s,
                         .store = store,
                         .settled = calloc(s->stage_count + 1, sizeof *r->settled),
                         .jobs = jobs > 0 ? jobs : 1,
                         .summed = -SUM_INTERVAL};
    cop_status status = r->settled != NULL ? cop_rates_make(s, store, r->settled, &r->rates, err)
                                           : cop_out_of_memory(err);
    if (status != COP_OK) {
        cop_remaining_free(r);
        return status;
    }
    count(r);
    *out = r;
    return COP_OK;
}

void cop_remaining_free(cop_remaining *r)
{
    if (r == NULL)
        return;
    cop_rates_free(r->rates);
    free(r->settled);
    free(r);
}

void cop_remaining_ended(cop_remaining *r, const cop_stage *stage)
{
    size_t i = (size_t)(stage - r->study->stages);
    r->done += !r->settled[i];
    r->settled[i] = true;
    (void)cop_rates_learn_published(r->rates, r->store, stage, NULL);
}

size_t cop_remaining_done(const cop_remaining *r)
{
    return r->done;
}

/* NaN where a stage is open of which nothing is known. */
static double sum_open(const cop_remaining *r)
{
    double sum = 0.0;
    size_t open = 0;
    for (size_t i = 0; i < r->study->stage_count; i++) {
        if (r->settled[i])
            continue;
        open++;
        sum += cop_rates_guess(r->rates, &r->study->stages[i]).seconds;
    }
    return sum / (double)(open < r->jobs ? (open > 0 ? open : 1) : r->jobs);
}

const char *cop_remaining_text(cop_remaining *r)
{
    char time[32];
    double now = cop_now();
    if (now - r->summed >= SUM_INTERVAL) {
        r->seconds = sum_open(r);
        r->summed = now;
    }
    double left = fmax(0.0, r->seconds - (now - r->summed));
    int length = snprintf(r->text, sizeof r->text, "%zu of %zu stages done", r->done, r->wanted);
    if (!isnan(r->seconds) && r->done < r->wanted)
        (void)snprintf(r->text + length, sizeof r->text - (size_t)length, ", about %s left",
                       cop_time_text(left, time, sizeof time));
    return r->text;
}
