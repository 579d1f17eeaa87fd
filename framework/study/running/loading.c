/* loading.c: reading what earlier stages published. */
#include "study/running/runner.h"

#include "core/damage.h"
#include "core/path.h"
#include "nn/declared.h"
#include "store/artifact_files.h"
#include "store/formats/synthetic_file.h"
#include "train/forward.h"
#include "train/recipe_text.h"

#include <stdio.h>
#include <string.h>

const char *cop_snapshot_file(cop_duration at, char *text, size_t size)
{
    char when[40];
    (void)snprintf(text, size, COP_SNAPSHOT_PREFIX "%s" COP_SNAPSHOT_SUFFIX,
                   cop_duration_text(at, when, sizeof when));
    return text;
}

/* Notes whose artifact is damaged, so that it can be computed again. */
static cop_status note(cop_runner *r, int32_t stage, cop_status status)
{
    if (status == COP_DAMAGED)
        r->damaged = stage;
    return status;
}

static cop_status read_tensors(cop_runner *r, int32_t stage, const char *file, cop_tensors **out,
                               cop_error *err)
{
    const cop_artifact_id *id = &r->study->stages[stage].id;
    return note(r, stage, cop_store_read_tensors(r->store, id, file, out, err));
}

cop_status cop_load_final(cop_runner *r, int32_t training, cop_tensors **out, cop_error *err)
{
    return read_tensors(r, training, COP_STATE_FILE, out, err);
}

cop_status cop_load_snapshot(cop_runner *r, int32_t training, cop_duration at, cop_tensors **out,
                             cop_error *err)
{
    char file[80];
    return read_tensors(r, training, cop_snapshot_file(at, file, sizeof file), out, err);
}

cop_status cop_load_mask(cop_runner *r, const cop_opened *o, int32_t mask, cop_tensors **out,
                         cop_error *err)
{
    if (mask == COP_NO_STAGE)
        return cop_model_full_mask(o->model, out, err);
    return read_tensors(r, mask, COP_MASK_FILE, out, err);
}

cop_status cop_load_synthetic(cop_runner *r, int32_t distil, cop_synthetic *out, cop_error *err)
{
    const cop_artifact_id *id = &r->study->stages[distil].id;
    char path[COP_PATH_SIZE];
    COP_TRY(note(r, distil, cop_store_check_file(r->store, id, COP_SYNTHETIC_FILE, err)));
    cop_store_path(r->store, id, COP_SYNTHETIC_FILE, path, sizeof path);
    return note(r, distil, cop_synthetic_read(path, out, err));
}

/* Sets everything in `state` but convolution and linear weights to what the carried training ended
 * with. */
static cop_status carry_over(cop_runner *r, const cop_model *model, int32_t carry,
                             cop_tensors *state, cop_error *err)
{
    cop_tensors *trained = NULL;
    COP_TRY(cop_load_final(r, carry, &trained, err));
    cop_status status = COP_OK;
    for (size_t i = 0; i < cop_declared_count(model) && status == COP_OK; i++) {
        const cop_parameter *p = cop_declared_at(model, i);
        if (p->role == COP_ROLE_CONV_WEIGHT || p->role == COP_ROLE_LINEAR_WEIGHT)
            continue;
        cop_tensor *from = NULL, *to = NULL;
        status = cop_find_declared(trained, "trained state", p, &from, err);
        if (status == COP_OK)
            status = cop_find_declared(state, "state", p, &to, err);
        if (status == COP_OK)
            memcpy(to->data, from->data, (size_t)cop_shape_count(to->shape) * sizeof(float));
    }
    cop_tensors_free(trained);
    return status;
}

static cop_status load_base(cop_runner *r, const cop_start_point *start, const cop_model *model,
                            cop_tensors **state, cop_error *err)
{
    if (start->base == COP_NO_STAGE)
        return cop_model_initial_state(model, start->init_seed, state, err);
    if (start->at.unit != 0)
        return cop_load_snapshot(r, start->base, start->at, state, err);
    return cop_load_final(r, start->base, state, err);
}

cop_status cop_load_start(cop_runner *r, const cop_start_point *start, const cop_model *model,
                          const cop_tensors *mask, cop_tensors **state, cop_error *err)
{
    COP_TRY(load_base(r, start, model, state, err));
    cop_status status = COP_OK;
    if (start->carry != COP_NO_STAGE)
        status = carry_over(r, model, start->carry, *state, err);
    if (status != COP_OK) {
        cop_tensors_free(*state);
        *state = NULL;
        return status;
    }
    if (mask != NULL)
        cop_mask_apply(mask, *state);
    return COP_OK;
}
