/* imp.c: iterative magnitude pruning (Frankle & Carbin 2019): after each training the weights of
 * smallest magnitude go, a fixed share of those left; the framework rewinds and repeats.
 *
 * With r weights left exactly round(rate · r) go, over all prunable tensors together or in each by
 * itself; ties go by tensor order, then index. (open_lth removes ceil(rate · r) + 1, as its
 * threshold weight goes too.) */
#include <coppice/plugin.h>

static cop_status plan_imp(const void *options, cop_plan *plan, cop_error *err)
{
    cop_plan_need_trained(plan);
    return cop_prune_plan(options, plan, err);
}

static cop_status finish_imp(void *self, cop_work *work, cop_error *err)
{
    const cop_prune_options *o = self;
    const cop_tensors *trained = NULL;
    cop_tensors *scores = NULL;
    COP_TRY(cop_work_trained(work, &trained, err));
    COP_TRY(cop_work_scores(work, COP_F32, &o->exclude, &scores, err));
    COP_TRY(cop_scores_copy(scores, trained, err));
    cop_scores_absolute(scores);
    return cop_prune_lowest(o, work, scores, err);
}

static const cop_option option_table[] = {
    COP_OPT_RATE(cop_prune_options, rate),
    COP_OPT_SCOPE(cop_prune_options, scope, "global"),
    COP_OPT_EXCLUDE(cop_prune_options, exclude),
};

COP_PLUGIN(
    PRUNER, .id = "imp", .version = "1.0.0", .results_version = "1",
    .summary = "Iterative magnitude pruning: the smallest trained weights go",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "J. Frankle & M. Carbin, The Lottery Ticket Hypothesis, ICLR 2019",
    COP_OPTIONS(cop_prune_options, option_table),
    .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = plan_imp, .finish = finish_imp},
    .defaults = "Frankle & Carbin: a fifth of the weights left goes in each round, over all "
                "layers together.",
    .departures = "round(rate · r) of r weights go; open_lth removes ceil(rate · r) + 1, as its "
                  "threshold weight goes too.");
