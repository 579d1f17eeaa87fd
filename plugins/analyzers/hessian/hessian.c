/* hessian.c: diagonal and trace of the training loss's Hessian at a trained copy, by Hutchinson's
 * estimator: E[z ⊙ Hz] and E[zᵀHz] over Rademacher probes z, from Hessian-vector products alone.
 *
 * The Hessian is that of the surviving coordinates: a probe is zero where the mask has removed a
 * weight; biases and norm parameters always take part. The loss is over `samples` training images
 * drawn without replacement, unaugmented, in evaluation mode unless told otherwise. (McDermott &
 * Cummings 2023 take the exact diagonal on one batch of 64 in training mode: samples = 64, batch =
 * 64, mode = "train" and many probes come to that.) A step is a probe. */
#include "hessian.h"

#include <stdio.h>
#include <stdlib.h>

/* A Hessian product costs about as much as six forward passes: a gradient, and its tangent. */
#define PASSES_PER_PRODUCT 6.0

typedef struct hessian {
    const hessian_options *o;
    int64_t sample_count;
    /* Caches. */
    cop_objective *objective;
    cop_tensors *probe, *product;
} hessian;

void hessian_bag_name(char *name, size_t size, const char *what, size_t parameter)
{
    (void)snprintf(name, size, "%s.%zu", what, parameter);
}

bool hessian_survives(const cop_tensor *mask, int64_t j)
{
    return mask == NULL || cop_f32(mask)[j] != 0.0f;
}

static cop_status create_hessian(const void *given, const cop_task *task, void **out,
                                 cop_error *err)
{
    (void)task;
    hessian *self = calloc(1, sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    self->o = given;
    *out = self;
    return COP_OK;
}

static void destroy_hessian(void *state)
{
    hessian *self = state;
    cop_objective_free(self->objective);
    cop_tensors_free(self->probe);
    cop_tensors_free(self->product);
    free(self);
}

/* Training images that the loss is over, of `all`. */
static int64_t sample_count(const hessian_options *o, int64_t all)
{
    return o->samples > 0 && o->samples < all ? o->samples : all;
}

static cop_status plan_hessian(const void *given, cop_plan *plan, cop_error *err)
{
    const hessian_options *o = given;
    COP_TRY(cop_plan_need_copy(plan, o->copy, err));
    cop_plan_steps(plan, o->probes);
    cop_plan_flops(plan, (double)o->probes * PASSES_PER_PRODUCT *
                             (double)sample_count(o, cop_plan_train_count(plan)) *
                             cop_model_forward_flops(cop_plan_model(plan)));
    return COP_OK;
}

/* They are the beginning of a random order. */
cop_status hessian_draw_samples(const hessian_options *o, const cop_work *work, int64_t **index,
                                int64_t *count, cop_error *err)
{
    int64_t all = cop_samples_count(cop_work_train_data(work));
    *count = sample_count(o, all);
    *index = malloc(sizeof **index * (size_t)all);
    if (*index == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_stream stream = cop_work_stream(work, "samples", 0);
    cop_stream_permutation(&stream, *index, all);
    return COP_OK;
}

static cop_status open_objective(hessian *self, const cop_work *work, cop_error *err)
{
    int64_t *index = NULL;
    COP_TRY(hessian_draw_samples(self->o, work, &index, &self->sample_count, err));
    cop_objective_spec spec = {COP_SIZED(cop_objective_spec),
                               .model = cop_work_model(work),
                               .data = cop_work_train_data(work),
                               .index = index,
                               .count = self->sample_count,
                               .batch = self->o->batch,
                               .mode =
                                   self->o->mode == HESSIAN_TRAIN ? COP_MODE_TRAIN : COP_MODE_EVAL,
                               .threads = cop_work_threads(work)};
    cop_status status = cop_objective_new(&spec, &self->objective, err);
    free(index);
    return status;
}

/* Declares the bag, and the probe and its product beside it. */
static cop_status declare(hessian *self, const cop_model *model, cop_tensors *bag, cop_error *err)
{
    size_t count = cop_model_parameter_count(model);
    self->probe = cop_tensors_new();
    self->product = cop_tensors_new();
    if (self->probe == NULL || self->product == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const cop_parameter *p = cop_model_parameter(model, i);
        char name[COP_NAME_SIZE];
        COP_TRY(cop_tensors_add(self->probe, p->name, COP_F32, p->shape, NULL, err));
        COP_TRY(cop_tensors_add(self->product, p->name, COP_F32, p->shape, NULL, err));
        hessian_bag_name(name, sizeof name, "sum", i);
        COP_TRY(cop_tensors_add(bag, name, COP_F64, p->shape, NULL, err));
        hessian_bag_name(name, sizeof name, "square", i);
        COP_TRY(cop_tensors_add(bag, name, COP_F64, p->shape, NULL, err));
    }
    return cop_tensors_add(bag, "trace", COP_F64, cop_shape2(self->o->probes, (int64_t)count), NULL,
                           err);
}

static cop_status begin_hessian(void *state, cop_work *work, cop_error *err)
{
    COP_TRY(open_objective(state, work, err));
    return declare(state, cop_work_model(work), cop_work_bag(work), err);
}

/* Fills the probe: ±1 on surviving coordinates, 0 on removed ones. */
static void draw_probe(hessian *self, const cop_tensors *mask_set, const cop_work *work, int64_t i)
{
    cop_stream stream = cop_work_stream(work, "probe", (uint64_t)i);
    for (size_t p = 0; p < cop_tensors_count(self->probe); p++) {
        cop_tensor *z = cop_tensors_at(self->probe, p);
        const cop_tensor *mask = cop_tensors_find(mask_set, z->name);
        int64_t count = cop_shape_count(z->shape);
        cop_stream_rademacher(&stream, cop_f32(z), count);
        for (int64_t j = 0; mask != NULL && j < count; j++) {
            if (!hessian_survives(mask, j))
                cop_f32(z)[j] = 0.0f;
        }
    }
}

/* Adds z ⊙ Hz and its square to the sums; gives zᵀHz of each parameter. */
static double accumulate(const hessian *self, cop_tensors *bag, int64_t i)
{
    size_t parameters = cop_tensors_count(self->probe);
    double *trace = cop_f64(cop_tensors_find(bag, "trace")) + i * (int64_t)parameters;
    double total = 0.0;
    for (size_t p = 0; p < parameters; p++) {
        char name[COP_NAME_SIZE];
        hessian_bag_name(name, sizeof name, "sum", p);
        double *sum = cop_f64(cop_tensors_find(bag, name));
        hessian_bag_name(name, sizeof name, "square", p);
        double *square = cop_f64(cop_tensors_find(bag, name));
        const cop_tensor *probe = cop_tensors_at(self->probe, p);
        const float *z = cop_f32(probe), *hz = cop_f32(cop_tensors_at(self->product, p));
        trace[p] = 0.0;
        for (int64_t j = 0; j < cop_shape_count(probe->shape); j++) {
            double value = (double)z[j] * (double)hz[j];
            sum[j] += value;
            square[j] += value * value;
            trace[p] += value;
        }
        total += trace[p];
    }
    return total;
}

static cop_status step_hessian(void *state, cop_work *work, int64_t i, cop_error *err)
{
    hessian *self = state;
    const cop_tensors *mask = NULL, *copy = NULL;
    COP_TRY(cop_work_mask(work, &mask, err));
    COP_TRY(cop_work_copy(work, (size_t)self->o->copy, &copy, err));
    draw_probe(self, mask, work, i);
    COP_TRY(cop_objective_hessian_product(self->objective, copy, self->probe, self->product, err));
    cop_work_report(work, "trace %.4g", accumulate(self, cop_work_bag(work), i));
    return COP_OK;
}

static cop_status finish_hessian(void *state, cop_work *work, cop_error *err)
{
    const hessian *self = state;
    const cop_tensors *mask = NULL;
    COP_TRY(cop_work_mask(work, &mask, err));
    return hessian_report(self->o, cop_work_model(work), mask, cop_work_bag(work),
                          self->sample_count, cop_work_tables(work), err);
}

static const char *const mode_names[] = {"eval", "train", NULL};
static const char *const scale_names[] = {"linear", "log", NULL};

static const cop_option option_table[] = {
    COP_OPT_INT(hessian_options, probes, "50", 1, 1000000,
                "Random probes; the error falls with their square root"),
    COP_OPT_FIRST_IMAGES(hessian_options, samples, "1024", 100000000,
                         "Training images that the loss is over, drawn at random"),
    COP_OPT_INT(hessian_options, batch, "128", 1, 65536,
                "Images a pass; in mode \"train\" batch norm sees as many", .unit = "images"),
    COP_OPT_ENUM(hessian_options, mode, "eval", mode_names,
                 "Batch norm with running statistics, or with those of the batch"),
    COP_OPT_INT(hessian_options, copy, "0", 0, 1000, "Which trained copy, from 0"),
    COP_OPT_BOOL(hessian_options, layerwise, "true", "Also a table by layer"),
    COP_OPT_INT(hessian_options, bins, "61", 1, 10000, "Bins of the diagonal's histogram"),
    COP_OPT_ENUM(hessian_options, scale, "linear", scale_names,
                 "Bins of equal width, or growing away from zero to both sides"),
};

COP_PLUGIN(
    ANALYZER, .id = "hessian", .version = "1.0.0", .results_version = "1",
    .summary = "Diagonal and trace of the training loss's Hessian on the surviving weights",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "M. F. Hutchinson, A Stochastic Estimator of the Trace of the Influence Matrix, "
                "Commun. Stat. 1990",
    COP_OPTIONS(hessian_options, option_table),
    .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .create = create_hessian,
                                 .destroy = destroy_hessian, .plan = plan_hessian,
                                 .begin = begin_hessian, .step = step_hessian,
                                 .finish = finish_hessian},
    .defaults = "chosen here: no paper fixes the number of probes or of images, and both stand "
                "in the tables.",
    .departures = "McDermott & Cummings take the exact diagonal on one batch of 64 in training "
                  "mode over all parameters: samples = 64, batch = 64, mode = \"train\" and many "
                  "probes come to that on the surviving weights.");
