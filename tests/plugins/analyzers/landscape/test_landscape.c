/* The landscape analyzer at work: its surface is what evaluating its networks one by one gives, on
 * whichever plane and data, and a resumed run gives the same bits. */
#include "given.h"
#include "study/graph/plan.h"
#include "study/running/drive.h"
#include "tiny_net.h"

#include "plugins/analyzers/landscape/landscape.h"

#include <math.h>
#include <string.h>

enum { COPIES = 5 };

static const landscape_options defaults = {.grid = 3, .margin = 0.2, .batch = 7};

/* Copies that are random states of one mask, each with running statistics of its own, and data. */
typedef struct scene {
    cop_model *model;
    tiny_data train, test, set;
    cop_tensors *mask, *copies[COPIES];
    const cop_tensors *lent[COPIES];
    const cop_samples *synthetic;
    uint64_t seed;
} scene;

/* Far apart, so that the plane between has hills; no mean is 0 and no variance 1. */
static void spread_out(cop_tensors *copy, uint64_t seed)
{
    cop_stream draws = cop_stream_make(seed, "statistics", 0);
    for (size_t t = 0; t < cop_tensors_count(copy); t++) {
        const cop_tensor *w = cop_tensors_at(copy, t);
        for (int64_t j = 0; j < cop_shape_count(w->shape); j++) {
            if (strstr(w->name, "running") != NULL)
                cop_f32(w)[j] = 0.05f + cop_stream_uniform(&draws);
            else if (w->shape.rank > 1)
                cop_f32(w)[j] *= 4.0f;
        }
    }
}

static void open_scene(scene *s, bool no_norm)
{
    cop_error err = {0};
    memset(s, 0, sizeof *s);
    s->model = tiny_model(no_norm);
    tiny_fill(&s->train, 32, false);
    tiny_fill(&s->test, 19, false);
    tiny_fill(&s->set, 11, true);
    for (int i = 0; i < 19; i++)
        s->test.labels[i] = (s->test.labels[i] + i) % 3;
    for (int i = 0; i < 11 * TINY_PIXELS; i++)
        s->set.pixels[i] *= s->set.pixels[i];
    s->synthetic = &s->set.samples;
    assert_ok(cop_model_full_mask(s->model, &s->mask, &err), &err);
    for (size_t t = 0; t < cop_tensors_count(s->mask); t++) {
        const cop_tensor *m = cop_tensors_at(s->mask, t);
        for (int64_t j = 0; j < cop_shape_count(m->shape); j += 3)
            cop_f32(m)[j] = 0.0f;
    }
    for (uint64_t i = 0; i < COPIES; i++) {
        assert_ok(cop_model_initial_state(s->model, 10 + i, &s->copies[i], &err), &err);
        spread_out(s->copies[i], i);
        cop_mask_apply(s->mask, s->copies[i]);
        s->lent[i] = s->copies[i];
    }
}

static void close_scene(scene *s)
{
    for (int i = 0; i < COPIES; i++)
        cop_tensors_free(s->copies[i]);
    cop_tensors_free(s->mask);
    cop_model_free(s->model);
}

static cop_plan empty_plan(const scene *s)
{
    return (cop_plan){.kind = COP_KIND_ANALYZER,
                      .has_distilled = true,
                      .model = s->model,
                      .task = tiny_task,
                      .train_count = 32,
                      .test_count = 19,
                      .copies = COPIES};
}

static cop_status keep(void *context, const cop_saved *state, cop_error *err)
{
    (void)err;
    cop_saved *kept = context;
    if (state->step == 7)
        *kept = (cop_saved){.bag = cop_tensors_clone(state->bag), .step = 7};
    return COP_OK;
}

/* Drives one instance; NULL `resume` to start anew. */
static cop_status drive(const scene *s, const landscape_options *o, const cop_plan *plan,
                        const cop_saved *resume, cop_saved *checkpoint, cop_tables **tables,
                        cop_error *err)
{
    const cop_work_ops *ops = coppice_plugin.ops;
    void *self = NULL;
    given inputs = {.mask = s->mask, .copies = s->lent, .synthetic = s->synthetic};
    cop_work work = {.kind = COP_KIND_ANALYZER,
                     .model = s->model,
                     .train = &s->train.samples,
                     .test = &s->test.samples,
                     .seed = s->seed,
                     .threads = 1,
                     .source = given_source(&inputs),
                     .copy_count = o->plane == LANDSCAPE_RANDOM ? (size_t)o->copy + 1 : COPIES,
                     .wants_synthetic = plan->need_synthetic};
    assert_ok(ops->create(o, &tiny_task, &self, err), err);
    cop_drive d = {.what = "analyzer 'landscape'",
                   .self = self,
                   .work = &work,
                   .steps = plan->steps,
                   .resume = resume,
                   .save = checkpoint != NULL ? keep : NULL,
                   .context = checkpoint};
    cop_status status = cop_drive_analyzer(&d, ops, tables, err);
    ops->destroy(self);
    return status;
}

/* Plans and runs; `resumed` runs it a second time from the checkpoint after step 7. */
static cop_tables *analyze(const scene *s, const landscape_options *o, bool resumed)
{
    cop_error err = {0};
    cop_tables *tables = NULL;
    cop_saved checkpoint = {0};
    cop_plan plan = empty_plan(s);
    assert_ok(cop_plan_make("analyzer 'landscape'", coppice_plugin.ops, o, &plan, &err), &err);
    assert_ok(drive(s, o, &plan, NULL, &checkpoint, &tables, &err), &err);
    if (resumed) {
        cop_tables_free(tables);
        assert_non_null(checkpoint.bag);
        assert_ok(drive(s, o, &plan, &checkpoint, NULL, &tables, &err), &err);
    }
    cop_saved_clear(&checkpoint);
    cop_plan_clear(&plan);
    return tables;
}

static cop_table_value cell(const cop_table *table, size_t row, const char *column)
{
    for (size_t i = 0; i < cop_table_column_count(table); i++) {
        if (strcmp(cop_table_column(table, i)->name, column) == 0)
            return cop_table_at(table, row, i);
    }
    fail_msg("no column %s", column);
    return (cop_table_value){.i = 0};
}

static cop_evaluation evaluate(const scene *s, const cop_samples *data, int64_t count,
                               const cop_tensors *state)
{
    cop_error err = {0};
    cop_evaluation out = {COP_SIZED(cop_evaluation)};
    cop_objective *o = NULL;
    const cop_objective_spec spec = {COP_SIZED(cop_objective_spec),
                                     .model = s->model,
                                     .data = data,
                                     .count = count,
                                     .batch = 7,
                                     .threads = 1};
    assert_ok(cop_objective_new(&spec, &o, &err), &err);
    assert_ok(cop_objective_evaluate(o, state, &out, &err), &err);
    cop_objective_free(o);
    return out;
}

/* A row says what a state's evaluation on test data does, to the last bit. */
static void assert_row_is(const scene *s, const cop_table *table, size_t row,
                          const cop_tensors *state)
{
    cop_evaluation wanted = evaluate(s, &s->test.samples, 0, state);
    assert_true(cell(table, row, "test_loss").f == wanted.loss);
    assert_true(cell(table, row, "test_error").f == 1.0 - wanted.accuracy);
}

static void assert_at(const cop_table *table, size_t row, double x, double y)
{
    assert_true(fabs(cell(table, row, "x").f - x) < 1e-12);
    assert_true(fabs(cell(table, row, "y").f - y) < 1e-12);
}

/* Σ share · copy, of parameters and buffers; to be freed. */
static cop_tensors *sum_of(const scene *s, const double *share)
{
    cop_tensors *sum = cop_tensors_clone(s->copies[0]);
    for (size_t t = 0; t < cop_tensors_count(sum); t++) {
        const cop_tensor *to = cop_tensors_at(sum, t);
        for (int64_t j = 0; j < cop_shape_count(to->shape); j++) {
            double value = 0.0;
            for (int i = 0; i < 4; i++)
                value += share[i] * (double)cop_f32(cop_tensors_at(s->copies[i], t))[j];
            cop_f32(to)[j] = (float)value;
        }
    }
    return sum;
}

/* Σ (a − o)(b − o) over what is not a running statistic. */
static double dot(const cop_tensors *a, const cop_tensors *b, const cop_tensors *o)
{
    double sum = 0.0;
    for (size_t t = 0; t < cop_tensors_count(o); t++) {
        const cop_tensor *w = cop_tensors_at(o, t);
        if (strstr(w->name, "running") != NULL)
            continue;
        for (int64_t j = 0; j < cop_shape_count(w->shape); j++)
            sum += ((double)cop_f32(cop_tensors_at(a, t))[j] - (double)cop_f32(w)[j]) *
                   ((double)cop_f32(cop_tensors_at(b, t))[j] - (double)cop_f32(w)[j]);
    }
    return sum;
}

static void each_copy_is_evaluated_by_itself(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, false);
    for (int32_t plane = 0; plane < 3; plane++) {
        landscape_options o = defaults;
        o.plane = plane;
        o.copy = plane == LANDSCAPE_RANDOM ? 3 : 0;
        cop_tables *tables = analyze(&s, &o, false);
        const cop_table *copies = cop_tables_at(tables, 1);
        size_t count = plane == LANDSCAPE_RANDOM ? 1 : COPIES;
        assert_int_equal(cop_table_row_count(copies), count);
        for (size_t i = 0; i < count; i++) {
            int64_t number = plane == LANDSCAPE_RANDOM ? 3 : (int64_t)i;
            assert_int_equal(cell(copies, i, "copy").i, number);
            assert_row_is(&s, copies, i, s.copies[number]);
        }
        cop_tables_free(tables);
    }
    close_scene(&s);
}

/* Without a margin, the corners of a grid of two points a side are copies 0 and 1 below, where the
 * triangle's foot is between them. */
static void the_surface_at_the_copies_is_the_copies(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, false);
    landscape_options o = defaults;
    o.grid = 2;
    o.margin = 0.0;
    cop_tables *tables = analyze(&s, &o, false);
    const cop_table *surface = cop_tables_at(tables, 0), *copies = cop_tables_at(tables, 1);
    double u = sqrt(dot(s.copies[1], s.copies[1], s.copies[0]));
    double p = dot(s.copies[1], s.copies[2], s.copies[0]) / u;
    double v = sqrt(dot(s.copies[2], s.copies[2], s.copies[0]) - p * p);
    assert_true(p > 0.0 && p < u);
    assert_at(copies, 0, 0.0, 0.0);
    assert_at(copies, 1, u, 0.0);
    assert_at(copies, 2, p, v);
    for (size_t i = 0; i < 3; i++)
        assert_true(cell(copies, i, "distance").f == 0.0);
    for (size_t i = 3; i < COPIES; i++) {
        double x = dot(s.copies[i], s.copies[1], s.copies[0]) / u;
        double y = (dot(s.copies[i], s.copies[2], s.copies[0]) - x * p) / v;
        double far = sqrt(dot(s.copies[i], s.copies[i], s.copies[0]) - x * x - y * y);
        assert_at(copies, i, x, y);
        assert_true(fabs(cell(copies, i, "distance").f - far) < 1e-9);
    }
    assert_at(surface, 0, 0.0, 0.0);
    assert_at(surface, 1, u, 0.0);
    assert_at(surface, 2, 0.0, v);
    assert_at(surface, 3, u, v);
    assert_row_is(&s, surface, 0, s.copies[0]);
    assert_row_is(&s, surface, 1, s.copies[1]);
    cop_tables_free(tables);
    close_scene(&s);
}

/* By unit vectors made with Gram-Schmidt: O + x e1 + y e2. The model has parameters alone. */
static void every_point_is_a_step_along_unit_vectors(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, true);
    landscape_options o = defaults;
    o.grid = 4;
    o.margin = 0.5;
    cop_tables *tables = analyze(&s, &o, false);
    const cop_table *surface = cop_tables_at(tables, 0);
    assert_int_equal(cop_table_row_count(surface), 16);
    const cop_tensors *c0 = s.copies[0], *c1 = s.copies[1], *c2 = s.copies[2];
    double length = sqrt(dot(c1, c1, c0)), along = dot(c2, c1, c0) / length;
    double height = sqrt(dot(c2, c2, c0) - along * along), lowest = INFINITY, highest = -INFINITY;
    for (size_t row = 0; row < 16; row++) {
        double x = cell(surface, row, "x").f, y = cell(surface, row, "y").f;
        cop_tensors *point = cop_tensors_clone(c0);
        for (size_t t = 0; t < cop_tensors_count(point); t++) {
            const cop_tensor *to = cop_tensors_at(point, t);
            for (int64_t j = 0; j < cop_shape_count(to->shape); j++) {
                double w0 = (double)cop_f32(to)[j];
                double e1 = ((double)cop_f32(cop_tensors_at(c1, t))[j] - w0) / length;
                double d2 = (double)cop_f32(cop_tensors_at(c2, t))[j] - w0;
                cop_f32(to)[j] = (float)(w0 + x * e1 + y * (d2 - along * e1) / height);
            }
        }
        cop_evaluation wanted = evaluate(&s, &s.test.samples, 0, point);
        double loss = cell(surface, row, "test_loss").f;
        assert_true(fabs(loss - wanted.loss) < 1e-5 * (1.0 + wanted.loss));
        lowest = fmin(lowest, loss);
        highest = fmax(highest, loss);
        cop_tensors_free(point);
    }
    assert_true(highest > 1.1 * lowest); /* it is no plain */
    cop_tables_free(tables);
    close_scene(&s);
}

static void the_grid_covers_the_triangle_and_a_margin(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, false);
    landscape_options o = defaults;
    o.margin = 0.25;
    o.grid = 5;
    cop_tables *tables = analyze(&s, &o, false);
    const cop_table *surface = cop_tables_at(tables, 0), *copies = cop_tables_at(tables, 1);
    double u = cell(copies, 1, "x").f, v = cell(copies, 2, "y").f;
    assert_int_equal(cop_table_row_count(surface), 25);
    for (size_t row = 0; row < 25; row++)
        assert_at(surface, row, u * (-0.25 + 1.5 * (double)(row % 5) / 4.0),
                  v * (-0.25 + 1.5 * (double)(row / 5) / 4.0));
    cop_tables_free(tables);
    close_scene(&s);
}

/* (1, 0) and (-1, 0) are copies 0 and 1, (0, 0) their middle; (0, 1) is half of 3 - 2 from there,
 * and neither copy. */
static void the_published_plane_has_copies_0_and_1_as_corners(void **state)
{
    (void)state;
    static const double share[9][4] = {
        {0.0, 1.0, 0.5, -0.5}, {0.5, 0.5, 0.5, -0.5}, {1.0, 0.0, 0.5, -0.5},
        {0.0, 1.0, 0.0, 0.0},  {0.5, 0.5, 0.0, 0.0},  {1.0, 0.0, 0.0, 0.0},
        {0.0, 1.0, -0.5, 0.5}, {0.5, 0.5, -0.5, 0.5}, {1.0, 0.0, -0.5, 0.5}};
    scene s;
    open_scene(&s, true);
    landscape_options o = defaults;
    o.plane = LANDSCAPE_PUBLISHED;
    o.radius = 1.0;
    cop_tables *tables = analyze(&s, &o, false);
    const cop_table *surface = cop_tables_at(tables, 0), *copies = cop_tables_at(tables, 1);
    for (size_t row = 0; row < 9; row++) {
        cop_tensors *point = sum_of(&s, share[row]);
        assert_at(surface, row, (double)(row % 3) - 1.0, (double)(row / 3) - 1.0);
        assert_row_is(&s, surface, row, point);
        cop_tensors_free(point);
    }
    assert_row_is(&s, surface, 5, s.copies[0]);
    assert_row_is(&s, surface, 3, s.copies[1]);
    assert_at(copies, 0, 1.0, 0.0);
    assert_at(copies, 1, -1.0, 0.0);
    assert_true(cell(copies, 1, "distance").f == 0.0);
    assert_true(cell(copies, 2, "distance").f > 1.0 && cell(copies, 3, "distance").f > 1.0);
    cop_tables_free(tables);
    close_scene(&s);
}

/* The middle is the copy, statistics included; another seed is another plane about it. */
static void random_directions_leave_from_the_copy(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, false);
    landscape_options o = defaults;
    o.plane = LANDSCAPE_RANDOM;
    o.copy = 1;
    cop_tables *tables = analyze(&s, &o, false);
    s.seed = 1;
    cop_tables *others = analyze(&s, &o, false);
    const cop_table *surface = cop_tables_at(tables, 0), *other = cop_tables_at(others, 0);
    for (size_t row = 0; row < 9; row++) {
        bool same = cell(surface, row, "test_loss").f == cell(other, row, "test_loss").f;
        assert_at(surface, row, (double)(row % 3) - 1.0, (double)(row / 3) - 1.0);
        assert_true(same == (row == 4));
    }
    assert_row_is(&s, surface, 4, s.copies[1]);
    cop_tables_free(tables);
    cop_tables_free(others);
    close_scene(&s);
}

static void the_loss_is_over_the_data_that_were_asked_for(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, false);
    const struct {
        int32_t data;
        int64_t samples;
        const cop_samples *over;
        const char *loss, *error;
    } cases[] = {
        {LANDSCAPE_TEST, 0, &s.test.samples, "test_loss", "test_error"},
        {LANDSCAPE_TEST, 9, &s.test.samples, "test_loss", "test_error"},
        {LANDSCAPE_TRAIN, 0, &s.train.samples, "train_loss", "train_error"},
        {LANDSCAPE_TRAIN, 20, &s.train.samples, "train_loss", "train_error"},
        {LANDSCAPE_DISTILLED, 0, &s.set.samples, "distilled_loss", "distilled_error"},
        {LANDSCAPE_DISTILLED, 5, &s.set.samples, "distilled_loss", "distilled_error"},
        {LANDSCAPE_DISTILLED, 500, &s.set.samples, "distilled_loss", "distilled_error"},
    };
    double last = -1.0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        landscape_options o = defaults;
        o.data = cases[i].data;
        o.samples = cases[i].samples;
        cop_tables *tables = analyze(&s, &o, false);
        const cop_table *copies = cop_tables_at(tables, 1);
        int64_t count = o.samples < cases[i].over->count ? o.samples : 0;
        cop_evaluation wanted = evaluate(&s, cases[i].over, count, s.copies[2]);
        assert_true(cell(copies, 2, cases[i].loss).f == wanted.loss);
        assert_true(cell(copies, 2, cases[i].error).f == 1.0 - wanted.accuracy);
        assert_true((wanted.loss == last) == (i == 6)); /* the cases differ, but for the last */
        last = i == 5 ? evaluate(&s, cases[i].over, 0, s.copies[2]).loss : wanted.loss;
        cop_tables_free(tables);
    }
    close_scene(&s);
}

static void statistics_are_reestimated_everywhere(void **state)
{
    (void)state;
    static const double middle[4] = {0.5, 0.5};
    scene s;
    cop_error err = {0};
    open_scene(&s, false);
    landscape_options o = defaults;
    o.plane = LANDSCAPE_PUBLISHED;
    o.statistics = LANDSCAPE_REESTIMATE;
    o.reestimate_size = 21;
    cop_tables *tables = analyze(&s, &o, false);
    cop_objective *statistics = NULL;
    const cop_objective_spec spec = {COP_SIZED(cop_objective_spec),
                                     .model = s.model,
                                     .data = &s.train.samples,
                                     .count = 21,
                                     .batch = 7,
                                     .threads = 1};
    assert_ok(cop_objective_new(&spec, &statistics, &err), &err);
    cop_tensors *point = sum_of(&s, middle), *copy = cop_tensors_clone(s.copies[4]);
    double as_trained = evaluate(&s, &s.test.samples, 0, s.copies[4]).loss;
    assert_ok(cop_objective_reestimate(statistics, point, &err), &err);
    assert_ok(cop_objective_reestimate(statistics, copy, &err), &err);
    assert_row_is(&s, cop_tables_at(tables, 0), 4, point);
    assert_row_is(&s, cop_tables_at(tables, 1), 4, copy);
    assert_true(cell(cop_tables_at(tables, 1), 4, "test_loss").f != as_trained);
    cop_tensors_free(point);
    cop_tensors_free(copy);
    cop_objective_free(statistics);
    cop_tables_free(tables);
    close_scene(&s);
}

static void assert_same_tables(const cop_tables *left, const cop_tables *right)
{
    assert_int_equal(cop_tables_count(left), cop_tables_count(right));
    for (size_t t = 0; t < cop_tables_count(left); t++) {
        const cop_table *a = cop_tables_at(left, t), *b = cop_tables_at(right, t);
        assert_int_equal(cop_table_row_count(a), cop_table_row_count(b));
        for (size_t row = 0; row < cop_table_row_count(a); row++) {
            for (size_t c = 0; c < cop_table_column_count(a); c++) {
                cop_table_value x = cop_table_at(a, row, c), y = cop_table_at(b, row, c);
                assert_memory_equal(&x, &y, sizeof x);
            }
        }
    }
}

static void a_resumed_run_makes_the_same_tables(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, false);
    for (int32_t plane = 0; plane < 3; plane++) {
        landscape_options o = defaults;
        o.plane = plane;
        o.statistics = plane == LANDSCAPE_PUBLISHED ? LANDSCAPE_REESTIMATE : LANDSCAPE_INTERPOLATE;
        cop_tables *whole = analyze(&s, &o, false), *again = analyze(&s, &o, true);
        assert_same_tables(whole, again);
        cop_tables_free(whole);
        cop_tables_free(again);
    }
    close_scene(&s);
}

static const char *name_of(const cop_table *table, size_t column)
{
    return cop_table_column(table, column)->name;
}

static void tables_say_how_they_are_drawn(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, true);
    landscape_options o = defaults;
    o.data = LANDSCAPE_TRAIN;
    cop_tables *tables = analyze(&s, &o, false);
    const cop_table *surface = cop_tables_at(tables, 0), *copies = cop_tables_at(tables, 1);
    const cop_plot *plot = cop_table_plot(surface);
    assert_string_equal(cop_table_name(surface), "landscape");
    assert_int_equal(plot->kind, COP_PLOT_HEATMAP);
    assert_string_equal(plot->value, "train_loss");
    assert_string_equal(plot->title, "Training loss on the plane through three copies");
    assert_int_equal(cop_table_column(surface, 0)->role, COP_COLUMN_KEY);
    assert_int_equal(cop_table_column(surface, 1)->role, COP_COLUMN_KEY);
    for (size_t c = 2; c < 4; c++)
        assert_int_equal(cop_table_column(surface, c)->role, COP_COLUMN_VALUE);
    assert_string_equal(name_of(surface, 3), "train_error");
    assert_string_equal(cop_table_column(surface, 3)->unit, "fraction");
    assert_string_equal(cop_table_name(copies), "landscape_copies");
    assert_int_equal(cop_table_plot(copies)->kind, COP_PLOT_POINTS);
    assert_int_equal(cop_table_column(copies, 0)->role, COP_COLUMN_KEY);
    cop_tables_free(tables);
    o.plane = LANDSCAPE_RANDOM; /* a row per ticket, which joins the table of tickets */
    tables = analyze(&s, &o, false);
    copies = cop_tables_at(tables, 1);
    assert_string_equal(cop_table_name(copies), "landscape_copy");
    assert_int_equal(cop_table_plot(copies)->kind, COP_PLOT_NONE);
    assert_int_equal(cop_table_column(copies, 0)->role, COP_COLUMN_REPETITION);
    assert_int_equal(cop_table_column_count(copies), 3);
    cop_tables_free(tables);
    close_scene(&s);
}

static void a_plan_asks_for_what_is_looked_at(void **state)
{
    (void)state;
    const struct {
        landscape_options o;
        int64_t steps, images;
        size_t named_copies;
        bool needs_set;
    } cases[] = {
        {{.plane = LANDSCAPE_ORTHONORMAL}, 5 + 21 * 21, 19, 0, false},
        {{.plane = LANDSCAPE_PUBLISHED, .grid = 4, .data = LANDSCAPE_TRAIN}, 5 + 16, 32, 0, false},
        {{.plane = LANDSCAPE_RANDOM, .copy = 4}, 1 + 51 * 51, 19, 1, false},
        {{.grid = 2, .samples = 6, .statistics = LANDSCAPE_REESTIMATE, .reestimate_size = 10},
         5 + 4,
         16,
         0,
         false},
        {{.grid = 2, .samples = 6, .data = LANDSCAPE_DISTILLED}, 5 + 4, 6, 0, true},
    };
    scene s;
    open_scene(&s, false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        cop_plan plan = empty_plan(&s);
        assert_ok(cop_plan_make("analyzer", coppice_plugin.ops, &cases[i].o, &plan, &err), &err);
        double flops =
            (double)(cases[i].steps * cases[i].images) * cop_model_forward_flops(s.model);
        assert_int_equal(plan.steps, cases[i].steps);
        assert_true(fabs(plan.flops - flops) < 1e-9 * flops);
        assert_int_equal(plan.needed_copy_count, cases[i].named_copies);
        assert_true(cases[i].named_copies == 0 || plan.needed_copies[0] == cases[i].o.copy);
        assert_true(plan.need_synthetic == cases[i].needs_set);
        assert_false(plan.need_dense);
        cop_plan_clear(&plan);
    }
    close_scene(&s);
}

static void a_plan_refuses_what_makes_no_plane(void **state)
{
    (void)state;
    const struct {
        landscape_options o;
        int64_t copies;
        const char *text; /* NULL: fine */
    } cases[] = {
        {{.plane = LANDSCAPE_ORTHONORMAL}, 0, "there are no trained copies to look at"},
        {{.plane = LANDSCAPE_RANDOM}, 0, "there are no trained copies to look at"},
        {{.plane = LANDSCAPE_ORTHONORMAL},
         2,
         "plane = \"orthonormal\" is spanned by 3 trained copies, and there are 2 (study.copies)"},
        {{.plane = LANDSCAPE_ORTHONORMAL}, 3, NULL},
        {{.plane = LANDSCAPE_PUBLISHED},
         3,
         "plane = \"published\" is spanned by 4 trained copies, and there are 3"},
        {{.plane = LANDSCAPE_PUBLISHED}, 4, NULL},
        {{.plane = LANDSCAPE_RANDOM}, 1, NULL},
        {{.plane = LANDSCAPE_RANDOM, .copy = 2}, 2, "copy 2 is wanted, and there are 2"},
        {{.grid = 1}, 3, "grid = 1 is a point and no surface"},
    };
    scene s;
    open_scene(&s, true);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        cop_plan plan = empty_plan(&s);
        plan.copies = cases[i].copies;
        cop_status status = cop_plan_make("analyzer", coppice_plugin.ops, &cases[i].o, &plan, &err);
        if (cases[i].text == NULL)
            assert_ok(status, &err);
        else
            assert_refused(status, COP_INVALID, &err, cases[i].text);
        cop_plan_clear(&plan);
    }
    close_scene(&s);
}

static void a_plan_refuses_a_set_that_is_not_there(void **state)
{
    (void)state;
    scene s;
    cop_error err = {0};
    open_scene(&s, true);
    cop_plan plan = empty_plan(&s);
    landscape_options o = defaults;
    o.data = LANDSCAPE_DISTILLED;
    plan.has_distilled = false;
    assert_refused(cop_plan_make("analyzer", coppice_plugin.ops, &o, &plan, &err), COP_INVALID,
                   &err, "this study distils no set");
    close_scene(&s);
}

/* Where copies lie is known when the work begins. */
static void a_work_refuses_copies_on_a_line(void **state)
{
    (void)state;
    scene s;
    cop_error err = {0};
    cop_tables *tables = NULL;
    open_scene(&s, true);
    cop_plan plan = empty_plan(&s);
    landscape_options o = defaults;
    s.lent[2] = s.copies[1];
    assert_ok(cop_plan_make("analyzer", coppice_plugin.ops, &o, &plan, &err), &err);
    assert_refused(drive(&s, &o, &plan, NULL, NULL, &tables, &err), COP_FAILED, &err,
                   "they lie on one line");
    cop_plan_clear(&plan);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_copy_is_evaluated_by_itself),
        cmocka_unit_test(the_surface_at_the_copies_is_the_copies),
        cmocka_unit_test(every_point_is_a_step_along_unit_vectors),
        cmocka_unit_test(the_grid_covers_the_triangle_and_a_margin),
        cmocka_unit_test(the_published_plane_has_copies_0_and_1_as_corners),
        cmocka_unit_test(random_directions_leave_from_the_copy),
        cmocka_unit_test(the_loss_is_over_the_data_that_were_asked_for),
        cmocka_unit_test(statistics_are_reestimated_everywhere),
        cmocka_unit_test(a_resumed_run_makes_the_same_tables),
        cmocka_unit_test(tables_say_how_they_are_drawn),
        cmocka_unit_test(a_plan_asks_for_what_is_looked_at),
        cmocka_unit_test(a_plan_refuses_what_makes_no_plane),
        cmocka_unit_test(a_plan_refuses_a_set_that_is_not_there),
        cmocka_unit_test(a_work_refuses_copies_on_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
