/* work.c: `coppice work`: stages of a study that another process has laid out, until none is left.
 */
#include "cli/work.h"

#include "cli/recorded.h"
#include "cli/signals.h"
#include "cli/workforce.h"
#include "core/memory.h"
#include "store/holder.h"
#include "study/study.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What is opened on the way. */
typedef struct work {
    cop_recorded from;
    cop_store *store;
    cop_holder *holder;
    cop_workforce workforce;
} work;

static cop_status hold(work *w, cop_error *err)
{
    char *outline = cop_study_outline_text(w->from.study);
    if (outline == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_holder_take(w->from.folder, w->from.config->name, outline,
                                        w->from.call->log, &w->holder, err);
    free(outline);
    return status;
}

/* What a worker says is read line by line, so nothing else may come between, such as what a plugin
 * prints: that goes to standard error from here on. The stream is the caller's; NULL: what is said
 * does not go to standard output. */
static FILE *take_standard_output(FILE *out)
{
    if (out != stdout || fflush(stdout) != 0)
        return NULL;
    int own = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    FILE *stream = own >= 0 ? fdopen(own, "w") : NULL;
    if (stream == NULL && own >= 0)
        (void)close(own);
    if (stream != NULL)
        (void)dup2(STDERR_FILENO, STDOUT_FILENO);
    return stream;
}

/* Gives it back; false where not all could be written. */
static bool return_standard_output(FILE *stream)
{
    if (stream == NULL)
        return true;
    bool is_good = ferror(stream) == 0;
    (void)fflush(stdout);
    (void)dup2(fileno(stream), STDOUT_FILENO);
    return fclose(stream) == 0 && is_good;
}

static cop_status work_all(work *w, cop_error *err)
{
    const cop_call *call = w->from.call;
    bool is_job = call->arguments->requeue;
    const volatile sig_atomic_t *stop = NULL;
    cop_movement before = {0};
    if (is_job) { /* also while the study is laid out */
        stop = cop_signals_ask();
        cop_signals_ask_ahead();
    }
    COP_TRY(cop_workforce_read(call, &w->workforce, err));
    COP_TRY(cop_recorded_read(call, call->arguments->words[0], &w->from, err));
    cop_recorded_adopt_environment(&w->from);
    COP_TRY(cop_recorded_lay_out(&w->from, err));
    COP_TRY(cop_store_open(w->from.dir, &w->store, err));
    COP_TRY(hold(w, err));
    COP_TRY(
        cop_workforce_choose(call, &w->workforce, w->from.config, w->from.dir, w->from.study, err));
    if (!is_job)
        stop = cop_signals_ask();
    else
        COP_TRY(cop_movement_look(w->from.dir, &before, err));
    FILE *own = take_standard_output(call->out);
    const cop_work_choice choice = {.out = own != NULL ? own : call->out,
                                    .tells_progress = call->arguments->progress};
    cop_status status =
        cop_study_work(w->from.study, w->store, &w->from.records, stop, &choice, call->log, err);
    if (!return_standard_output(own) && status == COP_OK)
        status = cop_fail(err, COP_FAILED, "cannot write to standard output");
    if (status == COP_CANCELLED && is_job && *stop == SIGUSR1)
        return cop_call_requeue(call, w->from.dir, &before, err);
    return status;
}

static cop_status run(const cop_call *call, cop_error *err)
{
    const cop_arguments *a = call->arguments;
    if (a->finish && (a->jobs != NULL || a->requeue))
        return cop_fail(err, COP_INVALID, "--finish computes nothing: %s does not go with it",
                        a->requeue ? "--requeue" : "--jobs");
    if (a->finish)
        return cop_call_work_finish(call, err);
    work w = {.from = {.call = call}};
    cop_status status = work_all(&w, err);
    cop_holder_release(w.holder);
    cop_store_close(w.store);
    cop_recorded_clear(&w.from);
    cop_workforce_clear(&w.workforce);
    return status;
}

static const char *const options[] = {"study",  "plugin-dir", "requeue",     "finish",
                                      "jobs",   "only",       "time-budget", "disk-budget",
                                      "memory", "progress",   "quiet",       NULL};

const cop_subcommand cop_work_command = {
    .name = "work",
    .words = "DIR",
    .least_words = 1,
    .most_words = 1,
    .summary = "compute stages of a study beside other processes",
    .details =
        "DIR is the output directory of a run, which has laid the study out there and may be at\n"
        "work: stages are taken that are ready and that no other process has, until none is left.\n"
        "Several may work on one directory, also from machines that share it. No report is made:\n"
        "the run does that, or 'coppice report'. A line for each stage that is begun and ended\n"
        "goes to standard output. Failed stages are no failure of this command; the run's record\n"
        "has their reasons; nor is a budget that is used up.\n"
        "With --requeue this is a job of Slurm that SIGUSR1 tells of its time limit (sbatch\n"
        "--signal=B:USR1@60): the state is saved, and the job goes back into the queue, unless\n"
        "all of its time led to nothing.\n"
        "With --finish nothing is computed: the record is written, with verdicts, and the report.",
    .options = options,
    .resumes = true,
    .run = run};
