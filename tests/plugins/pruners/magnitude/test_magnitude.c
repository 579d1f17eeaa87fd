/* The magnitude pruner: the smallest first weights go, without a training. */
#include "pruner_scene.h"

#include <math.h>

static void the_smallest_first_weights_go(void **state)
{
    (void)state;
    pruner_scene s;
    cop_error err = {0};
    open_pruner_scene(&s, &coppice_plugin);
    int64_t all = cop_model_prunable_count(s.net.model);
    float gone = 0.0f, stays = INFINITY;
    assert_ok(prune_scene(&s, "", 0, 1, &err), &err);
    assert_int_equal(cop_mask_count(s.mask), llround((1.0 - 0.9) * (double)all));
    for (size_t i = 0; i < cop_tensors_count(s.mask); i++) {
        const cop_tensor *m = cop_tensors_at(s.mask, i);
        const float *w = cop_f32(cop_tensors_find(s.state, m->name));
        for (int64_t k = 0; k < cop_shape_count(m->shape); k++) {
            if (cop_f32(m)[k] == 0.0f)
                gone = fmaxf(gone, fabsf(w[k]));
            else
                stays = fminf(stays, fabsf(w[k]));
        }
    }
    assert_true(gone <= stays);
    close_pruner_scene(&s);
}

static void layers_lose_their_own_share(void **state)
{
    (void)state;
    pruner_scene s;
    cop_error err = {0};
    open_pruner_scene(&s, &coppice_plugin);
    assert_ok(prune_scene(&s, "sparsity = 0.75; scope = \"layer\";", 0, 1, &err), &err);
    assert_int_equal(kept_in(s.mask, "layers.conv.0.weight"), 27);
    assert_int_equal(kept_in(s.mask, "layers.conv.1.weight"), 36);
    assert_int_equal(kept_in(s.mask, "classifier.weight"), 80);
    close_pruner_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_first_weights_go),
        cmocka_unit_test(layers_lose_their_own_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
