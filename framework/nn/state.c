/* state.c: a model's starting state and its full mask. */
#include "nn/model.h"

#include "nn/declared.h"
#include "nn/initialise.h"

/* Adds one started tensor; `position` among all of the model's tensors names its stream. */
static cop_status add_started(cop_tensors *state, const cop_parameter *parameter, uint64_t seed,
                              uint64_t position, cop_error *err)
{
    cop_tensor *tensor = NULL;
    COP_TRY(cop_tensors_add(state, parameter->name, COP_F32, parameter->shape, &tensor, err));
    cop_stream stream = cop_stream_make(seed, "init", position);
    cop_initialise(parameter, &stream, cop_f32(tensor));
    return COP_OK;
}

static cop_status fill_state(const cop_model *m, uint64_t seed, cop_tensors *state, cop_error *err)
{
    for (size_t i = 0; i < cop_declared_count(m); i++)
        COP_TRY(add_started(state, cop_declared_at(m, i), seed, i, err));
    return COP_OK;
}

static cop_status fill_mask(const cop_model *m, cop_tensors *mask, cop_error *err)
{
    for (size_t i = 0; i < cop_model_parameter_count(m); i++) {
        const cop_parameter *p = cop_model_parameter(m, i);
        if (!p->prunable)
            continue;
        cop_tensor *tensor = NULL;
        COP_TRY(cop_tensors_add(mask, p->name, COP_F32, p->shape, &tensor, err));
        int64_t count = cop_shape_count(p->shape);
        for (int64_t k = 0; k < count; k++)
            cop_f32(tensor)[k] = 1.0f;
    }
    return COP_OK;
}

cop_status cop_model_initial_state(const cop_model *m, uint64_t seed, cop_tensors **state,
                                   cop_error *err)
{
    cop_tensors *set = cop_tensors_new();
    if (set == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for a model's state");
    cop_status status = fill_state(m, seed, set, err);
    if (status == COP_OK)
        *state = set;
    else
        cop_tensors_free(set);
    return status;
}

cop_status cop_model_full_mask(const cop_model *m, cop_tensors **mask, cop_error *err)
{
    cop_tensors *set = cop_tensors_new();
    if (set == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for a mask");
    cop_status status = fill_mask(m, set, err);
    if (status == COP_OK)
        *mask = set;
    else
        cop_tensors_free(set);
    return status;
}
