/* recorded.c: what a run wrote down of its study, read and laid out in another process. */
#include "cli/recorded.h"

#include "core/damage.h"
#include "core/memory.h"
#include "exec/inspect/versions.h"
#include "store/artifact_files.h"
#include "store/study_folders.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

cop_status cop_recorded_stages(const char *folder, cop_arena *arena, cop_stage_records *out,
                               cop_error *err)
{
    char path[COP_PATH_SIZE];
    COP_TRY(cop_path_join(path, sizeof path, err, folder, COP_STAGES_FILE));
    cop_status status = cop_stages_read(path, arena, out, err);
    if (status != COP_DAMAGED)
        return status;
    (void)cop_fail_within(err, "run the study again, which writes it anew");
    return COP_FAILED;
}

cop_status cop_recorded_read(const cop_call *call, const char *dir, cop_recorded *r, cop_error *err)
{
    r->call = call;
    r->dir = dir;
    COP_TRY(cop_study_folder_choose(r->dir, r->call->arguments->study, r->folder, sizeof r->folder,
                                    err));
    r->arena = cop_arena_new();
    if (r->arena == NULL)
        return cop_out_of_memory(err);
    return cop_recorded_stages(r->folder, r->arena, &r->records, err);
}

/* The instruction sets of the run. */

/* Set in a process that was started anew, so that it is not started a third time. */
#define STARTED "COPPICE_STAGE_STARTED"

/* The value that the run had of a variable; NULL: it was not set. */
static const char *recorded_value(const cop_recorded *r, const char *name)
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
void cop_recorded_adopt_environment(const cop_recorded *r)
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

static cop_status open_registry(cop_recorded *r, cop_error *err)
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

cop_status cop_recorded_lay_out(cop_recorded *r, cop_error *err)
{
    char path[COP_PATH_SIZE];
    COP_TRY(cop_path_join(path, sizeof path, err, r->folder, COP_CONFIG_FILE));
    COP_TRY(open_registry(r, err));
    COP_TRY(cop_config_load(path, NULL, 0, r->registry, r->call->log, &r->config, err));
    COP_TRY(cop_call_threads(r->call, r->config, err));
    return cop_study_new(r->config, r->dir, true, r->call->log, &r->study, err);
}

void cop_recorded_clear(cop_recorded *r)
{
    cop_study_free(r->study);
    cop_config_free(r->config);
    cop_registry_free(r->registry);
    cop_arena_free(r->arena);
}
