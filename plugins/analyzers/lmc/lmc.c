/* lmc.c: linear mode connectivity (Frankle et al. 2020): loss and error along the straight line
 * between two copies of a ticket that differ in SGD noise alone.
 *
 * At α the network is W2 + α(W1 − W2); at 0 and 1 the copies themselves. Running statistics are
 * interpolated like weights (McDermott & Cummings 2023) or re-estimated on training images at every
 * point, the ends included. Each step is one evaluation on training and test data. */
#include "lmc.h"

#include <stdlib.h>

typedef struct lmc {
    lmc_options o;
    lmc_numbering numbering;
    /* Caches of the work at hand: compiled objectives and the weights under evaluation. */
    cop_objective *train, *test, *statistics;
    cop_tensors *point;
} lmc;

static cop_status lmc_create(const void *values, const cop_task *task, void **out, cop_error *err)
{
    (void)task;
    lmc *self = calloc(1, sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    self->o = *(const lmc_options *)values;
    *out = self;
    return COP_OK;
}

static void drop_caches(lmc *self)
{
    cop_objective_free(self->train);
    cop_objective_free(self->test);
    cop_objective_free(self->statistics);
    cop_tensors_free(self->point);
    self->train = NULL;
    self->test = NULL;
    self->statistics = NULL;
    self->point = NULL;
}

static void lmc_destroy(void *state)
{
    drop_caches(state);
    free(state);
}

/* Images that one evaluation looks at. */
static double images_a_step(const lmc *self, const cop_plan *plan)
{
    int64_t train = cop_plan_train_count(plan), test = cop_plan_test_count(plan);
    if (self->o.train_size > 0 && self->o.train_size < train)
        train = self->o.train_size;
    if (self->o.test_size > 0 && self->o.test_size < test)
        test = self->o.test_size;
    return (double)(train + test);
}

static cop_status lmc_plan(void *state, cop_plan *plan, cop_error *err)
{
    lmc *self = state;
    if (cop_plan_copies(plan) < 1)
        return cop_fail(err, COP_INVALID,
                        "there are no trained copies to look at (study.copies, "
                        "ticket.retrain)");
    self->numbering = lmc_numbering_make(&self->o, cop_plan_copies(plan),
                                         cop_model_buffer_count(cop_plan_model(plan)) > 0);
    cop_plan_need_dense(plan);
    cop_plan_steps(plan, lmc_steps(&self->numbering));
    cop_plan_flops(plan, (double)lmc_steps(&self->numbering) * images_a_step(self, plan) *
                             cop_model_forward_flops(cop_plan_model(plan)));
    if (!self->o.control_init)
        return COP_OK;
    cop_training_request other = {.label = "dense network from another initialisation",
                                  .data = COP_DATA_REAL,
                                  .start = COP_START_INIT,
                                  .init = 1};
    return cop_plan_train(plan, &other, err);
}

static cop_status open_objective(const lmc *self, const cop_analyzer_input *in,
                                 const cop_work *work, const cop_samples *data, int64_t count,
                                 cop_objective **out, cop_error *err)
{
    cop_objective_spec spec = {.model = in->model,
                               .data = data,
                               .count = count < data->count ? count : 0,
                               .batch = self->o.batch,
                               .mode = COP_MODE_EVAL,
                               .threads = cop_work_threads(work)};
    return cop_objective_new(&spec, out, err);
}

static cop_status lmc_begin(void *state, const cop_analyzer_input *in, cop_work *work,
                            cop_tensors *bag, cop_error *err)
{
    lmc *self = state;
    drop_caches(self);
    if ((int64_t)in->copy_count != self->numbering.copies || in->dense_count != in->copy_count)
        return cop_fail(err, COP_FAILED,
                        "%zu copies and %zu of the dense network, wanted %lld each", in->copy_count,
                        in->dense_count, (long long)self->numbering.copies);
    if (self->numbering.copy_pairs == 0)
        cop_say(
            cop_work_logger(work), COP_LOG_WARNING,
            "lmc: one copy makes no pair, so there is no line and no barrier; only its accuracy "
            "is tabulated (study.copies = 2 makes a pair)");
    COP_TRY(open_objective(self, in, work, cop_work_train_data(work), self->o.train_size,
                           &self->train, err));
    COP_TRY(open_objective(self, in, work, cop_work_test_data(work), self->o.test_size, &self->test,
                           err));
    COP_TRY(open_objective(self, in, work, cop_work_train_data(work), self->o.reestimate_size,
                           &self->statistics, err));
    self->point = cop_tensors_clone(in->copies[0]);
    if (self->point == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    return cop_tensors_add(bag, "curve", COP_F64,
                           cop_shape2(lmc_steps(&self->numbering), LMC_MEASURES), NULL, err);
}

static const cop_tensors *network(const lmc *self, const cop_analyzer_input *in,
                                  const cop_work *work, int64_t j)
{
    int64_t copies = self->numbering.copies;
    if (j < copies)
        return in->copies[j];
    if (j < 2 * copies)
        return in->dense[j - copies];
    return cop_work_trained(work, 0);
}

/* Moves the point from W2 towards W1: both were checked to have its layout by cop_tensors_copy. */
static void move_towards(cop_tensors *point, const cop_tensors *first, double alpha)
{
    for (size_t i = 0; i < cop_tensors_count(point); i++) {
        const cop_tensor *to = cop_tensors_at(point, i);
        if (to->dtype != COP_F32)
            continue;
        float *w = cop_f32(to);
        const float *w1 = cop_f32(cop_tensors_at(first, i));
        for (int64_t j = 0; j < cop_shape_count(to->shape); j++)
            w[j] = (float)((double)w[j] + alpha * ((double)w1[j] - (double)w[j]));
    }
}

/* Puts the network that a step evaluates into self->point. */
static cop_status place(lmc *self, const cop_analyzer_input *in, const cop_work *work, lmc_point p,
                        cop_error *err)
{
    int64_t first = p.network, second = p.network;
    if (p.network < 0)
        lmc_pair_at(&self->numbering, p.pair, &first, &second);
    const cop_tensors *w1 = network(self, in, work, first);
    const cop_tensors *w2 = network(self, in, work, second);
    if (w1 == NULL || w2 == NULL)
        return cop_fail(err, COP_FAILED, "the network of another initialisation is missing");
    COP_TRY(cop_tensors_copy(self->point, w1, err)); /* that it has the layout */
    COP_TRY(cop_tensors_copy(self->point, w2, err));
    if (p.network < 0)
        move_towards(self->point, w1, lmc_alpha(&self->numbering, p.k));
    if (self->numbering.modes[p.mode] == LMC_REESTIMATE)
        return cop_objective_reestimate(self->statistics, self->point, err);
    return COP_OK;
}

/* A dense copy that is one of the ticket's (where nothing is pruned yet) is evaluated once. */
static bool known(const lmc *self, const cop_analyzer_input *in, lmc_point p, double *curve,
                  double *row)
{
    int64_t j = p.network - self->numbering.copies;
    if (p.network < 0 || j < 0 || j >= self->numbering.copies || in->dense[j] != in->copies[j])
        return false;
    lmc_point same = {.mode = p.mode, .network = j, .pair = -1};
    const double *from = curve + LMC_MEASURES * lmc_step_of(&self->numbering, same);
    for (int m = 0; m < LMC_MEASURES; m++)
        row[m] = from[m];
    return true;
}

static cop_status lmc_step(void *state, const cop_analyzer_input *in, cop_work *work,
                           cop_tensors *bag, int64_t i, cop_error *err)
{
    lmc *self = state;
    lmc_point p = lmc_point_at(&self->numbering, i);
    double *curve = cop_f64(cop_tensors_find(bag, "curve"));
    double *row = curve + LMC_MEASURES * i;
    cop_evaluation train, test;
    if (known(self, in, p, curve, row))
        return COP_OK;
    COP_TRY(place(self, in, work, p, err));
    COP_TRY(cop_objective_evaluate(self->train, self->point, &train, err));
    COP_TRY(cop_objective_evaluate(self->test, self->point, &test, err));
    row[LMC_TRAIN_LOSS] = train.loss;
    row[LMC_TRAIN_ERROR] = 1.0 - train.accuracy;
    row[LMC_TEST_LOSS] = test.loss;
    row[LMC_TEST_ERROR] = 1.0 - test.accuracy;
    cop_work_report(work, "test error %.2f %%", 100.0 * row[LMC_TEST_ERROR]);
    return COP_OK;
}

static cop_status lmc_finish(void *state, const cop_analyzer_input *in, cop_work *work,
                             cop_tensors *bag, cop_tables *out, cop_error *err)
{
    (void)in;
    lmc *self = state;
    double chance = cop_samples_chance(cop_work_test_data(work), self->o.test_size);
    cop_status status = lmc_report(&self->numbering, &self->o, chance,
                                   cop_f64(cop_tensors_find(bag, "curve")), out, err);
    drop_caches(self);
    return status;
}

static const char *const statistics_names[] = {"interpolate", "reestimate", "both", NULL};
static const char *const pair_names[] = {"all", "first", NULL};

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
                  "Stable: the test error barrier is below this", .unit = "%"),
    COP_OPT_FLOAT(lmc_options, matching_threshold, "0.2", 0, 100,
                  "Matching: the test accuracy is at most this below the dense network's",
                  .unit = "%"),
    COP_OPT_BOOL(lmc_options, control, "false",
                 "Also the line from the first copy to itself: its barrier is 0"),
    COP_OPT_BOOL(lmc_options, control_init, "false",
                 "Also dense networks from two initialisations (trains one more): a large barrier"),
};

static const cop_analyzer_ops ops = {.size = sizeof(cop_analyzer_ops),
                                     .create = lmc_create,
                                     .destroy = lmc_destroy,
                                     .plan = lmc_plan,
                                     .begin = lmc_begin,
                                     .step = lmc_step,
                                     .finish = lmc_finish};

COP_EXPORT const cop_plugin coppice_plugin = {
    COP_PLUGIN_HEADER(COP_KIND_ANALYZER, COP_ANALYZER_INTERFACE),
    .id = "lmc",
    .version = "1.0.0",
    .results_version = "3",
    .summary = "Linear mode connectivity: loss and error on the line between trained copies",
    .author = "The Coppice authors",
    .licence = "MIT",
    .citation = "J. Frankle et al., Linear Mode Connectivity and the Lottery Ticket Hypothesis, "
                "ICML 2020",
    .options = option_table,
    .option_count = sizeof option_table / sizeof option_table[0],
    .options_size = sizeof(lmc_options),
    .ops = &ops,
};
