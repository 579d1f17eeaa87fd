/* random.c: random pruning, the control of every pruning paper: as many weights go as magnitude
 * pruning would take, whichever they are. Nothing is trained for it. */
#include <coppice/plugin.h>

typedef struct options {
    double rate;
    int32_t scope;
    cop_string_list exclude;
} options;

static cop_status plan_random(const void *given, cop_plan *plan, cop_error *err)
{
    const options *o = given;
    cop_plan_leave_share(plan, o->rate, o->scope == COP_SCOPE_LAYER, &o->exclude);
    return cop_plan_check_listed(plan, "exclude", &o->exclude, err);
}

/* Scores are uniform draws of 32 bits, a stream for each tensor of the mask. */
static cop_status finish_random(void *self, cop_work *work, cop_error *err)
{
    const options *o = self;
    cop_tensors *mask = cop_work_next_mask(work), *scores = NULL;
    COP_TRY(cop_work_scores(work, COP_F64, &o->exclude, &scores, err));
    for (size_t i = 0; i < cop_tensors_count(mask); i++) {
        const cop_tensor *score = cop_tensors_find(scores, cop_tensors_at(mask, i)->name);
        cop_stream stream = cop_work_stream(work, "scores", i);
        for (int64_t j = 0; score != NULL && j < cop_shape_count(score->shape); j++)
            cop_f64(score)[j] = (double)cop_stream_u32(&stream);
    }
    return cop_mask_remove_share(mask, scores, o->rate, o->scope == COP_SCOPE_LAYER, err);
}

static const cop_option option_table[] = {
    COP_OPT_RATE(options, rate),
    COP_OPT_SCOPE(options, scope, "global"),
    COP_OPT_EXCLUDE(options, exclude),
};

COP_PLUGIN(PRUNER, .id = "random", .version = "1.0.0", .results_version = "1",
           .summary = "Random pruning: a share of the weights goes, whichever they are",
           .author = "The Coppice authors", .licence = "MIT", COP_OPTIONS(options, option_table),
           .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = plan_random,
                                        .finish = finish_random},
           .defaults = "those of imp, whose control it is.");
