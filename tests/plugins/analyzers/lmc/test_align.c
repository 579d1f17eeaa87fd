/* Weight matching: assignments are the best there are, and a permuted network is put back. */
#include "models.h"
#include "nn/model.h"

#include "plugins/analyzers/lmc/align.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 7 };

static double gained(const double *gain, int64_t n, const int64_t *column_of)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += gain[i * n + column_of[i]];
    return sum;
}

/* The most that any order of the columns from `at` on gains, by trying all. */
static double best_of(const double *gain, int64_t n, int64_t *column_of, int64_t at)
{
    if (at == n)
        return gained(gain, n, column_of);
    double best = -INFINITY;
    for (int64_t k = at; k < n; k++) {
        int64_t own = column_of[at];
        column_of[at] = column_of[k];
        column_of[k] = own;
        best = fmax(best, best_of(gain, n, column_of, at + 1));
        column_of[k] = column_of[at];
        column_of[at] = own;
    }
    return best;
}

static void assignments_gain_as_much_as_any(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 200; round++) {
        cop_stream stream = cop_stream_make(1, "gain", round);
        cop_error err = {0};
        int64_t n = 1 + (int64_t)(round % MOST), column_of[MOST], order[MOST];
        double gain[MOST * MOST];
        bool seen[MOST] = {false};
        /* Normal numbers, or few whole ones, so that there are ties, or all of one sign. */
        for (int64_t k = 0; k < n * n; k++)
            gain[k] = round % 3 == 0   ? (double)cop_stream_normal(&stream)
                      : round % 3 == 1 ? (double)cop_stream_below(&stream, 3)
                                       : -1.0 - (double)cop_stream_uniform(&stream);
        for (int64_t i = 0; i < n; i++)
            order[i] = i;
        assert_ok(lmc_assign(gain, n, column_of, &err), &err);
        for (int64_t i = 0; i < n; i++) {
            assert_true(column_of[i] >= 0 && column_of[i] < n && !seen[column_of[i]]);
            seen[column_of[i]] = true;
        }
        assert_true(fabs(gained(gain, n, column_of) - best_of(gain, n, order, 0)) < 1e-12);
    }
}

/* Rows and columns that belong together by far. */
static void large_assignments_find_what_is_hidden(void **state)
{
    (void)state;
    enum { LARGE = 150 };
    cop_error err = {0};
    cop_stream stream = cop_stream_make(2, "gain", 0);
    int64_t hidden[LARGE], column_of[LARGE];
    double *gain = calloc(LARGE * LARGE, sizeof *gain);
    assert_non_null(gain);
    cop_stream_permutation(&stream, hidden, LARGE);
    for (int64_t k = 0; k < LARGE * LARGE; k++)
        gain[k] = (double)cop_stream_uniform(&stream);
    for (int64_t i = 0; i < LARGE; i++)
        gain[i * LARGE + hidden[i]] += 1.0;
    assert_ok(lmc_assign(gain, LARGE, column_of, &err), &err);
    assert_memory_equal(column_of, hidden, sizeof hidden);
    gain[7] = (double)NAN;
    assert_refused(lmc_assign(gain, LARGE, column_of, &err), COP_FAILED, &err, "is no number");
    free(gain);
}

static const struct {
    const char *plugin, *settings;
    cop_task task;
} cases[] = {
    {"convnet", "width=16", {3, 32, 32, 10}},
    {"convnet", "width=16 norm=batch", {3, 32, 32, 10}},
    {"resnet", "depth=10 width=8", {3, 32, 32, 10}},
    {"resnet", "depth=20 width=8", {3, 32, 32, 10}},
    {"resnet_ap", "width=8", {3, 32, 32, 10}},
    {"alexnet", "width=8", {3, 32, 32, 10}},
    {"lenet5", "", {1, 28, 28, 10}},
    {"mlp", "hidden=40,20", {1, 12, 12, 10}},
    {"mlp", "hidden=12", {3, 40, 40, 10}},
};

/* Every group in an order of its own. */
static void permute(const cop_symmetries *groups, cop_tensors *state, uint64_t seed)
{
    cop_error err = {0};
    for (size_t i = 0; i < cop_symmetries_count(groups); i++) {
        int64_t count = cop_symmetries_channels(groups, i);
        int64_t *order = calloc((size_t)count, sizeof *order);
        cop_stream stream = cop_stream_make(seed, "order", i);
        assert_non_null(order);
        cop_stream_permutation(&stream, order, count);
        assert_ok(cop_symmetries_permute(groups, i, order, state, &err), &err);
        free(order);
    }
}

static void a_permuted_network_is_put_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_model m = open_model(cases[i].plugin, cases[i].settings, &cases[i].task);
        cop_error err = {0};
        cop_symmetries *groups = NULL;
        cop_tensors *own = NULL;
        cop_stream stream = cop_stream_make(3, "align", 0);
        assert_ok(cop_model_symmetries(m.model, &groups, &err), &err);
        assert_ok(cop_model_initial_state(m.model, 1, &own, &err), &err);
        cop_tensors *moved = cop_tensors_clone(own);
        assert_non_null(moved);
        permute(groups, moved, 4);
        assert_true(lmc_distance(m.model, own, moved) > 1.0);
        assert_ok(lmc_align(groups, m.model, own, moved, &stream, 1, &err), &err);
        double distance = lmc_distance(m.model, own, moved);
        if (distance != 0.0)
            fail_msg("%s %s: still %g away", cases[i].plugin, cases[i].settings, distance);
        cop_tensors_free(own);
        cop_tensors_free(moved);
        cop_symmetries_free(groups);
        close_model(&m);
    }
}

/* Channels that differ in their last weights alone, of more than are multiplied at a time. */
static void all_weights_of_a_channel_count(void **state)
{
    (void)state;
    enum { PIXELS = 4800, SAME = 4700 };
    test_model m = open_model("mlp", "hidden=12", &(cop_task){3, 40, 40, 10});
    cop_error err = {0};
    cop_symmetries *groups = NULL;
    cop_tensors *own = NULL;
    cop_stream stream = cop_stream_make(3, "align", 0);
    assert_ok(cop_model_symmetries(m.model, &groups, &err), &err);
    assert_ok(cop_model_initial_state(m.model, 1, &own, &err), &err);
    for (size_t t = 0; t < cop_tensors_count(own); t++) {
        const cop_tensor *w = cop_tensors_at(own, t);
        bool is_first = w->shape.rank == 2 && w->shape.dim[1] == PIXELS;
        for (int64_t k = 0; k < cop_shape_count(w->shape); k++) {
            if (!is_first || k % PIXELS < SAME)
                cop_f32(w)[k] = 0.0f;
        }
    }
    cop_tensors *moved = cop_tensors_clone(own);
    assert_non_null(moved);
    permute(groups, moved, 4);
    assert_ok(lmc_align(groups, m.model, own, moved, &stream, 1, &err), &err);
    assert_true(lmc_distance(m.model, own, moved) == 0.0);
    cop_tensors_free(own);
    cop_tensors_free(moved);
    cop_symmetries_free(groups);
    close_model(&m);
}

/* Networks that have nothing in common come nearer, and their own order of channels has no say. */
static void other_networks_come_nearer(void **state)
{
    (void)state;
    test_model m = open_model(cases[0].plugin, cases[0].settings, &cases[0].task);
    cop_error err = {0};
    cop_symmetries *groups = NULL;
    cop_tensors *fixed = NULL, *other = NULL;
    assert_ok(cop_model_symmetries(m.model, &groups, &err), &err);
    assert_ok(cop_model_initial_state(m.model, 1, &fixed, &err), &err);
    assert_ok(cop_model_initial_state(m.model, 2, &other, &err), &err);
    cop_tensors *moved = cop_tensors_clone(other), *again = cop_tensors_clone(other);
    cop_stream stream = cop_stream_make(3, "align", 0), same = stream;
    assert_ok(lmc_align(groups, m.model, fixed, moved, &stream, 1, &err), &err);
    assert_ok(lmc_align(groups, m.model, fixed, again, &same, 1, &err), &err);
    assert_true(lmc_distance(m.model, moved, again) == 0.0);
    double far = lmc_distance(m.model, fixed, other), near = lmc_distance(m.model, fixed, moved);
    assert_true(near < 0.95 * far);
    /* What has diverged is left as it is. */
    cop_f32(cop_tensors_at(again, 0))[0] = (float)NAN;
    cop_tensors *left = cop_tensors_clone(again);
    cop_f32(cop_tensors_find(fixed, "layers.conv.1.weight"))[0] = INFINITY;
    cop_f32(cop_tensors_find(fixed, "layers.conv.2.weight"))[0] = INFINITY;
    assert_ok(lmc_align(groups, m.model, fixed, again, &stream, 1, &err), &err);
    for (size_t t = 0; t < cop_tensors_count(left); t++)
        assert_memory_equal(cop_tensors_at(left, t)->data, cop_tensors_at(again, t)->data,
                            (size_t)cop_shape_count(cop_tensors_at(left, t)->shape) * 4);
    cop_tensors_free(fixed);
    cop_tensors_free(other);
    cop_tensors_free(moved);
    cop_tensors_free(again);
    cop_tensors_free(left);
    cop_symmetries_free(groups);
    close_model(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(assignments_gain_as_much_as_any),
        cmocka_unit_test(large_assignments_find_what_is_hidden),
        cmocka_unit_test(a_permuted_network_is_put_back),
        cmocka_unit_test(all_weights_of_a_channel_count),
        cmocka_unit_test(other_networks_come_nearer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
