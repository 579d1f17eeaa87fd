/* robustness.c: how well a ticket's copies do with weights of a few bits, and on corrupted images.
 *
 * Weights of convolutions and linear layers are rounded to the levels of symmetric uniform
 * quantisation (Krishnamoorthi 2018); nothing is calibrated or trained again, and what pruning
 * removed stays 0. Test images are corrupted as CIFAR-10-C is (Hendrycks & Dietterich 2019), in
 * [0, 1] before they are normalised. A step is one evaluation on the test images. */
#include "robustness.h"

#include "corrupt.h"
#include "quantise.h"

#include <stdlib.h>

/* Nothing but caches, all from begin on. */
typedef struct robustness {
    const robustness_options *o;
    robustness_steps steps;
    cop_objective *plain, *corrupted; /* corrupted: NULL where no image is */
    cop_tensors *point;               /* the quantised network */
    corruption change;
} robustness;

static cop_status create_robustness(const void *given, const cop_task *task, void **out,
                                    cop_error *err)
{
    (void)task;
    robustness *self = calloc(1, sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    self->o = given;
    *out = self;
    return COP_OK;
}

static void destroy_robustness(void *state)
{
    robustness *self = state;
    cop_objective_free(self->plain);
    cop_objective_free(self->corrupted);
    cop_tensors_free(self->point);
    corruption_close(&self->change);
    free(self);
}

static cop_status plan_robustness(const void *given, cop_plan *plan, cop_error *err)
{
    const robustness_options *o = given;
    COP_TRY(robustness_check(o, plan, err));
    const robustness_steps steps = robustness_steps_of(o, cop_plan_copies(plan));
    int64_t images = cop_plan_test_count(plan);
    if (o->test_size > 0 && o->test_size < images)
        images = o->test_size;
    cop_plan_steps(plan, robustness_steps_count(&steps));
    cop_plan_flops(plan, (double)robustness_steps_count(&steps) * (double)images *
                             cop_model_forward_flops(cop_plan_model(plan)));
    return COP_OK;
}

static cop_status open_objectives(robustness *self, const cop_work *work, cop_error *err)
{
    const cop_samples *data = cop_work_test_data(work);
    cop_objective_spec spec = {
        COP_SIZED(cop_objective_spec),
        .model = cop_work_model(work),
        .data = data,
        .count = self->o->test_size < cop_samples_count(data) ? self->o->test_size : 0,
        .batch = self->o->batch,
        .mode = COP_MODE_EVAL,
        .threads = cop_work_threads(work)};
    COP_TRY(cop_objective_new(&spec, &self->plain, err));
    if (self->steps.corruptions == 0)
        return COP_OK;
    COP_TRY(corruption_open(&self->change, cop_work_task(work), cop_work_seed(work), err));
    spec.change = corruption_apply;
    spec.context = &self->change;
    return cop_objective_new(&spec, &self->corrupted, err);
}

static cop_status begin_robustness(void *state, cop_work *work, cop_error *err)
{
    robustness *self = state;
    const cop_tensors *first = NULL;
    self->steps = robustness_steps_of(self->o, (int64_t)cop_work_copy_count(work));
    COP_TRY(open_objectives(self, work, err));
    COP_TRY(cop_work_copy(work, 0, &first, err));
    self->point = cop_tensors_clone(first);
    if (self->point == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    return cop_tensors_add(cop_work_bag(work), "found", COP_F64,
                           cop_shape2(robustness_steps_count(&self->steps), ROBUSTNESS_MEASURES),
                           NULL, err);
}

/* The network that a step evaluates. */
static cop_status place(robustness *self, cop_work *work, robustness_step step,
                        const cop_tensors **network, double *zeroed, cop_error *err)
{
    COP_TRY(cop_work_copy(work, (size_t)step.copy, network, err));
    *zeroed = 0.0;
    if (step.bits < 0)
        return COP_OK;
    COP_TRY(cop_tensors_copy(self->point, *network, err));
    *zeroed = quantise_state(cop_work_model(work), self->o->bits.items[step.bits],
                             self->o->range == ROBUSTNESS_CHANNEL, self->point);
    *network = self->point;
    return COP_OK;
}

static cop_status step_robustness(void *state, cop_work *work, int64_t i, cop_error *err)
{
    robustness *self = state;
    const robustness_step step = robustness_step_at(&self->steps, i);
    cop_evaluation found = {COP_SIZED(cop_evaluation)};
    const cop_tensors *network = NULL;
    double *row = cop_f64(cop_tensors_find(cop_work_bag(work), "found")) + i * ROBUSTNESS_MEASURES;
    COP_TRY(place(self, work, step, &network, &row[ROBUSTNESS_ZEROED], err));
    if (step.corruption >= 0)
        corruption_choose(
            &self->change,
            (corruption_kind)corruption_find(self->o->corruptions.items[step.corruption]),
            (int)self->o->severities.items[step.severity]);
    COP_TRY(cop_objective_evaluate(step.corruption >= 0 ? self->corrupted : self->plain, network,
                                   &found, err));
    row[ROBUSTNESS_LOSS] = found.loss;
    row[ROBUSTNESS_ACCURACY] = found.accuracy;
    cop_work_report(work, "test accuracy %.2f %%", 100.0 * found.accuracy);
    return COP_OK;
}

static cop_status finish_robustness(void *state, cop_work *work, cop_error *err)
{
    const robustness *self = state;
    return robustness_report(self->o, &self->steps,
                             cop_f64(cop_tensors_find(cop_work_bag(work), "found")),
                             cop_work_tables(work), err);
}

static const char *const range_names[] = {"tensor", "channel", NULL};

static const cop_option option_table[] = {
    COP_OPT_INT_LIST(robustness_options, bits, "[8, 6, 4, 3, 2]", 2, 16,
                     "Weights are rounded to so many bits; []: they are left alone"),
    COP_OPT_ENUM(robustness_options, range, "tensor", range_names,
                 "The largest level is the largest weight of the tensor, or of each output "
                 "channel"),
    COP_OPT_STRINGS(robustness_options, corruptions,
                    "[\"gaussian_noise\", \"impulse_noise\", \"defocus_blur\", \"brightness\", "
                    "\"contrast\", \"pixelate\"]",
                    "Of the test images: those, speckle_noise and gaussian_blur; []: none"),
    COP_OPT_INT_LIST(robustness_options, severities, "[1, 2, 3, 4, 5]", 1, 5,
                     "How strongly images are corrupted"),
    COP_OPT_FIRST_IMAGES(robustness_options, test_size, "0", 100000000,
                         "Evaluate on the first N test images"),
    COP_OPT_INT(robustness_options, batch, "256", 1, 65536, "Images a pass",
                .flags = COP_OPTION_ADVANCED, .unit = "images"),
};

COP_PLUGIN(
    ANALYZER, .id = "robustness", .version = "1.0.0", .results_version = "1",
    .summary = "Test accuracy with weights of a few bits, and on corrupted images",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "D. Hendrycks & T. Dietterich, Benchmarking Neural Network Robustness to Common "
                "Corruptions and Perturbations, ICLR 2019; R. Krishnamoorthi, Quantizing Deep "
                "Convolutional Networks for Efficient Inference, 2018",
    COP_OPTIONS(robustness_options, option_table),
    .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .create = create_robustness,
                                 .destroy = destroy_robustness, .plan = plan_robustness,
                                 .begin = begin_robustness, .step = step_robustness,
                                 .finish = finish_robustness},
    .defaults = "Severities are those of CIFAR-10-C, whatever the size of the images; by default "
                "the six of its fifteen corruptions that are here. The bits are chosen here.",
    .departures =
        "Corrupted pixels stay real numbers, which CIFAR-10-C cuts to bytes. Left out are shot, "
        "glass, motion and zoom blur, snow, frost, fog, elastic, JPEG, spatter and saturate: they "
        "need Poisson draws in great number, other programs' filters and pictures, or a codec. "
        "The mean corruption error is not divided by another network's. Speckle noise and "
        "Gaussian blur are of the paper's four further corruptions.");
