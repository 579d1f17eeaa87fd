/* The random pruner: as many weights as magnitude pruning, drawn by the work's stream alone. */
#include "given.h"
#include "plugin_options.h"
#include "store/formats/safetensors.h"
#include "study/graph/plan.h"
#include "study/running/drive.h"
#include "tiny_net.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Prunes the full mask of a tiny network, `rounds` times. */
static cop_tensors *prune(const char *settings, uint64_t seed, int rounds)
{
    test_options options = read_options(&coppice_plugin, settings);
    cop_error err = {0};
    cop_model *model = tiny_model(false);
    cop_tensors *mask = NULL;
    cop_plan plan = {.kind = COP_KIND_PRUNER, .model = model};
    assert_ok(cop_model_full_mask(model, &mask, &err), &err);
    assert_ok(cop_plan_make("pruner 'random'", coppice_plugin.ops, options.values, &plan, &err),
              &err);
    assert_false(plan.need_trained);
    for (int round = 0; round < rounds; round++) {
        given inputs = {.mask = mask};
        cop_work work = {.kind = COP_KIND_PRUNER,
                         .model = model,
                         .seed = seed + (uint64_t)round,
                         .source = given_source(&inputs),
                         .round = round,
                         .rounds = rounds};
        cop_drive d = {.what = "pruner 'random'", .self = options.values, .work = &work};
        cop_tensors *next = NULL;
        assert_ok(cop_drive_pruner(&d, coppice_plugin.ops, mask, &next, &err), &err);
        cop_tensors_free(mask);
        mask = next;
    }
    free_options(&options);
    cop_model_free(model);
    return mask;
}

static int64_t kept(const cop_tensors *mask, const char *name)
{
    const cop_tensor *t = cop_tensors_find(mask, name);
    int64_t count = 0;
    for (int64_t i = 0; i < cop_shape_count(t->shape); i++)
        count += cop_f32(t)[i] != 0.0f;
    return count;
}

static void counts_are_those_of_magnitude_pruning(void **state)
{
    (void)state;
    cop_tensors *full = prune("rate = 0.2;", 1, 0);
    int64_t left = cop_mask_count(full);
    cop_tensors_free(full);
    for (int rounds = 1; rounds < 8; rounds++) {
        cop_tensors *mask = prune("rate = 0.2;", 1, rounds);
        left -= llround(0.2 * (double)left);
        assert_int_equal(cop_mask_count(mask), left);
        cop_tensors_free(mask);
    }
}

static void shares_are_of_layers_and_exclusions_stay(void **state)
{
    (void)state;
    cop_tensors *full = prune("rate = 0.5;", 1, 0);
    cop_tensors *layer = prune("rate = 0.5; scope = \"layer\";", 1, 1);
    cop_tensors *apart = prune("rate = 0.5; exclude = [\"fc\"];", 1, 1);
    int64_t conv = kept(full, "conv.weight"), all = kept(full, "fc.weight");
    assert_int_equal(kept(layer, "conv.weight"), conv - llround(0.5 * (double)conv));
    assert_int_equal(kept(layer, "fc.weight"), all - llround(0.5 * (double)all));
    assert_int_equal(kept(apart, "fc.weight"), all);
    assert_int_equal(kept(apart, "conv.weight"), conv - llround(0.5 * (double)conv));
    cop_tensors_free(full);
    cop_tensors_free(layer);
    cop_tensors_free(apart);
}

static bool same(const cop_tensors *a, const cop_tensors *b)
{
    for (size_t t = 0; t < cop_tensors_count(a); t++) {
        const cop_tensor *x = cop_tensors_at(a, t), *y = cop_tensors_at(b, t);
        if (memcmp(x->data, y->data, sizeof(float) * (size_t)cop_shape_count(x->shape)) != 0)
            return false;
    }
    return true;
}

static void the_seed_says_which(void **state)
{
    (void)state;
    cop_tensors *a = prune("rate = 0.2;", 1, 1), *b = prune("rate = 0.2;", 1, 1),
                *c = prune("rate = 0.2;", 2, 1);
    assert_true(same(a, b));
    assert_false(same(a, c));
    cop_tensors_free(a);
    cop_tensors_free(b);
    cop_tensors_free(c);
}

/* Each weight goes in about a fifth of 400 seeds: within five standard deviations of 80. */
static void every_weight_has_the_same_chance(void **state)
{
    (void)state;
    enum { SEEDS = 400 };
    int gone[36] = {0};
    for (int seed = 0; seed < SEEDS; seed++) {
        cop_tensors *mask = prune("rate = 0.2;", 1000 + (uint64_t)seed, 1);
        for (int i = 0; i < 36; i++)
            gone[i] += cop_f32(cop_tensors_find(mask, "conv.weight"))[i] == 0.0f;
        cop_tensors_free(mask);
    }
    for (int i = 0; i < 36; i++)
        assert_in_range(gone[i], 40, 120);
}

/* A file with a mask of the tiny network: every `step`-th weight of each layer is kept. */
static void write_mask(const char *path, cop_dtype dtype, int conv_step, int fc_step)
{
    cop_error err = {0};
    cop_tensors *full = prune("rate = 0.0;", 1, 0), *mask = cop_tensors_new();
    for (size_t t = 0; t < cop_tensors_count(full); t++) {
        const cop_tensor *from = cop_tensors_at(full, t);
        int64_t step = strcmp(from->name, "conv.weight") == 0 ? conv_step : fc_step;
        cop_tensor *to = NULL;
        assert_ok(cop_tensors_add(mask, from->name, dtype, from->shape, &to, &err), &err);
        for (int64_t i = 0; i < cop_shape_count(from->shape); i += step) {
            if (dtype == COP_F32)
                cop_f32(to)[i] = -0.25f;
            else
                ((uint8_t *)to->data)[i] = 1;
        }
    }
    assert_ok(cop_safetensors_write(path, mask, NULL, 0, &err), &err);
    cop_tensors_free(mask);
    cop_tensors_free(full);
}

static int64_t every(int64_t step, int64_t weights)
{
    return (weights + step - 1) / step;
}

static void layers_keep_as_many_as_those_of_another_ticket(void **state)
{
    (void)state;
    char dir[512], path[600], settings[700];
    make_temp_dir(dir, sizeof dir);
    (void)snprintf(path, sizeof path, "%s/mask.safetensors", dir);
    (void)snprintf(settings, sizeof settings, "like = \"%s\";", path);
    cop_tensors *full = prune("rate = 0.2;", 1, 0);
    const int64_t conv = kept(full, "conv.weight"), fc = kept(full, "fc.weight");
    for (int i = 0; i < 2; i++) {
        write_mask(path, i == 0 ? COP_F32 : COP_U8, 2, 5);
        cop_tensors *one = prune(settings, 1, 1), *two = prune(settings, 1, 2);
        cop_tensors *other = prune(settings, 7, 1);
        assert_int_equal(kept(one, "conv.weight"), every(2, conv));
        assert_int_equal(kept(one, "fc.weight"), every(5, fc));
        assert_int_equal(kept(two, "conv.weight"), every(2, conv));
        assert_int_equal(kept(two, "fc.weight"), every(5, fc));
        assert_false(same(one, other));
        cop_tensors_free(one);
        cop_tensors_free(two);
        cop_tensors_free(other);
    }
    (void)snprintf(settings, sizeof settings, "like = \"%s\"; exclude = [\"fc\"];", path);
    cop_tensors *apart = prune(settings, 1, 1);
    assert_int_equal(kept(apart, "conv.weight"), every(2, conv));
    assert_int_equal(kept(apart, "fc.weight"), fc);
    cop_tensors_free(apart);
    cop_tensors_free(full);
    remove_tree(dir);
}

/* Plans round 0 of 2 for the tiny network, of which nothing is pruned. */
static cop_status plan(const char *settings, int64_t *left, cop_error *err)
{
    test_options options = read_options(&coppice_plugin, settings);
    cop_model *model = tiny_model(false);
    cop_plan p = {.kind = COP_KIND_PRUNER,
                  .model = model,
                  .weights_left = cop_model_prunable_count(model),
                  .rounds = 2};
    cop_status status =
        cop_plan_make("pruner 'random'", coppice_plugin.ops, options.values, &p, err);
    *left = p.promise.states_left ? p.promise.left : -1;
    free_options(&options);
    cop_model_free(model);
    return status;
}

static void a_plan_follows_the_file_or_refuses_it(void **state)
{
    (void)state;
    char dir[512], path[600], settings[800];
    int64_t left = 0;
    cop_error err = {0};
    make_temp_dir(dir, sizeof dir);
    (void)snprintf(path, sizeof path, "%s/mask.safetensors", dir);
    (void)snprintf(settings, sizeof settings, "like = \"%s\";", path);
    write_mask(path, COP_U8, 4, 1);
    cop_tensors *full = prune("rate = 0.2;", 1, 0);
    const int64_t conv = kept(full, "conv.weight"), fc = kept(full, "fc.weight");
    cop_tensors_free(full);
    assert_ok(plan(settings, &left, &err), &err);
    assert_int_equal(left, conv / 2 + fc); /* a quarter in two rounds: a half in the first */

    cop_tensors *wrong = cop_tensors_new();
    assert_ok(cop_tensors_add(wrong, "conv.weight", COP_F32, cop_shape1(3), NULL, &err), &err);
    assert_ok(cop_safetensors_write(path, wrong, NULL, 0, &err), &err);
    assert_refused(plan(settings, &left, &err), COP_INVALID, &err,
                   "\"conv.weight\" has another shape than the ticket's");
    assert_non_null(strstr(err.message, path));
    cop_tensors_free(wrong);

    wrong = cop_tensors_new();
    assert_ok(cop_tensors_add(wrong, "other", COP_F32, cop_shape1(3), NULL, &err), &err);
    assert_ok(cop_safetensors_write(path, wrong, NULL, 0, &err), &err);
    assert_refused(plan(settings, &left, &err), COP_INVALID, &err, "has no \"conv.weight\"");
    cop_tensors_free(wrong);

    (void)snprintf(settings, sizeof settings, "like = \"%s\"; distribution = \"erk\";", path);
    assert_refused(plan(settings, &left, &err), COP_INVALID, &err,
                   "sparsity, rate, distribution and scope have no say");
    (void)snprintf(settings, sizeof settings, "like = \"%s\"; exclude = [\"nix\"];", path);
    assert_refused(plan(settings, &left, &err), COP_INVALID, &err, "nix");
    write_mask(path, COP_U8, 4, 1);
    (void)snprintf(settings, sizeof settings,
                   "like = \"%s\"; exclude = [\"conv.weight\", \"fc.weight\"];", path);
    assert_refused(plan(settings, &left, &err), COP_INVALID, &err,
                   "exclude leaves no weights to prune");
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_those_of_magnitude_pruning),
        cmocka_unit_test(shares_are_of_layers_and_exclusions_stay),
        cmocka_unit_test(the_seed_says_which),
        cmocka_unit_test(every_weight_has_the_same_chance),
        cmocka_unit_test(layers_keep_as_many_as_those_of_another_ticket),
        cmocka_unit_test(a_plan_follows_the_file_or_refuses_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
