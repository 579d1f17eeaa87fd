/* The hessian analyzer on softmax regression, whose Hessian is known:
 * mean over samples of (diag(p) − p pᵀ) ⊗ x xᵀ, with x extended by a 1 for the bias. */
#include "given.h"
#include "linear_net.h"
#include "study/graph/plan.h"
#include "study/running/drive.h"

#include "plugins/analyzers/hessian/hessian.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 24, COORDINATES = LINEAR_WEIGHTS + LINEAR_CLASSES };

typedef struct scene {
    cop_model *model;
    cop_tensors *state, *mask;
    const cop_tensors *copies[1];
    float pixels[SAMPLES * LINEAR_FEATURES];
    int32_t labels[SAMPLES];
    cop_samples data;
} scene;

static void open_scene(scene *s, bool masked)
{
    cop_error err = {0};
    cop_stream stream = cop_stream_make(9, "pixels", 0);
    s->model = linear_model();
    assert_ok(cop_model_initial_state(s->model, 4, &s->state, &err), &err);
    assert_ok(cop_model_full_mask(s->model, &s->mask, &err), &err);
    for (int i = 0; masked && i < LINEAR_WEIGHTS; i++)
        cop_f32(cop_tensors_at(s->mask, 0))[i] = i % 3 == 1 ? 0.0f : 1.0f;
    cop_mask_apply(s->mask, s->state);
    s->copies[0] = s->state;
    for (int i = 0; i < SAMPLES * LINEAR_FEATURES; i++)
        s->pixels[i] = 2.0f * cop_stream_uniform(&stream) - 0.5f;
    for (int i = 0; i < SAMPLES; i++)
        s->labels[i] = i % LINEAR_CLASSES;
    s->data = (cop_samples){.task = linear_task,
                            .normalization = {.std = {1.0f}},
                            .count = SAMPLES,
                            .pixels = s->pixels,
                            .labels = s->labels};
}

static void close_scene(scene *s)
{
    cop_tensors_free(s->state);
    cop_tensors_free(s->mask);
    cop_model_free(s->model);
}

/* Coordinates: the weights row by row, then the biases. */
static int class_of(int coordinate)
{
    return coordinate < LINEAR_WEIGHTS ? coordinate / LINEAR_FEATURES : coordinate - LINEAR_WEIGHTS;
}

static double input_of(const float *x, int coordinate)
{
    return coordinate < LINEAR_WEIGHTS ? (double)x[coordinate % LINEAR_FEATURES] : 1.0;
}

static bool survives(const scene *s, int coordinate)
{
    return coordinate >= LINEAR_WEIGHTS || cop_f32(cop_tensors_at(s->mask, 0))[coordinate] != 0.0f;
}

/* The exact diagonal over the samples given; returns the trace over surviving coordinates. */
static double exact_diagonal(const scene *s, double *diagonal)
{
    double trace = 0.0;
    for (int c = 0; c < COORDINATES; c++) {
        diagonal[c] = 0.0;
        for (int i = 0; i < SAMPLES; i++) {
            const float *x = s->pixels + i * LINEAR_FEATURES;
            double p[LINEAR_CLASSES], a = input_of(x, c);
            linear_softmax(s->state, x, p);
            diagonal[c] += p[class_of(c)] * (1.0 - p[class_of(c)]) * a * a / SAMPLES;
        }
        trace += survives(s, c) ? diagonal[c] : 0.0;
    }
    return trace;
}

static const hessian_options defaults = {
    .probes = 50, .samples = 0, .batch = 7, .layerwise = true, .bins = 9};

/* What is in the tables and the last bag. */
typedef struct outcome {
    cop_tables *tables;
    cop_tensors *bag;
} outcome;

static cop_status keep(void *context, const cop_saved *state, cop_error *err)
{
    (void)err;
    outcome *out = context;
    cop_tensors_free(out->bag);
    out->bag = cop_tensors_clone(state->bag);
    return COP_OK;
}

/* Runs the analyzer. The bag kept is that before the last of probes + 1 steps, so of `probes`. */
static outcome analyze(const scene *s, hessian_options o, uint64_t seed, bool bag_wanted)
{
    cop_error err = {0};
    outcome out = {0};
    const cop_work_ops *ops = coppice_plugin.ops;
    void *self = NULL;
    o.probes += bag_wanted;
    cop_plan plan = {.kind = COP_KIND_ANALYZER, .model = s->model, .copies = 1};
    assert_ok(ops->create(&o, &linear_task, &self, &err), &err);
    assert_ok(cop_plan_make("analyzer 'hessian'", ops, &o, &plan, &err), &err);
    assert_int_equal(plan.steps, o.probes);
    given inputs = {.mask = s->mask, .copies = s->copies};
    cop_work work = {.kind = COP_KIND_ANALYZER,
                     .model = s->model,
                     .train = &s->data,
                     .seed = seed,
                     .threads = 1,
                     .source = given_source(&inputs),
                     .copy_count = 1};
    cop_drive d = {.what = "analyzer 'hessian'",
                   .self = self,
                   .work = &work,
                   .steps = plan.steps,
                   .save = bag_wanted ? keep : NULL,
                   .context = &out};
    assert_ok(cop_drive_analyzer(&d, ops, &out.tables, &err), &err);
    ops->destroy(self);
    cop_plan_clear(&plan);
    return out;
}

static void release(outcome *out)
{
    cop_tables_free(out->tables);
    cop_tensors_free(out->bag);
}

static double value_of(const cop_tables *tables, size_t table, size_t row, const char *column)
{
    const cop_table *t = cop_tables_at(tables, table);
    for (size_t i = 0; i < cop_table_column_count(t); i++) {
        if (strcmp(cop_table_column(t, i)->name, column) == 0) {
            cop_table_value c = cop_table_at(t, row, i);
            return cop_table_column(t, i)->type == COP_COLUMN_INT ? (double)c.i : c.f;
        }
    }
    fail_msg("no column %s", column);
    return 0.0;
}

static void the_trace_is_within_two_standard_errors(void **state)
{
    (void)state;
    for (int masked = 0; masked < 2; masked++) {
        scene s;
        double diagonal[COORDINATES];
        int within = 0;
        open_scene(&s, masked != 0);
        double exact = exact_diagonal(&s, diagonal);
        for (uint64_t seed = 0; seed < 100; seed++) {
            outcome out = analyze(&s, defaults, seed, false);
            double error = value_of(out.tables, 0, 0, "standard_error");
            within += fabs(value_of(out.tables, 0, 0, "trace") - exact) <= 2.0 * error;
            /* The error is an error: above rounding, below the thing itself. */
            assert_true(error > 1e-4 * exact && error < 0.5 * exact);
            release(&out);
        }
        print_message("%s: %d of 100 traces within two standard errors\n",
                      masked ? "masked" : "dense", within);
        assert_true(within >= 88);
        close_scene(&s);
    }
}

static void the_diagonal_is_within_two_standard_errors(void **state)
{
    (void)state;
    for (int masked = 0; masked < 2; masked++) {
        scene s;
        double diagonal[COORDINATES];
        int within = 0, all = 0;
        open_scene(&s, masked != 0);
        (void)exact_diagonal(&s, diagonal);
        for (uint64_t seed = 0; seed < 100; seed++) {
            outcome out = analyze(&s, defaults, seed, true);
            for (int c = 0; c < COORDINATES; c++) {
                bool bias = c >= LINEAR_WEIGHTS;
                int at = bias ? c - LINEAR_WEIGHTS : c;
                double sum = cop_f64(cop_tensors_find(out.bag, bias ? "sum.1" : "sum.0"))[at];
                double square =
                    cop_f64(cop_tensors_find(out.bag, bias ? "square.1" : "square.0"))[at];
                if (!survives(&s, c)) {
                    assert_true(sum == 0.0 && square == 0.0);
                    continue;
                }
                double n = (double)defaults.probes, mean = sum / n;
                double variance = fmax((square - sum * mean) / (n - 1.0), 0.0);
                within += fabs(mean - diagonal[c]) <= 2.0 * sqrt(variance / n);
                all++;
            }
            release(&out);
        }
        print_message("%s: %d of %d diagonal entries within two standard errors\n",
                      masked ? "masked" : "dense", within, all);
        assert_true(within >= 0.88 * all);
        close_scene(&s);
    }
}

static void many_probes_come_close(void **state)
{
    (void)state;
    scene s;
    double diagonal[COORDINATES];
    open_scene(&s, true);
    double exact = exact_diagonal(&s, diagonal);
    hessian_options o = defaults;
    o.probes = 4000;
    outcome out = analyze(&s, o, 1, false);
    double error = value_of(out.tables, 0, 0, "standard_error");
    assert_true(error < 0.02 * exact);
    assert_true(fabs(value_of(out.tables, 0, 0, "trace") - exact) < 3.0 * error);
    release(&out);
    close_scene(&s);
}

static void tables_agree_with_each_other(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, true);
    for (int32_t scale = HESSIAN_LINEAR; scale <= HESSIAN_LOG; scale++) {
        hessian_options o = defaults;
        o.scale = scale;
        outcome out = analyze(&s, o, 3, false);
        double trace = value_of(out.tables, 0, 0, "trace");
        double weights = value_of(out.tables, 1, 0, "trace");
        double biases = value_of(out.tables, 1, 1, "trace");
        assert_true(fabs(trace - weights - biases) < 1e-9);
        assert_true(value_of(out.tables, 0, 0, "surviving") == 8 + LINEAR_CLASSES);
        assert_true(value_of(out.tables, 1, 0, "surviving") == 8);
        assert_true(value_of(out.tables, 0, 0, "samples") == SAMPLES);
        assert_true(value_of(out.tables, 0, 0, "probes") == 50);
        assert_true(fabs(value_of(out.tables, 1, 0, "mean_diagonal") - weights / 8.0) < 1e-9);
        double counted = 0.0, end = value_of(out.tables, 2, 0, "lower");
        for (size_t bin = 0; bin < 9; bin++) {
            double lower = value_of(out.tables, 2, bin, "lower");
            double centre = value_of(out.tables, 2, bin, "centre");
            assert_true(fabs(lower - end) < 1e-12);
            end = value_of(out.tables, 2, bin, "upper");
            assert_true(lower < centre && centre < end);
            counted += value_of(out.tables, 2, bin, "count");
        }
        assert_true(counted == 8 + LINEAR_CLASSES);
        release(&out);
    }
    close_scene(&s);
}

static void layers_can_be_left_out(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, false);
    hessian_options o = defaults;
    o.layerwise = false;
    o.probes = 1;
    outcome out = analyze(&s, o, 3, false);
    assert_int_equal(cop_tables_count(out.tables), 2);
    assert_true(isnan(value_of(out.tables, 0, 0, "standard_error"))); /* one probe has none */
    release(&out);
    close_scene(&s);
}

/* Fewer samples than there are: other seeds take others, none twice. */
static void samples_are_drawn_without_replacement(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, false);
    const hessian_options o = {.samples = 10};
    int differing = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        cop_error err = {0};
        cop_work work = {.train = &s.data, .seed = seed};
        bool seen[SAMPLES] = {false};
        int64_t *index = NULL, count = 0;
        assert_ok(hessian_draw_samples(&o, &work, &index, &count, &err), &err);
        assert_int_equal(count, 10);
        for (int i = 0; i < 10; i++) {
            assert_in_range(index[i], 0, SAMPLES - 1);
            assert_false(seen[index[i]]);
            seen[index[i]] = true;
            differing += index[i] >= 10;
        }
        free(index);
    }
    assert_true(differing > 0);
    close_scene(&s);
}

static void a_copy_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_model *model = linear_model();
    hessian_options o = defaults;
    o.copy = 2;
    cop_plan plan = {.kind = COP_KIND_ANALYZER, .model = model, .copies = 2};
    assert_refused(cop_plan_make("analyzer 'hessian'", coppice_plugin.ops, &o, &plan, &err),
                   COP_INVALID, &err, "copy 2 is wanted, and there are 2");
    cop_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_trace_is_within_two_standard_errors),
        cmocka_unit_test(the_diagonal_is_within_two_standard_errors),
        cmocka_unit_test(many_probes_come_close),
        cmocka_unit_test(tables_agree_with_each_other),
        cmocka_unit_test(layers_can_be_left_out),
        cmocka_unit_test(samples_are_drawn_without_replacement),
        cmocka_unit_test(a_copy_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
