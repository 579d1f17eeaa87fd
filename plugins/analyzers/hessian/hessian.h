/* hessian.h: what the steps of the Hessian analyzer leave behind, and the tables made of it. */
#ifndef HESSIAN_HESSIAN_H
#define HESSIAN_HESSIAN_H

#include <coppice/plugin.h>

typedef struct hessian_options {
    int64_t probes;
    int64_t samples;
    int64_t batch;
    int32_t mode;
    int64_t copy;
    bool layerwise;
    int64_t bins;
    int32_t scale;
} hessian_options;

enum { HESSIAN_EVAL = 0, HESSIAN_TRAIN = 1 };
enum { HESSIAN_LINEAR = 0, HESSIAN_LOG = 1 };

/* The state, by parameter i of the model; all F64:
 *     "sum.i"     Σ over probes of z ⊙ Hz, in the parameter's shape
 *     "square.i"  Σ of its squares
 *     "trace"     [probes, parameters]: zᵀHz, each parameter's share
 */
void hessian_bag_name(char *name, size_t size, const char *what, size_t parameter);

/* Draws the training images that the loss is over, without replacement: the first *count of *index,
 * which the caller frees. */
cop_status hessian_draw_samples(const hessian_options *o, const cop_work *work, int64_t **index,
                                int64_t *count, cop_error *err);

/* Whether coordinate j of a parameter survives; `mask` may be NULL: it is not prunable. */
bool hessian_survives(const cop_tensor *mask, int64_t j);

/* `samples` is the count that the loss is over. */
cop_status hessian_report(const hessian_options *o, const cop_model *model, const cop_tensors *mask,
                          const cop_tensors *bag, int64_t samples, cop_tables *out, cop_error *err);

#endif
