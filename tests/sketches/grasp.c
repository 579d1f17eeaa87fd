/* grasp.c: GraSP (Wang et al. 2020). Score −w ∘ Hg, H and g of the loss with logits divided by
 * T = 200, over prunable weights alone, in evaluation mode, on 10 × classes training images drawn
 * without regard to class; the highest scores go. */
#include <coppice/plugin.h>

#include <stdlib.h>

typedef struct options {
    double rate, temperature;
    int64_t per_class;
} options;

/* So many of the round's samples, in a random order; the caller's. */
static cop_status draw(const cop_work *work, int64_t samples, int64_t **out, cop_error *err)
{
    cop_stream stream = cop_work_stream(work, "sample", 0);
    *out = calloc((size_t)samples, sizeof **out);
    if (*out == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_stream_permutation(&stream, *out, samples);
    return COP_OK;
}

static cop_status open_objective(const options *o, cop_work *work, cop_objective **out,
                                 cop_error *err)
{
    const cop_samples *data = NULL;
    int64_t *order = NULL;
    COP_TRY(cop_work_round_data(work, &data, err));
    COP_TRY(draw(work, cop_samples_count(data), &order, err));
    int64_t wanted = o->per_class * cop_task_classes(cop_work_task(work));
    const cop_objective_spec spec = {
        COP_SIZED(cop_objective_spec),
        .model = cop_work_model(work),
        .data = data,
        .index = order,
        .count = wanted < cop_samples_count(data) ? wanted : cop_samples_count(data),
        .mode = COP_MODE_EVAL,
        .logit_scale = 1.0 / o->temperature,
        .threads = cop_work_threads(work)};
    cop_status status = cop_objective_new(&spec, out, err);
    free(order);
    return status;
}

/* Scores whose lowest go: +w ∘ Hg, in the place of Hg. */
static cop_status score(cop_objective *objective, const cop_tensors *weights, cop_tensors *gradient,
                        cop_tensors *product, cop_error *err)
{
    COP_TRY(cop_objective_gradient(objective, weights, gradient, NULL, err));
    COP_TRY(cop_objective_hessian_product(objective, weights, gradient, product, err));
    for (size_t i = 0; i < cop_tensors_count(product); i++) {
        const cop_tensor *hg = cop_tensors_at(product, i);
        const float *w = cop_f32(cop_tensors_find(weights, hg->name));
        for (int64_t k = 0; k < cop_shape_count(hg->shape); k++)
            cop_f32(hg)[k] *= w[k];
    }
    return COP_OK;
}

static cop_status finish_grasp(void *self, cop_work *work, cop_error *err)
{
    const options *o = self;
    const cop_tensors *weights = NULL;
    cop_tensors *product = NULL;
    cop_objective *objective = NULL;
    const cop_string_list none = {0};
    COP_TRY(cop_work_initial(work, &weights, err));
    COP_TRY(cop_work_scores(work, COP_F32, &none, &product, err));
    COP_TRY(open_objective(o, work, &objective, err));
    cop_tensors *gradient = cop_tensors_clone(product);
    cop_status status = gradient != NULL ? score(objective, weights, gradient, product, err)
                                         : cop_fail(err, COP_FAILED, "out of memory");
    cop_tensors_free(gradient);
    cop_objective_free(objective);
    COP_TRY(status);
    return cop_mask_remove_share(cop_work_next_mask(work), product, o->rate, false, err);
}

static const cop_option option_table[] = {
    {.name = "rate",
     .help = "Share of the weights that goes",
     .type = COP_OPTION_FLOAT,
     .offset = offsetof(options, rate),
     .def = "0.9",
     .min = 0,
     .max = 1},
    {.name = "temperature",
     .help = "Logits are divided by this",
     .type = COP_OPTION_FLOAT,
     .offset = offsetof(options, temperature),
     .def = "200",
     .min = 1e-6,
     .max = 1e9},
    {.name = "per_class",
     .help = "Training images, times the number of classes",
     .type = COP_OPTION_INT,
     .offset = offsetof(options, per_class),
     .def = "10",
     .min = 1,
     .max = 1e6},
};

COP_PLUGIN(PRUNER, .id = "grasp", .version = "0.0.1-dev", .results_version = "0",
           .summary = "Prunes at initialisation by the effect on gradient flow",
           .author = "The Coppice authors", .licence = "MIT",
           .citation = "Wang et al., Picking Winning Tickets Before Training by Preserving "
                       "Gradient Flow, ICLR 2020",
           COP_OPTIONS(options, option_table),
           .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .finish = finish_grasp});
