/* pruner.h (implemented in nn/, study/): the pruner kind: (ticket, trained weights, training data)
 * → the next mask. The loop around it — train, prune, rewind, repeat — is the framework's.
 *
 * A pruner implements cop_work_ops (work.h); finish changes cop_work_next_mask. What most pruners
 * share is below: scores of weights, of which the lowest go. */
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

/* Whether an option such as `exclude` means a parameter: an item is its name, or the beginning of
 * it up to a dot ("layers.conv.0" means "layers.conv.0.weight"). */
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
