/* serial.c: running every stage that is not there yet, in order. */
#include "core/clock.h"
#include "core/memory.h"
#include "study/graph/record.h"
#include "study/running/makers.h"
#include "study/running/verdicts.h"

#include "study/running/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Failures: what does not depend on a failed stage runs all the same. */

/* Where the stage reads from one that failed, it fails for the same reason. */
static cop_status inherit_failure(const cop_study *s, cop_stage *stage, cop_error *err)
{
    size_t count = cop_stage_inputs(stage, NULL);
    int32_t *inputs = calloc(count + 1, sizeof *inputs);
    if (inputs == NULL)
        return cop_out_of_memory(err);
    (void)cop_stage_inputs(stage, inputs);
    const char *reason = NULL;
    for (size_t i = 0; i < count && reason == NULL; i++)
        reason = s->stages[inputs[i]].failure;
    free(inputs);
    if (reason != NULL && (stage->failure = strdup(reason)) == NULL)
        return cop_out_of_memory(err);
    return COP_OK;
}

/* Keeps the reason of a stage that failed by itself, so that the run can go on. `stage` is the one
 * that was to run; it may have been an earlier one that failed when it was made again. */
static cop_status keep_failure(const cop_runner *r, cop_stage *stage, const cop_error *reason,
                               cop_error *err)
{
    char text[sizeof reason->message + sizeof reason->file + 256];
    cop_stage *failed = &r->study->stages[r->failed - r->study->stages];
    (void)snprintf(text, sizeof text, "%s: %s%s%s", failed->title, reason->file,
                   reason->file[0] != '\0' ? ": " : "", reason->message);
    stage->failure = strdup(text);
    if (failed != stage)
        failed->failure = strdup(text);
    if (stage->failure == NULL || failed->failure == NULL)
        return cop_out_of_memory(err);
    cop_say(r->log, COP_LOG_ERROR, "%s; what does not depend on it goes on", text);
    return COP_OK;
}

/* All that failed, in one line. */
static cop_status sum_failures(const cop_study *s, cop_error *err)
{
    size_t failed = 0;
    const char *first = NULL;
    for (size_t i = 0; i < s->stage_count; i++) {
        if (s->stages[i].failure == NULL)
            continue;
        failed++;
        if (first == NULL)
            first = s->stages[i].failure;
    }
    if (failed == 0 && s->unjudged != NULL)
        return cop_fail(err, COP_FAILED, "an analysis has no verdict: %s", s->unjudged);
    if (failed == 0)
        return COP_OK;
    return cop_fail(err, COP_FAILED, "%zu of %zu stages have no result: %s", failed, s->stage_count,
                    first);
}

static cop_status run_missing(cop_runner *r, size_t i, bool *ran, cop_error *err)
{
    cop_stage *stage = &r->study->stages[i];
    bool is_done = false;
    *ran = false;
    COP_TRY(cop_stage_ready(r, stage, &is_done, err));
    if (is_done) {
        /* There is one if a run was killed after it had published and before it tidied up. */
        cop_checkpoint_remove(r->store, &stage->id);
        cop_makers_compare(r, stage, &stage->id);
        return COP_OK;
    }
    COP_TRY(inherit_failure(r->study, stage, err));
    if (stage->failure != NULL)
        return COP_OK;
    double began = cop_now();
    cop_error reason = {0};
    cop_status status = cop_run_whole(r, stage, cop_run_stage_now, &reason);
    *ran = true;
    if (status == COP_OK) {
        cop_say(r->log, COP_LOG_INFO, "[%zu/%zu] %s: %.1f s", i + 1, r->study->stage_count,
                stage->title, cop_now() - began);
        return COP_OK;
    }
    if (r->own_failure && status != COP_CANCELLED)
        return keep_failure(r, stage, &reason, err);
    if (err != NULL)
        *err = reason;
    return status == COP_CANCELLED ? status : cop_fail_within(err, "%s", stage->title);
}

static void forget_failures(cop_study *s)
{
    for (size_t i = 0; i < s->stage_count; i++) {
        free(s->stages[i].failure);
        s->stages[i].failure = NULL;
    }
}

/* Writes the record, with verdicts on what there is by now. */
static cop_status write_record(cop_runner *r, cop_error *err)
{
    cop_verdict *verdicts = NULL;
    cop_study *s = r->study;
    free(s->unjudged);
    s->unjudged = NULL;
    COP_TRY(cop_judge_study(s, r->store, &verdicts, err));
    const char *reason = cop_verdicts_failure(s, verdicts);
    cop_status status = cop_study_write_record(s, r->store, verdicts, err);
    if (status == COP_OK && reason != NULL && (s->unjudged = strdup(reason)) == NULL)
        status = cop_out_of_memory(err);
    cop_verdicts_free(s, verdicts);
    return status;
}

cop_status cop_run_stages(cop_runner *r, cop_error *err)
{
    cop_study *s = r->study;
    size_t done = 0;
    s->ran_through = false;
    forget_failures(s);
    for (size_t i = 0; i < s->stage_count; i++) {
        bool is_done = false;
        COP_TRY(cop_stage_ready(r, &s->stages[i], &is_done, err));
        done += is_done;
    }
    cop_say(r->log, COP_LOG_INFO, "%zu stages, %zu of them already done", s->stage_count, done);
    COP_TRY(cop_study_write_graph(s, r->store, err));
    COP_TRY(write_record(r, err));
    for (size_t i = 0; i < s->stage_count; i++) {
        bool ran = false;
        cop_status status = run_missing(r, i, &ran, err);
        /* What was analysed before a signal is judged too, and can be reported on. */
        if (status == COP_CANCELLED)
            (void)write_record(r, NULL);
        COP_TRY(status);
        if (ran && s->watcher != NULL) {
            COP_TRY(write_record(r, err));
            s->watcher(s->watcher_own);
        }
    }
    s->ran_through = true;
    /* Once more, with verdicts and with what failed: the report that follows is of this run. */
    COP_TRY(write_record(r, err));
    return sum_failures(s, err);
}

void cop_study_watch(cop_study *s, cop_study_watcher watcher, void *own)
{
    s->watcher = watcher;
    s->watcher_own = own;
}

bool cop_study_failed(const cop_study *s)
{
    return s->ran_through && sum_failures(s, NULL) != COP_OK;
}

cop_status cop_study_run(cop_study *s, cop_store *store, const volatile sig_atomic_t *stop,
                         cop_logger *log, cop_error *err)
{
    cop_runner r = {.study = s, .store = store, .stop = stop, .log = log};
    COP_TRY(cop_save_seconds(&r.save_seconds, err));
    return cop_run_stages(&r, err);
}
