/* plan.c: collecting what a work asks for before it runs, and refusing what cannot be had. */
#include "study/graph/plan.h"

#include "core/callback.h"
#include "core/memory.h"
#include "core/sized.h"
#include "core/text.h"
#include "plugin/component.h"
#include "train/recipe_text.h"
#include "train/schedules/schedule.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void free_trainings(cop_plan *p)
{
    for (size_t i = 0; i < p->training_count; i++) {
        free(p->trainings[i].label);
        free(p->trainings[i].snapshots);
    }
    free(p->trainings);
}

/* Empties what the work fills. */
static void reset(cop_plan *p)
{
    p->steps = 0;
    p->steps_go_on = false;
    p->flops = 0.0;
    p->need_trained = false;
    p->need_rounds = false;
    p->promise = (cop_mask_promise){0};
    p->needed_copies = NULL;
    p->needed_copy_count = 0;
    p->needed_copy_capacity = 0;
    p->need_no_copy = false;
    p->needed_masks = 0;
    p->need_dense = false;
    p->need_synthetic = false;
    p->expected_samples = 0;
    memset(&p->expected_recipe, 0, sizeof p->expected_recipe);
    p->real_images = p->second_order = -1.0;
    p->warnings = NULL;
    p->trainings = NULL;
    p->training_count = 0;
    p->training_capacity = 0;
}

void cop_plan_clear(cop_plan *p)
{
    free_trainings(p);
    free(p->needed_copies);
    free(p->warnings);
    reset(p);
}

/* A set that a distiller states is refused before it is made for what it would be refused for then.
 */
static cop_status check_expected(const cop_plan *p, cop_error *err)
{
    const cop_recipe *recipe = &p->expected_recipe;
    cop_schedule schedule;
    if (p->expected_samples == 0)
        return COP_OK;
    if (p->expected_samples < 0)
        return cop_fail(err, COP_FAILED, "it states a set of %lld images",
                        (long long)p->expected_samples);
    if (recipe->name[0] == '\0')
        return cop_fail(err, COP_INVALID, "its set has no recipe to be trained with");
    COP_TRY(cop_schedule_make(recipe, p->expected_samples, &schedule, err));
    if (!(recipe->duration.value > 0.0))
        return cop_fail(err, COP_INVALID,
                        "the recipe of its set, \"%s\", has a duration of 0: nothing would be "
                        "trained on it",
                        recipe->name);
    return COP_OK;
}

/* What a round leaves is of what there is; a regrowing one may also leave more. */
static cop_status check_promise(const cop_plan *p, cop_error *err)
{
    const cop_mask_promise *m = &p->promise;
    if (p->kind != COP_KIND_PRUNER)
        return m->states_left || m->regrows
                   ? cop_fail(err, COP_FAILED,
                              "it states what a mask will be, and only pruners "
                              "make masks")
                   : COP_OK;
    if (!m->states_left)
        return COP_OK;
    int64_t most = p->model != NULL ? cop_model_prunable_count(p->model) : INT64_MAX;
    if (!m->regrows && p->weights_left >= 0)
        most = p->weights_left;
    if (m->left < 0 || m->left > most)
        return cop_fail(err, COP_FAILED,
                        "it states that the round leaves %lld weights, wanted 0 to %lld",
                        (long long)m->left, (long long)most);
    return COP_OK;
}

cop_status cop_plan_make(const char *what, const cop_work_ops *ops, const void *options,
                         cop_plan *p, cop_error *err)
{
    cop_error inner = {0};
    cop_status status = COP_OK;
    reset(p);
    if (ops->plan != NULL) {
        cop_callback call;
        cop_callback_enter(&call, NULL, what, "plan");
        status = ops->plan(options, p, &inner);
        cop_callback_leave(&call);
    }
    if (status != COP_OK)
        (void)cop_fail_at(err, status, inner.file, inner.line, "%s: plan: %s", what,
                          inner.message[0] != '\0' ? inner.message : "failed without saying why");
    else if (p->steps < 0)
        status = cop_fail(err, COP_FAILED, "%s: plan states %lld steps; wanted at least 0", what,
                          (long long)p->steps);
    else if (p->steps > 0 && ops->step == NULL)
        status = cop_fail(err, COP_FAILED, "%s: plan states %lld steps, and there is no step", what,
                          (long long)p->steps);
    else if ((status = check_expected(p, &inner)) != COP_OK)
        (void)cop_fail(err, status, "%s: %s", what, inner.message);
    else if (p->needed_masks >= 2 * (uint32_t)COP_TICKETS_OF_STUDY)
        status = cop_fail(err, COP_FAILED, "%s: plan wants tickets of an unknown kind (%#x)", what,
                          (unsigned)p->needed_masks);
    else if ((status = check_promise(p, &inner)) != COP_OK)
        (void)cop_fail(err, status, "%s: plan: %s", what, inner.message);
    if (status != COP_OK)
        cop_plan_clear(p);
    return status;
}

void cop_plan_steps(cop_plan *p, int64_t steps)
{
    p->steps = steps;
}

void cop_plan_steps_go_on(cop_plan *p)
{
    p->steps_go_on = true;
}

void cop_plan_flops(cop_plan *p, double flops)
{
    p->flops = flops;
}

void cop_plan_need_trained(cop_plan *p)
{
    p->need_trained = true;
}

void cop_plan_need_rounds(cop_plan *p)
{
    p->need_rounds = true;
}

int64_t cop_plan_weights_left(const cop_plan *p)
{
    return p->weights_left;
}

void cop_plan_leave(cop_plan *p, int64_t weights)
{
    p->promise.states_left = true;
    p->promise.left = weights;
}

void cop_plan_regrows(cop_plan *p)
{
    p->promise.regrows = true;
}

bool cop_plan_states(const cop_plan *p, const char *option)
{
    return p->component != NULL && cop_component_states(p->component, option);
}

void cop_plan_warn(cop_plan *p, const char *format, ...)
{
    char message[512], shown[sizeof message];
    va_list values;
    va_start(values, format);
    (void)vsnprintf(message, sizeof message, format, values);
    va_end(values);
    cop_text all = {0};
    if (p->warnings != NULL)
        cop_text_append(&all, p->warnings);
    cop_text_printf(&all, "%s\n", cop_escape(message, shown, sizeof shown));
    char *text = cop_text_take(&all);
    if (text == NULL) /* nothing depends on it */
        return;
    free(p->warnings);
    p->warnings = text;
}

void cop_plan_leave_share(cop_plan *p, double rate, bool layerwise, const cop_string_list *exclude)
{
    if (p->weights_left >= 0 && !layerwise && (exclude == NULL || exclude->count == 0))
        cop_plan_leave(p, p->weights_left - cop_share_of(rate, p->weights_left));
}

cop_status cop_plan_need_copy(cop_plan *p, int64_t i, cop_error *err)
{
    if (i < 0 || i >= p->copies)
        return cop_fail(err, COP_INVALID, "copy %lld is wanted, and there are %lld (from 0)",
                        (long long)i, (long long)p->copies);
    int64_t *grown = cop_grow(p->needed_copies, &p->needed_copy_capacity, p->needed_copy_count + 1,
                              sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(err);
    p->needed_copies = grown;
    p->needed_copies[p->needed_copy_count++] = i;
    return COP_OK;
}

void cop_plan_need_no_copy(cop_plan *p)
{
    p->need_no_copy = true;
}

void cop_plan_need_masks(cop_plan *p, uint32_t of)
{
    p->needed_masks |= of;
}

void cop_plan_need_dense(cop_plan *p)
{
    p->need_dense = true;
}

void cop_plan_need_synthetic(cop_plan *p)
{
    p->need_synthetic = true;
}

void cop_plan_expect_set(cop_plan *p, int64_t decoded_samples, const cop_recipe *recipe)
{
    p->expected_samples = decoded_samples;
    p->expected_recipe = recipe != NULL ? *recipe : (cop_recipe){0};
}

void cop_plan_spend(cop_plan *p, double real_images, double second_order)
{
    p->real_images = real_images >= 0.0 ? real_images : -1.0;
    p->second_order = second_order >= 0.0 ? second_order : -1.0;
}

const cop_model *cop_plan_model(const cop_plan *p)
{
    return p->model;
}

const cop_task *cop_plan_task(const cop_plan *p)
{
    return &p->task;
}

cop_pixel_space cop_plan_space(const cop_plan *p)
{
    return p->space == COP_PIXELS_NORMALISED ? COP_PIXELS_NORMALISED : COP_PIXELS_UNIT;
}

int64_t cop_plan_train_count(const cop_plan *p)
{
    return p->train_count;
}

int64_t cop_plan_test_count(const cop_plan *p)
{
    return p->test_count;
}

int64_t cop_plan_copies(const cop_plan *p)
{
    return p->copies;
}

int64_t cop_plan_dense_copies(const cop_plan *p)
{
    return p->lacks_dense ? 0 : p->copies;
}

bool cop_plan_has_set(const cop_plan *p)
{
    return p->has_distilled;
}

int64_t cop_plan_class_count(const cop_plan *p, int32_t label)
{
    bool is_known = p->class_counts != NULL && label >= 0 && label < p->task.classes;
    return is_known ? p->class_counts[label] : -1;
}

const char *cop_plan_class_name(const cop_plan *p, int32_t label)
{
    bool is_known = p->class_names != NULL && label >= 0 && label < p->task.classes;
    return is_known ? p->class_names[label] : NULL;
}

cop_status cop_plan_need_images(const cop_plan *p, int64_t wanted, cop_error *err)
{
    for (int32_t c = 0; c < p->task.classes; c++) {
        int64_t found = cop_plan_class_count(p, c);
        if (found >= 0 && found < wanted)
            return cop_fail(err, COP_INVALID, "class %d has %lld training images, wanted %lld",
                            (int)c, (long long)found, (long long)wanted);
    }
    return COP_OK;
}

cop_status cop_plan_check_listed(const cop_plan *p, const char *option, const cop_string_list *list,
                                 cop_error *err)
{
    if (cop_check_listed(p->model, list, err) != COP_OK)
        return cop_fail_within(err, "%s", option);
    return COP_OK;
}

static cop_status check_snapshots(const cop_training_request *r, const char *label, cop_error *err)
{
    if (r->snapshot_count > 0 && r->snapshots == NULL)
        return cop_fail(err, COP_FAILED, "training '%s': %zu snapshots wanted, none given", label,
                        r->snapshot_count);
    for (size_t i = 0; i < r->snapshot_count; i++) {
        cop_duration d = r->snapshots[i];
        if (d.unit != COP_EPOCHS && d.unit != COP_STEPS)
            return cop_fail(err, COP_FAILED,
                            "training '%s': snapshot %zu is neither in epochs nor in steps", label,
                            i);
        if (!(d.value >= 0.0) || d.value != floor(d.value))
            return cop_fail(err, COP_FAILED,
                            "training '%s': snapshot %zu is at %g, wanted a whole number", label, i,
                            d.value);
    }
    return COP_OK;
}

static bool is_snapshot_of(const cop_plan_training *t, cop_duration at)
{
    for (size_t i = 0; i < t->snapshot_count; i++)
        if (t->snapshots[i].unit == at.unit && t->snapshots[i].value == at.value)
            return true;
    return false;
}

/* The model of what it goes on from is its own. */
static cop_status check_branch(const cop_plan *p, const cop_training_request *r, const char *label,
                               cop_error *err)
{
    char at[40];
    if (r->from >= p->training_count)
        return cop_fail(err, COP_FAILED,
                        "training '%s' goes on from request %zu, and %zu were made before it",
                        label, r->from, p->training_count);
    const cop_plan_training *from = &p->trainings[r->from];
    if (r->model != NULL && r->model != from->model)
        return cop_fail(err, COP_FAILED,
                        "training '%s' goes on from '%s', whose model is another one", label,
                        from->label);
    if (!is_snapshot_of(from, r->at))
        return cop_fail(err, COP_FAILED,
                        "training '%s' goes on from '%s' at \"%s\", which is none of its "
                        "snapshots",
                        label, from->label, cop_duration_text(r->at, at, sizeof at));
    return COP_OK;
}

static cop_status check_request(const cop_plan *p, const cop_training_request *r, const char *label,
                                cop_error *err)
{
    if (r->model == NULL && p->model == NULL && r->start != COP_START_TRAINING)
        return cop_fail(err, COP_FAILED, "training '%s': there is no ticket model here: name one",
                        label);
    if (r->data != COP_DATA_REAL && r->data != COP_DATA_DISTILLED)
        return cop_fail(err, COP_FAILED, "training '%s': unknown data source %d", label,
                        (int)r->data);
    if (r->data == COP_DATA_DISTILLED && p->kind == COP_KIND_DISTILLER)
        return cop_fail(err, COP_FAILED,
                        "training '%s': a distiller cannot train on the set it is to make", label);
    if (r->data == COP_DATA_DISTILLED && !p->has_distilled)
        return cop_fail(err, COP_INVALID,
                        "training '%s' is on distilled data, and this study distils none", label);
    if (r->start == COP_START_TRAINING)
        COP_TRY(check_branch(p, r, label, err));
    else if (r->start != COP_START_INIT && r->start != COP_START_TICKET)
        return cop_fail(err, COP_FAILED, "training '%s': unknown start %d", label, (int)r->start);
    if (r->start == COP_START_TICKET && p->kind == COP_KIND_DISTILLER)
        return cop_fail(err, COP_FAILED, "training '%s': a distiller has no ticket to start from",
                        label);
    if (r->start == COP_START_TICKET && r->model != NULL && r->model != p->model)
        return cop_fail(err, COP_FAILED,
                        "training '%s': only the ticket's own model can start from the ticket",
                        label);
    return check_snapshots(r, label, err);
}

static cop_status grow(cop_plan *p, cop_error *err)
{
    size_t wanted = p->training_count + 1;
    cop_plan_training *grown = cop_grow(p->trainings, &p->training_capacity, wanted, sizeof *grown);
    if (grown == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for %zu planned trainings", wanted);
    p->trainings = grown;
    return COP_OK;
}

cop_status cop_plan_train(cop_plan *p, const cop_training_request *given, cop_error *err)
{
    cop_training_request own = {0}, *request = &own;
    COP_TRY(cop_sized_take("a training request", given,
                           COP_LEAST(cop_training_request, snapshot_count), &own, sizeof own, err));
    const char *label = request->label != NULL ? request->label : "training";
    COP_TRY(check_request(p, request, label, err));
    COP_TRY(grow(p, err));
    bool is_branch = request->start == COP_START_TRAINING;
    cop_plan_training t = {.model = is_branch                ? p->trainings[request->from].model
                                    : request->model != NULL ? request->model
                                                             : p->model,
                           .data = request->data,
                           .has_recipe = request->recipe != NULL,
                           .start = request->start,
                           .init = request->init,
                           .noise = request->noise,
                           .snapshot_count = request->snapshot_count,
                           .from = request->from,
                           .at = request->at,
                           .keep_momentum = request->keep_momentum};
    if (request->recipe != NULL)
        t.recipe = *request->recipe;
    t.label = strdup(label);
    /* One more than needed, so that an empty list is not a NULL that looks like a failure. */
    t.snapshots = calloc(request->snapshot_count + 1, sizeof *t.snapshots);
    if (t.label == NULL || t.snapshots == NULL) {
        free(t.label);
        free(t.snapshots);
        return cop_fail(err, COP_FAILED, "out of memory for the planned training '%s'", label);
    }
    for (size_t i = 0; i < request->snapshot_count; i++)
        t.snapshots[i] = request->snapshots[i];
    p->trainings[p->training_count++] = t;
    return COP_OK;
}
