/* run.c: `coppice run`: everything of a study that is not done yet, then its report. */
#include "cli/run.h"

#include "cli/run_slurm.h"
#include "cli/run_stage.h"
#include "cli/signals.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/text.h"
#include "report/report.h"
#include "store/holder.h"
#include "store/study_folders.h"
#include "study/study.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_JOBS 4096

/* How many workers are asked for. */
static cop_status read_jobs(const cop_call *call, int64_t *jobs, cop_error *err)
{
    *jobs = 1;
    return call->arguments->jobs == NULL
               ? COP_OK
               : cop_argument_integer("jobs", call->arguments->jobs, 1, MOST_JOBS, jobs, err);
}

/* More threads at work than processors make all of them slower. */
static void warn_of_crowd(const cop_call *call, const cop_config *config, int64_t jobs)
{
    int threads = 1;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    for (size_t i = 0; i < config->cell_count; i++)
        threads = config->cells[i].threads > threads ? config->cells[i].threads : threads;
    if (jobs > 1 && processors > 0 && jobs * threads > processors)
        cop_say(call->log, COP_LOG_WARNING,
                "%lld jobs of %d threads on %ld processors: fewer would be faster", (long long)jobs,
                threads, processors);
}

/* What a worker is started with: this program, on the directory. */
typedef struct worker_command {
    char program[COP_PATH_SIZE];
    const char **argv; /* owned; the words are others' */
} worker_command;

static cop_status make_command(const cop_call *call, const char *dir, const char *study,
                               worker_command *out, cop_error *err)
{
    const cop_word_list *plugins = &call->arguments->plugin_dir;
    ssize_t length = readlink("/proc/self/exe", out->program, sizeof out->program - 1);
    if (length <= 0)
        return cop_fail(err, COP_FAILED, "where this program is cannot be told: no workers");
    out->program[length] = '\0';
    out->argv = calloc(8 + 2 * plugins->count, sizeof *out->argv);
    if (out->argv == NULL)
        return cop_out_of_memory(err);
    size_t n = 0;
    out->argv[n++] = out->program;
    out->argv[n++] = "work";
    out->argv[n++] = dir;
    out->argv[n++] = "--study";
    out->argv[n++] = study;
    for (size_t i = 0; i < plugins->count; i++) {
        out->argv[n++] = "--plugin-dir";
        out->argv[n++] = plugins->items[i];
    }
    if (call->arguments->quiet)
        out->argv[n++] = "--quiet";
    return COP_OK;
}

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
                                 const char *record, int64_t jobs, const worker_command *command,
                                 cop_error *err)
{
    const char *dir = cop_store_dir(store);
    const cop_report_print to = {.out = call->out, .width = cop_call_width(call)};
    watch own = {.call = call, .dir = dir, .record = record};
    cop_error failure = {0};
    if (call->arguments->watch_report)
        cop_study_watch(study, report_again, &own);
    const cop_run_choice choice = {(size_t)jobs, command->argv, call->arguments->retry_failed};
    cop_study_choose(study, &choice);
    cop_status status = cop_study_run(study, store, cop_signals_ask(), call->log, &failure);
    cop_signals_at_once("the report is made");
    if (status == COP_OK)
        return cop_report(dir, record, &to, call->log, err);
    if (cop_study_failed(study))
        COP_TRY(cop_report(dir, record, &to, call->log, err));
    *err = failure;
    return status;
}

/* Hands the study to Slurm; where nothing is left to compute, reports. */
static cop_status submit_or_report(const cop_call *call, cop_study *study, cop_store *store,
                                   const cop_config *config, const char *record, int64_t jobs,
                                   cop_error *err)
{
    bool submitted = false;
    const worker_command none = {.argv = NULL};
    COP_TRY(cop_call_submit(call, study, store, config, record, (size_t)jobs, &submitted, err));
    return submitted ? COP_OK : run_and_report(call, study, store, record, 1, &none, err);
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

cop_status cop_call_run_study(const cop_call *call, const cop_config *config, cop_error *err)
{
    char dir[COP_OUT_SIZE];
    int64_t jobs = 1;
    worker_command command = {.argv = NULL};
    COP_TRY(read_jobs(call, &jobs, err));
    COP_TRY(cop_call_out(call, config, dir, sizeof dir, err));
    bool is_here = !call->arguments->slurm; /* what computes */
    if (is_here) {
        COP_TRY(cop_call_threads(call, config, err));
        warn_of_crowd(call, config, jobs);
    }

    cop_study *study = NULL;
    cop_store *store = NULL;
    cop_holder *holder = NULL;
    char record[COP_PATH_SIZE];
    cop_status status = cop_study_new(config, dir, true, call->log, &study, err);
    if (status == COP_OK)
        status = cop_store_open(dir, &store, err);
    if (status == COP_OK)
        status = cop_study_folder_make(dir, config->name, record, sizeof record, err);
    if (status == COP_OK)
        status = hold(call, study, config->name, record, &holder, err);
    if (status == COP_OK && jobs > 1 && is_here)
        status = make_command(call, dir, config->name, &command, err);
    if (status == COP_OK)
        status = is_here ? run_and_report(call, study, store, record, jobs, &command, err)
                         : submit_or_report(call, study, store, config, record, jobs, err);
    free(command.argv);
    cop_holder_release(holder);
    cop_store_close(store);
    cop_study_free(study);
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
    int64_t jobs = 1;
    cop_registry *registry = NULL;
    cop_config *config = NULL;
    COP_TRY(cop_call_check_slurm(call, err));
    if (call->arguments->stage != NULL)
        return cop_call_run_stage(call, err);
    if (call->arguments->study != NULL)
        return cop_fail(err, COP_INVALID,
                        "--study goes with --stage; a config says its study.name");
    COP_TRY(read_jobs(call, &jobs, err)); /* usage comes before files */
    COP_TRY(refuse_directory(call, err));
    COP_TRY(cop_call_config(call, &registry, &config, err));
    cop_status status = cop_call_run_study(call, config, err);
    cop_config_free(config);
    cop_registry_free(registry);
    return status;
}

static const char *const options[] = {
    "set",          "out",          "plugin-dir", "threads", "jobs",  "stage", "study",
    "watch-report", "retry-failed", "slurm",      "sbatch",  "quiet", NULL};

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
        "only where --retry-failed says so.\n"
        "With --jobs, that many processes divide the stages between them; results are the same\n"
        "to the bit. One that dies costs its stage alone, which the next run tries again. More of\n"
        "them may join, also from other machines that share the directory: 'coppice work DIR'.\n"
        "With --slurm nothing is computed here: an array of --jobs N workers is submitted, and a "
        "last\n"
        "job that reports when they have ended. Jobs whose time is over go back into the queue, "
        "and on\n"
        "from what they saved. The program and the output directory must be where all machines "
        "see\n"
        "them. --sbatch hands options on: --sbatch=--partition=cpu --sbatch=--time=4:00:00.\n"
        "With --stage, CONFIG is a run's output directory: one stage of it is run alone, from "
        "what\n"
        "is written down there (studies/NAME/stages.json lists the stages).\n"
        "With --watch-report the page is made anew after each stage, and can be looked at.",
    .options = options,
    .resumes = true,
    .run = run};
