/* objective.h: the loss of a model over a set of samples, and its derivatives, as services. */
#ifndef COPPICE_OBJECTIVE_H
#define COPPICE_OBJECTIVE_H

#include <coppice/model.h>

COP_BEGIN

/* Changes the pixels of sample `sample` in place: [C, H, W] in [0, 1], before they are normalised,
 * for a look at data that are not as they were trained on. `context` is the spec's. A function of
 * these alone, so that each pass sees the same; called once for each sample of a pass, by the
 * thread that the pass was asked for by. */
typedef void (*cop_pixel_change)(void *context, int64_t sample, float *pixels);

/* What an objective is over: {COP_SIZED(cop_objective_spec), .model = …}. */
typedef struct cop_objective_spec {
    uint32_t size; /* COP_SIZED */
    cop_mode mode; /* 0: COP_MODE_EVAL. In no mode is anything dropped (cop_layer_dropout) */
    const cop_model *model;
    const cop_samples *data;
    const int64_t *index; /* the samples to use, in this order; NULL: the first `count` */
    int64_t count;        /* 0: all */
    int64_t batch;      /* samples per pass; 0: 256. Means change by rounding alone in eval mode */
    double logit_scale; /* logits are multiplied by this (GraSP: 1/200); 0: 1 */
    int32_t threads;    /* 0: what the process runs with */
    int32_t reserved;   /* 0 */

    /* What is done to each sample's pixels first; NULL: nothing. The samples are of
     * COP_PIXELS_UNIT. It and what `context` points at outlive the objective; what that is may
     * change between passes. */
    cop_pixel_change change;
    void *context;
} cop_objective_spec;

typedef struct cop_objective cop_objective;

/* What an evaluation finds; {COP_SIZED(cop_evaluation)} before it is asked for. */
typedef struct cop_evaluation {
    uint32_t size; /* COP_SIZED */
    uint32_t reserved;
    double loss;     /* mean cross-entropy */
    double accuracy; /* share of arg max = label; soft labels count their most likely class */
    int64_t count;
} cop_evaluation;

/* Programs are compiled when first needed and kept. The spec and `index` are copied. Owned by the
 * caller, who frees it with cop_objective_free; what else the spec points at must outlive it.
 * COP_FAILED where the data are not of the model's task, a sample is not in them, or pixels are to
 * be changed that are normalised already.
 * [one thread at a time] */
COP_API cop_status cop_objective_new(const cop_objective_spec *spec, cop_objective **out,
                                     cop_error *err);

/* NULL is fine. [one thread at a time] */
COP_API void cop_objective_free(cop_objective *o);

/* Loss and accuracy; `state` holds every parameter and buffer of the model by name, F32.
 * [one thread at a time] */
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
