/* imp.c: iterative magnitude pruning (Frankle & Carbin 2019): after each training the weights of
 * smallest magnitude go, a fixed share of those left; the framework rewinds and repeats.
 *
 * With r weights left exactly round(rate · r) go, over all prunable tensors together or in each by
 * itself; ties go by tensor order, then index. (open_lth removes ceil(rate · r) + 1, as its
 * threshold weight goes too.) */
#include <coppice/plugin.h>

#include <math.h>
#include <stdlib.h>

typedef struct options {
    double rate;
    int32_t scope;
    cop_string_list exclude;
} options;

/* The instance is the options, which outlive it. */
static cop_status imp_create(const void *values, const cop_task *task, void **out, cop_error *err)
{
    (void)task;
    options *self = malloc(sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    *self = *(const options *)values;
    *out = self;
    return COP_OK;
}

static void imp_destroy(void *self)
{
    free(self);
}

static cop_status imp_plan(void *state, cop_plan *plan, cop_error *err)
{
    const options *self = state;
    cop_plan_need_trained(plan);
    cop_plan_steps(plan, 0);
    if (cop_check_listed(cop_plan_model(plan), &self->exclude, err) != COP_OK)
        return cop_fail_within(err, "exclude");
    return COP_OK;
}

static cop_status imp_begin(void *self, const cop_pruner_input *in, cop_work *work,
                            cop_tensors *bag, cop_error *err)
{
    (void)self;
    (void)in;
    (void)work;
    (void)bag;
    (void)err;
    return COP_OK;
}

static cop_status imp_step(void *self, const cop_pruner_input *in, cop_work *work, cop_tensors *bag,
                           int64_t i, cop_error *err)
{
    (void)self;
    (void)in;
    (void)work;
    (void)bag;
    return cop_fail(err, COP_FAILED, "there is no step %lld", (long long)i);
}

/* Adds |w| of every tensor that may lose weights. */
static cop_status add_magnitudes(const options *self, const cop_pruner_input *in,
                                 cop_tensors *scores, cop_error *err)
{
    for (size_t i = 0; i < cop_tensors_count(in->mask); i++) {
        const cop_tensor *mask = cop_tensors_at(in->mask, i);
        const cop_tensor *weight = cop_tensors_find(in->trained, mask->name);
        cop_tensor *score = NULL;
        if (cop_name_listed(mask->name, &self->exclude))
            continue;
        if (weight == NULL || !cop_shape_equal(weight->shape, mask->shape))
            return cop_fail(err, COP_FAILED, "the trained state has no '%s' of the mask's shape",
                            mask->name);
        COP_TRY(cop_tensors_add(scores, mask->name, COP_F32, mask->shape, &score, err));
        const float *w = cop_f32(weight);
        float *magnitude = cop_f32(score);
        for (int64_t j = 0; j < cop_shape_count(mask->shape); j++)
            magnitude[j] = fabsf(w[j]);
    }
    return COP_OK;
}

static cop_status imp_finish(void *state, const cop_pruner_input *in, cop_work *work,
                             cop_tensors *bag, cop_tensors *mask, cop_error *err)
{
    (void)work;
    (void)bag;
    const options *self = state;
    cop_tensors *scores = cop_tensors_new();
    if (scores == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = add_magnitudes(self, in, scores, err);
    if (status == COP_OK)
        status =
            cop_mask_remove_share(mask, scores, self->rate, self->scope == COP_SCOPE_LAYER, err);
    cop_tensors_free(scores);
    return status;
}

static const cop_option option_table[] = {
    COP_OPT_RATE(options, rate),
    COP_OPT_SCOPE(options, scope, "global"),
    COP_OPT_EXCLUDE(options, exclude),
};

static const cop_pruner_ops ops = {.size = sizeof(cop_pruner_ops),
                                   .create = imp_create,
                                   .destroy = imp_destroy,
                                   .plan = imp_plan,
                                   .begin = imp_begin,
                                   .step = imp_step,
                                   .finish = imp_finish};

COP_EXPORT const cop_plugin coppice_plugin = {
    COP_PLUGIN_HEADER(COP_KIND_PRUNER, COP_PRUNER_INTERFACE),
    .id = "imp",
    .version = "1.0.0",
    .results_version = "1",
    .summary = "Iterative magnitude pruning: the smallest trained weights go",
    .author = "The Coppice authors",
    .licence = "MIT",
    .citation = "J. Frankle & M. Carbin, The Lottery Ticket Hypothesis, ICLR 2019",
    .options = option_table,
    .option_count = sizeof option_table / sizeof option_table[0],
    .options_size = sizeof(options),
    .ops = &ops,
};
