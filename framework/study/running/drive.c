/* drive.c: the loop around every stepped work. The three kinds differ only in what they make. */
#include "study/running/drive.h"

#include "core/callback.h"
#include "core/clock.h"
#include "core/damage.h"
#include "nn/synthetic.h"

#include <stdio.h>
#include <string.h>

/* Says which component and where, and speaks for a callback that failed in silence. */
static cop_status blame(const cop_drive *d, const char *phase, cop_status status,
                        const cop_error *inner, cop_error *err)
{
    if (status == COP_OK)
        return COP_OK;
    const char *text = inner->message[0] != '\0' ? inner->message : "failed without saying why";
    if (inner->file[0] != '\0')
        return cop_fail_at(err, status, inner->file, inner->line, "%s: %s: %s", d->what, phase,
                           text);
    return cop_fail(err, status, "%s: %s: %s", d->what, phase, text);
}

/* The same for the work's own callbacks. */
static cop_status blame_work(const cop_drive *d, const char *phase, cop_status status,
                             const cop_error *inner, cop_error *err)
{
    if (status != COP_OK && status != COP_CANCELLED && d->own_failure != NULL)
        *d->own_failure = true;
    return blame(d, phase, status, inner, err);
}

/* The same for what came out. */
static cop_status judge(const cop_drive *d, cop_status status)
{
    if (status != COP_OK && d->own_failure != NULL)
        *d->own_failure = true;
    return status;
}

static bool same_shapes(const cop_tensors *a, const cop_tensors *b)
{
    if (cop_tensors_count(a) != cop_tensors_count(b))
        return false;
    for (size_t i = 0; i < cop_tensors_count(a); i++) {
        const cop_tensor *s = cop_tensors_at(a, i), *t = cop_tensors_at(b, i);
        if (strcmp(s->name, t->name) != 0 || s->dtype != t->dtype ||
            !cop_shape_equal(s->shape, t->shape))
            return false;
    }
    return true;
}

/* Puts the checkpoint's values into the bag, and what was recorded by then into the recorder; gives
 * the step to go on from. */
static cop_status resume(const cop_drive *d, int64_t *first, cop_error *err)
{
    const cop_saved *from = d->resume;
    *first = 0;
    if (from == NULL || from->bag == NULL)
        return COP_OK;
    cop_status status = COP_DAMAGED;
    if (from->step >= 0 && from->step <= d->steps && same_shapes(d->work->bag, from->bag))
        status = cop_recorder_load(&d->work->recorder, from->series, from->step, err);
    if (status == COP_DAMAGED) {
        cop_say(d->work->log, COP_LOG_WARNING,
                "%s: the checkpoint does not fit this work; starting again", d->what);
        return COP_OK;
    }
    COP_TRY(status);
    COP_TRY(cop_tensors_copy(d->work->bag, from->bag, err));
    *first = from->step;
    return COP_OK;
}

static cop_status save(const cop_drive *d, int64_t next, cop_error *err)
{
    if (d->save == NULL)
        return COP_OK;
    cop_error inner = {0};
    cop_saved state = {.bag = d->work->bag, .step = next};
    cop_status status = cop_recorder_save(&d->work->recorder, &state.series, &inner);
    if (status == COP_OK)
        status = d->save(d->context, &state, &inner);
    cop_tensors_free(state.series);
    return blame(d, "checkpoint", status, &inner, err);
}

bool cop_run_stops(const volatile sig_atomic_t *stop, int64_t *steps_left)
{
    if (stop != NULL && *stop != 0)
        return true;
    if (steps_left == NULL)
        return false;
    if (*steps_left <= 0)
        return true;
    *steps_left -= 1;
    return false;
}

/* That a number could not be recorded is the work's failure, even where it does not know. */
static cop_status check_recorded(const cop_work *w, cop_error *err)
{
    if (w->not_recorded.status == COP_OK)
        return COP_OK;
    return cop_fail(err, COP_FAILED, "cop_work_record: %s", w->not_recorded.message);
}

/* One callback of the work: `i` is the step. */
typedef enum phase { BEGIN, STEP, FINISH } phase;

static cop_status call(const cop_drive *d, const cop_work_ops *ops, phase which, int64_t i,
                       cop_error *err)
{
    static const char *const names[] = {"begin", "step", "finish"};
    cop_error inner = {0};
    cop_callback at;
    char name[48];
    cop_status status = COP_OK;
    if (which == STEP)
        cop_work_enter_step(d->work, i);
    cop_callback_enter(&at, NULL, d->what, names[which]);
    if (which == BEGIN)
        status = ops->begin(d->self, d->work, &inner);
    else if (which == STEP)
        status = ops->step(d->self, d->work, i, &inner);
    else
        status = ops->finish(d->self, d->work, &inner);
    cop_callback_leave(&at);
    cop_work_release(d->work, names[which]);
    /* An input that could not be had is the host's failure, not the plugin's; and there is no
     * result without it, whatever the plugin made of that. */
    if (d->work->input_status != COP_OK) {
        if (inner.message[0] == '\0')
            (void)cop_fail(&inner, d->work->input_status, "an input could not be read");
        return blame(d, names[which], d->work->input_status, &inner, err);
    }
    if (d->work->not_recorded.status == COP_FAILED) /* memory was refused */
        return blame(d, names[which], COP_FAILED, &d->work->not_recorded, err);
    if (status == COP_OK)
        status = check_recorded(d->work, &inner);
    if (status == COP_OK)
        return COP_OK;
    if (which == STEP)
        (void)snprintf(name, sizeof name, "step %lld", (long long)i);
    else
        (void)snprintf(name, sizeof name, "%s", names[which]);
    return blame_work(d, name, status, &inner, err);
}

static cop_status run_steps(const cop_drive *d, const cop_work_ops *ops, int64_t first,
                            cop_error *err)
{
    const cop_tensors *bag = d->work->bag;
    char text[256];
    const char *title = d->work->title != NULL ? d->work->title : d->what;
    size_t declared = cop_tensors_count(bag);
    double saved = cop_now();
    for (int64_t i = first; i < d->steps; i++) {
        if (cop_run_stops(d->stop, d->steps_left)) {
            COP_TRY(save(d, i, err));
            return cop_fail(err, COP_CANCELLED, "%s: stopped before step %lld of %lld", d->what,
                            (long long)i, (long long)d->steps);
        }
        cop_progress(d->work->log, title, i, d->steps, "%s",
                     cop_work_progress(d->work, text, sizeof text));
        COP_TRY(call(d, ops, STEP, i, err));
        if (cop_tensors_count(bag) != declared)
            return judge(d, cop_fail(err, COP_FAILED,
                                     "%s: step %lld added to its bag; all of it is declared in "
                                     "begin",
                                     d->what, (long long)i));
        if (i + 1 < d->steps && cop_now() - saved >= d->save_seconds) {
            COP_TRY(save(d, i + 1, err));
            saved = cop_now();
        }
    }
    cop_progress(d->work->log, title, d->steps, d->steps, "%s",
                 cop_work_progress(d->work, text, sizeof text));
    return COP_OK;
}

static cop_status run_with_bag(const cop_drive *d, const cop_work_ops *ops, cop_error *err)
{
    int64_t first = 0;
    if (ops->begin != NULL)
        COP_TRY(call(d, ops, BEGIN, 0, err));
    COP_TRY(resume(d, &first, err));
    if (d->steps > 0 && ops->step == NULL)
        return judge(d,
                     cop_fail(err, COP_FAILED, "%s: plan states %lld steps, and there is no step",
                              d->what, (long long)d->steps));
    COP_TRY(run_steps(d, ops, first, err));
    if (d->saves_end)
        COP_TRY(save(d, d->steps, err));
    return call(d, ops, FINISH, 0, err);
}

static cop_status run(const cop_drive *d, const cop_work_ops *ops, cop_error *err)
{
    cop_work *w = d->work;
    w->bag = cop_tensors_new_in(w->memory);
    if (w->bag == NULL)
        return cop_fail(err, COP_FAILED, "%s: out of memory", d->what);
    w->note[0] = '\0';
    w->input_status = COP_OK;
    w->not_recorded = (cop_error){0};
    cop_recorder_clear(&w->recorder);
    cop_status status = run_with_bag(d, ops, err);
    if (status == COP_OK && d->recorded != NULL) {
        *d->recorded = w->recorder;
        w->recorder = (cop_recorder){0};
    }
    cop_recorder_clear(&w->recorder);
    cop_tensors_free(w->bag);
    cop_tensors_free(w->scores);
    w->bag = NULL;
    w->scores = NULL;
    return status;
}

cop_status cop_drive_distiller(const cop_drive *d, const cop_work_ops *ops, cop_synthetic *out,
                               cop_error *err)
{
    cop_work *w = d->work;
    cop_synthetic_init(out, w->task, w->train);
    out->memory = w->memory;
    w->set = out;
    cop_status status = run(d, ops, err);
    w->set = NULL;
    if (status == COP_OK)
        status = judge(d, cop_check_synthetic(d->what, out, w->task, err));
    if (status != COP_OK)
        cop_synthetic_clear(out);
    return status;
}

size_t cop_mask_collapsed(const cop_tensors *mask)
{
    size_t count = 0;
    for (size_t i = 0; i < cop_tensors_count(mask); i++)
        count += cop_mask_tensor_count(cop_tensors_at(mask, i)) == 0;
    return count;
}

/* The layer has collapsed: nothing passes through it but its bias. */
static void warn_of_empty_layers(const cop_drive *d, const cop_tensors *mask,
                                 const cop_tensors *before)
{
    for (size_t i = 0; i < cop_tensors_count(mask); i++) {
        if (cop_mask_tensor_count(cop_tensors_at(mask, i)) == 0 &&
            cop_mask_tensor_count(cop_tensors_at(before, i)) > 0)
            cop_say(d->work->log, COP_LOG_WARNING,
                    "%s%s%s removed every weight of '%s': the layer has collapsed",
                    d->work->title != NULL ? d->work->title : "",
                    d->work->title != NULL ? ": " : "", d->what, cop_tensors_at(mask, i)->name);
    }
}

cop_status cop_drive_pruner(const cop_drive *d, const cop_work_ops *ops, const cop_tensors *before,
                            cop_tensors **mask, cop_error *err)
{
    cop_tensors *next = cop_tensors_clone_in(before, d->work->memory);
    *mask = NULL;
    if (next == NULL)
        return cop_fail(err, COP_FAILED, "%s: out of memory for the mask", d->what);
    d->work->next_mask = next;
    cop_status status = run(d, ops, err);
    d->work->next_mask = NULL;
    if (status == COP_OK)
        status = judge(d, cop_check_mask(d->what, next, before, &d->promise, err));
    if (status != COP_OK) {
        cop_tensors_free(next);
        return status;
    }
    warn_of_empty_layers(d, next, before);
    *mask = next;
    return COP_OK;
}

/* Runs an analyzer that has somewhere to put its results; frees *tensors where there are none. */
static cop_status run_analyzer(const cop_drive *d, const cop_work_ops *ops, cop_tables *tables,
                               cop_tensors **tensors, cop_error *err)
{
    d->work->tables = tables;
    d->work->result_tensors = *tensors;
    cop_status status = run(d, ops, err);
    d->work->tables = NULL;
    d->work->result_tensors = NULL;
    if (status == COP_OK)
        status = judge(d, cop_check_result_tensors(d->what, *tensors, err));
    if (status != COP_OK || cop_tensors_count(*tensors) == 0) {
        cop_tensors_free(*tensors);
        *tensors = NULL;
    }
    return status;
}

cop_status cop_drive_analyzer(const cop_drive *d, const cop_work_ops *ops, cop_tables **tables,
                              cop_error *err)
{
    cop_tables *made = cop_tables_new();
    cop_tensors *tensors = cop_tensors_new_in(d->work->memory);
    cop_status status = COP_FAILED;
    *tables = NULL;
    if (made != NULL && tensors != NULL)
        status = run_analyzer(d, ops, made, &tensors, err);
    else
        (void)cop_fail(err, COP_FAILED, "%s: out of memory for the results", d->what);
    if (status != COP_OK) {
        cop_tables_free(made);
        cop_tensors_free(tensors);
        return status;
    }
    *tables = made;
    if (d->result_tensors != NULL)
        *d->result_tensors = tensors;
    else
        cop_tensors_free(tensors);
    return COP_OK;
}
