/* The Erdős–Rényi-Kernel densities of the random pruner, against the closed form and a solver of its
 * own. */
#include "plugins/pruners/random/erk.h"
#include "support.h"

#include <math.h>

enum { LAYERS = 4 };

static const int64_t shapes[LAYERS][4] = {
    {16, 3, 3, 3}, {32, 16, 3, 3}, {64, 32, 3, 3}, {10, 64, 0, 0}};

static void fill(erk_layer *layers)
{
    for (int i = 0; i < LAYERS; i++) {
        layers[i] = (erk_layer){.shape = {.rank = shapes[i][2] > 0 ? 4 : 2}};
        for (int32_t k = 0; k < layers[i].shape.rank; k++)
            layers[i].shape.dim[k] = shapes[i][k];
        layers[i].left = cop_shape_count(layers[i].shape);
    }
}

static double raw(int i)
{
    double sum = 0.0, product = 1.0;
    for (int k = 0; k < 4 && shapes[i][k] > 0; k++) {
        sum += (double)shapes[i][k];
        product *= (double)shapes[i][k];
    }
    return sum / product;
}

static double size_of(int i)
{
    double product = 1.0;
    for (int k = 0; k < 4 && shapes[i][k] > 0; k++)
        product *= (double)shapes[i][k];
    return product;
}

/* Σ min(1, ε raw) n = total has one solution: bisection knows nothing of dense layers. */
static double bisect(double total)
{
    double low = 0.0, high = 1e6;
    for (int step = 0; step < 200; step++) {
        double middle = 0.5 * (low + high), sum = 0.0;
        for (int i = 0; i < LAYERS; i++)
            sum += fmin(1.0, middle * raw(i)) * size_of(i);
        if (sum < total)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* At 5 % no layer is dense: ε = total / Σ (n_0 + n_1 + …). */
static void sparse_layers_follow_the_closed_form(void **state)
{
    (void)state;
    erk_layer layers[LAYERS];
    fill(layers);
    double all = 0.0, sums = 0.0;
    for (int i = 0; i < LAYERS; i++) {
        all += size_of(i);
        sums += raw(i) * size_of(i);
    }
    int64_t total = llround(0.01 * all), kept = 0;
    erk_divide(layers, LAYERS, total);
    for (int i = 0; i < LAYERS; i++) {
        double exact = (double)total / sums * raw(i) * size_of(i);
        assert_true(fabs((double)layers[i].target - exact) < 1.0);
        kept += layers[i].target;
    }
    assert_int_equal(kept, total);
}

static void layers_that_would_be_more_than_dense_are_dense(void **state)
{
    (void)state;
    const double densities[] = {0.05, 0.2, 0.5, 0.9, 0.999};
    double all = 0.0;
    for (int i = 0; i < LAYERS; i++)
        all += size_of(i);
    for (size_t d = 0; d < sizeof densities / sizeof densities[0]; d++) {
        erk_layer layers[LAYERS];
        int64_t total = llround(densities[d] * all), kept = 0;
        double epsilon = bisect((double)total);
        fill(layers);
        erk_divide(layers, LAYERS, total);
        for (int i = 0; i < LAYERS; i++) {
            double exact = fmin(1.0, epsilon * raw(i)) * size_of(i);
            if (!(fabs((double)layers[i].target - exact) < 1.0 + 1e-6 * exact))
                fail_msg("density %g: layer %d keeps %lld, wanted %g", densities[d], i,
                         (long long)layers[i].target, exact);
            kept += layers[i].target;
        }
        assert_int_equal(kept, total);
    }
}

static void a_layer_keeps_no_more_than_it_has(void **state)
{
    (void)state;
    erk_layer layers[LAYERS];
    fill(layers);
    layers[2].left = 100;
    erk_divide(layers, LAYERS, 2000);
    int64_t kept = 0;
    for (int i = 0; i < LAYERS; i++) {
        assert_true(layers[i].target <= layers[i].left);
        kept += layers[i].target;
    }
    assert_int_equal(kept, 2000);
}

static void the_ends_are_nothing_and_all(void **state)
{
    (void)state;
    erk_layer layers[LAYERS];
    int64_t all = 0;
    fill(layers);
    erk_divide(layers, LAYERS, 0);
    for (int i = 0; i < LAYERS; i++) {
        assert_int_equal(layers[i].target, 0);
        all += layers[i].left;
    }
    fill(layers);
    erk_divide(layers, LAYERS, all);
    for (int i = 0; i < LAYERS; i++)
        assert_int_equal(layers[i].target, layers[i].left);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sparse_layers_follow_the_closed_form),
        cmocka_unit_test(layers_that_would_be_more_than_dense_are_dense),
        cmocka_unit_test(a_layer_keeps_no_more_than_it_has),
        cmocka_unit_test(the_ends_are_nothing_and_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
