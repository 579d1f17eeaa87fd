/* magnitude.c: magnitude pruning at initialisation: the smallest weights that the ticket would
 * start from go, before anything is trained. A baseline of the papers on pruning at initialisation
 * (Frankle et al. 2021, Pruning Neural Networks at Initialization: Why Are We Missing the Mark?);
 * `imp` prunes by what a training made of them.
 *
 * Defaults: one shot to a sparsity, all layers together. Where the weights' scale differs between
 * layers, as it does with every fan-in initialisation, layers of many inputs go first: at high
 * sparsities whole layers may (Tanaka et al. 2020). Departures: none. */
#include <coppice/plugin.h>

static cop_status finish_magnitude(void *self, cop_work *work, cop_error *err)
{
    const cop_prune_options *o = self;
    const cop_tensors *weights = NULL;
    cop_tensors *scores = NULL;
    COP_TRY(cop_work_initial(work, &weights, err));
    COP_TRY(cop_work_scores(work, COP_F32, &o->exclude, &scores, err));
    COP_TRY(cop_scores_copy(scores, weights, err));
    cop_scores_absolute(scores);
    return cop_prune_lowest(o, work, scores, err);
}

static const cop_option option_table[] = {
    COP_OPT_SPARSITY(cop_prune_options, sparsity, "0.9", 0),
    COP_OPT_RATE(cop_prune_options, rate),
    COP_OPT_SCOPE(cop_prune_options, scope, "global"),
    COP_OPT_EXCLUDE(cop_prune_options, exclude),
};

COP_PLUGIN(PRUNER, .id = "magnitude", .version = "1.0.0", .results_version = "1",
           .summary = "Magnitude pruning at initialisation: the smallest first weights go",
           .author = "The Coppice authors", .licence = "MIT",
           .citation = "J. Frankle et al., Pruning Neural Networks at Initialization: Why Are We "
                       "Missing the Mark?, ICLR 2021",
           COP_OPTIONS(cop_prune_options, option_table),
           .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = cop_prune_plan,
                                        .finish = finish_magnitude},
           .defaults = "the one-shot baseline of Frankle et al. (2021): all layers together.");
