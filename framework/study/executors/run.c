/* run.c: running every stage that is not there yet, in this process or by workers. */
#include "core/clock.h"
#include "core/log.h"
#include "core/memory.h"
#include "study/executors/pull.h"
#include "study/executors/remaining.h"
#include "study/executors/words.h"
#include "study/executors/workers.h"
#include "study/graph/compare.h"
#include "study/graph/record.h"
#include "study/running/verdicts.h"

#include "study/running/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Seconds between two lines of what remains, of a run without workers. */
#define SAY_INTERVAL 10.0

/* All that failed, in one line. */
static cop_status sum_failures(const cop_study *s, cop_error *err)
{
    size_t failed = 0, wanted = 0;
    const char *first = NULL;
    for (size_t i = 0; i < s->stage_count; i++) {
        wanted += cop_study_wants(s, i);
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
    return cop_fail(err, COP_FAILED, "%zu of %zu stages have no result: %s", failed, wanted, first);
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

/* A report that is made while the study runs wants the record of what there is by now. */
static cop_status tell_watcher(void *own, cop_error *err)
{
    cop_runner *r = own;
    cop_study *s = r->study;
    if (s->watcher == NULL)
        return COP_OK;
    COP_TRY(write_record(r, err));
    s->watcher(s->watcher_own);
    return COP_OK;
}

/* A run without workers. */
typedef struct alone {
    cop_runner *r;
    cop_remaining *remaining;
    double said; /* when what remains was last said */
} alone;

static cop_status ended_here(void *own, const cop_stage *stage, cop_error *err)
{
    alone *a = own;
    cop_remaining_ended(a->remaining, stage);
    if (cop_now() - a->said >= SAY_INTERVAL) {
        cop_say(a->r->log, COP_LOG_INFO, "%s", cop_remaining_text(a->remaining));
        a->said = cop_now();
    }
    return tell_watcher(a->r, err);
}

static cop_status ended_by_crew(void *own, const cop_stage *stage, cop_error *err)
{
    (void)stage;
    return tell_watcher(own, err);
}

/* Says how much there is to do, and what is not tried again. */
static cop_status begin(cop_runner *r, cop_error *err)
{
    cop_study *s = r->study;
    size_t done = 0, wanted = 0;
    for (size_t i = 0; i < s->stage_count; i++) {
        bool is_done = false;
        COP_TRY(cop_stage_ready(r, &s->stages[i], &is_done, err));
        wanted += cop_study_wants(s, i);
        done += is_done && cop_study_wants(s, i);
    }
    if (wanted < s->stage_count)
        cop_say(r->log, COP_LOG_INFO, "%zu of %zu stages, %zu of them already done", wanted,
                s->stage_count, done);
    else
        cop_say(r->log, COP_LOG_INFO, "%zu stages, %zu of them already done", wanted, done);
    size_t kept = cop_forget_failures(r, s->choice.retries_failed);
    if (kept > 0)
        cop_say(r->log, COP_LOG_WARNING,
                "%zu training%s diverged in an earlier run, and would again: not tried; "
                "--retry-failed tries %s",
                kept, kept == 1 ? "" : "s", kept == 1 ? "it" : "them");
    COP_TRY(cop_study_write_graph(s, r->store, err));
    return write_record(r, err);
}

static cop_status go_through_alone(cop_runner *r, cop_error *err)
{
    alone a = {.r = r, .said = cop_now()};
    const cop_pull_tell tell = {.ended = ended_here, .own = &a};
    COP_TRY(cop_remaining_make(r->study, r->store, 1, &a.remaining, err));
    cop_status status = cop_pull_stages(r, &tell, err);
    cop_remaining_free(a.remaining);
    return status;
}

/* What workers leave, such as what they knew each other's failures of, is settled here. */
static cop_status go_through(cop_runner *r, char *budget, size_t size, cop_error *err)
{
    const cop_workers_tell tell = {.ended = ended_by_crew, .own = r};
    if (r->study->choice.jobs > 0)
        COP_TRY(cop_run_workers(r, &tell, budget, size, err));
    return go_through_alone(r, err);
}

/* The run's end by a budget: what there is can be reported on. */
static cop_status end_by_budget(cop_runner *r, const char *budget, cop_error *err)
{
    r->study->ran_through = true;
    r->study->is_budget_up = true;
    COP_TRY(write_record(r, err));
    return cop_fail(err, COP_FAILED, "%s; the study is not done, and the same command goes on",
                    budget);
}

cop_status cop_run_stages(cop_runner *r, cop_error *err)
{
    char budget[200] = "";
    cop_study *s = r->study;
    s->ran_through = false;
    s->is_budget_up = false;
    forget_failures(s);
    COP_TRY(begin(r, err));
    cop_status status = go_through(r, budget, sizeof budget, err);
    if (status == COP_CANCELLED && budget[0] != '\0')
        return end_by_budget(r, budget, err);
    /* What was analysed before a signal is judged too, and can be reported on. */
    if (status == COP_CANCELLED)
        (void)write_record(r, NULL);
    COP_TRY(status);
    s->ran_through = true;
    /* Once more, with verdicts and with what failed: the report that follows is of this run. */
    COP_TRY(write_record(r, err));
    return sum_failures(s, err);
}

void cop_study_choose(cop_study *s, const cop_run_choice *choice)
{
    s->choice = *choice;
}

void cop_study_watch(cop_study *s, cop_study_watcher watcher, void *own)
{
    s->watcher = watcher;
    s->watcher_own = own;
}

bool cop_study_failed(const cop_study *s)
{
    return s->ran_through && (s->is_budget_up || sum_failures(s, NULL) != COP_OK);
}

cop_status cop_study_run(cop_study *s, cop_store *store, const volatile sig_atomic_t *stop,
                         cop_logger *log, cop_error *err)
{
    cop_runner r = {
        .study = s, .store = store, .stop = stop, .log = log, .memory = s->choice.memory};
    COP_TRY(cop_save_seconds(&r.save_seconds, err));
    return cop_run_stages(&r, err);
}

static void begun_by_worker(void *own, const cop_stage *stage)
{
    cop_worker_say(own, COP_WORD_BEGUN, &stage->id);
}

static void left_by_worker(void *own, const cop_stage *stage)
{
    cop_worker_say(own, COP_WORD_LEFT, &stage->id);
}

static cop_status ended_by_worker(void *own, const cop_stage *stage, cop_error *err)
{
    (void)err;
    cop_worker_say(own, COP_WORD_ENDED, &stage->id);
    return COP_OK;
}

static void progress_of_worker(void *own, const char *what, int64_t done, int64_t total,
                               const char *detail)
{
    (void)what;
    cop_worker_say_at(own, done, total, detail);
}

/* The stages that a worker takes, in this process. */
static cop_status work_alone(cop_runner *r, const cop_work_choice *choice, cop_error *err)
{
    const cop_pull_tell tell = {begun_by_worker, ended_by_worker, left_by_worker, choice->out};
    if (choice->tells_progress)
        cop_logger_listen(r->log, progress_of_worker, choice->out);
    cop_status status = cop_pull_stages(r, &tell, err);
    cop_logger_listen(r->log, NULL, NULL);
    return status;
}

/* Or by workers of its own. */
static cop_status work_by_crew(cop_runner *r, const cop_work_choice *choice, cop_error *err)
{
    char budget[200] = "";
    const cop_workers_tell tell = {begun_by_worker, ended_by_worker, choice->out};
    cop_status status = cop_run_workers(r, &tell, budget, sizeof budget, err);
    return status == COP_CANCELLED && budget[0] != '\0' ? COP_OK : status;
}

cop_status cop_study_work(cop_study *s, cop_store *store, const cop_stage_records *records,
                          const volatile sig_atomic_t *stop, const cop_work_choice *choice,
                          cop_logger *log, cop_error *err)
{
    cop_runner r = {
        .study = s, .store = store, .stop = stop, .log = log, .memory = s->choice.memory};
    COP_TRY(cop_save_seconds(&r.save_seconds, err));
    COP_TRY(cop_study_compare(s, records, err));
    forget_failures(s);
    return s->choice.jobs > 0 ? work_by_crew(&r, choice, err) : work_alone(&r, choice, err);
}

cop_status cop_study_begin(cop_study *s, cop_store *store, cop_logger *log, size_t *left,
                           cop_error *err)
{
    cop_runner r = {.study = s, .store = store, .log = log};
    forget_failures(s);
    COP_TRY(begin(&r, err));
    return cop_settle_stages(&r, left, err);
}

cop_status cop_study_end(cop_study *s, cop_store *store, const cop_stage_records *records,
                         cop_logger *log, size_t *left, cop_error *err)
{
    cop_runner r = {.study = s, .store = store, .log = log};
    COP_TRY(cop_study_compare(s, records, err));
    forget_failures(s);
    COP_TRY(cop_settle_stages(&r, left, err));
    s->ran_through = true;
    COP_TRY(write_record(&r, err));
    return sum_failures(s, err);
}
