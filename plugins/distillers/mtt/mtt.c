/* mtt.c: MTT, matching training trajectories (Cazenavette et al., CVPR 2022). A student starts from
 * a state θ_0 of an expert, takes N steps on the synthetic images, and is compared with the state
 * θ* of that expert some epochs later: L = ‖θ_N − θ*‖² / ‖θ_0 − θ*‖². The pixels and the student's
 * rate learn from its gradient, which student.c computes without unrolling the steps; the set is
 * trained on at the rate that was learned. Defaults are the published settings on CIFAR-10, which
 * go by the budget (options.c); experts are planned trainings, shared by all who want the same.
 *
 * The bag: the pixels and their velocity, and "rate": the student's rate and its velocity. A step
 * is one segment.
 *
 * Departures from the authors' code: an expert is drawn for each step, where theirs takes them in
 * shuffled order unless all fit into memory; 5000 steps, where their loop of 5000 has one more; a
 * batch of the student divides the set, where theirs has a smaller last one; the learned rate is
 * held above a thousandth of the first one, with a warning. Whitening, which the published numbers
 * at 1 and 10 images per class have, is the data's: dataset.zca = 0.1. */
#include "experts.h"
#include "options.h"
#include "student.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of the first rate: what the learned one is held above, for a student that does not move, or
 * climbs, learns nothing. */
#define LEAST_RATE 1e-3

typedef struct mtt {
    mtt_options o; /* settled */
    cop_classes *classes;
    cop_pixels *pixels;
    mtt_student *student;
    float *target; /* θ* */
} mtt;

static cop_status create_mtt(const void *given, const cop_task *task, void **out, cop_error *err)
{
    (void)task;
    mtt *self = calloc(1, sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = mtt_options_settle(given, &self->o, err);
    if (status != COP_OK)
        free(self);
    else
        *out = self;
    return status;
}

static void destroy_mtt(void *state)
{
    mtt *self = state;
    mtt_student_free(self->student);
    cop_pixels_free(self->pixels);
    cop_classes_free(self->classes);
    free(self->target);
    free(self);
}

/* A student's step costs three forward passes, its adjoint three times as much. */
static cop_status plan_mtt(const void *given, cop_plan *plan, cop_error *err)
{
    const cop_task *task = cop_plan_task(plan);
    mtt_options o;
    COP_TRY(mtt_options_settle(given, &o, err));
    COP_TRY(mtt_options_check(&o, task, err));
    mtt_options_warn(given, plan);
    COP_TRY(cop_plan_need_images(plan, o.start == COP_PIXELS_FROM_REAL ? o.ipc : 1, err));
    double images = (double)(o.student_steps * mtt_batch(&o, task));
    cop_plan_steps(plan, o.iterations);
    cop_plan_steps_go_on(plan);
    cop_plan_flops(plan, 12.0 * (double)o.iterations * images * cop_model_forward_flops(o.model));
    cop_plan_expect_set(plan, mtt_images(&o, task), o.recipe);
    cop_plan_spend(plan, 0.0, (double)o.iterations * (double)o.student_steps);
    return mtt_plan_experts(&o, plan, err);
}

static cop_status open_pixels(mtt *self, cop_work *work, cop_error *err)
{
    const cop_samples *data = cop_work_train_data(work);
    const cop_classes_spec classes = {COP_SIZED(cop_classes_spec), .data = data, .batch = 1};
    const cop_pixels_spec pixels = {COP_SIZED(cop_pixels_spec), .data = data,
                                    .per_class = self->o.ipc, .space = COP_PIXELS_NORMALISED};
    COP_TRY(cop_classes_new(&classes, &self->classes, err));
    COP_TRY(cop_pixels_new(&pixels, cop_work_bag(work), &self->pixels, err));
    return cop_pixels_start(self->pixels, (cop_pixel_start)self->o.start, self->classes,
                            cop_work_seed(work), err);
}

static double *rate_of(cop_work *work)
{
    return cop_f64(cop_tensors_find(cop_work_bag(work), "rate"));
}

static cop_status begin_mtt(void *state, cop_work *work, cop_error *err)
{
    mtt *self = state;
    COP_TRY(open_pixels(self, work, err));
    COP_TRY(cop_tensors_add(cop_work_bag(work), "rate", COP_F64, cop_shape1(2), NULL, err));
    rate_of(work)[0] = self->o.first_rate;
    COP_TRY(mtt_student_new(&self->o, self->pixels, cop_work_seed(work), cop_work_threads(work),
                            &self->student, err));
    self->target = calloc((size_t)mtt_student_weights(self->student), sizeof *self->target);
    return self->target != NULL ? COP_OK : cop_fail(err, COP_FAILED, "out of memory");
}

static double squared_distance(const float *a, const float *b, int64_t n)
{
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++)
        sum += pow((double)a[k] - (double)b[k], 2.0);
    return sum;
}

/* λ = ∂L/∂θ_N, for L relative to the squared distance that the expert moved; L. */
static double start_adjoint(mtt *self, double moved)
{
    const float *theta = mtt_student_theta(self->student);
    float *lambda = mtt_student_lambda(self->student);
    int64_t weights = mtt_student_weights(self->student);
    for (int64_t k = 0; k < weights; k++)
        lambda[k] = (float)(2.0 * ((double)theta[k] - (double)self->target[k]) / moved);
    return squared_distance(theta, self->target, weights) / moved;
}

static cop_status take_step(mtt *self, cop_work *work, const float *pixels, double rate_gradient,
                            double loss, cop_error *err)
{
    const mtt_options *o = &self->o;
    double *rate = rate_of(work), least = LEAST_RATE * o->first_rate;
    bool was_held = rate[0] <= least;
    cop_pixels_step_all(self->pixels, pixels, o->lr, o->momentum);
    rate[1] = o->momentum * rate[1] + rate_gradient;
    rate[0] -= o->lr_rate * rate[1];
    if (!isfinite(loss) || !isfinite(rate[0]))
        return cop_fail(err, COP_FAILED, "the loss became %g and the student's rate %g: lower %s",
                        loss, rate[0], isfinite(loss) ? "lr_rate" : "lr");
    if (rate[0] < least) {
        if (!was_held)
            cop_say(cop_work_logger(work), COP_LOG_WARNING,
                    "mtt: the student's rate would have become %g and is held at %g: lr_rate may "
                    "be too high",
                    rate[0], least);
        rate[0] = least;
        rate[1] = 0.0;
    }
    return cop_pixels_check(self->pixels, err);
}

static cop_status step_mtt(void *state, cop_work *work, int64_t i, cop_error *err)
{
    mtt *self = state;
    double *rate = rate_of(work), rate_gradient = 0.0;
    float *theta = mtt_student_theta(self->student);
    float *pixels = cop_pixels_gradient(self->pixels);
    COP_TRY(mtt_load_segment(&self->o, work, i, theta, self->target, err));
    double moved = squared_distance(theta, self->target, mtt_student_weights(self->student));
    if (!(moved > 0.0))
        return cop_fail(err, COP_FAILED, "an expert did not move");
    COP_TRY(mtt_student_run(self->student, i, rate[0], err));
    double loss = start_adjoint(self, moved);
    COP_TRY(mtt_student_adjoint(self->student, i, rate[0], pixels, &rate_gradient, err));
    COP_TRY(take_step(self, work, pixels, rate_gradient, loss, err));
    cop_work_record(work, "matching loss", loss);
    cop_work_record(work, "student rate", rate[0]);
    return COP_OK;
}

/* The recipe, at the rate that was learned. */
static cop_status set_recipe(cop_synthetic *out, const cop_recipe *recipe, double lr,
                             cop_error *err)
{
    cop_recipe *own = cop_recipe_copy(recipe);
    if (own == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = cop_recipe_set_float(own, "lr", lr, err);
    if (status == COP_OK)
        status = cop_synthetic_set_recipe(out, own, err);
    cop_recipe_free(own);
    return status;
}

static cop_status finish_mtt(void *state, cop_work *work, cop_error *err)
{
    const mtt *self = state;
    COP_TRY(set_recipe(cop_work_set(work), self->o.recipe, rate_of(work)[0], err));
    return cop_pixels_finish(self->pixels, cop_work_set(work), err);
}

COP_PLUGIN(
    DISTILLER, .id = "mtt", .version = "1.0.0", .results_version = "1",
    .summary = "MTT: students on the synthetic images follow the trajectories of experts",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "Cazenavette et al., Dataset Distillation by Matching Training Trajectories, "
                "CVPR 2022",
    .options = mtt_option_table, .option_count = MTT_OPTION_COUNT,
    .options_size = sizeof(mtt_options),
    .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .create = create_mtt,
                                 .destroy = destroy_mtt, .plan = plan_mtt, .begin = begin_mtt,
                                 .step = step_mtt, .finish = finish_mtt},
    .defaults = "Cazenavette et al.'s code (distill.py, buffer.py) with the published "
                "settings for CIFAR-10, which go by the budget. Whitening, which they have at"
                " 1 and 10 images per class, is the data's: dataset.zca = 0.1 (without it "
                "check warns of lr).",
    .departures = "an expert is drawn for each step, where theirs takes them in shuffled order "
                  "unless all fit into memory. 5000 steps, where their loop has one more. A "
                  "batch of the student divides the set, where theirs has a smaller last one. "
                  "The learned rate is held above a thousandth of the first one, with a warning.");
