/* exact.c: the Hessian entry by entry: its product with the unit vector of coordinate i is row i. A
 * step is a coordinate: it keeps the diagonal's entry, the whole row, or both. */
#include "hessian.h"

#include <string.h>

cop_status hessian_exact_declare(const hessian *self, cop_tensors *bag, cop_error *err)
{
    int64_t n = hessian_map_count(&self->map);
    if (self->is_exact || hessian_may_become_exact(self->o, n))
        COP_TRY(cop_tensors_add(bag, "diagonal", COP_F64, cop_shape1(n), NULL, err));
    if (self->steps.columns > 0)
        COP_TRY(cop_tensors_add(bag, "matrix", COP_F32, cop_shape2(n, n), NULL, err));
    return COP_OK;
}

cop_status hessian_exact_step(hessian *self, cop_work *work, int64_t i, cop_error *err)
{
    int64_t n = hessian_map_count(&self->map);
    cop_tensors *bag = cop_work_bag(work);
    cop_tensor *diagonal = cop_tensors_find(bag, "diagonal");
    cop_tensor *matrix = cop_tensors_find(bag, "matrix");
    if (i >= n) /* planned for probes, which are not wanted any more */
        return COP_OK;
    memset(self->vector, 0, (size_t)n * sizeof *self->vector);
    self->vector[i] = 1.0f;
    COP_TRY(hessian_multiply(self, work, err));
    if (diagonal != NULL)
        cop_f64(diagonal)[i] = (double)self->result[i];
    if (matrix != NULL)
        memcpy(cop_f32(matrix) + i * n, self->result, (size_t)n * sizeof *self->result);
    cop_work_report(work, "coordinate %lld of %lld", (long long)(i + 1), (long long)n);
    return COP_OK;
}
