/* workforce.c: jobs, budgets, and the command that a worker is started by. */
#include "cli/workforce.h"

#include "core/clock.h"
#include "core/memory.h"
#include "core/memory_peak.h"
#include "core/openmp.h"
#include "core/quantity.h"
#include "core/text.h"

#include <stdlib.h>
#include <unistd.h>

#define MOST_JOBS 4096

/* Of the machine's memory, that stages may hold where nothing else is said. */
#define USUAL_SHARE 0.9

static cop_status refuse(const char *name, const char *text, const char *wanted, cop_error *err)
{
    char shown[200];
    return cop_fail(err, COP_INVALID, "option '--%s' is '%s', wanted %s", name,
                    cop_escape(text, shown, sizeof shown), wanted);
}

cop_status cop_workforce_read(const cop_call *call, cop_workforce *out, cop_error *err)
{
    const cop_arguments *a = call->arguments;
    *out = (cop_workforce){.jobs = 1, .limits.began = cop_now()};
    COP_TRY(cop_call_check_store(call, err));
    if (a->jobs != NULL)
        COP_TRY(cop_argument_integer("jobs", a->jobs, 1, MOST_JOBS, &out->jobs, err));
    if (a->time_budget != NULL && !cop_read_time(a->time_budget, &out->limits.seconds))
        return refuse("time-budget", a->time_budget, "a time such as 90s, 45m, 8h or 2d", err);
    if (a->disk_budget != NULL && !cop_read_size(a->disk_budget, &out->limits.bytes))
        return refuse("disk-budget", a->disk_budget, "a size such as 500M, 20G or 1.5T", err);
    if (a->memory != NULL && !cop_read_size(a->memory, &out->memory))
        return refuse("memory", a->memory, "a size such as 8G", err);
    if (a->memory == NULL)
        out->memory = USUAL_SHARE * (double)cop_memory_there_is();
    return COP_OK;
}

void cop_workforce_clear(cop_workforce *w)
{
    free(w->argv);
    w->argv = NULL;
}

/* More threads at work than processors make all of them slower. */
static void warn_of_crowd(const cop_call *call, const cop_config *config, int64_t jobs)
{
    int threads = 1;
    int processors = omp_get_num_procs(); /* that this process may use */
    for (size_t i = 0; i < config->cell_count; i++)
        threads = config->cells[i].threads > threads ? config->cells[i].threads : threads;
    if (jobs > 1 && processors > 0 && jobs * threads > processors)
        cop_say(call->log, COP_LOG_WARNING,
                "%lld jobs of %d thread%s on %d processor%s: fewer would be faster",
                (long long)jobs, threads, threads == 1 ? "" : "s", processors,
                processors == 1 ? "" : "s");
}

/* This program, on the directory. */
static cop_status make_command(const cop_call *call, const char *dir, const char *study,
                               cop_workforce *w, cop_error *err)
{
    const cop_word_list *plugins = &call->arguments->plugin_dir, *only = &call->arguments->only;
    ssize_t length = readlink("/proc/self/exe", w->program, sizeof w->program - 1);
    if (length <= 0)
        return cop_fail(err, COP_FAILED, "where this program is cannot be told: no workers");
    w->program[length] = '\0';
    w->argv = calloc(10 + 2 * (plugins->count + only->count), sizeof *w->argv);
    if (w->argv == NULL)
        return cop_out_of_memory(err);
    size_t n = 0;
    w->argv[n++] = w->program;
    w->argv[n++] = "work";
    w->argv[n++] = dir;
    w->argv[n++] = "--progress";
    w->argv[n++] = "--study";
    w->argv[n++] = study;
    for (size_t i = 0; i < plugins->count; i++) {
        w->argv[n++] = "--plugin-dir";
        w->argv[n++] = plugins->items[i];
    }
    for (size_t i = 0; i < only->count; i++) {
        w->argv[n++] = "--only";
        w->argv[n++] = only->items[i];
    }
    if (call->arguments->memory != NULL) {
        w->argv[n++] = "--memory";
        w->argv[n++] = call->arguments->memory;
    }
    if (call->arguments->quiet)
        w->argv[n++] = "--quiet";
    return COP_OK;
}

static bool is_limited(const cop_workforce *w, const cop_config *config)
{
    bool is = w->limits.seconds > 0.0 || w->limits.bytes > 0.0;
    for (size_t i = 0; i < config->cell_count; i++)
        is = is || config->cells[i].stage_seconds > 0.0;
    return is;
}

cop_status cop_workforce_choose(const cop_call *call, cop_workforce *w, const cop_config *config,
                                const char *dir, cop_study *study, cop_error *err)
{
    const cop_word_list *only = &call->arguments->only;
    bool is_worker = call->arguments->progress;
    bool is_watched = call->arguments->requeue; /* nobody else would see what a job dies of */
    bool has_workers = !is_worker && (w->jobs > 1 || is_watched || is_limited(w, config));
    if (!call->arguments->slurm)
        warn_of_crowd(call, config, w->jobs);
    COP_TRY(cop_study_only(study, only->items, only->count, err));
    if (has_workers)
        COP_TRY(make_command(call, dir, config->name, w, err));
    const cop_run_choice choice = {.jobs = has_workers ? (size_t)w->jobs : 0,
                                   .worker = w->argv,
                                   .retries_failed = call->arguments->retry_failed,
                                   .memory = w->memory,
                                   .limits = w->limits};
    cop_study_choose(study, &choice);
    return COP_OK;
}
