/* trainer.h: the one training loop, in steps.
 *
 * Its whole state is a set of named tensors: parameters and buffers under their names,
 * "momentum/NAME" for each parameter, for Adam and AdamW also "second/NAME" and "updates" (I64),
 * and "step" (I64). Step i depends on that state, the spec and
 * i alone, so a saved and restored state goes on bit for bit as if it had never stopped. */
#ifndef COPPICE_TRAINER_H
#define COPPICE_TRAINER_H

#include <coppice/model.h>

COP_BEGIN

/* What is trained on what: {COP_SIZED(cop_trainer_spec), .model = …}. */
typedef struct cop_trainer_spec {
    uint32_t size;   /* COP_SIZED */
    int32_t threads; /* 0: what the process runs with */
    const cop_model *model;
    const cop_samples *data;
    const cop_recipe *recipe;
    const cop_tensors *mask; /* NULL: dense. Masked weights and their momentum stay exactly 0 */
    uint64_t order_seed;     /* of the shuffles, one permutation per epoch */
    uint64_t augment_seed;   /* of augmentation, CutMix and dropout */
} cop_trainer_spec;

typedef struct cop_trainer cop_trainer;

/* What a number of steps came to; {COP_SIZED(cop_train_metrics)} before it is asked for. */
typedef struct cop_train_metrics {
    uint32_t size; /* COP_SIZED */
    uint32_t reserved;
    double loss;     /* mean over the samples of the steps run */
    double accuracy; /* before CutMix's label mixing: arg max against the sample's own class */
    double lr;       /* of the last step run */
    int64_t samples;
} cop_train_metrics;

/* Compiles the step's programs. The spec and its recipe are copied. Owned by the caller, who
 * frees it with cop_trainer_free; what else the spec points at must outlive it. COP_FAILED where
 * the data are not of the model's task, or the mask not of its prunable parameters. [one thread
 * at a time] */
COP_API cop_status cop_trainer_new(const cop_trainer_spec *spec, cop_trainer **out, cop_error *err);

/* NULL is fine. [one thread at a time] */
COP_API void cop_trainer_free(cop_trainer *t);

/* Starts from the parameters and buffers of `state`, with a new optimiser; `step` is the position
 * in data order and schedule to go on from (0 for a new training). [one thread at a time] */
COP_API cop_status cop_trainer_start(cop_trainer *t, const cop_tensors *state, int64_t step,
                                     cop_error *err);

/* The live state, the trainer's own: read it, save it, or write into it (cop_tensors_copy) to
 * restore. Lives as long as the trainer. [one thread at a time] */
COP_API cop_tensors *cop_trainer_state(cop_trainer *t);

/* Optimiser steps of one pass over the data, and of the whole recipe. [any thread] */
COP_API int64_t cop_trainer_steps_per_epoch(const cop_trainer *t);
COP_API int64_t cop_trainer_total_steps(const cop_trainer *t);

/* Runs `steps` optimiser steps from where the state stands. A loss that is not finite is
 * COP_FAILED with the step and the rate in the message. `metrics` may be NULL. [one thread at a
 * time] */
COP_API cop_status cop_trainer_run(cop_trainer *t, int64_t steps, cop_train_metrics *metrics,
                                   cop_error *err);

COP_END

#endif
