/* outline.c: what a study consists of and what is still to do, in words. */
#include "config/names.h"
#include "core/memory.h"
#include "core/quantity.h"
#include "core/text.h"
#include "store/failures.h"
#include "study/estimates.h"
#include "study/graph/graph.h"

#include <stdio.h>
#include <stdlib.h>

/* Marks the trainings that choose masks and are no ticket's copy. */
static void mark_mask_trainings(const cop_study *s, bool *chooses)
{
    for (size_t i = 0; i < s->stage_count; i++) {
        const cop_stage *stage = &s->stages[i];
        if (stage->kind == COP_STAGE_MASK && stage->work.trained != COP_NO_STAGE)
            chooses[stage->work.trained] = true;
    }
    for (size_t i = 0; i < s->ticket_count; i++) {
        for (size_t c = 0; c < s->tickets[i].copy_count; c++)
            chooses[s->tickets[i].copies[c]] = false;
    }
}

/* What it costs that no copy depends on how its mask was found. */
static cop_status say_mask_trainings(const cop_study *s, FILE *out, cop_error *err)
{
    size_t count = 0;
    double flops = 0.0;
    bool *chooses = calloc(s->stage_count + 1, sizeof *chooses);
    if (chooses == NULL)
        return cop_out_of_memory(err);
    mark_mask_trainings(s, chooses);
    for (size_t i = 0; i < s->stage_count; i++) {
        count += chooses[i] ? 1 : 0;
        flops += chooses[i] ? s->stages[i].flops : 0.0;
    }
    free(chooses);
    if (count > 0)
        (void)fprintf(
            out,
            "  %zu of the trainings choose masks, with SGD noise of their own: %.2f TFLOP "
            "(noise = \"copy\"\n  in a phase of ticket shares them with copies where data "
            "and recipe are the same)\n",
            count, flops * 1e-12);
    return COP_OK;
}

/* The sparsity that each round of the cell comes to, as its pruners' plans have it; nothing where
 * none of them says. */
static void say_sparsities(const cop_study *s, size_t cell, FILE *out)
{
    double prunable = (double)cop_model_prunable_count(s->opened[cell].model);
    cop_text text = {0};
    bool is_known = false;
    for (size_t i = 0; i < s->ticket_count; i++) {
        const cop_ticket *t = &s->tickets[i];
        if (t->cell != cell || t->seed != 0 || t->mask == COP_NO_STAGE ||
            t->control != COP_CONTROL_NONE)
            continue;
        const cop_mask_promise *promise = &s->stages[t->mask].work.promise;
        is_known = is_known || promise->states_left;
        if (promise->states_left)
            cop_text_printf(&text, " %.3g", 1.0 - (double)promise->left / prunable);
        else
            cop_text_append(&text, " ?");
    }
    if (is_known && !text.failed)
        (void)fprintf(out, "    sparsity by round, as planned:%s\n", text.data);
    cop_text_free(&text);
}

static void say_data(const char *who, const cop_loaded_data *d, const cop_loaded_data *usual,
                     FILE *out)
{
    if (d != usual)
        (void)fprintf(out, "    %s: %s, %lld training and %lld test images\n", who,
                      cop_component_entry(d->component)->plugin->id, (long long)d->train.count,
                      (long long)d->test.count);
}

/* Who looks at other data than the study's. */
static void say_other_data(const cop_opened *o, FILE *out)
{
    char who[COP_NAME_SIZE + 32 + COP_MAX_INSTANCE];
    say_data("copies", o->copies_data, o->data, out);
    for (size_t i = 0; i < o->cell->phase_count; i++) {
        (void)snprintf(who, sizeof who, "rounds of phase %zu", i + 1);
        say_data(who, o->phase_data[i], o->data, out);
    }
    for (size_t i = 0; i < o->cell->analyzer_count; i++) {
        const char *label = o->cell->analyzer_labels[i];
        (void)snprintf(who, sizeof who, "analyzer %s%s%s%s",
                       cop_component_entry(o->cell->analyzers[i])->plugin->id,
                       label != NULL ? " (" : "", label != NULL ? label : "",
                       label != NULL ? ")" : "");
        say_data(who, o->analyzer_data[i], o->copies_data, out);
    }
}

/* The analyzers of the cell, where the config gives any of them a label. */
static void say_labels(const cop_cell *c, FILE *out)
{
    bool has_label = false;
    for (size_t i = 0; i < c->analyzer_count; i++)
        has_label = has_label || c->analyzer_labels[i] != NULL;
    for (size_t i = 0; has_label && i < c->analyzer_count; i++) {
        const char *label = c->analyzer_labels[i];
        (void)fprintf(out, "%s %s", i > 0 ? "," : "    analyzers:",
                      cop_component_entry(c->analyzers[i])->plugin->id);
        if (label != NULL)
            (void)fprintf(out, " (%s)", label);
    }
    (void)fprintf(out, "%s", has_label ? "\n" : "");
}

/* The controls of the cell, and how many tickets they are over all seeds. */
static void say_controls(const cop_study *s, size_t cell, FILE *out)
{
    const cop_cell *c = &s->config->cells[cell];
    size_t tickets = 0;
    for (size_t i = 0; i < s->ticket_count; i++)
        tickets += s->tickets[i].cell == cell && s->tickets[i].control != COP_CONTROL_NONE;
    if (c->control_count == 0)
        return;
    (void)fprintf(out, "    controls:");
    for (size_t i = 0; i < c->control_count; i++)
        (void)fprintf(out, "%s %s", i > 0 ? "," : "", cop_control_name(c->controls[i]));
    (void)fprintf(out, "; %zu tickets, %s\n", tickets,
                  c->analyze_controls ? "analysed as the others are" : "not analysed");
}

/* Whether a run would not try the stage: it, or what it needs, diverged before. */
static cop_status is_given_up(const cop_study *s, const cop_store *store, const cop_stage *stage,
                              const bool *given_up, bool *is, cop_error *err)
{
    char reason[COP_FAILURE_SIZE];
    size_t count = cop_stage_inputs(stage, NULL);
    int32_t *inputs = calloc(count + 1, sizeof *inputs);
    if (inputs == NULL)
        return cop_out_of_memory(err);
    (void)cop_stage_inputs(stage, inputs);
    *is = !s->choice.retries_failed &&
          cop_failure_read(cop_store_dir(store), &stage->id, reason) == COP_FAILURE_SURE;
    for (size_t k = 0; k < count; k++)
        *is = *is || given_up[inputs[k]];
    free(inputs);
    return COP_OK;
}

/* What a plan counts. */
typedef struct plan {
    size_t wanted, open, lost;
    bool *given_up; /* by stage */
} plan;

static cop_status plan_stage(const cop_study *s, const cop_store *store, size_t i, plan *p,
                             FILE *out, cop_error *err)
{
    bool done = false;
    char name[COP_ARTIFACT_NAME_SIZE], title[512];
    const cop_stage *stage = &s->stages[i];
    if (!cop_study_wants(s, i))
        return COP_OK;
    p->wanted++;
    COP_TRY(cop_stage_is_done(store, stage, &done, err));
    if (!done)
        COP_TRY(is_given_up(s, store, stage, p->given_up, &p->given_up[i], err));
    p->lost += p->given_up[i];
    if (done || p->given_up[i])
        return COP_OK;
    p->open++;
    (void)fprintf(out, "%s  %s\n", cop_artifact_text(&stage->id, name),
                  cop_escape(stage->title, title, sizeof title));
    return COP_OK;
}

cop_status cop_study_print_plan(const cop_study *s, const cop_store *store, FILE *out,
                                cop_error *err)
{
    cop_status status = COP_OK;
    plan p = {.given_up = calloc(s->stage_count + 1, sizeof *p.given_up)};
    if (p.given_up == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; status == COP_OK && i < s->stage_count; i++)
        status = plan_stage(s, store, i, &p, out, err);
    free(p.given_up);
    COP_TRY(status);
    (void)fprintf(out, "%zu of %zu stages would be computed\n", p.open, p.wanted);
    if (p.lost > 0)
        (void)fprintf(
            out,
            "%zu would not, as trainings diverged in an earlier run; --retry-failed tries "
            "them\n",
            p.lost);
    return ferror(out) ? cop_fail(err, COP_FAILED, "cannot write what there is to do") : COP_OK;
}

static void say_cells(const cop_study *s, FILE *out)
{
    const cop_config *config = s->config;
    char shown[512];
    (void)fprintf(out, "%s: %zu cell%s x %zu seed%s\n",
                  cop_escape(config->name, shown, sizeof shown), config->cell_count,
                  config->cell_count == 1 ? "" : "s", config->seed_count,
                  config->seed_count == 1 ? "" : "s");
    for (size_t i = 0; i < config->cell_count; i++) {
        const cop_opened *o = &s->opened[i];
        (void)fprintf(
            out, "  %-24s %s: %lld weights, %lld prunable; %lld training and %lld test images\n",
            cop_escape(config->cells[i].label, shown, sizeof shown),
            cop_component_entry(config->cells[i].model)->plugin->id,
            (long long)cop_model_weight_count(o->model),
            (long long)cop_model_prunable_count(o->model), (long long)o->data->train.count,
            (long long)o->data->test.count);
        say_other_data(o, out);
        say_sparsities(s, i, out);
        say_controls(s, i, out);
        say_labels(&config->cells[i], out);
    }
}

/* "12:05", with a "~" where it is not measured, and "?" where stages are unknown. */
static const char *time_of(const cop_tally *t, char *text, size_t size)
{
    char time[32];
    if (t->count == t->done)
        return "";
    if (t->unknown > 0 && t->seconds <= 0.0)
        return "?";
    (void)snprintf(text, size, "%s%s%s", t->guessed > 0 ? "~" : "",
                   cop_time_text(t->seconds, time, sizeof time), t->unknown > 0 ? "+?" : "");
    return text;
}

static const char *size_of(double bytes, char *text, size_t size)
{
    return bytes > 0.0 ? cop_size_text(bytes, text, size) : "";
}

/* The same for one stage, on average over those of which it is known. */
static const char *time_of_each(const cop_tally *t, char *text, size_t size)
{
    cop_tally one = *t;
    size_t known = t->count - t->done - t->unknown;
    one.seconds = known > 0 ? t->seconds / (double)known : 0.0;
    one.unknown = known > 0 ? 0 : t->unknown;
    return time_of(&one, text, size);
}

static void say_tally(const cop_tally *t, FILE *out)
{
    char each[64], time[64], disk[32], memory[32];
    (void)fprintf(out, "  %-8s %7zu %7zu %14.0f %12.2f %10s %10s %10s %10s\n", t->kind, t->count,
                  t->done, t->points, t->flops * 1e-12, time_of_each(t, each, sizeof each),
                  time_of(t, time, sizeof time), size_of(t->bytes, disk, sizeof disk),
                  size_of(t->memory, memory, sizeof memory));
}

/* What all that is left takes, and by which rate. */
static void say_rest(const cop_tally *all, const cop_estimates *e, FILE *out)
{
    char time[32];
    (void)fprintf(out, "\nstill to do: %.1f TFLOP", all->flops * 1e-12);
    if (all->count == all->done) {
        (void)fprintf(out, "\n");
        return;
    }
    if (all->guessed + all->unknown < all->count - all->done)
        (void)fprintf(out, "; by rates measured here about %s, one job at a time",
                      cop_time_text(all->seconds, time, sizeof time));
    else
        (void)fprintf(out, "; at a guess of %.0f GFLOP/s about %s", COP_GUESSED_FLOPS * 1e-9,
                      cop_time_text(all->seconds, time, sizeof time));
    if (all->unknown > 0)
        (void)fprintf(out, ", and %zu stage%s whose time is not known before one like %s is done",
                      all->unknown, all->unknown == 1 ? "" : "s",
                      all->unknown == 1 ? "it" : "them");
    if (all->guessed > 0 && !e->is_tried)
        (void)fprintf(out, "; --measure tries how fast this machine is");
    (void)fprintf(out, "\n");
}

static void say_splits(const cop_estimates *e, FILE *out)
{
    char title[512];
    const cop_job_split *best = cop_estimates_best_split(e);
    if (best == NULL)
        return;
    (void)fprintf(out, "\nthe processors of this machine, split, with %s:\n",
                  cop_escape(e->split_stage->title, title, sizeof title));
    for (size_t i = 0; i < e->split_count; i++)
        (void)fprintf(out, "  --jobs %d --threads %d: %.4g steps/s%s\n", e->splits[i].jobs,
                      e->splits[i].threads, e->splits[i].steps_per_second,
                      &e->splits[i] == best ? "  (recommended)" : "");
    (void)fprintf(out, "threads are part of what results depend on, bit for bit; jobs are not\n");
}

cop_status cop_study_print_outline(const cop_study *s, const cop_store *store,
                                   const cop_estimates *e, FILE *out, cop_error *err)
{
    cop_tally all = {.kind = "all"};
    say_cells(s, out);
    (void)fprintf(out, "\n  %-8s %7s %7s %14s %12s %10s %10s %10s %10s\n", "stage", "count", "done",
                  "images", "TFLOP", "time each", "time", "disk", "memory");
    for (int kind = COP_STAGE_DISTIL; kind <= COP_STAGE_ANALYZE; kind++) {
        cop_tally t;
        COP_TRY(cop_study_tally(s, store, e, (cop_stage_kind)kind, &t, err));
        cop_tally_add(&all, &t);
        say_tally(&t, out);
    }
    COP_TRY(say_mask_trainings(s, out, err));
    say_rest(&all, e, out);
    say_splits(e, out);
    return ferror(out) ? cop_fail(err, COP_FAILED, "cannot write what there is to do") : COP_OK;
}
