/* lmc.c: linear mode connectivity (Frankle et al. 2020): loss and error along the straight line
 * between two copies of a ticket that differ in SGD noise alone.
 *
 * At α the network is W2 + α(W1 − W2); at 0 and 1 the copies themselves. Running statistics are
 * interpolated like weights (McDermott & Cummings 2023) or re-estimated on training images at every
 * point, the ends included. With `layers` single layers move as well, each while the others stay
 * W2's (Chatterji et al. 2020, Adilova et al. 2024). With `align` the hidden channels of W1 are
 * permuted first to match those of W2 (Ainsworth et al. 2023), whatever network it is. Each step is
 * one evaluation on training and test data. */
#include "lmc.h"

#include "align.h"

#include <math.h>
#include <stdlib.h>

typedef struct lmc {
    const lmc_options *o;
    lmc_numbering numbering; /* from begin on */
    /* Caches: compiled objectives and the weights under evaluation. */
    cop_objective *train, *test, *statistics;
    cop_tensors *point;
    cop_symmetries *groups; /* NULL: nothing is aligned */
    cop_tensors *aligned;   /* the first network of that pair, aligned to the second */
    int64_t aligned_pair;   /* -1: none yet */
} lmc;

static cop_status create_lmc(const void *given, const cop_task *task, void **out, cop_error *err)
{
    (void)task;
    lmc *self = calloc(1, sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    self->o = given;
    self->aligned_pair = -1;
    *out = self;
    return COP_OK;
}

static void destroy_lmc(void *state)
{
    lmc *self = state;
    cop_objective_free(self->train);
    cop_objective_free(self->test);
    cop_objective_free(self->statistics);
    cop_tensors_free(self->point);
    cop_tensors_free(self->aligned);
    cop_symmetries_free(self->groups);
    free(self);
}

/* Images that one evaluation looks at. */
static double images_per_step(const lmc_options *o, const cop_plan *plan)
{
    int64_t train = cop_plan_train_count(plan), test = cop_plan_test_count(plan);
    if (o->train_size > 0 && o->train_size < train)
        train = o->train_size;
    if (o->test_size > 0 && o->test_size < test)
        test = o->test_size;
    return (double)(train + test);
}

static cop_status plan_lmc(const void *given, cop_plan *plan, cop_error *err)
{
    const lmc_options *o = given;
    if (cop_plan_copies(plan) < 1)
        return cop_fail(err, COP_INVALID,
                        "there are no trained copies to look at (study.copies, "
                        "ticket.retrain)");
    if (o->control_init && cop_plan_dense_copies(plan) == 0)
        return cop_fail(err, COP_INVALID,
                        "control_init = true compares dense networks, and there is none: "
                        "ticket.mask, and ticket.copies or a ticket.start without the weights "
                        "that it removes, are from files");
    const lmc_numbering numbering = lmc_numbering_make(
        o, cop_plan_copies(plan), cop_plan_dense_copies(plan), cop_plan_model(plan));
    if (!o->layers && cop_plan_states(plan, "layer_alphas"))
        cop_plan_warn(plan, "layer_alphas is read where layers = true alone");
    cop_plan_need_dense(plan);
    cop_plan_steps(plan, lmc_steps(&numbering));
    cop_plan_flops(plan, (double)lmc_steps(&numbering) * images_per_step(o, plan) *
                             cop_model_forward_flops(cop_plan_model(plan)));
    if (!o->control_init)
        return COP_OK;
    cop_training_request other = {COP_SIZED(cop_training_request),
                                  .label = "dense network from another initialisation",
                                  .data = COP_DATA_REAL, .start = COP_START_INIT, .init = 1};
    return cop_plan_train(plan, &other, err);
}

/* What aligning needs; distances are not known yet. */
static cop_status begin_aligning(lmc *self, cop_work *work, const cop_tensors *like, cop_error *err)
{
    cop_tensor *distances = NULL;
    COP_TRY(cop_model_symmetries(cop_work_model(work), &self->groups, err));
    if (cop_symmetries_count(self->groups) == 0)
        cop_say(
            cop_work_logger(work), COP_LOG_WARNING,
            "lmc: no channels of this network can be permuted: aligned copies are as they were");
    self->aligned = cop_tensors_clone(like);
    if (self->aligned == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    COP_TRY(cop_tensors_add(cop_work_bag(work), "distances", COP_F64,
                            cop_shape2(self->numbering.pairs, LMC_DISTANCES), &distances, err));
    for (int64_t i = 0; i < cop_shape_count(distances->shape); i++)
        cop_f64(distances)[i] = NAN;
    return COP_OK;
}

static cop_status begin_lmc(void *state, cop_work *work, cop_error *err)
{
    lmc *self = state;
    const lmc_options *o = self->o;
    const cop_samples *train = cop_work_train_data(work), *test = cop_work_test_data(work);
    const cop_tensors *first = NULL;
    size_t copies = cop_work_copy_count(work), dense = cop_work_dense_count(work);
    if (copies == 0 || (dense != copies && dense != 0))
        return cop_fail(err, COP_FAILED,
                        "%zu copies and %zu of the dense network, wanted as many of each", copies,
                        dense);
    self->numbering =
        lmc_numbering_make(self->o, (int64_t)copies, (int64_t)dense, cop_work_model(work));
    if (self->numbering.copy_pairs == 0)
        cop_say(
            cop_work_logger(work), COP_LOG_WARNING,
            "lmc: one copy makes no pair, so there is no line and no barrier; only its accuracy "
            "is tabulated (study.copies = 2 makes a pair)");
    COP_TRY(cop_work_objective(work, train, o->train_size, o->batch, &self->train, err));
    COP_TRY(cop_work_objective(work, test, o->test_size, o->batch, &self->test, err));
    COP_TRY(cop_work_objective(work, train, o->reestimate_size, o->batch, &self->statistics, err));
    COP_TRY(cop_work_copy(work, 0, &first, err));
    self->point = cop_tensors_clone(first);
    if (self->point == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    if (self->numbering.aligned_modes > 0)
        COP_TRY(begin_aligning(self, work, first, err));
    return cop_tensors_add(cop_work_bag(work), "curve", COP_F64,
                           cop_shape2(lmc_steps(&self->numbering), LMC_MEASURES), NULL, err);
}

static cop_status network(const lmc *self, cop_work *work, int64_t j, const cop_tensors **out,
                          cop_error *err)
{
    int64_t copies = self->numbering.copies;
    if (j < copies)
        return cop_work_copy(work, (size_t)j, out, err);
    if (j < copies + self->numbering.dense)
        return cop_work_dense(work, (size_t)(j - copies), out, err);
    return cop_work_requested(work, 0, out, err);
}

/* Moves the point, or its tensors of one layer (NULL: all), from W2 towards W1: cop_tensors_copy
 * checked that both have its shapes. */
static void move_towards(cop_tensors *point, const cop_tensors *first, const char *layer,
                         double alpha)
{
    for (size_t i = 0; i < cop_tensors_count(point); i++) {
        const cop_tensor *to = cop_tensors_at(point, i);
        if (to->dtype != COP_F32 || (layer != NULL && !lmc_is_in_layer(to->name, layer)))
            continue;
        float *w = cop_f32(to);
        const float *w1 = cop_f32(cop_tensors_at(first, i));
        for (int64_t j = 0; j < cop_shape_count(to->shape); j++)
            w[j] = (float)((double)w[j] + alpha * ((double)w1[j] - (double)w[j]));
    }
}

/* Makes *first the network aligned to `second`: once for the points of a pair, and after a resume
 * to the same bits. */
static cop_status align(lmc *self, cop_work *work, int64_t pair, const cop_tensors **first,
                        const cop_tensors *second, cop_error *err)
{
    const cop_model *model = cop_work_model(work);
    double *distances = cop_f64(cop_tensors_find(cop_work_bag(work), "distances"));
    if (self->aligned_pair != pair) {
        cop_stream stream = cop_work_stream(work, "align", (uint64_t)pair);
        cop_work_report(work, "aligning");
        self->aligned_pair = -1;
        COP_TRY(cop_tensors_copy(self->aligned, *first, err));
        COP_TRY(lmc_align(self->groups, model, second, self->aligned, &stream,
                          cop_work_threads(work), err));
        self->aligned_pair = pair;
        distances += pair * LMC_DISTANCES;
        distances[LMC_DISTANCE] = lmc_distance(model, *first, second);
        distances[LMC_ALIGNED_DISTANCE] = lmc_distance(model, self->aligned, second);
    }
    *first = self->aligned;
    return COP_OK;
}

/* Puts the network that a step evaluates into self->point. */
static cop_status place(lmc *self, cop_work *work, lmc_point p, cop_error *err)
{
    int64_t first = p.network, second = p.network;
    if (p.network < 0)
        lmc_pair_at(&self->numbering, p.pair, &first, &second);
    const cop_tensors *w1 = NULL, *w2 = NULL;
    char layer[COP_NAME_SIZE];
    COP_TRY(network(self, work, first, &w1, err));
    COP_TRY(network(self, work, second, &w2, err));
    COP_TRY(cop_tensors_copy(self->point, w1, err)); /* that it has the shapes */
    COP_TRY(cop_tensors_copy(self->point, w2, err));
    if (p.is_aligned)
        COP_TRY(align(self, work, p.pair, &w1, w2, err));
    if (p.layer > 0)
        lmc_layer_name(cop_work_model(work), p.layer, layer);
    if (p.network < 0)
        move_towards(self->point, w1, p.layer > 0 ? layer : NULL,
                     lmc_alpha(&self->numbering, p.layer, p.k));
    if (self->numbering.modes[p.mode] == LMC_REESTIMATE)
        return cop_objective_reestimate(self->statistics, self->point, err);
    return COP_OK;
}

/* A dense copy that is one of the ticket's (where nothing is pruned yet) is evaluated once. */
static bool known(const lmc *self, const cop_work *work, lmc_point p, double *curve, double *row)
{
    int64_t j = p.network - self->numbering.copies;
    if (p.network < 0 || j < 0 || j >= self->numbering.dense ||
        !cop_work_copy_is_dense(work, (size_t)j))
        return false;
    lmc_point same = {.mode = p.mode, .network = j, .pair = -1};
    const double *from = curve + LMC_MEASURES * lmc_step_of(&self->numbering, same);
    for (int m = 0; m < LMC_MEASURES; m++)
        row[m] = from[m];
    return true;
}

static cop_status step_lmc(void *state, cop_work *work, int64_t i, cop_error *err)
{
    lmc *self = state;
    lmc_point p = lmc_point_at(&self->numbering, i);
    double *curve = cop_f64(cop_tensors_find(cop_work_bag(work), "curve"));
    double *row = curve + LMC_MEASURES * i;
    cop_evaluation train = {COP_SIZED(cop_evaluation)}, test = {COP_SIZED(cop_evaluation)};
    if (known(self, work, p, curve, row))
        return COP_OK;
    COP_TRY(place(self, work, p, err));
    COP_TRY(cop_objective_evaluate(self->train, self->point, &train, err));
    COP_TRY(cop_objective_evaluate(self->test, self->point, &test, err));
    row[LMC_TRAIN_LOSS] = train.loss;
    row[LMC_TRAIN_ERROR] = 1.0 - train.accuracy;
    row[LMC_TEST_LOSS] = test.loss;
    row[LMC_TEST_ERROR] = 1.0 - test.accuracy;
    cop_work_report(work, "test error %.2f %%", 100.0 * row[LMC_TEST_ERROR]);
    return COP_OK;
}

static cop_status finish_lmc(void *state, cop_work *work, cop_error *err)
{
    const lmc *self = state;
    const double *curve = cop_f64(cop_tensors_find(cop_work_bag(work), "curve"));
    const cop_tensor *far = cop_tensors_find(cop_work_bag(work), "distances");
    double chance = cop_samples_chance(cop_work_test_data(work), self->o->test_size);
    COP_TRY(lmc_report(&self->numbering, chance, curve, far != NULL ? cop_f64(far) : NULL,
                       cop_work_tables(work), err));
    if (self->numbering.layers == 0)
        return COP_OK;
    return lmc_layer_table(&self->numbering, cop_work_model(work), curve, cop_work_tables(work),
                           err);
}

static const char *const statistics_names[] = {"interpolate", "reestimate", "both", NULL};
static const char *const pair_names[] = {"all", "first", NULL};
static const char *const align_names[] = {"none", "weights", NULL};

static const cop_option option_table[] = {
    COP_OPT_INT(lmc_options, alphas, "11", 2, 1001, "Points on the line, both ends included"),
    COP_OPT_ENUM(lmc_options, statistics, "interpolate", statistics_names,
                 "Running statistics on the line: interpolated, re-estimated, or both"),
    COP_OPT_ENUM(lmc_options, pairs, "all", pair_names,
                 "All pairs of copies, or only the first two"),
    COP_OPT_FIRST_IMAGES(lmc_options, train_size, "0", 100000000,
                         "Evaluate on the first N training images"),
    COP_OPT_FIRST_IMAGES(lmc_options, test_size, "0", 100000000,
                         "Evaluate on the first N test images"),
    COP_OPT_FIRST_IMAGES(lmc_options, reestimate_size, "10000", 100000000,
                         "Re-estimate statistics on the first N training images"),
    COP_OPT_INT(lmc_options, batch, "256", 1, 65536, "Images a pass", .flags = COP_OPTION_ADVANCED,
                .unit = "images"),
    COP_OPT_FLOAT(lmc_options, stable_threshold, "2.0", 0, 100,
                  "Stable: the test error barrier is below this", .flags = COP_OPTION_JUDGEMENT,
                  .unit = "%"),
    COP_OPT_FLOAT(lmc_options, matching_threshold, "0.2", 0, 100,
                  "Matching: the test accuracy is at most this below the dense network's",
                  .flags = COP_OPTION_JUDGEMENT, .unit = "%"),
    COP_OPT_BOOL(lmc_options, control, "false",
                 "Also the line from the first copy to itself: its barrier is 0"),
    COP_OPT_BOOL(lmc_options, control_init, "false",
                 "Also dense networks from two initialisations (trains one more): a large barrier"),
    COP_OPT_BOOL(lmc_options, layers, "false",
                 "Also lines along which one layer moves alone from the second copy to the first "
                 "(Adilova et al. 2024): table lmc_layers",
                 .flags = COP_OPTION_ADDED),
    COP_OPT_INT(lmc_options, layer_alphas, "5", 2, 1001,
                "Points on the line of a layer, both ends included; read with layers = true",
                .flags = COP_OPTION_ADDED),
    COP_OPT_ENUM(lmc_options, align, "none", align_names,
                 "Also lines whose first network's hidden channels are permuted to match the "
                 "second's (Git Re-Basin, Ainsworth et al. 2023), running statistics always also "
                 "re-estimated; a mask's zeros move with their channels: table lmc_aligned",
                 .flags = COP_OPTION_ADDED),
};

COP_PLUGIN(
    ANALYZER, .id = "lmc", .version = "1.0.0", .results_version = "5",
    .summary = "Linear mode connectivity: loss and error on the line between trained copies",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "J. Frankle et al., Linear Mode Connectivity and the Lottery Ticket Hypothesis, "
                "ICML 2020",
    COP_OPTIONS(lmc_options, option_table),
    .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .create = create_lmc,
                                 .destroy = destroy_lmc, .plan = plan_lmc, .begin = begin_lmc,
                                 .step = step_lmc, .finish = finish_lmc, .judge = lmc_judge},
    .defaults = "11 points as in McDermott & Cummings, with running statistics interpolated; "
                "the thresholds, 2 % for stable and 0.2 % for matching, are Frankle et al.'s, "
                "who take 30 points.",
    .departures = "statistics can be re-estimated at every point, and controls be measured. "
                  "Pruned weights stay zero on the line; in McDermott & Cummings' code they are "
                  "alive on it. With align a channel's biases and scales count in a match, running "
                  "statistics do not; a network without statistics is not rescaled (REPAIR for "
                  "those is not done).");
