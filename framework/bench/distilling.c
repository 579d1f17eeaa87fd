/* distilling.c: a step of a distiller, through the interface of its kind. */
#include "bench/subject.h"

#include "core/callback.h"
#include "core/memory.h"
#include "study/graph/plan.h"
#include "study/running/work.h"

#include <coppice/distiller.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct distilling {
    char what[64]; /* "distiller 'idc'" */
    cop_instance instance;
    const cop_work_ops *ops;
    cop_worker worker;
    struct cop_plan plan;
    struct cop_work work;
    cop_tensors *bag;
    int64_t next;
} distilling;

static void close_distilling(void *self)
{
    distilling *d = self;
    if (d == NULL)
        return;
    cop_recorder_clear(&d->work.recorder);
    cop_tensors_free(d->bag);
    cop_plan_clear(&d->plan);
    cop_worker_close(&d->worker);
    cop_instance_close(&d->instance);
    free(d);
}

static cop_status plan(distilling *d, const cop_loaded_data *data, cop_error *err)
{
    d->plan = (struct cop_plan){.kind = COP_KIND_DISTILLER,
                                .task = data->info.task,
                                .train_count = data->train.count,
                                .test_count = data->test.count,
                                .class_counts = data->class_counts,
                                .space = cop_samples_space(&data->train)};
    COP_TRY(cop_plan_make(d->what, d->ops, d->instance.options, &d->plan, err));
    if (d->plan.steps < 1)
        return cop_fail(err, COP_UNAVAILABLE, "%s has no steps to time", d->what);
    if (d->plan.training_count > 0)
        return cop_fail(err, COP_UNAVAILABLE,
                        "%s wants %zu trainings before it begins: it cannot be timed alone",
                        d->what, d->plan.training_count);
    return COP_OK;
}

static cop_status make(distilling *d, const cop_cell *s, const cop_loaded_data *data,
                       cop_logger *log, cop_error *err)
{
    (void)snprintf(d->what, sizeof d->what, "distiller '%s'",
                   cop_component_entry(s->distill)->plugin->id);
    COP_TRY(
        cop_instance_open_for(s->distill, &data->info.task, data->info.augment, &d->instance, err));
    d->ops = d->instance.ops;
    d->bag = cop_tensors_new();
    if (d->bag == NULL)
        return cop_out_of_memory(err);
    COP_TRY(plan(d, data, err));
    COP_TRY(cop_worker_open(&d->instance, &data->info.task, &d->worker, err));
    d->work = (struct cop_work){.kind = COP_KIND_DISTILLER,
                                .task = &data->info.task,
                                .train = &data->train,
                                .threads = s->threads,
                                .log = log,
                                .title = d->what,
                                .bag = d->bag};
    if (d->ops->begin == NULL)
        return COP_OK;
    cop_callback call;
    cop_callback_enter(&call, NULL, d->what, "begin");
    cop_status status = d->ops->begin(d->worker.self, &d->work, err);
    cop_callback_leave(&call);
    return status;
}

static cop_status open_distilling(const cop_cell *s, const cop_loaded_data *data, cop_logger *log,
                                  void **self, cop_error *err)
{
    distilling *d = calloc(1, sizeof *d);
    if (d == NULL)
        return cop_out_of_memory(err);
    cop_status status = make(d, s, data, log, err);
    if (status != COP_OK)
        close_distilling(d);
    else
        *self = d;
    return status;
}

/* Past the last step it begins again at step 0: what is there to time is time, not a result. */
static cop_status step(void *self, cop_error *err)
{
    distilling *d = self;
    cop_callback call;
    int64_t i = d->next++ % d->plan.steps;
    cop_callback_enter(&call, NULL, d->what, "step");
    cop_work_enter_step(&d->work, i);
    cop_status status = d->ops->step(d->worker.self, &d->work, i, err);
    cop_callback_leave(&call);
    return status;
}

static cop_program *program(void *self)
{
    (void)self;
    return NULL;
}

static double flops(void *self)
{
    const distilling *d = self;
    return d->plan.flops > 0.0 ? d->plan.flops / (double)d->plan.steps : NAN;
}

const cop_subject_ops cop_bench_distilling = {open_distilling, step, program, flops,
                                              close_distilling};
