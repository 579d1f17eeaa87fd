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

typedef struct options {
    cop_prune_options prune;
    int64_t per_class;
} options;

static cop_status plan_snip(const void *given, cop_plan *plan, cop_error *err)
{
    const options *o = given;
    int64_t samples = o->per_class * cop_task_classes(cop_plan_task(plan));
    /* A backward pass costs about two forward passes. */
    cop_plan_flops(plan, 3.0 * cop_model_forward_flops(cop_plan_model(plan)) * (double)samples);
    return cop_prune_plan(o, plan, err);
}

static cop_status finish_snip(void *self, cop_work *work, cop_error *err)
{
    const options *o = self;
    const cop_tensors *weights = NULL;
    cop_tensors *scores = NULL;
    cop_objective *objective = NULL;
    int64_t samples = o->per_class * cop_task_classes(cop_work_task(work));
    COP_TRY(o->prune.iterative ? cop_work_initial(work, &weights, err)
                               : cop_work_start(work, &weights, err));
    COP_TRY(cop_work_scores(work, COP_F32, &o->prune.exclude, &scores, err));
    COP_TRY(cop_work_sample_objective(work, samples, 0.0, &objective, err));
    cop_status status = cop_objective_gradient(objective, weights, scores, NULL, err);
    cop_objective_free(objective);
    COP_TRY(status);
    /* |w · g| in the place of g. */
    COP_TRY(cop_scores_multiply(scores, weights, err));
    cop_scores_absolute(scores);
    return cop_prune_lowest(o, work, scores, err);
}

static const cop_option option_table[] = {
    COP_OPT_SPARSITY(cop_prune_options, sparsity, "0.9", 0),
    COP_OPT_RATE(cop_prune_options, rate),
    COP_OPT_SCOPE(cop_prune_options, scope, "global"),
    COP_OPT_ITERATIVE(cop_prune_options, iterative),
    COP_OPT_INT(
        options, per_class, "10", 1, 1e6,
        "Training images that the gradient is of, times the number of classes (the authors: "
        "one batch of 128)",
        .unit = "images"),
    COP_OPT_EXCLUDE(cop_prune_options, exclude),
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
