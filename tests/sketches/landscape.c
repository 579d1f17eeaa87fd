/* landscape.c: the test loss on the plane through three copies of a ticket (figure 3 of McDermott
 * and Cummings 2023). Coordinates in an orthonormal basis of the plane, copy 0 at its origin, copy 1
 * on the first axis. One step is one point of the grid. */
#include <coppice/plugin.h>

#include <math.h>
#include <stdlib.h>

typedef struct options {
    int64_t grid;
    double margin;
} options;

typedef struct landscape {
    const options *o;
    cop_objective *objective; /* a cache: compiled once */
    cop_tensors *point;       /* scratch: the network under evaluation */
} landscape;

static cop_status create_landscape(const void *given, const cop_task *task, void **out,
                                   cop_error *err)
{
    (void)task;
    landscape *self = calloc(1, sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    self->o = given;
    *out = self;
    return COP_OK;
}

static void destroy_landscape(void *state)
{
    landscape *self = state;
    cop_objective_free(self->objective);
    cop_tensors_free(self->point);
    free(self);
}

static cop_status plan_landscape(const void *given, cop_plan *plan, cop_error *err)
{
    const options *o = given;
    if (cop_plan_copies(plan) < 3)
        return cop_fail(err, COP_INVALID, "a plane needs study.copies of at least 3, not %lld",
                        (long long)cop_plan_copies(plan));
    cop_plan_steps(plan, o->grid * o->grid);
    return COP_OK;
}

/* Σ (a − o)(b − o) over all parameters and buffers. */
static double inner(const cop_tensors *a, const cop_tensors *b, const cop_tensors *o)
{
    double sum = 0.0;
    for (size_t i = 0; i < cop_tensors_count(o); i++) {
        const cop_tensor *origin = cop_tensors_at(o, i);
        const float *w = cop_f32(origin);
        const float *x = cop_f32(cop_tensors_find(a, origin->name));
        const float *y = cop_f32(cop_tensors_find(b, origin->name));
        for (int64_t k = 0; k < cop_shape_count(origin->shape); k++)
            sum += ((double)x[k] - (double)w[k]) * ((double)y[k] - (double)w[k]);
    }
    return sum;
}

/* The three copies, and where they lie: copy 1 at (u, 0), copy 2 at (p, v). */
typedef struct plane {
    const cop_tensors *copies[3];
    double u, p, v;
} plane;

static cop_status open_plane(cop_work *work, plane *s, cop_error *err)
{
    for (size_t i = 0; i < 3; i++)
        COP_TRY(cop_work_copy(work, i, &s->copies[i], err));
    const cop_tensors *o = s->copies[0], *a = s->copies[1], *b = s->copies[2];
    s->u = sqrt(inner(a, a, o));
    s->p = s->u > 0.0 ? inner(a, b, o) / s->u : 0.0;
    s->v = sqrt(fmax(inner(b, b, o) - s->p * s->p, 0.0));
    if (!(s->u > 0.0) || !(s->v > 0.0))
        return cop_fail(err, COP_FAILED, "three copies on one line make no plane");
    return COP_OK;
}

static cop_status begin_landscape(void *state, cop_work *work, cop_error *err)
{
    landscape *self = state;
    const cop_tensors *first = NULL;
    const cop_objective_spec spec = {COP_SIZED(cop_objective_spec), .model = cop_work_model(work),
                                     .data = cop_work_test_data(work), .mode = COP_MODE_EVAL,
                                     .threads = cop_work_threads(work)};
    COP_TRY(cop_work_copy(work, 0, &first, err));
    self->point = cop_tensors_clone(first);
    if (self->point == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    COP_TRY(cop_objective_new(&spec, &self->objective, err));
    cop_shape shape = cop_shape2(self->o->grid * self->o->grid, 4); /* x, y, loss, error */
    return cop_tensors_add(cop_work_bag(work), "surface", COP_F64, shape, NULL, err);
}

/* Where grid point i lies: around the triangle of the copies, with a margin. */
static void locate(const options *o, const plane *s, int64_t i, double *at)
{
    double m = o->margin, last = (double)(o->grid - 1);
    double fx = (double)(i % o->grid) / last, fy = (double)(i / o->grid) / last;
    double low = fmin(0.0, s->p), high = fmax(s->u, s->p);
    at[0] = low + (high - low) * (fx * (1.0 + 2.0 * m) - m);
    at[1] = s->v * (fy * (1.0 + 2.0 * m) - m);
}

/* point = o + α(a − o) + β(b − o). */
static void place(const plane *s, const double *at, cop_tensors *point)
{
    double beta = at[1] / s->v, alpha = (at[0] - beta * s->p) / s->u;
    for (size_t i = 0; i < cop_tensors_count(point); i++) {
        const cop_tensor *to = cop_tensors_at(point, i);
        const float *o = cop_f32(cop_tensors_find(s->copies[0], to->name));
        const float *a = cop_f32(cop_tensors_find(s->copies[1], to->name));
        const float *b = cop_f32(cop_tensors_find(s->copies[2], to->name));
        for (int64_t k = 0; k < cop_shape_count(to->shape); k++)
            cop_f32(to)[k] = (float)((1.0 - alpha - beta) * (double)o[k] + alpha * (double)a[k] +
                                     beta * (double)b[k]);
    }
}

static cop_status step_landscape(void *state, cop_work *work, int64_t i, cop_error *err)
{
    landscape *self = state;
    double *cell = cop_f64(cop_tensors_find(cop_work_bag(work), "surface")) + 4 * i;
    plane s;
    cop_evaluation e = {COP_SIZED(cop_evaluation)};
    COP_TRY(open_plane(work, &s, err));
    locate(self->o, &s, i, cell);
    place(&s, cell, self->point);
    COP_TRY(cop_objective_evaluate(self->objective, self->point, &e, err));
    cell[2] = e.loss;
    cell[3] = 1.0 - e.accuracy;
    cop_work_report(work, "loss %.3f", e.loss);
    return COP_OK;
}

static cop_status finish_landscape(void *state, cop_work *work, cop_error *err)
{
    static const cop_column columns[] = {
        COP_COLUMN(FLOAT, "x", NULL, "distance along the line from copy 0 to copy 1"),
        COP_COLUMN(FLOAT, "y", NULL, "distance from that line towards copy 2"),
        COP_COLUMN(FLOAT, "test_loss", NULL, "mean cross-entropy on test data"),
        COP_COLUMN(FLOAT, "test_error", "fraction", "error on test data")};
    static const cop_plot plot = {COP_SIZED(cop_plot),
                                  .kind = COP_PLOT_HEATMAP,
                                  .title = "Test loss on the plane through three copies",
                                  .x = "x",
                                  .y = "y",
                                  .value = "test_loss"};
    const landscape *self = state;
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "plane",
                                 .help = "loss on a plane through copies", COP_COLUMNS(columns),
                                 .plot = &plot};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(cop_work_tables(work), &spec, &table, err));
    const double *cell = cop_f64(cop_tensors_find(cop_work_bag(work), "surface"));
    for (int64_t i = 0; i < self->o->grid * self->o->grid; i++, cell += 4) {
        const cop_table_value row[] = {
            {.f = cell[0]}, {.f = cell[1]}, {.f = cell[2]}, {.f = cell[3]}};
        COP_TRY(cop_table_row(table, row, err));
    }
    return COP_OK;
}

static const cop_option option_table[] = {
    {.name = "grid",
     .help = "Points along each side",
     .type = COP_OPTION_INT,
     .offset = offsetof(options, grid),
     .def = "21",
     .min = 2,
     .max = 1001},
    {.name = "margin",
     .help = "Share of the plane's extent shown beyond the copies",
     .type = COP_OPTION_FLOAT,
     .offset = offsetof(options, margin),
     .def = "0.2",
     .min = 0,
     .max = 10},
};

COP_PLUGIN(ANALYZER, .id = "landscape", .version = "0.0.1-dev", .results_version = "0",
           .summary = "Loss on the plane through three trained copies",
           .author = "The Coppice authors", .licence = "MIT", COP_OPTIONS(options, option_table),
           .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .create = create_landscape,
                                        .destroy = destroy_landscape, .plan = plan_landscape,
                                        .begin = begin_landscape, .step = step_landscape,
                                        .finish = finish_landscape});
