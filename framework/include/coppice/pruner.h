/* pruner.h (implemented in nn/, study/): the pruner kind: (ticket, trained weights, training data)
 * → the next mask. The loop around it — train, prune, rewind, repeat — is the framework's.
 *
 * A pruner implements cop_work_ops (work.h); finish changes cop_work_next_mask. What most pruners
 * share is below: scores of weights, of which the lowest go. New about one of them are its scores:
 * its options begin with cop_prune_options, its plan is cop_prune_plan or ends with it, and its
 * finish fills cop_work_scores and ends with cop_prune_lowest. plugins/pruners/magnitude shows
 * it. */
#ifndef COPPICE_PRUNER_H
#define COPPICE_PRUNER_H

#include <coppice/objective.h>
#include <coppice/option.h>
#include <coppice/work.h>

COP_BEGIN

#define COP_PRUNER_INTERFACE 2

/* Removes the `remove` lowest-scoring weights that the mask still keeps: `scores` holds an F32 or
 * F64 tensor per mask tensor. Ties go by tensor order, then index. Tensors that `scores` lacks are
 * left alone. Errors: a score that is NaN; fewer weights left than are to go. */
COP_API cop_status cop_mask_remove_lowest(cop_tensors *mask, const cop_tensors *scores,
                                          int64_t remove, cop_error *err);

/* What most rounds come to: with r weights left in the tensors that `scores` holds, removes the
 * cop_share_of(rate, r) lowest of them, 0 ≤ rate ≤ 1; `layerwise`: of each tensor its own share. */
COP_API cop_status cop_mask_remove_share(cop_tensors *mask, const cop_tensors *scores, double rate,
                                         bool layerwise, cop_error *err);

/* How many weights a share of `weights` is: round(rate · weights), halves away from zero. */
COP_API int64_t cop_share_of(double rate, int64_t weights);

/* States in a plan what cop_mask_remove_share will leave (cop_plan_leave), where that follows from
 * how many weights there are. It does not by layer, nor where some tensors are left alone, nor
 * where the host does not know how many there are: then nothing is stated. */
COP_API void cop_plan_leave_share(cop_plan *p, double rate, bool layerwise,
                                  const cop_string_list *exclude);

/* Removes the lowest of the weights that the mask still keeps, until a share of all weights in the
 * tensors that `scores` holds is left, 0 ≤ share ≤ 1: cop_share_of(share, weights). Where no more
 * are left already, the mask stays; `layerwise`: the same for each tensor by itself. Errors as
 * cop_mask_remove_lowest. */
COP_API cop_status cop_mask_keep_share(cop_tensors *mask, const cop_tensors *scores, double share,
                                       bool layerwise, cop_error *err);

/* The share of the weights that is left after round `round` (from 0) of `rounds`, when `sparsity`
 * of them is gone after the last one and each round takes the same share of what is left:
 * (1 − sparsity)^((round + 1) / rounds). Fewer than one round counts as one. */
COP_API double cop_density_after(double sparsity, int64_t round, int64_t rounds);

/* How many weights a round takes, as most pruners' options have it (option_rows.h):
 * {COP_SIZED(cop_prune_amount), .sparsity = …}. */
typedef struct cop_prune_amount {
    uint32_t size; /* COP_SIZED */
    int32_t scope; /* cop_scope: of all layers together, or of each */

    /* The share of all weights that may go which is gone after the phase's last round; the rounds
     * before come there step by step (cop_density_after). 0: as `rate` says. */
    double sparsity;

    double rate;                    /* of what is left, which each round takes */
    const cop_string_list *exclude; /* parameters that keep their weights; NULL: none */
} cop_prune_amount;

/* What the plan of most pruners comes to: refuses (COP_INVALID) a model without prunable weights,
 * an exclude that means no prunable parameter or leaves none to prune, an option `rate` that the
 * config states beside a sparsity, and a sparsity that is below what there is already, as far as
 * that is known; states how many weights the round leaves where it
 * follows from how many there are; asks for the number of rounds where there is a sparsity. */
COP_API cop_status cop_plan_prune(cop_plan *p, const cop_prune_amount *amount, cop_error *err);

/* And their finish: takes the lowest scores out of cop_work_next_mask, as many as the amount says
 * for this round. `scores` are of the weights that may go (cop_work_scores). */
COP_API cop_status cop_work_prune(cop_work *w, const cop_tensors *scores,
                                  const cop_prune_amount *amount, cop_error *err);

/* For those who take them out themselves: how many weights the mask so far keeps in the tensors of
 * `scores`, and how many of them the amount leaves in this round, all layers together. */
COP_API cop_status cop_work_prune_target(cop_work *w, const cop_tensors *scores,
                                         const cop_prune_amount *amount, int64_t *kept,
                                         int64_t *left, cop_error *err);

/* The options that pruners have in common, as fields for the rows of option_rows.h. A pruner's own
 * options struct begins with it, or is it, and has rows for those of the fields that it offers:
 *
 *     typedef struct options { cop_prune_options prune; double temperature; } options;
 *
 *     COP_OPT_SPARSITY(cop_prune_options, sparsity, "0.9", 0),
 *     COP_OPT_FLOAT(options, temperature, "200", 1e-6, 1e9, "Logits are divided by this"),
 *
 * A field without a row is 0: no sparsity, but `rate` in each round; all layers together; nothing
 * left alone. It is handed over at the head of a plugin's own struct, and so of a size that
 * stays. */
typedef struct cop_prune_options {
    double sparsity, rate;
    int32_t scope;  /* cop_scope */
    bool iterative; /* the pruner's own matter: which weights it scores */
    cop_string_list exclude;
    uint64_t reserved[4]; /* no row: 0 */
} cop_prune_options;

/* cop_plan_prune by options that begin with a cop_prune_options: a `plan` of cop_work_ops by
 * itself. [any thread] */
COP_API cop_status cop_prune_plan(const void *options, cop_plan *p, cop_error *err);

/* cop_work_prune by such options: how a finish ends. [the callback's thread] */
COP_API cop_status cop_prune_lowest(const void *options, cop_work *w, const cop_tensors *scores,
                                    cop_error *err);

/* cop_work_prune_target by such options. [the callback's thread] */
COP_API cop_status cop_prune_target(const void *options, cop_work *w, const cop_tensors *scores,
                                    int64_t *kept, int64_t *left, cop_error *err);

/* Scores out of the weights of `state`, which holds each of them under its name: the weights
 * themselves (cop_scores_copy), or the scores times the weights (cop_scores_multiply). Both F32.
 * COP_FAILED, naming it, for a tensor that the state has not, or has of another type or shape; the
 * scores before it have changed then. [any thread] */
COP_API cop_status cop_scores_copy(cop_tensors *scores, const cop_tensors *state, cop_error *err);
COP_API cop_status cop_scores_multiply(cop_tensors *scores, const cop_tensors *state,
                                       cop_error *err);

/* Every score, F32, becomes its absolute value. [any thread] */
COP_API void cop_scores_absolute(cop_tensors *scores);

/* Pruners: the loss over so many of the round's samples (all, where there are fewer), drawn without
 * replacement and without regard to class by the stream "sample" of the work, so that every round
 * of a phase sees the same; in evaluation mode, with logits multiplied by `logit_scale` (0: 1). The
 * caller's, who frees it with cop_objective_free before finish returns. */
COP_API cop_status cop_work_sample_objective(cop_work *w, int64_t samples, double logit_scale,
                                             cop_objective **out, cop_error *err);

/* Whether an option such as `exclude` means a parameter: an item is its name, or the beginning of
 * it up to a dot ("layers.conv.0" means "layers.conv.0.weight"). In an item with `*` or `?` these
 * stand for any letters and for one, dots too, as in the shell (fnmatch(3) without flags):
 * "*.downsample.0" means "layer2.0.downsample.0.weight". */
COP_API bool cop_name_listed(const char *name, const cop_string_list *list);

/* Refuses (COP_INVALID) a list with an item that means no prunable parameter of the model; names
 * the item and a parameter that there is. */
COP_API cop_status cop_check_listed(const cop_model *model, const cop_string_list *list,
                                    cop_error *err);

/* The same for a plan: refuses an item of the list that means no prunable parameter of the ticket's
 * model. The message begins with the option's name. */
COP_API cop_status cop_plan_check_listed(const cop_plan *p, const char *option,
                                         const cop_string_list *list, cop_error *err);

/* A zeroed tensor of that type (F32 or F64) for every tensor of the mask that the list does not
 * name: for the scores of the weights that may go. The host's, until finish returns. */
COP_API cop_status cop_work_scores(cop_work *w, cop_dtype dtype, const cop_string_list *exclude,
                                   cop_tensors **out, cop_error *err);

COP_END

#endif
