/* grasp.c (sketch): GraSP (Wang et al. 2020). Score −w ∘ Hg, H and g of the loss with logits
 * divided by T = 200, over prunable weights only, in evaluation mode, on 10 × classes training
 * images drawn without regard to class; the highest scores go. */
#include <coppice/coppice.h>

#include <math.h>
#include <stdlib.h>

typedef struct grasp_options {
    double rate;
    double temperature;
    int64_t per_class;
} grasp_options;

static const cop_option options[] = {{.name = "rate",
                                      .help = "share of the weights that goes",
                                      .type = COP_OPTION_FLOAT,
                                      .offset = offsetof(grasp_options, rate),
                                      .def = "0.9",
                                      .min = 0,
                                      .max = 1},
                                     {.name = "temperature",
                                      .help = "logits are divided by this",
                                      .type = COP_OPTION_FLOAT,
                                      .offset = offsetof(grasp_options, temperature),
                                      .def = "200",
                                      .min = 1e-6,
                                      .max = 1e9},
                                     {.name = "per_class",
                                      .help = "training images, times the number of classes",
                                      .type = COP_OPTION_INT,
                                      .offset = offsetof(grasp_options, per_class),
                                      .def = "10",
                                      .min = 1,
                                      .max = 1e6}};

static cop_status grasp_create(const void *opts, const cop_task *task, void **self, cop_error *err)
{
    (void)task;
    const grasp_options **instance = malloc(sizeof(grasp_options *));
    if (instance == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    *instance = opts;
    *self = (void *)instance;
    return COP_OK;
}

static cop_status grasp_plan(void *self, cop_plan *plan, cop_error *err)
{
    (void)self;
    (void)err;
    cop_plan_steps(plan, 0); /* at initialisation, in one go */
    return COP_OK;
}

static cop_status grasp_begin(void *self, const cop_pruner_input *in, cop_work *work,
                              cop_tensors *bag, cop_error *err)
{
    (void)self;
    (void)in;
    (void)work;
    (void)bag;
    (void)err;
    return COP_OK;
}

static cop_status grasp_step(void *self, const cop_pruner_input *in, cop_work *work,
                             cop_tensors *bag, int64_t i, cop_error *err)
{
    (void)i;
    return grasp_begin(self, in, work, bag, err);
}

/* One zeroed tensor per prunable parameter, in a set: the direction that the Hessian acts on. */
static cop_status prunable_set(const cop_model *model, cop_tensors **out, cop_error *err)
{
    *out = cop_tensors_new();
    if (*out == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (size_t i = 0; i < cop_model_parameter_count(model); i++) {
        const cop_parameter *p = cop_model_parameter(model, i);
        if (p->prunable)
            COP_TRY(cop_tensors_add(*out, p->name, COP_F32, p->shape, NULL, err));
    }
    return COP_OK;
}

static int64_t *draw(cop_work *work, int64_t samples, int64_t *count)
{
    int64_t *order = malloc((size_t)samples * sizeof *order);
    cop_stream stream = cop_work_stream(work, "sample", 0);
    if (order != NULL)
        cop_stream_permutation(&stream, order, samples);
    *count = *count < samples ? *count : samples;
    return order;
}

/* Hg in `product`, turned into scores whose lowest go: +w ∘ Hg. */
static cop_status score(const cop_pruner_input *in, cop_objective *objective, cop_tensors *gradient,
                        cop_tensors *product, cop_error *err)
{
    COP_TRY(cop_objective_gradient(objective, in->initial, gradient, NULL, err));
    COP_TRY(cop_objective_hessian_product(objective, in->initial, gradient, product, err));
    for (size_t i = 0; i < cop_tensors_count(product); i++) {
        cop_tensor *hg = cop_tensors_at(product, i);
        const float *w = cop_f32(cop_tensors_find(in->initial, hg->name));
        for (int64_t k = 0; k < cop_shape_count(hg->shape); k++)
            cop_f32(hg)[k] *= w[k];
    }
    return COP_OK;
}

static cop_status grasp_finish(void *self, const cop_pruner_input *in, cop_work *work,
                               cop_tensors *bag, cop_tensors *mask, cop_error *err)
{
    (void)bag;
    const grasp_options *o = *(const grasp_options **)self;
    int64_t count = o->per_class * cop_model_task(in->model)->classes;
    int64_t *order = draw(work, in->data->count, &count);
    cop_tensors *gradient = NULL, *product = NULL;
    cop_objective *objective = NULL;
    const cop_objective_spec spec = {.model = in->model,
                                     .data = in->data,
                                     .index = order,
                                     .count = count,
                                     .mode = COP_MODE_EVAL,
                                     .logit_scale = 1.0 / o->temperature,
                                     .threads = cop_work_threads(work)};
    cop_status status = order != NULL ? COP_OK : cop_fail(err, COP_FAILED, "out of memory");
    if (status == COP_OK)
        status = cop_objective_new(&spec, &objective, err);
    if (status == COP_OK)
        status = prunable_set(in->model, &gradient, err);
    if (status == COP_OK)
        status = prunable_set(in->model, &product, err);
    if (status == COP_OK)
        status = score(in, objective, gradient, product, err);
    if (status == COP_OK)
        status = cop_mask_remove_lowest(mask, product,
                                        llround(o->rate * (double)cop_mask_count(mask)), err);
    cop_objective_free(objective);
    cop_tensors_free(gradient);
    cop_tensors_free(product);
    free(order);
    return status;
}

static const cop_pruner_ops ops = {.size = sizeof(cop_pruner_ops),
                                   .create = grasp_create,
                                   .destroy = free,
                                   .plan = grasp_plan,
                                   .begin = grasp_begin,
                                   .step = grasp_step,
                                   .finish = grasp_finish};

COP_EXPORT const cop_plugin coppice_plugin = {
    COP_PLUGIN_HEADER(COP_KIND_PRUNER, COP_PRUNER_INTERFACE),
    .id = "grasp",
    .version = "0.0.1-dev",
    .results_version = "0",
    .summary = "prunes at initialisation by the effect on gradient flow",
    .author = "The Coppice authors",
    .licence = "MIT",
    .citation = "Wang et al., Picking winning tickets before training by preserving gradient flow, "
                "2020",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_size = sizeof(grasp_options),
    .ops = &ops};
