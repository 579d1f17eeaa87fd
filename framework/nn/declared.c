/* declared.c: the tensors of a model's state among others. */
#include "nn/declared.h"

#include <string.h>

size_t cop_declared_count(const cop_model *m)
{
    return cop_model_parameter_count(m) + cop_model_buffer_count(m);
}

const cop_parameter *cop_declared_at(const cop_model *m, size_t i)
{
    size_t parameters = cop_model_parameter_count(m);
    return i < parameters ? cop_model_parameter(m, i) : cop_model_buffer(m, i - parameters);
}

cop_status cop_find_declared(const cop_tensors *set, const char *what,
                             const cop_parameter *declared, cop_tensor **out, cop_error *err)
{
    cop_tensor *t = cop_tensors_find(set, declared->name);
    if (t == NULL)
        return cop_fail(err, COP_FAILED, "the %s has no tensor \"%s\"", what, declared->name);
    if (t->dtype != COP_F32)
        return cop_fail(err, COP_FAILED, "the %s's tensor \"%s\" is not F32", what, declared->name);
    if (!cop_shape_equal(t->shape, declared->shape)) {
        char got[96], wanted[96];
        return cop_fail(err, COP_FAILED, "the %s's tensor \"%s\" is %s, wanted %s", what,
                        declared->name, cop_shape_text(t->shape, got, sizeof got),
                        cop_shape_text(declared->shape, wanted, sizeof wanted));
    }
    *out = t;
    return COP_OK;
}

static cop_status fill(const cop_model *m, const cop_tensors *from, cop_tensors *to, cop_error *err)
{
    for (size_t i = 0; i < cop_declared_count(m); i++) {
        const cop_parameter *p = cop_declared_at(m, i);
        cop_tensor *tensor = NULL, *copy = NULL;
        COP_TRY(cop_find_declared(from, "state", p, &tensor, err));
        COP_TRY(cop_tensors_add(to, p->name, COP_F32, p->shape, &copy, err));
        memcpy(copy->data, tensor->data, (size_t)cop_shape_count(p->shape) * sizeof(float));
    }
    return COP_OK;
}

cop_status cop_declared_clone(const cop_model *m, const cop_tensors *from, cop_tensors **out,
                              cop_error *err)
{
    cop_tensors *set = cop_tensors_new();
    if (set == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for a model's state");
    cop_status status = fill(m, from, set, err);
    if (status == COP_OK)
        *out = set;
    else
        cop_tensors_free(set);
    return status;
}
