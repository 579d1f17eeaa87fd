/* work_crew.c: `coppice work DIR --jobs N`: workers that are watched over, so that one that dies
 * costs its stage alone; and as a job of Slurm, which goes on after its time limit. */
#include "cli/recorded.h"
#include "cli/signals.h"
#include "cli/work.h"
#include "core/memory.h"
#include "store/movement.h"
#include "study/executors/slurm.h"

#include <stdlib.h>
#include <unistd.h>

#define MOST_JOBS 4096

/* What is opened on the way. */
typedef struct crew {
    cop_recorded from;
    cop_store *store;
    char program[COP_PATH_SIZE];
    const char **argv; /* of a worker; owned, the words are others' */
    const volatile sig_atomic_t *is_announced;
} crew;

static cop_status make_command(crew *c, cop_error *err)
{
    const cop_arguments *a = c->from.call->arguments;
    ssize_t length = readlink("/proc/self/exe", c->program, sizeof c->program - 1);
    if (length <= 0)
        return cop_fail(err, COP_FAILED, "where this program is cannot be told: no workers");
    c->program[length] = '\0';
    c->argv = calloc(8 + 2 * a->plugin_dir.count, sizeof *c->argv);
    if (c->argv == NULL)
        return cop_out_of_memory(err);
    size_t n = 0;
    c->argv[n++] = c->program;
    c->argv[n++] = "work";
    c->argv[n++] = c->from.dir;
    c->argv[n++] = "--study";
    c->argv[n++] = c->from.records.study;
    for (size_t i = 0; i < a->plugin_dir.count; i++) {
        c->argv[n++] = "--plugin-dir";
        c->argv[n++] = a->plugin_dir.items[i];
    }
    if (a->quiet)
        c->argv[n++] = "--quiet";
    return COP_OK;
}

static cop_status open_crew(crew *c, int64_t *jobs, cop_error *err)
{
    const cop_arguments *a = c->from.call->arguments;
    *jobs = 1;
    if (a->jobs != NULL)
        COP_TRY(cop_argument_integer("jobs", a->jobs, 1, MOST_JOBS, jobs, err));
    COP_TRY(cop_recorded_read(c->from.call, a->words[0], &c->from, err));
    COP_TRY(make_command(c, err));
    return cop_store_open(c->from.dir, &c->store, err);
}

/* The time limit of the job is near, and its workers have saved. It goes on as the same job, but
 * not where all of that time led to nothing: it would do so again. */
static cop_status go_on_later(const crew *c, const cop_movement *before, cop_error *err)
{
    cop_movement now;
    cop_error why = {0};
    COP_TRY(cop_movement_look(c->from.dir, &now, err));
    if (cop_movement_is_same(before, &now))
        return cop_fail(err, COP_FAILED,
                        "no worker of the study saved or published anything before this job's "
                        "time limit, so it is not put back into the queue: it wants more time");
    if (cop_slurm_requeue(&why) == COP_OK)
        cop_say(c->from.call->log, COP_LOG_INFO, "put back into the queue: it goes on from there");
    else
        cop_say(c->from.call->log, COP_LOG_ERROR, "not put back into the queue: %s", why.message);
    return cop_fail(err, COP_CANCELLED, "interrupted");
}

static cop_status work(crew *c, cop_error *err)
{
    int64_t jobs = 1;
    cop_movement before;
    const volatile sig_atomic_t *stop = cop_signals_ask();
    if (c->from.call->arguments->requeue)
        c->is_announced = cop_signals_ask_ahead();
    COP_TRY(open_crew(c, &jobs, err));
    COP_TRY(cop_movement_look(c->from.dir, &before, err));
    cop_status status = cop_study_supervise(&c->from.records, c->store, (size_t)jobs, c->argv, stop,
                                            c->from.call->log, err);
    if (status == COP_CANCELLED && c->is_announced != NULL && *c->is_announced != 0)
        return go_on_later(c, &before, err);
    return status;
}

cop_status cop_call_work_crew(const cop_call *call, cop_error *err)
{
    crew c = {.from = {.call = call}};
    cop_status status = work(&c, err);
    cop_store_close(c.store);
    free(c.argv);
    cop_recorded_clear(&c.from);
    return status;
}
