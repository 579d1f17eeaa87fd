/* ticket.c: a study in small. */
#include "validate/ticket.h"

#include "core/memory.h"
#include "nn/model.h"
#include "nn/samples.h"
#include "validate/checks.h"

#include <coppice/trainer.h>

#include <stdlib.h>
#include <string.h>

enum { CHANNELS = 1, SIDE = 8, CLASSES = 3, PIXELS = CHANNELS * SIDE * SIDE, SAMPLES = 144 };

/* Optimiser steps of a training. */
#define TRAIN_STEPS 3

const cop_task *cop_ticket_task(void)
{
    static const cop_task task = {
        .channels = CHANNELS, .height = SIDE, .width = SIDE, .classes = CLASSES};
    return &task;
}

/* A bright third of the image says the class; the rest is noise. */
static cop_samples *make_samples(uint64_t seed)
{
    cop_samples *s = calloc(1, sizeof *s);
    uint8_t *bytes = calloc(SAMPLES * PIXELS, 1);
    int32_t *labels = calloc(SAMPLES, sizeof *labels);
    if (s == NULL || bytes == NULL || labels == NULL) {
        free(s);
        free(bytes);
        free(labels);
        return NULL;
    }
    cop_stream draws = cop_stream_make(seed, "validate-data", 0);
    for (int i = 0; i < SAMPLES; i++) {
        labels[i] = i % CLASSES;
        for (int k = 0; k < PIXELS; k++) {
            uint64_t bright = k * CLASSES / PIXELS == labels[i] ? 128 : 0;
            bytes[i * PIXELS + k] = (uint8_t)(bright + cop_stream_below(&draws, 128));
        }
    }
    *s = (cop_samples){.task = *cop_ticket_task(),
                       .normalization = {.mean = {0.4f}, .std = {0.25f}},
                       .count = SAMPLES,
                       .bytes = bytes,
                       .labels = labels};
    return s;
}

static void free_samples(cop_samples *s)
{
    if (s == NULL)
        return;
    free((void *)(uintptr_t)s->bytes);
    free((void *)(uintptr_t)s->labels);
    free(s);
}

/* Trains from a state; `states` becomes count + 1 of them, a step apart, the last without what only
 * a trainer has. */
static cop_status train(const cop_model *model, const cop_samples *data, const cop_tensors *from,
                        const cop_tensors *mask, uint64_t noise, size_t count, cop_tensors **states,
                        cop_error *err)
{
    cop_trainer *trainer = NULL;
    const cop_trainer_spec spec = {COP_SIZED(cop_trainer_spec),
                                   .model = model,
                                   .data = data,
                                   .recipe = cop_recipe_named("sgd", err),
                                   .mask = mask,
                                   .order_seed = 2 * noise + 1,
                                   .augment_seed = 2 * noise + 2,
                                   .threads = 1};
    if (spec.recipe == NULL)
        return COP_FAILED;
    COP_TRY(cop_trainer_new(&spec, &trainer, err));
    cop_status status = cop_trainer_start(trainer, from, 0, err);
    for (size_t i = 0; status == COP_OK && i < count; i++) {
        states[i] = cop_tensors_clone(cop_trainer_state(trainer));
        status =
            states[i] != NULL ? cop_trainer_run(trainer, 1, NULL, err) : cop_out_of_memory(err);
    }
    if (status == COP_OK)
        status = cop_trainer_run(trainer, TRAIN_STEPS, NULL, err);
    if (status == COP_OK) {
        states[count] = cop_tensors_clone(from);
        status = states[count] != NULL
                     ? cop_tensors_take_prefixed(cop_trainer_state(trainer), "", states[count], err)
                     : cop_out_of_memory(err);
    }
    cop_trainer_free(trainer);
    return status;
}

static cop_status make_states(cop_ticket *t, cop_error *err)
{
    COP_TRY(cop_model_initial_state(t->model, 1, &t->initial, err));
    COP_TRY(train(t->model, t->train, t->initial, NULL, 0, 0, &t->trained, err));
    for (uint64_t i = 0; i < COP_TICKET_COPIES; i++)
        COP_TRY(train(t->model, t->train, t->initial, NULL, 1 + i, 0, &t->dense[i], err));
    COP_TRY(cop_model_full_mask(t->model, &t->mask, err));
    for (size_t i = 0; i < cop_tensors_count(t->mask); i++) {
        cop_tensor *tensor = cop_tensors_at(t->mask, i);
        for (int64_t k = 3; k < cop_shape_count(tensor->shape); k += 4)
            cop_f32(tensor)[k] = 0.0f;
    }
    t->start = cop_tensors_clone(t->initial);
    if (t->start == NULL)
        return cop_out_of_memory(err);
    cop_mask_apply(t->mask, t->initial);
    cop_mask_apply(t->mask, t->trained);
    for (uint64_t i = 0; i < COP_TICKET_COPIES; i++)
        COP_TRY(train(t->model, t->train, t->initial, t->mask, 1 + i, 0, &t->copies[i], err));
    return COP_OK;
}

cop_status cop_ticket_make(const cop_registry *r, cop_ticket *t, cop_error *err)
{
    memset(t, 0, sizeof *t);
    COP_TRY(cop_subject_component(r, COP_KIND_MODEL, "convnet", "depth = 2; width = 8; ",
                                  &t->component, err));
    COP_TRY(cop_component_model(t->component, cop_ticket_task(), &t->model, err));
    t->train = make_samples(1);
    t->test = make_samples(2);
    if (t->train == NULL || t->test == NULL)
        return cop_out_of_memory(err);
    return make_states(t, err);
}

static void clear_requests(cop_ticket *t)
{
    for (size_t i = 0; i < t->request_count && t->requested != NULL; i++) {
        for (size_t k = 0; t->requested[i] != NULL && k <= t->snapshot_counts[i]; k++)
            cop_tensors_free(t->requested[i][k]);
        free(t->requested[i]);
    }
    free(t->requested);
    free(t->snapshot_counts);
    free(t->stand_in);
}

void cop_ticket_clear(cop_ticket *t)
{
    clear_requests(t);
    for (size_t i = 0; i < COP_TICKET_COPIES; i++) {
        cop_tensors_free(t->copies[i]);
        cop_tensors_free(t->dense[i]);
    }
    cop_tensors_free(t->trained);
    cop_tensors_free(t->initial);
    cop_tensors_free(t->start);
    cop_tensors_free(t->mask);
    free_samples(t->train);
    free_samples(t->test);
    cop_model_free(t->model);
    cop_component_free(t->component);
}

/* Steps are few here: a training that goes on from another one is lent as one of that one's start.
 */
static cop_start start_of(const cop_plan_training *all, const cop_plan_training *wanted)
{
    while (wanted->start == COP_START_TRAINING)
        wanted = &all[wanted->from];
    return wanted->start;
}

static cop_status request_one(cop_ticket *t, const cop_plan_training *all, size_t i, cop_error *err)
{
    const cop_plan_training *wanted = &all[i];
    cop_tensors *from = NULL;
    t->requested[i] = calloc(wanted->snapshot_count + 1, sizeof(cop_tensors *));
    if (t->requested[i] == NULL)
        return cop_out_of_memory(err);
    if (start_of(all, wanted) == COP_START_TICKET)
        return train(t->model, t->train, t->initial, t->mask, 10 + wanted->noise,
                     wanted->snapshot_count, t->requested[i], err);
    COP_TRY(cop_model_initial_state(wanted->model, 1 + wanted->init, &from, err));
    cop_status status = train(wanted->model, t->train, from, NULL, 10 + wanted->noise,
                              wanted->snapshot_count, t->requested[i], err);
    cop_tensors_free(from);
    return status;
}

/* Many trainings alike, such as a hundred experts, are lent a few stand-ins by turns. */
#define STAND_INS 4

static bool are_alike(const cop_plan_training *all, size_t i, size_t k)
{
    const cop_plan_training *a = &all[i], *b = &all[k];
    return a->model == b->model && start_of(all, a) == start_of(all, b) &&
           a->snapshot_count == b->snapshot_count;
}

cop_status cop_ticket_request(cop_ticket *t, const cop_plan *plan, cop_error *err)
{
    const cop_plan_training *all = plan->trainings;
    t->request_count = plan->training_count;
    t->requested = calloc(plan->training_count + 1, sizeof *t->requested);
    t->snapshot_counts = calloc(plan->training_count + 1, sizeof *t->snapshot_counts);
    t->stand_in = calloc(plan->training_count + 1, sizeof *t->stand_in);
    if (t->requested == NULL || t->snapshot_counts == NULL || t->stand_in == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < plan->training_count; i++) {
        t->stand_in[i] = are_alike(all, i, i % STAND_INS) ? i % STAND_INS : i;
        t->snapshot_counts[i] = all[i].snapshot_count;
        if (t->stand_in[i] == i)
            COP_TRY(request_one(t, all, i, err));
    }
    return COP_OK;
}

static cop_status lend(void *context, cop_work_input input, size_t request, size_t index,
                       const cop_tensors **out, cop_error *err)
{
    (void)err;
    const cop_ticket *t = context;
    switch (input) {
    case COP_INPUT_MASK:
        *out = t->mask;
        break;
    case COP_INPUT_INITIAL:
        *out = t->initial;
        break;
    case COP_INPUT_START:
        *out = t->start;
        break;
    case COP_INPUT_TRAINED:
        *out = t->trained;
        break;
    case COP_INPUT_COPY:
        *out = t->copies[index];
        break;
    case COP_INPUT_DENSE:
        *out = t->dense[index];
        break;
    case COP_INPUT_REQUESTED:
        request = t->stand_in[request];
        *out = t->requested[request][t->snapshot_counts[request]];
        break;
    case COP_INPUT_SNAPSHOT:
        *out = t->requested[t->stand_in[request]][index];
        break;
    case COP_INPUT_OTHER: /* of these two it is a nested one, and the same */
        *out = t->mask;
        break;
    }
    return COP_OK;
}

static cop_status lend_set(void *context, const cop_samples **out, cop_error *err)
{
    (void)err;
    *out = ((const cop_ticket *)context)->train;
    return COP_OK;
}

/* What it wrote past its tensors is its own doing, not that of the next one. */
static void take_back(void *context, const char *callback)
{
    cop_guards_check(((const cop_ticket *)context)->guards, callback);
}

cop_work_source cop_ticket_source(cop_ticket *t)
{
    return (cop_work_source){
        .context = t, .tensors = lend, .synthetic = lend_set, .release = take_back};
}

static void feed(cop_hasher *h, const cop_tensors *set)
{
    for (size_t i = 0; set != NULL && i < cop_tensors_count(set); i++) {
        const cop_tensor *t = cop_tensors_at(set, i);
        cop_hasher_update_text(h, t->name);
        cop_hasher_update(h, t->data, (size_t)cop_shape_count(t->shape) * cop_dtype_size(t->dtype));
    }
}

cop_digest cop_tensors_digest(const cop_tensors *set)
{
    cop_hasher *h = cop_hasher_new();
    if (h == NULL)
        return (cop_digest){0, 0};
    feed(h, set);
    cop_digest digest = cop_hasher_finish(h);
    cop_hasher_free(h);
    return digest;
}

static void feed_samples(cop_hasher *h, const cop_samples *s)
{
    cop_hasher_update(h, s->bytes, SAMPLES * PIXELS);
    cop_hasher_update(h, s->labels, SAMPLES * sizeof *s->labels);
}

cop_status cop_ticket_digest(const cop_ticket *t, cop_digest *out, cop_error *err)
{
    cop_hasher *h = cop_hasher_new();
    if (h == NULL)
        return cop_out_of_memory(err);
    feed_samples(h, t->train);
    feed_samples(h, t->test);
    feed(h, t->mask);
    feed(h, t->initial);
    feed(h, t->start);
    feed(h, t->trained);
    for (size_t i = 0; i < COP_TICKET_COPIES; i++) {
        feed(h, t->copies[i]);
        feed(h, t->dense[i]);
    }
    for (size_t i = 0; i < t->request_count; i++)
        for (size_t k = 0; t->requested[i] != NULL && k <= t->snapshot_counts[i]; k++)
            feed(h, t->requested[i][k]);
    *out = cop_hasher_finish(h);
    cop_hasher_free(h);
    return COP_OK;
}
