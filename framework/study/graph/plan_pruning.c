/* plan_pruning.c: what most pruners' plans come to: how many weights a round leaves. */
#include "core/sized.h"
#include "study/graph/plan.h"

#include <coppice/option_rows.h>
#include <coppice/pruner.h>

int64_t cop_plan_round(const cop_plan *p)
{
    return p->round;
}

int64_t cop_plan_rounds(cop_plan *p)
{
    cop_plan_need_rounds(p);
    return p->rounds;
}

/* The weights of the tensors that may be pruned; `density` < 1: that share of each, rounded. */
static int64_t candidates(const cop_model *model, const cop_string_list *exclude, double density)
{
    int64_t sum = 0;
    for (size_t i = 0; i < cop_model_parameter_count(model); i++) {
        const cop_parameter *p = cop_model_parameter(model, i);
        if (p->prunable && (exclude == NULL || !cop_name_listed(p->name, exclude)))
            sum += cop_share_of(density, cop_shape_count(p->shape));
    }
    return sum;
}

/* What a round that goes by the sparsity leaves, where it is known. */
static cop_status leave_density(cop_plan *p, const cop_prune_amount *a, int64_t count,
                                cop_error *err)
{
    bool layerwise = a->scope == COP_SCOPE_LAYER;
    double density = cop_density_after(a->sparsity, cop_plan_round(p), cop_plan_rounds(p));
    int64_t all = cop_model_prunable_count(p->model), left = p->weights_left;
    int64_t kept =
        layerwise ? candidates(p->model, a->exclude, density) : cop_share_of(density, count);
    if (left == all) {
        cop_plan_leave(p, all - count + kept);
        return COP_OK;
    }
    if (left < 0 || layerwise || count < all)
        return COP_OK;
    if (kept > left)
        return cop_fail(err, COP_INVALID,
                        "sparsity = %g leaves %lld of the %lld weights in round %lld of the phase, "
                        "and no more than %lld are there before it",
                        a->sparsity, (long long)kept, (long long)all,
                        (long long)cop_plan_round(p) + 1, (long long)left);
    cop_plan_leave(p, kept);
    return COP_OK;
}

cop_status cop_plan_prune(cop_plan *p, const cop_prune_amount *given, cop_error *err)
{
    static const cop_string_list none = {0};
    cop_prune_amount a = {0};
    COP_TRY(cop_sized_take("an amount to prune", given, COP_LEAST(cop_prune_amount, exclude), &a,
                           sizeof a, err));
    if (a.exclude == NULL)
        a.exclude = &none;
    if (cop_model_prunable_count(p->model) == 0)
        return cop_fail(err, COP_INVALID, "the model has no prunable weights");
    COP_TRY(cop_plan_check_listed(p, "exclude", a.exclude, err));
    int64_t count = candidates(p->model, a.exclude, 1.0);
    if (count == 0)
        return cop_fail(err, COP_INVALID, "exclude leaves no weights to prune");
    if (a.sparsity > 0.0 && cop_plan_states(p, "rate"))
        return cop_fail(err, COP_INVALID,
                        "sparsity = %g says how many weights go, and rate has no say: leave rate "
                        "out, or state sparsity = 0",
                        a.sparsity);
    if (a.sparsity > 0.0)
        return leave_density(p, &a, count, err);
    cop_plan_leave_share(p, a.rate, a.scope == COP_SCOPE_LAYER, a.exclude);
    return COP_OK;
}

cop_prune_amount cop_prune_amount_of(const cop_prune_options *o)
{
    return (cop_prune_amount){COP_SIZED(cop_prune_amount), .scope = o->scope,
                              .sparsity = o->sparsity, .rate = o->rate, .exclude = &o->exclude};
}

cop_status cop_prune_plan(const void *options, cop_plan *p, cop_error *err)
{
    const cop_prune_amount amount = cop_prune_amount_of(options);
    return cop_plan_prune(p, &amount, err);
}
