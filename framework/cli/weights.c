/* weights.c: reading a state_dict from anywhere into a model's state. */
#include "cli/weights.h"

#include "core/memory.h"
#include "core/shape.h"
#include "core/text.h"
#include "store/formats/safetensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t count_wanted(const cop_model *m)
{
    return cop_model_parameter_count(m) + cop_model_buffer_count(m);
}

static const cop_parameter *wanted_at(const cop_model *m, size_t i)
{
    size_t parameters = cop_model_parameter_count(m);
    return i < parameters ? cop_model_parameter(m, i) : cop_model_buffer(m, i - parameters);
}

static cop_status refuse_missing(const char *path, const cop_model *model, const cop_tensors *given,
                                 cop_error *err)
{
    cop_text names = {0};
    size_t missing = 0;
    for (size_t i = 0; i < count_wanted(model); i++) {
        const char *name = wanted_at(model, i)->name;
        if (cop_tensors_find(given, name) != NULL)
            continue;
        cop_text_printf(&names, "%s%s", missing++ > 0 ? ", " : "", name);
    }
    if (missing == 0)
        return COP_OK;
    char *list = cop_text_take(&names), shown[600];
    cop_status status =
        cop_fail_at(err, COP_FAILED, path, 0, "lacks %zu of the model's %zu tensors: %s", missing,
                    count_wanted(model), list != NULL ? cop_escape(list, shown, sizeof shown) : "");
    free(list);
    return status;
}

/* A value that is not a number makes every result so: said here, where the tensor is known. */
static cop_status check_finite(const char *path, const cop_tensor *given, cop_error *err)
{
    char name[200];
    int64_t count = cop_shape_count(given->shape);
    for (int64_t i = 0; i < count; i++) {
        double value = given->dtype == COP_F32 ? (double)cop_f32(given)[i] : cop_f64(given)[i];
        /* A double may be too large for the float that the model takes. */
        if (!isfinite((float)value))
            return cop_fail_at(err, COP_FAILED, path, 0, "tensor '%s' holds %s (element %lld)",
                               cop_escape(given->name, name, sizeof name),
                               isnan(value) ? "NaN" : "infinity", (long long)i);
    }
    return COP_OK;
}

static cop_status take(const char *path, const cop_tensor *given, const cop_parameter *wanted,
                       cop_tensors *state, cop_error *err)
{
    char got[96], want[96];
    if (!cop_shape_equal(given->shape, wanted->shape))
        return cop_fail_at(err, COP_FAILED, path, 0, "tensor '%s' is %s, the model wants %s",
                           given->name, cop_shape_text(given->shape, got, sizeof got),
                           cop_shape_text(wanted->shape, want, sizeof want));
    if (given->dtype != COP_F32 && given->dtype != COP_F64)
        return cop_fail_at(err, COP_FAILED, path, 0,
                           "tensor '%s' is of type %s, the model wants floating point", given->name,
                           cop_dtype_name(given->dtype));
    COP_TRY(check_finite(path, given, err));
    cop_tensor *to = NULL;
    COP_TRY(cop_tensors_add(state, wanted->name, COP_F32, wanted->shape, &to, err));
    int64_t count = cop_shape_count(to->shape);
    for (int64_t i = 0; i < count; i++)
        cop_f32(to)[i] = given->dtype == COP_F32 ? cop_f32(given)[i] : (float)cop_f64(given)[i];
    return COP_OK;
}

/* PyTorch counts batches in buffers of that name; nothing here uses them. */
static bool is_batch_counter(const char *name)
{
    static const char ending[] = "num_batches_tracked";
    size_t length = strlen(name), end = sizeof ending - 1;
    return length >= end && strcmp(name + length - end, ending) == 0;
}

static void warn_of_others(const char *path, const cop_tensors *given, const cop_tensors *state,
                           cop_logger *log)
{
    size_t others = 0;
    const char *first = NULL;
    for (size_t i = 0; i < cop_tensors_count(given); i++) {
        const char *name = cop_tensors_at(given, i)->name;
        if (cop_tensors_find(state, name) != NULL || is_batch_counter(name))
            continue;
        first = first == NULL ? name : first;
        others++;
    }
    if (others > 0)
        cop_say(log, COP_LOG_WARNING, "%s: %zu tensors are not the model's and are not used (%s%s)",
                path, others, first, others > 1 ? ", ..." : "");
}

static cop_status take_all(const char *path, const cop_model *model, const cop_tensors *given,
                           cop_tensors *state, cop_error *err)
{
    COP_TRY(refuse_missing(path, model, given, err));
    for (size_t i = 0; i < count_wanted(model); i++) {
        const cop_parameter *wanted = wanted_at(model, i);
        COP_TRY(take(path, cop_tensors_find(given, wanted->name), wanted, state, err));
    }
    return COP_OK;
}

cop_status cop_weights_read(const char *path, const cop_model *model, cop_logger *log,
                            cop_tensors **state, cop_error *err)
{
    cop_tensors *given = NULL, *taken = cop_tensors_new();
    if (taken == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_safetensors_read(path, &given, NULL, NULL, err);
    if (status == COP_OK)
        status = take_all(path, model, given, taken, err);
    if (status == COP_OK) {
        warn_of_others(path, given, taken, log);
        *state = taken;
    } else {
        cop_tensors_free(taken);
    }
    cop_tensors_free(given);
    return status;
}
