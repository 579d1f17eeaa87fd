/* snip.c: SNIP (Lee, Ajanthan & Torr 2019): pruning before training by connection sensitivity, the
 * change of the loss when a weight is taken away: |w · ∂L/∂w|, of which the lowest go.
 *
 * Defaults: one shot to a sparsity, all layers together, as the paper does; 90 % is one of the
 * sparsities that the papers on pruning at initialisation share. The gradient is that of the mean
 * loss over 10 × classes training images in evaluation mode, drawn without regard to class, as in
 * the public code that compares SNIP, GraSP and SynFlow (Tanaka et al. 2020).
 *
 * Departures: the authors take one batch of 128 (100 on MNIST) images, and an initialisation with
 * variance scaling of their own (here: the model's). Their normalisation of the scores to a sum of
 * 1 changes no order and is left out. */
#include <coppice/plugin.h>

#include <math.h>

typedef struct options {
    double sparsity, rate;
    int64_t per_class;
    int32_t scope;
    bool iterative;
    cop_string_list exclude;
} options;

static cop_prune_amount amount(const options *o)
{
    return (cop_prune_amount){COP_SIZED(cop_prune_amount), .scope = o->scope,
                              .sparsity = o->sparsity, .rate = o->rate, .exclude = &o->exclude};
}

static cop_status plan_snip(const void *given, cop_plan *plan, cop_error *err)
{
    const options *o = given;
    const cop_prune_amount a = amount(o);
    int64_t samples = o->per_class * cop_task_classes(cop_plan_task(plan));
    /* A backward pass costs about two forward passes. */
    cop_plan_flops(plan, 3.0 * cop_model_forward_flops(cop_plan_model(plan)) * (double)samples);
    return cop_plan_prune(plan, &a, err);
}

/* |w · g| in the place of g. */
static cop_status make_scores(const cop_tensors *weights, const cop_tensors *gradient,
                              cop_error *err)
{
    for (size_t i = 0; i < cop_tensors_count(gradient); i++) {
        const cop_tensor *g = cop_tensors_at(gradient, i);
        const cop_tensor *w = cop_tensors_find(weights, g->name);
        if (w == NULL)
            return cop_fail(err, COP_FAILED, "the ticket has no '%s'", g->name);
        for (int64_t k = 0; k < cop_shape_count(g->shape); k++)
            cop_f32(g)[k] = fabsf(cop_f32(w)[k] * cop_f32(g)[k]);
    }
    return COP_OK;
}

static cop_status finish_snip(void *self, cop_work *work, cop_error *err)
{
    const options *o = self;
    const cop_prune_amount a = amount(o);
    const cop_tensors *weights = NULL;
    cop_tensors *scores = NULL;
    cop_objective *objective = NULL;
    int64_t samples = o->per_class * cop_task_classes(cop_work_task(work));
    COP_TRY(o->iterative ? cop_work_initial(work, &weights, err)
                         : cop_work_start(work, &weights, err));
    COP_TRY(cop_work_scores(work, COP_F32, &o->exclude, &scores, err));
    COP_TRY(cop_work_sample_objective(work, samples, 0.0, &objective, err));
    cop_status status = cop_objective_gradient(objective, weights, scores, NULL, err);
    cop_objective_free(objective);
    COP_TRY(status);
    COP_TRY(make_scores(weights, scores, err));
    return cop_work_prune(work, scores, &a, err);
}

static const cop_option option_table[] = {
    COP_OPT_SPARSITY(options, sparsity, "0.9", 0),
    COP_OPT_RATE(options, rate),
    COP_OPT_SCOPE(options, scope, "global"),
    COP_OPT_ITERATIVE(options, iterative),
    COP_OPT_INT(
        options, per_class, "10", 1, 1e6,
        "Training images that the gradient is of, times the number of classes (the authors: "
        "one batch of 128)",
        .unit = "images"),
    COP_OPT_EXCLUDE(options, exclude),
};

COP_PLUGIN(
    PRUNER, .id = "snip", .version = "1.0.0", .results_version = "1",
    .summary = "SNIP: prunes before training what the loss is least sensitive to",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "N. Lee, T. Ajanthan & P. Torr, SNIP: Single-shot Network Pruning based on "
                "Connection Sensitivity, ICLR 2019",
    COP_OPTIONS(options, option_table),
    .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = plan_snip, .finish = finish_snip},
    .defaults = "Lee et al.: one shot, all layers together; 10 x classes images in evaluation "
                "mode as in Tanaka et al.'s public code.",
    .departures = "the authors take one batch of 128 (100 on MNIST) images and an initialisation "
                  "of their own. Their normalisation of the scores changes no order and is left "
                  "out.");
