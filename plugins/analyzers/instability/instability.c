/* instability.c: instability analysis against the training step (Frankle et al. 2020): a network is
 * trained for k steps, then copies of it are trained to the end with different SGD noise, and loss
 * and error are measured along the straight line between two of them. The k from which on there is
 * no barrier is when the network's end is decided, noise apart.
 *
 * The ticket at hand is what is trained: in round 0 the dense network. At k = 0 the copies are
 * those that the study trains anyway. Each step is one evaluation on training and test data. */
#include "instability.h"

#include <stdlib.h>

/* The noise of what the copies share: none of a copy's. */
#define TRUNK_NOISE (UINT64_C(1) << 32)

/* Nothing but caches, all from begin on. */
typedef struct instability {
    const instability_options *o;
    instability_numbering numbering;
    cop_objective *train, *test, *statistics;
    cop_tensors *point;
} instability;

static cop_status create_instability(const void *given, const cop_task *task, void **out,
                                     cop_error *err)
{
    (void)task;
    instability *self = calloc(1, sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    self->o = given;
    self->numbering = instability_numbering_make(self->o);
    *out = self;
    return COP_OK;
}

static void destroy_instability(void *state)
{
    instability *self = state;
    cop_objective_free(self->train);
    cop_objective_free(self->test);
    cop_objective_free(self->statistics);
    cop_tensors_free(self->point);
    free(self);
}

/* Whether copies of the branch part before anything is trained. */
static bool is_at_start(const instability_options *o, int64_t branch)
{
    return instability_part(o, branch).value == 0.0;
}

static cop_status check_options(const instability_options *o, cop_error *err)
{
    int64_t count = (int64_t)(o->epochs.count + o->steps.count);
    if (count == 0)
        return cop_fail(err, COP_INVALID,
                        "epochs and steps are empty: where are the copies to part?");
    for (int64_t i = 0; i < count; i++) {
        cop_duration at = instability_part(o, i);
        for (int64_t k = 0; k < i; k++) {
            cop_duration earlier = instability_part(o, k);
            if (earlier.value == at.value && (earlier.unit == at.unit || at.value == 0.0))
                return cop_fail(err, COP_INVALID, "copies are to part at %.0f %s twice", at.value,
                                at.unit == COP_EPOCHS ? "epochs" : "steps");
        }
    }
    return COP_OK;
}

/* Asks for what all copies share, with a snapshot wherever some part; nothing where all part at the
 * start. */
static cop_status plan_trunk(const instability_options *o, cop_plan *plan, cop_error *err)
{
    instability_numbering n = instability_numbering_make(o);
    cop_duration *at = calloc((size_t)n.branches, sizeof *at);
    cop_training_request trunk = {COP_SIZED(cop_training_request),
                                  .label = "what the copies share",
                                  .data = COP_DATA_REAL,
                                  .start = COP_START_TICKET,
                                  .noise = TRUNK_NOISE,
                                  .snapshots = at};
    if (at == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (int64_t b = 0; b < n.branches; b++)
        if (!is_at_start(o, b))
            at[trunk.snapshot_count++] = instability_part(o, b);
    cop_status status = trunk.snapshot_count > 0 ? cop_plan_train(plan, &trunk, err) : COP_OK;
    free(at);
    return status;
}

static cop_status plan_copies(const instability_options *o, int64_t branch, cop_plan *plan,
                              cop_error *err)
{
    for (int64_t c = 0; c < o->copies; c++) {
        cop_training_request copy = {COP_SIZED(cop_training_request),
                                     .label = "a copy from where they part",
                                     .data = COP_DATA_REAL,
                                     .start = COP_START_TICKET,
                                     .noise = (uint64_t)c,
                                     .keep_momentum = o->momentum};
        if (!is_at_start(o, branch)) {
            copy.start = COP_START_TRAINING;
            copy.at = instability_part(o, branch);
        }
        COP_TRY(cop_plan_train(plan, &copy, err));
    }
    return COP_OK;
}

/* Whether the first request is what the copies share. */
static bool has_trunk(const instability_options *o)
{
    int64_t count = (int64_t)(o->epochs.count + o->steps.count);
    return count > 1 || !is_at_start(o, 0);
}

static double images_per_step(const instability_options *o, const cop_plan *plan)
{
    int64_t train = cop_plan_train_count(plan), test = cop_plan_test_count(plan);
    if (o->train_size > 0 && o->train_size < train)
        train = o->train_size;
    if (o->test_size > 0 && o->test_size < test)
        test = o->test_size;
    return (double)(train + test);
}

static cop_status plan_instability(const void *given, cop_plan *plan, cop_error *err)
{
    const instability_options *o = given;
    COP_TRY(check_options(o, err));
    const instability_numbering n = instability_numbering_make(o);
    cop_plan_need_no_copy(plan);
    cop_plan_steps(plan, instability_count(&n));
    cop_plan_flops(plan, (double)instability_count(&n) * images_per_step(o, plan) *
                             cop_model_forward_flops(cop_plan_model(plan)));
    COP_TRY(plan_trunk(o, plan, err));
    for (int64_t b = 0; b < n.branches; b++)
        COP_TRY(plan_copies(o, b, plan, err));
    return COP_OK;
}

static cop_status network(const instability *self, cop_work *work, int64_t branch, int64_t copy,
                          const cop_tensors **out, cop_error *err)
{
    int64_t request = branch * self->numbering.copies + copy + (has_trunk(self->o) ? 1 : 0);
    return cop_work_requested(work, (size_t)request, out, err);
}

static cop_status begin_instability(void *state, cop_work *work, cop_error *err)
{
    instability *self = state;
    const instability_options *o = self->o;
    const cop_samples *train = cop_work_train_data(work), *test = cop_work_test_data(work);
    const cop_tensors *first = NULL;
    COP_TRY(cop_work_objective(work, train, o->train_size, o->batch, &self->train, err));
    COP_TRY(cop_work_objective(work, test, o->test_size, o->batch, &self->test, err));
    COP_TRY(cop_work_objective(work, train, o->reestimate_size, o->batch, &self->statistics, err));
    COP_TRY(network(self, work, 0, 0, &first, err));
    self->point = cop_tensors_clone(first);
    if (self->point == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    return cop_tensors_add(cop_work_bag(work), "found", COP_F64,
                           cop_shape2(instability_count(&self->numbering), INSTABILITY_MEASURES),
                           NULL, err);
}

/* Moves the point from W2 towards W1, whose shapes are the same. */
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
static cop_status place(instability *self, cop_work *work, instability_point p, cop_error *err)
{
    int64_t first = p.copy, second = p.copy;
    const cop_tensors *w1 = NULL, *w2 = NULL;
    if (p.copy < 0)
        instability_pair_at(&self->numbering, p.pair, &first, &second);
    COP_TRY(network(self, work, p.branch, first, &w1, err));
    COP_TRY(network(self, work, p.branch, second, &w2, err));
    COP_TRY(cop_tensors_copy(self->point, w2, err));
    if (p.copy < 0)
        move_towards(self->point, w1, (double)p.k / (double)(self->numbering.inner + 1));
    if (self->o->statistics == INSTABILITY_REESTIMATE)
        return cop_objective_reestimate(self->statistics, self->point, err);
    return COP_OK;
}

static cop_status step_instability(void *state, cop_work *work, int64_t i, cop_error *err)
{
    instability *self = state;
    double *row = cop_f64(cop_tensors_find(cop_work_bag(work), "found")) + i * INSTABILITY_MEASURES;
    cop_evaluation train = {COP_SIZED(cop_evaluation)}, test = {COP_SIZED(cop_evaluation)};
    COP_TRY(place(self, work, instability_point_at(&self->numbering, i), err));
    COP_TRY(cop_objective_evaluate(self->train, self->point, &train, err));
    COP_TRY(cop_objective_evaluate(self->test, self->point, &test, err));
    row[INSTABILITY_TRAIN_LOSS] = train.loss;
    row[INSTABILITY_TRAIN_ERROR] = 1.0 - train.accuracy;
    row[INSTABILITY_TEST_LOSS] = test.loss;
    row[INSTABILITY_TEST_ERROR] = 1.0 - test.accuracy;
    cop_work_report(work, "test error %.2f %%", 100.0 * row[INSTABILITY_TEST_ERROR]);
    return COP_OK;
}

/* The step at which each branch's copies part, as its snapshot says. */
static cop_status find_parted(const instability *self, cop_work *work, int64_t *parted,
                              cop_error *err)
{
    size_t taken = 0;
    for (int64_t b = 0; b < self->numbering.branches; b++) {
        const cop_tensors *at = NULL;
        if (is_at_start(self->o, b))
            continue;
        COP_TRY(cop_work_snapshot(work, 0, taken++, &at, err));
        const cop_tensor *step = cop_tensors_find(at, "step");
        if (step == NULL || step->dtype != COP_I64)
            return cop_fail(err, COP_FAILED, "a snapshot does not say at which step it was taken");
        parted[b] = cop_i64(step)[0];
    }
    return COP_OK;
}

static cop_status finish_instability(void *state, cop_work *work, cop_error *err)
{
    const instability *self = state;
    int64_t *parted = calloc((size_t)self->numbering.branches, sizeof *parted);
    if (parted == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = find_parted(self, work, parted, err);
    if (status == COP_OK)
        status = instability_report(
            &self->numbering, parted,
            cop_samples_chance(cop_work_test_data(work), self->o->test_size),
            cop_f64(cop_tensors_find(cop_work_bag(work), "found")), cop_work_tables(work), err);
    free(parted);
    return status;
}

static const char *const statistics_names[] = {"interpolate", "reestimate", NULL};

static const cop_option option_table[] = {
    COP_OPT_INT_LIST(instability_options, epochs, "[0, 1, 2, 3, 4, 5]", 0, 1000000,
                     "Copies part after so many epochs of the training"),
    COP_OPT_INT_LIST(instability_options, steps, "[]", 0, 1000000000,
                     "Copies also part after so many optimiser steps"),
    COP_OPT_INT(instability_options, copies, "2", 2, 100, "Copies that part at each place"),
    COP_OPT_INT(instability_options, alphas, "11", 2, 1001,
                "Points on the line, both ends included"),
    COP_OPT_ENUM(instability_options, statistics, "interpolate", statistics_names,
                 "Running statistics on the line: interpolated, or re-estimated"),
    COP_OPT_BOOL(instability_options, momentum, "false",
                 "Copies keep the optimiser's state from where they part; else they start a new "
                 "one"),
    COP_OPT_FIRST_IMAGES(instability_options, train_size, "0", 100000000,
                         "Evaluate on the first N training images"),
    COP_OPT_FIRST_IMAGES(instability_options, test_size, "0", 100000000,
                         "Evaluate on the first N test images"),
    COP_OPT_FIRST_IMAGES(instability_options, reestimate_size, "10000", 100000000,
                         "Re-estimate statistics on the first N training images"),
    COP_OPT_INT(instability_options, batch, "256", 1, 65536, "Images a pass",
                .flags = COP_OPTION_ADVANCED, .unit = "images"),
    COP_OPT_FLOAT(instability_options, stable_threshold, "2.0", 0, 100,
                  "Stable: the test error barrier is below this", .flags = COP_OPTION_JUDGEMENT,
                  .unit = "%"),
};

COP_PLUGIN(ANALYZER, .id = "instability", .version = "1.0.0", .results_version = "1",
           .summary = "Instability against training step: barriers between copies that part late",
           .author = "The Coppice authors", .licence = "MIT",
           .citation = "J. Frankle et al., Linear Mode Connectivity and the Lottery Ticket "
                       "Hypothesis, ICML 2020",
           COP_OPTIONS(instability_options, option_table),
           .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .create = create_instability,
                                        .destroy = destroy_instability, .plan = plan_instability,
                                        .begin = begin_instability, .step = step_instability,
                                        .finish = finish_instability, .judge = instability_judge},
           .defaults =
               "Copies of the network part after 0 to 5 epochs, as in the code of McDermott "
               "& Cummings 2023; 11 points and the threshold of 2 % are as in lmc.",
           .departures = "Frankle et al. take 30 points, and three copies under three "
                         "initialisations each: alphas, copies and study.seeds. Copies start a new "
                         "optimiser where they part, as in their code (momentum = false).");
