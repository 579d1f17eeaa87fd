/* random.c: random pruning, the control of every pruning paper: as many weights go as magnitude
 * pruning would take, whichever they are. Nothing is trained for it.
 *
 * How a share is divided among layers: `uniform` takes it of all layers together, or of each by
 * itself (scope); `erk` gives each layer the Erdős–Rényi-Kernel density (Evci et al. 2020, Rigging
 * the Lottery), which leaves more of small layers. The layer-wise sparsities of a ticket of the
 * study are what ticket.controls = ["random"] draws masks with.
 *
 * Departures of `erk` from RigL's code: the layers' numbers are rounded so that they add up to the
 * share exactly, and not each of them down; excluded layers are no part of the share in both. */
#include "erk.h"

#include <coppice/plugin.h>

#include <stdlib.h>
#include <string.h>

enum { UNIFORM = 0, ERK = 1 };

static const char *const distributions[] = {[UNIFORM] = "uniform", [ERK] = "erk", NULL};

typedef struct options {
    double sparsity, rate;
    int32_t distribution, scope;
    cop_string_list exclude;
} options;

/* Of ERK's densities the sum over the layers is what is asked for. */
static cop_prune_amount amount(const options *o)
{
    return (cop_prune_amount){COP_SIZED(cop_prune_amount),
                              .scope = o->distribution == ERK ? COP_SCOPE_GLOBAL : o->scope,
                              .sparsity = o->sparsity, .rate = o->rate, .exclude = &o->exclude};
}

static cop_status plan_random(const void *given, cop_plan *plan, cop_error *err)
{
    const cop_prune_amount a = amount(given);
    return cop_plan_prune(plan, &a, err);
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

static int64_t ones(const cop_tensor *mask)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < cop_shape_count(mask->shape); i++)
        sum += cop_f32(mask)[i] != 0.0f;
    return sum;
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

static cop_status prune_layers(cop_tensors *mask, const cop_tensors *scores, erk_layer *layers,
                               int64_t total, cop_error *err)
{
    size_t count = cop_tensors_count(scores);
    for (size_t i = 0; i < count; i++) {
        const cop_tensor *score = cop_tensors_at(scores, i);
        const cop_tensor *m = cop_tensors_find(mask, score->name);
        layers[i] = (erk_layer){.shape = score->shape, .left = ones(m)};
    }
    erk_divide(layers, count, total);
    for (size_t i = 0; i < count; i++)
        COP_TRY(prune_layer(mask, cop_tensors_at(scores, i), &layers[i], err));
    return COP_OK;
}

static cop_status finish_random(void *self, cop_work *work, cop_error *err)
{
    const options *o = self;
    const cop_prune_amount a = amount(o);
    cop_tensors *scores = NULL;
    int64_t kept = 0, left = 0;
    COP_TRY(draw_scores(work, o, &scores, err));
    if (o->distribution == UNIFORM)
        return cop_work_prune(work, scores, &a, err);
    COP_TRY(cop_work_prune_target(work, scores, &a, &kept, &left, err));
    erk_layer *layers = calloc(cop_tensors_count(scores) + 1, sizeof *layers);
    if (layers == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = prune_layers(cop_work_next_mask(work), scores, layers, left, err);
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
           .defaults = "those of imp, whose control it is.");
