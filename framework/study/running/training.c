/* training.c: a training stage: the trainer's loop with history, snapshots and checkpoints. */
#include "core/clock.h"
#include "core/memory.h"
#include "core/path.h"
#include "study/running/drive.h"
#include "study/running/history.h"
#include "study/running/publish.h"
#include "study/running/runner.h"

#include "nn/declared.h"
#include "nn/synthetic.h"
#include "store/artifact_files.h"
#include "store/formats/safetensors.h"
#include "train/recipe_text.h"
#include "train/trainer_state.h"

#include <coppice/trainer.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything that lives while one training runs. Freed by close_training. */
typedef struct cop_training {
    cop_runner *r;
    const cop_stage *stage;
    const cop_samples *data;
    cop_samples *decoded; /* owned, when the data are distilled */
    cop_recipe recipe;
    cop_tensors *mask; /* NULL: dense */
    cop_tensors *start;
    cop_trainer *trainer;
    cop_objective *test;
    cop_tensors *records; /* "history"; goes into checkpoints beside the trainer's state */
    cop_history history;
    cop_tensors **snapshots; /* by the stage's list; NULL until reached */
    int64_t first;           /* step it starts at: 0, or that of the snapshot it goes on from */
    int64_t step;            /* position: optimiser steps done */
    double spent;            /* seconds, of earlier attempts too */
} cop_training;

static void close_training(cop_training *t)
{
    for (size_t i = 0; t->snapshots != NULL && i < t->stage->train.snapshot_count; i++)
        cop_tensors_free(t->snapshots[i]);
    free(t->snapshots);
    cop_objective_free(t->test);
    cop_trainer_free(t->trainer);
    cop_tensors_free(t->records);
    cop_tensors_free(t->start);
    cop_tensors_free(t->mask);
    cop_synthetic_samples_free(t->decoded);
}

static cop_status open_data(cop_training *t, cop_error *err)
{
    const cop_training_stage *spec = &t->stage->train;
    t->data = &t->stage->data->train;
    t->recipe = spec->recipe;
    if (spec->distil == COP_NO_STAGE)
        return COP_OK;
    cop_synthetic set = {0};
    COP_TRY(cop_load_synthetic(t->r, spec->distil, &set, err));
    cop_status status = cop_synthetic_decode(&set, t->r->study->programs, &t->decoded, err);
    t->data = t->decoded;
    if (spec->own_recipe)
        t->recipe = *set.recipe;
    cop_synthetic_clear(&set);
    return status;
}

static cop_status open_trainer(cop_training *t, cop_error *err)
{
    const cop_training_stage *spec = &t->stage->train;
    int threads = t->stage->opened->cell->threads;
    const cop_trainer_spec trainer = {COP_SIZED(cop_trainer_spec),
                                      .model = spec->model,
                                      .data = t->data,
                                      .recipe = &t->recipe,
                                      .mask = t->mask,
                                      .order_seed = spec->order_seed,
                                      .augment_seed = spec->augment_seed,
                                      .threads = threads};
    const cop_objective_spec test = {COP_SIZED(cop_objective_spec), .model = spec->model,
                                     .data = &t->stage->data->test, .mode = COP_MODE_EVAL,
                                     .threads = threads};
    COP_TRY(cop_trainer_new(&trainer, &t->trainer, err));
    return cop_objective_new(&test, &t->test, err);
}

static cop_status open_records(cop_training *t, cop_error *err)
{
    int64_t epochs = cop_history_epochs(t->trainer);
    cop_tensor *history = NULL;
    epochs = epochs > 0 ? epochs : 1; /* a training without steps has one row, its evaluation */
    t->records = cop_tensors_new();
    t->snapshots = calloc(t->stage->train.snapshot_count + 1, sizeof(cop_tensors *));
    if (t->records == NULL || t->snapshots == NULL)
        return cop_out_of_memory(err);
    COP_TRY(cop_tensors_add(t->records, "history", COP_F64,
                            cop_shape2(epochs + 1, COP_HISTORY_COLUMNS), &history, err));
    t->history = (cop_history){.rows = (cop_history_row *)cop_f64(history), .capacity = epochs};
    return COP_OK;
}

/* The step at which a wanted snapshot is due. */
static int64_t snapshot_step(const cop_training *t, size_t i)
{
    return cop_duration_steps(t->stage->train.snapshots[i], cop_trainer_steps_per_epoch(t->trainer),
                              cop_trainer_total_steps(t->trainer));
}

static cop_status check_snapshots(const cop_training *t, cop_error *err)
{
    for (size_t i = 0; i < t->stage->train.snapshot_count; i++) {
        if (snapshot_step(t, i) > cop_trainer_total_steps(t->trainer))
            return cop_fail(err, COP_INVALID, "a snapshot is wanted at step %lld of %lld",
                            (long long)snapshot_step(t, i),
                            (long long)cop_trainer_total_steps(t->trainer));
    }
    return COP_OK;
}

/* Removed weights have no moment. */
static void mask_moment(cop_training *t, const char *prefix, const cop_tensor *keep)
{
    char name[COP_MOMENTUM_SIZE];
    (void)snprintf(name, sizeof name, "%s%s", prefix, keep->name);
    const cop_tensor *moment = cop_tensors_find(cop_trainer_state(t->trainer), name);
    for (int64_t k = 0; moment != NULL && k < cop_shape_count(keep->shape); k++)
        cop_f32(moment)[k] *= cop_f32(keep)[k];
}

/* Takes over the optimiser's state of the snapshot, that of removed weights apart. */
static cop_status keep_momentum(cop_training *t, cop_error *err)
{
    if (cop_tensors_copy(cop_trainer_state(t->trainer), t->start, err) != COP_OK)
        return cop_fail_within(err, "the optimiser of the point to go on from is another one");
    if (t->mask == NULL)
        return COP_OK;
    for (size_t i = 0; i < cop_tensors_count(t->mask); i++) {
        mask_moment(t, COP_MOMENTUM_PREFIX, cop_tensors_at(t->mask, i));
        mask_moment(t, COP_SECOND_PREFIX, cop_tensors_at(t->mask, i));
    }
    return COP_OK;
}

/* Puts the starting weights in. A training that goes on from a snapshot goes on at its step, with a
 * new optimiser unless its momentum is to be kept. */
static cop_status start(cop_training *t, cop_error *err)
{
    const cop_start_point *from = &t->stage->train.start;
    const cop_tensor *step = cop_tensors_find(t->start, COP_STEP_NAME);
    t->first = t->step = from->go_on && step != NULL ? cop_i64(step)[0] : 0;
    COP_TRY(cop_trainer_start(t->trainer, t->start, t->step, err));
    return t->step > 0 && from->keep_momentum ? keep_momentum(t, err) : COP_OK;
}

static cop_status open_training(cop_training *t, cop_error *err)
{
    const cop_training_stage *spec = &t->stage->train;
    COP_TRY(open_data(t, err));
    if (spec->mask != COP_NO_STAGE)
        COP_TRY(cop_load_mask(t->r, t->stage->opened, spec->mask, &t->mask, err));
    COP_TRY(cop_load_start(t->r, &spec->start, spec->model, t->mask, &t->start, err));
    COP_TRY(open_trainer(t, err));
    COP_TRY(open_records(t, err));
    COP_TRY(check_snapshots(t, err));
    return start(t, err);
}

/* Checkpoints: state, history, and snapshots taken so far, under prefixed names. */

/* By when it was taken: the list of wanted snapshots may be another one when a run goes on. */
static void write_prefix(cop_duration at, char *text, size_t size)
{
    char when[40];
    (void)snprintf(text, size, "%s/", cop_duration_text(at, when, sizeof when));
}

static cop_status fill_checkpoint(const cop_training *t, cop_tensors *bag, cop_error *err)
{
    char prefix[48];
    COP_TRY(cop_tensors_add_prefixed(bag, "", t->records, err));
    COP_TRY(cop_tensors_add_prefixed(bag, "", cop_trainer_state(t->trainer), err));
    for (size_t i = 0; i < t->stage->train.snapshot_count; i++) {
        write_prefix(t->stage->train.snapshots[i], prefix, sizeof prefix);
        if (t->snapshots[i] != NULL)
            COP_TRY(cop_tensors_add_prefixed(bag, prefix, t->snapshots[i], err));
    }
    return COP_OK;
}

static cop_status save(const cop_training *t, double seconds, cop_error *err)
{
    cop_saved state = {.bag = cop_tensors_new(), .step = t->step, .seconds = seconds};
    if (state.bag == NULL)
        return cop_out_of_memory(err);
    cop_status status = fill_checkpoint(t, state.bag, err);
    if (status == COP_OK)
        status = cop_checkpoint_save(t->r->store, &t->stage->id, &state, err);
    cop_saved_clear(&state);
    return status;
}

/* Whether the set could be taken out of the checkpoint, which may be of another training. */
static bool takes(const cop_tensors *bag, const char *prefix, cop_tensors *to)
{
    return cop_tensors_take_prefixed(bag, prefix, to, NULL) == COP_OK;
}

static bool restore_snapshots(cop_training *t, const cop_tensors *bag, int64_t step)
{
    char prefix[48];
    for (size_t i = 0; i < t->stage->train.snapshot_count; i++) {
        if (snapshot_step(t, i) > step)
            continue;
        t->snapshots[i] = cop_tensors_clone(cop_trainer_state(t->trainer));
        write_prefix(t->stage->train.snapshots[i], prefix, sizeof prefix);
        if (t->snapshots[i] == NULL || !takes(bag, prefix, t->snapshots[i]))
            return false;
    }
    return true;
}

static void forget_snapshots(cop_training *t)
{
    for (size_t i = 0; i < t->stage->train.snapshot_count; i++) {
        cop_tensors_free(t->snapshots[i]);
        t->snapshots[i] = NULL;
    }
}

/* Goes on from the stage's checkpoint, if there is a usable one. */
static cop_status resume(cop_training *t, cop_error *err)
{
    cop_saved state;
    COP_TRY(cop_checkpoint_load(t->r->store, &t->stage->id, t->r->log, &state, err));
    const cop_tensors *bag = state.bag;
    int64_t step = state.step;
    if (bag == NULL)
        return COP_OK;
    bool fits = step >= t->first && step <= cop_trainer_total_steps(t->trainer) &&
                takes(bag, "", t->records) && takes(bag, "", cop_trainer_state(t->trainer)) &&
                restore_snapshots(t, bag, step);
    t->spent = fits ? state.seconds : t->spent;
    cop_saved_clear(&state);
    if (fits) {
        t->step = step;
        cop_say(t->r->log, COP_LOG_INFO, "%s: going on from step %lld", t->stage->title,
                (long long)step);
        return COP_OK;
    }
    cop_say(t->r->log, COP_LOG_WARNING, "%s: starting over, the checkpoint does not fit",
            t->stage->title);
    forget_snapshots(t);
    memset(t->history.rows, 0,
           (size_t)((t->history.capacity + 1) * COP_HISTORY_COLUMNS) * sizeof(double));
    return start(t, err);
}

static cop_status take_snapshots(cop_training *t, cop_error *err)
{
    for (size_t i = 0; i < t->stage->train.snapshot_count; i++) {
        if (t->snapshots[i] != NULL || snapshot_step(t, i) != t->step)
            continue;
        t->snapshots[i] = cop_tensors_clone(cop_trainer_state(t->trainer));
        if (t->snapshots[i] == NULL)
            return cop_out_of_memory(err);
    }
    return COP_OK;
}

static cop_status diverged(const cop_training *t, const char *what, double lr, cop_error *err)
{
    t->r->own_failure = true;
    return cop_fail(err, COP_FAILED,
                    "the network diverged: %s is not finite after step %lld (lr %g)", what,
                    (long long)t->step, lr);
}

/* The loss of a step is looked at before its update: here the update itself. */
static cop_status check_state(const cop_training *t, double lr, cop_error *err)
{
    const cop_model *model = t->stage->train.model;
    for (size_t i = 0; i < cop_declared_count(model); i++) {
        const cop_parameter *p = cop_declared_at(model, i);
        const float *value = cop_f32(cop_tensors_find(cop_trainer_state(t->trainer), p->name));
        int64_t count = cop_shape_count(p->shape);
        for (int64_t k = 0; k < count; k++) {
            if (!isfinite(value[k])) {
                char what[COP_NAME_SIZE + 2];
                (void)snprintf(what, sizeof what, "\"%s\"", p->name);
                return diverged(t, what, lr, err);
            }
        }
    }
    return COP_OK;
}

static cop_status end_epoch(cop_training *t, double lr, cop_error *err)
{
    int64_t per_epoch = cop_trainer_steps_per_epoch(t->trainer);
    int64_t epoch = (t->step + per_epoch - 1) / per_epoch;
    cop_evaluation test = {COP_SIZED(cop_evaluation)};
    bool wanted = cop_history_wants_test(epoch, cop_history_epochs(t->trainer));
    COP_TRY(check_state(t, lr, err));
    if (wanted)
        COP_TRY(cop_objective_evaluate(t->test, cop_trainer_state(t->trainer), &test, err));
    if (t->step == cop_trainer_total_steps(t->trainer) && !isfinite(test.loss))
        return diverged(t, "the test loss", lr, err);
    cop_history_close(&t->history, epoch, wanted ? &test : NULL);
    return COP_OK;
}

static void show(const cop_training *t, const cop_train_metrics *metrics)
{
    const double *last = cop_history_last(&t->history);
    double accuracy = last != NULL ? last[COP_HISTORY_TRAIN_ACCURACY] : metrics->accuracy;
    cop_progress(t->r->log, t->stage->title, t->step, cop_trainer_total_steps(t->trainer),
                 "loss %.3f  acc %.1f %%", metrics->loss, 100.0 * accuracy);
}

/* Once its programs are made, a step fails by its numbers alone. */
static cop_status run_step(cop_training *t, cop_train_metrics *metrics, cop_error *err)
{
    cop_status status = cop_trainer_run(t->trainer, 1, metrics, err);
    if (status != COP_OK)
        t->r->own_failure = true;
    return status;
}

static cop_status loop(cop_training *t, cop_error *err)
{
    int64_t total = cop_trainer_total_steps(t->trainer);
    int64_t per_epoch = cop_trainer_steps_per_epoch(t->trainer);
    double began = cop_now(), saved = began;
    COP_TRY(take_snapshots(t, err));
    /* No step to take: what it starts from is its end, and is evaluated as such. */
    if (t->step >= total && cop_history_last(&t->history) == NULL)
        COP_TRY(end_epoch(t, 0.0, err));
    while (t->step < total) {
        cop_train_metrics metrics = {COP_SIZED(cop_train_metrics)};
        if (cop_run_stops(t->r->stop, t->r->steps_left)) {
            COP_TRY(save(t, t->spent + cop_now() - began, err));
            return cop_fail(err, COP_CANCELLED, "stopped");
        }
        COP_TRY(run_step(t, &metrics, err));
        t->step++;
        cop_history_add(&t->history, &metrics);
        COP_TRY(take_snapshots(t, err));
        if (t->step % per_epoch == 0 || t->step == total)
            COP_TRY(end_epoch(t, metrics.lr, err));
        show(t, &metrics);
        double now = cop_now();
        if (t->step < total && now - saved >= t->r->save_seconds) {
            COP_TRY(save(t, t->spent + now - began, err));
            saved = now;
        }
    }
    t->spent += cop_now() - began;
    return COP_OK;
}

static cop_status write_state(const cop_training *t, const cop_draft *draft, cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_tensors *state = NULL;
    COP_TRY(cop_declared_clone(t->stage->train.model, cop_trainer_state(t->trainer), &state, err));
    cop_draft_path(draft, COP_STATE_FILE, path, sizeof path);
    cop_status status = cop_safetensors_write(path, state, NULL, 0, err);
    cop_tensors_free(state);
    return status;
}

static cop_status write_files(void *context, cop_draft *draft, cop_error *err)
{
    const cop_training *t = context;
    char path[COP_PATH_SIZE], file[80];
    COP_TRY(write_state(t, draft, err));
    for (size_t i = 0; i < t->stage->train.snapshot_count; i++) {
        if (t->snapshots[i] == NULL)
            return cop_fail(err, COP_FAILED, "the snapshot of step %lld was passed over",
                            (long long)snapshot_step(t, i));
        cop_draft_path(draft, cop_snapshot_file(t->stage->train.snapshots[i], file, sizeof file),
                       path, sizeof path);
        COP_TRY(cop_safetensors_write(path, t->snapshots[i], NULL, 0, err));
    }
    /* Another study may have wanted others of the same training, and may want them again. */
    COP_TRY(cop_draft_keep(draft, COP_SNAPSHOT_PREFIX, err));
    cop_draft_path(draft, COP_HISTORY_FILE, path, sizeof path);
    COP_TRY(cop_history_write(&t->history, path, err));
    const double *last = cop_history_last(&t->history);
    const double none[COP_HISTORY_COLUMNS] = {0, 0, NAN, NAN, NAN, NAN};
    const double *row = last != NULL ? last : none;
    int64_t total = cop_trainer_total_steps(t->trainer);
    int64_t per_epoch = cop_trainer_steps_per_epoch(t->trainer);
    const cop_summary summary = {.epochs = (double)total / (double)per_epoch,
                                 .steps = (double)total,
                                 .samples = (double)(total - t->first) / (double)per_epoch *
                                            (double)t->data->count,
                                 .train_loss = row[COP_HISTORY_TRAIN_LOSS],
                                 .train_accuracy = row[COP_HISTORY_TRAIN_ACCURACY],
                                 .test_loss = row[COP_HISTORY_TEST_LOSS],
                                 .test_accuracy = row[COP_HISTORY_TEST_ACCURACY]};
    return cop_publish_summary(t->stage, draft, &summary, err);
}

cop_status cop_run_training(cop_runner *r, const cop_stage *stage, cop_error *err)
{
    cop_training t = {.r = r, .stage = stage};
    cop_status status = open_training(&t, err);
    if (status == COP_OK)
        status = resume(&t, err);
    if (status == COP_OK)
        status = loop(&t, err);
    if (status == COP_OK) {
        const cop_publication what = {write_files, &t, .began = cop_now(), .earlier = t.spent};
        status = cop_publish(r, stage, &what, err);
    }
    close_training(&t);
    return status;
}
