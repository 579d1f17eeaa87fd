/* pruning.c: what most pruners' finish comes to: a sample of the data, and an amount that goes. */
#include "core/memory.h"
#include "core/sized.h"
#include "study/graph/plan.h"
#include "study/running/work.h"

#include <coppice/option_rows.h>
#include <coppice/pruner.h>

#include <stdlib.h>

cop_status cop_work_prune(cop_work *w, const cop_tensors *scores, const cop_prune_amount *given,
                          cop_error *err)
{
    cop_prune_amount a = {0};
    COP_TRY(cop_sized_take("an amount to prune", given, COP_LEAST(cop_prune_amount, exclude), &a,
                           sizeof a, err));
    bool layerwise = a.scope == COP_SCOPE_LAYER;
    cop_tensors *mask = cop_work_next_mask(w);
    if (mask == NULL)
        return cop_fail(err, COP_FAILED, "there is no mask to prune but in a pruner's finish");
    if (!(a.sparsity > 0.0))
        return cop_mask_remove_share(mask, scores, a.rate, layerwise, err);
    double density = cop_density_after(a.sparsity, cop_work_round(w), cop_work_rounds(w));
    return cop_mask_keep_share(mask, scores, density, layerwise, err);
}

cop_status cop_work_prune_target(cop_work *w, const cop_tensors *scores,
                                 const cop_prune_amount *given, int64_t *kept, int64_t *left,
                                 cop_error *err)
{
    cop_prune_amount a = {0};
    const cop_tensors *mask = NULL;
    int64_t all = 0;
    *kept = *left = 0;
    COP_TRY(cop_sized_take("an amount to prune", given, COP_LEAST(cop_prune_amount, exclude), &a,
                           sizeof a, err));
    COP_TRY(cop_work_mask(w, &mask, err));
    for (size_t i = 0; i < cop_tensors_count(scores); i++) {
        const cop_tensor *m = cop_tensors_find(mask, cop_tensors_at(scores, i)->name);
        all += m != NULL ? cop_shape_count(m->shape) : 0;
        *kept += m != NULL ? cop_mask_tensor_count(m) : 0;
    }
    double density = cop_density_after(a.sparsity, cop_work_round(w), cop_work_rounds(w));
    int64_t end =
        a.sparsity > 0.0 ? cop_share_of(density, all) : *kept - cop_share_of(a.rate, *kept);
    *left = end < *kept ? end : *kept;
    return COP_OK;
}

cop_status cop_prune_lowest(const void *options, cop_work *w, const cop_tensors *scores,
                            cop_error *err)
{
    const cop_prune_amount amount = cop_prune_amount_of(options);
    return cop_work_prune(w, scores, &amount, err);
}

cop_status cop_prune_target(const void *options, cop_work *w, const cop_tensors *scores,
                            int64_t *kept, int64_t *left, cop_error *err)
{
    const cop_prune_amount amount = cop_prune_amount_of(options);
    return cop_work_prune_target(w, scores, &amount, kept, left, err);
}

cop_status cop_work_sample_objective(cop_work *w, int64_t samples, double logit_scale,
                                     cop_objective **out, cop_error *err)
{
    const cop_samples *data = NULL;
    *out = NULL;
    COP_TRY(cop_work_round_data(w, &data, err));
    int64_t there = cop_samples_count(data);
    int64_t *order = calloc((size_t)there + 1, sizeof *order);
    if (order == NULL)
        return cop_out_of_memory(err);
    cop_stream stream = cop_work_stream(w, "sample", 0);
    cop_stream_permutation(&stream, order, there);
    const cop_objective_spec spec = {COP_SIZED(cop_objective_spec),
                                     .model = cop_work_model(w),
                                     .data = data,
                                     .index = order,
                                     .count = samples < there ? samples : there,
                                     .mode = COP_MODE_EVAL,
                                     .logit_scale = logit_scale,
                                     .threads = cop_work_threads(w)};
    cop_status status = cop_objective_new(&spec, out, err);
    free(order);
    return status;
}
