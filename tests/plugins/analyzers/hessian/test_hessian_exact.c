/* What the hessian analyzer computes entry by entry, beside PyTorch's Hessian in double precision; and
 * when it does so, and what it says of estimates. */
#include "hessian_torch.h"

/* Products are in single precision; entries are of order 1. */
#define CLOSE 2e-5

static void the_exact_diagonal_is_that_of_torch(void **state)
{
    (void)state;
    for (int masked = 0; masked < 2; masked++) {
        torch_scene s;
        open_torch_scene(&s, masked != 0);
        hessian_options o = torch_defaults;
        o.diagonal = HESSIAN_EXACT;
        outcome out = analyze(&s.subject, o, 1);
        const cop_tensor *diagonal = cop_tensors_find(out.bag, "diagonal");
        assert_int_equal(cop_shape_count(diagonal->shape), s.n);
        for (int64_t i = 0; i < s.n; i++)
            assert_true(fabs(cop_f64(diagonal)[i] - s.matrix[i * s.n + i]) < CLOSE);
        assert_true(fabs(value_of(&out, "hessian_trace", 0, "trace") - s.trace) < 50 * CLOSE);
        assert_true(value_of(&out, "hessian_trace", 0, "standard_error") == 0.0);
        assert_true(value_of(&out, "hessian_trace", 0, "diagonal_error") == 0.0);
        assert_true(value_of(&out, "hessian_trace", 0, "noise") == 0.0);
        assert_true(value_of(&out, "hessian_trace", 0, "exact") == 1.0);
        assert_true(value_of(&out, "hessian_trace", 0, "probes") == 0.0);
        assert_true(value_of(&out, "hessian_trace", 0, "surviving") == (double)s.n);
        release(&out);
        close_torch_scene(&s);
    }
}

/* The entries of all parameters in order: how many of them are numbers, and their sum; each of these
 * is to be near the matrix's, where there is one. */
static int64_t read_entries(const torch_scene *s, const cop_tensors *entries, const double *matrix,
                            double *sum)
{
    int64_t at = 0;
    *sum = 0.0;
    assert_int_equal(cop_tensors_count(entries), cop_model_parameter_count(s->subject.model));
    for (size_t i = 0; i < cop_tensors_count(entries); i++) {
        const cop_tensor *t = cop_tensors_at(entries, i);
        const cop_parameter *p = cop_model_parameter(s->subject.model, i);
        const cop_tensor *mask = cop_tensors_find(s->subject.mask, p->name);
        assert_string_equal(t->name, p->name);
        assert_true(cop_shape_equal(t->shape, p->shape));
        for (int64_t k = 0; k < cop_shape_count(t->shape); k++) {
            bool is_removed = mask != NULL && cop_f32(mask)[k] == 0.0f;
            assert_int_equal(isnan(cop_f64(t)[k]) != 0, is_removed);
            if (is_removed)
                continue;
            *sum += cop_f64(t)[k];
            if (matrix != NULL)
                assert_true(fabs(cop_f64(t)[k] - matrix[at * s->n + at]) < CLOSE);
            at++;
        }
    }
    return at;
}

static void entries_are_the_diagonal_by_parameter(void **state)
{
    (void)state;
    for (int masked = 0; masked < 2; masked++) {
        for (int32_t way = HESSIAN_EXACT; way <= HESSIAN_PROBES; way++) {
            torch_scene s;
            double sum = 0.0;
            open_torch_scene(&s, masked != 0);
            hessian_options o = torch_defaults;
            o.diagonal = way;
            o.probes = 20;
            o.entries = true;
            outcome out = analyze(&s.subject, o, 1);
            const double *matrix = way == HESSIAN_EXACT ? s.matrix : NULL;
            assert_int_equal(read_entries(&s, out.tensors, matrix, &sum), s.n);
            assert_true(fabs(sum - value_of(&out, "hessian_trace", 0, "trace")) < 1e-9);
            release(&out);
            o.entries = false;
            out = analyze(&s.subject, o, 1);
            assert_null(out.tensors);
            release(&out);
            close_torch_scene(&s);
        }
    }
}

static void entries_need_a_diagonal(void **state)
{
    (void)state;
    torch_scene s;
    cop_error err = {0};
    open_torch_scene(&s, false);
    hessian_options o = torch_defaults;
    o.probes = 0;
    o.eigenvalues = 1;
    o.entries = true;
    cop_plan plan = {.kind = COP_KIND_ANALYZER,
                     .model = s.subject.model,
                     .copies = 1,
                     .train_count = s.data.count,
                     .weights_left = -1};
    assert_refused(cop_plan_make("analyzer 'hessian'", coppice_plugin.ops, &o, &plan, &err),
                   COP_INVALID, &err, "with probes = 0 there is none");
    cop_plan_clear(&plan);
    close_torch_scene(&s);
}

static void layers_share_the_exact_trace(void **state)
{
    (void)state;
    torch_scene s;
    open_torch_scene(&s, true);
    hessian_options o = torch_defaults;
    o.diagonal = HESSIAN_EXACT;
    outcome out = analyze(&s.subject, o, 1);
    int64_t at = 0;
    assert_int_equal(rows_of(&out, "hessian_layer"), 4);
    for (size_t layer = 0; layer < 4; layer++) {
        double share = 0.0, count = value_of(&out, "hessian_layer", layer, "surviving");
        for (int64_t end = at + (int64_t)count; at < end; at++)
            share += s.matrix[at * s.n + at];
        assert_true(fabs(value_of(&out, "hessian_layer", layer, "trace") - share) < 50 * CLOSE);
        assert_true(value_of(&out, "hessian_layer", layer, "standard_error") == 0.0);
    }
    assert_int_equal(at, s.n);
    release(&out);
    close_torch_scene(&s);
}

/* The mask leaves 37 of 81 coordinates. A plan that does not know that states what the whole network
 * would take; what is computed is the same. */
static void it_is_exact_where_that_costs_no_more(void **state)
{
    (void)state;
    static const struct {
        int32_t diagonal;
        int64_t probes;
        bool masked;
        int64_t steps, blind; /* planned with and without knowing the mask */
        double exact;
    } cases[] = {
        {HESSIAN_AUTO, 100, false, 81, 81, 1.0}, {HESSIAN_AUTO, 81, false, 81, 81, 1.0},
        {HESSIAN_AUTO, 80, false, 80, 80, 0.0},  {HESSIAN_AUTO, 60, true, 37, 60, 1.0},
        {HESSIAN_AUTO, 37, true, 37, 37, 1.0},   {HESSIAN_AUTO, 36, true, 36, 36, 0.0},
        {HESSIAN_EXACT, 3, true, 37, 81, 1.0},   {HESSIAN_PROBES, 100, false, 100, 100, 0.0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        torch_scene s;
        open_torch_scene(&s, cases[i].masked);
        hessian_options o = torch_defaults;
        o.diagonal = cases[i].diagonal;
        o.probes = cases[i].probes;
        hessian_subject blind = s.subject;
        blind.is_blind = true;
        cop_plan plan = plan_of(&s.subject, &o);
        assert_int_equal(plan.steps, cases[i].steps);
        cop_plan_clear(&plan);
        plan = plan_of(&blind, &o);
        assert_int_equal(plan.steps, cases[i].blind);
        cop_plan_clear(&plan);
        outcome out = analyze(&s.subject, o, 1), same = analyze(&blind, o, 1);
        assert_same_tables(out.tables, same.tables);
        release(&same);
        assert_true(value_of(&out, "hessian_trace", 0, "exact") == cases[i].exact);
        assert_true(value_of(&out, "hessian_trace", 0, "probes") ==
                    (cases[i].exact != 0.0 ? 0.0 : (double)o.probes));
        release(&out);
        close_torch_scene(&s);
    }
}

static void the_dense_hessian_is_that_of_torch(void **state)
{
    (void)state;
    for (int masked = 0; masked < 2; masked++) {
        torch_scene s;
        open_torch_scene(&s, masked != 0);
        hessian_options o = torch_defaults;
        o.dense = true;
        outcome out = analyze(&s.subject, o, 1);
        const float *matrix = cop_f32(cop_tensors_find(out.bag, "matrix"));
        for (int64_t i = 0; i < s.n * s.n; i++)
            assert_true(fabs((double)matrix[i] - s.matrix[i]) < CLOSE);
        assert_int_equal(rows_of(&out, "hessian_dense"), s.n);
        for (int64_t i = 0; i < s.n; i++) {
            double found = value_of(&out, "hessian_dense", (size_t)i, "eigenvalue");
            assert_true(fabs(found - s.eigenvalues[s.n - 1 - i]) < 10 * CLOSE);
            assert_true(value_of(&out, "hessian_dense", (size_t)i, "rank") == (double)(i + 1));
        }
        /* The diagonal comes with it, exactly, though no probe is wanted. */
        assert_true(fabs(value_of(&out, "hessian_trace", 0, "trace") - s.trace) < 50 * CLOSE);
        assert_true(value_of(&out, "hessian_trace", 0, "exact") == 1.0);
        release(&out);
        close_torch_scene(&s);
    }
}

/* Of an entry's estimate by N probes the variance is Σ over the others in its row of Hᵢⱼ², by N. */
static void the_noise_is_what_theory_says(void **state)
{
    (void)state;
    torch_scene s;
    double mean = 0.0, variance = 0.0;
    open_torch_scene(&s, false);
    double n = (double)s.n;
    for (int64_t i = 0; i < s.n; i++)
        mean += s.matrix[i * s.n + i] / n;
    for (int64_t i = 0; i < s.n; i++)
        variance += (s.matrix[i * s.n + i] - mean) * (s.matrix[i * s.n + i] - mean) / n;
    static const int64_t probes[] = {4, 40, 4000}, seeds[] = {400, 40, 4};
    for (size_t k = 0; k < 3; k++) {
        hessian_options o = torch_defaults;
        o.diagonal = HESSIAN_PROBES;
        o.probes = probes[k];
        double errors = s.spread / n / (double)probes[k], found = 0.0;
        for (int64_t seed = 0; seed < seeds[k]; seed++) {
            outcome out = analyze(&s.subject, o, (uint64_t)seed);
            found += value_of(&out, "hessian_trace", 0, "noise") / (double)seeds[k];
            release(&out);
        }
        print_message("%lld probes: noise %.4f, by theory %.4f\n", (long long)probes[k], found,
                      errors / (errors + variance));
        assert_true(fabs(found / (errors / (errors + variance)) - 1.0) < 0.15);
    }
    close_torch_scene(&s);
}

static double sum_of(const outcome *out, const char *column)
{
    double sum = 0.0;
    for (size_t row = 0; row < rows_of(out, "hessian_diagonal"); row++)
        sum += value_of(out, "hessian_diagonal", row, column);
    return sum;
}

/* The variance of a column of the histogram. */
static double variance_of(const outcome *out, const char *column)
{
    double sum = sum_of(out, column), mean = 0.0, variance = 0.0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t row = 0; row < rows_of(out, "hessian_diagonal"); row++) {
            double centre = value_of(out, "hessian_diagonal", row, "centre");
            double share = value_of(out, "hessian_diagonal", row, column) / sum;
            if (pass == 0)
                mean += share * centre;
            else
                variance += share * (centre - mean) * (centre - mean);
        }
    }
    return variance;
}

/* What errors alone would give is as wide as the noise says. */
static void the_histogram_shows_what_errors_alone_would_give(void **state)
{
    (void)state;
    torch_scene s;
    static const int64_t probes[] = {6, 60};
    open_torch_scene(&s, false);
    for (int i = 0; i < 4; i++) {
        hessian_options o = torch_defaults;
        o.diagonal = HESSIAN_PROBES;
        o.probes = probes[i % 2];
        o.scale = i / 2; /* linear, log */
        o.bins = o.scale == HESSIAN_LOG ? 120 : 40;
        outcome out = analyze(&s.subject, o, 2);
        assert_true(fabs(sum_of(&out, "errors_alone") - (double)s.n) < 0.1 * (double)o.bins);
        assert_true(sum_of(&out, "count") == (double)s.n);
        double noise = value_of(&out, "hessian_trace", 0, "noise");
        double shown = variance_of(&out, "errors_alone") / variance_of(&out, "count");
        print_message("%lld probes: noise %.3f, shown %.3f\n", (long long)o.probes, noise, shown);
        assert_true(fabs(shown / noise - 1.0) < 0.25);
        release(&out);
    }
    close_torch_scene(&s);
}

static void bins_have_the_errors_of_their_entries(void **state)
{
    (void)state;
    torch_scene s;
    open_torch_scene(&s, false);
    hessian_options o = torch_defaults;
    o.diagonal = HESSIAN_PROBES;
    o.probes = 20;
    outcome out = analyze(&s.subject, o, 2);
    double errors = 0.0;
    for (size_t row = 0; row < rows_of(&out, "hessian_diagonal"); row++) {
        double count = value_of(&out, "hessian_diagonal", row, "count");
        double error = value_of(&out, "hessian_diagonal", row, "standard_error");
        assert_true(count > 0.0 ? error >= 0.0 : isnan(error));
        errors += count > 0.0 ? count * error : 0.0;
    }
    double mean = value_of(&out, "hessian_trace", 0, "diagonal_error");
    assert_true(mean > 0.0 && fabs(errors / (double)s.n - mean) < 1e-9);
    release(&out);
    o.diagonal = HESSIAN_EXACT;
    out = analyze(&s.subject, o, 2);
    assert_true(sum_of(&out, "errors_alone") == 0.0);
    release(&out);
    close_torch_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exact_diagonal_is_that_of_torch),
        cmocka_unit_test(entries_are_the_diagonal_by_parameter),
        cmocka_unit_test(entries_need_a_diagonal),
        cmocka_unit_test(layers_share_the_exact_trace),
        cmocka_unit_test(it_is_exact_where_that_costs_no_more),
        cmocka_unit_test(the_dense_hessian_is_that_of_torch),
        cmocka_unit_test(the_noise_is_what_theory_says),
        cmocka_unit_test(the_histogram_shows_what_errors_alone_would_give),
        cmocka_unit_test(bins_have_the_errors_of_their_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
