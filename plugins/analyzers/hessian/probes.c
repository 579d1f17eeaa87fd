/* probes.c: Hutchinson's estimator of diagonal and trace: E[z ⊙ Hz] and E[zᵀHz] over Rademacher
 * probes z. A step is a probe. */
#include "hessian.h"

cop_status hessian_probe_declare(const hessian *self, cop_tensors *bag, cop_error *err)
{
    cop_shape all = cop_shape1(hessian_map_count(&self->map));
    cop_shape traces =
        cop_shape2(hessian_most_probes(self->o, &self->steps), (int64_t)self->map.parameters);
    COP_TRY(cop_tensors_add(bag, "sum", COP_F64, all, NULL, err));
    COP_TRY(cop_tensors_add(bag, "square", COP_F64, all, NULL, err));
    return cop_tensors_add(bag, "trace", COP_F64, traces, NULL, err);
}

/* Adds z ⊙ Hz and its square to the sums; gives zᵀHz of each parameter. */
static double accumulate(const hessian *self, cop_tensors *bag, int64_t i)
{
    const hessian_map *map = &self->map;
    double *sum = cop_f64(cop_tensors_find(bag, "sum"));
    double *square = cop_f64(cop_tensors_find(bag, "square"));
    double *trace = cop_f64(cop_tensors_find(bag, "trace")) + i * (int64_t)map->parameters;
    double total = 0.0;
    for (size_t p = 0; p < map->parameters; p++) {
        trace[p] = 0.0;
        for (int64_t c = map->first[p]; c < map->first[p + 1]; c++) {
            double value = (double)self->vector[c] * (double)self->result[c];
            sum[c] += value;
            square[c] += value * value;
            trace[p] += value;
        }
        total += trace[p];
    }
    return total;
}

cop_status hessian_probe_step(hessian *self, cop_work *work, int64_t i, cop_error *err)
{
    hessian_draw(self, work, "probe", i);
    COP_TRY(hessian_multiply(self, work, err));
    cop_work_report(work, "trace %.4g", accumulate(self, cop_work_bag(work), i));
    return COP_OK;
}
