/* rigl.c: dynamic sparse training in rounds, as RigL (Evci et al. 2020) does it in steps: the first
 * round leaves a density of random weights; each later one, after a training, drops a share of the
 * smallest weights left and brings as many back where the gradient is largest. */
#include <coppice/plugin.h>

#include <math.h>

typedef struct options {
    double density, drop;
    int64_t per_class;
} options;

static bool is_first(const cop_plan *plan)
{
    return cop_plan_weights_left(plan) == cop_model_prunable_count(cop_plan_model(plan));
}

static cop_status plan_rigl(const void *given, cop_plan *plan, cop_error *err)
{
    const options *o = given;
    (void)err;
    int64_t left = cop_plan_weights_left(plan);
    cop_plan_need_trained(plan);
    cop_plan_regrows(plan);
    if (left >= 0)
        cop_plan_leave(plan, is_first(plan) ? cop_share_of(o->density, left) : left);
    return COP_OK;
}

static cop_status start(const options *o, cop_work *work, cop_error *err)
{
    cop_tensors *scores = NULL;
    COP_TRY(cop_work_scores(work, COP_F32, NULL, &scores, err));
    for (size_t i = 0; i < cop_tensors_count(scores); i++) {
        const cop_tensor *score = cop_tensors_at(scores, i);
        cop_stream stream = cop_work_stream(work, "scores", i);
        for (int64_t k = 0; k < cop_shape_count(score->shape); k++)
            cop_f32(score)[k] = cop_stream_uniform(&stream);
    }
    return cop_mask_keep_share(cop_work_next_mask(work), scores, o->density, false, err);
}

/* The `count` smallest weights go. */
static cop_status drop(cop_tensors *mask, const cop_tensors *scores, const cop_tensors *trained,
                       int64_t count, cop_error *err)
{
    for (size_t i = 0; i < cop_tensors_count(scores); i++) {
        const cop_tensor *score = cop_tensors_at(scores, i);
        const float *w = cop_f32(cop_tensors_find(trained, score->name));
        for (int64_t k = 0; k < cop_shape_count(score->shape); k++)
            cop_f32(score)[k] = fabsf(w[k]);
    }
    return cop_mask_remove_lowest(mask, scores, count, err);
}

/* The `count` removed weights of largest gradient come back: of what is not there, the rest goes. */
static cop_status grow(const options *o, cop_work *work, cop_tensors *mask, cop_tensors *scores,
                       const cop_tensors *trained, int64_t count, cop_error *err)
{
    cop_objective *objective = NULL;
    int64_t samples = o->per_class * cop_task_classes(cop_work_task(work));
    COP_TRY(cop_work_sample_objective(work, samples, 0.0, &objective, err));
    cop_status status = cop_objective_gradient(objective, trained, scores, NULL, err);
    cop_objective_free(objective);
    COP_TRY(status);
    for (size_t i = 0; i < cop_tensors_count(scores); i++) {
        const cop_tensor *score = cop_tensors_at(scores, i), *m = cop_tensors_at(mask, i);
        for (int64_t k = 0; k < cop_shape_count(score->shape); k++)
            cop_f32(score)[k] = cop_f32(m)[k] != 0.0f ? INFINITY : fabsf(cop_f32(score)[k]);
    }
    int64_t kept = cop_mask_count(mask) + count;
    for (size_t i = 0; i < cop_tensors_count(mask); i++) {
        const cop_tensor *m = cop_tensors_at(mask, i);
        for (int64_t k = 0; k < cop_shape_count(m->shape); k++)
            cop_f32(m)[k] = 1.0f;
    }
    return cop_mask_remove_lowest(mask, scores, cop_mask_count(mask) - kept, err);
}

static cop_status finish_rigl(void *self, cop_work *work, cop_error *err)
{
    const options *o = self;
    const cop_tensors *trained = NULL;
    cop_tensors *mask = cop_work_next_mask(work), *scores = NULL;
    int64_t left = cop_mask_count(mask);
    if (left == cop_model_prunable_count(cop_work_model(work)))
        return start(o, work, err);
    COP_TRY(cop_work_trained(work, &trained, err));
    COP_TRY(cop_work_scores(work, COP_F32, NULL, &scores, err));
    int64_t count = cop_share_of(o->drop, left);
    COP_TRY(drop(mask, scores, trained, count, err));
    return grow(o, work, mask, scores, trained, count, err);
}

static const cop_option option_table[] = {
    COP_OPT_FLOAT(options, density, "0.5", 0, 1, "Share of the weights that there is throughout"),
    COP_OPT_FLOAT(options, drop, "0.3", 0, 1, "Share of these that each later round exchanges"),
    COP_OPT_INT(options, per_class, "10", 1, 1e6, "Training images, times the number of classes"),
};

COP_PLUGIN(PRUNER, .id = "rigl", .version = "0.0.1-dev", .results_version = "0",
           .summary = "Drops the smallest weights and grows where the gradient is largest",
           .author = "The Coppice authors", .licence = "MIT",
           .citation = "Evci et al., Rigging the Lottery: Making All Tickets Winners, ICML 2020",
           COP_OPTIONS(options, option_table),
           .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = plan_rigl,
                                        .finish = finish_rigl});
