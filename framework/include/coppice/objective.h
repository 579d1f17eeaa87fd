/* objective.h: the loss of a model over a set of samples, and its derivatives, as services. */
#ifndef COPPICE_OBJECTIVE_H
#define COPPICE_OBJECTIVE_H

#include <coppice/model.h>

COP_BEGIN

typedef struct cop_objective_spec {
    const cop_model *model;
    const cop_samples *data;
    const int64_t *index; /* the samples to use, in this order; NULL: the first `count` */
    int64_t count;        /* 0: all */
    /* Samples per pass; 0: 256. In eval mode it changes means by rounding errors alone. */
    int64_t batch;
    cop_mode mode;      /* 0: COP_MODE_EVAL */
    double logit_scale; /* logits are multiplied by this (GraSP: 1/200); 0: 1 */
    int threads;        /* 0: what the process runs with */
} cop_objective_spec;

typedef struct cop_objective cop_objective;

typedef struct cop_evaluation {
    double loss;     /* mean cross-entropy */
    double accuracy; /* share of arg max = label; soft labels count their most likely class */
    int64_t count;
} cop_evaluation;

/* Programs are compiled when first needed and kept. `index` is copied. Owned by the caller; what
 * the spec points at must outlive it. One thread at a time. */
COP_API cop_status cop_objective_new(const cop_objective_spec *spec, cop_objective **out,
                                     cop_error *err);

/* Frees it with its programs; NULL is fine. */
COP_API void cop_objective_free(cop_objective *o);

/* `state` holds every parameter and buffer of the model by name. */
COP_API cop_status cop_objective_evaluate(cop_objective *o, const cop_tensors *state,
                                          cop_evaluation *out, cop_error *err);

/* Gradient of the mean loss in every parameter: `gradient` holds F32 tensors under the parameters'
 * names (others are ignored), overwritten. `loss` may be NULL. */
COP_API cop_status cop_objective_gradient(cop_objective *o, const cop_tensors *state,
                                          cop_tensors *gradient, double *loss, cop_error *err);

/* Hessian of the mean loss times v: v and `product` hold F32 tensors under the parameters' names; a
 * parameter that v lacks has tangent zero, one that `product` lacks is not returned. */
COP_API cop_status cop_objective_hessian_product(cop_objective *o, const cop_tensors *state,
                                                 const cop_tensors *v, cop_tensors *product,
                                                 cop_error *err);

/* Resets the running statistics in `state` and sets them to the cumulative average over the
 * samples, batch by batch, without augmentation. Models without buffers are left as they are. */
COP_API cop_status cop_objective_reestimate(cop_objective *o, cop_tensors *state, cop_error *err);

COP_END

#endif
