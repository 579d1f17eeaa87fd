/* pull.c: taking what is ready, until nothing is left. */
#include "study/executors/pull.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/memory_peak.h"
#include "core/quantity.h"
#include "store/failures.h"
#include "store/lease.h"
#include "store/memory_claims.h"
#include "store/stage_log.h"
#include "study/running/makers.h"
#include "study/running/rates.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Seconds between two looks at what others have done by then: the first, and the most. */
#define LEAST_WAIT 0.02
#define MOST_WAIT  1.0

/* Seconds of waiting in a row after which that is said, and for whom. */
#define SILENT_WAIT 5.0

typedef struct pull {
    cop_runner *r;
    const cop_pull_tell *tell;
    bool *settled;                /* by stage: published, or failed */
    int32_t *inputs;              /* room for those of any stage */
    cop_heartbeat_watch *watches; /* by stage: what was seen of its lease */
    size_t left;                  /* that are not settled */
    bool has_run;                 /* something was computed in this pass */
    double idle;                  /* since when nothing was; by cop_now */
    bool has_said;                /* for whom it waits since then */
    cop_rates *rates;
    bool *is_learnt;           /* by stage: the rates know it */
    cop_memory_claims *claims; /* NULL: nothing is held back */
} pull;

static void settle(pull *p, size_t i)
{
    p->left -= !p->settled[i];
    p->settled[i] = true;
}

/* Whether every input is settled; where one failed, the stage fails for its reason. */
static cop_status check_inputs(pull *p, cop_stage *stage, bool *are_settled, cop_error *err)
{
    const cop_study *s = p->r->study;
    size_t count = cop_stage_inputs(stage, p->inputs);
    *are_settled = true;
    for (size_t k = 0; k < count; k++) {
        const cop_stage *input = &s->stages[p->inputs[k]];
        *are_settled = *are_settled && p->settled[p->inputs[k]];
        if (input->failure == NULL || stage->failure != NULL)
            continue;
        stage->failure = strdup(input->failure);
        if (stage->failure == NULL)
            return cop_out_of_memory(err);
    }
    return COP_OK;
}

/* Takes over a failure that is kept in the store. */
static cop_status read_failure(const pull *p, cop_stage *stage, cop_error *err)
{
    char reason[COP_FAILURE_SIZE];
    if (cop_failure_read(cop_store_dir(p->r->store), &stage->id, reason) == COP_FAILURE_NONE)
        return COP_OK;
    stage->failure = strdup(reason);
    return stage->failure != NULL ? COP_OK : cop_out_of_memory(err);
}

/* Keeps the reason of a stage that failed by itself, so that the rest can go on. `stage` is the one
 * that was to run; it may have been an earlier one that failed when it was made again. */
static cop_status keep_failure(const pull *p, cop_stage *stage, const cop_error *reason,
                               cop_error *err)
{
    char text[sizeof reason->message + sizeof reason->file + 256];
    cop_stage *failed = &p->r->study->stages[p->r->failed - p->r->study->stages];
    (void)snprintf(text, sizeof text, "%s: %s%s%s", failed->title, reason->file,
                   reason->file[0] != '\0' ? ": " : "", reason->message);
    stage->failure = strdup(text);
    if (failed != stage)
        failed->failure = strdup(text);
    if (stage->failure == NULL || failed->failure == NULL)
        return cop_out_of_memory(err);
    cop_say(p->r->log, COP_LOG_ERROR, "%s; what does not depend on it goes on", text);
    bool is_sure = failed->kind == COP_STAGE_TRAIN && failed->given == NULL;
    return cop_failure_keep(p->r->store, &failed->id,
                            is_sure ? COP_FAILURE_SURE : COP_FAILURE_MAYBE, text, err);
}

/* Runs the stage; what is said meanwhile, and how it ended, is in its log too. */
static cop_status run_logged(const pull *p, const cop_stage *stage, cop_error *reason)
{
    char time[32];
    double began = cop_now();
    FILE *log = cop_stage_log_open(cop_store_dir(p->r->store), &stage->id, stage->title);
    cop_logger_copy(p->r->log, log);
    cop_status status = cop_run_whole(p->r, stage, cop_run_stage_now, reason);
    cop_logger_copy(p->r->log, NULL);
    if (log == NULL)
        return status;
    if (status == COP_OK)
        (void)fprintf(log, "published after %s\n",
                      cop_time_text(cop_now() - began, time, sizeof time));
    else
        (void)fprintf(log, "ended: %s%s%s\n", reason->file, reason->file[0] != '\0' ? ": " : "",
                      reason->message);
    (void)fclose(log);
    return status;
}

/* What a published stage took, whoever computed it, tells of those like it. */
static void learn(pull *p, const cop_stage *stage)
{
    size_t i = (size_t)(stage - p->r->study->stages);
    if (!p->is_learnt[i])
        (void)cop_rates_learn_published(p->rates, p->r->store, stage, NULL);
    p->is_learnt[i] = true;
}

static cop_status compute(pull *p, cop_stage *stage, cop_error *err)
{
    cop_error reason = {0};
    double began = cop_now();
    p->has_run = true;
    if (p->tell != NULL && p->tell->begun != NULL)
        p->tell->begun(p->tell->own, stage);
    cop_memory_forget_peak();
    cop_status status = run_logged(p, stage, &reason);
    if (status == COP_OK) {
        learn(p, stage);
        cop_failure_forget(p->r->store, &stage->id);
        size_t number = (size_t)(stage - p->r->study->stages) + 1;
        cop_say(p->r->log, COP_LOG_INFO, "[%zu/%zu] %s: %.1f s", number, p->r->study->stage_count,
                stage->title, cop_now() - began);
    } else if (p->r->own_failure && status != COP_CANCELLED) {
        COP_TRY(keep_failure(p, stage, &reason, err));
    } else {
        if (p->tell != NULL && p->tell->left != NULL)
            p->tell->left(p->tell->own, stage);
        if (err != NULL)
            *err = reason;
        return status == COP_CANCELLED ? status : cop_fail_within(err, "%s", stage->title);
    }
    return p->tell != NULL && p->tell->ended != NULL ? p->tell->ended(p->tell->own, stage, err)
                                                     : COP_OK;
}

/* With the lease: another process may have published the stage, or failed, before it let go. */
static cop_status compute_leased(pull *p, size_t i, cop_error *err)
{
    cop_stage *stage = &p->r->study->stages[i];
    bool is_done = false;
    COP_TRY(cop_stage_ready_leased(p->r, stage, &is_done, err));
    if (!is_done)
        COP_TRY(read_failure(p, stage, err));
    if (!is_done && stage->failure == NULL)
        COP_TRY(compute(p, stage, err));
    settle(p, i);
    return COP_OK;
}

/* Whether the machine has memory for the stage beside what others compute, as far as it is known
 * what stages like it take. */
static bool fits(const pull *p, const cop_stage *stage)
{
    double memory = cop_rates_guess(p->rates, stage).memory;
    return p->claims == NULL || cop_memory_claim(p->claims, isnan(memory) ? 0.0 : memory);
}

/* Takes the lease and computes, where nobody else has it and there is room. */
static cop_status take(pull *p, size_t i, cop_error *err)
{
    cop_stage *stage = &p->r->study->stages[i];
    cop_lease *lease = NULL;
    if (!fits(p, stage))
        return COP_OK;
    cop_status status = cop_lease_take(p->r->store, &stage->id, &p->watches[i], &lease, err);
    if (status == COP_OK && lease != NULL)
        status = compute_leased(p, i, err);
    cop_lease_release(lease);
    if (p->claims != NULL)
        (void)cop_memory_claim(p->claims, 0.0);
    return status;
}

/* Settles the stage where that can be done now. */
static cop_status visit(pull *p, size_t i, cop_error *err)
{
    cop_stage *stage = &p->r->study->stages[i];
    bool is_done = false, are_settled = false;
    COP_TRY(check_inputs(p, stage, &are_settled, err));
    if (!are_settled && stage->failure == NULL)
        return COP_OK;
    COP_TRY(cop_stage_ready(p->r, stage, &is_done, err));
    if (is_done) {
        learn(p, stage);
        /* What its inputs failed of is no matter. There are a checkpoint and a lease if a run was
         * killed after it had published and before it tidied up. */
        free(stage->failure);
        stage->failure = NULL;
        cop_checkpoint_remove(p->r->store, &stage->id);
        cop_lease_forget(p->r->store, &stage->id);
        cop_failure_forget(p->r->store, &stage->id);
        cop_makers_compare(p->r, stage, &stage->id);
        settle(p, i);
        return COP_OK;
    }
    if (stage->failure != NULL) {
        settle(p, i);
        return COP_OK;
    }
    return take(p, i, err);
}

static bool is_stopped(const cop_runner *r)
{
    return r->stop != NULL && *r->stop != 0;
}

/* Says once who computes what is waited for. */
static void say_for_whom(pull *p)
{
    char who[300];
    for (size_t i = 0; !p->has_said && i < p->r->study->stage_count; i++) {
        const cop_stage *stage = &p->r->study->stages[i];
        if (p->settled[i] ||
            cop_lease_holder(cop_store_dir(p->r->store), &stage->id, who, sizeof who)[0] == '\0')
            continue;
        cop_say(p->r->log, COP_LOG_INFO, "waiting for %s, which %s computes", stage->title, who);
        p->has_said = true;
    }
}

/* Others compute what is left: waits, a little longer each time. */
static cop_status wait_for_others(pull *p, double *seconds, cop_error *err)
{
    if (cop_now() - p->idle >= SILENT_WAIT)
        say_for_whom(p);
    double whole = *seconds >= 1.0 ? 1.0 : 0.0;
    struct timespec time = {.tv_sec = (time_t)whole, .tv_nsec = (long)((*seconds - whole) * 1e9)};
    (void)nanosleep(&time, NULL);
    *seconds = 1.5 * *seconds < MOST_WAIT ? 1.5 * *seconds : MOST_WAIT;
    return is_stopped(p->r) ? cop_fail(err, COP_CANCELLED, "interrupted") : COP_OK;
}

static cop_status pull_all(pull *p, cop_error *err)
{
    double seconds = LEAST_WAIT;
    for (size_t i = 0; i < p->r->study->stage_count; i++)
        if (!cop_study_wants(p->r->study, i))
            settle(p, i);
    while (p->left > 0) {
        p->has_run = false;
        for (size_t i = 0; i < p->r->study->stage_count; i++)
            if (!p->settled[i])
                COP_TRY(visit(p, i, err));
        if (p->has_run) {
            seconds = LEAST_WAIT;
            p->idle = cop_now();
            p->has_said = false;
        } else if (p->left > 0)
            COP_TRY(wait_for_others(p, &seconds, err));
    }
    return COP_OK;
}

static size_t most_inputs(const cop_study *s)
{
    size_t most = 0;
    for (size_t i = 0; i < s->stage_count; i++) {
        size_t count = cop_stage_inputs(&s->stages[i], NULL);
        most = count > most ? count : most;
    }
    return most;
}

cop_status cop_pull_stages(cop_runner *r, const cop_pull_tell *tell, cop_error *err)
{
    pull p = {.r = r,
              .tell = tell,
              .left = r->study->stage_count,
              .idle = cop_now(),
              .settled = calloc(r->study->stage_count + 1, sizeof *p.settled),
              .watches = calloc(r->study->stage_count + 1, sizeof *p.watches),
              .is_learnt = calloc(r->study->stage_count + 1, sizeof *p.is_learnt),
              .inputs = calloc(most_inputs(r->study) + 1, sizeof *p.inputs)};
    cop_status status =
        p.settled != NULL && p.watches != NULL && p.is_learnt != NULL && p.inputs != NULL
            ? cop_rates_make(r->study, r->store, p.is_learnt, &p.rates, err)
            : cop_out_of_memory(err);
    if (status == COP_OK && r->memory > 0.0)
        p.claims = cop_memory_claims_open(r->store, r->memory);
    if (status == COP_OK)
        status = pull_all(&p, err);
    cop_memory_claims_close(p.claims);
    cop_rates_free(p.rates);
    free(p.settled);
    free(p.watches);
    free(p.is_learnt);
    free(p.inputs);
    return status;
}

/* Of the stages before it in the study, which may be its inputs, all is known. */
static cop_status look_at(pull *p, size_t i, cop_error *err)
{
    cop_stage *stage = &p->r->study->stages[i];
    bool is_done = false, are_settled = false;
    COP_TRY(check_inputs(p, stage, &are_settled, err));
    COP_TRY(cop_stage_ready(p->r, stage, &is_done, err));
    if (is_done) {
        free(stage->failure);
        stage->failure = NULL;
    } else if (stage->failure == NULL) {
        COP_TRY(read_failure(p, stage, err));
    }
    if (is_done || stage->failure != NULL || !cop_study_wants(p->r->study, i))
        settle(p, i);
    return COP_OK;
}

cop_status cop_settle_stages(cop_runner *r, size_t *left, cop_error *err)
{
    pull p = {.r = r,
              .left = r->study->stage_count,
              .settled = calloc(r->study->stage_count + 1, sizeof *p.settled),
              .inputs = calloc(most_inputs(r->study) + 1, sizeof *p.inputs)};
    cop_status status = p.settled != NULL && p.inputs != NULL ? COP_OK : cop_out_of_memory(err);
    for (size_t i = 0; status == COP_OK && i < r->study->stage_count; i++)
        status = look_at(&p, i, err);
    *left = p.left;
    free(p.settled);
    free(p.inputs);
    return status;
}

size_t cop_forget_failures(const cop_runner *r, bool all)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->study->stage_count; i++) {
        char reason[COP_FAILURE_SIZE];
        if (!cop_study_wants(r->study, i))
            continue;
        cop_failure_kind kind =
            cop_failure_read(cop_store_dir(r->store), &r->study->stages[i].id, reason);
        if (kind == COP_FAILURE_MAYBE || (all && kind == COP_FAILURE_SURE))
            cop_failure_forget(r->store, &r->study->stages[i].id);
        kept += kind == COP_FAILURE_SURE && !all;
    }
    return kept;
}
