/* export.c: `coppice export`: trained tickets, distilled sets and what analyses found as files for
 * other programs. */
#include "cli/export_analysis.h"
#include "cli/export_ticket.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/path.h"
#include "core/text.h"
#include "nn/synthetic.h"
#include "report/data/record.h"
#include "report/data/results.h"
#include "report/figures/images.h"
#include "store/artifact_files.h"
#include "store/formats/synthetic_file.h"
#include "store/study_folders.h"
#include "train/recipe_text.h"

#include <coppice/host.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A study's directory, opened. */
typedef struct export_source {
    const cop_call *call;
    const char *dir;
    cop_results results;
} export_source;

static size_t copies_there(const cop_results *r, const cop_record_ticket *t)
{
    size_t count = 0;
    for (size_t i = 0; i < t->copy_count; i++)
        count += cop_results_find(r, &t->copies[i]) != NULL;
    return count;
}

static void list(const export_source *s)
{
    const cop_record *record = &s->results.record;
    FILE *out = s->call->out;
    (void)fprintf(out, "tickets: --cell, --seed, --round, --copy\n");
    for (size_t i = 0; i < record->ticket_count; i++) {
        const cop_record_ticket *t = &record->tickets[i];
        (void)fprintf(
            out,
            "  %-24s seed %lld  round %-3lld sparsity %5.2f %%  copies there: %zu of %zu%s%s\n",
            record->cells[t->cell].label, (long long)t->seed, (long long)t->round,
            100.0 * cop_ticket_sparsity(&s->results, t), copies_there(&s->results, t),
            t->copy_count, t->control != NULL ? "  control, not exported: " : "",
            t->control != NULL ? t->control : "");
        if (t->control == NULL)
            cop_list_analyses(&s->results, t, out);
    }
    if (record->distilled_count > 0)
        (void)fprintf(out, "distilled sets: --data, --cell, --seed\n");
    for (size_t i = 0; i < record->distilled_count; i++) {
        const cop_record_distilled *d = &record->distilled[i];
        bool there = cop_results_find(&s->results, &d->set) != NULL;
        (void)fprintf(out, "  %-24s seed %lld  %s\n", record->cells[d->cell].label,
                      (long long)d->seed, there ? "there" : "not there yet");
    }
}

/* What the options say; −1: not said. */
typedef struct selection {
    const char *cell; /* NULL: not said */
    bool has_seed;
    int64_t seed, round, copy;
} selection;

static cop_status read_selection(const cop_arguments *a, selection *out, cop_error *err)
{
    *out = (selection){.cell = a->cell, .has_seed = a->seed != NULL, .round = -1};
    if (a->seed != NULL)
        COP_TRY(cop_argument_integer("seed", a->seed, INT64_MIN, INT64_MAX, &out->seed, err));
    if (a->round != NULL)
        COP_TRY(cop_argument_integer("round", a->round, 0, INT64_MAX, &out->round, err));
    if (a->copy != NULL)
        COP_TRY(cop_argument_integer("copy", a->copy, 0, INT64_MAX, &out->copy, err));
    return COP_OK;
}

static bool suits(const selection *s, const cop_record *record, size_t cell, int64_t seed)
{
    return (s->cell == NULL || strcmp(record->cells[cell].label, s->cell) == 0) &&
           (!s->has_seed || s->seed == seed);
}

/* Not said which, where there are several: an error, never a guess. */
static cop_status check_unique(bool same_cell, bool same_seed, cop_error *err)
{
    if (!same_cell)
        return cop_fail(err, COP_INVALID,
                        "the study has several cells; choose one with --cell ('coppice "
                        "export DIR' lists them)");
    if (!same_seed)
        return cop_fail(err, COP_INVALID, "the study has several seeds; choose one with --seed");
    return COP_OK;
}

/* The chosen ticket; without --round the last one. */
static cop_status choose_ticket(const export_source *s, const selection *want, cop_ticket_part part,
                                const cop_record_ticket **out, cop_error *err)
{
    const cop_record *record = &s->results.record;
    *out = NULL;
    for (size_t i = 0; i < record->ticket_count; i++) {
        const cop_record_ticket *t = &record->tickets[i];
        if (!suits(want, record, t->cell, t->seed) || t->control != NULL ||
            (want->round >= 0 && t->round != want->round))
            continue;
        if (*out != NULL)
            COP_TRY(check_unique((*out)->cell == t->cell, (*out)->seed == t->seed, err));
        if (*out == NULL || t->round > (*out)->round)
            *out = t;
    }
    if (*out == NULL)
        return cop_fail(err, COP_INVALID,
                        "no ticket of that cell, seed and round ('coppice export DIR' lists "
                        "them)");
    if (part == COP_TICKET_COPY && (size_t)want->copy >= (*out)->copy_count)
        return cop_fail(err, COP_INVALID, "the ticket has %zu trained copies, --copy is %lld",
                        (*out)->copy_count, (long long)want->copy);
    return COP_OK;
}

static cop_status choose_set(const export_source *s, const selection *want,
                             const cop_record_distilled **out, cop_error *err)
{
    const cop_record *record = &s->results.record;
    *out = NULL;
    for (size_t i = 0; i < record->distilled_count; i++) {
        const cop_record_distilled *d = &record->distilled[i];
        if (!suits(want, record, d->cell, d->seed))
            continue;
        bool same = *out != NULL && cop_same_artifact(&(*out)->set, &d->set);
        if (*out != NULL && !same)
            COP_TRY(check_unique((*out)->cell == d->cell, (*out)->seed == d->seed, err));
        *out = d;
    }
    if (*out == NULL)
        return cop_fail(err, COP_INVALID, "the study has no distilled set of that cell and seed");
    return COP_OK;
}

/* Which part of a ticket the flags name; 0: the distilled set instead. */
static cop_status choose_part(const cop_arguments *a, cop_ticket_part *out, cop_error *err)
{
    *out = a->initial            ? COP_TICKET_INITIAL
           : a->mask             ? COP_TICKET_MASK
           : a->data             ? (cop_ticket_part)0
           : a->analysis != NULL ? COP_TICKET_ANALYSIS
                                 : COP_TICKET_COPY;
    if (a->initial + a->mask + a->data + (a->analysis != NULL) > 1)
        return cop_fail(err, COP_INVALID,
                        "--initial, --mask, --data and --analysis are a file each; choose one");
    if (a->analysis != NULL && a->copy != NULL)
        return cop_fail(err, COP_INVALID,
                        "--copy does not go with --analysis: the analyzer chose its copies");
    if ((a->initial || a->mask) && a->copy != NULL)
        return cop_fail(err, COP_INVALID,
                        "--copy does not go with --%s, which all copies of a ticket share",
                        a->initial ? "initial" : "mask");
    return COP_OK;
}

static cop_status export_ticket(const export_source *s, const selection *want, cop_ticket_part part,
                                cop_error *err)
{
    const cop_record_ticket *t = NULL;
    if (s->call->arguments->to == NULL)
        return cop_fail(err, COP_INVALID, "export wants --to FILE");
    COP_TRY(choose_ticket(s, want, part, &t, err));
    int64_t item = want->copy;
    if (part == COP_TICKET_ANALYSIS)
        COP_TRY(cop_choose_analysis(&s->results, t, s->call->arguments->analysis, &item, err));
    return cop_export_ticket(s->call, s->dir, &s->results, t, part, item, err);
}

/* Whose set it is, beside what the set says of itself. */
static cop_status write_noted(const export_source *s, const cop_record_distilled *d,
                              const cop_synthetic *set, const char *path, cop_error *err)
{
    char seed[24], artifact[COP_ARTIFACT_NAME_SIZE];
    (void)snprintf(seed, sizeof seed, "%lld", (long long)d->seed);
    const cop_metadata notes[] = {{"coppice", cop_version()},
                                  {"study", s->results.record.name},
                                  {"cell", s->results.record.cells[d->cell].label},
                                  {"seed", seed},
                                  {"artifact", cop_artifact_text(&d->set, artifact)}};
    return cop_synthetic_write_noted(set, notes, sizeof notes / sizeof notes[0], path, err);
}

static cop_status write_set(const export_source *s, const cop_record_distilled *d,
                            const cop_synthetic *set, cop_error *err)
{
    const cop_arguments *a = s->call->arguments;
    bool decoded = false;
    char shown[1024];
    if (a->to != NULL) {
        cop_output to = {0};
        COP_TRY(cop_output_begin(a->to, &to, err));
        COP_TRY(cop_output_end(&to, write_noted(s, d, set, to.path, err), err));
        if (to.dir[0] == '\0')
            (void)fprintf(s->call->out, "%s: %lld distilled images\n",
                          cop_escape(a->to, shown, sizeof shown), (long long)set->count);
    }
    if (a->png == NULL)
        return COP_OK;
    COP_TRY(cop_make_dirs(a->png, err));
    COP_TRY(cop_images_write(set, a->png, "distilled", &decoded, err));
    (void)cop_escape(a->png, shown, sizeof shown);
    (void)fprintf(s->call->out, "%s/distilled.png\n", shown);
    if (decoded)
        (void)fprintf(s->call->out, "%s/distilled-decoded.png\n", shown);
    return COP_OK;
}

/* The recipe by which the cell has the set trained, where that is another than the file's: several
 * cells may share the set. */
static cop_status take_recipe(const cop_record_distilled *d, cop_synthetic *set, cop_error *err)
{
    cop_recipe recipe;
    if (d->recipe == NULL)
        return COP_OK;
    if (!cop_recipe_from_text(d->recipe, &recipe))
        return cop_fail(err, COP_FAILED, "the study's record has a recipe that cannot be read: %s",
                        d->recipe);
    return cop_synthetic_set_recipe(set, &recipe, err);
}

static cop_status export_set(const export_source *s, const selection *want, cop_error *err)
{
    const cop_record_distilled *d = NULL;
    const char *path = NULL;
    cop_synthetic set = {0};
    if (s->call->arguments->to == NULL && s->call->arguments->png == NULL)
        return cop_fail(err, COP_INVALID, "export --data wants --to FILE or --png DIR");
    COP_TRY(choose_set(s, want, &d, err));
    cop_status status = cop_results_file(&s->results, &d->set, COP_SYNTHETIC_FILE, &path, err);
    if (status == COP_OK)
        status = cop_synthetic_read(path, &set, err);
    if (status != COP_OK)
        return cop_store_advise(s->results.store, &d->set, status, err);
    status = take_recipe(d, &set, err);
    if (status == COP_OK)
        status = write_set(s, d, &set, err);
    cop_synthetic_clear(&set);
    return status;
}

static bool selects_nothing(const cop_arguments *a)
{
    return a->cell == NULL && a->seed == NULL && a->round == NULL && a->copy == NULL &&
           a->to == NULL && a->png == NULL && a->analysis == NULL && !a->data && !a->initial &&
           !a->mask;
}

static cop_status export(const export_source *s, cop_error *err)
{
    selection want;
    cop_ticket_part part;
    if (selects_nothing(s->call->arguments)) {
        list(s);
        return COP_OK;
    }
    if (s->call->arguments->to != NULL)
        COP_TRY(cop_output_check_safetensors(s->call->arguments->to, err));
    COP_TRY(read_selection(s->call->arguments, &want, err));
    COP_TRY(choose_part(s->call->arguments, &part, err));
    return part == 0 ? export_set(s, &want, err) : export_ticket(s, &want, part, err);
}

static cop_status run(const cop_call *call, cop_error *err)
{
    export_source s = {.call = call, .dir = call->arguments->words[0]};
    char record[COP_PATH_SIZE];
    COP_TRY(cop_study_folder_choose(s.dir, call->arguments->study, record, sizeof record, err));
    cop_status status = cop_results_read(s.dir, record, call->log, &s.results, err);
    if (status == COP_OK)
        status = export(&s, err);
    cop_results_clear(&s.results);
    return status;
}

static const char *const options[] = {"study",   "cell", "seed",       "round", "copy",
                                      "initial", "mask", "analysis",   "data",  "synthetic",
                                      "to",      "png",  "plugin-dir", "quiet", NULL};

const cop_subcommand cop_export_command = {
    .name = "export",
    .words = "DIR",
    .least_words = 1,
    .most_words = 1,
    .summary = "write a trained ticket, a distilled set or an analysis for other programs",
    .details =
        "DIR is the output directory of a run. Without options: lists what there is. A trained "
        "copy of a\n"
        "ticket becomes a safetensors file with a PyTorch state_dict, its mask applied; --initial "
        "gives\n"
        "what its training starts from in the same form, --mask the mask (0 and 1, as floats, "
        "under the\n"
        "weights' names), --data the distilled set: --to its pixels and labels, with what they "
        "are\n"
        "in the file's metadata, so that the distiller 'file' takes it as it is; --png contact\n"
        "sheets, a row per class. --analysis gives what an analyzer found for each weight, where "
        "it "
        "has such\n"
        "results (hessian: entries = true), by the analysis's label or analyzer. The files of a "
        "ticket say in their metadata what it is:\n"
        "architecture, normalisation, study, cell, seed, round, sparsity; that of a set study, "
        "cell, seed,\n"
        "its name in the store, dataset and fingerprint, the distiller and its options.\n"
        "--initial needs the plugins, the data and the files that the run had. What --to names is\n"
        "written to: a link's target, a device or a pipe, too.",
    .options = options,
    .run = run};
