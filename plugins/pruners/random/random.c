/* random.c: random pruning, the control of every pruning paper: as many weights go as magnitude
 * pruning would take, whichever they are. Nothing is trained for it.
 *
 * How a share is divided among layers: `uniform` takes it of all layers together, or of each by
 * itself (scope); `erk` gives each layer the Erdős–Rényi-Kernel density (Evci et al. 2020, Rigging
 * the Lottery), which leaves more of small layers; `like` takes the layers' shares from a file with
 * another ticket's mask (coppice export --mask) or weights. For a ticket of the study itself
 * ticket.controls = ["random"] draws masks with its shares.
 *
 * Departures of `erk` from RigL's code: the layers' numbers are rounded so that they add up to the
 * share exactly, and not each of them down; excluded layers are no part of the share in both. */
#include "erk.h"
#include "like.h"

#include <coppice/plugin.h>

#include <stdlib.h>
#include <string.h>

enum { UNIFORM = 0, ERK = 1 };

static const char *const distributions[] = {[UNIFORM] = "uniform", [ERK] = "erk", NULL};

typedef struct options {
    double sparsity, rate;
    int32_t distribution, scope;
    const char *like;
    cop_string_list exclude;
} options;

/* Of ERK's densities the sum over the layers is what is asked for. */
static cop_prune_amount amount(const options *o)
{
    return (cop_prune_amount){COP_SIZED(cop_prune_amount),
                              .scope = o->distribution == ERK ? COP_SCOPE_GLOBAL : o->scope,
                              .sparsity = o->sparsity, .rate = o->rate, .exclude = &o->exclude};
}

/* What a dense network comes to in this round by the file's shares; checks the file for it. */
static cop_status count_like(const options *o, const like_file *file, cop_plan *plan, int64_t *left,
                             cop_error *err)
{
    const cop_model *model = cop_plan_model(plan);
    const int64_t round = cop_plan_round(plan), rounds = cop_plan_rounds(plan);
    bool prunes = false;
    for (size_t i = 0; i < cop_model_parameter_count(model); i++) {
        const cop_parameter *p = cop_model_parameter(model, i);
        int64_t count = p->prunable ? cop_shape_count(p->shape) : 0;
        if (p->prunable && !cop_name_listed(p->name, &o->exclude)) {
            COP_TRY(like_count(file, p->name, p->shape, round, rounds, &count, err));
            prunes = true;
        }
        *left += count;
    }
    if (!prunes)
        return cop_fail(err, COP_INVALID, "exclude leaves no weights to prune");
    return COP_OK;
}

static cop_status plan_like(const options *o, cop_plan *plan, cop_error *err)
{
    const cop_model *model = cop_plan_model(plan);
    like_file file = {0};
    int64_t left = 0;
    if (o->sparsity > 0.0 || o->distribution != UNIFORM || cop_plan_states(plan, "rate") ||
        cop_plan_states(plan, "scope"))
        return cop_fail(err, COP_INVALID,
                        "like takes the layers' shares from a file: sparsity, rate, distribution "
                        "and scope have no say then");
    if (cop_model_prunable_count(model) == 0)
        return cop_fail(err, COP_INVALID, "the model has no prunable weights");
    COP_TRY(cop_plan_check_listed(plan, "exclude", &o->exclude, err));
    COP_TRY(like_open(o->like, &file, err));
    cop_status status = count_like(o, &file, plan, &left, err);
    like_close(&file);
    if (status == COP_OK && cop_plan_weights_left(plan) == cop_model_prunable_count(model))
        cop_plan_leave(plan, left);
    return status;
}

static cop_status plan_random(const void *given, cop_plan *plan, cop_error *err)
{
    const options *o = given;
    const cop_prune_amount a = amount(o);
    if (o->distribution == ERK && o->scope == COP_SCOPE_LAYER)
        return cop_fail(err, COP_INVALID,
                        "distribution = \"erk\" divides the share among layers: scope = \"layer\" "
                        "has no say");
    return o->like[0] != '\0' ? plan_like(o, plan, err) : cop_plan_prune(plan, &a, err);
}

/* Scores are uniform draws of 32 bits, a stream for each tensor of the mask. */
static cop_status draw_scores(cop_work *work, const options *o, cop_tensors **scores,
                              cop_error *err)
{
    const cop_tensors *mask = cop_work_next_mask(work);
    COP_TRY(cop_work_scores(work, COP_F64, &o->exclude, scores, err));
    for (size_t i = 0; i < cop_tensors_count(mask); i++) {
        const cop_tensor *score = cop_tensors_find(*scores, cop_tensors_at(mask, i)->name);
        cop_stream stream = cop_work_stream(work, "scores", i);
        for (int64_t j = 0; score != NULL && j < cop_shape_count(score->shape); j++)
            cop_f64(score)[j] = (double)cop_stream_u32(&stream);
    }
    return COP_OK;
}

/* Of one layer the lowest scores go, until its target is left. */
static cop_status prune_layer(cop_tensors *mask, const cop_tensor *score, const erk_layer *layer,
                              cop_error *err)
{
    cop_tensor *own = NULL;
    cop_tensors *one = cop_tensors_new();
    if (one == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = cop_tensors_add(one, score->name, COP_F64, score->shape, &own, err);
    if (status == COP_OK) {
        memcpy(own->data, score->data, (size_t)cop_shape_count(score->shape) * sizeof(double));
        status = cop_mask_remove_lowest(mask, one, layer->left - layer->target, err);
    }
    cop_tensors_free(one);
    return status;
}

/* What each layer is to keep: its part of as many as the options say, by ERK. */
static cop_status divide(cop_work *work, const options *o, const cop_tensors *scores,
                         erk_layer *layers, cop_error *err)
{
    const cop_prune_amount a = amount(o);
    int64_t kept = 0, left = 0;
    COP_TRY(cop_work_prune_target(work, scores, &a, &kept, &left, err));
    erk_divide(layers, cop_tensors_count(scores), left);
    return COP_OK;
}

/* Or what the file says; a layer that has fewer keeps them. */
static cop_status follow(cop_work *work, const options *o, const cop_tensors *scores,
                         erk_layer *layers, cop_error *err)
{
    like_file file = {0};
    COP_TRY(like_open(o->like, &file, err));
    cop_status status = COP_OK;
    for (size_t i = 0; status == COP_OK && i < cop_tensors_count(scores); i++) {
        erk_layer *l = &layers[i];
        status = like_count(&file, cop_tensors_at(scores, i)->name, l->shape, cop_work_round(work),
                            cop_work_rounds(work), &l->target, err);
        l->target = l->target < l->left ? l->target : l->left;
    }
    like_close(&file);
    return status;
}

static cop_status prune_layers(cop_work *work, const options *o, const cop_tensors *scores,
                               erk_layer *layers, cop_error *err)
{
    cop_tensors *mask = cop_work_next_mask(work);
    size_t count = cop_tensors_count(scores);
    for (size_t i = 0; i < count; i++) {
        const cop_tensor *score = cop_tensors_at(scores, i);
        const cop_tensor *m = cop_tensors_find(mask, score->name);
        layers[i] = (erk_layer){.shape = score->shape, .left = cop_mask_tensor_count(m)};
    }
    if (o->like[0] != '\0')
        COP_TRY(follow(work, o, scores, layers, err));
    else
        COP_TRY(divide(work, o, scores, layers, err));
    for (size_t i = 0; i < count; i++)
        COP_TRY(prune_layer(mask, cop_tensors_at(scores, i), &layers[i], err));
    return COP_OK;
}

static cop_status finish_random(void *self, cop_work *work, cop_error *err)
{
    const options *o = self;
    const cop_prune_amount a = amount(o);
    cop_tensors *scores = NULL;
    COP_TRY(draw_scores(work, o, &scores, err));
    if (o->distribution == UNIFORM && o->like[0] == '\0')
        return cop_work_prune(work, scores, &a, err);
    erk_layer *layers = calloc(cop_tensors_count(scores) + 1, sizeof *layers);
    if (layers == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = prune_layers(work, o, scores, layers, err);
    free(layers);
    return status;
}

static const cop_option option_table[] = {
    COP_OPT_RATE(options, rate),
    COP_OPT_SPARSITY(options, sparsity, "0", COP_OPTION_ADDED),
    COP_OPT_ENUM(options, distribution, "uniform", distributions,
                 "How the share is divided among layers: as `scope` says, or by the "
                 "Erdos-Renyi-Kernel rule",
                 .flags = COP_OPTION_ADDED),
    COP_OPT_SCOPE(options, scope, "global"),
    COP_OPT_PATH(
        options, like, "",
        "File of a mask, or of weights with zeros, whose share of each layer is left after "
        "the phase's last round, in place of rate, sparsity, distribution and scope",
        .flags = COP_OPTION_ADDED),
    COP_OPT_EXCLUDE(options, exclude),
};

COP_PLUGIN(PRUNER, .id = "random", .version = "1.1.0", .results_version = "1",
           .summary = "Random pruning: a share of the weights goes, whichever they are",
           .author = "The Coppice authors", .licence = "MIT",
           .citation = "for ERK: U. Evci et al., Rigging the Lottery: Making All Tickets Winners, "
                       "ICML 2020",
           COP_OPTIONS(options, option_table),
           .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = plan_random,
                                        .finish = finish_random},
           .defaults = "those of imp, whose control it is.",
           .departures = "of ERK from RigL's code: the layers' numbers are rounded so that they "
                         "add up to the share exactly, and not each of them down.");
