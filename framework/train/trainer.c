/* trainer.c: the one training loop.
 *
 * There are two programs, one for the full batch and one for the partial last batch of an epoch,
 * where there is one, both compiled at creation. They read parameters and buffers where the state
 * holds them and write new buffers there; gradients go to memory of the trainer, from which the
 * optimiser updates the parameters. So a step copies nothing but the batch. */
#include <coppice/trainer.h>

#include "core/sized.h"
#include "core/tensor_view.h"
#include "nn/declared.h"
#include "nn/dropout.h"
#include "nn/samples.h"
#include "train/forward.h"
#include "train/in_bag.h"
#include "train/loader.h"
#include "train/programs.h"
#include "train/schedules/schedule.h"
#include "train/trainer_state.h"
#include "train/update.h"

#include <coppice/differentiate.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Outputs of a step's program; the gradients follow, then the new buffers. */
enum { OUTPUT_LOSS, OUTPUT_LOGITS, OUTPUT_FIXED };

struct cop_trainer {
    cop_trainer_spec spec;
    cop_recipe recipe;
    cop_schedule schedule;
    size_t param_count, buffer_count;
    cop_tensors *bag;   /* where the state stands, under the prefix; NULL: nowhere else */
    const char *prefix; /* during creation */
    cop_tensors *state;
    int64_t *step;          /* in the state */
    cop_tensors *gradients; /* one per parameter, in order */
    cop_tensors *batch;     /* "images", "targets" */
    cop_loader *loader;
    cop_draws *draws;     /* NULL without augmentation and CutMix */
    cop_dropout *dropout; /* NULL without, and until the full batch's program is there */
    cop_update *update;
    cop_program *full, *partial; /* NULL before creation; partial also where no batch is */
};

static bool is_drawing(const cop_trainer *t)
{
    return t->recipe.augment != 0 || t->recipe.cutmix > 0.0;
}

/* A tensor of the state: its own, or shown from the bag. */
static cop_status add_tensor(cop_trainer *t, const char *name, cop_dtype dtype, cop_shape shape,
                             cop_error *err)
{
    if (t->bag == NULL)
        return cop_tensors_add(t->state, name, dtype, shape, NULL, err);
    char full[2 * COP_NAME_SIZE];
    (void)snprintf(full, sizeof full, "%s%s", t->prefix, name);
    cop_tensor *owner = NULL;
    COP_TRY(cop_tensors_add(t->bag, full, dtype, shape, &owner, err));
    return cop_tensors_show(t->state, name, owner, err);
}

/* A tensor for each parameter, of its shape. */
static cop_status add_moments(cop_trainer *t, const char *prefix, cop_error *err)
{
    for (size_t i = 0; i < t->param_count; i++) {
        const cop_parameter *p = cop_model_parameter(t->spec.model, i);
        char name[COP_MOMENTUM_SIZE];
        (void)snprintf(name, sizeof name, "%s%s", prefix, p->name);
        COP_TRY(add_tensor(t, name, COP_F32, p->shape, err));
    }
    return COP_OK;
}

static cop_status add_state(cop_trainer *t, cop_error *err)
{
    const cop_model *m = t->spec.model;
    for (size_t i = 0; i < t->param_count; i++) {
        const cop_parameter *p = cop_model_parameter(m, i);
        COP_TRY(add_tensor(t, p->name, COP_F32, p->shape, err));
        COP_TRY(cop_tensors_add(t->gradients, p->name, COP_F32, p->shape, NULL, err));
    }
    for (size_t i = 0; i < t->buffer_count; i++) {
        const cop_parameter *b = cop_model_buffer(m, i);
        COP_TRY(add_tensor(t, b->name, COP_F32, b->shape, err));
    }
    COP_TRY(add_moments(t, COP_MOMENTUM_PREFIX, err));
    if (cop_update_has_second(&t->recipe)) {
        COP_TRY(add_moments(t, COP_SECOND_PREFIX, err));
        COP_TRY(add_tensor(t, COP_UPDATES_NAME, COP_I64, cop_shape0(), err));
    }
    COP_TRY(add_tensor(t, COP_STEP_NAME, COP_I64, cop_shape0(), err));
    t->step = cop_i64(cop_tensors_find(t->state, COP_STEP_NAME));
    return COP_OK;
}

/* A mask may hold fewer tensors than the model has parameters, but none that it does not know. */
static cop_status check_mask(const cop_model *m, const cop_tensors *mask, cop_error *err)
{
    size_t known = 0;
    for (size_t i = 0; i < cop_model_parameter_count(m); i++) {
        const cop_parameter *p = cop_model_parameter(m, i);
        if (cop_tensors_find(mask, p->name) == NULL)
            continue;
        cop_tensor *tensor = NULL;
        COP_TRY(cop_find_declared(mask, "mask", p, &tensor, err));
        known++;
    }
    for (size_t i = 0; known < cop_tensors_count(mask) && i < cop_tensors_count(mask); i++) {
        const char *name = cop_tensors_at(mask, i)->name;
        bool found = false;
        for (size_t k = 0; k < cop_model_parameter_count(m) && !found; k++)
            found = strcmp(cop_model_parameter(m, k)->name, name) == 0;
        if (!found)
            return cop_fail(err, COP_FAILED,
                            "the mask is for \"%s\", which the model does not have", name);
    }
    return COP_OK;
}

static cop_status make_batch(cop_trainer *t, cop_error *err)
{
    const cop_task *task = cop_model_task(t->spec.model);
    int64_t n = t->schedule.batch;
    COP_TRY(cop_tensors_add(t->batch, "images", COP_F32,
                            cop_shape4(n, task->channels, task->height, task->width), NULL, err));
    COP_TRY(cop_tensors_add(t->batch, "targets", COP_F32, cop_shape2(n, task->classes), NULL, err));
    if (!is_drawing(t))
        return COP_OK;
    const cop_normalization pixels = cop_samples_undo(t->spec.data);
    COP_TRY(cop_draws_new(t->recipe.augment, t->recipe.cutmix > 0.0, n, task->height, task->width,
                          &t->draws, err));
    cop_draws_pixels(t->draws, pixels.mean, pixels.std, task->channels);
    return COP_OK;
}

static cop_status bind(cop_trainer *t, const cop_forward *f, cop_program *p, cop_error *err)
{
    COP_TRY(cop_program_bind(p, f->images, cop_f32(cop_tensors_at(t->batch, 0)), err));
    COP_TRY(cop_program_bind(p, f->targets, cop_f32(cop_tensors_at(t->batch, 1)), err));
    COP_TRY(cop_model_bind(t->spec.model, p, COP_FORWARD_MODEL, t->state, err));
    if (t->draws != NULL)
        COP_TRY(cop_draws_bind(t->draws, p, COP_FORWARD_DRAWS, err));
    if (t->full == NULL)
        COP_TRY(cop_dropout_new(f->output, &t->dropout, err));
    COP_TRY(cop_dropout_bind(t->dropout, p, err));
    for (size_t i = 0; i < t->param_count; i++)
        COP_TRY(cop_program_bind_output(p, OUTPUT_FIXED + i,
                                        cop_f32(cop_tensors_at(t->gradients, i)), err));
    for (size_t i = 0; i < t->buffer_count; i++)
        COP_TRY(cop_program_bind_output(p, OUTPUT_FIXED + t->param_count + i,
                                        cop_f32(cop_tensors_at(t->state, t->param_count + i)),
                                        err));
    return COP_OK;
}

static cop_status compile_outputs(cop_trainer *t, cop_forward *f, cop_node *outputs,
                                  cop_program **out, cop_error *err)
{
    outputs[OUTPUT_LOSS] = f->loss;
    outputs[OUTPUT_LOGITS] = cop_model_output_get_logits(f->output);
    COP_TRY(cop_gradient(f->g, f->loss, f->params, t->param_count, outputs + OUTPUT_FIXED, err));
    for (size_t i = 0; i < t->buffer_count; i++)
        outputs[OUTPUT_FIXED + t->param_count + i] = cop_model_output_new_buffer(f->output, i);
    cop_compile_options options = {COP_SIZED(cop_compile_options), .threads = t->spec.threads};
    cop_program *p = NULL;
    COP_TRY(cop_compile(f->g, outputs, OUTPUT_FIXED + t->param_count + t->buffer_count, &options,
                        &p, err));
    cop_status status = bind(t, f, p, err);
    if (status != COP_OK)
        cop_program_free(p);
    else
        *out = p;
    return status;
}

static cop_status compile_step(cop_trainer *t, int64_t n, cop_program **out, cop_error *err)
{
    const cop_forward_spec spec = {.model = t->spec.model,
                                   .n = n,
                                   .mode = COP_MODE_TRAIN,
                                   .is_dropping = true,
                                   .augment = t->recipe.augment,
                                   .cutmix = t->recipe.cutmix > 0.0,
                                   .logit_scale = 1.0};
    cop_forward f;
    COP_TRY(cop_forward_build(&spec, &f, err));
    cop_node *outputs = calloc(OUTPUT_FIXED + t->param_count + t->buffer_count, sizeof *outputs);
    cop_status status = outputs != NULL
                            ? compile_outputs(t, &f, outputs, out, err)
                            : cop_fail(err, COP_FAILED, "out of memory to compile a training step");
    free(outputs);
    cop_forward_clear(&f);
    return status;
}

static cop_status check_spec(const cop_trainer_spec *spec, cop_error *err)
{
    COP_TRY(cop_check_task(spec->model, spec->data, err));
    if (spec->data->count < 1)
        return cop_fail(err, COP_FAILED, "nothing to train on: the set has no samples");
    return spec->mask != NULL ? check_mask(spec->model, spec->mask, err) : COP_OK;
}

static cop_status make(cop_trainer *t, cop_error *err)
{
    if (t->state == NULL || t->gradients == NULL || t->batch == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for a trainer");
    COP_TRY(check_spec(&t->spec, err));
    COP_TRY(cop_schedule_make(&t->recipe, t->spec.data->count, &t->schedule, err));
    COP_TRY(add_state(t, err));
    COP_TRY(cop_update_new(&t->recipe, t->state, t->gradients, t->spec.mask, t->spec.threads,
                           &t->update, err));
    COP_TRY(make_batch(t, err));
    COP_TRY(cop_loader_new(t->spec.data->count, t->schedule.batch, t->spec.order_seed, &t->loader,
                           err));
    COP_TRY(compile_step(t, t->schedule.batch, &t->full, err));
    int64_t rest = t->spec.data->count % t->schedule.batch;
    return rest > 0 ? compile_step(t, rest, &t->partial, err) : COP_OK;
}

static cop_status new_trainer(const cop_trainer_spec *spec, cop_tensors *bag, const char *prefix,
                              cop_trainer **out, cop_error *err)
{
    cop_trainer *t = malloc(sizeof *t);
    if (t == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for a trainer");
    cop_trainer_spec own;
    cop_status status = cop_sized_take(
        "a trainer's spec", spec, COP_LEAST(cop_trainer_spec, augment_seed), &own, sizeof own, err);
    if (status != COP_OK) {
        free(t);
        return status;
    }
    *t = (cop_trainer){.spec = own,
                       .recipe = *own.recipe,
                       .param_count = cop_model_parameter_count(own.model),
                       .buffer_count = cop_model_buffer_count(own.model),
                       .bag = bag,
                       .prefix = prefix,
                       .state = bag != NULL ? cop_tensors_new_view() : cop_tensors_new(),
                       .gradients = cop_tensors_new(),
                       .batch = cop_tensors_new()};
    t->spec.recipe = &t->recipe; /* the given one need not outlive this call */
    status = make(t, err);
    if (status != COP_OK)
        cop_trainer_free(t);
    else
        *out = t;
    return status;
}

cop_status cop_trainer_new(const cop_trainer_spec *spec, cop_trainer **out, cop_error *err)
{
    return new_trainer(spec, NULL, NULL, out, err);
}

cop_status cop_trainer_new_in_bag(const cop_trainer_spec *spec, cop_tensors *bag,
                                  const char *prefix, cop_trainer **out, cop_error *err)
{
    return new_trainer(spec, bag, prefix, out, err);
}

void cop_trainer_free(cop_trainer *t)
{
    if (t == NULL)
        return;
    cop_program_free(t->full);
    cop_program_free(t->partial);
    cop_update_free(t->update);
    cop_draws_free(t->draws);
    cop_dropout_free(t->dropout);
    cop_loader_free(t->loader);
    cop_tensors_free(t->batch);
    cop_tensors_free(t->gradients);
    cop_tensors_free(t->state);
    free(t);
}

cop_status cop_trainer_start(cop_trainer *t, const cop_tensors *state, int64_t step, cop_error *err)
{
    if (step < 0)
        return cop_fail(err, COP_FAILED, "a training cannot start at step %lld", (long long)step);
    size_t declared = t->param_count + t->buffer_count;
    cop_tensor *from = NULL;
    for (size_t i = 0; i < declared; i++)
        COP_TRY(cop_find_declared(state, "state", cop_declared_at(t->spec.model, i), &from, err));
    for (size_t i = 0; i < declared; i++) {
        cop_tensor *to = cop_tensors_at(t->state, i);
        from = cop_tensors_find(state, to->name);
        memmove(to->data, from->data, (size_t)cop_shape_count(to->shape) * sizeof(float));
    }
    cop_update_reset(t->update);
    if (t->spec.mask != NULL)
        cop_mask_apply(t->spec.mask, t->state);
    *t->step = step;
    return COP_OK;
}

cop_tensors *cop_trainer_state(cop_trainer *t)
{
    return t->state;
}

cop_program *cop_trainer_program(cop_trainer *t)
{
    return t->full;
}

int64_t cop_trainer_steps_per_epoch(const cop_trainer *t)
{
    return t->schedule.per_epoch;
}

int64_t cop_trainer_total_steps(const cop_trainer *t)
{
    return t->schedule.total;
}

/* Moves a share of each row's labels to all classes alike (Szegedy et al. 2016). */
static void smooth(float *targets, int64_t n, int32_t classes, double share)
{
    float keep = (float)(1.0 - share), give = (float)(share / (double)classes);
    for (int64_t i = 0; i < n * classes; i++)
        targets[i] = keep * targets[i] + give;
}

/* Gathers the batch of a step and draws what is random about it. */
static void load(cop_trainer *t, int64_t step, const int64_t *index, int64_t n)
{
    float *images = cop_f32(cop_tensors_at(t->batch, 0));
    float *targets = cop_f32(cop_tensors_at(t->batch, 1));
    cop_samples_batch(t->spec.data, index, n, images, targets);
    if (t->recipe.augment != 0) {
        cop_stream stream = cop_stream_make(t->spec.augment_seed, "augment", (uint64_t)step);
        cop_draws_draw(t->draws, &stream, (cop_draw_kind)t->recipe.draws, n, false);
    }
    if (t->recipe.cutmix > 0.0) {
        cop_stream stream = cop_stream_make(t->spec.augment_seed, "cutmix", (uint64_t)step);
        cop_draws_cutmix(t->draws, &stream, n, t->recipe.cutmix, targets,
                         t->spec.data->task.classes);
    }
    if (t->dropout != NULL) {
        cop_stream stream = cop_stream_make(t->spec.augment_seed, "dropout", (uint64_t)step);
        cop_dropout_draw(t->dropout, &stream, n);
    }
    if (t->recipe.label_smoothing > 0.0)
        smooth(targets, n, t->spec.data->task.classes, t->recipe.label_smoothing);
}

/* While a step computes, the images of the next one come from their file. */
static void read_ahead(const cop_trainer *t, int64_t step)
{
    int64_t n = 0;
    const int64_t *index = cop_loader_next(t->loader, step, &n);
    cop_samples_expect(t->spec.data, index, n);
}

typedef struct totals {
    double loss;
    int64_t correct, samples;
} totals;

static cop_status run_step(cop_trainer *t, double lr, totals *sum, cop_error *err)
{
    int64_t step = *t->step, n = 0;
    const int64_t *index = cop_loader_batch(t->loader, step, &n);
    cop_program *p = n == t->schedule.batch ? t->full : t->partial;
    load(t, step, index, n);
    read_ahead(t, step);
    COP_TRY(cop_program_run(p, err));
    double loss = (double)cop_program_output(p, OUTPUT_LOSS)[0];
    if (!isfinite(loss))
        return cop_fail(err, COP_FAILED, "the loss became %s at step %lld (lr %g)",
                        isnan(loss) ? "nan" : "infinite", (long long)step, lr);
    sum->loss += loss * (double)n;
    sum->correct += cop_count_correct(cop_program_output(p, OUTPUT_LOGITS), n,
                                      t->spec.data->task.classes, t->spec.data->labels, index);
    sum->samples += n;
    if (t->recipe.momentum_reset && cop_schedule_falls(&t->schedule, step))
        cop_update_reset(t->update);
    cop_update_step(t->update, lr);
    *t->step = step + 1;
    return COP_OK;
}

cop_status cop_trainer_run(cop_trainer *t, int64_t steps, cop_train_metrics *metrics,
                           cop_error *err)
{
    if (*t->step < 0)
        return cop_fail(err, COP_FAILED, "the state stands at step %lld", (long long)*t->step);
    totals sum = {0};
    double lr = cop_schedule_rate(&t->schedule, *t->step);
    for (int64_t i = 0; i < steps; i++) {
        lr = cop_schedule_rate(&t->schedule, *t->step);
        COP_TRY(run_step(t, lr, &sum, err));
    }
    if (metrics != NULL) {
        double samples = sum.samples > 0 ? (double)sum.samples : 1.0;
        const cop_train_metrics own = {COP_SIZED(cop_train_metrics), .loss = sum.loss / samples,
                                       .accuracy = (double)sum.correct / samples, .lr = lr,
                                       .samples = sum.samples};
        return cop_sized_give("a training's metrics", &own, sizeof own,
                              COP_LEAST(cop_train_metrics, samples), metrics, err);
    }
    return COP_OK;
}
