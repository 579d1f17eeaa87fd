/* run_slurm.c: handing a study that is laid out to Slurm. */
#include "cli/run_slurm.h"

#include "core/memory.h"
#include "core/path.h"
#include "core/text.h"
#include "study/executors/slurm.h"

#include <stdlib.h>
#include <unistd.h>

cop_status cop_call_check_slurm(const cop_call *call, cop_error *err)
{
    const cop_arguments *a = call->arguments;
    if (!a->slurm && a->sbatch.count > 0)
        return cop_fail(err, COP_INVALID, "--sbatch goes with --slurm");
    if (!a->slurm)
        return COP_OK;
    const char *other = a->stage != NULL         ? "--stage"
                        : a->watch_report        ? "--watch-report"
                        : a->time_budget != NULL ? "--time-budget"
                                                 : NULL;
    if (other != NULL)
        return cop_fail(err, COP_INVALID, "%s does not go with --slurm", other);
    COP_TRY(cop_slurm_check_options(a->sbatch.items, a->sbatch.count, err));
    return cop_slurm_check_here(err);
}

/* Refuses where jobs of an earlier call are still there: they would be doubled. */
static cop_status check_none_is_there(const char *record, cop_error *err)
{
    cop_slurm_queue queue;
    cop_arena *arena = cop_arena_new();
    if (arena == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_slurm_look(record, arena, &queue, err);
    long long workers = queue.note.workers, report = queue.note.report;
    if (status == COP_OK && queue.is_noted && queue.why != NULL)
        status = cop_fail(err, COP_FAILED,
                          "whether jobs %lld and %lld of this study are still there cannot be told "
                          "(%s); where they are not, remove %s/" COP_SLURM_NOTE,
                          workers, report, queue.why, record);
    else if (status == COP_OK && queue.count > 0)
        status = cop_fail(err, COP_FAILED,
                          "the study is in Slurm already (job %s is %s): 'coppice status' shows "
                          "it, 'scancel %lld %lld' ends it",
                          queue.tasks[0].job, queue.tasks[0].state, workers, report);
    cop_arena_free(arena);
    return status;
}

static int most_threads(const cop_config *config)
{
    int most = 1;
    for (size_t i = 0; i < config->cell_count; i++)
        most = config->cells[i].threads > most ? config->cells[i].threads : most;
    return most;
}

static void say_submitted(const cop_call *call, const cop_slurm_plan *plan,
                          const cop_slurm_note *note)
{
    FILE *out = call->out;
    (void)fprintf(out, "submitted: %zu worker%s as job %lld, the report as job %lld\n",
                  plan->workers, plan->workers == 1 ? "" : "s", (long long)note->workers,
                  (long long)note->report);
    (void)fputs("how far it is: coppice status ", out);
    cop_print_shell_word(plan->dir, out);
    (void)fputs("\nlogs: ", out);
    cop_print_shell_word(plan->folder, out);
    (void)fprintf(out,
                  "/" COP_SLURM_FOLDER "/\nto cancel: scancel %lld (states are saved, and what is "
                  "there is reported; the same command goes on)\n",
                  (long long)note->workers);
}

static cop_status submit(const cop_call *call, const cop_config *config, const char *dir,
                         const char *record, size_t jobs, cop_error *err)
{
    char program[COP_PATH_SIZE], real_dir[COP_PATH_SIZE], real_record[COP_PATH_SIZE];
    cop_slurm_note note;
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0)
        return cop_fail(err, COP_FAILED, "where this program is cannot be told: no jobs");
    program[length] = '\0';
    if (realpath(dir, real_dir) == NULL || realpath(record, real_record) == NULL)
        return cop_fail(err, COP_FAILED, "where %s is cannot be told: no jobs", dir);
    const cop_slurm_plan plan = {.program = program,
                                 .dir = real_dir,
                                 .folder = real_record,
                                 .study = config->name,
                                 .workers = jobs,
                                 .threads = most_threads(config),
                                 .is_quiet = call->arguments->quiet,
                                 .only = call->arguments->only.items,
                                 .only_count = call->arguments->only.count,
                                 .disk_budget = call->arguments->disk_budget,
                                 .memory = call->arguments->memory,
                                 .options = call->arguments->sbatch.items,
                                 .option_count = call->arguments->sbatch.count};
    COP_TRY(cop_slurm_submit(&plan, &note, err));
    say_submitted(call, &plan, &note);
    return COP_OK;
}

cop_status cop_call_submit(const cop_call *call, cop_study *study, cop_store *store,
                           const cop_config *config, const char *record, size_t jobs,
                           bool *submitted, cop_error *err)
{
    size_t left = 0;
    *submitted = false;
    COP_TRY(check_none_is_there(record, err));
    COP_TRY(cop_study_begin(study, store, call->log, &left, err));
    if (left == 0) {
        const cop_run_choice here = {.jobs = 0};
        cop_study_choose(study, &here); /* there is nothing to divide */
        return COP_OK;
    }
    *submitted = true;
    return submit(call, config, cop_store_dir(store), record, jobs, err);
}
