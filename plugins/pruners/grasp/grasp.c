/* grasp.c: GraSP (Wang, Zhang & Grosse 2020): pruning before training so that gradients flow. Score
 * −w ∘ Hg, with H and g of the loss whose logits are divided by T = 200, over the prunable weights
 * alone; the highest scores go, which are those whose removal lowers the gradient's norm least, or
 * raises it.
 *
 * Defaults: one shot to a sparsity, all layers together, T = 200, 10 × classes training images, as
 * in the paper; evaluation mode, as in the public code that compares SNIP, GraSP and SynFlow
 * (Tanaka et al. 2020).
 *
 * Departures: the authors draw 10 images of each class, here as many are drawn without regard to
 * class (as in that public code); they score in training mode and draw the linear layers' weights
 * anew for it. Both count biases of no layer, as here. */
#include <coppice/plugin.h>

typedef struct options {
    cop_prune_options prune;
    double temperature;
    int64_t per_class;
} options;

static cop_status plan_grasp(const void *given, cop_plan *plan, cop_error *err)
{
    const options *o = given;
    int64_t samples = o->per_class * cop_task_classes(cop_plan_task(plan));
    /* A gradient is about three forward passes, a product with the Hessian six. */
    cop_plan_flops(plan, 9.0 * cop_model_forward_flops(cop_plan_model(plan)) * (double)samples);
    return cop_prune_plan(o, plan, err);
}

/* The product with the gradient over all prunable weights, or over those that are left. */
static cop_status multiply(const options *o, cop_work *work, const cop_tensors *weights,
                           cop_tensors *gradient, cop_tensors *product, cop_error *err)
{
    const cop_tensors *mask = NULL;
    cop_objective *objective = NULL;
    int64_t samples = o->per_class * cop_task_classes(cop_work_task(work));
    COP_TRY(cop_work_mask(work, &mask, err));
    COP_TRY(cop_work_sample_objective(work, samples, 1.0 / o->temperature, &objective, err));
    cop_status status = cop_objective_gradient(objective, weights, gradient, NULL, err);
    if (status == COP_OK && o->prune.iterative)
        cop_mask_apply(mask, gradient);
    if (status == COP_OK)
        status = cop_objective_hessian_product(objective, weights, gradient, product, err);
    cop_objective_free(objective);
    return status;
}

static cop_status finish_grasp(void *self, cop_work *work, cop_error *err)
{
    const options *o = self;
    const cop_tensors *weights = NULL, *mask = NULL;
    cop_tensors *scores = NULL;
    COP_TRY(o->prune.iterative ? cop_work_initial(work, &weights, err)
                               : cop_work_start(work, &weights, err));
    COP_TRY(cop_work_mask(work, &mask, err));
    COP_TRY(cop_work_scores(work, COP_F32, &o->prune.exclude, &scores, err));
    /* Layers that keep their weights are part of H and g, too. */
    cop_tensors *gradient = cop_tensors_clone(mask);
    cop_status status = gradient != NULL ? multiply(o, work, weights, gradient, scores, err)
                                         : cop_fail(err, COP_FAILED, "out of memory");
    cop_tensors_free(gradient);
    COP_TRY(status);
    /* +w ∘ Hg, of which the lowest go, in the place of Hg. */
    COP_TRY(cop_scores_multiply(scores, weights, err));
    return cop_prune_lowest(o, work, scores, err);
}

static const cop_option option_table[] = {
    COP_OPT_SPARSITY(cop_prune_options, sparsity, "0.9", 0),
    COP_OPT_RATE(cop_prune_options, rate),
    COP_OPT_SCOPE(cop_prune_options, scope, "global"),
    COP_OPT_ITERATIVE(cop_prune_options, iterative),
    COP_OPT_FLOAT(options, temperature, "200", 1e-6, 1e9, "Logits are divided by this"),
    COP_OPT_INT(options, per_class, "10", 1, 1e6,
                "Training images that H and g are of, times the number of classes; drawn without "
                "regard to class (the authors: so many of each)",
                .unit = "images"),
    COP_OPT_EXCLUDE(cop_prune_options, exclude),
};

COP_PLUGIN(PRUNER, .id = "grasp", .version = "1.0.0", .results_version = "1",
           .summary = "GraSP: prunes before training so that gradients flow",
           .author = "The Coppice authors", .licence = "MIT",
           .citation = "C. Wang, G. Zhang & R. Grosse, Picking Winning Tickets Before Training by "
                       "Preserving Gradient Flow, ICLR 2020",
           COP_OPTIONS(options, option_table),
           .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = plan_grasp,
                                        .finish = finish_grasp},
           .defaults =
               "Wang et al.: T = 200 and 10 x classes images; evaluation mode as in Tanaka et "
               "al.'s public code, which compares SNIP, GraSP and SynFlow.",
           .departures = "the authors draw 10 images of each class, here as many are drawn without "
                         "regard to class; they score in training mode and draw the linear layers' "
                         "weights anew for it.");
