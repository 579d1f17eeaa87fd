/* The hessian analyzer's eigenvalues and spectral density, beside PyTorch's of the whole matrix. */
#include "hessian_torch.h"

#include "linear_net.h"

#define CLOSE 2e-5

static int by_magnitude(const void *a, const void *b)
{
    double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
    return (x < y) - (x > y);
}

static void lanczos_finds_the_largest_eigenvalues(void **state)
{
    (void)state;
    for (int masked = 0; masked < 2; masked++) {
        torch_scene s;
        open_torch_scene(&s, masked != 0);
        hessian_options o = torch_defaults;
        o.eigenvalues = 6;
        o.lanczos = 36;
        outcome out = analyze(&s.subject, o, 3);
        qsort(s.eigenvalues, (size_t)s.n, sizeof *s.eigenvalues, by_magnitude);
        assert_int_equal(rows_of(&out, "hessian_eigenvalues"), 6);
        for (size_t k = 0; k < 6; k++) {
            double found = value_of(&out, "hessian_eigenvalues", k, "eigenvalue");
            double residual = value_of(&out, "hessian_eigenvalues", k, "residual");
            assert_true(value_of(&out, "hessian_eigenvalues", k, "rank") == (double)(k + 1));
            assert_true(fabs(found - s.eigenvalues[k]) < CLOSE);
            assert_true(residual > 0.0 && residual < 1e-3);
        }
        assert_int_equal(cop_tensors_find(out.bag, "basis")->shape.dim[1], s.n);
        assert_null(find_table(out.tables, "hessian_trace"));
        assert_null(find_table(out.tables, "hessian_density"));
        release(&out);
        close_torch_scene(&s);
    }
}

/* An eigenvalue of a symmetric matrix is within the residual of any vector of length 1. After few
 * steps it is large, and is no less than how far away the nearest one is. */
static void residuals_bound_the_error_of_too_few_steps(void **state)
{
    (void)state;
    torch_scene s;
    double largest = 0.0;
    open_torch_scene(&s, false);
    hessian_options o = torch_defaults;
    o.eigenvalues = 5;
    o.lanczos = 6;
    for (uint64_t seed = 0; seed < 10; seed++) {
        outcome out = analyze(&s.subject, o, seed);
        for (size_t k = 0; k < 5; k++) {
            double found = value_of(&out, "hessian_eigenvalues", k, "eigenvalue");
            double residual = value_of(&out, "hessian_eigenvalues", k, "residual");
            double nearest = INFINITY;
            for (int64_t i = 0; i < s.n; i++)
                nearest = fmin(nearest, fabs(s.eigenvalues[i] - found));
            assert_true(nearest <= residual + CLOSE);
            largest = fmax(largest, residual);
        }
        release(&out);
    }
    print_message("the largest residual after 6 steps is %g\n", largest);
    assert_true(largest > 0.1 && largest < 2.0);
    close_torch_scene(&s);
}

/* There are no more steps than surviving coordinates, and then all eigenvalues are found: one that
 * occurs several times, as 0 does where logits may shift and units are dead, once. */
static void as_many_steps_as_coordinates_find_all(void **state)
{
    (void)state;
    for (int masked = 0; masked < 2; masked++) {
        torch_scene s;
        int64_t distinct = 1; /* 0 */
        open_torch_scene(&s, masked != 0);
        hessian_options o = torch_defaults;
        o.eigenvalues = 200;
        o.lanczos = 300;
        cop_plan plan = plan_of(&s.subject, &o);
        assert_int_equal(plan.steps, 2 * s.n);
        cop_plan_clear(&plan);
        outcome out = analyze(&s.subject, o, 3);
        qsort(s.eigenvalues, (size_t)s.n, sizeof *s.eigenvalues, by_magnitude);
        assert_int_equal(cop_tensors_find(out.bag, "basis")->shape.dim[0], s.n);
        for (int64_t k = 0; fabs(s.eigenvalues[k]) > 1e-6; k++, distinct++)
            assert_true(fabs(value_of(&out, "hessian_eigenvalues", (size_t)k, "eigenvalue") -
                             s.eigenvalues[k]) < 10 * CLOSE);
        double steps = value_of(&out, "hessian_spectrum", 0, "steps");
        print_message("%lld coordinates, %lld distinct eigenvalues, %g steps\n", (long long)s.n,
                      (long long)distinct, steps);
        assert_int_equal(rows_of(&out, "hessian_eigenvalues"), (int)steps);
        assert_true(steps >= (double)distinct && steps <= (double)s.n);
        release(&out);
        close_torch_scene(&s);
    }
}

static void the_ends_are_those_of_the_spectrum(void **state)
{
    (void)state;
    torch_scene s;
    open_torch_scene(&s, false);
    hessian_options o = torch_defaults;
    o.density = 2;
    outcome out = analyze(&s.subject, o, 3);
    assert_true(fabs(value_of(&out, "hessian_spectrum", 0, "largest_eigenvalue") -
                     s.eigenvalues[s.n - 1]) < CLOSE);
    assert_true(fabs(value_of(&out, "hessian_spectrum", 0, "smallest_eigenvalue") -
                     s.eigenvalues[0]) < CLOSE);
    assert_true(value_of(&out, "hessian_spectrum", 0, "steps") == 40.0);
    assert_true(value_of(&out, "hessian_spectrum", 0, "starts") == 2.0);
    assert_true(value_of(&out, "hessian_spectrum", 0, "surviving") == 81.0);
    assert_null(find_table(out.tables, "hessian_eigenvalues"));
    release(&out);
    close_torch_scene(&s);
}

/* Σ over the axis of density times x to a power. */
static double moment_of(const outcome *out, int power)
{
    size_t rows = rows_of(out, "hessian_density");
    double width = value_of(out, "hessian_density", 1, "eigenvalue") -
                   value_of(out, "hessian_density", 0, "eigenvalue");
    double sum = 0.0;
    for (size_t row = 0; row < rows; row++)
        sum += width * value_of(out, "hessian_density", row, "density") *
               pow(value_of(out, "hessian_density", row, "eigenvalue"), power);
    return sum;
}

/* Twice the squares beside the diagonal of H, or with `squared` of H²: the variance of zᵀHz. */
static double variance_of(const torch_scene *s, bool squared)
{
    double sum = 0.0;
    if (!squared)
        return 2.0 * s->spread;
    for (int64_t i = 0; i < s->n; i++) {
        for (int64_t j = 0; j < s->n; j++) {
            double entry = 0.0;
            for (int64_t k = 0; k < s->n; k++)
                entry += s->matrix[i * s->n + k] * s->matrix[k * s->n + j];
            sum += i != j ? entry * entry : 0.0;
        }
    }
    return 2.0 * sum;
}

/* The moments of the density are means of zᵀHz and zᵀH²z over the starts, by n; the Gaussians add
 * their variance to the second. */
static void the_density_has_the_moments_of_the_hessian(void **state)
{
    (void)state;
    for (int masked = 0; masked < 2; masked++) {
        torch_scene s;
        open_torch_scene(&s, masked != 0);
        hessian_options o = torch_defaults;
        o.density = 600;
        o.lanczos = 20;
        o.points = 4000;
        outcome out = analyze(&s.subject, o, 5);
        double n = (double)s.n;
        double gaussian =
            o.smoothing * (value_of(&out, "hessian_spectrum", 0, "largest_eigenvalue") -
                           value_of(&out, "hessian_spectrum", 0, "smallest_eigenvalue"));
        double first = moment_of(&out, 1) - s.trace / n;
        double second = moment_of(&out, 2) - s.squares / n - gaussian;
        double first_error = sqrt(variance_of(&s, false) / 600.0) / n;
        double second_error = sqrt(variance_of(&s, true) / 600.0) / n;
        print_message("integral %.6f; moments off by %.2f and %.2f standard errors\n",
                      moment_of(&out, 0), first / first_error, second / second_error);
        assert_true(fabs(moment_of(&out, 0) - 1.0) < 1e-3);
        assert_true(fabs(first) < 3.0 * first_error);
        assert_true(fabs(second) < 3.0 * second_error);
        /* These are small beside what is measured, or nothing would be. */
        assert_true(first_error < 0.1 * s.trace / n && second_error < 0.2 * s.squares / n);
        release(&out);
        close_torch_scene(&s);
    }
}

/* Gaussians on all eigenvalues, averaged over a cell. */
static double exact_density(const torch_scene *s, double variance, double centre, double width)
{
    double sum = 0.0, scale = sqrt(2.0 * variance);
    for (int64_t i = 0; i < s->n; i++)
        sum += erf((centre + 0.5 * width - s->eigenvalues[i]) / scale) -
               erf((centre - 0.5 * width - s->eigenvalues[i]) / scale);
    return 0.5 * sum / width / (double)s->n;
}

/* With as many steps as coordinates nothing but the starts' chance is left, and the standard error
 * says how much that is. */
static void the_density_is_within_its_error(void **state)
{
    (void)state;
    torch_scene s;
    double squares = 0.0;
    int within = 0, cells = 0;
    open_torch_scene(&s, false);
    hessian_options o = torch_defaults;
    o.density = 40;
    o.lanczos = 81;
    o.smoothing = 3e-3;
    o.points = 60;
    double variance = o.smoothing * (s.eigenvalues[s.n - 1] - s.eigenvalues[0]);
    for (uint64_t seed = 0; seed < 8; seed++) {
        outcome out = analyze(&s.subject, o, seed);
        double width = value_of(&out, "hessian_density", 1, "eigenvalue") -
                       value_of(&out, "hessian_density", 0, "eigenvalue");
        for (size_t row = 0; row < 60; row++) {
            double error = value_of(&out, "hessian_density", row, "standard_error");
            double centre = value_of(&out, "hessian_density", row, "eigenvalue");
            double exact = exact_density(&s, variance, centre, width);
            if (exact < 0.02)
                continue;
            double off = (value_of(&out, "hessian_density", row, "density") - exact) / error;
            squares += off * off;
            within += fabs(off) <= 2.0;
            cells++;
        }
        release(&out);
    }
    print_message("%d of %d cells within two standard errors, root mean square %.2f\n", within,
                  cells, sqrt(squares / cells));
    assert_true(cells > 200 && within >= 0.88 * cells);
    assert_true(squares / cells > 0.6 && squares / cells < 1.5);
    close_torch_scene(&s);
}

static void one_start_has_no_error(void **state)
{
    (void)state;
    torch_scene s;
    open_torch_scene(&s, false);
    hessian_options o = torch_defaults;
    o.density = 1;
    outcome out = analyze(&s.subject, o, 6);
    for (size_t row = 0; row < 1000; row += 100)
        assert_true(isnan(value_of(&out, "hessian_density", row, "standard_error")));
    release(&out);
    close_torch_scene(&s);
}

/* Softmax regression on a single image: H = (diag(p) − p pᵀ) ⊗ x xᵀ, with a 1 behind x. Gives its two
 * eigenvalues that are not 0, by their sum and the sum of their squares. */
static void eigenvalues_of_one_image(const cop_tensors *weights, const float *x, double *out)
{
    double p[LINEAR_CLASSES], length = 1.0, sum = 0.0, squares = 0.0;
    linear_softmax(weights, x, p);
    for (int j = 0; j < LINEAR_FEATURES; j++)
        length += (double)x[j] * (double)x[j];
    for (int a = 0; a < LINEAR_CLASSES; a++) {
        sum += p[a] * (1.0 - p[a]);
        for (int b = 0; b < LINEAR_CLASSES; b++)
            squares += pow((a == b ? p[a] : 0.0) - p[a] * p[b], 2);
    }
    double difference = sqrt(2.0 * squares - sum * sum);
    out[0] = 0.5 * (sum + difference) * length;
    out[1] = 0.5 * (sum - difference) * length;
    out[2] = 0.0;
}

/* A start has nowhere to go after as many steps as there are different eigenvalues. */
static void a_start_that_has_seen_all_ends(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_model *model = linear_model();
    cop_tensors *weights = NULL, *mask = NULL;
    assert_ok(cop_model_initial_state(model, 4, &weights, &err), &err);
    assert_ok(cop_model_full_mask(model, &mask, &err), &err);
    const float x[LINEAR_FEATURES] = {0.5f, -1.0f, 0.25f, 2.0f};
    const int32_t label = 1;
    const cop_samples data = {.task = linear_task,
                              .normalization = {.std = {1.0f}},
                              .count = 1,
                              .pixels = x,
                              .labels = &label};
    const hessian_subject subject = {.model = model, .mask = mask, .copy = weights, .data = &data};
    hessian_options o = torch_defaults;
    o.eigenvalues = 6;
    o.density = 3;
    outcome out = analyze(&subject, o, 1);
    double exact[3];
    eigenvalues_of_one_image(weights, x, exact);
    print_message("it ended after %g steps\n", value_of(&out, "hessian_spectrum", 0, "steps"));
    assert_in_range(value_of(&out, "hessian_spectrum", 0, "steps"), 3, 5);
    assert_in_range(rows_of(&out, "hessian_eigenvalues"), 3, 5);
    for (size_t k = 0; k < 3; k++)
        assert_true(fabs(value_of(&out, "hessian_eigenvalues", k, "eigenvalue") - exact[k]) <
                    CLOSE);
    assert_true(fabs(moment_of(&out, 0) - 1.0) < 3e-3); /* no cell is empty, and eigenvalues few */
    release(&out);
    cop_tensors_free(weights);
    cop_tensors_free(mask);
    cop_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lanczos_finds_the_largest_eigenvalues),
        cmocka_unit_test(residuals_bound_the_error_of_too_few_steps),
        cmocka_unit_test(as_many_steps_as_coordinates_find_all),
        cmocka_unit_test(the_ends_are_those_of_the_spectrum),
        cmocka_unit_test(the_density_has_the_moments_of_the_hessian),
        cmocka_unit_test(the_density_is_within_its_error),
        cmocka_unit_test(one_start_has_no_error),
        cmocka_unit_test(a_start_that_has_seen_all_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
