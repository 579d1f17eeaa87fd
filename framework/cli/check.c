/* check.c: `coppice check`: is the config sound, and what would a run do? */
#include "cli/check_json.h"
#include "cli/command.h"
#include "cli/varied.h"
#include "core/memory.h"
#include "core/path.h"
#include "study/estimates.h"

/* What is known without the data. */
static void print_config(const cop_call *call, const cop_checked *c)
{
    if (call->arguments->json)
        return;
    cop_varied_print(c->config, c->varied, cop_call_width(call), call->out);
    if (!call->arguments->quiet)
        (void)fprintf(call->out, "%s\n", c->config->effective);
    (void)fflush(call->out); /* before what is said of data that are not there */
}

/* Lays the study out. Where that fails, JSON tells of it too; the status is the failure's. */
static cop_status print_study(const cop_call *call, const char *dir, cop_checked *c, cop_error *err)
{
    cop_error own = {0};
    cop_study *study = NULL;
    cop_store *store = NULL;
    cop_estimates estimates = {0};
    cop_status status = cop_study_new(c->config, dir, false, call->log, &study, &own);
    if (status == COP_OK)
        status = cop_store_open_to_read(
            call->arguments->store != NULL ? call->arguments->store : dir, &store, &own);
    if (status == COP_OK)
        status = cop_estimates_make(study, store, call->arguments->measure, &estimates, &own);
    c->estimates = &estimates;
    c->study = status == COP_OK ? study : NULL;
    c->store = store;
    c->missing = status == COP_OK ? NULL : &own;
    if (call->arguments->json) {
        cop_status printed = cop_check_print_json(c, call->out, status == COP_OK ? &own : NULL);
        status = status == COP_OK ? printed : status;
    } else if (status == COP_OK) {
        status = cop_study_print_outline(study, store, &estimates, call->out, &own);
    }
    cop_estimates_clear(&estimates);
    cop_store_close(store);
    cop_study_free(study);
    if (status != COP_OK && err != NULL)
        *err = own;
    return status;
}

static cop_status print_all(const cop_call *call, const cop_config *config, cop_arena *arena,
                            cop_error *err)
{
    char dir[COP_OUT_SIZE];
    cop_varied_settings varied;
    cop_checked checked = {.config = config, .varied = &varied};
    COP_TRY(cop_call_out(call, config, dir, sizeof dir, err));
    COP_TRY(cop_store_check(dir, err));
    COP_TRY(cop_call_check_store(call, err));
    COP_TRY(cop_config_varied(config, arena, &varied, err));
    print_config(call, &checked);
    return print_study(call, dir, &checked, err);
}

static cop_status run(const cop_call *call, cop_error *err)
{
    cop_registry *registry = NULL;
    cop_config *config = NULL;
    COP_TRY(cop_call_config(call, &registry, &config, err));
    cop_arena *arena = cop_arena_new();
    cop_status status =
        arena != NULL ? print_all(call, config, arena, err) : cop_out_of_memory(err);
    cop_arena_free(arena);
    cop_config_free(config);
    cop_registry_free(registry);
    return status;
}

static const char *const options[] = {"set",     "out",  "store", "plugin-dir", "threads",
                                      "measure", "json", "quiet", NULL};

const cop_subcommand cop_check_command = {
    .name = "check",
    .words = "CONFIG",
    .least_words = 1,
    .most_words = 1,
    .summary = "check a config, print its stages and their cost, run nothing",
    .details =
        "Prints the settings in which cells differ, every cell with its effective options (not\n"
        "with --quiet) and the sparsities that its pruners plan, then the stages: how many, how\n"
        "many of them are done in --out, and what the others take: time, disk and memory by those\n"
        "of --out that were computed on this machine, else by a guess (~). With --measure the\n"
        "costliest trainings are tried for a second each, and every split of the processors into\n"
        "jobs and threads, of which one is recommended. Where the data are not there,\n"
        "it goes as far as it can without them. --json has no options that are alike in all "
        "cells.",
    .options = options,
    .run = run};
