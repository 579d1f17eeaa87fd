/* The hessian analyzer's steps: how many there are, that they go on from a saved bag, and what is
 * refused before any. */
#include "hessian_torch.h"

/* Bit for bit, what is in the first. */
static void assert_same_bags(const cop_tensors *first, const cop_tensors *second)
{
    for (size_t t = 0; t < cop_tensors_count(first); t++) {
        const cop_tensor *a = cop_tensors_at(first, t), *b = cop_tensors_find(second, a->name);
        assert_memory_equal(a->data, b->data,
                            cop_dtype_size(a->dtype) * (size_t)cop_shape_count(a->shape));
    }
}

static hessian_options everything(int32_t diagonal)
{
    hessian_options o = torch_defaults;
    o.diagonal = diagonal;
    o.probes = 6;
    o.eigenvalues = 3;
    o.density = 3;
    o.lanczos = 8;
    o.points = 50;
    o.dense = diagonal != HESSIAN_PROBES;
    return o;
}

/* Every step by an instance of its own, from the bag that the one before left. */
static outcome analyze_apart(const hessian_subject *s, const hessian_options *o, int64_t steps)
{
    outcome out = {0};
    for (int64_t i = 0; i < steps; i++) {
        cop_error err = {0};
        cop_status status = go_steps(s, o, 7, i, 1, &out, &err);
        assert_int_equal(status, i + 1 < steps ? COP_CANCELLED : COP_OK);
    }
    return out;
}

static void steps_go_on_bit_for_bit(void **state)
{
    (void)state;
    static const int32_t diagonals[] = {HESSIAN_PROBES, HESSIAN_EXACT};
    for (int i = 0; i < 4; i++) {
        torch_scene s;
        open_torch_scene(&s, i / 2 != 0);
        hessian_options o = everything(diagonals[i % 2]);
        cop_plan plan = plan_of(&s.subject, &o);
        /* 6 probes or a column for each coordinate; 3 starts of 8 steps and 3 residuals */
        assert_int_equal(plan.steps, (i % 2 == 0 ? 6 : s.n) + 3 * 8 + 3);
        assert_true(plan.flops == (double)plan.steps * 6.0 * (double)s.data.count *
                                      cop_model_forward_flops(s.net.model));
        outcome at_once = analyze(&s.subject, o, 7);
        outcome apart = analyze_apart(&s.subject, &o, plan.steps);
        assert_same_tables(at_once.tables, apart.tables);
        assert_same_bags(at_once.bag, apart.bag);
        cop_plan_clear(&plan);
        release(&at_once);
        release(&apart);
        close_torch_scene(&s);
    }
}

/* Where it stops probing, and where it goes over to the exact diagonal, stands in the bag. */
static void resolved_probes_go_on_bit_for_bit(void **state)
{
    (void)state;
    static const double resolutions[] = {0.7, 0.05}; /* some 30 probes; too many */
    torch_scene s;
    open_torch_scene(&s, false);
    for (int i = 0; i < 2; i++) {
        hessian_options o = everything(HESSIAN_AUTO);
        o.dense = false;
        o.resolution = resolutions[i];
        o.most_probes = 100;
        cop_plan plan = plan_of(&s.subject, &o);
        assert_int_equal(plan.steps, 20 + 100 + 3 * 8 + 3);
        outcome at_once = analyze(&s.subject, o, 7);
        outcome apart = analyze_apart(&s.subject, &o, plan.steps);
        assert_true(value_of(&apart, "hessian_resolution", 0, "met") == 1.0);
        assert_true(value_of(&apart, "hessian_trace", 0, "exact") == (double)i);
        assert_same_tables(at_once.tables, apart.tables);
        assert_same_bags(at_once.bag, apart.bag);
        cop_plan_clear(&plan);
        release(&at_once);
        release(&apart);
    }
    close_torch_scene(&s);
}

/* What a plan does not know of the mask costs steps that do nothing, and changes nothing. */
static void a_plan_that_does_not_know_the_mask_comes_to_the_same(void **state)
{
    (void)state;
    static const int32_t diagonals[] = {HESSIAN_PROBES, HESSIAN_EXACT};
    for (int i = 0; i < 2; i++) {
        torch_scene s;
        open_torch_scene(&s, true);
        hessian_options o = everything(diagonals[i]);
        o.lanczos = 60; /* more than there are coordinates */
        hessian_subject blind = s.subject;
        blind.is_blind = true;
        cop_plan knowing = plan_of(&s.subject, &o), other = plan_of(&blind, &o);
        assert_true(knowing.steps < other.steps && knowing.flops < other.flops);
        outcome a = analyze(&s.subject, o, 7), b = analyze(&blind, o, 7);
        assert_same_tables(a.tables, b.tables);
        cop_plan_clear(&knowing);
        cop_plan_clear(&other);
        release(&a);
        release(&b);
        close_torch_scene(&s);
    }
}

/* What fits the survivors need not fit the whole network. */
static void a_plan_goes_by_what_survives(void **state)
{
    (void)state;
    cop_error err = {0};
    test_model net = open_model("mlp", "hidden=1000", &torch_task);
    hessian_options o = torch_defaults;
    o.dense = true;
    o.memory = 400;
    int64_t rest = cop_model_weight_count(net.model) - cop_model_prunable_count(net.model);
    cop_plan plan = {
        .kind = COP_KIND_ANALYZER, .model = net.model, .copies = 1, .weights_left = 5000 - rest};
    assert_ok(cop_plan_make("", coppice_plugin.ops, &o, &plan, &err), &err);
    assert_int_equal(plan.steps, 5000);
    cop_plan_clear(&plan);
    plan.weights_left++;
    assert_refused(cop_plan_make("", coppice_plugin.ops, &o, &plan, &err), COP_INVALID, &err,
                   "at most 5000 coordinates, and 5001 survive");
    close_model(&net);
}

/* More starts change nothing of the first one, and a part nothing of another. */
static void parts_do_not_depend_on_each_other(void **state)
{
    (void)state;
    torch_scene s;
    open_torch_scene(&s, false);
    hessian_options all = everything(HESSIAN_PROBES), few = torch_defaults;
    few.eigenvalues = 3;
    few.lanczos = 8;
    outcome a = analyze(&s.subject, all, 7), b = analyze(&s.subject, few, 7);
    for (size_t k = 0; k < 3; k++) {
        assert_true(value_of(&a, "hessian_eigenvalues", k, "eigenvalue") ==
                    value_of(&b, "hessian_eigenvalues", k, "eigenvalue"));
        assert_true(value_of(&a, "hessian_eigenvalues", k, "residual") ==
                    value_of(&b, "hessian_eigenvalues", k, "residual"));
    }
    few = torch_defaults;
    few.diagonal = HESSIAN_PROBES;
    few.probes = 6;
    outcome c = analyze(&s.subject, few, 7);
    assert_true(value_of(&a, "hessian_trace", 0, "trace") ==
                value_of(&c, "hessian_trace", 0, "trace"));
    assert_null(find_table(c.tables, "hessian_spectrum"));
    release(&a);
    release(&b);
    release(&c);
    close_torch_scene(&s);
}

static void assert_plan_refused(const cop_model *model, const hessian_options *o, const char *text)
{
    cop_error err = {0};
    cop_plan plan = {.kind = COP_KIND_ANALYZER,
                     .model = model,
                     .copies = 1,
                     .train_count = 10,
                     .weights_left = -1};
    assert_refused(cop_plan_make("analyzer 'hessian'", coppice_plugin.ops, o, &plan, &err),
                   COP_INVALID, &err, text);
}

static void nothing_at_all_is_refused(void **state)
{
    (void)state;
    test_model net = open_model("mlp", "hidden=6 activation=tanh", &torch_task);
    hessian_options o = torch_defaults;
    assert_plan_refused(net.model, &o, "nothing is wanted");
    o.eigenvalues = 41;
    assert_plan_refused(net.model, &o,
                        "eigenvalues = 41 are more than lanczos = 40 steps can tell");
    close_model(&net);
}

/* 9 · 1000 + 1000 + 1000 · 3 + 3 coordinates: a vector takes 52,012 bytes. */
static void what_takes_too_much_memory_is_refused(void **state)
{
    (void)state;
    test_model net = open_model("mlp", "hidden=1000", &torch_task);
    hessian_options o = torch_defaults;
    o.density = 2;
    o.lanczos = 100;
    o.memory = 5;
    assert_true(cop_model_weight_count(net.model) == 13003);
    cop_plan plan = {
        .kind = COP_KIND_ANALYZER, .model = net.model, .copies = 1, .weights_left = -1};
    cop_error err = {0};
    assert_ok(cop_plan_make("", coppice_plugin.ops, &o, &plan, &err), &err);
    cop_plan_clear(&plan);
    o.memory = 4;
    assert_plan_refused(net.model, &o, "lanczos = 80 would fit, or memory = 5");
    o.lanczos = 80;
    assert_ok(cop_plan_make("", coppice_plugin.ops, &o, &plan, &err), &err);
    cop_plan_clear(&plan);
    o.lanczos = 81;
    assert_plan_refused(net.model, &o, "lanczos = 80 would fit");
    close_model(&net);
}

static void a_dense_hessian_of_a_large_network_is_refused(void **state)
{
    (void)state;
    test_model net = open_model("mlp", "hidden=1000", &torch_task);
    hessian_options o = torch_defaults;
    o.dense = true;
    assert_plan_refused(net.model, &o, "at most 5000 coordinates, and 13003 survive");
    close_model(&net);
    net =
        open_model("mlp", "hidden=300", &torch_task); /* 3903 coordinates, 12 bytes for each pair */
    o.memory = 170;
    assert_plan_refused(net.model, &o, "memory = 175 would do");
    o.eigenvalues = 1;
    o.lanczos = 100;
    o.memory = 175;
    assert_plan_refused(net.model, &o, "lanczos = 44 would fit");
    close_model(&net);
}

/* A Hessian of a network that has diverged is none. */
static void what_is_not_finite_fails(void **state)
{
    (void)state;
    static const int32_t diagonals[] = {HESSIAN_PROBES, HESSIAN_EXACT};
    torch_scene s;
    open_torch_scene(&s, false);
    cop_f32(cop_tensors_at(s.state, 0))[3] = NAN;
    for (int i = 0; i < 3; i++) {
        cop_error err = {0};
        outcome out = {0};
        hessian_options o = torch_defaults;
        o.diagonal = diagonals[i % 2];
        o.probes = 3;
        if (i == 2) {
            o.probes = 0;
            o.density = 1;
        }
        assert_refused(go_steps(&s.subject, &o, 1, 0, INT64_MAX, &out, &err), COP_FAILED, &err,
                       "not finite");
        release(&out);
    }
    close_torch_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_go_on_bit_for_bit),
        cmocka_unit_test(resolved_probes_go_on_bit_for_bit),
        cmocka_unit_test(a_plan_that_does_not_know_the_mask_comes_to_the_same),
        cmocka_unit_test(a_plan_goes_by_what_survives),
        cmocka_unit_test(parts_do_not_depend_on_each_other),
        cmocka_unit_test(nothing_at_all_is_refused),
        cmocka_unit_test(what_takes_too_much_memory_is_refused),
        cmocka_unit_test(a_dense_hessian_of_a_large_network_is_refused),
        cmocka_unit_test(what_is_not_finite_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
