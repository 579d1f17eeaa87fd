/* The grasp pruner: PyTorch's scores, of which the highest go; and excluded layers in H and g. */
#include "pruner_scene.h"

#include <math.h>

static void scores_are_those_of_torch(void **state)
{
    (void)state;
    pruner_scene s;
    open_pruner_scene(&s, &coppice_plugin);
    double error = score_error(&s, "", "grasp.");
    if (!(error < 1e-3))
        fail_msg("scores differ by %g of the largest", error);
    close_pruner_scene(&s);
}

/* A layer that keeps its weights is part of the Hessian and of the gradient as before. */
static void exclusions_change_no_score(void **state)
{
    (void)state;
    pruner_scene s;
    open_pruner_scene(&s, &coppice_plugin);
    double error = score_error(&s, "exclude = [\"layers.conv.0\"];", "grasp.");
    if (!(error < 1e-3))
        fail_msg("scores differ by %g of the largest", error);
    close_pruner_scene(&s);
}

/* The fixture has +w · Hg: the lowest of these are the highest of the paper's score. */
static void the_highest_of_the_papers_scores_go(void **state)
{
    (void)state;
    pruner_scene s;
    cop_error err = {0};
    open_pruner_scene(&s, &coppice_plugin);
    int64_t all = cop_model_prunable_count(s.net.model);
    assert_ok(prune_scene(&s, "sparsity = 0.75;", 0, 1, &err), &err);
    assert_int_equal(cop_mask_count(s.mask), llround(0.25 * (double)all));
    assert_lowest_are_gone(&s, "grasp.", NULL, 1e-4);
    close_pruner_scene(&s);
}

static void rounds_that_are_iterative_score_what_is_left(void **state)
{
    (void)state;
    pruner_scene s;
    cop_error err = {0};
    open_pruner_scene(&s, &coppice_plugin);
    int64_t all = cop_model_prunable_count(s.net.model);
    assert_ok(prune_scene(&s, "sparsity = 0.75; iterative = true;", 0, 2, &err), &err);
    assert_ok(prune_scene(&s, "sparsity = 0.75; iterative = true;", 1, 2, &err), &err);
    assert_int_equal(cop_mask_count(s.mask), llround(0.25 * (double)all));
    close_pruner_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_of_torch),
        cmocka_unit_test(exclusions_change_no_score),
        cmocka_unit_test(the_highest_of_the_papers_scores_go),
        cmocka_unit_test(rounds_that_are_iterative_score_what_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
