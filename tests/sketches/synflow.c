/* synflow.c (sketch): SynFlow (Tanaka et al. 2020), iterative pruning at initialisation without
 * data. Score |w ∘ ∂R/∂w|, R the summed logits of the network with every parameter and buffer
 * replaced by its absolute value, in evaluation mode, on an all-ones image; in double precision,
 * where deep networks do not overflow. One step is one iteration of an exponential schedule. */
#include <coppice/coppice.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct synflow_options {
    int64_t iterations;
    double keep; /* share of the weights left after the round */
} synflow_options;

static const cop_option options[] = {{.name = "iterations",
                                      .help = "steps of the exponential schedule",
                                      .type = COP_OPTION_INT,
                                      .offset = offsetof(synflow_options, iterations),
                                      .def = "100",
                                      .min = 1,
                                      .max = 1e6},
                                     {.name = "keep",
                                      .help = "share of the weights that is left",
                                      .type = COP_OPTION_FLOAT,
                                      .offset = offsetof(synflow_options, keep),
                                      .def = "0.1",
                                      .min = 0,
                                      .max = 1}};

static cop_status synflow_create(const void *opts, const cop_task *task, void **self,
                                 cop_error *err)
{
    (void)task;
    const synflow_options **instance = malloc(sizeof(synflow_options *));
    if (instance == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    *instance = opts;
    *self = (void *)instance;
    return COP_OK;
}

static const synflow_options *options_of(void *self)
{
    return *(const synflow_options **)self;
}

static cop_status synflow_plan(void *self, cop_plan *plan, cop_error *err)
{
    (void)err;
    cop_plan_steps(plan, options_of(self)->iterations); /* no training is asked for */
    return COP_OK;
}

static cop_status synflow_begin(void *self, const cop_pruner_input *in, cop_work *work,
                                cop_tensors *bag, cop_error *err)
{
    (void)self;
    (void)work;
    for (size_t i = 0; i < cop_tensors_count(in->mask); i++) {
        const cop_tensor *mask = cop_tensors_at(in->mask, i);
        cop_tensor *copy = NULL;
        COP_TRY(cop_tensors_add(bag, mask->name, COP_F32, mask->shape, &copy, err));
        memcpy(copy->data, mask->data, (size_t)cop_shape_count(mask->shape) * sizeof(float));
    }
    return COP_OK;
}

/* |masked weight| as doubles, one array per parameter and buffer. */
static double *absolute(const cop_tensors *state, const cop_tensors *mask, const cop_parameter *p)
{
    int64_t n = cop_shape_count(p->shape);
    double *values = malloc((size_t)n * sizeof *values);
    const cop_tensor *w = cop_tensors_find(state, p->name), *m = cop_tensors_find(mask, p->name);
    for (int64_t i = 0; values != NULL && i < n; i++)
        values[i] = fabs((double)cop_f32(w)[i]) * (m != NULL ? (double)cop_f32(m)[i] : 1.0);
    return values;
}

/* R and its gradients as nodes; params and buffers are inputs that get absolute values. */
static cop_status build(const cop_model *model, cop_graph *g, cop_node *params, cop_node *buffers,
                        cop_node x, cop_node *gradients, cop_error *err)
{
    cop_node *new_buffers = calloc(cop_model_buffer_count(model) + 1, sizeof *new_buffers);
    if (new_buffers == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_model_output out = {.new_buffers = new_buffers};
    cop_status status = cop_model_build(model, g, x, params, buffers, COP_MODE_EVAL, &out, err);
    if (status == COP_OK)
        status = cop_gradient(g, cop_total(g, out.logits), params, cop_model_parameter_count(model),
                              gradients, err);
    free(new_buffers);
    return status;
}

/* What one iteration evaluates: inputs (parameters, buffers), their values, the gradients' memory.
 */
typedef struct flow {
    size_t params, inputs;
    cop_node *nodes, *gradients;
    double **values, **results;
} flow;

static void flow_free(flow *f)
{
    for (size_t i = 0; f->values != NULL && i < f->inputs; i++)
        free(f->values[i]);
    for (size_t i = 0; f->results != NULL && i < f->params; i++)
        free(f->results[i]);
    free(f->nodes);
    free(f->gradients);
    free(f->values);
    free(f->results);
}

static cop_status flow_fill(flow *f, const cop_pruner_input *in, const cop_tensors *mask,
                            cop_error *err)
{
    f->params = cop_model_parameter_count(in->model);
    f->inputs = f->params + cop_model_buffer_count(in->model);
    f->nodes = calloc(f->inputs, sizeof *f->nodes);
    f->gradients = calloc(f->params, sizeof *f->gradients);
    f->values = calloc(f->inputs, sizeof *f->values);
    f->results = calloc(f->params, sizeof *f->results);
    bool ok = f->nodes != NULL && f->gradients != NULL && f->values != NULL && f->results != NULL;
    for (size_t i = 0; ok && i < f->inputs; i++) {
        const cop_parameter *p = i < f->params ? cop_model_parameter(in->model, i)
                                               : cop_model_buffer(in->model, i - f->params);
        f->values[i] = absolute(in->initial, mask, p);
        if (i < f->params)
            f->results[i] = malloc((size_t)cop_shape_count(p->shape) * sizeof(double));
        ok = f->values[i] != NULL && (i >= f->params || f->results[i] != NULL);
    }
    return ok ? COP_OK : cop_fail(err, COP_FAILED, "out of memory");
}

static cop_status evaluate(flow *f, const cop_model *model, cop_graph *g, cop_error *err)
{
    const cop_task *task = cop_model_task(model);
    cop_node ones = cop_constant(g, cop_shape4(1, task->channels, task->height, task->width), 1.0);
    cop_model_inputs(model, g, "", f->nodes, f->nodes + f->params);
    COP_TRY(build(model, g, f->nodes, f->nodes + f->params, ones, f->gradients, err));
    return cop_evaluate_f64(g, f->nodes, (const double *const *)f->values, f->inputs, f->gradients,
                            f->results, f->params, err);
}

/* Scores |w| · ∂R/∂|w| (both are non-negative) as F64 tensors under the masks' names. */
static cop_status score(const flow *f, const cop_model *model, cop_tensors *scores, cop_error *err)
{
    for (size_t i = 0; i < f->params; i++) {
        const cop_parameter *p = cop_model_parameter(model, i);
        cop_tensor *tensor = NULL;
        if (!p->prunable)
            continue;
        COP_TRY(cop_tensors_add(scores, p->name, COP_F64, p->shape, &tensor, err));
        for (int64_t k = 0; k < cop_shape_count(p->shape); k++)
            cop_f64(tensor)[k] = f->values[i][k] * f->results[i][k];
    }
    return COP_OK;
}

static cop_status synflow_step(void *self, const cop_pruner_input *in, cop_work *work,
                               cop_tensors *bag, int64_t i, cop_error *err)
{
    (void)work;
    const synflow_options *o = options_of(self);
    flow f = {0};
    cop_graph *g = cop_graph_new();
    cop_tensors *scores = cop_tensors_new();
    cop_status status = g != NULL && scores != NULL ? flow_fill(&f, in, bag, err)
                                                    : cop_fail(err, COP_FAILED, "out of memory");
    if (status == COP_OK)
        status = evaluate(&f, in->model, g, err);
    if (status == COP_OK)
        status = score(&f, in->model, scores, err);
    if (status == COP_OK) {
        double left = pow(o->keep, (double)(i + 1) / (double)o->iterations);
        int64_t target = llround(left * (double)cop_mask_count(in->mask));
        status = cop_mask_remove_lowest(bag, scores, cop_mask_count(bag) - target, err);
    }
    flow_free(&f);
    cop_graph_free(g);
    cop_tensors_free(scores);
    return status;
}

static cop_status synflow_finish(void *self, const cop_pruner_input *in, cop_work *work,
                                 cop_tensors *bag, cop_tensors *mask, cop_error *err)
{
    (void)self;
    (void)in;
    (void)work;
    return cop_tensors_copy(mask, bag, err);
}

static const cop_pruner_ops ops = {.size = sizeof(cop_pruner_ops),
                                   .create = synflow_create,
                                   .destroy = free,
                                   .plan = synflow_plan,
                                   .begin = synflow_begin,
                                   .step = synflow_step,
                                   .finish = synflow_finish};

COP_EXPORT const cop_plugin coppice_plugin = {
    COP_PLUGIN_HEADER(COP_KIND_PRUNER, COP_PRUNER_INTERFACE),
    .id = "synflow",
    .version = "0.0.1-dev",
    .results_version = "0",
    .summary = "prunes at initialisation by synaptic flow",
    .author = "The Coppice authors",
    .licence = "MIT",
    .citation = "Tanaka et al., Pruning neural networks without any data by iteratively conserving "
                "synaptic flow, 2020",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_size = sizeof(synflow_options),
    .ops = &ops};
