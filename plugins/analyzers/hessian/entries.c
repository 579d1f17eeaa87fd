/* entries.c: the diagonal entry by entry, as tensors like the parameters. */
#include "diagonal.h"

cop_status hessian_report_entries(const cop_model *model, const hessian_diagonal *d,
                                  cop_tensors *out, cop_error *err)
{
    for (size_t i = 0; i < d->map->parameters; i++) {
        const cop_parameter *p = cop_model_parameter(model, i);
        cop_tensor *entries = NULL;
        COP_TRY(cop_tensors_add(out, p->name, COP_F64, p->shape, &entries, err));
        double *value = cop_f64(entries);
        for (int64_t k = 0; k < cop_shape_count(p->shape); k++)
            value[k] = (double)NAN;
        for (int64_t c = d->map->first[i]; c < d->map->first[i + 1]; c++)
            value[d->map->place[c]] = d->value[c];
    }
    return COP_OK;
}
