/* check.c: `coppice check`: is the config sound, and what would a run do? */
#include "cli/command.h"
#include "core/path.h"
#include "study/study.h"

static cop_status print_outline(const cop_call *call, const cop_config *config, cop_error *err)
{
    char dir[COP_OUT_SIZE];
    cop_study *study = NULL;
    cop_store *store = NULL;
    COP_TRY(cop_call_out(call, config, dir, sizeof dir, err));
    COP_TRY(cop_store_check(dir, err));
    COP_TRY(cop_study_new(config, dir, false, call->log, &study, err));
    cop_status status = cop_store_open_to_read(dir, &store, err);
    if (status == COP_OK && !call->arguments->quiet)
        (void)fprintf(call->out, "%s\n", config->effective);
    if (status == COP_OK)
        status = cop_study_print_outline(study, store, call->out, err);
    cop_store_close(store);
    cop_study_free(study);
    return status;
}

static cop_status run(const cop_call *call, cop_error *err)
{
    cop_registry *registry = NULL;
    cop_config *config = NULL;
    COP_TRY(cop_call_config(call, &registry, &config, err));
    cop_status status = print_outline(call, config, err);
    cop_config_free(config);
    cop_registry_free(registry);
    return status;
}

static const char *const options[] = {"set", "out", "plugin-dir", "threads", "quiet", NULL};

const cop_subcommand cop_check_command = {
    .name = "check",
    .words = "CONFIG",
    .least_words = 1,
    .most_words = 1,
    .summary = "check a config, print its stages and their cost, run nothing",
    .details =
        "Prints every cell with its effective options (not with --quiet) and the sparsities that\n"
        "its pruners plan, then the stages: how many, how many of them are done in --out, and "
        "what\n"
        "the others cost.",
    .options = options,
    .run = run};
