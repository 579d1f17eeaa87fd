/* state_dict.c: taking a model's tensors out of a file that holds any. */
#include "store/formats/state_dict.h"

#include "core/damage.h"
#include "core/memory.h"
#include "core/shape.h"
#include "core/text.h"
#include "nn/declared.h"
#include "store/formats/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is wanted of a file, and from where. */
typedef struct taking {
    const char *path;
    const cop_model *model;
    bool is_mask; /* the prunable parameters' masks, not the tensors themselves */
    cop_tensors *given;
    cop_tensors *taken;
} taking;

static bool is_wanted(const taking *t, const cop_parameter *p)
{
    return !t->is_mask || p->prunable;
}

static cop_status refuse_missing(const taking *t, cop_error *err)
{
    cop_text names = {0};
    size_t missing = 0, wanted = 0;
    for (size_t i = 0; i < cop_declared_count(t->model); i++) {
        const cop_parameter *p = cop_declared_at(t->model, i);
        if (!is_wanted(t, p))
            continue;
        wanted++;
        if (cop_tensors_find(t->given, p->name) == NULL)
            cop_text_printf(&names, "%s%s", missing++ > 0 ? ", " : "", p->name);
    }
    if (missing == 0)
        return COP_OK;
    char *list = cop_text_take(&names), shown[600];
    cop_status status =
        cop_fail_at(err, COP_FAILED, t->path, 0, "lacks %zu of the model's %zu %s: %s", missing,
                    wanted, t->is_mask ? "prunable weights" : "tensors",
                    list != NULL ? cop_escape(list, shown, sizeof shown) : "");
    free(list);
    return status;
}

static cop_status refuse_value(const taking *t, const char *tensor, int64_t k, double value,
                               cop_error *err)
{
    char name[200], text[32];
    (void)snprintf(text, sizeof text, "%g", value);
    return cop_fail_at(err, COP_FAILED, t->path, 0, "tensor '%s' holds %s (element %lld)%s",
                       cop_escape(tensor, name, sizeof name),
                       isnan(value)   ? "NaN"
                       : isinf(value) ? "infinity"
                                      : text,
                       (long long)k, t->is_mask ? "; a mask is of 0 and 1" : "");
}

/* A value that is not a number makes every result so: said here, where the tensor is known. A
 * double may be too large for the float that the model takes. */
static cop_status take_values(const taking *t, const cop_tensor *from, const cop_tensor *to,
                              cop_error *err)
{
    int64_t count = cop_shape_count(to->shape);
    for (int64_t k = 0; k < count; k++) {
        double value = cop_tensor_value(from, k);
        float rounded = (float)value;
        if (!isfinite(rounded))
            return refuse_value(t, from->name, k, isnan(value) ? value : (double)INFINITY, err);
        if (t->is_mask && (value < 0.0 || value > 1.0 || (value > 0.0 && value < 1.0)))
            return refuse_value(t, from->name, k, value, err);
        cop_f32(to)[k] = rounded;
    }
    return COP_OK;
}

static cop_status take(const taking *t, const cop_parameter *wanted, cop_error *err)
{
    const cop_tensor *from = cop_tensors_find(t->given, wanted->name);
    char got[96], want[96];
    if (!cop_shape_equal(from->shape, wanted->shape))
        return cop_fail_at(err, COP_FAILED, t->path, 0, "tensor '%s' is %s, the model wants %s",
                           from->name, cop_shape_text(from->shape, got, sizeof got),
                           cop_shape_text(wanted->shape, want, sizeof want));
    if (!t->is_mask && from->dtype != COP_F32 && from->dtype != COP_F64)
        return cop_fail_at(err, COP_FAILED, t->path, 0,
                           "tensor '%s' is of type %s, the model wants floating point", from->name,
                           cop_dtype_name(from->dtype));
    cop_tensor *to = NULL;
    COP_TRY(cop_tensors_add(t->taken, wanted->name, COP_F32, wanted->shape, &to, err));
    return take_values(t, from, to, err);
}

static cop_status take_all(const taking *t, cop_error *err)
{
    COP_TRY(refuse_missing(t, err));
    for (size_t i = 0; i < cop_declared_count(t->model); i++) {
        if (is_wanted(t, cop_declared_at(t->model, i)))
            COP_TRY(take(t, cop_declared_at(t->model, i), err));
    }
    return COP_OK;
}

/* PyTorch counts batches in buffers of that name; nothing here uses them. */
static bool is_batch_counter(const char *name)
{
    static const char ending[] = "num_batches_tracked";
    size_t length = strlen(name), end = sizeof ending - 1;
    return length >= end && strcmp(name + length - end, ending) == 0;
}

static void warn_of_others(const taking *t, cop_logger *log)
{
    size_t others = 0;
    const char *first = NULL;
    for (size_t i = 0; i < cop_tensors_count(t->given); i++) {
        const char *name = cop_tensors_at(t->given, i)->name;
        if (cop_tensors_find(t->taken, name) != NULL || is_batch_counter(name))
            continue;
        first = first == NULL ? name : first;
        others++;
    }
    if (others > 0)
        cop_say(log, COP_LOG_WARNING, "%s: %zu tensors are not the model's and are not used (%s%s)",
                t->path, others, first, others > 1 ? ", ..." : "");
}

static cop_status read_file(taking *t, cop_logger *log, cop_tensors **out, cop_error *err)
{
    t->taken = cop_tensors_new();
    if (t->taken == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_safetensors_read(t->path, &t->given, NULL, NULL, err);
    if (status == COP_DAMAGED) { /* nobody can make it anew */
        status = COP_FAILED;
        if (err != NULL)
            err->status = status;
    }
    if (status == COP_OK)
        status = take_all(t, err);
    if (status == COP_OK) {
        warn_of_others(t, log);
        *out = t->taken;
    } else {
        cop_tensors_free(t->taken);
    }
    cop_tensors_free(t->given);
    return status;
}

cop_status cop_state_dict_read(const char *path, const cop_model *model, cop_logger *log,
                               cop_tensors **state, cop_error *err)
{
    taking t = {.path = path, .model = model};
    return read_file(&t, log, state, err);
}

cop_status cop_state_dict_read_mask(const char *path, const cop_model *model, cop_logger *log,
                                    cop_tensors **mask, cop_error *err)
{
    taking t = {.path = path, .model = model, .is_mask = true};
    return read_file(&t, log, mask, err);
}

cop_status cop_state_dict_check_masked(const char *path, const cop_tensors *state,
                                       const cop_tensors *mask, cop_error *err)
{
    for (size_t i = 0; i < cop_tensors_count(mask); i++) {
        const cop_tensor *keep = cop_tensors_at(mask, i);
        const cop_tensor *weight = cop_tensors_find(state, keep->name);
        int64_t count = weight != NULL ? cop_shape_count(keep->shape) : 0;
        for (int64_t k = 0; k < count; k++) {
            float value = cop_f32(weight)[k];
            if (cop_f32(keep)[k] == 0.0f && value != 0.0f)
                return cop_fail_at(err, COP_FAILED, path, 0,
                                   "tensor '%s' holds %g (element %lld), where the mask removes "
                                   "the weight",
                                   keep->name, (double)value, (long long)k);
        }
    }
    return COP_OK;
}
