/* landscape.c (sketch): the test loss on the plane through three copies of a ticket, seen by the
 * real test set (figure 3 of McDermott & Cummings 2023). Coordinates in an orthonormal basis of the
 * plane through copy 0. One step is one grid point. */
#include <coppice/coppice.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct landscape_options {
    int64_t grid;
    double margin;
} landscape_options;

static const cop_option options[] = {{.name = "grid",
                                      .help = "points along each side",
                                      .type = COP_OPTION_INT,
                                      .offset = offsetof(landscape_options, grid),
                                      .def = "21",
                                      .min = 2,
                                      .max = 1001},
                                     {.name = "margin",
                                      .help = "share of the plane's extent shown beyond the copies",
                                      .type = COP_OPTION_FLOAT,
                                      .offset = offsetof(landscape_options, margin),
                                      .def = "0.2",
                                      .min = 0,
                                      .max = 10}};

typedef struct landscape {
    const landscape_options *options;
    cop_objective *objective; /* a cache: compiled once */
    cop_tensors *state;       /* scratch */
} landscape;

static cop_status landscape_create(const void *opts, const cop_task *task, void **self,
                                   cop_error *err)
{
    (void)task;
    landscape *l = calloc(1, sizeof *l);
    if (l == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    l->options = opts;
    *self = l;
    return COP_OK;
}

static void landscape_destroy(void *self)
{
    landscape *l = self;
    cop_objective_free(l->objective);
    cop_tensors_free(l->state);
    free(l);
}

static cop_status landscape_plan(void *self, cop_plan *plan, cop_error *err)
{
    const landscape *l = self;
    if (cop_plan_copies(plan) < 3)
        return cop_fail(err, COP_INVALID, "a plane needs study.copies of at least 3, not %lld",
                        (long long)cop_plan_copies(plan));
    cop_plan_steps(plan, l->options->grid * l->options->grid);
    return COP_OK;
}

/* Σ (a − o)(b − o) over all parameters and buffers. */
static double inner(const cop_tensors *a, const cop_tensors *b, const cop_tensors *o)
{
    double sum = 0.0;
    for (size_t i = 0; i < cop_tensors_count(o); i++) {
        const cop_tensor *origin = cop_tensors_at(o, i);
        const float *x = cop_f32(cop_tensors_find(a, origin->name));
        const float *y = cop_f32(cop_tensors_find(b, origin->name));
        for (int64_t k = 0; k < cop_shape_count(origin->shape); k++)
            sum += ((double)x[k] - (double)cop_f32(origin)[k]) *
                   ((double)y[k] - (double)cop_f32(origin)[k]);
    }
    return sum;
}

/* Coordinates of copies 1 and 2: copy 1 lies on the first axis at `u`, copy 2 at (p, v). */
typedef struct plane {
    double u, p, v;
} plane;

static plane plane_of(const cop_analyzer_input *in)
{
    const cop_tensors *o = in->copies[0], *a = in->copies[1], *b = in->copies[2];
    plane s = {.u = sqrt(inner(a, a, o))};
    s.p = inner(a, b, o) / s.u;
    s.v = sqrt(fmax(inner(b, b, o) - s.p * s.p, 0.0));
    return s;
}

static cop_status landscape_begin(void *self, const cop_analyzer_input *in, cop_work *work,
                                  cop_tensors *bag, cop_error *err)
{
    landscape *l = self;
    const cop_objective_spec spec = {.model = in->model,
                                     .data = cop_work_test_data(work),
                                     .mode = COP_MODE_EVAL,
                                     .threads = cop_work_threads(work)};
    cop_objective_free(l->objective);
    cop_tensors_free(l->state);
    l->objective = NULL;
    l->state = cop_tensors_clone(in->copies[0]);
    if (l->state == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    COP_TRY(cop_objective_new(&spec, &l->objective, err));
    return cop_tensors_add(bag, "surface", COP_F64,
                           cop_shape3(l->options->grid, l->options->grid, 2), NULL, err);
}

/* The coordinates of grid point i. */
static void locate(const landscape *l, const plane *s, int64_t i, double *x, double *y)
{
    double m = l->options->margin, last = (double)(l->options->grid - 1);
    double fx = (double)(i % l->options->grid) / last, fy = (double)(i / l->options->grid) / last;
    double low = fmin(0.0, s->p), high = fmax(s->u, s->p);
    *x = low + (high - low) * (fx * (1.0 + 2.0 * m) - m);
    *y = s->v * (fy * (1.0 + 2.0 * m) - m);
}

/* state = o + α(a − o) + β(b − o), with (α, β) from the orthonormal coordinates. */
static void place(const cop_analyzer_input *in, const plane *s, double x, double y,
                  cop_tensors *state)
{
    double beta = y / s->v, alpha = (x - beta * s->p) / s->u;
    for (size_t i = 0; i < cop_tensors_count(state); i++) {
        cop_tensor *to = cop_tensors_at(state, i);
        const float *o = cop_f32(cop_tensors_find(in->copies[0], to->name));
        const float *a = cop_f32(cop_tensors_find(in->copies[1], to->name));
        const float *b = cop_f32(cop_tensors_find(in->copies[2], to->name));
        for (int64_t k = 0; k < cop_shape_count(to->shape); k++)
            cop_f32(to)[k] = (float)((1.0 - alpha - beta) * (double)o[k] + alpha * (double)a[k] +
                                     beta * (double)b[k]);
    }
}

static cop_status landscape_step(void *self, const cop_analyzer_input *in, cop_work *work,
                                 cop_tensors *bag, int64_t i, cop_error *err)
{
    landscape *l = self;
    plane s = plane_of(in);
    double x = 0.0, y = 0.0;
    cop_evaluation e = {0};
    locate(l, &s, i, &x, &y);
    place(in, &s, x, y, l->state);
    COP_TRY(cop_objective_evaluate(l->objective, l->state, &e, err));
    double *cell = cop_f64(cop_tensors_find(bag, "surface")) + 2 * i;
    cell[0] = e.loss;
    cell[1] = 1.0 - e.accuracy;
    cop_work_report(work, "loss %.3f", e.loss);
    return COP_OK;
}

static cop_status landscape_finish(void *self, const cop_analyzer_input *in, cop_work *work,
                                   cop_tensors *bag, cop_tables *out, cop_error *err)
{
    (void)work;
    static const cop_column columns[] = {
        {"x", COP_COLUMN_FLOAT, NULL, "distance along the line from copy 0 to copy 1"},
        {"y", COP_COLUMN_FLOAT, NULL, "distance from that line towards copy 2"},
        {"test_loss", COP_COLUMN_FLOAT, NULL, "mean cross-entropy on test data"},
        {"test_error", COP_COLUMN_FLOAT, "fraction", "error on test data"}};
    static const cop_plot plot = {.kind = COP_PLOT_HEATMAP,
                                  .title = "Test loss on the plane through three copies",
                                  .x = "x",
                                  .y = "y",
                                  .value = "test_loss"};
    const landscape *l = self;
    plane s = plane_of(in);
    cop_table *table =
        cop_tables_add(out, "plane", "loss on a plane through copies", columns, 4, &plot, err);
    if (table == NULL)
        return COP_FAILED;
    const double *surface = cop_f64(cop_tensors_find(bag, "surface"));
    for (int64_t i = 0; i < l->options->grid * l->options->grid; i++) {
        double x = 0.0, y = 0.0;
        locate(l, &s, i, &x, &y);
        const cop_table_value row[] = {
            {.f = x}, {.f = y}, {.f = surface[2 * i]}, {.f = surface[2 * i + 1]}};
        COP_TRY(cop_table_row(table, row, err));
    }
    return COP_OK;
}

static const cop_analyzer_ops ops = {.size = sizeof(cop_analyzer_ops),
                                     .create = landscape_create,
                                     .destroy = landscape_destroy,
                                     .plan = landscape_plan,
                                     .begin = landscape_begin,
                                     .step = landscape_step,
                                     .finish = landscape_finish};

COP_EXPORT const cop_plugin coppice_plugin = {
    COP_PLUGIN_HEADER(COP_KIND_ANALYZER, COP_ANALYZER_INTERFACE),
    .id = "landscape",
    .version = "0.0.1-dev",
    .results_version = "0",
    .summary = "loss on the plane through three trained copies",
    .author = "The Coppice authors",
    .licence = "MIT",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_size = sizeof(landscape_options),
    .ops = &ops};
