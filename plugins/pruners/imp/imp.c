/* imp.c: iterative magnitude pruning (Frankle & Carbin 2019): after each training the weights of
 * smallest magnitude go, a fixed share of those left; the framework rewinds and repeats.
 *
 * With r weights left exactly round(rate · r) go, over all prunable tensors together or in each by
 * itself; ties go by tensor order, then index. (open_lth removes ceil(rate · r) + 1, as its
 * threshold weight goes too.) */
#include <coppice/plugin.h>

#include <math.h>

typedef struct options {
    double rate;
    int32_t scope;
    cop_string_list exclude;
} options;

static cop_status plan_imp(const void *given, cop_plan *plan, cop_error *err)
{
    const options *o = given;
    const cop_prune_amount a = {COP_SIZED(cop_prune_amount), .scope = o->scope, .rate = o->rate,
                                .exclude = &o->exclude};
    cop_plan_need_trained(plan);
    return cop_plan_prune(plan, &a, err);
}

/* The magnitudes of one tensor's weights. */
static cop_status fill_magnitudes(const cop_tensors *trained, const cop_tensor *score,
                                  cop_error *err)
{
    const cop_tensor *weight = cop_tensors_find(trained, score->name);
    if (weight == NULL || !cop_shape_equal(weight->shape, score->shape))
        return cop_fail(err, COP_FAILED, "the trained state has no '%s' of the mask's shape",
                        score->name);
    for (int64_t j = 0; j < cop_shape_count(score->shape); j++)
        cop_f32(score)[j] = fabsf(cop_f32(weight)[j]);
    return COP_OK;
}

static cop_status finish_imp(void *self, cop_work *work, cop_error *err)
{
    const options *o = self;
    const cop_tensors *trained = NULL;
    cop_tensors *scores = NULL;
    COP_TRY(cop_work_trained(work, &trained, err));
    COP_TRY(cop_work_scores(work, COP_F32, &o->exclude, &scores, err));
    for (size_t i = 0; i < cop_tensors_count(scores); i++)
        COP_TRY(fill_magnitudes(trained, cop_tensors_at(scores, i), err));
    return cop_mask_remove_share(cop_work_next_mask(work), scores, o->rate,
                                 o->scope == COP_SCOPE_LAYER, err);
}

static const cop_option option_table[] = {
    COP_OPT_RATE(options, rate),
    COP_OPT_SCOPE(options, scope, "global"),
    COP_OPT_EXCLUDE(options, exclude),
};

COP_PLUGIN(
    PRUNER, .id = "imp", .version = "1.0.0", .results_version = "1",
    .summary = "Iterative magnitude pruning: the smallest trained weights go",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "J. Frankle & M. Carbin, The Lottery Ticket Hypothesis, ICLR 2019",
    COP_OPTIONS(options, option_table),
    .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = plan_imp, .finish = finish_imp},
    .defaults = "Frankle & Carbin: a fifth of the weights left goes in each round, over all "
                "layers together.",
    .departures = "round(rate · r) of r weights go; open_lth removes ceil(rate · r) + 1, as its "
                  "threshold weight goes too.");
