/* random.c: random pruning, the control of every pruning paper: as many weights go as magnitude
 * pruning would take, whichever they are. Nothing is trained for it. */
#include <coppice/plugin.h>

#include <stdlib.h>

typedef struct options {
    double rate;
    int32_t scope;
    cop_string_list exclude;
} options;

/* The instance is the options, which outlive it. */
static cop_status random_create(const void *values, const cop_task *task, void **out,
                                cop_error *err)
{
    (void)task;
    options *self = malloc(sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    *self = *(const options *)values;
    *out = self;
    return COP_OK;
}

static void random_destroy(void *self)
{
    free(self);
}

static cop_status random_plan(void *state, cop_plan *plan, cop_error *err)
{
    const options *self = state;
    cop_plan_steps(plan, 0);
    if (cop_check_listed(cop_plan_model(plan), &self->exclude, err) != COP_OK)
        return cop_fail_within(err, "exclude");
    return COP_OK;
}

static cop_status random_begin(void *self, const cop_pruner_input *in, cop_work *work,
                               cop_tensors *bag, cop_error *err)
{
    (void)self;
    (void)in;
    (void)work;
    (void)bag;
    (void)err;
    return COP_OK;
}

static cop_status random_step(void *self, const cop_pruner_input *in, cop_work *work,
                              cop_tensors *bag, int64_t i, cop_error *err)
{
    (void)self;
    (void)in;
    (void)work;
    (void)bag;
    return cop_fail(err, COP_FAILED, "there is no step %lld", (long long)i);
}

/* Adds a uniform 32-bit draw for each weight of every tensor that may lose weights. */
static cop_status add_draws(const options *self, const cop_pruner_input *in, const cop_work *work,
                            cop_tensors *scores, cop_error *err)
{
    for (size_t i = 0; i < cop_tensors_count(in->mask); i++) {
        const cop_tensor *mask = cop_tensors_at(in->mask, i);
        cop_tensor *score = NULL;
        if (cop_name_listed(mask->name, &self->exclude))
            continue;
        COP_TRY(cop_tensors_add(scores, mask->name, COP_F64, mask->shape, &score, err));
        cop_stream stream = cop_work_stream(work, "scores", (uint64_t)i);
        double *draw = cop_f64(score);
        for (int64_t j = 0; j < cop_shape_count(mask->shape); j++)
            draw[j] = (double)cop_stream_u32(&stream);
    }
    return COP_OK;
}

static cop_status random_finish(void *state, const cop_pruner_input *in, cop_work *work,
                                cop_tensors *bag, cop_tensors *mask, cop_error *err)
{
    (void)bag;
    const options *self = state;
    cop_tensors *scores = cop_tensors_new();
    if (scores == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = add_draws(self, in, work, scores, err);
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
                                   .create = random_create,
                                   .destroy = random_destroy,
                                   .plan = random_plan,
                                   .begin = random_begin,
                                   .step = random_step,
                                   .finish = random_finish};

COP_EXPORT const cop_plugin coppice_plugin = {
    COP_PLUGIN_HEADER(COP_KIND_PRUNER, COP_PRUNER_INTERFACE),
    .id = "random",
    .version = "1.0.0",
    .results_version = "1",
    .summary = "Random pruning: a share of the weights goes, whichever they are",
    .author = "The Coppice authors",
    .licence = "MIT",
    .options = option_table,
    .option_count = sizeof option_table / sizeof option_table[0],
    .options_size = sizeof(options),
    .ops = &ops,
};
