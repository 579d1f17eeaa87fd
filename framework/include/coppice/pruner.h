/* pruner.h (implemented in nn/): the pruner kind: (ticket, trained weights, training data) → the
 * next mask. The loop around it — train, prune, rewind, repeat — is the framework's. */
#ifndef COPPICE_PRUNER_H
#define COPPICE_PRUNER_H

#include <coppice/objective.h>
#include <coppice/option.h>
#include <coppice/work.h>

COP_BEGIN

#define COP_PRUNER_INTERFACE 1

/* What a round of pruning starts from. The host owns everything; it lives until finish returns. */
typedef struct cop_pruner_input {
    const cop_model *model;
    const cop_tensors *initial; /* the state that the ticket trains from */
    const cop_tensors *trained; /* the state after this round's training; NULL unless planned */
    const cop_tensors *mask;    /* the mask so far: F32, 0 or 1, a tensor per prunable parameter */
    const cop_samples *data;    /* what this round trains on: real or decoded synthetic samples */
    int64_t round;              /* 0-based, within the stage */
    int64_t rounds;             /* of the stage */
} cop_pruner_input;

/* All required. Called in this order by one thread. */
typedef struct cop_pruner_ops {
    size_t size; /* sizeof(cop_pruner_ops) */
    cop_status (*create)(const void *options, const cop_task *task, void **self, cop_error *err);
    void (*destroy)(void *self);
    cop_status (*plan)(void *self, cop_plan *plan, cop_error *err);
    cop_status (*begin)(void *self, const cop_pruner_input *in, cop_work *work, cop_tensors *bag,
                        cop_error *err);
    cop_status (*step)(void *self, const cop_pruner_input *in, cop_work *work, cop_tensors *bag,
                       int64_t i, cop_error *err);

    /* Writes the new mask into `mask`, which holds a copy of in->mask. The host refuses one that is
     * not 0 or 1, or that brings a removed weight back. */
    cop_status (*finish)(void *self, const cop_pruner_input *in, cop_work *work, cop_tensors *bag,
                         cop_tensors *mask, cop_error *err);
} cop_pruner_ops;

/* Removes the `remove` lowest-scoring weights that the mask still keeps: `scores` holds an F32 or
 * F64 tensor per mask tensor. Ties go by tensor order, then index. Tensors that `scores` lacks are
 * left alone. Errors: a score that is NaN; fewer weights left than are to go. */
COP_API cop_status cop_mask_remove_lowest(cop_tensors *mask, const cop_tensors *scores,
                                          int64_t remove, cop_error *err);

/* What most rounds come to: with r weights left in the tensors that `scores` holds, removes the
 * round(rate · r) lowest of them, 0 ≤ rate ≤ 1; `layerwise`: of each tensor its own share. */
COP_API cop_status cop_mask_remove_share(cop_tensors *mask, const cop_tensors *scores, double rate,
                                         bool layerwise, cop_error *err);

/* Whether an option such as `exclude` means a parameter: an item is its name, or the beginning of
 * it up to a dot ("layers.conv.0" means "layers.conv.0.weight"). */
COP_API bool cop_name_listed(const char *name, const cop_string_list *list);

/* Refuses (COP_INVALID) a list with an item that means no prunable parameter of the model; names
 * the item and a parameter that there is. */
COP_API cop_status cop_check_listed(const cop_model *model, const cop_string_list *list,
                                    cop_error *err);

COP_END

#endif
