/* synflow.c: SynFlow (Tanaka et al. 2020): iterative pruning before training, without data. Score
 * |w ∘ ∂R/∂w|, R the summed logits of the network with every parameter and buffer replaced by its
 * absolute value, in evaluation mode, on an all-ones image; in double precision, where deep
 * networks do not overflow. One step is one iteration of an exponential schedule; the bag is the
 * mask.
 *
 * Defaults: 100 iterations to a sparsity, all layers together, in one round. As the score of what
 * flows into a unit is that of what flows out of it, no layer is emptied before the others: batch
 * norm in evaluation mode keeps that, normalisation by the image (instance, group, layer) does not.
 * With more rounds each goes on from the mask of the one before, by as many iterations.
 *
 * Departures: none in the scores; the authors' public code keeps what lies above the threshold's
 * score, here exactly as many weights are left as were asked for. */
#include <coppice/differentiate.h>
#include <coppice/plugin.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    cop_prune_options prune; /* without a row for the scope: all layers together */
    int64_t iterations;
} options;

/* Batch norm keeps statistics in buffers; a scale without any is of a norm by the image. */
static bool is_normalised_by_image(const cop_model *model)
{
    for (size_t i = 0; i < cop_model_parameter_count(model); i++)
        if (cop_model_parameter(model, i)->role == COP_ROLE_NORM_SCALE)
            return cop_model_buffer_count(model) == 0;
    return false;
}

static cop_status plan_synflow(const void *given, cop_plan *plan, cop_error *err)
{
    const options *o = given;
    if (is_normalised_by_image(cop_plan_model(plan)))
        cop_plan_warn(plan, "the model normalises by the image (instance, group or layer norm), "
                            "which scores do not flow through evenly: what keeps SynFlow from "
                            "emptying a layer holds with batch norm and without norm alone");
    cop_plan_steps(plan, o->iterations);
    /* Each iteration is a gradient on one image. */
    cop_plan_flops(plan,
                   3.0 * cop_model_forward_flops(cop_plan_model(plan)) * (double)o->iterations);
    return cop_prune_plan(o, plan, err);
}

static cop_status begin_synflow(void *self, cop_work *work, cop_error *err)
{
    (void)self;
    const cop_tensors *mask = NULL;
    COP_TRY(cop_work_mask(work, &mask, err));
    for (size_t i = 0; i < cop_tensors_count(mask); i++) {
        const cop_tensor *from = cop_tensors_at(mask, i);
        cop_tensor *to = NULL;
        COP_TRY(cop_tensors_add(cop_work_bag(work), from->name, COP_F32, from->shape, &to, err));
        memcpy(to->data, from->data, (size_t)cop_shape_count(from->shape) * sizeof(float));
    }
    return COP_OK;
}

/* The network as a graph: an input for each parameter, then for each buffer; R's gradients in the
 * parameters. `memory` holds what the arrays point into, for whoever frees it. */
typedef struct flow {
    const cop_model *model;
    cop_graph *g;
    cop_tensors *memory; /* F64: the inputs' absolute values, then the gradients */
    size_t params, inputs;
    cop_node *nodes, *gradients;
    double **values, **results;
} flow;

static void flow_free(flow *f)
{
    cop_graph_free(f->g);
    cop_tensors_free(f->memory);
    free(f->nodes);
    free(f->values);
}

static const cop_parameter *input_at(const flow *f, size_t i)
{
    return i < f->params ? cop_model_parameter(f->model, i)
                         : cop_model_buffer(f->model, i - f->params);
}

static cop_status flow_open(flow *f, const cop_model *model, cop_error *err)
{
    *f = (flow){.model = model,
                .g = cop_graph_new(),
                .memory = cop_tensors_new(),
                .params = cop_model_parameter_count(model)};
    f->inputs = f->params + cop_model_buffer_count(model);
    f->nodes = calloc(f->inputs + f->params, sizeof *f->nodes);
    f->values = calloc(f->inputs + f->params, sizeof *f->values);
    if (f->g == NULL || f->memory == NULL || f->nodes == NULL || f->values == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    f->gradients = f->nodes + f->inputs;
    f->results = f->values + f->inputs;
    for (size_t i = 0; i < f->inputs + f->params; i++) {
        const cop_parameter *p = input_at(f, i % f->inputs);
        char name[COP_NAME_SIZE];
        cop_tensor *tensor = NULL;
        (void)snprintf(name, sizeof name, "%zu", i);
        COP_TRY(cop_tensors_add(f->memory, name, COP_F64, p->shape, &tensor, err));
        f->values[i] = cop_f64(tensor);
    }
    return COP_OK;
}

/* |masked weight|, and |buffer|. */
static void fill(const flow *f, const cop_tensors *state, const cop_tensors *mask)
{
    for (size_t i = 0; i < f->inputs; i++) {
        const cop_parameter *p = input_at(f, i);
        const float *w = cop_f32(cop_tensors_find(state, p->name));
        const cop_tensor *m = cop_tensors_find(mask, p->name);
        for (int64_t k = 0; k < cop_shape_count(p->shape); k++)
            f->values[i][k] = fabs((double)w[k]) * (m != NULL ? (double)cop_f32(m)[k] : 1.0);
    }
}

static cop_status differentiate(flow *f, cop_error *err)
{
    const cop_task *t = cop_model_task(f->model);
    cop_node ones = cop_constant(f->g, cop_task_shape(t, 1), 1.0);
    const cop_model_output *out = NULL;
    cop_model_inputs(f->model, f->g, "", f->nodes, f->nodes + f->params);
    COP_TRY(cop_model_build(f->model, f->g, ones, f->nodes, f->nodes + f->params, COP_MODE_EVAL,
                            &out, err));
    COP_TRY(cop_gradient(f->g, cop_total(f->g, cop_model_output_get_logits(out)), f->nodes,
                         f->params, f->gradients, err));
    return cop_evaluate_f64(f->g, f->nodes, (const double *const *)f->values, f->inputs,
                            f->gradients, f->results, f->params, err);
}

/* |w| · ∂R/∂|w|, both of them non-negative. */
static void score(const flow *f, const cop_tensors *scores)
{
    for (size_t i = 0; i < f->params; i++) {
        const cop_tensor *s = cop_tensors_find(scores, input_at(f, i)->name);
        for (int64_t k = 0; s != NULL && k < cop_shape_count(s->shape); k++)
            cop_f64(s)[k] = f->values[i][k] * f->results[i][k];
    }
}

/* The scores of the network that the mask leaves. */
static cop_status fill_scores(cop_work *work, const cop_tensors *mask, const cop_tensors *scores,
                              cop_error *err)
{
    const cop_tensors *state = NULL;
    flow f;
    COP_TRY(cop_work_initial(work, &state, err));
    cop_status status = flow_open(&f, cop_work_model(work), err);
    if (status == COP_OK) {
        fill(&f, state, mask);
        status = differentiate(&f, err);
    }
    if (status == COP_OK)
        score(&f, scores);
    flow_free(&f);
    return status;
}

/* How many of `kept` weights are left after iteration i, when `left` are after the last one. */
static int64_t left_after(const options *o, int64_t kept, int64_t left, int64_t i)
{
    if (i + 1 == o->iterations || left >= kept)
        return left;
    double share = pow((double)left / (double)kept, (double)(i + 1) / (double)o->iterations);
    return llround(share * (double)kept);
}

static cop_status step_synflow(void *self, cop_work *work, int64_t i, cop_error *err)
{
    const options *o = self;
    cop_tensors *mask = cop_work_bag(work), *scores = NULL;
    int64_t kept = 0, left = 0;
    COP_TRY(cop_work_scores(work, COP_F64, &o->prune.exclude, &scores, err));
    COP_TRY(cop_prune_target(o, work, scores, &kept, &left, err));
    COP_TRY(fill_scores(work, mask, scores, err));
    int64_t excess = kept - left_after(o, kept, left, i);
    int64_t gone = i > 0 ? kept - left_after(o, kept, left, i - 1) : 0;
    return cop_mask_remove_lowest(mask, scores, excess - gone, err);
}

static cop_status finish_synflow(void *self, cop_work *work, cop_error *err)
{
    (void)self;
    return cop_tensors_copy(cop_work_next_mask(work), cop_work_bag(work), err);
}

static const cop_option option_table[] = {
    COP_OPT_SPARSITY(cop_prune_options, sparsity, "0.9", 0),
    COP_OPT_RATE(cop_prune_options, rate),
    COP_OPT_INT(options, iterations, "100", 1, 1e6,
                "Steps of the exponential schedule that a round takes", .unit = "iterations"),
    COP_OPT_EXCLUDE(cop_prune_options, exclude),
};

COP_PLUGIN(
    PRUNER, .id = "synflow", .version = "1.0.0", .results_version = "1",
    .summary = "SynFlow: prunes before training, without data, by synaptic flow",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "H. Tanaka et al., Pruning Neural Networks Without Any Data by Iteratively "
                "Conserving Synaptic Flow, NeurIPS 2020",
    COP_OPTIONS(options, option_table),
    .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = plan_synflow,
                                 .begin = begin_synflow, .step = step_synflow,
                                 .finish = finish_synflow},
    .defaults = "Tanaka et al.: 100 iterations on an exponential schedule, in double precision.",
    .departures = "exactly as many weights are left as were asked for, where the authors' code "
                  "keeps what lies above the threshold's score.");
