/* drive.c: the loop around every stepped work. The three kinds differ only in what their callbacks
 * take, so each has a small adapter and the loop is written once. */
#include "study/running/drive.h"

#include "core/callback.h"
#include "core/clock.h"

#include <stdio.h>
#include <string.h>

typedef struct adapter {
    const cop_drive *drive;
    const void *ops;
    const void *in; /* the pruner's or analyzer's input */
    cop_status (*begin)(const struct adapter *a, cop_tensors *bag, cop_error *err);
    cop_status (*step)(const struct adapter *a, cop_tensors *bag, int64_t i, cop_error *err);
    cop_status (*finish)(const struct adapter *a, cop_tensors *bag, void *result, cop_error *err);
} adapter;

static cop_status distiller_begin(const adapter *a, cop_tensors *bag, cop_error *err)
{
    const cop_distiller_ops *ops = a->ops;
    return ops->begin(a->drive->self, a->drive->work, bag, err);
}

static cop_status distiller_step(const adapter *a, cop_tensors *bag, int64_t i, cop_error *err)
{
    const cop_distiller_ops *ops = a->ops;
    return ops->step(a->drive->self, a->drive->work, bag, i, err);
}

static cop_status distiller_finish(const adapter *a, cop_tensors *bag, void *result, cop_error *err)
{
    const cop_distiller_ops *ops = a->ops;
    return ops->finish(a->drive->self, a->drive->work, bag, result, err);
}

static cop_status pruner_begin(const adapter *a, cop_tensors *bag, cop_error *err)
{
    const cop_pruner_ops *ops = a->ops;
    return ops->begin(a->drive->self, a->in, a->drive->work, bag, err);
}

static cop_status pruner_step(const adapter *a, cop_tensors *bag, int64_t i, cop_error *err)
{
    const cop_pruner_ops *ops = a->ops;
    return ops->step(a->drive->self, a->in, a->drive->work, bag, i, err);
}

static cop_status pruner_finish(const adapter *a, cop_tensors *bag, void *result, cop_error *err)
{
    const cop_pruner_ops *ops = a->ops;
    return ops->finish(a->drive->self, a->in, a->drive->work, bag, result, err);
}

static cop_status analyzer_begin(const adapter *a, cop_tensors *bag, cop_error *err)
{
    const cop_analyzer_ops *ops = a->ops;
    return ops->begin(a->drive->self, a->in, a->drive->work, bag, err);
}

static cop_status analyzer_step(const adapter *a, cop_tensors *bag, int64_t i, cop_error *err)
{
    const cop_analyzer_ops *ops = a->ops;
    return ops->step(a->drive->self, a->in, a->drive->work, bag, i, err);
}

static cop_status analyzer_finish(const adapter *a, cop_tensors *bag, void *result, cop_error *err)
{
    const cop_analyzer_ops *ops = a->ops;
    return ops->finish(a->drive->self, a->in, a->drive->work, bag, result, err);
}

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

static bool same_layout(const cop_tensors *a, const cop_tensors *b)
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

/* Puts the checkpoint's values into the bag and gives the step to go on from. */
static cop_status resume(const cop_drive *d, cop_tensors *bag, int64_t *first, cop_error *err)
{
    *first = 0;
    if (d->resume_bag == NULL)
        return COP_OK;
    if (d->resume_step < 0 || d->resume_step > d->steps || !same_layout(bag, d->resume_bag)) {
        cop_say(d->work->log, COP_LOG_WARNING,
                "%s: the checkpoint does not fit this work; starting again", d->what);
        return COP_OK;
    }
    COP_TRY(cop_tensors_copy(bag, d->resume_bag, err));
    *first = d->resume_step;
    return COP_OK;
}

static cop_status save(const cop_drive *d, const cop_tensors *bag, int64_t next, cop_error *err)
{
    if (d->save == NULL)
        return COP_OK;
    cop_error inner = {0};
    cop_status status = d->save(d->context, bag, next, &inner);
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

static cop_status run_steps(const adapter *a, cop_tensors *bag, int64_t first, cop_error *err)
{
    const cop_drive *d = a->drive;
    const char *title = d->work->title != NULL ? d->work->title : d->what;
    size_t declared = cop_tensors_count(bag);
    double saved = cop_now();
    for (int64_t i = first; i < d->steps; i++) {
        if (cop_run_stops(d->stop, d->steps_left)) {
            COP_TRY(save(d, bag, i, err));
            return cop_fail(err, COP_CANCELLED, "%s: stopped before step %lld of %lld", d->what,
                            (long long)i, (long long)d->steps);
        }
        cop_progress(d->work->log, title, i, d->steps, "%s", d->work->note);
        cop_error inner = {0};
        cop_callback call;
        cop_callback_enter(&call, NULL, d->what, "step");
        cop_status status = a->step(a, bag, i, &inner);
        cop_callback_leave(&call);
        if (status != COP_OK) {
            char phase[48];
            (void)snprintf(phase, sizeof phase, "step %lld", (long long)i);
            return blame_work(d, phase, status, &inner, err);
        }
        if (cop_tensors_count(bag) != declared)
            return judge(d, cop_fail(err, COP_FAILED,
                                     "%s: step %lld added to its bag; all of it is declared in "
                                     "begin",
                                     d->what, (long long)i));
        if (i + 1 < d->steps && cop_now() - saved >= d->save_seconds) {
            COP_TRY(save(d, bag, i + 1, err));
            saved = cop_now();
        }
    }
    cop_progress(d->work->log, title, d->steps, d->steps, "%s", d->work->note);
    return COP_OK;
}

static cop_status run_with_bag(const adapter *a, cop_tensors *bag, void *result, cop_error *err)
{
    const cop_drive *d = a->drive;
    cop_error inner = {0};
    int64_t first = 0;
    cop_callback call;
    cop_callback_enter(&call, NULL, d->what, "begin");
    cop_status status = a->begin(a, bag, &inner);
    cop_callback_leave(&call);
    COP_TRY(blame_work(d, "begin", status, &inner, err));
    COP_TRY(resume(d, bag, &first, err));
    COP_TRY(run_steps(a, bag, first, err));
    cop_callback_enter(&call, NULL, d->what, "finish");
    status = a->finish(a, bag, result, &inner);
    cop_callback_leave(&call);
    return blame_work(d, "finish", status, &inner, err);
}

static cop_status run(const adapter *a, void *result, cop_error *err)
{
    cop_tensors *bag = cop_tensors_new();
    if (bag == NULL)
        return cop_fail(err, COP_FAILED, "%s: out of memory", a->drive->what);
    a->drive->work->note[0] = '\0';
    cop_status status = run_with_bag(a, bag, result, err);
    cop_tensors_free(bag);
    return status;
}

cop_status cop_drive_distiller(const cop_drive *d, const cop_distiller_ops *ops,
                               const cop_task *task, cop_synthetic *out, cop_error *err)
{
    adapter a = {d, ops, NULL, distiller_begin, distiller_step, distiller_finish};
    memset(out, 0, sizeof *out);
    cop_status status = run(&a, out, err);
    if (status == COP_OK)
        status = judge(d, cop_check_synthetic(d->what, out, task, err));
    if (status != COP_OK)
        cop_synthetic_clear(out);
    return status;
}

static int64_t ones(const cop_tensor *t)
{
    const float *value = cop_f32(t);
    int64_t count = cop_shape_count(t->shape), sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += value[i] != 0.0f;
    return sum;
}

static void warn_of_empty_layers(const cop_drive *d, const cop_tensors *mask,
                                 const cop_tensors *before)
{
    for (size_t i = 0; i < cop_tensors_count(mask); i++) {
        if (ones(cop_tensors_at(mask, i)) == 0 && ones(cop_tensors_at(before, i)) > 0)
            cop_say(d->work->log, COP_LOG_WARNING, "%s removed every weight of '%s'", d->what,
                    cop_tensors_at(mask, i)->name);
    }
}

cop_status cop_drive_pruner(const cop_drive *d, const cop_pruner_ops *ops,
                            const cop_pruner_input *in, cop_tensors **mask, cop_error *err)
{
    adapter a = {d, ops, in, pruner_begin, pruner_step, pruner_finish};
    cop_tensors *next = cop_tensors_clone(in->mask);
    *mask = NULL;
    if (next == NULL)
        return cop_fail(err, COP_FAILED, "%s: out of memory for the mask", d->what);
    cop_status status = run(&a, next, err);
    if (status == COP_OK)
        status = judge(d, cop_check_mask(d->what, next, in->mask, err));
    if (status != COP_OK) {
        cop_tensors_free(next);
        return status;
    }
    warn_of_empty_layers(d, next, in->mask);
    *mask = next;
    return COP_OK;
}

cop_status cop_drive_analyzer(const cop_drive *d, const cop_analyzer_ops *ops,
                              const cop_analyzer_input *in, cop_tables **tables, cop_error *err)
{
    adapter a = {d, ops, in, analyzer_begin, analyzer_step, analyzer_finish};
    cop_tables *made = cop_tables_new();
    *tables = NULL;
    if (made == NULL)
        return cop_fail(err, COP_FAILED, "%s: out of memory for the tables", d->what);
    cop_status status = run(&a, made, err);
    if (status != COP_OK) {
        cop_tables_free(made);
        return status;
    }
    *tables = made;
    return COP_OK;
}
