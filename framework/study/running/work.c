/* work.c: the host's services to a running work. */
#include "study/running/work.h"

#include "core/locale.h"
#include "core/memory.h"
#include "core/sized.h"

#include <coppice/analyzer.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const cop_samples *cop_work_train_data(const cop_work *w)
{
    return w->train;
}

const cop_samples *cop_work_test_data(const cop_work *w)
{
    return w->test;
}

const cop_task *cop_work_task(const cop_work *w)
{
    return w->task;
}

const cop_model *cop_work_model(const cop_work *w)
{
    return w->model;
}

cop_stream cop_work_stream(const cop_work *w, const char *purpose, uint64_t index)
{
    return cop_stream_make(w->seed, purpose, index);
}

uint64_t cop_work_seed(const cop_work *w)
{
    return w->seed;
}

int cop_work_threads(const cop_work *w)
{
    return w->threads;
}

cop_status cop_work_objective(const cop_work *w, const cop_samples *data, int64_t count,
                              int64_t batch, cop_objective **out, cop_error *err)
{
    const cop_objective_spec spec = {COP_SIZED(cop_objective_spec),
                                     .model = w->model,
                                     .data = data,
                                     .count = count < cop_samples_count(data) ? count : 0,
                                     .batch = batch,
                                     .mode = COP_MODE_EVAL,
                                     .threads = w->threads};
    return cop_objective_new(&spec, out, err);
}

cop_logger *cop_work_logger(const cop_work *w)
{
    return w->log;
}

void cop_work_report(cop_work *w, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)cop_vsnprintf(w->note, sizeof w->note, format, arguments);
    va_end(arguments);
}

void cop_work_record(cop_work *w, const char *name, double value)
{
    cop_error why = {0};
    cop_status status = COP_INVALID;
    if (name == NULL)
        (void)cop_fail(&why, COP_INVALID, "a number without a name was recorded");
    else if (!w->in_step)
        (void)cop_fail(&why, COP_INVALID, "\"%.40s\" was recorded outside of a step", name);
    else
        status = cop_recorder_add(&w->recorder, name, w->step, value, &why);
    if (status != COP_OK && w->not_recorded.status == COP_OK)
        w->not_recorded = why;
}

void cop_work_enter_step(cop_work *w, int64_t i)
{
    w->in_step = true;
    w->step = i;
}

const char *cop_work_progress(const cop_work *w, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", w->note);
    for (size_t i = 0; i < w->recorder.count; i++) {
        const cop_recorded *s = &w->recorder.items[i];
        char one[COP_SERIES_NAME_SIZE + 32];
        size_t length = strlen(text);
        (void)cop_snprintf(one, sizeof one, "%s%s %.4g", length > 0 ? "  " : "", s->name,
                           s->points[s->count - 1].value);
        if (length + strlen(one) < size)
            (void)snprintf(text + length, size - length, "%s", one);
    }
    return text;
}

cop_tensors *cop_work_bag(cop_work *w)
{
    return w->bag;
}

/* Borrows, and says what is missing where the source has nothing. */
static cop_status borrow(cop_work *w, cop_work_input input, size_t request, size_t index,
                         const cop_tensors **out, cop_error *err)
{
    *out = NULL;
    if (w->source.tensors == NULL)
        return cop_fail(err, COP_FAILED, "this work has no such input");
    cop_status status = w->source.tensors(w->source.context, input, request, index, out, err);
    if (status != COP_OK)
        w->input_status = status;
    return status;
}

static cop_status borrow_set(cop_work *w, const cop_samples **out, cop_error *err)
{
    cop_status status = w->source.synthetic(w->source.context, out, err);
    if (status != COP_OK)
        w->input_status = status;
    return status;
}

/* Refuses what a work of another kind asks for. */
static cop_status check_kind(const cop_work *w, bool is_right, const char *what, cop_error *err)
{
    if (is_right)
        return COP_OK;
    return cop_fail(err, COP_FAILED, "%s has no %s",
                    w->kind == COP_KIND_DISTILLER ? "a distiller"
                    : w->kind == COP_KIND_PRUNER  ? "a pruner"
                                                  : "an analyzer",
                    what);
}

cop_status cop_work_mask(cop_work *w, const cop_tensors **out, cop_error *err)
{
    COP_TRY(check_kind(w, w->kind != COP_KIND_DISTILLER, "mask (cop_work_mask)", err));
    return borrow(w, COP_INPUT_MASK, 0, 0, out, err);
}

cop_status cop_work_initial(cop_work *w, const cop_tensors **out, cop_error *err)
{
    COP_TRY(check_kind(w, w->kind != COP_KIND_DISTILLER, "ticket (cop_work_initial)", err));
    return borrow(w, COP_INPUT_INITIAL, 0, 0, out, err);
}

cop_status cop_work_start(cop_work *w, const cop_tensors **out, cop_error *err)
{
    COP_TRY(check_kind(w, w->kind == COP_KIND_PRUNER, "round (cop_work_start)", err));
    return borrow(w, COP_INPUT_START, 0, 0, out, err);
}

cop_status cop_work_trained(cop_work *w, const cop_tensors **out, cop_error *err)
{
    COP_TRY(check_kind(w, w->kind == COP_KIND_PRUNER, "round (cop_work_trained)", err));
    if (!w->has_trained)
        return cop_fail(err, COP_FAILED,
                        "this round trains nothing: plan did not ask for it "
                        "(cop_plan_need_trained)");
    return borrow(w, COP_INPUT_TRAINED, 0, 0, out, err);
}

cop_status cop_work_round_data(cop_work *w, const cop_samples **out, cop_error *err)
{
    COP_TRY(check_kind(w, w->kind == COP_KIND_PRUNER, "round (cop_work_round_data)", err));
    *out = w->train;
    return w->is_on_distilled ? borrow_set(w, out, err) : COP_OK;
}

int64_t cop_work_round(const cop_work *w)
{
    return w->round;
}

int64_t cop_work_rounds(const cop_work *w)
{
    return w->rounds;
}

size_t cop_work_copy_count(const cop_work *w)
{
    return w->copy_count;
}

size_t cop_work_dense_count(const cop_work *w)
{
    return w->dense_count;
}

static cop_status check_index(size_t i, size_t count, const char *what, cop_error *err)
{
    if (i < count)
        return COP_OK;
    return cop_fail(err, COP_FAILED, "%s %zu is wanted, and there are %zu (from 0)", what, i,
                    count);
}

cop_status cop_work_copy(cop_work *w, size_t i, const cop_tensors **out, cop_error *err)
{
    COP_TRY(check_index(i, w->copy_count, "copy", err));
    return borrow(w, COP_INPUT_COPY, 0, i, out, err);
}

cop_status cop_work_dense(cop_work *w, size_t i, const cop_tensors **out, cop_error *err)
{
    COP_TRY(check_index(i, w->dense_count, "copy of the dense network", err));
    return borrow(w, COP_INPUT_DENSE, 0, i, out, err);
}

size_t cop_work_other_count(const cop_work *w)
{
    return w->other_count;
}

cop_status cop_work_other(const cop_work *w, size_t i, cop_other_ticket *out, cop_error *err)
{
    COP_TRY(check_index(i, w->other_count, "other ticket", err));
    return cop_sized_give("another ticket", &w->others[i], sizeof w->others[i],
                          COP_LEAST(cop_other_ticket, reserved), out, err);
}

cop_status cop_work_other_mask(cop_work *w, size_t i, const cop_tensors **out, cop_error *err)
{
    COP_TRY(check_index(i, w->other_count, "other ticket", err));
    return borrow(w, COP_INPUT_OTHER, 0, i, out, err);
}

bool cop_work_copy_is_dense(const cop_work *w, size_t i)
{
    return w->copy_is_dense != NULL && i < w->copy_count && i < w->dense_count &&
           w->copy_is_dense[i];
}

cop_status cop_work_synthetic(cop_work *w, const cop_samples **out, cop_error *err)
{
    *out = NULL;
    return w->wants_synthetic && w->source.synthetic != NULL ? borrow_set(w, out, err) : COP_OK;
}

cop_status cop_work_requested(cop_work *w, size_t request, const cop_tensors **out, cop_error *err)
{
    COP_TRY(check_index(request, w->request_count, "planned training", err));
    return borrow(w, COP_INPUT_REQUESTED, request, 0, out, err);
}

cop_status cop_work_snapshot(cop_work *w, size_t request, size_t i, const cop_tensors **out,
                             cop_error *err)
{
    COP_TRY(check_index(request, w->request_count, "planned training", err));
    COP_TRY(check_index(i, w->snapshot_counts[request], "snapshot", err));
    return borrow(w, COP_INPUT_SNAPSHOT, request, i, out, err);
}

cop_synthetic *cop_work_set(cop_work *w)
{
    return w->set;
}

cop_tensors *cop_work_next_mask(cop_work *w)
{
    return w->next_mask;
}

cop_tables *cop_work_tables(cop_work *w)
{
    return w->tables;
}

cop_tensors *cop_work_result_tensors(cop_work *w)
{
    return w->result_tensors;
}

cop_status cop_work_scores(cop_work *w, cop_dtype dtype, const cop_string_list *exclude,
                           cop_tensors **out, cop_error *err)
{
    const cop_tensors *mask = NULL;
    *out = NULL;
    COP_TRY(cop_work_mask(w, &mask, err));
    cop_tensors_free(w->scores);
    w->scores = cop_tensors_new_in(w->memory);
    if (w->scores == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < cop_tensors_count(mask); i++) {
        const cop_tensor *m = cop_tensors_at(mask, i);
        if (exclude == NULL || !cop_name_listed(m->name, exclude))
            COP_TRY(cop_tensors_add(w->scores, m->name, dtype, m->shape, NULL, err));
    }
    *out = w->scores;
    return COP_OK;
}

void cop_work_release(cop_work *w, const char *callback)
{
    w->in_step = false;
    if (w->source.release != NULL)
        w->source.release(w->source.context, callback);
}
