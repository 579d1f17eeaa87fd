/* workers.c: starting worker processes, listening to them, and replacing those that die or hang. */
#include "study/executors/workers.h"

#include "core/child.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/quantity.h"
#include "store/failures.h"
#include "study/executors/crew.h"
#include "study/executors/limits.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define POLL_MILLIS 200

/* While a worker whose pipes have ended is about to end. */
#define ENDING_MILLIS 5

/* Workers in a row that may be killed while they have no stage. */
#define MOST_LOSSES 5

/* Seconds from asking a worker to end until it is killed: what it is at may take 5 s to save. */
#define GRACE 15.0

static cop_status start(const cop_crew *c, cop_crew_member *w, cop_error *err)
{
    *w = (cop_crew_member){.process = COP_NO_PROCESS, .stage = COP_NO_STAGE, .late = COP_NO_STAGE};
    return cop_process_start(c->r->study->choice.worker, &w->process, err);
}

/* Ends. */

/* A worker that had no stage costs none. Where it was killed, as somebody may kill what seems idle,
 * another takes its place; one that ended by itself will do so again. */
static cop_status replace_idle(cop_crew *c, cop_crew_member *w, int status, const char *end,
                               cop_error *err)
{
    if (!c->is_told_to_stop && WIFSIGNALED(status) && ++c->losses <= MOST_LOSSES) {
        cop_say(c->r->log, COP_LOG_WARNING,
                "a worker ended that had no stage: %s; another takes its place", end);
        return start(c, w, err);
    }
    if (!c->is_lost)
        (void)cop_fail(&c->reason, COP_FAILED, "a worker ended: %s", end);
    c->is_lost = true;
    return COP_OK;
}

/* A worker that died costs the stage that it was at. */
static cop_status bury(cop_crew *c, cop_crew_member *w, int status, cop_error *err)
{
    char end[900], time[32], reason[COP_FAILURE_SIZE + 900];
    cop_process_describe_end(status, w->last, end, sizeof end);
    if (w->stage == COP_NO_STAGE)
        return replace_idle(c, w, status, end, err);
    const cop_stage *stage = &c->r->study->stages[w->stage];
    double limit = stage->opened->cell->stage_seconds;
    if (cop_member_is_late(w))
        (void)snprintf(reason, sizeof reason,
                       "%s: it took longer than study.stage_seconds allows, %s%s", stage->title,
                       cop_time_text(limit, time, sizeof time),
                       w->is_killed ? ", and did not end when it was asked to"
                                    : "; the next run goes on from its checkpoint");
    else
        (void)snprintf(reason, sizeof reason, "%s: the process that computed it ended: %s",
                       stage->title, end);
    cop_say(c->r->log, COP_LOG_ERROR, "%s; what does not depend on it goes on", reason);
    COP_TRY(cop_failure_keep(c->r->store, &stage->id, COP_FAILURE_MAYBE, reason, err));
    COP_TRY(cop_crew_hear_ended(c, w, err));
    return c->is_told_to_stop ? COP_OK : start(c, w, err);
}

/* Whether it ended as it was asked to: it had saved its state, or had not even begun to listen. */
static bool has_obeyed(int status)
{
    return (WIFEXITED(status) && WEXITSTATUS(status) == 130) ||
           (WIFSIGNALED(status) && (WTERMSIG(status) == SIGTERM || WTERMSIG(status) == SIGINT));
}

/* Whether there is something to read. */
static bool has_more(const cop_lines *from)
{
    struct pollfd one = {.fd = from->file, .events = POLLIN};
    return poll(&one, 1, 0) > 0 && (one.revents & POLLIN) != 0;
}

/* Whether it has ended and was heard to the end. A process that it left behind may hold its pipes
 * for as long as it likes. */
static bool has_ended(cop_process *p)
{
    siginfo_t info = {.si_pid = 0};
    if (p->id == 0)
        return false;
    bool is_there = waitid(P_PID, (id_t)p->id, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
    if ((is_there && info.si_pid == 0) || has_more(&p->said) || has_more(&p->log))
        return false;
    cop_lines_close(&p->said);
    cop_lines_close(&p->log);
    return true;
}

static cop_status reap(cop_crew *c, cop_crew_member *w, cop_error *err)
{
    if (!has_ended(&w->process))
        return COP_OK;
    int status = cop_child_wait(w->process.id);
    bool is_done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    w->process.id = 0;
    c->is_through = c->is_through || is_done;
    if (is_done || (c->is_told_to_stop && has_obeyed(status)))
        return COP_OK;
    /* The stage ended just before it was asked to end for it. */
    if (w->overdue > 0.0 && w->stage == COP_NO_STAGE)
        return start(c, w, err);
    return bury(c, w, status, err);
}

/* Asks a worker to end that is at a stage for too long, and kills it where it does not. */
static void hold_to_limit(const cop_crew *c, cop_crew_member *w)
{
    double now = cop_now(), limit = 0.0;
    if (w->stage != COP_NO_STAGE)
        limit = c->r->study->stages[w->stage].opened->cell->stage_seconds;
    if (w->process.id == 0)
        return;
    /* What it has said meanwhile, such as that the stage has ended, is heard first. */
    if (w->overdue <= 0.0 && limit > 0.0 && now - w->began >= limit &&
        !has_more(&w->process.said)) {
        w->overdue = now;
        w->late = w->stage;
        (void)kill(w->process.id, SIGTERM);
    } else if (w->overdue > 0.0 && !w->is_killed && now - w->overdue >= GRACE) {
        w->is_killed = true;
        (void)kill(w->process.id, SIGKILL);
    }
}

static void tell_all(const cop_crew *c, int number)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->workers[i].process.id != 0)
            (void)kill(c->workers[i].process.id, number);
}

/* After SIGINT they have as long as they take: whoever pressed the keys can press them again. */
static void tell_to_stop(cop_crew *c, int number)
{
    tell_all(c, number);
    c->kill_at = number == SIGINT ? 0.0 : cop_now() + GRACE;
}

/* The watch. */

static bool are_any(const cop_crew *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->workers[i].process.id != 0)
            return true;
    return false;
}

static cop_status listen_to(cop_crew *c, cop_crew_member *w, const struct pollfd *polls,
                            cop_error *err)
{
    COP_TRY(cop_crew_hear(c, w, polls[0].revents != 0, polls[1].revents != 0, err));
    hold_to_limit(c, w);
    return reap(c, w, err);
}

static cop_status listen(cop_crew *c, struct pollfd *polls, cop_error *err)
{
    int millis = POLL_MILLIS;
    for (size_t i = 0; i < c->count; i++) {
        const cop_process *process = &c->workers[i].process;
        polls[2 * i] = (struct pollfd){.fd = process->said.file, .events = POLLIN};
        polls[2 * i + 1] = (struct pollfd){.fd = process->log.file, .events = POLLIN};
        if (process->id != 0 && process->said.file < 0 && process->log.file < 0)
            millis = ENDING_MILLIS;
    }
    if (poll(polls, 2 * c->count, millis) < 0) {
        if (errno != EINTR)
            return cop_fail(err, COP_FAILED, "the workers cannot be heard: %s", strerror(errno));
        return COP_OK; /* what poll left in revents means nothing */
    }
    for (size_t i = 0; i < c->count; i++)
        COP_TRY(listen_to(c, &c->workers[i], &polls[2 * i], err));
    return COP_OK;
}

static bool is_asked_to_stop(const cop_crew *c)
{
    return c->r->stop != NULL && *c->r->stop != 0;
}

/* Stops where the run is to stop, and kills who does not. A signal has said so by itself, below
 * what stood on the terminal. */
static void stop_in_time(cop_crew *c, cop_budget *limits, bool has_grown, char *budget, size_t size)
{
    bool is_asked = is_asked_to_stop(c);
    if (c->is_told_to_stop) {
        if (c->kill_at > 0.0 && cop_now() >= c->kill_at)
            tell_all(c, SIGKILL);
        return;
    }
    bool is_up = !is_asked && cop_budget_is_up(limits, has_grown, budget, size);
    if (is_asked)
        cop_logger_leave_board(c->r->log);
    if (is_up)
        cop_say(c->r->log, COP_LOG_WARNING, "%s: what is under way is saved", budget);
    c->is_told_to_stop = is_asked || is_up || c->is_lost;
    if (c->is_told_to_stop)
        tell_to_stop(c, is_asked && *c->r->stop == SIGINT ? SIGINT : SIGTERM);
}

static cop_status watch(cop_crew *c, cop_budget *limits, char *budget, size_t size,
                        struct pollfd *polls, cop_error *err)
{
    size_t ended = 0;
    while (are_any(c)) {
        bool has_grown = cop_remaining_done(c->remaining) != ended;
        ended = cop_remaining_done(c->remaining);
        stop_in_time(c, limits, has_grown, budget, size);
        cop_crew_show(c);
        COP_TRY(listen(c, polls, err));
    }
    if (c->is_lost) {
        if (err != NULL)
            *err = c->reason;
        return COP_FAILED;
    }
    /* Whoever was told to stop may have been through by then. */
    return c->is_told_to_stop && !c->is_through ? cop_fail(err, COP_CANCELLED, "interrupted")
                                                : COP_OK;
}

/* After a failure of this process: none is left behind. */
static void end_all(cop_crew *c)
{
    tell_all(c, SIGTERM);
    for (size_t i = 0; i < c->count; i++) {
        cop_process *process = &c->workers[i].process;
        cop_lines_close(&process->said);
        cop_lines_close(&process->log);
        if (process->id != 0)
            (void)cop_child_wait(process->id);
        process->id = 0;
    }
}

static cop_status run(cop_crew *c, struct pollfd *polls, char *budget, size_t size, cop_error *err)
{
    cop_budget limits = {.limits = &c->r->study->choice.limits, .dir = cop_store_dir(c->r->store)};
    for (size_t i = 0; i < c->count; i++)
        c->workers[i] = (cop_crew_member){
            .process = COP_NO_PROCESS, .stage = COP_NO_STAGE, .late = COP_NO_STAGE};
    cop_status status = cop_remaining_make(c->r->study, c->r->store, c->count, &c->remaining, err);
    c->shown = cop_now();
    for (size_t i = 0; status == COP_OK && i < c->count; i++)
        status = start(c, &c->workers[i], err);
    if (status == COP_OK)
        status = watch(c, &limits, budget, size, polls, err);
    if (status != COP_OK)
        end_all(c);
    cop_crew_hide(c);
    cop_remaining_free(c->remaining);
    return status;
}

cop_status cop_run_workers(cop_runner *r, const cop_workers_tell *tell, char *budget, size_t size,
                           cop_error *err)
{
    size_t jobs = r->study->choice.jobs;
    cop_crew c = {.r = r, .tell = tell, .workers = calloc(jobs, sizeof *c.workers), .count = jobs};
    struct pollfd *polls = calloc(2 * jobs, sizeof *polls);
    budget[0] = '\0';
    cop_status status = c.workers != NULL && polls != NULL ? run(&c, polls, budget, size, err)
                                                           : cop_out_of_memory(err);
    free(c.workers);
    free(polls);
    return status;
}
