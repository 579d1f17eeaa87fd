/* experts.c: planned trainings, and segments of them. Theirs are trained ahead by buffer.py. */
#include "experts.h"

#include <stdlib.h>
#include <string.h>

static cop_status plan_one(const mtt_options *o, int64_t k, const cop_duration *epochs,
                           size_t count, cop_plan *plan, cop_error *err)
{
    const cop_training_request expert = {
        COP_SIZED(cop_training_request), .label = "expert",    .model = o->model,
        .data = COP_DATA_REAL,           .recipe = o->expert,  .start = COP_START_INIT,
        .init = (uint64_t)k + 1,         .noise = (uint64_t)k, .snapshots = epochs,
        .snapshot_count = count};
    return cop_plan_train(plan, &expert, err);
}

cop_status mtt_plan_experts(const mtt_options *o, cop_plan *plan, cop_error *err)
{
    size_t count = (size_t)(o->max_start + o->expert_epochs);
    cop_duration *epochs = calloc(count, sizeof *epochs);
    if (epochs == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (size_t e = 0; e < count; e++)
        epochs[e] = (cop_duration){COP_EPOCHS, (double)e};
    cop_status status = COP_OK;
    for (int64_t k = 0; k < o->experts && status == COP_OK; k++)
        status = plan_one(o, k, epochs, count, plan, err);
    free(epochs);
    return status;
}

static void flatten(const cop_model *model, const cop_tensors *state, float *flat)
{
    for (size_t i = 0; i < cop_model_parameter_count(model); i++) {
        const cop_parameter *p = cop_model_parameter(model, i);
        size_t size = (size_t)cop_shape_count(p->shape);
        memcpy(flat, cop_f32(cop_tensors_find(state, p->name)), size * sizeof *flat);
        flat += size;
    }
}

cop_status mtt_load_segment(const mtt_options *o, cop_work *work, int64_t i, float *first,
                            float *last, cop_error *err)
{
    cop_stream stream = cop_work_stream(work, "segment", (uint64_t)i);
    size_t expert = (size_t)cop_stream_below(&stream, (uint64_t)o->experts);
    size_t begin = (size_t)cop_stream_below(&stream, (uint64_t)o->max_start);
    const cop_tensors *state = NULL;
    COP_TRY(cop_work_snapshot(work, expert, begin, &state, err));
    flatten(o->model, state, first);
    COP_TRY(cop_work_snapshot(work, expert, begin + (size_t)o->expert_epochs, &state, err));
    flatten(o->model, state, last);
    return COP_OK;
}
