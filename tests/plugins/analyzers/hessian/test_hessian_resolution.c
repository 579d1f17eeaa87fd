/* The hessian analyzer's number of probes where a resolution is asked: beside what theory says of
 * Hessians that are known, softmax regression's and PyTorch's. */
#include "hessian_softmax.h"
#include "hessian_torch.h"

/* Of a symmetric matrix: of an entry's estimate by N Rademacher probes the variance is Σ over the
 * others in its row of Hᵢⱼ², by N. */
typedef struct theory {
    double deviation; /* between the diagonal's entries */
    double error;     /* mean standard error of an entry by one probe */
} theory;

static theory theory_of(const double *matrix, int64_t n)
{
    theory t = {0};
    double mean = 0.0, count = (double)n;
    for (int64_t i = 0; i < n; i++)
        mean += matrix[i * n + i] / count;
    for (int64_t i = 0; i < n; i++) {
        double squares = 0.0;
        for (int64_t j = 0; j < n; j++)
            squares += i != j ? matrix[i * n + j] * matrix[i * n + j] : 0.0;
        t.error += sqrt(squares) / count;
        t.deviation += (matrix[i * n + i] - mean) * (matrix[i * n + i] - mean) / count;
    }
    t.deviation = sqrt(t.deviation);
    return t;
}

/* Probes that a resolution takes. */
static double probes_for(const theory *t, double resolution)
{
    return pow(t->error / t->deviation / resolution, 2.0);
}

static hessian_options asking(int32_t diagonal, double resolution, int64_t most)
{
    hessian_options o = torch_defaults;
    o.diagonal = diagonal;
    o.probes = 50;
    o.batch = 7;
    o.resolution = resolution;
    o.most_probes = most;
    return o;
}

/* The whole matrix of the surviving coordinates; how many these are. */
static int64_t softmax_matrix(const softmax_scene *s, double *matrix)
{
    int of[COORDINATES], n = 0;
    for (int c = 0; c < COORDINATES; c++) {
        if (survives(s, c))
            of[n++] = c;
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++)
            matrix[i * n + j] = softmax_entry(s, of[i], of[j]);
    }
    return n;
}

/* Mean distance of the estimates from the diagonal. */
static double mean_distance(const outcome *out, const double *matrix, int64_t n)
{
    double sum = 0.0, probes = value_of(out, "hessian_resolution", 0, "probes");
    for (int64_t i = 0; i < n; i++)
        sum += fabs(cop_f64(cop_tensors_find(out->bag, "sum"))[i] / probes - matrix[i * n + i]);
    return sum / (double)n;
}

enum { SEEDS = 20 };

/* The resolution is a standard error: of normal errors the mean distance is √(2/π) of that. */
static void a_resolution_takes_as_many_probes_as_theory_says(void **state)
{
    (void)state;
    static const double resolutions[] = {0.3, 0.1};
    for (int masked = 0; masked < 2; masked++) {
        softmax_scene s;
        double matrix[COORDINATES * COORDINATES];
        open_softmax_scene(&s, masked != 0);
        int64_t n = softmax_matrix(&s, matrix);
        const theory t = theory_of(matrix, n);
        for (int i = 0; i < 2; i++) {
            double probes = 0.0, distance = 0.0, wanted = probes_for(&t, resolutions[i]);
            for (uint64_t seed = 0; seed < SEEDS; seed++) {
                outcome out =
                    analyze(&s.subject, asking(HESSIAN_PROBES, resolutions[i], 10000), seed);
                double reached = value_of(&out, "hessian_resolution", 0, "resolution_reached");
                assert_true(value_of(&out, "hessian_resolution", 0, "resolution_asked") ==
                            resolutions[i]);
                assert_true(value_of(&out, "hessian_resolution", 0, "met") == 1.0);
                assert_true(reached <= resolutions[i] && reached > 0.5 * resolutions[i]);
                assert_true(value_of(&out, "hessian_trace", 0, "probes") ==
                            value_of(&out, "hessian_resolution", 0, "products"));
                probes += value_of(&out, "hessian_resolution", 0, "probes") / SEEDS;
                distance += mean_distance(&out, matrix, n) / SEEDS;
                release(&out);
            }
            double normal = sqrt(2.0 / acos(-1.0)) * resolutions[i] * t.deviation;
            print_message("resolution %g: %.0f probes, by theory %.0f; mean distance %.3g, %.3g\n",
                          resolutions[i], probes, wanted, distance, normal);
            assert_true(wanted > 2.0 * HESSIAN_PILOT); /* or the first look would be the only one */
            assert_true(probes > 0.8 * wanted && probes < 1.25 * wanted);
            assert_true(distance > 0.75 * normal && distance < 1.25 * normal);
        }
        close_softmax_scene(&s);
    }
}

static void probes_that_are_too_few_say_so(void **state)
{
    (void)state;
    softmax_scene s;
    open_softmax_scene(&s, false);
    outcome out = analyze(&s.subject, asking(HESSIAN_PROBES, 0.01, 45), 1);
    assert_true(value_of(&out, "hessian_resolution", 0, "probes") == 45.0);
    assert_true(value_of(&out, "hessian_trace", 0, "probes") == 45.0);
    assert_true(value_of(&out, "hessian_resolution", 0, "met") == 0.0);
    assert_true(value_of(&out, "hessian_resolution", 0, "resolution_reached") > 0.05);
    release(&out);
    close_softmax_scene(&s);
}

/* Probes that stop early are those that a smaller number of them would have been. */
static void resolved_probes_are_the_first_of_many(void **state)
{
    (void)state;
    softmax_scene s;
    open_softmax_scene(&s, false);
    hessian_options o = asking(HESSIAN_PROBES, 0.2, 10000);
    outcome a = analyze(&s.subject, o, 3);
    o.probes = (int64_t)value_of(&a, "hessian_resolution", 0, "probes");
    o.resolution = 0.0;
    outcome b = analyze(&s.subject, o, 3);
    for (size_t i = 0; i < 4; i++) {
        static const char *const columns[] = {"trace", "standard_error", "noise", "probes"};
        assert_true(value_of(&a, "hessian_trace", 0, columns[i]) ==
                    value_of(&b, "hessian_trace", 0, columns[i]));
    }
    assert_null(find_table(b.tables, "hessian_resolution"));
    release(&a);
    release(&b);
    close_softmax_scene(&s);
}

static void fewer_coordinates_than_the_first_probes_are_exact(void **state)
{
    (void)state;
    softmax_scene s;
    double matrix[COORDINATES * COORDINATES];
    open_softmax_scene(&s, false);
    int64_t n = softmax_matrix(&s, matrix);
    const hessian_options o = asking(HESSIAN_AUTO, 0.5, 1000);
    cop_plan plan = plan_of(&s.subject, &o);
    assert_int_equal(plan.steps, n);
    cop_plan_clear(&plan);
    outcome out = analyze(&s.subject, o, 1);
    assert_true(value_of(&out, "hessian_resolution", 0, "resolution_reached") == 0.0);
    assert_true(value_of(&out, "hessian_resolution", 0, "met") == 1.0);
    assert_true(value_of(&out, "hessian_resolution", 0, "products") == (double)n);
    for (int64_t i = 0; i < n; i++)
        assert_true(fabs(cop_f64(cop_tensors_find(out.bag, "diagonal"))[i] - matrix[i * n + i]) <
                    1e-6);
    assert_true(
        fabs(value_of(&out, "hessian_resolution", 0, "deviation") / theory_of(matrix, n).deviation -
             1.0) < 1e-5);
    release(&out);
    close_softmax_scene(&s);
}

/* The network has 81 coordinates, 37 under the mask: whichever takes fewer products is taken. */
static void the_cheaper_way_is_taken(void **state)
{
    (void)state;
    for (int masked = 0; masked < 2; masked++) {
        torch_scene s;
        open_torch_scene(&s, masked != 0);
        const theory t = theory_of(s.matrix, s.n);
        double cheap =
            t.error / t.deviation / sqrt(0.5 * (double)s.n); /* for half as many probes */
        double dear = t.error / t.deviation / sqrt(4.0 * (double)s.n);
        for (uint64_t seed = 0; seed < 5; seed++) {
            outcome out = analyze(&s.subject, asking(HESSIAN_AUTO, cheap, 1000), seed);
            assert_true(value_of(&out, "hessian_resolution", 0, "met") == 1.0);
            assert_true(value_of(&out, "hessian_trace", 0, "exact") == 0.0);
            assert_true(value_of(&out, "hessian_resolution", 0, "products") <= 1.5 * (double)s.n);
            release(&out);
            out = analyze(&s.subject, asking(HESSIAN_AUTO, dear, 1000), seed);
            assert_true(value_of(&out, "hessian_trace", 0, "exact") == 1.0);
            assert_true(value_of(&out, "hessian_trace", 0, "probes") == 0.0);
            assert_true(value_of(&out, "hessian_trace", 0, "standard_error") == 0.0);
            assert_true(fabs(value_of(&out, "hessian_trace", 0, "trace") - s.trace) < 1e-3);
            assert_true(value_of(&out, "hessian_resolution", 0, "met") == 1.0);
            assert_true(value_of(&out, "hessian_resolution", 0, "products") ==
                        (double)(HESSIAN_PILOT + s.n));
            release(&out);
            /* Probes are insisted on, or the coordinates are more than may be spent. */
            out = analyze(&s.subject, asking(HESSIAN_PROBES, dear, 1000), seed);
            assert_true(value_of(&out, "hessian_trace", 0, "exact") == 0.0);
            assert_true(value_of(&out, "hessian_resolution", 0, "met") == 1.0);
            release(&out);
            out = analyze(&s.subject, asking(HESSIAN_AUTO, dear, s.n - 1), seed);
            assert_true(value_of(&out, "hessian_trace", 0, "probes") == (double)(s.n - 1));
            assert_true(value_of(&out, "hessian_resolution", 0, "met") == 0.0);
            release(&out);
        }
        close_torch_scene(&s);
    }
}

static void a_plan_that_does_not_know_the_mask_goes_the_same_way(void **state)
{
    (void)state;
    static const double resolutions[] = {0.7, 0.05};
    torch_scene s;
    open_torch_scene(&s, true);
    hessian_subject blind = s.subject;
    blind.is_blind = true;
    for (int i = 0; i < 2; i++) {
        hessian_options o = asking(HESSIAN_AUTO, resolutions[i], 60);
        o.eigenvalues = 2;
        cop_plan plan = plan_of(&blind, &o);
        assert_int_equal(plan.steps, 20 + 60 + 40 + 2);
        cop_plan_clear(&plan);
        outcome a = analyze(&s.subject, o, 3), b = analyze(&blind, o, 3);
        assert_same_tables(a.tables, b.tables);
        release(&a);
        release(&b);
    }
    close_torch_scene(&s);
}

static void the_histogram_says_what_was_asked(void **state)
{
    (void)state;
    softmax_scene s;
    open_softmax_scene(&s, false);
    outcome out = analyze(&s.subject, asking(HESSIAN_AUTO, 0.25, 100), 1);
    assert_non_null(strstr(cop_table_help(table_of(&out, "hessian_diagonal")),
                           "Asked for a resolution of 0.25"));
    release(&out);
    out = analyze(&s.subject, asking(HESSIAN_AUTO, 0.0, 100), 1);
    assert_null(strstr(cop_table_help(table_of(&out, "hessian_diagonal")), "resolution"));
    release(&out);
    close_softmax_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_resolution_takes_as_many_probes_as_theory_says),
        cmocka_unit_test(probes_that_are_too_few_say_so),
        cmocka_unit_test(resolved_probes_are_the_first_of_many),
        cmocka_unit_test(fewer_coordinates_than_the_first_probes_are_exact),
        cmocka_unit_test(the_cheaper_way_is_taken),
        cmocka_unit_test(a_plan_that_does_not_know_the_mask_goes_the_same_way),
        cmocka_unit_test(the_histogram_says_what_was_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
