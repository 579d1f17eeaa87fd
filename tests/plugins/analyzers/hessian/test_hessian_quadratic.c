/* The hessian analyzer on a quadratic loss whose Hessian is chosen: blocks of K, the matrix of a
 * chain: 2 on its diagonal and −1 beside it, with eigenvalues 2 − 2 cos(kπ / (n + 1)). */
#include "hessian_run.h"
#include "wells_net.h"

#include <stdlib.h>

enum { N = WELLS_FEATURES, SURVIVORS = 2 * N };

typedef struct scene {
    cop_model *model;
    cop_tensors *state, *mask;
    float pixels[N * N];
    int32_t labels[N];
    cop_samples data;
    hessian_subject subject;
} scene;

/* The images are the columns of K's Cholesky factor, by √N: the mean of x xᵀ is K. All are of class
 * 0, so that the Hessian's blocks are −4/3 K, 2/3 K and 2/3 K; the mask takes the first out. */
static void open_scene(scene *s, bool masked)
{
    cop_error err = {0};
    *s = (scene){.model = wells_model()};
    assert_ok(cop_model_initial_state(s->model, 1, &s->state, &err), &err);
    assert_ok(cop_model_full_mask(s->model, &s->mask, &err), &err);
    memset(cop_tensors_at(s->mask, 0)->data, 0, masked ? N * sizeof(float) : 0);
    for (int i = 0; i < N; i++) {
        s->pixels[i * N + i] = (float)sqrt(N * (i + 2.0) / (i + 1.0));
        if (i + 1 < N)
            s->pixels[i * N + i + 1] = (float)-sqrt(N * (i + 1.0) / (i + 2.0));
    }
    s->data = (cop_samples){.task = wells_task,
                            .normalization = {.std = {1.0f}},
                            .count = N,
                            .pixels = s->pixels,
                            .labels = s->labels};
    s->subject =
        (hessian_subject){.model = s->model, .mask = s->mask, .copy = s->state, .data = &s->data};
}

static void close_scene(scene *s)
{
    cop_tensors_free(s->state);
    cop_tensors_free(s->mask);
    cop_model_free(s->model);
}

static const hessian_options defaults = {.diagonal = HESSIAN_EXACT,
                                         .probes = 50,
                                         .batch = N,
                                         .bins = 5,
                                         .lanczos = 40,
                                         .smoothing = 1e-5,
                                         .points = 1000,
                                         .memory = 100,
                                         .most_probes = 2000};

static void the_diagonal_and_the_trace_are_the_quadratics(void **state)
{
    (void)state;
    for (int masked = 0; masked < 2; masked++) {
        scene s;
        open_scene(&s, masked != 0);
        outcome out = analyze(&s.subject, defaults, 1);
        const cop_tensor *diagonal = cop_tensors_find(out.bag, "diagonal");
        int blocks = masked != 0 ? 2 : 3;
        assert_int_equal(cop_shape_count(diagonal->shape), blocks * N);
        for (int c = 0; c < blocks * N; c++) {
            double wanted = masked == 0 && c < N ? -8.0 / 3.0 : 4.0 / 3.0;
            assert_true(fabs(cop_f64(diagonal)[c] - wanted) < 1e-6);
        }
        double trace = value_of(&out, "hessian_trace", 0, "trace");
        assert_true(fabs(trace - (masked != 0 ? SURVIVORS * 4.0 / 3.0 : 0.0)) < 1e-5);
        release(&out);
        close_scene(&s);
    }
}

static int falling(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Of all blocks, falling; how many there are. */
static int spectrum_of(bool masked, double *values)
{
    int count = 0;
    for (int block = masked ? 1 : 0; block < WELLS_CLASSES; block++) {
        for (int k = 1; k <= N; k++)
            values[count++] =
                (block == 0 ? -4.0 : 2.0) / 3.0 * (2.0 - 2.0 * cos(k * acos(-1.0) / (N + 1.0)));
    }
    qsort(values, (size_t)count, sizeof *values, falling);
    return count;
}

static void the_spectrum_is_the_quadratics(void **state)
{
    (void)state;
    for (int masked = 0; masked < 2; masked++) {
        scene s;
        double values[WELLS_WEIGHTS];
        int count = spectrum_of(masked != 0, values);
        open_scene(&s, masked != 0);
        hessian_options o = defaults;
        o.diagonal = HESSIAN_AUTO;
        o.dense = true;
        o.eigenvalues = 1;
        outcome out = analyze(&s.subject, o, 1);
        assert_int_equal(rows_of(&out, "hessian_dense"), count);
        for (int k = 0; k < count; k++) {
            double found = value_of(&out, "hessian_dense", (size_t)k, "eigenvalue");
            assert_true(fabs(found - values[k]) < 1e-5);
        }
        /* Lanczos finds the ends, and what is largest in magnitude: −4/3 of K's where it is there. */
        double largest = value_of(&out, "hessian_spectrum", 0, "largest_eigenvalue");
        double smallest = value_of(&out, "hessian_spectrum", 0, "smallest_eigenvalue");
        double top = value_of(&out, "hessian_eigenvalues", 0, "eigenvalue");
        assert_true(fabs(largest - values[0]) < 1e-5);
        assert_true(fabs(smallest - values[count - 1]) < 1e-5);
        assert_true(fabs(top - (masked != 0 ? values[0] : values[count - 1])) < 1e-5);
        release(&out);
        close_scene(&s);
    }
}

/* An entry's variance by one probe is the sum over the others in its row of their squares: (2/3)²
 * at the ends of a chain, twice that within. */
static void probes_err_as_theory_says(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, true);
    hessian_options o = defaults;
    o.diagonal = HESSIAN_PROBES;
    o.probes = 2000;
    outcome out = analyze(&s.subject, o, 1);
    const double *sum = cop_f64(cop_tensors_find(out.bag, "sum"));
    double one = 2.0 / 3.0 / sqrt(2000.0), mean = 0.0;
    for (int c = 0; c < SURVIVORS; c++) {
        double error = one * (c % N == 0 || c % N == N - 1 ? 1.0 : sqrt(2.0));
        assert_true(fabs(sum[c] / 2000.0 - 4.0 / 3.0) < 4.0 * error);
        mean += error / SURVIVORS;
    }
    double found = value_of(&out, "hessian_trace", 0, "diagonal_error");
    assert_true(fabs(found / mean - 1.0) < 0.05);
    release(&out);
    close_scene(&s);
}

/* Entries that are all alike have no shape to be resolved: no number of probes is enough, and the
 * table does not say that one was. */
static void what_does_not_vary_is_not_resolved(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, true);
    hessian_options o = defaults;
    o.diagonal = HESSIAN_PROBES;
    o.resolution = 0.1;
    o.most_probes = 200;
    outcome out = analyze(&s.subject, o, 1);
    assert_true(value_of(&out, "hessian_resolution", 0, "met") == 0.0);
    assert_true(value_of(&out, "hessian_resolution", 0, "probes") == 200.0);
    release(&out);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_diagonal_and_the_trace_are_the_quadratics),
        cmocka_unit_test(the_spectrum_is_the_quadratics),
        cmocka_unit_test(probes_err_as_theory_says),
        cmocka_unit_test(what_does_not_vary_is_not_resolved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
