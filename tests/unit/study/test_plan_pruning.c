/* What plans of pruners state and refuse by the amount that goes: cop_plan_prune. */
#include "study/graph/plan.h"
#include "tiny_net.h"

#include <coppice/option_rows.h>
#include <coppice/pruner.h>

#include <math.h>

enum { CONV = 72, FC = 48, ALL = CONV + FC }; /* of the tiny network */

static cop_status plan_with(cop_plan *p, cop_prune_amount amount, cop_error *err)
{
    amount.size = (uint32_t)sizeof amount;
    p->kind = COP_KIND_PRUNER;
    p->promise = (cop_mask_promise){0};
    p->need_rounds = false;
    return cop_plan_prune(p, &amount, err);
}

static void a_sparsity_is_reached_round_by_round(void **state)
{
    (void)state;
    cop_model *model = tiny_model(false);
    cop_error err = {0};
    cop_plan p = {.model = model, .weights_left = ALL, .rounds = 3};
    assert_int_equal(cop_model_prunable_count(model), ALL);
    for (p.round = 0; p.round < 3; p.round++) {
        assert_ok(plan_with(&p, (cop_prune_amount){.sparsity = 0.875, .rate = 0.1}, &err), &err);
        assert_true(p.need_rounds && p.promise.states_left);
        assert_int_equal(p.promise.left, ALL >> (p.round + 1));
        p.weights_left = p.promise.left;
    }
    cop_model_free(model);
}

static void a_rate_needs_no_number_of_rounds(void **state)
{
    (void)state;
    cop_model *model = tiny_model(false);
    cop_error err = {0};
    cop_plan p = {.model = model, .weights_left = 100, .rounds = 3};
    assert_ok(plan_with(&p, (cop_prune_amount){.rate = 0.25}, &err), &err);
    assert_false(p.need_rounds);
    assert_int_equal(p.promise.left, 75);
    cop_model_free(model);
}

static void only_what_follows_from_numbers_is_stated(void **state)
{
    (void)state;
    static const char *const fc[] = {"fc"};
    static const cop_string_list exclude = {1, fc};
    cop_model *model = tiny_model(false);
    cop_error err = {0};
    cop_plan p = {.model = model, .weights_left = ALL, .rounds = 1};
    const cop_prune_amount by_layer = {.sparsity = 0.75, .scope = COP_SCOPE_LAYER};
    const cop_prune_amount without_fc = {.sparsity = 0.75, .exclude = &exclude};
    assert_ok(plan_with(&p, by_layer, &err), &err);
    assert_int_equal(p.promise.left, CONV / 4 + FC / 4);
    assert_ok(plan_with(&p, without_fc, &err), &err);
    assert_int_equal(p.promise.left, CONV / 4 + FC);
    p.weights_left = ALL - 1; /* who knows in which layer it is missing */
    assert_ok(plan_with(&p, by_layer, &err), &err);
    assert_false(p.promise.states_left);
    assert_ok(plan_with(&p, without_fc, &err), &err);
    assert_false(p.promise.states_left);
    p.weights_left = -1;
    assert_ok(plan_with(&p, (cop_prune_amount){.sparsity = 0.75}, &err), &err);
    assert_false(p.promise.states_left);
    cop_model_free(model);
}

static void what_cannot_work_is_refused(void **state)
{
    (void)state;
    static const char *const both[] = {"fc", "conv"}, *const typo[] = {"fx"};
    static const cop_string_list all = {2, both}, wrong = {1, typo};
    cop_model *model = tiny_model(false);
    cop_error err = {0};
    cop_plan p = {.model = model, .weights_left = 10, .rounds = 1};
    assert_refused(plan_with(&p, (cop_prune_amount){.rate = 0.5, .exclude = &all}, &err),
                   COP_INVALID, &err, "exclude leaves no weights to prune");
    assert_refused(plan_with(&p, (cop_prune_amount){.rate = 0.5, .exclude = &wrong}, &err),
                   COP_INVALID, &err, "exclude: 'fx' is no prunable parameter");
    assert_refused(plan_with(&p, (cop_prune_amount){.sparsity = 0.5}, &err), COP_INVALID, &err,
                   "leaves 60 of the 120 weights in round 1 of the phase, and no more than 10");
    cop_model_free(model);
}

/* At the head of a pruner's own options, with and without what rows have filled. */
static void options_are_an_amount(void **state)
{
    (void)state;
    static const char *const fc[] = {"fc"};
    const struct {
        cop_prune_options prune;
        double more;
    } full =
        {.prune = {.sparsity = 0.75, .rate = 0.5, .scope = COP_SCOPE_LAYER, .exclude = {1, fc}},
         .more = 9.0},
      rate = {.prune = {.rate = 0.25}};
    cop_model *model = tiny_model(false);
    cop_error err = {0};
    cop_plan p = {.kind = COP_KIND_PRUNER, .model = model, .weights_left = ALL, .rounds = 1};
    assert_ok(cop_prune_plan(&full, &p, &err), &err);
    assert_int_equal(p.promise.left, CONV / 4 + FC);
    assert_true(p.need_rounds);
    p = (cop_plan){.kind = COP_KIND_PRUNER, .model = model, .weights_left = ALL, .rounds = 1};
    assert_ok(cop_prune_plan(&rate, &p, &err), &err);
    assert_int_equal(p.promise.left, 3 * ALL / 4);
    assert_false(p.need_rounds);
    const cop_prune_amount amount = cop_prune_amount_of(&full.prune);
    assert_int_equal(amount.scope, COP_SCOPE_LAYER);
    assert_ptr_equal(amount.exclude, &full.prune.exclude);
    cop_model_free(model);
}

/* By the names that the networks here have. */
static void a_pattern_means_names_and_their_beginnings_up_to_a_dot(void **state)
{
    (void)state;
    static const struct {
        const char *item, *name;
        bool is_meant;
    } cases[] = {
        {"*.downsample.0", "layer2.0.downsample.0.weight", true},
        {"*.downsample.0", "layer2.0.downsample.00.weight", false},
        {"*.downsample.0", "layer2.0.conv1.weight", false},
        {"*.downsample.0", "downsample.0.weight", false},
        {"layer?.0.conv1", "layer3.0.conv1.weight", true},
        {"layer?.0.conv1", "layer3.1.conv1.weight", false},
        {"layer?", "layer3.1.conv1.weight", true},
        {"layer?", "layer33.conv1.weight", false},
        {"*.weight", "fc.weight", true},
        {"*conv1", "conv1.weight", true},
        {"*conv", "conv1.weight", false},
        {"*", "fc.weight", true},
        {"fc.*", "fc.weight", true},
        {"fc?*", "fc.weight", true},
        {"fc?", "fc.weight", false},
        {"fc", "fc.weight", true},
        {"f", "fc.weight", false},
        {"", "fc.weight", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const cop_string_list list = {1, &cases[i].item};
        if (cop_name_listed(cases[i].name, &list) != cases[i].is_meant)
            fail_msg("\"%s\" of %s", cases[i].item, cases[i].name);
    }
}

static void a_pattern_leaves_out_what_it_means_and_nothing_is_refused(void **state)
{
    (void)state;
    static const char *const f[] = {"f?.*"}, *const any[] = {"*.weight"}, *const none[] = {"x*"};
    static const cop_string_list fc = {1, f}, all = {1, any}, wrong = {1, none};
    cop_model *model = tiny_model(false);
    cop_error err = {0};
    cop_plan p = {.model = model, .weights_left = ALL, .rounds = 1};
    assert_ok(plan_with(&p, (cop_prune_amount){.sparsity = 0.75, .exclude = &fc}, &err), &err);
    assert_int_equal(p.promise.left, CONV / 4 + FC);
    assert_refused(plan_with(&p, (cop_prune_amount){.rate = 0.5, .exclude = &all}, &err),
                   COP_INVALID, &err, "exclude leaves no weights to prune");
    assert_refused(plan_with(&p, (cop_prune_amount){.rate = 0.5, .exclude = &wrong}, &err),
                   COP_INVALID, &err,
                   "exclude: 'x*' is no prunable parameter of the model, nor the beginning of one "
                   "up to a dot, nor a pattern of them (there is '");
    cop_model_free(model);
}

/* A linear layer by hand, whose weights are not for pruning. */
static cop_status fixed_declare(void *self, cop_declaration *d, cop_error *err)
{
    (void)self;
    (void)err;
    const cop_parameter w = {COP_SIZED(cop_parameter), .name = "w", .shape = cop_shape2(3, 32),
                             .role = COP_ROLE_LINEAR_WEIGHT,
                             .init = {.kind = COP_INIT_UNIFORM_FAN_IN}};
    (void)cop_declare(d, &w);
    return COP_OK;
}

static cop_status fixed_build(void *self, cop_graph *g, cop_node x, const cop_node *params,
                              const cop_node *buffers, cop_mode mode, cop_model_output *out,
                              cop_error *err)
{
    (void)self;
    (void)buffers;
    (void)mode;
    (void)err;
    cop_node flat = cop_flatten(g, x);
    cop_model_output_logits(out, cop_matmul(g, flat, false, params[0], true));
    cop_model_output_tap(out, "embedding", flat);
    return COP_OK;
}

static void a_model_without_prunable_weights_is_refused(void **state)
{
    (void)state;
    static const cop_model_ops ops = {.size = sizeof(cop_model_ops),
                                      .create = tiny_create,
                                      .destroy = tiny_destroy,
                                      .declare = fixed_declare,
                                      .build = fixed_build};
    static const tiny_options options = {.no_norm = true};
    cop_model *model = NULL;
    cop_error err = {0};
    assert_ok(cop_model_open("fixed", &ops, &options, &tiny_task, &model, &err), &err);
    cop_plan p = {.model = model, .weights_left = 0, .rounds = 1};
    assert_refused(plan_with(&p, (cop_prune_amount){.rate = 0.5}, &err), COP_INVALID, &err,
                   "the model has no prunable weights");
    cop_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sparsity_is_reached_round_by_round),
        cmocka_unit_test(a_rate_needs_no_number_of_rounds),
        cmocka_unit_test(only_what_follows_from_numbers_is_stated),
        cmocka_unit_test(what_cannot_work_is_refused),
        cmocka_unit_test(options_are_an_amount),
        cmocka_unit_test(a_pattern_means_names_and_their_beginnings_up_to_a_dot),
        cmocka_unit_test(a_pattern_leaves_out_what_it_means_and_nothing_is_refused),
        cmocka_unit_test(a_model_without_prunable_weights_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
