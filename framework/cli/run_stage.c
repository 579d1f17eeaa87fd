/* run_stage.c: one stage of a study, told by the output directory and its name.
 *
 * This process lays the study out anew, from the resolved config in the directory, and compares the
 * stage with what is written down of it: so that nothing else needs to pass between processes, and
 * a plugin that changed meanwhile is told. */
#include "cli/run_stage.h"

#include "cli/signals.h"
#include "core/damage.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/text.h"
#include "exec/inspect/versions.h"
#include "store/artifact_files.h"
#include "store/holder.h"
#include "store/study_folders.h"
#include "study/study.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is opened on the way. */
typedef struct run_stage {
    const cop_call *call;
    const char *dir;
    char folder[COP_PATH_SIZE]; /* of the study */
    cop_arena *arena;
    cop_stage_records records;
    size_t recorded; /* the stage among them */
    cop_registry *registry;
    cop_config *config;
    cop_study *study;
    cop_store *store;
    cop_holder *holder;
} run_stage;

/* What else `run` takes is settled in the config that is kept. */
static cop_status check_options(const cop_call *call, cop_error *err)
{
    const cop_arguments *a = call->arguments;
    const char *given = a->set.count > 0     ? "--set"
                        : a->threads != NULL ? "--threads"
                        : a->out != NULL     ? "--out"
                        : a->jobs != NULL    ? "--jobs"
                                             : NULL;
    if (given == NULL)
        return COP_OK;
    return cop_fail(err, COP_INVALID,
                    "%s does not go with --stage: the stage is run as its study was laid out",
                    given);
}

static cop_status read_records(run_stage *r, cop_error *err)
{
    char path[COP_PATH_SIZE];
    COP_TRY(cop_study_folder_choose(r->dir, r->call->arguments->study, r->folder, sizeof r->folder,
                                    err));
    COP_TRY(cop_path_join(path, sizeof path, err, r->folder, COP_STAGES_FILE));
    r->arena = cop_arena_new();
    if (r->arena == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_stages_read(path, r->arena, &r->records, err);
    if (status != COP_DAMAGED)
        return status;
    (void)cop_fail_within(err, "run the study again, which writes it anew");
    return COP_FAILED;
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* The stage by its name, its hash, or the beginning of either. */
static cop_status choose(run_stage *r, cop_error *err)
{
    const char *wanted = r->call->arguments->stage;
    size_t found = 0;
    for (size_t i = 0; i < r->records.stage_count && wanted[0] != '\0'; i++) {
        char name[COP_ARTIFACT_NAME_SIZE];
        const cop_artifact_id *id = &r->records.stages[i].id;
        if (!begins_with(cop_artifact_text(id, name), wanted) && !begins_with(id->hash, wanted))
            continue;
        r->recorded = i;
        found++;
    }
    char shown[100], file[COP_PATH_SIZE];
    (void)cop_escape(wanted, shown, sizeof shown);
    if (found == 1)
        return COP_OK;
    if (found > 1)
        return cop_fail(err, COP_INVALID, "--stage %s is the beginning of %zu stages", shown,
                        found);
    (void)cop_path_join(file, sizeof file, NULL, r->folder, COP_STAGES_FILE);
    return cop_fail(err, COP_INVALID, "--stage %s is none of the study's stages; %s lists them",
                    shown, file);
}

/* The instruction sets of the run. */

/* Set in a process that was started anew, so that it is not started a third time. */
#define STARTED "COPPICE_STAGE_STARTED"

/* The value that the run had of a variable; NULL: it was not set. */
static const char *recorded_value(const run_stage *r, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < r->records.environment_count; i++) {
        const char *line = r->records.environment[i];
        if (strncmp(line, name, length) == 0 && line[length] == '=')
            return line + length + 1;
    }
    return NULL;
}

/* Makes a variable what it was; true where it was otherwise. */
static bool adopt(const char *name, const char *value)
{
    const char *own = getenv(name);
    if (own == value || (own != NULL && value != NULL && strcmp(own, value) == 0))
        return false;
    if (value != NULL)
        (void)setenv(name, value, 1);
    else
        (void)unsetenv(name);
    return true;
}

/* The libraries choose their instructions before main begins, by the environment: where the run had
 * another one, this process starts anew with that. Where that fails, it goes on as it is, and the
 * identities tell. */
static void adopt_environment(const run_stage *r)
{
    char program[COP_PATH_SIZE];
    bool is_started = getenv(STARTED) != NULL, differs = false;
    const char *const *names = cop_exec_isa_variables();
    (void)unsetenv(STARTED);
    for (size_t i = 0; names[i] != NULL; i++)
        differs |= adopt(names[i], recorded_value(r, names[i]));
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (!differs || is_started || length <= 0 || setenv(STARTED, "1", 1) != 0)
        return;
    program[length] = '\0';
    (void)execv(program, r->call->argv);
}

/* What --plugin-dir names comes first, then what the study was laid out with. */
static cop_status open_registry(run_stage *r, cop_error *err)
{
    const cop_word_list *own = &r->call->arguments->plugin_dir;
    size_t count = own->count + r->records.plugin_dir_count;
    const char **dirs = cop_arena_array(r->arena, count + 1, sizeof *dirs);
    if (dirs == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < count; i++)
        dirs[i] = i < own->count ? own->items[i] : r->records.plugin_dirs[i - own->count];
    return cop_registry_search(dirs, count, r->call->log, &r->registry, err);
}

static cop_status lay_out(run_stage *r, cop_error *err)
{
    char path[COP_PATH_SIZE];
    COP_TRY(cop_path_join(path, sizeof path, err, r->folder, COP_CONFIG_FILE));
    COP_TRY(open_registry(r, err));
    COP_TRY(cop_config_load(path, NULL, 0, r->registry, r->call->log, &r->config, err));
    COP_TRY(cop_call_threads(r->call, r->config, err));
    return cop_study_new_in(r->config, r->dir, true, r->call->log, &r->study, err);
}

static cop_status hold(run_stage *r, cop_error *err)
{
    char *plan = cop_study_plan_text(r->study);
    if (plan == NULL)
        return cop_out_of_memory(err);
    cop_status status =
        cop_holder_take(r->folder, r->config->name, plan, r->call->log, &r->holder, err);
    free(plan);
    return status;
}

static cop_status run(run_stage *r, cop_error *err)
{
    char name[COP_ARTIFACT_NAME_SIZE], path[COP_PATH_SIZE], shown[1024];
    bool was_there = false;
    const cop_stage_record *stage = &r->records.stages[r->recorded];
    COP_TRY(cop_study_run_alone(r->study, r->store, &r->records, r->recorded, cop_signals_ask(),
                                r->call->log, &was_there, err));
    cop_store_path(r->store, &stage->id, "", path, sizeof path);
    (void)fprintf(r->call->out, "%s %s: %s\n", cop_artifact_text(&stage->id, name),
                  was_there ? "is published already" : "is published",
                  cop_escape(path, shown, sizeof shown));
    return COP_OK;
}

static cop_status run_all(run_stage *r, cop_error *err)
{
    COP_TRY(check_options(r->call, err));
    COP_TRY(read_records(r, err));
    COP_TRY(choose(r, err));
    adopt_environment(r);
    COP_TRY(lay_out(r, err));
    COP_TRY(cop_store_open(r->dir, &r->store, err));
    COP_TRY(hold(r, err));
    return run(r, err);
}

cop_status cop_call_run_stage(const cop_call *call, cop_error *err)
{
    run_stage r = {.call = call, .dir = call->arguments->words[0]};
    cop_status status = run_all(&r, err);
    cop_holder_release(r.holder);
    cop_store_close(r.store);
    cop_study_free(r.study);
    cop_config_free(r.config);
    cop_registry_free(r.registry);
    cop_arena_free(r.arena);
    return status;
}
