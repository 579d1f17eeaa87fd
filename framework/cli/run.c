/* run.c: `coppice run`: everything of a study that is not done yet, then its report. */
#include "cli/run.h"

#include "cli/run_slurm.h"
#include "cli/run_stage.h"
#include "cli/signals.h"
#include "cli/workforce.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/text.h"
#include "report/report.h"
#include "store/holder.h"
#include "store/shared.h"
#include "store/study_folders.h"
#include "study/study.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the report is made anew with, while the study runs. */
typedef struct watch {
    const cop_call *call;
    const char *dir, *record;
    bool has_warned;
} watch;

/* A report that cannot be made must not cost the run; what it lacks by now is no news. */
static void report_again(void *own)
{
    watch *w = own;
    cop_error err = {0};
    if (cop_report(w->dir, w->record, NULL, NULL, &err) == COP_OK || w->has_warned)
        return;
    w->has_warned = true;
    cop_say(w->call->log, COP_LOG_WARNING, "while the study runs: %s", err.message);
}

/* Runs the study and reports, also where stages failed by themselves: they are rows with their
 * reason. The study is held until the report is made, which so is of what this run laid out. */
static cop_status run_and_report(const cop_call *call, cop_study *study, cop_store *store,
                                 const char *record, cop_error *err)
{
    const char *dir = cop_store_dir(store);
    const cop_report_print to = {.out = call->out, .width = cop_call_width(call)};
    watch own = {.call = call, .dir = dir, .record = record};
    cop_error failure = {0};
    if (call->arguments->watch_report)
        cop_study_watch(study, report_again, &own);
    cop_status status = cop_study_run(study, store, cop_signals_ask(), call->log, &failure);
    cop_signals_at_once("the report is made");
    if (status == COP_OK)
        return cop_report(dir, record, &to, call->log, err);
    if (cop_study_failed(study))
        COP_TRY(cop_report(dir, record, &to, call->log, err));
    *err = failure;
    return status;
}

static cop_status hold(const cop_call *call, const cop_study *study, const char *name,
                       const char *record, cop_holder **out, cop_error *err)
{
    char *outline = cop_study_outline_text(study);
    if (outline == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_holder_take(record, name, outline, call->log, out, err);
    free(outline);
    return status;
}

/* The study in the output directory, held; the workforce is chosen. */
static cop_status run_in(const cop_call *call, const cop_config *config, const char *dir,
                         cop_workforce *workforce, cop_study *study, cop_error *err)
{
    cop_store *store = NULL;
    cop_holder *holder = NULL;
    char record[COP_PATH_SIZE];
    bool is_elsewhere = false; /* what computes: in Slurm */
    cop_status status = cop_store_open(dir, &store, err);
    if (status == COP_OK)
        status = cop_study_folder_make(dir, config->name, record, sizeof record, err);
    if (status == COP_OK)
        status = hold(call, study, config->name, record, &holder, err);
    if (status == COP_OK)
        status = cop_workforce_choose(call, workforce, config, dir, study, err);
    if (status == COP_OK && call->arguments->slurm)
        status = cop_call_submit(call, study, store, config, record, (size_t)workforce->jobs,
                                 &is_elsewhere, err);
    if (status == COP_OK && !is_elsewhere)
        status = run_and_report(call, study, store, record, err);
    cop_holder_release(holder);
    cop_store_close(store);
    return status;
}

/* What would be run, and nothing else. */
static cop_status print_plan(const cop_call *call, const char *dir, cop_study *study,
                             cop_error *err)
{
    const cop_word_list *only = &call->arguments->only;
    cop_store *store = NULL;
    const cop_run_choice choice = {.retries_failed = call->arguments->retry_failed};
    COP_TRY(cop_study_only(study, only->items, only->count, err));
    cop_study_choose(study, &choice);
    COP_TRY(cop_store_open_to_read(call->arguments->store != NULL ? call->arguments->store : dir,
                                   &store, err));
    cop_status status = cop_study_print_plan(study, store, call->out, err);
    cop_store_close(store);
    return status;
}

cop_status cop_call_run_study(const cop_call *call, const cop_config *config, cop_error *err)
{
    char dir[COP_OUT_SIZE];
    cop_workforce workforce;
    cop_study *study = NULL;
    bool is_dry = call->arguments->dry_run;
    COP_TRY(cop_workforce_read(call, &workforce, err));
    COP_TRY(cop_call_out(call, config, dir, sizeof dir, err));
    if (!call->arguments->slurm)
        COP_TRY(cop_call_threads(call, config, err));
    if (call->arguments->store != NULL && !is_dry)
        COP_TRY(cop_shared_store_use(dir, call->arguments->store, err));
    cop_status status = cop_study_new(config, dir, !is_dry, call->log, &study, err);
    if (status == COP_OK && is_dry)
        status = print_plan(call, dir, study, err);
    else if (status == COP_OK)
        status = run_in(call, config, dir, &workforce, study, err);
    cop_study_free(study);
    cop_workforce_clear(&workforce);
    return status;
}

/* A directory is no config; without --stage there is nothing in it to run. */
static cop_status refuse_directory(const cop_call *call, cop_error *err)
{
    struct stat info;
    char shown[512];
    const char *word = call->arguments->words[0];
    if (stat(word, &info) != 0 || !S_ISDIR(info.st_mode))
        return COP_OK;
    return cop_fail(err, COP_INVALID,
                    "%s is a directory, wanted a config; with --stage ID one stage of the run in "
                    "it is run",
                    cop_escape(word, shown, sizeof shown));
}

static cop_status run(const cop_call *call, cop_error *err)
{
    cop_workforce unused;
    cop_registry *registry = NULL;
    cop_config *config = NULL;
    COP_TRY(cop_call_check_slurm(call, err));
    if (call->arguments->stage != NULL)
        return cop_call_run_stage(call, err);
    if (call->arguments->study != NULL)
        return cop_fail(err, COP_INVALID,
                        "--study goes with --stage; a config says its study.name");
    COP_TRY(cop_workforce_read(call, &unused, err)); /* usage comes before files */
    COP_TRY(refuse_directory(call, err));
    COP_TRY(cop_call_config(call, &registry, &config, err));
    cop_status status = cop_call_run_study(call, config, err);
    cop_config_free(config);
    cop_registry_free(registry);
    return status;
}

static const char *const options[] = {
    "set",         "store",       "out",    "plugin-dir", "threads", "jobs",         "only",
    "time-budget", "disk-budget", "memory", "stage",      "study",   "watch-report", "retry-failed",
    "dry-run",     "slurm",       "sbatch", "quiet",      NULL};

const cop_subcommand cop_run_command = {
    .name = "run",
    .words = "CONFIG",
    .least_words = 1,
    .most_words = 1,
    .summary = "run what a study still lacks, then report",
    .details =
        "A run that was stopped goes on where it was: give the same command again. Ctrl-C saves\n"
        "the state first, and stops at once when it is repeated; SIGTERM waits for a step of work\n"
        "for 5 s, and then goes without. A stage that fails (a network that diverged, a plugin's\n"
        "error) costs what depends on it alone: the rest runs, the report names the reason, the\n"
        "exit status is 1. The next run tries it again, but for networks that diverged: those\n"
        "only where --retry-failed says so. Stages that took longer than study.stage_seconds\n"
        "allows go on from their checkpoints. A budget that is used up ends a run as Ctrl-C does,\n"
        "but with a report, and exit status 1.\n"
        "With --jobs, that many processes divide the stages between them; results are the same\n"
        "to the bit. One that dies costs its stage alone, which the next run tries again. More of\n"
        "them may join, also from other machines that share the directory: 'coppice work DIR'.\n"
        "With --only, nothing is computed but for the cells that are named; the report has the\n"
        "others empty. With --dry-run the stages are printed that would be computed, no more.\n"
        "With --store, artifacts, checkpoints and leases are those of DIR, which other output\n"
        "directories may share: what one has computed is there for all. Once is enough.\n"
        "With --slurm nothing is computed here: an array of --jobs N workers is submitted, and a\n"
        "last job that reports when they have ended. Jobs whose time is over go back into the\n"
        "queue, and on from what they saved. The program and the output directory must be where\n"
        "all machines see them. --sbatch hands options on, a word each: --sbatch=--partition=cpu\n"
        "--sbatch=--time=4:00:00.\n"
        "With --stage, CONFIG is a run's output directory: one stage of it is run alone, from "
        "what\n"
        "is written down there (studies/NAME/stages.json lists the stages).\n"
        "With --watch-report the page is made anew after each stage, and can be looked at.",
    .options = options,
    .resumes = true,
    .run = run};
