/* run_stage.c: one stage of a study, told by the output directory and its name.
 *
 * This process lays the study out anew, from the resolved config in the directory, and compares the
 * stage with what is written down of it: so that nothing else needs to pass between processes, and
 * a plugin that changed meanwhile is told. */
#include "cli/run_stage.h"

#include "cli/recorded.h"
#include "cli/signals.h"
#include "core/memory.h"
#include "core/text.h"
#include "store/artifact_files.h"
#include "store/holder.h"
#include "store/stage_index.h"

#include <stdlib.h>
#include <string.h>

/* What is opened on the way. */
typedef struct run_stage {
    cop_recorded from;
    size_t recorded; /* the stage among its records */
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
                        : a->watch_report    ? "--watch-report"
                                             : NULL;
    if (given == NULL)
        return COP_OK;
    return cop_fail(err, COP_INVALID,
                    "%s does not go with --stage: the stage is run as its study was laid out",
                    given);
}

/* The stage by its name, its hash, or the beginning of either. */
static cop_status choose(run_stage *r, cop_error *err)
{
    const char *wanted = r->from.call->arguments->stage;
    size_t found = 0;
    for (size_t i = 0; i < r->from.records.stage_count; i++) {
        if (!cop_stage_is_meant(&r->from.records.stages[i], wanted))
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
    (void)cop_path_join(file, sizeof file, NULL, r->from.folder, COP_STAGES_FILE);
    return cop_fail(err, COP_INVALID, "--stage %s is none of the study's stages; %s lists them",
                    shown, file);
}

static cop_status hold(run_stage *r, cop_error *err)
{
    char *outline = cop_study_outline_text(r->from.study);
    if (outline == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_holder_take(r->from.folder, r->from.config->name, outline,
                                        r->from.call->log, &r->holder, err);
    free(outline);
    return status;
}

static cop_status run(run_stage *r, cop_error *err)
{
    char name[COP_ARTIFACT_NAME_SIZE], path[COP_PATH_SIZE], shown[1024];
    bool was_there = false;
    const cop_stage_record *stage = &r->from.records.stages[r->recorded];
    COP_TRY(cop_study_run_alone(r->from.study, r->store, &r->from.records, r->recorded,
                                cop_signals_ask(), r->from.call->log, &was_there, err));
    cop_store_path(r->store, &stage->id, "", path, sizeof path);
    (void)fprintf(r->from.call->out, "%s %s: %s\n", cop_artifact_text(&stage->id, name),
                  was_there ? "is published already" : "is published",
                  cop_escape(path, shown, sizeof shown));
    return COP_OK;
}

static cop_status run_all(run_stage *r, cop_error *err)
{
    const cop_call *call = r->from.call;
    COP_TRY(check_options(call, err));
    COP_TRY(cop_recorded_read(call, call->arguments->words[0], &r->from, err));
    COP_TRY(choose(r, err));
    cop_recorded_adopt_environment(&r->from);
    COP_TRY(cop_recorded_lay_out(&r->from, err));
    COP_TRY(cop_store_open(r->from.dir, &r->store, err));
    COP_TRY(hold(r, err));
    return run(r, err);
}

cop_status cop_call_run_stage(const cop_call *call, cop_error *err)
{
    run_stage r = {.from = {.call = call}};
    cop_status status = run_all(&r, err);
    cop_holder_release(r.holder);
    cop_store_close(r.store);
    cop_recorded_clear(&r.from);
    return status;
}
