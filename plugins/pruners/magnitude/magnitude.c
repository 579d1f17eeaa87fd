/* magnitude.c: magnitude pruning at initialisation: the smallest weights that the ticket would
 * start from go, before anything is trained. A baseline of the papers on pruning at initialisation
 * (Frankle et al. 2021, Pruning Neural Networks at Initialization: Why Are We Missing the Mark?);
 * `imp` prunes by what a training made of them.
 *
 * Defaults: one shot to a sparsity, all layers together. Where the weights' scale differs between
 * layers, as it does with every fan-in initialisation, layers of many inputs go first: at high
 * sparsities whole layers may (Tanaka et al. 2020). Departures: none. */
#include <coppice/plugin.h>

#include <math.h>

typedef struct options {
    double sparsity, rate;
    int32_t scope;
    cop_string_list exclude;
} options;

static cop_prune_amount amount(const options *o)
{
    return (cop_prune_amount){COP_SIZED(cop_prune_amount), .scope = o->scope,
                              .sparsity = o->sparsity, .rate = o->rate, .exclude = &o->exclude};
}

static cop_status plan_magnitude(const void *given, cop_plan *plan, cop_error *err)
{
    const cop_prune_amount a = amount(given);
    return cop_plan_prune(plan, &a, err);
}

static cop_status finish_magnitude(void *self, cop_work *work, cop_error *err)
{
    const options *o = self;
    const cop_prune_amount a = amount(o);
    const cop_tensors *weights = NULL;
    cop_tensors *scores = NULL;
    COP_TRY(cop_work_initial(work, &weights, err));
    COP_TRY(cop_work_scores(work, COP_F32, &o->exclude, &scores, err));
    for (size_t i = 0; i < cop_tensors_count(scores); i++) {
        const cop_tensor *score = cop_tensors_at(scores, i);
        const cop_tensor *w = cop_tensors_find(weights, score->name);
        if (w == NULL)
            return cop_fail(err, COP_FAILED, "the ticket has no '%s'", score->name);
        for (int64_t k = 0; k < cop_shape_count(score->shape); k++)
            cop_f32(score)[k] = fabsf(cop_f32(w)[k]);
    }
    return cop_work_prune(work, scores, &a, err);
}

static const cop_option option_table[] = {
    COP_OPT_SPARSITY(options, sparsity, "0.9", 0),
    COP_OPT_RATE(options, rate),
    COP_OPT_SCOPE(options, scope, "global"),
    COP_OPT_EXCLUDE(options, exclude),
};

COP_PLUGIN(PRUNER, .id = "magnitude", .version = "1.0.0", .results_version = "1",
           .summary = "Magnitude pruning at initialisation: the smallest first weights go",
           .author = "The Coppice authors", .licence = "MIT",
           .citation = "J. Frankle et al., Pruning Neural Networks at Initialization: Why Are We "
                       "Missing the Mark?, ICLR 2021",
           COP_OPTIONS(options, option_table),
           .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = plan_magnitude,
                                        .finish = finish_magnitude},
           .defaults = "the one-shot baseline of Frankle et al. (2021): all layers together.");
