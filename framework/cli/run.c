/* run.c: `coppice run`: everything of a study that is not done yet, then its report. */
#include "cli/command.h"
#include "report/report.h"
#include "store/holder.h"
#include "study/study.h"

#include <signal.h>
#include <string.h>

#define PATH_SIZE 2048

/* The one piece of state that is not on a stack: a signal's handler gets no argument to set. */
static volatile sig_atomic_t stop_requested;

static void request_stop(int signal_number)
{
    (void)signal_number;
    stop_requested = 1;
}

/* The handlers that were there before. */
typedef struct handlers {
    struct sigaction interrupt, terminate;
} handlers;

/* From here on Ctrl-C stops at the next step; a second one ends the program at once. */
static void catch_signals(handlers *before)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = request_stop;
    action.sa_flags = (int)SA_RESETHAND;
    (void)sigemptyset(&action.sa_mask);
    stop_requested = 0;
    (void)sigaction(SIGINT, &action, &before->interrupt);
    (void)sigaction(SIGTERM, &action, &before->terminate);
}

static void restore_signals(const handlers *before)
{
    (void)sigaction(SIGINT, &before->interrupt, NULL);
    (void)sigaction(SIGTERM, &before->terminate, NULL);
}

static cop_status check_jobs(const cop_call *call, cop_error *err)
{
    int64_t jobs = 1;
    if (call->arguments->jobs == NULL)
        return COP_OK;
    COP_TRY(cop_argument_integer("jobs", call->arguments->jobs, 1, 4096, &jobs, err));
    if (jobs != 1)
        return cop_fail(err, COP_INVALID,
                        "this version runs one stage at a time: '--jobs %lld' is not possible, "
                        "study.threads makes a stage faster",
                        (long long)jobs);
    return COP_OK;
}

/* Runs the study and reports, also where stages failed by themselves: they are rows with their
 * reason. The directory is held until the report is made, which so is of what this run laid out. */
static cop_status run_and_report(const cop_call *call, cop_study *study, cop_store *store,
                                 const handlers *before, cop_error *err)
{
    cop_error failure = {0};
    cop_status status = cop_study_run(study, store, &stop_requested, call->log, &failure);
    restore_signals(before);
    if (status == COP_OK)
        return cop_report(cop_store_dir(store), call->out, call->log, err);
    if (cop_study_failed(study))
        COP_TRY(cop_report(cop_store_dir(store), call->out, call->log, err));
    *err = failure;
    return status;
}

static cop_status run_in(const cop_call *call, const cop_config *config, const char *dir,
                         const handlers *before, cop_error *err)
{
    cop_study *study = NULL;
    cop_store *store = NULL;
    cop_holder *holder = NULL;
    cop_status status = cop_study_new(config, call->log, &study, err);
    if (status == COP_OK)
        status = cop_store_open(dir, &store, err);
    if (status == COP_OK)
        status = cop_holder_take(dir, config->name, config->effective, &holder, err);
    if (status == COP_OK)
        status = run_and_report(call, study, store, before, err);
    cop_holder_release(holder);
    cop_store_close(store);
    cop_study_free(study);
    return status;
}

static cop_status run(const cop_call *call, cop_error *err)
{
    cop_registry *registry = NULL;
    cop_config *config = NULL;
    char dir[PATH_SIZE];
    handlers before;
    COP_TRY(check_jobs(call, err));
    COP_TRY(cop_call_config(call, &registry, &config, err));
    cop_status status = cop_call_out(call, config, dir, sizeof dir, err);
    if (status == COP_OK) {
        catch_signals(&before);
        status = run_in(call, config, dir, &before, err);
        restore_signals(&before);
    }
    cop_config_free(config);
    cop_registry_free(registry);
    return status;
}

static const char *const options[] = {"set", "out", "plugin-dir", "threads", "jobs", "quiet", NULL};

const cop_subcommand cop_run_command = {
    .name = "run",
    .words = "CONFIG",
    .least_words = 1,
    .most_words = 1,
    .summary = "run what a study still lacks, then report",
    .details =
        "A run that was stopped goes on where it was: give the same command again. Ctrl-C saves\n"
        "the state first. A stage that fails (a network that diverged, a plugin's error) costs "
        "what\n"
        "depends on it alone: the rest runs, the report names the reason, the exit status is 1.",
    .options = options,
    .run = run};
