/* distiller.h: the distiller kind: (dataset, distilling model, budget) → a synthetic set. The
 * distilling model is an option of the plugin, of type COP_OPTION_MODEL, where it needs one. */
#ifndef COPPICE_DISTILLER_H
#define COPPICE_DISTILLER_H

#include <coppice/synthetic.h>
#include <coppice/work.h>

COP_BEGIN

#define COP_DISTILLER_INTERFACE 1

/* All required. Called in this order by one thread; step is called for i = 0, 1, …, or from where a
 * checkpoint stands, after begin. */
typedef struct cop_distiller_ops {
    size_t size; /* sizeof(cop_distiller_ops) */
    cop_status (*create)(const void *options, const cop_task *task, void **self, cop_error *err);
    void (*destroy)(void *self);

    cop_status (*plan)(void *self, cop_plan *plan, cop_error *err);

    /* Adds the work's whole state to the empty bag, with its starting values. After a resume the
     * host then overwrites the values, so names and shapes must not depend on chance. */
    cop_status (*begin)(void *self, cop_work *work, cop_tensors *bag, cop_error *err);

    cop_status (*step)(void *self, cop_work *work, cop_tensors *bag, int64_t i, cop_error *err);

    /* Fills *out (zeroed by the host, which frees it). */
    cop_status (*finish)(void *self, cop_work *work, cop_tensors *bag, cop_synthetic *out,
                         cop_error *err);
} cop_distiller_ops;

COP_END

#endif
