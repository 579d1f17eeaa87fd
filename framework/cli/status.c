/* status.c: `coppice status`: how far the studies of an output directory are. */
#include "cli/status.h"

#include "cli/command.h"
#include "core/log.h"
#include "core/memory.h"

static cop_status print(const cop_call *call, const cop_seen *seen, const cop_standing *standings,
                        cop_error *err)
{
    size_t width = cop_terminal_columns(call->out);
    if (call->arguments->json)
        return cop_standings_print_json(seen->dir, standings, seen->count, call->out, err);
    for (size_t i = 0; i < seen->count; i++) {
        if (width == 0) {
            cop_standing_print_lines(&standings[i], call->out);
            continue;
        }
        (void)fputs(i > 0 ? "\n" : "", call->out);
        COP_TRY(cop_standing_print_table(&standings[i], width, seen->arena, call->out, err));
    }
    return COP_OK;
}

static cop_status show(const cop_call *call, cop_seen *seen, cop_error *err)
{
    COP_TRY(cop_seen_read(call->arguments->words[0], call->arguments->study, seen, err));
    COP_TRY(cop_seen_look(seen, err));
    cop_standing *standings = cop_arena_array(seen->arena, seen->count + 1, sizeof *standings);
    if (standings == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < seen->count; i++) {
        const cop_seen_study *study = &seen->studies[i];
        standings[i].study = study;
        COP_TRY(cop_slurm_look(study->folder, seen->arena, &standings[i].slurm, err));
        COP_TRY(cop_study_progress_make(&study->stages, study->looks, seen->arena,
                                        &standings[i].progress, err));
    }
    return print(call, seen, standings, err);
}

static cop_status run(const cop_call *call, cop_error *err)
{
    cop_seen seen = {0};
    cop_status status = show(call, &seen, err);
    cop_seen_clear(&seen);
    return status;
}

static const char *const options[] = {"study", "json", NULL};

const cop_subcommand cop_status_command = {
    .name = "status",
    .words = "DIR",
    .least_words = 1,
    .most_words = 1,
    .summary = "say how far a study is, who runs it, and how long the rest takes",
    .details =
        "DIR is the output directory of a run, finished or not: of each study in it (with --study, "
        "of\n"
        "one) the stages that are done, running, failed, ready and waiting, by kind. Neither the "
        "config\n"
        "nor plugins are needed, nothing is written, and a run goes on undisturbed.\n"
        "A stage is running where a process says so that is alive. Failed are those that a run\n"
        "could not compute, with its reasons.\n"
        "Ready are those whose inputs are all done.\n"
        "What remains is estimated from the seconds that stages took which are done: those of the "
        "same\n"
        "title but for seed, round and copy, else of the same kind, one at a time. Where none of a "
        "kind is\n"
        "done, that is unknown, and the share that is done counts stages instead of seconds.\n"
        "Of a study that was submitted by 'run --slurm', squeue is asked for its jobs.\n"
        "On a terminal there is a table for each study, else lines that begin with its name.",
    .options = options,
    .run = run};
