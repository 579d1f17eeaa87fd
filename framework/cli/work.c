/* work.c: `coppice work`: stages of a study that another process has laid out, until none is left.
 */
#include "cli/recorded.h"
#include "cli/signals.h"
#include "cli/workforce.h"
#include "core/memory.h"
#include "store/holder.h"
#include "study/study.h"

#include <stdlib.h>

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

static cop_status work_all(work *w, cop_error *err)
{
    const cop_call *call = w->from.call;
    COP_TRY(cop_workforce_read(call, &w->workforce, err));
    COP_TRY(cop_recorded_read(call, call->arguments->words[0], &w->from, err));
    cop_recorded_adopt_environment(&w->from);
    COP_TRY(cop_recorded_lay_out(&w->from, err));
    COP_TRY(cop_store_open(w->from.dir, &w->store, err));
    COP_TRY(hold(w, err));
    COP_TRY(
        cop_workforce_choose(call, &w->workforce, w->from.config, w->from.dir, w->from.study, err));
    const cop_work_choice choice = {.out = call->out, .tells_progress = call->arguments->progress};
    return cop_study_work(w->from.study, w->store, &w->from.records, cop_signals_ask(), &choice,
                          call->log, err);
}

static cop_status run(const cop_call *call, cop_error *err)
{
    work w = {.from = {.call = call}};
    cop_status status = work_all(&w, err);
    cop_holder_release(w.holder);
    cop_store_close(w.store);
    cop_recorded_clear(&w.from);
    cop_workforce_clear(&w.workforce);
    return status;
}

static const char *const options[] = {"study",       "plugin-dir",  "jobs",   "only",
                                      "time-budget", "disk-budget", "memory", "progress",
                                      "quiet",       NULL};

const cop_subcommand cop_work_command = {
    .name = "work",
    .words = "DIR",
    .least_words = 1,
    .most_words = 1,
    .summary = "compute stages of a study beside other processes",
    .details =
        "DIR is the output directory of a run, which has laid the study out there and may be at\n"
        "work: stages are taken that are ready and that no other process has, until none is left.\n"
        "Several may work on one directory, also from machines that share it by a file system "
        "with\n"
        "locks. No report is made: the run does that, or 'coppice report'. A line for each stage\n"
        "that is begun and ended goes to standard output. Failed stages are no failure of this\n"
        "command; the run's record has their reasons; nor is a budget that is used up.",
    .options = options,
    .resumes = true,
    .run = run};
