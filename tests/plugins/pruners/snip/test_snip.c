/* The snip pruner: PyTorch's scores, the amounts, one shot and iterative rounds, refusals. */
#include "pruner_scene.h"

#include <math.h>

static void scores_are_those_of_torch(void **state)
{
    (void)state;
    pruner_scene s;
    open_pruner_scene(&s, &coppice_plugin);
    double error = score_error(&s, "", "snip.");
    if (!(error < 1e-4))
        fail_msg("scores differ by %g of the largest", error);
    close_pruner_scene(&s);
}

static void the_lowest_scores_go_until_the_sparsity(void **state)
{
    (void)state;
    pruner_scene s;
    cop_error err = {0};
    open_pruner_scene(&s, &coppice_plugin);
    int64_t all = cop_model_prunable_count(s.net.model);
    assert_ok(prune_scene(&s, "", 0, 1, &err), &err);
    assert_int_equal(cop_mask_count(s.mask), llround((1.0 - 0.9) * (double)all));
    assert_lowest_are_gone(&s, "snip.", NULL, 1e-5);
    close_pruner_scene(&s);
}

/* Rounds come to the sparsity step by step, and each is the single shot to its own. */
static void rounds_are_shots_of_their_own(void **state)
{
    (void)state;
    pruner_scene s, shot;
    cop_error err = {0};
    open_pruner_scene(&s, &coppice_plugin);
    open_pruner_scene(&shot, &coppice_plugin);
    int64_t all = cop_model_prunable_count(s.net.model);
    for (int64_t round = 0; round < 3; round++) {
        assert_ok(prune_scene(&s, "sparsity = 0.8;", round, 3, &err), &err);
        assert_int_equal(cop_mask_count(s.mask),
                         llround(pow(0.2, ((double)round + 1.0) / 3.0) * (double)all));
        assert_lowest_are_gone(&s, "snip.", NULL, 1e-5);
    }
    assert_ok(prune_scene(&shot, "sparsity = 0.8;", 0, 1, &err), &err);
    for (size_t i = 0; i < cop_tensors_count(s.mask); i++) {
        const cop_tensor *a = cop_tensors_at(s.mask, i), *b = cop_tensors_at(shot.mask, i);
        for (int64_t k = 0; k < cop_shape_count(a->shape); k++)
            assert_true(cop_f32(a)[k] == cop_f32(b)[k]);
    }
    close_pruner_scene(&shot);
    close_pruner_scene(&s);
}

static void a_rate_takes_its_share_of_what_is_left(void **state)
{
    (void)state;
    pruner_scene s;
    cop_error err = {0};
    open_pruner_scene(&s, &coppice_plugin);
    int64_t left = cop_model_prunable_count(s.net.model);
    for (int64_t round = 0; round < 4; round++) {
        assert_ok(prune_scene(&s, "sparsity = 0.0; rate = 0.3; iterative = true;", round, 4, &err),
                  &err);
        left -= llround(0.3 * (double)left);
        assert_int_equal(cop_mask_count(s.mask), left);
    }
    close_pruner_scene(&s);
}

static void layers_and_exclusions_have_their_own_amounts(void **state)
{
    (void)state;
    pruner_scene s;
    cop_error err = {0};
    open_pruner_scene(&s, &coppice_plugin);
    assert_ok(prune_scene(&s, "sparsity = 0.5; scope = \"layer\"; exclude = [\"classifier\"];", 0,
                          1, &err),
              &err);
    assert_int_equal(kept_in(s.mask, "layers.conv.0.weight"), 54);
    assert_int_equal(kept_in(s.mask, "layers.conv.1.weight"), 72);
    assert_int_equal(kept_in(s.mask, "classifier.weight"), 320);
    close_pruner_scene(&s);
}

static void what_cannot_be_pruned_is_refused_in_plan(void **state)
{
    (void)state;
    pruner_scene s;
    cop_error err = {0};
    open_pruner_scene(&s, &coppice_plugin);
    assert_refused(prune_scene(&s, "exclude = [\"layers\", \"classifier\"];", 0, 1, &err),
                   COP_INVALID, &err, "exclude leaves no weights to prune");
    assert_refused(prune_scene(&s, "exclude = [\"fc\"];", 0, 1, &err), COP_INVALID, &err,
                   "is no prunable parameter");
    assert_ok(prune_scene(&s, "sparsity = 0.9;", 0, 1, &err), &err);
    assert_refused(prune_scene(&s, "sparsity = 0.5;", 0, 1, &err), COP_INVALID, &err,
                   "are there before it");
    close_pruner_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_of_torch),
        cmocka_unit_test(the_lowest_scores_go_until_the_sparsity),
        cmocka_unit_test(rounds_are_shots_of_their_own),
        cmocka_unit_test(a_rate_takes_its_share_of_what_is_left),
        cmocka_unit_test(layers_and_exclusions_have_their_own_amounts),
        cmocka_unit_test(what_cannot_be_pruned_is_refused_in_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
