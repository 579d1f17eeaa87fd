/* The analyzer robustness on a small network: its weights on a few levels, its evaluations beside
 * those of an objective over images that were changed by hand, its tables, its steps. */
#include "given.h"
#include "study/graph/plan.h"
#include "study/running/drive.h"
#include "tiny_net.h"

#include "plugins/analyzers/robustness/corrupt.h"
#include "plugins/analyzers/robustness/quantise.h"
#include "plugins/analyzers/robustness/robustness.h"

#include <math.h>
#include <string.h>

enum { SAMPLES = 30, COPIES = 2 };

/* The network, two states of it, and test images in [0, 1]. */
typedef struct scene {
    cop_model *model;
    cop_tensors *copies[COPIES];
    tiny_data data;
} scene;

static void open_scene(scene *s)
{
    cop_error err = {0};
    s->model = tiny_model(false);
    for (uint64_t i = 0; i < COPIES; i++)
        assert_ok(cop_model_initial_state(s->model, 11 + i, &s->copies[i], &err), &err);
    cop_f32(cop_tensors_find(s->copies[0], "conv.weight"))[3] = 0.0f; /* pruned */
    tiny_fill(&s->data, SAMPLES, false);
}

static void close_scene(scene *s)
{
    for (int i = 0; i < COPIES; i++)
        cop_tensors_free(s->copies[i]);
    cop_model_free(s->model);
}

static const int64_t some_bits[] = {8, 4, 2};
static const int64_t some_severities[] = {1, 5};
static const char *const some_corruptions[] = {"contrast", "gaussian_noise"};

static const robustness_options defaults = {.bits = {3, some_bits},
                                            .corruptions = {2, some_corruptions},
                                            .severities = {2, some_severities},
                                            .batch = 7};

enum { STEPS = 1 + 3 + 2 * 2 };

static cop_status plan(const scene *s, const robustness_options *o, cop_plan *out, cop_error *err)
{
    *out = (cop_plan){.kind = COP_KIND_ANALYZER,
                      .model = s->model,
                      .copies = COPIES,
                      .train_count = SAMPLES,
                      .test_count = SAMPLES,
                      .space = s->data.samples.space};
    return cop_plan_make("analyzer 'robustness'", coppice_plugin.ops, o, out, err);
}

/* What a run keeps between its parts. */
typedef struct kept {
    cop_tensors *bag;
    int64_t step;
} kept;

static cop_status keep_bag(void *context, const cop_saved *state, cop_error *err)
{
    (void)err;
    kept *k = context;
    cop_tensors_free(k->bag);
    k->bag = cop_tensors_clone(state->bag);
    k->step = state->step;
    return COP_OK;
}

/* Goes at most so many steps by an instance of its own, from what is kept on. */
static cop_status go(const scene *s, const robustness_options *o, int64_t steps, kept *k,
                     cop_tables **tables)
{
    cop_error err = {0};
    cop_plan planned;
    void *self = NULL;
    const cop_work_ops *ops = coppice_plugin.ops;
    const cop_tensors *const lent[] = {s->copies[0], s->copies[1]};
    const cop_saved from = {.bag = k->bag, .step = k->step};
    given inputs = {.copies = lent};
    k->bag = NULL;
    assert_ok(plan(s, o, &planned, &err), &err);
    assert_ok(ops->create(o, cop_model_task(s->model), &self, &err), &err);
    cop_work work = {.kind = COP_KIND_ANALYZER,
                     .task = cop_model_task(s->model),
                     .model = s->model,
                     .train = &s->data.samples,
                     .test = &s->data.samples,
                     .seed = 23,
                     .threads = 1,
                     .source = given_source(&inputs),
                     .copy_count = COPIES};
    cop_drive d = {.what = "analyzer 'robustness'",
                   .self = self,
                   .work = &work,
                   .steps = planned.steps,
                   .resume = &from,
                   .save = keep_bag,
                   .save_seconds = 1e9,
                   .saves_end = true,
                   .context = k,
                   .steps_left = &steps};
    cop_status status = cop_drive_analyzer(&d, ops, tables, &err);
    ops->destroy(self);
    cop_plan_clear(&planned);
    cop_tensors_free(from.bag);
    return status;
}

/* The whole of it; the bag in *k is the caller's too. */
static cop_tables *analyze(const scene *s, const robustness_options *o, kept *k)
{
    cop_tables *tables = NULL;
    *k = (kept){0};
    assert_int_equal(go(s, o, INT64_MAX, k, &tables), COP_OK);
    return tables;
}

static const cop_table *table_of(const cop_tables *tables, const char *name)
{
    for (size_t i = 0; i < cop_tables_count(tables); i++) {
        if (strcmp(cop_table_name(cop_tables_at(tables, i)), name) == 0)
            return cop_tables_at(tables, i);
    }
    return NULL;
}

static cop_evaluation evaluate(const scene *s, const cop_samples *data, const cop_tensors *state)
{
    cop_error err = {0};
    cop_objective *o = NULL;
    const cop_objective_spec spec = {COP_SIZED(cop_objective_spec), .model = s->model, .data = data,
                                     .batch = 7};
    cop_evaluation found = {COP_SIZED(cop_evaluation)};
    assert_ok(cop_objective_new(&spec, &o, &err), &err);
    assert_ok(cop_objective_evaluate(o, state, &found, &err), &err);
    cop_objective_free(o);
    return found;
}

/* Of a row of the images: where loss and accuracy stand. */
static void assert_found(const cop_table *table, size_t row, size_t loss, cop_evaluation wanted)
{
    assert_true(cop_table_at(table, row, loss).f == wanted.loss);
    assert_true(cop_table_at(table, row, loss + 1).f == wanted.accuracy);
}

static void images_are_corrupted_before_they_are_normalised(void **state)
{
    (void)state;
    static scene s;
    kept k;
    open_scene(&s);
    cop_tables *tables = analyze(&s, &defaults, &k);
    const cop_table *images = table_of(tables, "robustness_images");
    static float pixels[SAMPLES * TINY_PIXELS];
    cop_samples changed = s.data.samples;
    corruption c;
    cop_error err = {0};
    changed.pixels = pixels;
    assert_ok(corruption_open(&c, &tiny_task, 23, &err), &err);
    assert_int_equal(cop_table_row_count(images), COPIES * 2 * 2);
    for (size_t row = 0; row < COPIES * 4; row++) {
        const char *name = some_corruptions[row / 2 % 2];
        int64_t severity = some_severities[row % 2];
        assert_string_equal(cop_table_at(images, row, 0).text, name);
        assert_int_equal(cop_table_at(images, row, 1).i, severity);
        assert_int_equal(cop_table_at(images, row, 2).i, row / 4);
        corruption_choose(&c, (corruption_kind)corruption_find(name), (int)severity);
        for (int64_t i = 0; i < SAMPLES; i++) {
            cop_samples_pixels(&s.data.samples, i, pixels + i * TINY_PIXELS);
            corruption_apply(&c, i, pixels + i * TINY_PIXELS);
        }
        assert_found(images, row, 3, evaluate(&s, &changed, s.copies[row / 4]));
    }
    corruption_close(&c);
    cop_tables_free(tables);
    cop_tensors_free(k.bag);
    close_scene(&s);
}

static void weights_are_quantised_copy_by_copy(void **state)
{
    (void)state;
    static scene s;
    kept k;
    open_scene(&s);
    for (int32_t range = ROBUSTNESS_TENSOR; range <= ROBUSTNESS_CHANNEL; range++) {
        robustness_options o = defaults;
        o.range = range;
        cop_tables *tables = analyze(&s, &o, &k);
        const cop_table *weights = table_of(tables, "robustness_weights");
        assert_int_equal(cop_table_row_count(weights), COPIES * 4);
        for (size_t row = 0; row < COPIES * 4; row++) {
            cop_tensors *point = cop_tensors_clone(s.copies[row / 4]);
            int64_t bits = row % 4 == 0 ? 32 : some_bits[row % 4 - 1];
            double zeroed = bits == 32
                                ? 0.0
                                : quantise_state(s.model, bits, range == ROBUSTNESS_CHANNEL, point);
            assert_int_equal(cop_table_at(weights, row, 0).i, bits);
            assert_int_equal(cop_table_at(weights, row, 1).i, row / 4);
            assert_found(weights, row, 2, evaluate(&s, &s.data.samples, point));
            assert_true(cop_table_at(weights, row, 4).f == zeroed);
            cop_tensors_free(point);
        }
        cop_tables_free(tables);
        cop_tensors_free(k.bag);
    }
    close_scene(&s);
}

static void the_summary_is_what_the_tables_come_to(void **state)
{
    (void)state;
    static scene s;
    kept k;
    open_scene(&s);
    cop_tables *tables = analyze(&s, &defaults, &k);
    const cop_table *t = table_of(tables, "robustness");
    const cop_table *weights = table_of(tables, "robustness_weights");
    const cop_table *images = table_of(tables, "robustness_images");
    assert_int_equal(cop_table_row_count(t), COPIES);
    for (size_t copy = 0; copy < COPIES; copy++) {
        double error = 0.0, clean = cop_table_at(weights, 4 * copy, 3).f;
        for (size_t i = 0; i < 4; i++)
            error += (1.0 - cop_table_at(images, 4 * copy + i, 4).f) / 4.0;
        assert_found(t, copy, 1, evaluate(&s, &s.data.samples, s.copies[copy]));
        assert_true(fabs(cop_table_at(t, copy, 3).f - error) < 1e-12);
        assert_true(fabs(cop_table_at(t, copy, 4).f - (error - (1.0 - clean))) < 1e-12);
        assert_true(cop_table_at(t, copy, 5).f == clean - cop_table_at(weights, 4 * copy + 2, 3).f);
    }
    assert_string_equal(cop_table_plot(t)->headlines, "mean_corruption_error,lost_at_4_bits");
    cop_tables_free(tables);
    cop_tensors_free(k.bag);
    close_scene(&s);
}

static void either_part_goes_without_the_other(void **state)
{
    (void)state;
    static scene s;
    kept k;
    open_scene(&s);
    robustness_options o = defaults;
    o.bits.count = 0;
    cop_tables *tables = analyze(&s, &o, &k);
    assert_null(table_of(tables, "robustness_weights"));
    assert_true(isnan(cop_table_at(table_of(tables, "robustness"), 0, 5).f));
    cop_tables_free(tables);
    cop_tensors_free(k.bag);
    o = defaults;
    o.corruptions.count = 0;
    s.data.samples.space = COP_PIXELS_NORMALISED; /* whitened data do for weights */
    s.data.samples.normalization = (cop_normalization){{0.0f, 0.0f}, {1.0f, 1.0f}};
    tables = analyze(&s, &o, &k);
    assert_null(table_of(tables, "robustness_images"));
    assert_true(isnan(cop_table_at(table_of(tables, "robustness"), 0, 3).f));
    assert_string_equal(cop_table_plot(table_of(tables, "robustness"))->headlines,
                        "lost_at_4_bits");
    cop_tables_free(tables);
    cop_tensors_free(k.bag);
    close_scene(&s);
}

/* Each step by an instance of its own: the same bits as all by one. */
static void steps_do_not_depend_on_each_other(void **state)
{
    (void)state;
    static scene s;
    kept whole, parts = {0};
    open_scene(&s);
    cop_tables *tables = analyze(&s, &defaults, &whole), *again = NULL;
    for (int64_t i = 0; i < COPIES * STEPS - 1; i++)
        assert_int_equal(go(&s, &defaults, 1, &parts, &again), COP_CANCELLED);
    assert_int_equal(go(&s, &defaults, 1, &parts, &again), COP_OK);
    const cop_tensor *a = cop_tensors_find(whole.bag, "found");
    const cop_tensor *b = cop_tensors_find(parts.bag, "found");
    assert_int_equal(cop_shape_count(a->shape), COPIES * STEPS * ROBUSTNESS_MEASURES);
    assert_memory_equal(a->data, b->data, (size_t)cop_shape_count(a->shape) * sizeof(double));
    cop_tables_free(tables);
    cop_tables_free(again);
    cop_tensors_free(whole.bag);
    cop_tensors_free(parts.bag);
    close_scene(&s);
}

static void steps_are_numbered_both_ways(void **state)
{
    (void)state;
    const robustness_steps n = robustness_steps_of(&defaults, 3);
    assert_int_equal(robustness_steps_count(&n), 3 * STEPS);
    for (int64_t i = 0; i < 3 * STEPS; i++)
        assert_int_equal(robustness_step_of(&n, robustness_step_at(&n, i)), i);
}

/* Rounded to k · max|w| / m by hand: 3 bits have m = 3. */
static void weights_go_to_the_nearest_of_their_levels(void **state)
{
    (void)state;
    static const float old[] = {0.9f, -0.16f, 0.14f, 0.0f, -0.44f, 0.46f, -0.9f, 0.3f};
    static const float wanted[] = {0.9f, -0.3f, 0.0f, 0.0f, -0.3f, 0.6f, -0.9f, 0.3f};
    static scene s;
    open_scene(&s);
    cop_tensors *point = s.copies[0];
    for (size_t i = 0; i < cop_tensors_count(point); i++) {
        cop_tensor *t = cop_tensors_at(point, i);
        for (int64_t k = 0; k < cop_shape_count(t->shape); k++)
            cop_f32(t)[k] = old[k % 8];
    }
    cop_tensors *before = cop_tensors_clone(point);
    double zeroed = quantise_state(s.model, 3, false, point);
    for (size_t i = 0; i < cop_tensors_count(point); i++) {
        const cop_tensor *t = cop_tensors_at(point, i);
        bool is_weight = strcmp(t->name, "conv.weight") == 0 || strcmp(t->name, "fc.weight") == 0;
        for (int64_t k = 0; k < cop_shape_count(t->shape); k++) {
            float was = cop_f32(cop_tensors_at(before, i))[k];
            assert_true(fabsf(cop_f32(t)[k] - (is_weight ? wanted[k % 8] : was)) < 1e-6f);
            if (was == 0.0f)
                assert_true(cop_f32(t)[k] == 0.0f);
        }
    }
    assert_true(fabs(zeroed - 1.0 / 7.0) < 1e-12); /* 0.14 of the seven that are not 0 */
    cop_tensors_free(before);
    close_scene(&s);
}

/* Two bits have the levels −s, 0 and s; of a channel alone, and of one without weights. */
static void channels_have_levels_of_their_own(void **state)
{
    (void)state;
    static scene s;
    open_scene(&s);
    cop_tensor *w = cop_tensors_find(s.copies[0], "fc.weight");
    int64_t row = cop_shape_count(w->shape) / w->shape.dim[0];
    for (int64_t c = 0; c < w->shape.dim[0]; c++) {
        for (int64_t k = 0; k < row; k++)
            cop_f32(w)[c * row + k] = c == 0 ? 0.0f : (float)c * (k % 2 == 0 ? 1.0f : -0.4f);
    }
    cop_tensors *by_tensor = cop_tensors_clone(s.copies[0]);
    (void)quantise_state(s.model, 2, true, s.copies[0]);
    (void)quantise_state(s.model, 2, false, by_tensor);
    const float *whole = cop_f32(cop_tensors_find(by_tensor, "fc.weight"));
    for (int64_t c = 0; c < w->shape.dim[0]; c++) {
        for (int64_t k = 0; k < row; k++) {
            assert_true(cop_f32(w)[c * row + k] == (k % 2 == 0 ? (float)c : 0.0f));
            /* 1 is half of 2, and goes to the even level. */
            assert_true(whole[c * row + k] == (c == 2 && k % 2 == 0 ? 2.0f : 0.0f));
        }
    }
    cop_tensors_free(by_tensor);
    close_scene(&s);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static scene s;
    static const int64_t twice[] = {4, 4};
    static const char *const unknown[] = {"fog"}, *const same[] = {"contrast", "contrast"};
    open_scene(&s);
    struct {
        robustness_options o;
        const char *message;
    } cases[] = {{defaults, "bits has 4 twice"},
                 {defaults, "severities has 4 twice"},
                 {defaults, "corruptions has \"fog\"; wanted gaussian_noise"},
                 {defaults, "corruptions has \"contrast\" twice"},
                 {defaults, "nothing is wanted"},
                 {defaults, "severities is empty"},
                 {defaults, "these data are whitened: corruptions = []"}};
    cases[0].o.bits = (cop_int_list){2, twice};
    cases[1].o.severities = (cop_int_list){2, twice};
    cases[2].o.corruptions = (cop_string_list){1, unknown};
    cases[3].o.corruptions = (cop_string_list){2, same};
    cases[4].o.bits.count = cases[4].o.corruptions.count = 0;
    cases[5].o.severities.count = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        cop_plan out;
        s.data.samples.space = i == 6 ? COP_PIXELS_NORMALISED : COP_PIXELS_UNIT;
        assert_refused(plan(&s, &cases[i].o, &out, &err), COP_INVALID, &err, cases[i].message);
        cop_plan_clear(&out);
    }
    close_scene(&s);
}

static void the_plan_counts_evaluations(void **state)
{
    (void)state;
    static scene s;
    cop_error err = {0};
    cop_plan out;
    open_scene(&s);
    robustness_options o = defaults;
    o.test_size = 10;
    assert_ok(plan(&s, &o, &out, &err), &err);
    assert_int_equal(out.steps, COPIES * STEPS);
    assert_true(out.flops == COPIES * STEPS * 10.0 * cop_model_forward_flops(s.model));
    cop_plan_clear(&out);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_are_corrupted_before_they_are_normalised),
        cmocka_unit_test(weights_are_quantised_copy_by_copy),
        cmocka_unit_test(the_summary_is_what_the_tables_come_to),
        cmocka_unit_test(either_part_goes_without_the_other),
        cmocka_unit_test(steps_do_not_depend_on_each_other),
        cmocka_unit_test(steps_are_numbered_both_ways),
        cmocka_unit_test(weights_go_to_the_nearest_of_their_levels),
        cmocka_unit_test(channels_have_levels_of_their_own),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(the_plan_counts_evaluations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
