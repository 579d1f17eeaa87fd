/* The hessian analyzer on softmax regression, whose Hessian is known:
 * mean over samples of (diag(p) − p pᵀ) ⊗ x xᵀ, with x extended by a 1 for the bias. */
#include "hessian_softmax.h"

#include <stdlib.h>

/* The exact diagonal over the samples given; returns the trace over surviving coordinates. */
static double exact_diagonal(const softmax_scene *s, double *diagonal)
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

static const hessian_options defaults = {.diagonal = HESSIAN_PROBES,
                                         .probes = 50,
                                         .samples = 0,
                                         .batch = 7,
                                         .layerwise = true,
                                         .bins = 9,
                                         .memory = 100};

static void the_trace_is_within_two_standard_errors(void **state)
{
    (void)state;
    for (int masked = 0; masked < 2; masked++) {
        softmax_scene s;
        double diagonal[COORDINATES];
        int within = 0;
        open_softmax_scene(&s, masked != 0);
        double exact = exact_diagonal(&s, diagonal);
        for (uint64_t seed = 0; seed < 100; seed++) {
            outcome out = analyze(&s.subject, defaults, seed);
            double error = value_of(&out, "hessian_trace", 0, "standard_error");
            within += fabs(value_of(&out, "hessian_trace", 0, "trace") - exact) <= 2.0 * error;
            /* The error is an error: above rounding, below the thing itself. */
            assert_true(error > 1e-4 * exact && error < 0.5 * exact);
            release(&out);
        }
        print_message("%s: %d of 100 traces within two standard errors\n",
                      masked ? "masked" : "dense", within);
        assert_true(within >= 88);
        close_softmax_scene(&s);
    }
}

static void the_diagonal_is_within_two_standard_errors(void **state)
{
    (void)state;
    for (int masked = 0; masked < 2; masked++) {
        softmax_scene s;
        double diagonal[COORDINATES];
        int within = 0, all = 0;
        open_softmax_scene(&s, masked != 0);
        (void)exact_diagonal(&s, diagonal);
        for (uint64_t seed = 0; seed < 100; seed++) {
            outcome out = analyze(&s.subject, defaults, seed);
            int at = 0; /* among the survivors, which are all that is kept */
            for (int c = 0; c < COORDINATES; c++) {
                if (!survives(&s, c))
                    continue;
                double sum = cop_f64(cop_tensors_find(out.bag, "sum"))[at];
                double square = cop_f64(cop_tensors_find(out.bag, "square"))[at++];
                double n = (double)defaults.probes, mean = sum / n;
                double variance = fmax((square - sum * mean) / (n - 1.0), 0.0);
                within += fabs(mean - diagonal[c]) <= 2.0 * sqrt(variance / n);
                all++;
            }
            assert_int_equal(at, cop_shape_count(cop_tensors_find(out.bag, "sum")->shape));
            release(&out);
        }
        print_message("%s: %d of %d diagonal entries within two standard errors\n",
                      masked ? "masked" : "dense", within, all);
        assert_true(within >= 0.88 * all);
        close_softmax_scene(&s);
    }
}

static void many_probes_come_close(void **state)
{
    (void)state;
    softmax_scene s;
    double diagonal[COORDINATES];
    open_softmax_scene(&s, true);
    double exact = exact_diagonal(&s, diagonal);
    hessian_options o = defaults;
    o.probes = 4000;
    outcome out = analyze(&s.subject, o, 1);
    double error = value_of(&out, "hessian_trace", 0, "standard_error");
    assert_true(error < 0.02 * exact);
    assert_true(fabs(value_of(&out, "hessian_trace", 0, "trace") - exact) < 3.0 * error);
    release(&out);
    close_softmax_scene(&s);
}

static void tables_agree_with_each_other(void **state)
{
    (void)state;
    softmax_scene s;
    open_softmax_scene(&s, true);
    for (int32_t scale = HESSIAN_LINEAR; scale <= HESSIAN_LOG; scale++) {
        hessian_options o = defaults;
        o.scale = scale;
        outcome out = analyze(&s.subject, o, 3);
        double trace = value_of(&out, "hessian_trace", 0, "trace");
        double weights = value_of(&out, "hessian_layer", 0, "trace");
        double biases = value_of(&out, "hessian_layer", 1, "trace");
        assert_true(fabs(trace - weights - biases) < 1e-9);
        assert_true(value_of(&out, "hessian_trace", 0, "surviving") == 8 + LINEAR_CLASSES);
        assert_true(value_of(&out, "hessian_layer", 0, "surviving") == 8);
        assert_true(value_of(&out, "hessian_trace", 0, "samples") == SAMPLES);
        assert_true(value_of(&out, "hessian_trace", 0, "probes") == 50);
        assert_true(fabs(value_of(&out, "hessian_layer", 0, "mean_diagonal") - weights / 8.0) <
                    1e-9);
        double counted = 0.0, end = value_of(&out, "hessian_diagonal", 0, "lower");
        for (size_t bin = 0; bin < 9; bin++) {
            double lower = value_of(&out, "hessian_diagonal", bin, "lower");
            double centre = value_of(&out, "hessian_diagonal", bin, "centre");
            assert_true(fabs(lower - end) < 1e-12);
            end = value_of(&out, "hessian_diagonal", bin, "upper");
            assert_true(lower < centre && centre < end);
            counted += value_of(&out, "hessian_diagonal", bin, "count");
        }
        assert_true(counted == 8 + LINEAR_CLASSES);
        release(&out);
    }
    close_softmax_scene(&s);
}

static void layers_can_be_left_out(void **state)
{
    (void)state;
    softmax_scene s;
    open_softmax_scene(&s, false);
    hessian_options o = defaults;
    o.layerwise = false;
    o.probes = 1;
    outcome out = analyze(&s.subject, o, 3);
    assert_int_equal(cop_tables_count(out.tables), 2);
    assert_true(
        isnan(value_of(&out, "hessian_trace", 0, "standard_error"))); /* one probe has none */
    release(&out);
    close_softmax_scene(&s);
}

/* Fewer samples than there are: other seeds take others, none twice. */
static void samples_are_drawn_without_replacement(void **state)
{
    (void)state;
    softmax_scene s;
    open_softmax_scene(&s, false);
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
    close_softmax_scene(&s);
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
