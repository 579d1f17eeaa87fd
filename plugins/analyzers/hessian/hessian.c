/* hessian.c: the training loss's Hessian at a trained copy, from Hessian-vector products alone: its
 * diagonal and trace (Hutchinson's estimator, or exactly), its largest eigenvalues (Lanczos), their
 * density (stochastic Lanczos quadrature) and, of small networks, the whole matrix.
 *
 * The Hessian is that of the surviving coordinates: a vector is zero where the mask has removed a
 * weight; biases and norm parameters always take part. The loss is over `samples` training images
 * drawn without replacement, unaugmented, in evaluation mode unless told otherwise. (McDermott &
 * Cummings 2023 take the exact diagonal on one batch of 64 in training mode: samples = 64, batch =
 * 64, mode = "train", diagonal = "exact".) A step is a product.
 *
 * How many products there are follows from how many coordinates survive. A plan that does not know
 * that states what the whole network would take: the last steps then do nothing. With `resolution`
 * there are as many probes as that takes (resolution.c), and the rest of their steps do nothing. */
#include "diagonal.h"
#include "spectrum.h"

#include <stdlib.h>

/* A Hessian product costs about as much as six forward passes: a gradient, and its tangent. */
#define PASSES_PER_PRODUCT 6.0

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
    cop_tensors_free(self->v);
    cop_tensors_free(self->hv);
    hessian_map_clear(&self->map);
    hessian_ritz_clear(&self->ritz);
    free(self->vector);
    free(self->result);
    free(self->rest);
    free(self->along);
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
    const cop_model *model = cop_plan_model(plan);
    COP_TRY(cop_plan_need_copy(plan, o->copy, err));
    COP_TRY(hessian_check(o, plan, err));
    const hessian_steps steps = hessian_steps_of(o, hessian_planned_coordinates(plan));
    cop_plan_steps(plan, hessian_steps_count(&steps));
    cop_plan_flops(plan, (double)hessian_steps_count(&steps) * PASSES_PER_PRODUCT *
                             (double)sample_count(o, cop_plan_train_count(plan)) *
                             cop_model_forward_flops(model));
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

/* The vectors that a step works with; none of them is kept from one to the next. */
static cop_status make_vectors(hessian *self, const cop_model *model, cop_error *err)
{
    size_t n = (size_t)hessian_map_count(&self->map);
    self->v = cop_tensors_new();
    self->hv = cop_tensors_new();
    self->vector = calloc(n, sizeof *self->vector);
    self->result = calloc(n, sizeof *self->result);
    self->rest = calloc(n, sizeof *self->rest);
    self->along = calloc((size_t)self->steps.depth + 1, sizeof *self->along);
    if (self->v == NULL || self->hv == NULL || self->vector == NULL || self->result == NULL ||
        self->rest == NULL || self->along == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (size_t i = 0; i < cop_model_parameter_count(model); i++) {
        const cop_parameter *p = cop_model_parameter(model, i);
        COP_TRY(cop_tensors_add(self->v, p->name, COP_F32, p->shape, NULL, err));
        COP_TRY(cop_tensors_add(self->hv, p->name, COP_F32, p->shape, NULL, err));
    }
    return COP_OK;
}

static cop_status declare(const hessian *self, cop_tensors *bag, cop_error *err)
{
    const hessian_steps *s = &self->steps;
    if (s->diagonal > 0 && !self->is_exact) {
        COP_TRY(hessian_probe_declare(self, bag, err));
        COP_TRY(hessian_resolved_declare(self, bag, err));
    }
    COP_TRY(hessian_exact_declare(self, bag, err));
    return s->starts > 0 ? hessian_lanczos_declare(self, bag, err) : COP_OK;
}

static cop_status begin_hessian(void *state, cop_work *work, cop_error *err)
{
    hessian *self = state;
    const cop_model *model = cop_work_model(work);
    const cop_tensors *mask = NULL;
    COP_TRY(cop_work_mask(work, &mask, err));
    COP_TRY(hessian_map_make(model, mask, &self->map, err));
    if (hessian_map_count(&self->map) == 0)
        return cop_fail(err, COP_FAILED, "no coordinate survives: there is no Hessian");
    self->steps = hessian_steps_of(self->o, hessian_map_count(&self->map));
    self->is_exact = hessian_is_exact(self->o, hessian_map_count(&self->map));
    COP_TRY(open_objective(self, work, err));
    COP_TRY(make_vectors(self, model, err));
    return declare(self, cop_work_bag(work), err);
}

cop_status hessian_multiply(hessian *self, cop_work *work, cop_error *err)
{
    const cop_tensors *copy = NULL;
    COP_TRY(cop_work_copy(work, (size_t)self->o->copy, &copy, err));
    hessian_scatter(&self->map, self->vector, self->v);
    COP_TRY(cop_objective_hessian_product(self->objective, copy, self->v, self->hv, err));
    hessian_gather(&self->map, self->hv, self->result);
    return COP_OK;
}

/* Draws for removed coordinates too: the signs of the others do not depend on the mask. */
void hessian_draw(hessian *self, const cop_work *work, const char *purpose, int64_t index)
{
    cop_stream stream = cop_work_stream(work, purpose, (uint64_t)index);
    for (size_t p = 0; p < self->map.parameters; p++) {
        cop_tensor *z = cop_tensors_at(self->v, p);
        cop_stream_rademacher(&stream, cop_f32(z), cop_shape_count(z->shape));
    }
    hessian_gather(&self->map, self->v, self->vector);
}

static cop_status diagonal_step(hessian *self, cop_work *work, int64_t i, cop_error *err)
{
    if (self->is_exact)
        return hessian_exact_step(self, work, i, err);
    return hessian_is_resolved(self->o) ? hessian_resolved_step(self, work, i, err)
                                        : hessian_probe_step(self, work, i, err);
}

/* The first start's steps, its residuals, then the other starts. */
static cop_status spectrum_step(hessian *self, cop_work *work, int64_t i, cop_error *err)
{
    const hessian_steps *s = &self->steps;
    if (i < s->depth)
        return hessian_lanczos_step(self, work, 0, i, err);
    i -= s->depth;
    if (i < s->pairs)
        return hessian_residual_step(self, work, i, err);
    i -= s->pairs;
    return hessian_lanczos_step(self, work, 1 + i / s->depth, i % s->depth, err);
}

static cop_status step_hessian(void *state, cop_work *work, int64_t i, cop_error *err)
{
    hessian *self = state;
    const hessian_steps *s = &self->steps;
    if (i >= hessian_steps_count(s)) /* planned for coordinates that the mask has removed */
        return COP_OK;
    if (i < s->diagonal)
        return diagonal_step(self, work, i, err);
    i -= s->diagonal;
    if (i < s->columns)
        return hessian_exact_step(self, work, i, err);
    return spectrum_step(self, work, i - s->columns, err);
}

static cop_status report_diagonal(const hessian *self, cop_work *work, cop_error *err)
{
    cop_tables *out = cop_work_tables(work);
    hessian_diagonal d = {0};
    cop_status status = hessian_diagonal_make(self, cop_work_bag(work), &d, err);
    if (status == COP_OK)
        status = hessian_report_trace(self, cop_work_model(work), &d, out, err);
    if (status == COP_OK && self->o->resolution > 0.0)
        status = hessian_report_resolution(self, cop_work_bag(work), &d, out, err);
    if (status == COP_OK)
        status = hessian_report_histogram(self->o, &d, out, err);
    if (status == COP_OK && self->o->entries)
        status =
            hessian_report_entries(cop_work_model(work), &d, cop_work_result_tensors(work), err);
    hessian_diagonal_clear(&d);
    return status;
}

static cop_status report_spectrum(const hessian *self, cop_work *work, cop_error *err)
{
    const cop_tensors *bag = cop_work_bag(work);
    cop_tables *out = cop_work_tables(work);
    hessian_nodes nodes = {0};
    cop_status status = hessian_nodes_make(bag, &nodes, err);
    if (status == COP_OK)
        status = hessian_report_spectrum(self, &nodes, bag, out, err);
    if (status == COP_OK && self->o->density > 0)
        status = hessian_report_density(self, &nodes, out, err);
    hessian_nodes_clear(&nodes);
    return status;
}

static cop_status finish_hessian(void *state, cop_work *work, cop_error *err)
{
    const hessian *self = state;
    if (self->is_exact || self->steps.diagonal > 0)
        COP_TRY(report_diagonal(self, work, err));
    if (self->steps.starts > 0)
        COP_TRY(report_spectrum(self, work, err));
    return self->steps.columns > 0
               ? hessian_report_dense(self, cop_work_bag(work), cop_work_tables(work), err)
               : COP_OK;
}

static const char *const diagonal_names[] = {"auto", "exact", "probes", NULL};
static const char *const mode_names[] = {"eval", "train", NULL};
static const char *const scale_names[] = {"linear", "log", NULL};

static const cop_option option_table[] = {
    COP_OPT_ENUM(hessian_options, diagonal, "auto", diagonal_names,
                 "By random probes, or exactly with a product for each surviving coordinate; auto: "
                 "exactly where that takes no more products"),
    COP_OPT_INT(hessian_options, probes, "50", 0, 1000000,
                "Random probes; the error, which the tables state, falls with their square root; "
                "0: no diagonal and trace"),
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
    COP_OPT_INT(hessian_options, eigenvalues, "0", 0, 1000,
                "Eigenvalues of largest magnitude, with residuals: `lanczos` products, which the "
                "density's first start shares, and one for each; 0: none"),
    COP_OPT_INT(hessian_options, density, "0", 0, 1000,
                "Random starts of the spectral density, `lanczos` products each; 0: none"),
    COP_OPT_INT(hessian_options, lanczos, "100", 1, 2000,
                "Lanczos steps of a start; no more than there are surviving coordinates"),
    COP_OPT_FLOAT(hessian_options, smoothing, "1e-5", 1e-12, 1,
                  "Variance of the Gaussian on each eigenvalue of the density, by the spectrum's "
                  "range"),
    COP_OPT_INT(hessian_options, points, "1000", 10, 100000, "Cells of the density's axis"),
    COP_OPT_BOOL(hessian_options, dense, "false",
                 "The whole matrix and all of its eigenvalues, for networks of at most 5000 "
                 "coordinates; a product for each"),
    COP_OPT_INT(hessian_options, memory, "2048", 1, 100000000,
                "Most that Lanczos vectors and the whole matrix may take; more is refused",
                .flags = COP_OPTION_EXECUTION_ONLY, .unit = "MiB"),
    COP_OPT_BOOL(hessian_options, entries, "false",
                 "The diagonal also entry by entry, as tensors called and shaped like the "
                 "parameters, NaN for removed weights (`coppice export DIR --analysis`)",
                 .flags = COP_OPTION_ADDED),
    COP_OPT_FLOAT(hessian_options, resolution, "0", 0, 10,
                  "As many probes as it takes for the mean standard error of a diagonal entry to "
                  "be at most this share of the standard deviation between the entries; 0: "
                  "`probes` says how many",
                  .flags = COP_OPTION_ADDED),
    COP_OPT_INT(hessian_options, most_probes, "2000", 2, 1000000,
                "No more probes than these, whatever the resolution then is; the table "
                "hessian_resolution says so",
                .flags = COP_OPTION_ADDED),
};

/* Results 2: the diagonal of a network that has no more coordinates than there are probes is exact,
 * and tables say how sure it is. */
COP_PLUGIN(
    ANALYZER, .id = "hessian", .version = "1.3.0", .results_version = "2",
    .summary = "The training loss's Hessian on the surviving weights: diagonal, trace, largest "
               "eigenvalues, spectral density",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "M. F. Hutchinson, A Stochastic Estimator of the Trace of the Influence Matrix, "
                "Commun. Stat. 1990; B. Ghorbani et al., An Investigation into Neural Net "
                "Optimization via Hessian Eigenvalue Density, ICML 2019",
    COP_OPTIONS(hessian_options, option_table),
    .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .create = create_hessian,
                                 .destroy = destroy_hessian, .plan = plan_hessian,
                                 .begin = begin_hessian, .step = step_hessian,
                                 .finish = finish_hessian},
    .defaults = "100 Lanczos steps and Gaussians of variance 1e-5 by the spectrum's range as in "
                "Yao et al. (PyHessian, 2020); the rest is chosen here: no paper fixes the number "
                "of probes or of images, and both stand in the tables, as does the resolution that "
                "was asked and reached.",
    .departures = "McDermott & Cummings take the exact diagonal on one batch of 64 in training "
                  "mode over all parameters: samples = 64, batch = 64, mode = \"train\" and "
                  "diagonal = \"exact\" come to that on the surviving weights. Lanczos vectors are "
                  "kept in single precision and reorthogonalised twice, in double; PyHessian's "
                  "eigenvalues are by power iteration. The variance of the density's Gaussians has "
                  "no least value, where PyHessian takes a range of at least 1, and each cell of "
                  "the axis has the mean over it.");
