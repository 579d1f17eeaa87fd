/* work_stages.c: the stages that drive a plugin's stepped work: distilling, pruning, analysing. */
#include "core/clock.h"
#include "core/memory.h"
#include "core/path.h"
#include "study/running/drive.h"
#include "study/running/makers.h"
#include "study/running/runner.h"

#include "store/artifact_files.h"
#include "store/formats/safetensors.h"
#include "store/formats/summary_json.h"
#include "store/formats/synthetic_file.h"
#include "store/formats/tables_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything that lives while one work runs. Freed by close_run. */
typedef struct cop_run {
    cop_runner *r;
    const cop_stage *stage;
    char what[96]; /* "pruner 'imp'" */
    struct cop_work work;
    cop_drive drive;
    cop_tensors *checkpoint;
    double began, spent;
    /* what upstream gave; owned */
    cop_work_training *trainings;
    cop_tensors **finals;
    cop_tensors ***snapshots;
    cop_tensors *initial, *mask, *trained;
    cop_tensors **copies, **dense;
    cop_samples *synthetic;
} cop_run;

static void free_states(cop_tensors **states, size_t count)
{
    for (size_t i = 0; states != NULL && i < count; i++)
        cop_tensors_free(states[i]);
    free(states);
}

static void close_run(cop_run *run)
{
    const cop_work_stage *spec = &run->stage->work;
    for (size_t i = 0; run->snapshots != NULL && i < spec->training_count; i++)
        free_states(run->snapshots[i], spec->snapshot_counts[i]);
    free(run->snapshots);
    free_states(run->finals, spec->training_count);
    free(run->trainings);
    free_states(run->copies, spec->copy_count);
    free_states(run->dense, spec->dense_count);
    cop_synthetic_samples_free(run->synthetic);
    cop_tensors_free(run->initial);
    cop_tensors_free(run->mask);
    cop_tensors_free(run->trained);
    cop_tensors_free(run->checkpoint);
}

static cop_status load_snapshots(cop_run *run, size_t i, cop_error *err)
{
    const cop_work_stage *spec = &run->stage->work;
    run->snapshots[i] = calloc(spec->snapshot_counts[i] + 1, sizeof(cop_tensors *));
    if (run->snapshots[i] == NULL)
        return cop_out_of_memory(err);
    for (size_t k = 0; k < spec->snapshot_counts[i]; k++)
        COP_TRY(cop_load_snapshot(run->r, spec->trainings[i], spec->snapshots[i][k],
                                  &run->snapshots[i][k], err));
    return COP_OK;
}

static cop_status load_trainings(cop_run *run, cop_error *err)
{
    const cop_work_stage *spec = &run->stage->work;
    run->trainings = calloc(spec->training_count + 1, sizeof *run->trainings);
    run->finals = calloc(spec->training_count + 1, sizeof *run->finals);
    run->snapshots = calloc(spec->training_count + 1, sizeof *run->snapshots);
    if (run->trainings == NULL || run->finals == NULL || run->snapshots == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < spec->training_count; i++) {
        COP_TRY(cop_load_final(run->r, spec->trainings[i], &run->finals[i], err));
        COP_TRY(load_snapshots(run, i, err));
        run->trainings[i] =
            (cop_work_training){.final = run->finals[i],
                                .snapshots = (const cop_tensors *const *)run->snapshots[i],
                                .snapshot_count = spec->snapshot_counts[i]};
    }
    return COP_OK;
}

static cop_status load_states(cop_run *run, const int32_t *stages, size_t count, cop_tensors ***out,
                              cop_error *err)
{
    *out = calloc(count + 1, sizeof(cop_tensors *));
    if (*out == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < count; i++)
        COP_TRY(cop_load_final(run->r, stages[i], &(*out)[i], err));
    return COP_OK;
}

/* The ticket: mask, and the state that it trains from. */
static cop_status load_ticket(cop_run *run, cop_error *err)
{
    const cop_work_stage *spec = &run->stage->work;
    const cop_opened *o = run->stage->opened;
    COP_TRY(cop_load_mask(run->r, o, spec->mask, &run->mask, err));
    COP_TRY(cop_load_start(run->r, &spec->start, o->model, run->mask, &run->initial, err));
    if (spec->distil == COP_NO_STAGE)
        return COP_OK;
    cop_synthetic set = {0};
    COP_TRY(cop_load_synthetic(run->r, spec->distil, &set, err));
    cop_status status = cop_synthetic_samples(&set, &run->synthetic, err);
    cop_synthetic_clear(&set);
    return status;
}

static cop_status save(void *context, const cop_tensors *bag, int64_t next_step, cop_error *err)
{
    const cop_run *run = context;
    return cop_checkpoint_save(run->r->store, &run->stage->id, bag, next_step,
                               run->spent + cop_now() - run->began, err);
}

static cop_status open_run(cop_runner *r, const cop_stage *stage, cop_run *run, cop_error *err)
{
    const cop_opened *o = stage->opened;
    const cop_plugin *plugin = cop_component_entry(stage->work.instance->component)->plugin;
    memset(run, 0, sizeof *run);
    run->r = r;
    run->stage = stage;
    run->began = cop_now();
    (void)snprintf(run->what, sizeof run->what, "%s '%s'", cop_kind_name((cop_kind)plugin->kind),
                   plugin->id);
    COP_TRY(load_trainings(run, err));
    run->work = (struct cop_work){.train = &o->data->train,
                                  .test = stage->kind == COP_STAGE_ANALYZE ? &o->data->test : NULL,
                                  .seed = stage->work.seed,
                                  .threads = o->cell->threads,
                                  .log = r->log,
                                  .title = stage->title,
                                  .trainings = run->trainings,
                                  .training_count = stage->work.training_count};
    run->drive = (cop_drive){.what = run->what,
                             .self = stage->work.instance->self,
                             .work = &run->work,
                             .steps = stage->work.steps,
                             .save = save,
                             .context = run,
                             .save_seconds = r->save_seconds,
                             .own_failure = &r->own_failure,
                             .stop = r->stop,
                             .steps_left = r->steps_left};
    int64_t step = 0;
    COP_TRY(cop_checkpoint_load(r->store, &stage->id, r->log, &run->checkpoint, &step, &run->spent,
                                err));
    if (run->checkpoint != NULL) {
        run->drive.resume_bag = run->checkpoint;
        run->drive.resume_step = step;
    }
    return COP_OK;
}

/* Writes the result's file and the summary into a draft and publishes it. */
typedef cop_status (*cop_write_result)(const void *result, const char *path, cop_error *err);

static cop_status publish(cop_run *run, const char *file, cop_write_result write,
                          const void *result, const cop_summary *summary, cop_error *err)
{
    const cop_stage *stage = run->stage;
    char path[COP_PATH_SIZE];
    cop_draft *draft = NULL;
    COP_TRY(cop_draft_open(run->r->store, &stage->id, &draft, err));
    cop_draft_path(draft, file, path, sizeof path);
    cop_status status = write(result, path, err);
    cop_draft_path(draft, COP_SUMMARY_FILE, path, sizeof path);
    if (status == COP_OK)
        status = cop_summary_write(summary, stage->id.kind, path, err);
    if (status != COP_OK) {
        cop_draft_abandon(draft);
        return status;
    }
    char *makers = cop_makers(stage);
    cop_draft_made_by(draft, makers != NULL ? makers : "");
    free(makers);
    COP_TRY(cop_draft_publish(draft, stage->identity, run->spent + cop_now() - run->began, err));
    cop_checkpoint_remove(run->r->store, &stage->id);
    return COP_OK;
}

static cop_status write_synthetic(const void *result, const char *path, cop_error *err)
{
    return cop_synthetic_write(result, path, err);
}

static cop_status distil(cop_run *run, cop_error *err)
{
    cop_synthetic set = {0};
    COP_TRY(cop_drive_distiller(&run->drive, run->stage->work.instance->ops,
                                &run->stage->opened->data->info.task, &set, err));
    const cop_summary summary = {.stored = (double)set.count,
                                 .decoded =
                                     (double)cop_decoded_count(set.decode, set.factor, set.count)};
    cop_status status = publish(run, COP_SYNTHETIC_FILE, write_synthetic, &set, &summary, err);
    cop_synthetic_clear(&set);
    return status;
}

cop_status cop_run_distiller(cop_runner *r, const cop_stage *stage, cop_error *err)
{
    cop_run run;
    cop_status status = open_run(r, stage, &run, err);
    if (status == COP_OK)
        status = distil(&run, err);
    close_run(&run);
    return status;
}

static cop_status write_tensors(const void *result, const char *path, cop_error *err)
{
    return cop_safetensors_write(path, result, NULL, 0, err);
}

static cop_status prune(cop_run *run, cop_error *err)
{
    const cop_work_stage *spec = &run->stage->work;
    const cop_opened *o = run->stage->opened;
    COP_TRY(load_ticket(run, err));
    if (spec->trained != COP_NO_STAGE)
        COP_TRY(cop_load_final(run->r, spec->trained, &run->trained, err));
    const cop_pruner_input in = {.model = o->model,
                                 .initial = run->initial,
                                 .trained = run->trained,
                                 .mask = run->mask,
                                 .data = run->synthetic != NULL ? run->synthetic : &o->data->train,
                                 .round = spec->round,
                                 .rounds = spec->rounds};
    cop_tensors *mask = NULL;
    COP_TRY(cop_drive_pruner(&run->drive, spec->instance->ops, &in, &mask, err));
    double prunable = (double)cop_model_prunable_count(o->model);
    double kept = (double)cop_mask_count(mask);
    const cop_summary summary = {
        .prunable = prunable, .kept = kept, .sparsity = 1.0 - kept / prunable};
    cop_status status = publish(run, COP_MASK_FILE, write_tensors, mask, &summary, err);
    cop_tensors_free(mask);
    return status;
}

cop_status cop_run_pruner(cop_runner *r, const cop_stage *stage, cop_error *err)
{
    cop_run run;
    cop_status status = open_run(r, stage, &run, err);
    if (status == COP_OK)
        status = prune(&run, err);
    close_run(&run);
    return status;
}

static cop_status write_tables(const void *result, const char *path, cop_error *err)
{
    return cop_tables_write(result, path, err);
}

static cop_status analyze(cop_run *run, cop_error *err)
{
    const cop_work_stage *spec = &run->stage->work;
    COP_TRY(load_ticket(run, err));
    COP_TRY(load_states(run, spec->copies, spec->copy_count, &run->copies, err));
    COP_TRY(load_states(run, spec->dense, spec->dense_count, &run->dense, err));
    const cop_analyzer_input in = {
        .model = run->stage->opened->model,
        .initial = run->initial,
        .mask = run->mask,
        .copies = (const cop_tensors *const *)run->copies,
        .copy_count = spec->copy_count,
        .dense = spec->dense_count > 0 ? (const cop_tensors *const *)run->dense : NULL,
        .dense_count = spec->dense_count,
        .synthetic = run->synthetic};
    cop_tables *tables = NULL;
    COP_TRY(cop_drive_analyzer(&run->drive, spec->instance->ops, &in, &tables, err));
    const cop_summary summary = {.tables = (double)cop_tables_count(tables)};
    cop_status status = publish(run, COP_TABLES_FILE, write_tables, tables, &summary, err);
    cop_tables_free(tables);
    return status;
}

cop_status cop_run_analyzer(cop_runner *r, const cop_stage *stage, cop_error *err)
{
    cop_run run;
    cop_status status = open_run(r, stage, &run, err);
    if (status == COP_OK)
        status = analyze(&run, err);
    close_run(&run);
    return status;
}
