/* The synflow pruner: PyTorch's scores in double, the schedule, and that no layer is emptied. */
#include "pruner_scene.h"

#include <math.h>

static void scores_are_those_of_torch_in_double(void **state)
{
    (void)state;
    pruner_scene s;
    open_pruner_scene(&s, &coppice_plugin);
    double error = score_error(&s, "iterations = 1;", "synflow.");
    if (!(error < 1e-12))
        fail_msg("scores differ by %g of the largest", error);
    close_pruner_scene(&s);
}

static void removed_weights_carry_no_flow(void **state)
{
    (void)state;
    pruner_scene s;
    open_pruner_scene(&s, &coppice_plugin);
    for (size_t i = 0; i < cop_tensors_count(s.mask); i++) {
        cop_tensor *m = cop_tensors_at(s.mask, i);
        for (int64_t k = 1; k < cop_shape_count(m->shape); k += 2)
            cop_f32(m)[k] = 0.0f;
    }
    double error = score_error(&s, "iterations = 1;", "synflow_half.");
    if (!(error < 1e-12))
        fail_msg("scores differ by %g of the largest", error);
    close_pruner_scene(&s);
}

/* The method rests on a flow that every layer conserves: batch norm does in evaluation mode. */
static void the_share_is_left_and_no_layer_is_empty(void **state)
{
    (void)state;
    pruner_scene s;
    cop_error err = {0};
    open_pruner_scene(&s, &coppice_plugin);
    int64_t all = cop_model_prunable_count(s.net.model);
    assert_ok(prune_scene(&s, "iterations = 20; sparsity = 0.95;", 0, 1, &err), &err);
    assert_int_equal(cop_mask_count(s.mask), llround(0.05 * (double)all));
    for (size_t i = 0; i < cop_tensors_count(s.mask); i++)
        assert_true(kept_in(s.mask, cop_tensors_at(s.mask, i)->name) > 0);
    close_pruner_scene(&s);
}

static void one_iteration_takes_the_lowest_at_once(void **state)
{
    (void)state;
    pruner_scene s;
    cop_error err = {0};
    open_pruner_scene(&s, &coppice_plugin);
    assert_ok(prune_scene(&s, "iterations = 1; exclude = [\"classifier\"];", 0, 1, &err), &err);
    assert_int_equal(kept_in(s.mask, "classifier.weight"), 320);
    assert_int_equal(cop_mask_count(s.mask), 320 + llround((1.0 - 0.9) * 252.0));
    assert_lowest_are_gone(&s, "synflow.", "classifier.weight", 1e-12);
    close_pruner_scene(&s);
}

static void more_rounds_go_on_to_the_same_sparsity(void **state)
{
    (void)state;
    pruner_scene s;
    cop_error err = {0};
    open_pruner_scene(&s, &coppice_plugin);
    int64_t all = cop_model_prunable_count(s.net.model);
    for (int64_t round = 0; round < 2; round++) {
        assert_ok(prune_scene(&s, "iterations = 3;", round, 2, &err), &err);
        assert_int_equal(cop_mask_count(s.mask),
                         llround(pow(1.0 - 0.9, ((double)round + 1.0) / 2.0) * (double)all));
    }
    close_pruner_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_of_torch_in_double),
        cmocka_unit_test(removed_weights_carry_no_flow),
        cmocka_unit_test(the_share_is_left_and_no_layer_is_empty),
        cmocka_unit_test(one_iteration_takes_the_lowest_at_once),
        cmocka_unit_test(more_rounds_go_on_to_the_same_sparsity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
