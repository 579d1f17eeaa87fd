/* Masks: applying, counting, and removing exactly the lowest-scoring weights; scores out of
 * weights. */
#include "support.h"

#include <coppice/pruner.h>
#include <coppice/random.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static cop_tensor *add(cop_tensors *set, const char *name, cop_dtype type, int64_t count)
{
    cop_tensor *tensor = NULL;
    cop_error err = {0};
    assert_ok(cop_tensors_add(set, name, type, cop_shape1(count), &tensor, &err), &err);
    return tensor;
}

static cop_tensors *ones(const char *const *names, const int64_t *counts, size_t count)
{
    cop_tensors *mask = cop_tensors_new();
    for (size_t i = 0; i < count; i++) {
        float *m = cop_f32(add(mask, names[i], COP_F32, counts[i]));
        for (int64_t k = 0; k < counts[i]; k++)
            m[k] = 1.0f;
    }
    return mask;
}

static const char *const ab[] = {"a", "b"};
static const int64_t ab_counts[] = {4, 3};

typedef struct removal {
    const char *what;
    double a[4], b[3];
    int64_t remove;
    float a_left[4], b_left[3];
} removal;

static const removal removals[] = {
    {"across tensors", {4, 1, 3, 6}, {2, 5, 0}, 3, {1, 0, 1, 1}, {0, 1, 0}},
    {"none", {4, 1, 3, 6}, {2, 5, 0}, 0, {1, 1, 1, 1}, {1, 1, 1}},
    {"all", {4, 1, 3, 6}, {2, 5, 0}, 7, {0, 0, 0, 0}, {0, 0, 0}},
    {"ties by tensor, then index", {1, 2, 1, 1}, {1, 1, 1}, 4, {0, 1, 0, 0}, {0, 1, 1}},
    {"negative scores are lowest", {-1, -3, 0, 2}, {-2, 1, 3}, 3, {0, 0, 1, 1}, {0, 1, 1}},
    {"both zeros tie", {0.0, -0.0, 5, 5}, {-0.0, 0.0, 5}, 1, {0, 1, 1, 1}, {1, 1, 1}},
    {"infinite scores", {-INFINITY, INFINITY, 0, 1}, {INFINITY, 2, 3}, 5, {0, 1, 0, 0}, {1, 0, 0}},
    {"close scores", {1, 1 + 0x1p-52, 1 - 0x1p-53, 2}, {2, 2, 2}, 2, {0, 1, 0, 1}, {1, 1, 1}},
};

static void the_lowest_scores_go(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof removals / sizeof *removals; i++) {
        const removal *r = &removals[i];
        cop_tensors *mask = ones(ab, ab_counts, 2), *scores = cop_tensors_new();
        memcpy(cop_f64(add(scores, "b", COP_F64, 3)), r->b, sizeof r->b);
        memcpy(cop_f64(add(scores, "a", COP_F64, 4)), r->a, sizeof r->a);
        cop_error err = {0};
        assert_ok(cop_mask_remove_lowest(mask, scores, r->remove, &err), &err);
        if (memcmp(cop_f32(cop_tensors_find(mask, "a")), r->a_left, sizeof r->a_left) != 0 ||
            memcmp(cop_f32(cop_tensors_find(mask, "b")), r->b_left, sizeof r->b_left) != 0)
            fail_msg("%s: the wrong weights are left", r->what);
        assert_int_equal(cop_mask_count(mask), 7 - r->remove);
        int64_t left = 0;
        for (size_t k = 0; k < 3; k++)
            left += r->b_left[k] > 0.0f;
        assert_int_equal(cop_mask_tensor_count(cop_tensors_find(mask, "b")), left);
        cop_tensors_free(mask);
        cop_tensors_free(scores);
    }
}

static void removed_weights_are_no_candidates(void **state)
{
    (void)state;
    cop_tensors *mask = ones(ab, ab_counts, 2), *scores = cop_tensors_new();
    cop_f32(cop_tensors_find(mask, "a"))[1] = 0.0f;
    static const float values[4] = {3, NAN, 1, 2};
    memcpy(cop_f32(add(scores, "a", COP_F32, 4)), values, sizeof values);
    cop_error err = {0};
    assert_ok(cop_mask_remove_lowest(mask, scores, 2, &err), &err);
    static const float left[4] = {1, 0, 0, 0};
    assert_memory_equal(cop_f32(cop_tensors_find(mask, "a")), left, sizeof left);
    /* b has no scores and keeps all of its weights, so a single one is left to take. */
    assert_refused(cop_mask_remove_lowest(mask, scores, 2, &err), COP_FAILED, &err, "1 are left");
    assert_int_equal(cop_mask_count(mask), 4);
    cop_tensors_free(mask);
    cop_tensors_free(scores);
}

static void refusals_leave_the_mask_as_it_was(void **state)
{
    (void)state;
    cop_tensors *mask = ones(ab, ab_counts, 2), *scores = cop_tensors_new();
    cop_error err = {0};
    float *b = cop_f32(add(scores, "b", COP_F32, 3));
    b[2] = NAN;
    assert_refused(cop_mask_remove_lowest(mask, scores, 1, &err), COP_FAILED, &err,
                   "weight 2 of b is not a number");
    b[2] = 0.0f;
    assert_refused(cop_mask_remove_lowest(mask, scores, -1, &err), COP_FAILED, &err, "-1");
    (void)add(scores, "a", COP_F32, 5);
    assert_refused(cop_mask_remove_lowest(mask, scores, 1, &err), COP_FAILED, &err, "[5]");
    cop_tensors_free(scores);
    scores = cop_tensors_new();
    (void)add(scores, "a", COP_I64, 4);
    assert_refused(cop_mask_remove_lowest(mask, scores, 1, &err), COP_FAILED, &err, "not numbers");
    assert_int_equal(cop_mask_count(mask), 7);
    cop_tensors_free(mask);
    cop_tensors_free(scores);
}

typedef struct ranked {
    float score;
    int64_t place;
} ranked;

static int by_rank(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    if (a->score != b->score)
        return a->score < b->score ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

/* Many weights with many ties, against sorting. */
static void selection_agrees_with_sorting(void **state)
{
    (void)state;
    enum { COUNT = 200000, REMOVE = 73219 };
    static const char *const name[] = {"w"};
    static const int64_t count[] = {COUNT};
    cop_tensors *mask = ones(name, count, 1), *scores = cop_tensors_new();
    float *s = cop_f32(add(scores, "w", COP_F32, COUNT));
    ranked *order = calloc(COUNT, sizeof *order);
    assert_non_null(order);
    cop_stream stream = cop_stream_make(5, "test", 0);
    for (int64_t i = 0; i < COUNT; i++) {
        s[i] = floorf(1000.0f * cop_stream_normal(&stream)) / 1000.0f;
        order[i] = (ranked){s[i], i};
    }
    qsort(order, COUNT, sizeof *order, by_rank);
    cop_error err = {0};
    assert_ok(cop_mask_remove_lowest(mask, scores, REMOVE, &err), &err);
    const float *m = cop_f32(cop_tensors_find(mask, "w"));
    for (int64_t i = 0; i < COUNT; i++)
        assert_true(m[order[i].place] == (i < REMOVE ? 0.0f : 1.0f));
    free(order);
    cop_tensors_free(mask);
    cop_tensors_free(scores);
}

static void applying_a_mask_zeroes_what_it_removed(void **state)
{
    (void)state;
    cop_tensors *mask = ones(ab, ab_counts, 1), *weights = cop_tensors_new();
    float *m = cop_f32(cop_tensors_find(mask, "a"));
    m[1] = m[3] = 0.0f;
    static const float before[4] = {1, 2, -3, NAN}, after[4] = {1, 0, -3, 0};
    float *other = cop_f32(add(weights, "bias", COP_F32, 1));
    other[0] = 7.0f;
    float *w = cop_f32(add(weights, "a", COP_F32, 4));
    memcpy(w, before, sizeof before);
    cop_mask_apply(mask, weights);
    assert_memory_equal(w, after, sizeof after);
    assert_true(other[0] == 7.0f);
    cop_tensors_free(mask);
    cop_tensors_free(weights);
}

/* By name, whatever the order; what has no score stays out of it. */
static void scores_are_made_of_the_weights_of_their_names(void **state)
{
    (void)state;
    static const float b[3] = {-2, 0, 5}, product[3] = {-6, 0, -5}, absolute[3] = {6, 0, 5};
    cop_tensors *weights = cop_tensors_new(), *scores = cop_tensors_new();
    cop_error err = {0};
    (void)add(weights, "a", COP_F32, 4);
    memcpy(cop_f32(add(weights, "b", COP_F32, 3)), b, sizeof b);
    float *s = cop_f32(add(scores, "b", COP_F32, 3));
    s[0] = 3.0f;
    s[1] = 7.0f;
    s[2] = -1.0f;
    assert_ok(cop_scores_multiply(scores, weights, &err), &err);
    assert_memory_equal(s, product, sizeof product);
    cop_scores_absolute(scores);
    assert_memory_equal(s, absolute, sizeof absolute);
    assert_ok(cop_scores_copy(scores, weights, &err), &err);
    assert_memory_equal(s, b, sizeof b);
    cop_tensors_free(weights);
    cop_tensors_free(scores);
}

static void scores_of_weights_that_are_not_there_are_refused(void **state)
{
    (void)state;
    static const struct {
        cop_dtype dtype;
        int64_t count;
        const char *name, *message;
    } cases[] = {{COP_F32, 4, "b", "the weights have no 'a'"},
                 {COP_F32, 3, "a", "'a' of the weights is not of its scores' type and shape"},
                 {COP_F64, 4, "a", "'a' of the weights is not of its scores' type and shape"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_tensors *weights = cop_tensors_new(), *scores = cop_tensors_new();
        cop_error err = {0};
        (void)add(weights, cases[i].name, cases[i].dtype, cases[i].count);
        (void)add(scores, "a", COP_F32, 4);
        assert_refused(cop_scores_copy(scores, weights, &err), COP_FAILED, &err, cases[i].message);
        assert_refused(cop_scores_multiply(scores, weights, &err), COP_FAILED, &err,
                       cases[i].message);
        cop_tensors_free(weights);
        cop_tensors_free(scores);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lowest_scores_go),
        cmocka_unit_test(removed_weights_are_no_candidates),
        cmocka_unit_test(refusals_leave_the_mask_as_it_was),
        cmocka_unit_test(selection_agrees_with_sorting),
        cmocka_unit_test(applying_a_mask_zeroes_what_it_removed),
        cmocka_unit_test(scores_are_made_of_the_weights_of_their_names),
        cmocka_unit_test(scores_of_weights_that_are_not_there_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
