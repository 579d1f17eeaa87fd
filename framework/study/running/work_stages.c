/* work_stages.c: the stages that drive a plugin's stepped work: distilling, pruning, analysing. */
#include "core/clock.h"
#include "core/memory.h"
#include "core/path.h"
#include "study/running/control_masks.h"
#include "study/running/drive.h"
#include "study/running/going_on.h"
#include "study/running/lender.h"
#include "study/running/makers.h"
#include "study/running/publish.h"
#include "study/running/real_images.h"
#include "study/running/runner.h"

#include "nn/synthetic.h"
#include "store/artifact_files.h"
#include "store/formats/safetensors.h"
#include "store/formats/synthetic_file.h"
#include "store/formats/tables_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of what a work does not use at the time, so much stays in memory. */
#define LENDER_BYTES ((size_t)1 << 30)

/* Everything that lives while one work runs. Freed by close_run. */
typedef struct cop_run {
    cop_runner *r;
    const cop_stage *stage;
    char what[96]; /* "pruner 'imp'" */
    cop_worker worker;
    cop_lender *lender;
    bool *copy_is_dense;
    cop_other_ticket *others;
    struct cop_work work;
    cop_drive drive;
    cop_saved from; /* where it goes on from */
    cop_recorder recorded;
    double began;
} cop_run;

static void close_run(cop_run *run)
{
    cop_worker_close(&run->worker);
    cop_lender_free(run->lender);
    free(run->copy_is_dense);
    free(run->others);
    cop_saved_clear(&run->from);
    cop_recorder_clear(&run->recorded);
}

static cop_status compare_copies(cop_run *run, cop_error *err)
{
    const cop_work_stage *spec = &run->stage->work;
    run->copy_is_dense = calloc(spec->copy_count + 1, sizeof *run->copy_is_dense);
    if (run->copy_is_dense == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < spec->copy_count && i < spec->dense_count; i++)
        run->copy_is_dense[i] = spec->copies[i] == spec->dense[i];
    return COP_OK;
}

/* Which tickets the others of an analysis are. */
static cop_status name_others(cop_run *run, cop_error *err)
{
    const cop_study *s = run->r->study;
    const cop_work_stage *spec = &run->stage->work;
    run->others = calloc(spec->other_count + 1, sizeof *run->others);
    if (run->others == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < spec->other_count; i++) {
        const cop_ticket *own = &s->tickets[spec->ticket];
        const cop_ticket *other = &s->tickets[spec->others[i].ticket];
        bool is_of_cell = other->cell == own->cell, is_of_seed = other->seed == own->seed;
        run->others[i] = (cop_other_ticket){COP_SIZED(cop_other_ticket),
                                            .phase = other->phase,
                                            .cell = s->config->cells[other->cell].label,
                                            .seed = s->config->seeds[other->seed],
                                            .round = other->round,
                                            .is_of_line = is_of_cell && is_of_seed,
                                            .is_of_cell = is_of_cell,
                                            .is_of_seed = is_of_seed};
    }
    return COP_OK;
}

/* With those of earlier attempts. */
static double seconds_spent(const cop_run *run)
{
    return run->from.seconds + cop_now() - run->began;
}

static cop_status save(void *context, const cop_saved *state, cop_error *err)
{
    const cop_run *run = context;
    cop_saved timed = *state;
    timed.seconds = seconds_spent(run);
    return cop_checkpoint_save(run->r->store, &run->stage->id, &timed, err);
}

static void fill_work(cop_run *run)
{
    const cop_opened *o = run->stage->opened;
    const cop_work_stage *spec = &run->stage->work;
    bool is_analyzer = run->stage->kind == COP_STAGE_ANALYZE;
    run->work = (struct cop_work){
        .kind = (cop_kind)cop_component_entry(spec->instance->component)->plugin->kind,
        .task = &run->stage->data->info.task,
        .model = run->stage->kind == COP_STAGE_DISTIL ? NULL : o->model,
        .train = &run->stage->data->train,
        .test = is_analyzer ? &run->stage->data->test : NULL,
        .seed = spec->seed,
        .threads = o->cell->threads,
        .log = run->r->log,
        .title = run->stage->title,
        .source = cop_lender_source(run->lender),
        .has_trained = spec->trained != COP_NO_STAGE,
        .is_on_distilled = spec->distil != COP_NO_STAGE,
        .round = spec->round,
        .rounds = spec->rounds,
        .copy_count = spec->copy_count,
        .dense_count = spec->dense_count,
        .copy_is_dense = run->copy_is_dense,
        .others = run->others,
        .other_count = spec->other_count,
        .wants_synthetic = is_analyzer && spec->distil != COP_NO_STAGE,
        .request_count = spec->training_count,
        .snapshot_counts = spec->snapshot_counts};
}

static cop_status open_run(cop_runner *r, const cop_stage *stage, cop_run *run, cop_error *err)
{
    const cop_plugin *plugin = cop_component_entry(stage->work.instance->component)->plugin;
    memset(run, 0, sizeof *run);
    run->r = r;
    run->stage = stage;
    run->began = cop_now();
    (void)snprintf(run->what, sizeof run->what, "%s '%s'", cop_kind_name((cop_kind)plugin->kind),
                   plugin->id);
    COP_TRY(cop_lender_new(r, stage, LENDER_BYTES, &run->lender, err));
    COP_TRY(compare_copies(run, err));
    COP_TRY(name_others(run, err));
    fill_work(run);
    cop_status status =
        cop_worker_open(stage->work.instance, &stage->data->info.task, &run->worker, err);
    r->own_failure = status != COP_OK;
    COP_TRY(status);
    run->drive = (cop_drive){.what = run->what,
                             .self = run->worker.self,
                             .work = &run->work,
                             .steps = stage->work.steps,
                             .promise = stage->work.promise,
                             .resume = &run->from,
                             .save = save,
                             .context = run,
                             .save_seconds = r->save_seconds,
                             .saves_end = stage->course[0] != '\0',
                             .recorded = &run->recorded,
                             .own_failure = &r->own_failure,
                             .stop = r->stop,
                             .steps_left = r->steps_left};
    return cop_going_on_from(r, stage, &run->from, err);
}

/* Nothing where nothing was recorded. */
static cop_status write_recorded(const cop_run *run, const cop_draft *draft, cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_series series[COP_SERIES_MOST];
    size_t count = cop_recorder_series(&run->recorded, series);
    if (count == 0)
        return COP_OK;
    cop_draft_path(draft, COP_SERIES_FILE, path, sizeof path);
    return cop_series_csv_write(series, count, path, err);
}

/* Writes a work's result to a file. */
typedef cop_status (*cop_write_result)(const void *result, const char *path, cop_error *err);

/* What a run came to. */
typedef struct cop_outcome {
    const cop_run *run;
    const char *file;
    cop_write_result write;
    const void *result;
    const cop_tensors *tensors; /* an analyzer's; NULL: none */
    const cop_synthetic *real;  /* beside a distilled set; NULL: no set */
    const cop_tensors *mask;    /* whose layers are told; NULL: no mask */
    const cop_summary *summary;
} cop_outcome;

static cop_status write_tensors(const void *result, const char *path, cop_error *err)
{
    return cop_safetensors_write(path, result, NULL, 0, err);
}

/* The result's files, the summary and what was recorded; where longer works can go on, the bag. */
static cop_status write_outcome(void *context, cop_draft *draft, cop_error *err)
{
    const cop_outcome *o = context;
    const cop_stage *stage = o->run->stage;
    char path[COP_PATH_SIZE];
    cop_draft_path(draft, o->file, path, sizeof path);
    COP_TRY(o->write(o->result, path, err));
    cop_draft_path(draft, COP_TENSORS_FILE, path, sizeof path);
    if (o->tensors != NULL)
        COP_TRY(write_tensors(o->tensors, path, err));
    cop_draft_path(draft, COP_REAL_IMAGES_FILE, path, sizeof path);
    if (o->real != NULL)
        COP_TRY(cop_synthetic_write(o->real, path, err));
    if (o->mask != NULL)
        COP_TRY(cop_publish_layers(draft, o->mask, err));
    COP_TRY(cop_publish_summary(stage, draft, o->summary, err));
    COP_TRY(write_recorded(o->run, draft, err));
    return stage->course[0] == '\0'
               ? COP_OK
               : cop_draft_keep_bag(draft, stage->course, stage->work.steps, err);
}

static cop_status publish(const cop_outcome *outcome, cop_error *err)
{
    const cop_run *run = outcome->run;
    cop_outcome own = *outcome; /* the context of a callback */
    const cop_publication what = {write_outcome, &own, run->began, run->from.seconds};
    return cop_publish(run->r, run->stage, &what, err);
}

static cop_status write_synthetic(const void *result, const char *path, cop_error *err)
{
    return cop_synthetic_write(result, path, err);
}

/* Several cells may share a set and have it trained by other recipes: the one in its file is that
 * of no cell, but the distiller's default, so that its bytes do not depend on who made it. */
static cop_status give_default_recipe(const cop_run *run, cop_synthetic *set, cop_error *err)
{
    const cop_option *row = cop_component_set_recipe(run->stage->work.instance->component);
    const cop_recipe *recipe = row != NULL ? cop_recipe_named(row->def, NULL) : NULL;
    return recipe != NULL ? cop_synthetic_set_recipe(set, recipe, err) : COP_OK;
}

static cop_status distil(cop_run *run, cop_error *err)
{
    cop_synthetic set = {0}, real = {0};
    COP_TRY(cop_drive_distiller(&run->drive, run->stage->work.instance->ops, &set, err));
    const cop_summary summary = {.stored = (double)set.count,
                                 .decoded =
                                     (double)cop_decoded_count(set.decode, set.factor, set.count)};
    cop_status status = cop_say_set_maker(run->stage, &set, err);
    if (status == COP_OK)
        status = give_default_recipe(run, &set, err);
    if (status == COP_OK)
        status = cop_real_images(run->work.train, &set, &real, err);
    if (status == COP_OK)
        status = publish(&(cop_outcome){.run = run,
                                        .file = COP_SYNTHETIC_FILE,
                                        .write = write_synthetic,
                                        .result = &set,
                                        .real = &real,
                                        .summary = &summary},
                         err);
    cop_synthetic_clear(&real);
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

static cop_status publish_mask(const cop_run *run, const cop_tensors *mask, cop_error *err)
{
    const cop_summary summary = cop_mask_summary(run->stage, mask);
    return publish(&(cop_outcome){.run = run,
                                  .file = COP_MASK_FILE,
                                  .write = write_tensors,
                                  .result = mask,
                                  .mask = mask,
                                  .summary = &summary},
                   err);
}

static cop_status prune(cop_run *run, cop_error *err)
{
    const cop_tensors *before = NULL;
    cop_tensors *mask = NULL;
    COP_TRY(cop_lender_mask(run->lender, &before, err));
    COP_TRY(cop_drive_pruner(&run->drive, run->stage->work.instance->ops, before, &mask, err));
    cop_status status = publish_mask(run, mask, err);
    cop_tensors_free(mask);
    return status;
}

/* A control's mask, for which no plugin is asked. */
static cop_status make_control(cop_runner *r, const cop_stage *stage, cop_error *err)
{
    cop_run run = {.r = r, .stage = stage, .began = cop_now()};
    cop_tensors *ticket = NULL, *mask = NULL;
    COP_TRY(cop_load_mask(r, stage->opened, stage->work.mask, &ticket, err));
    cop_status status = cop_control_mask(stage->work.control, stage->work.seed, ticket, &mask, err);
    if (status == COP_OK)
        status = publish_mask(&run, mask, err);
    cop_tensors_free(ticket);
    cop_tensors_free(mask);
    return status;
}

cop_status cop_run_pruner(cop_runner *r, const cop_stage *stage, cop_error *err)
{
    cop_run run;
    if (stage->work.instance == NULL)
        return make_control(r, stage, err);
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
    cop_tables *tables = NULL;
    cop_tensors *tensors = NULL;
    run->drive.result_tensors = &tensors;
    COP_TRY(cop_drive_analyzer(&run->drive, run->stage->work.instance->ops, &tables, err));
    const cop_summary summary = {.tables = (double)cop_tables_count(tables)};
    cop_status status = publish(&(cop_outcome){.run = run,
                                               .file = COP_TABLES_FILE,
                                               .write = write_tables,
                                               .result = tables,
                                               .tensors = tensors,
                                               .summary = &summary},
                                err);
    cop_tables_free(tables);
    cop_tensors_free(tensors);
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
