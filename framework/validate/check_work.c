/* check_work.c: what distillers, pruners and analyzers promise (coppice/work.h), seen by running
 * them in a study in small (trial.h). */
#include "validate/checks.h"

#include "core/clock.h"
#include "core/memory.h"
#include "study/running/judge.h"
#include "train/recipe_text.h"
#include "validate/traces.h"
#include "validate/trial.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Runs to see whether memory grows; it does where the last so many of them each took some. */
#define REPETITIONS    16
#define GROWN_RUNS     4
#define MEMORY_SECONDS 20.0

static bool is_same(cop_digest a, cop_digest b)
{
    return a.hi == b.hi && a.lo == b.lo;
}

static bool is_same_result(const cop_trial_outcome *a, const cop_trial_outcome *b)
{
    return is_same(a->result, b->result) && is_same(a->tensors, b->tensors);
}

/* A plan in one number, whatever its memory. */
static cop_digest plan_digest(const cop_plan *p)
{
    cop_hasher *h = cop_hasher_new();
    if (h == NULL)
        return (cop_digest){0, 0};
    const bool needs[] = {p->need_trained, p->need_rounds, p->need_dense, p->need_synthetic,
                          p->need_no_copy};
    char text[COP_RECIPE_TEXT_SIZE];
    cop_hasher_update(h, &p->steps, sizeof p->steps);
    cop_hasher_update(h, &p->steps_go_on, sizeof p->steps_go_on);
    cop_hasher_update(h, &p->flops, sizeof p->flops);
    cop_hasher_update(h, needs, sizeof needs);
    cop_hasher_update(h, &p->needed_masks, sizeof p->needed_masks);
    cop_hasher_update(h, p->needed_copies, p->needed_copy_count * sizeof *p->needed_copies);
    cop_hasher_update(h, &p->expected_samples, sizeof p->expected_samples);
    cop_hasher_update_text(h, cop_recipe_text(&p->expected_recipe, text, sizeof text));
    cop_hasher_update(h, &p->promise.states_left, sizeof p->promise.states_left);
    cop_hasher_update(h, &p->promise.left, sizeof p->promise.left);
    cop_hasher_update(h, &p->promise.regrows, sizeof p->promise.regrows);
    for (size_t i = 0; i < p->training_count; i++) {
        const cop_plan_training *t = &p->trainings[i];
        cop_hasher_update_text(h, t->label);
        cop_hasher_update(h, &t->model, sizeof(const cop_model *));
        cop_hasher_update(h, &t->data, sizeof t->data);
        cop_hasher_update(h, &t->start, sizeof t->start);
        cop_hasher_update(h, &t->init, sizeof t->init);
        cop_hasher_update(h, &t->noise, sizeof t->noise);
        if (t->has_recipe)
            cop_hasher_update_text(h, cop_recipe_text(&t->recipe, text, sizeof text));
        for (size_t k = 0; k < t->snapshot_count; k++) {
            cop_hasher_update(h, &t->snapshots[k].unit, sizeof t->snapshots[k].unit);
            cop_hasher_update(h, &t->snapshots[k].value, sizeof t->snapshots[k].value);
        }
    }
    cop_digest digest = cop_hasher_finish(h);
    cop_hasher_free(h);
    return digest;
}

static cop_digest options_digest(const cop_trial *b)
{
    return cop_hash_bytes(b->instance.options, b->s->entry->plugin->options_size);
}

static cop_status plan_once(cop_trial *b, cop_error *err)
{
    static const int64_t class_counts[] = {48, 48, 48};
    cop_kind kind = (cop_kind)b->s->entry->plugin->kind;
    b->plan =
        (cop_plan){.kind = kind,
                   .model = kind == COP_KIND_DISTILLER ? NULL : b->ticket.model,
                   .task = *cop_ticket_task(),
                   .train_count = b->ticket.train->count,
                   .test_count = b->ticket.test->count,
                   .class_counts = class_counts,
                   .copies = COP_TICKET_COPIES,
                   .has_distilled = true,
                   .weights_left = kind == COP_KIND_DISTILLER ? -1 : cop_mask_count(b->ticket.mask),
                   .round = kind == COP_KIND_PRUNER ? 1 : 0,
                   .rounds = COP_TICKET_ROUNDS};
    return cop_plan_make(b->what, b->instance.ops, b->instance.options, &b->plan, err);
}

static bool check_plan(cop_trial *b)
{
    static const cop_check check = {"plan is pure",
                                    "two calls with the same options give the same plan and leave "
                                    "the options as they are",
                                    "work.h: cop_work_ops.plan"};
    cop_error err = {0};
    cop_reporter_begin(b->r, &check);
    cop_digest options = options_digest(b);
    cop_status status = plan_once(b, &err);
    if (status == COP_INVALID) { /* it cannot work here, and says so */
        cop_reporter_skip(b->r, "not possible in the small study of the checks: %s", err.message);
        return false;
    }
    if (status != COP_OK)
        return cop_reporter_status(b->r, status, &err);
    cop_digest first = plan_digest(&b->plan);
    int64_t steps = b->plan.steps;
    cop_plan_clear(&b->plan);
    status = plan_once(b, &err);
    if (status != COP_OK)
        return cop_reporter_status(b->r, status, &err);
    if (steps != b->plan.steps)
        cop_reporter_finding(b->r, "the first call states %lld steps, the second %lld",
                             (long long)steps, (long long)b->plan.steps);
    else if (!is_same(first, plan_digest(&b->plan)))
        cop_reporter_finding(b->r, "the second call asks for something else than the first");
    else if (!is_same(options, options_digest(b)))
        cop_reporter_finding(b->r, "it changed the options");
    else
        cop_reporter_ok(b->r);
    b->is_cut = b->plan.steps > COP_TRIAL_MOST_STEPS;
    return true;
}

static bool check_end(cop_trial *b, cop_trial_outcome *first)
{
    static const cop_check whole = {"runs to its end",
                                    "begin, every step and finish succeed, and the result is one "
                                    "that the host takes",
                                    "work.h: cop_work_ops, and what the kind's header says of its "
                                    "result"};
    static const cop_check cut = {"its first steps succeed", "begin and every step succeed",
                                  "work.h: cop_work_ops"};
    cop_reporter_begin(b->r, b->is_cut ? &cut : &whole);
    first->wanted = cop_trial_steps(b) / 2;
    cop_trial_run(b, NULL, b->is_cut ? COP_TRIAL_SOME_STEPS : b->plan.steps + 1, first);
    return cop_reporter_status(b->r, first->status, &first->err);
}

static void check_mask(cop_trial *b, const cop_trial_outcome *first)
{
    static const cop_check check = {"the mask is as planned",
                                    "it keeps as many weights as plan states, and brings none back "
                                    "unless plan says so",
                                    "work.h: cop_plan_leave, cop_plan_regrows"};
    if (b->plan.kind != COP_KIND_PRUNER || b->is_cut)
        return;
    cop_reporter_begin(b->r, &check);
    (void)cop_reporter_status(b->r, first->as_planned, &first->differs);
}

static void check_inputs(cop_trial *b, cop_digest before, cop_status known)
{
    static const cop_check check = {"inputs stay as they are",
                                    "nothing that was borrowed is written to: masks, states, "
                                    "samples",
                                    "work.h: \"Inputs\""};
    cop_digest after = {0};
    cop_error err = {0};
    cop_reporter_begin(b->r, &check);
    if (known == COP_OK)
        known = cop_ticket_digest(&b->ticket, &after, &err);
    if (known == COP_OK && !is_same(before, after))
        cop_reporter_finding(b->r, "a mask, state or sample that it was lent has other bits "
                                   "afterwards");
    else
        (void)cop_reporter_status(b->r, known, &err);
}

static void check_repeat(cop_trial *b, const cop_trial_outcome *first)
{
    static const cop_check check = {"the same seed gives the same bits",
                                    "a second run with the same seed, options and inputs gives the "
                                    "same result and records the same numbers, bit for bit",
                                    "work.h: \"A step is a pure function\""};
    cop_reporter_begin(b->r, &check);
    cop_trial_outcome again = {.wanted = -1};
    cop_trial_run(b, NULL, b->is_cut ? COP_TRIAL_SOME_STEPS : b->plan.steps + 1, &again);
    if (again.status != COP_OK)
        (void)cop_reporter_status(b->r, again.status, &again.err);
    else if (!is_same_result(first, &again))
        cop_reporter_finding(b->r, "the second run gave another result");
    else if (!is_same(first->recorded, again.recorded))
        cop_reporter_finding(b->r, "the second run recorded other numbers");
    else
        cop_reporter_ok(b->r);
    cop_tables_free(again.tables);
}

static void check_resume(cop_trial *b, const cop_trial_outcome *first)
{
    static const cop_check check = {"a restored bag gives the same bits",
                                    "a run that goes on from a checkpoint gives the result and the "
                                    "recorded numbers of one that was never stopped, bit for bit",
                                    "work.h: cop_work_ops.step"};
    cop_reporter_begin(b->r, &check);
    if (first->middle.bag == NULL) {
        cop_reporter_skip(b->r, "there are %lld steps: nothing between them to restore",
                          (long long)b->plan.steps);
        return;
    }
    cop_trial_outcome resumed = {.wanted = -1};
    cop_trial_run(b, first,
                  b->is_cut ? COP_TRIAL_SOME_STEPS - first->middle.step : b->plan.steps + 1,
                  &resumed);
    if (resumed.status != COP_OK)
        (void)cop_reporter_status(b->r, resumed.status, &resumed.err);
    else if (!is_same_result(first, &resumed))
        cop_reporter_finding(b->r, "going on from step %lld gave another result",
                             (long long)first->middle.step);
    else if (!is_same(first->recorded, resumed.recorded))
        cop_reporter_finding(b->r, "going on from step %lld recorded other numbers",
                             (long long)first->middle.step);
    else
        cop_reporter_ok(b->r);
    cop_tables_free(resumed.tables);
}

static void check_cancel(cop_trial *b)
{
    static const cop_check check = {"can be stopped between steps",
                                    "a run that is stopped after a step is destroyed, and finish "
                                    "is not called",
                                    "work.h: \"The host loops, checkpoints the bag, cancels\""};
    cop_reporter_begin(b->r, &check);
    if (b->plan.steps < 2) {
        cop_reporter_skip(b->r, "there are %lld steps", (long long)b->plan.steps);
        return;
    }
    cop_trial_outcome stopped = {.wanted = -1};
    cop_trial_run(b, NULL, 1, &stopped);
    if (stopped.status == COP_CANCELLED || (b->is_cut && stopped.status == COP_OK))
        cop_reporter_ok(b->r);
    else
        cop_reporter_finding(b->r, "it ended with status %d: %s", (int)stopped.status,
                             stopped.err.message);
    cop_tables_free(stopped.tables);
}

/* The bag after as many steps as the first run had, in a work that is planned to be longer. */
static void compare_longer(cop_trial *b, cop_trial *longer, const cop_trial_outcome *first)
{
    cop_error err = {0};
    cop_trial_outcome o = {.wanted = -1};
    cop_status status = plan_once(longer, &err);
    if (status == COP_OK && longer->plan.steps > b->plan.steps)
        cop_trial_run(longer, NULL, cop_trial_steps(b), &o);
    if (status != COP_OK)
        (void)cop_reporter_status(b->r, status, &err);
    else if (longer->plan.steps <= b->plan.steps)
        cop_reporter_finding(b->r, "twice as long as %lld steps is %lld steps",
                             (long long)b->plan.steps, (long long)longer->plan.steps);
    else if (o.status != COP_CANCELLED)
        (void)cop_reporter_status(b->r, o.status, &o.err);
    else if (!is_same(first->last_bag, o.last_bag))
        cop_reporter_finding(b->r,
                             "after step %lld of %lld the bag is another than after step "
                             "%lld of %lld",
                             (long long)cop_trial_steps(b), (long long)longer->plan.steps,
                             (long long)cop_trial_steps(b), (long long)b->plan.steps);
    else if (!is_same(first->recorded, o.recorded))
        cop_reporter_finding(b->r, "in %lld steps other numbers are recorded than in %lld of %lld",
                             (long long)cop_trial_steps(b), (long long)cop_trial_steps(b),
                             (long long)longer->plan.steps);
    else
        cop_reporter_ok(b->r);
    cop_plan_clear(&longer->plan);
}

static void check_going_on(cop_trial *b, const cop_trial_outcome *first)
{
    static const cop_check check = {
        "steps do not depend on how many there are",
        "after as many steps the bag and what is recorded are the same, "
        "bit for bit, however many are to follow",
        "work.h: cop_plan_steps_go_on, option.h: COP_OPTION_LENGTH"};
    cop_error err = {0};
    cop_component *component = NULL;
    bool is_longer = false;
    if (!b->plan.steps_go_on || b->plan.steps == 0)
        return;
    cop_reporter_begin(b->r, &check);
    cop_trial longer = {.s = b->s, .r = b->r, .ticket = b->ticket};
    char *members = cop_subject_longer(b->s, b->instance.options, &is_longer);
    const cop_plugin *plugin = b->s->entry->plugin;
    (void)snprintf(longer.what, sizeof longer.what, "%s", b->what);
    cop_status status = COP_OK;
    if (members == NULL)
        status = cop_out_of_memory(&err);
    else if (is_longer)
        status = cop_subject_component(b->s->registry, (cop_kind)plugin->kind, plugin->id, members,
                                       &component, &err);
    if (status == COP_OK && is_longer)
        status = cop_instance_open(component, cop_ticket_task(), &longer.instance, &err);
    if (status != COP_OK) {
        (void)cop_reporter_status(b->r, status, &err);
    } else if (!is_longer) {
        cop_reporter_skip(b->r, "no whole number that can be doubled has COP_OPTION_LENGTH");
    } else {
        compare_longer(b, &longer, first);
        cop_instance_close(&longer.instance);
    }
    cop_component_free(component);
    free(members);
}

typedef struct errand {
    cop_trial *b;
    cop_trial_outcome o;
} errand;

static void *run_errand(void *context)
{
    errand *e = context;
    cop_trial_run(e->b, NULL, e->b->is_cut ? COP_TRIAL_SOME_STEPS : e->b->plan.steps + 1, &e->o);
    cop_tables_free(e->o.tables);
    return NULL;
}

/* One run in a thread of its own, with whose end the allocator takes back the chunks that it keeps
 * in hand for the thread and counts as used. */
static bool run_apart(cop_trial *b)
{
    errand e = {.b = b, .o = {.wanted = -1}};
    pthread_t thread;
    return pthread_create(&thread, NULL, run_errand, &e) == 0 && pthread_join(thread, NULL) == 0;
}

/* Runs so often that what is kept for good is there, such as tables of libraries. What grows even
 * then grows for ever. */
static void check_memory(cop_trial *b)
{
    static const cop_check check = {"memory is given back",
                                    "after destroy as much memory is in use as before create",
                                    "work.h: cop_work_ops.destroy"};
    cop_reporter_begin(b->r, &check);
    size_t used = 0, before = 0;
    int grown = 0; /* how often in a row */
    double began = cop_now();
    for (int i = 0; i < REPETITIONS; i++) {
        if (!run_apart(b)) {
            cop_reporter_skip(b->r, "a thread could not be started");
            return;
        }
        before = used;
        used = cop_trace_memory();
        grown = used > before ? grown + 1 : 0;
        if (cop_now() - began > MEMORY_SECONDS) {
            cop_reporter_skip(b->r, "%d runs took %g s: too long to repeat it often enough", i + 1,
                              cop_now() - began);
            return;
        }
    }
    if (used == 0)
        cop_reporter_skip(b->r, "this build's allocator does not say how much is in use");
    else if (grown >= GROWN_RUNS)
        cop_reporter_finding(b->r, "each run leaves about %zu bytes behind", used - before);
    else
        cop_reporter_ok(b->r);
}

/* The digest of what the judge says of the tables, with them as the dense network's or without. */
static cop_status judge_once(const cop_trial *b, const cop_tables *tables, const cop_tables *dense,
                             cop_digest *out, cop_error *err)
{
    cop_tables *verdicts = NULL;
    COP_TRY(cop_judge_tables(b->what, b->instance.ops, b->instance.options, tables, dense,
                             &verdicts, err));
    cop_status status = cop_trial_tables_digest(b, verdicts, out, err);
    cop_tables_free(verdicts);
    return status;
}

static const char *judgement_of(const cop_plugin *plugin)
{
    for (size_t i = 0; i < plugin->option_count; i++) {
        if ((plugin->options[i].flags & (uint32_t)COP_OPTION_JUDGEMENT) != 0)
            return plugin->options[i].name;
    }
    return NULL;
}

/* An option that is part of no identity, and read where results are made, makes two results of one
 * name. */
static void check_judgements(const cop_trial *b)
{
    static const cop_check check = {"what is read for judging is judged by",
                                    "options with COP_OPTION_JUDGEMENT have a judge to read them",
                                    "work.h: cop_work_ops.judge"};
    const char *option = judgement_of(b->s->entry->plugin);
    if (option == NULL)
        return;
    cop_reporter_begin(b->r, &check);
    if (((const cop_work_ops *)b->instance.ops)->judge == NULL)
        cop_reporter_finding(b->r, "option '%s' is a judgement, and there is no judge", option);
    else if (b->s->entry->plugin->kind != COP_KIND_ANALYZER)
        cop_reporter_finding(b->r, "option '%s' is a judgement, and analyzers alone are judged",
                             option);
    else
        cop_reporter_ok(b->r);
}

static void check_judge(const cop_trial *b, const cop_trial_outcome *first)
{
    static const cop_check check = {
        "judge is pure",
        "two calls on the same tables give the same verdicts, which fit "
        "the tables, and leave tables and options as they are",
        "work.h: cop_work_ops.judge"};
    cop_error err = {0};
    if (b->plan.kind != COP_KIND_ANALYZER || ((const cop_work_ops *)b->instance.ops)->judge == NULL)
        return;
    cop_reporter_begin(b->r, &check);
    if (first->tables == NULL) {
        cop_reporter_skip(b->r, "there are no tables to judge");
        return;
    }
    cop_digest options = options_digest(b), after = {0};
    bool is_pure = true;
    for (int with_dense = 0; with_dense < 2; with_dense++) {
        const cop_tables *dense = with_dense != 0 ? first->tables : NULL;
        cop_digest once = {0}, twice = {0};
        cop_status status = judge_once(b, first->tables, dense, &once, &err);
        if (status == COP_OK)
            status = judge_once(b, first->tables, dense, &twice, &err);
        if (status != COP_OK) {
            (void)cop_reporter_status(b->r, status, &err);
            return;
        }
        is_pure = is_pure && is_same(once, twice);
    }
    if (cop_trial_tables_digest(b, first->tables, &after, &err) != COP_OK)
        (void)cop_reporter_status(b->r, COP_FAILED, &err);
    else if (!is_same(after, first->result))
        cop_reporter_finding(b->r, "it changed the tables that it was to judge");
    else if (!is_same(options, options_digest(b)))
        cop_reporter_finding(b->r, "it changed the options");
    else if (!is_pure)
        cop_reporter_finding(b->r, "the second call gave other verdicts than the first");
    else
        cop_reporter_ok(b->r);
}

static void check_all(cop_trial *b)
{
    cop_error err = {0};
    cop_digest before = {0};
    cop_trace trace;
    check_judgements(b);
    if (!check_plan(b))
        return;
    cop_status status = cop_ticket_request(&b->ticket, &b->plan, &err);
    if (status == COP_OK)
        status = cop_ticket_digest(&b->ticket, &before, &err);
    cop_trace_take(&trace);
    cop_trial_outcome first = {.wanted = -1};
    if (check_end(b, &first)) {
        check_mask(b, &first);
        check_repeat(b, &first);
        check_resume(b, &first);
        check_cancel(b);
        check_going_on(b, &first);
        check_judge(b, &first);
    }
    check_inputs(b, before, status);
    cop_guards_report(b->ticket.guards, b->r);
    cop_trace_check(b->r, &trace);
    if (first.status == COP_OK)
        check_memory(b);
    cop_saved_clear(&first.middle);
    cop_tables_free(first.tables);
}

void cop_check_work(const cop_subject *s, const cop_component *c)
{
    cop_error err = {0};
    cop_trial b = {.s = s, .r = s->reporter};
    const cop_plugin *plugin = s->entry->plugin;
    (void)snprintf(b.what, sizeof b.what, "%s '%s'", cop_kind_name((cop_kind)plugin->kind),
                   plugin->id);
    cop_status status = cop_ticket_make(s->registry, &b.ticket, &err);
    b.ticket.guards = cop_guards_new();
    if (status == COP_OK && b.ticket.guards == NULL)
        status = cop_out_of_memory(&err);
    if (status == COP_OK)
        status = cop_instance_open(c, cop_ticket_task(), &b.instance, &err);
    if (status == COP_OK) {
        cop_guards_watch(b.ticket.guards, s->reporter);
        check_all(&b);
        cop_plan_clear(&b.plan);
        cop_instance_close(&b.instance);
    } else {
        cop_reporter_usage(s->reporter, err.message);
    }
    cop_ticket_clear(&b.ticket);
    /* The guards stay: a fault's handler looks at them as long as the process lives. */
}
