/* test_study_graph.c: each stage is laid out once, and its identity holds what matters. */
#include "study_bench.h"

#include "study/graph/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Enough stages that the table of them grows several times; each cell has one of its own. */
static void many_settings_are_each_laid_out_once(void **state)
{
    (void)state;
    char text[4096], values[512] = "";
    for (int i = 0; i < 40; i++)
        (void)snprintf(values + strlen(values), sizeof values - strlen(values), "%s%d",
                       i > 0 ? ", " : "", 3 + i);
    (void)snprintf(text, sizeof text,
                   "%ssweep = ( { path = \"analyze.[0].alphas\"; values = [%s]; } );\n",
                   base_config, values);
    bench b;
    bench_open(&b, text, NULL, 0);
    assert_int_equal(b.study->config->cell_count, 40);
    assert_int_equal(count_kind(&b, COP_STAGE_TRAIN), 8);
    assert_int_equal(count_kind(&b, COP_STAGE_ANALYZE), 3 * 40);
    for (size_t i = 0; i < b.study->stage_count; i++) {
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(b.study->stages[i].id.hash, b.study->stages[k].id.hash);
    }
    bench_close(&b);
}

static void settings_share_what_they_have_in_common(void **state)
{
    (void)state;
    char text[4096];
    (void)snprintf(text, sizeof text,
                   "%ssweep = ( { path = \"analyze.[0].alphas\"; values = [3, 5]; } );\n",
                   base_config);
    bench b;
    bench_open(&b, text, NULL, 0);
    assert_int_equal(b.study->config->cell_count, 2);
    assert_int_equal(count_kind(&b, COP_STAGE_DISTIL), 1);
    assert_int_equal(count_kind(&b, COP_STAGE_MASK), 2);
    assert_int_equal(count_kind(&b, COP_STAGE_TRAIN), 8); /* 6 copies, 2 on the distilled set */
    assert_int_equal(count_kind(&b, COP_STAGE_ANALYZE), 6);
    bench_close(&b);
}

/* No round trains on the set, and no analysis looks at it: then it is not distilled. */
static void a_set_that_an_analysis_alone_wants_is_distilled_for_it(void **state)
{
    (void)state;
    const struct {
        const char *analysis;
        size_t distilled;
    } cases[] = {{"analyze=( { plugin = \"landscape\"; plane = \"random\"; grid = 2; } )", 0},
                 {"analyze=( { plugin = \"landscape\"; plane = \"random\"; grid = 2; data = "
                  "\"distilled\"; } )",
                  1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *overrides[] = {"ticket.phases.[0].data=\"real\"", cases[i].analysis};
        bench b;
        bench_open(&b, base_config, overrides, 2);
        assert_int_equal(count_kind(&b, COP_STAGE_DISTIL), cases[i].distilled);
        assert_true(count_kind(&b, COP_STAGE_ANALYZE) > 0);
        for (size_t k = 0; k < b.study->stage_count; k++) {
            const cop_stage *stage = &b.study->stages[k];
            if (stage->kind == COP_STAGE_ANALYZE)
                assert_int_equal(stage->work.distil != COP_NO_STAGE, cases[i].distilled == 1);
            if (stage->kind == COP_STAGE_MASK)
                assert_int_equal(stage->work.distil, COP_NO_STAGE);
        }
        bench_close(&b);
    }
}

/* An override, and whether it must give the named stage another identity. */
static const struct {
    const char *override;
    cop_stage_kind kind;
    bool changes;
} identity_cases[] = {
    {"seeds={ order = 9; }", COP_STAGE_DISTIL, false},
    {"seeds={ distill = 9; }", COP_STAGE_DISTIL, true},
    {"seeds={ order = 9; }", COP_STAGE_TRAIN, true},
    {"seeds={ analyze = 9; }", COP_STAGE_TRAIN, false},
    {"seeds={ analyze = 9; }", COP_STAGE_ANALYZE, true},
    {"seeds={ prune = 9; }", COP_STAGE_MASK, true},
    {"study.threads=1", COP_STAGE_TRAIN, true},
    {"study.name=\"other\"", COP_STAGE_TRAIN, false},
    {"dataset.train_size=150", COP_STAGE_TRAIN, true},
    {"train.lr=0.02", COP_STAGE_TRAIN, false}, /* the first one is on distilled data */
    {"distill.ipc=3", COP_STAGE_TRAIN, true}};

static const char *first_identity(const bench *b, cop_stage_kind kind)
{
    for (size_t i = 0; i < b->study->stage_count; i++) {
        if (b->study->stages[i].kind == kind)
            return b->study->stages[i].id.hash;
    }
    return "none";
}

static void identities_hold_what_matters_and_nothing_else(void **state)
{
    (void)state;
    bench plain;
    bench_open(&plain, base_config, NULL, 0);
    for (size_t i = 0; i < sizeof identity_cases / sizeof identity_cases[0]; i++) {
        bench changed;
        bench_open(&changed, base_config, &identity_cases[i].override, 1);
        bool same = strcmp(first_identity(&plain, identity_cases[i].kind),
                           first_identity(&changed, identity_cases[i].kind)) == 0;
        if (same == identity_cases[i].changes)
            fail_msg("%s: identity of kind %d %s", identity_cases[i].override,
                     (int)identity_cases[i].kind, same ? "stayed" : "changed");
        bench_close(&changed);
    }
    bench_close(&plain);
}

static size_t shared_stages(const bench *a, const bench *b)
{
    size_t shared = 0;
    for (size_t i = 0; i < a->study->stage_count; i++)
        for (size_t k = 0; k < b->study->stage_count; k++)
            shared += strcmp(a->study->stages[i].id.hash, b->study->stages[k].id.hash) == 0;
    return shared;
}

/* All of the smaller study is there already when the larger one is run. */
static void a_larger_study_keeps_the_stages_of_a_smaller_one(void **state)
{
    (void)state;
    static const char *const analyses =
        "analyze=( { plugin = \"hessian\"; probes = 2; samples = 16; } )";
    const struct {
        const char *smaller, *larger;
    } cases[] = {
        {"ticket.phases.[0].rounds=2", "ticket.phases.[0].rounds=3"}, /* imp looks at none */
        {"study.copies=2", "study.copies=3"}, /* the Hessian is that of copy 0 */
        {"study.seeds=[0]", "study.seeds=[0, 1]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const small[] = {analyses, cases[i].smaller};
        const char *const large[] = {analyses, cases[i].larger};
        bench a, b;
        bench_open(&a, base_config, small, 2);
        bench_open(&b, base_config, large, 2);
        assert_true(b.study->stage_count > a.study->stage_count);
        assert_int_equal(shared_stages(&a, &b), a.study->stage_count);
        bench_close(&a);
        bench_close(&b);
    }
}

/* On distilled data copies on real data do not go on from the snapshot, so that they, and all that
 * follows from them, are the same whether its momentum is kept. */
/* What a distiller has trained is part of the distillation: under two seeds of the study there is
 * one network to select by where the seed of distillation is pinned, and two where it is not. */
static void a_pinned_distillation_pins_what_it_has_trained(void **state)
{
    (void)state;
    static const char *const herding =
        "distill={ plugin = \"herding\"; ipc = 2; training = { recipe = \"sgd\"; duration = "
        "\"1ep\"; }; model = { plugin = \"convnet\"; depth = 2; width = 4; }; recipe = { recipe = "
        "\"sgd\"; duration = \"1ep\"; }; }";
    const char *own[] = {herding, "study.seeds=[0, 1]"};
    const char *pinned[] = {herding, "study.seeds=[0, 1]", "seeds={ distill = 0; }"};
    bench one, two;
    bench_open(&two, base_config, own, 2);
    bench_open(&one, base_config, pinned, 3);
    assert_int_equal(count_kind(&two, COP_STAGE_DISTIL), 2);
    assert_int_equal(count_kind(&one, COP_STAGE_DISTIL), 1);
    assert_int_equal(count_kind(&two, COP_STAGE_TRAIN) - count_kind(&one, COP_STAGE_TRAIN), 1);
    bench_close(&one);
    bench_close(&two);
}

static void what_momentum_does_not_change_keeps_its_identity(void **state)
{
    (void)state;
    static const char *const plain[] = {
        "ticket.phases=( { pruner = { plugin = \"imp\"; }; rounds = 1; data = \"distilled\";"
        "rewind = \"1it\"; } )"};
    static const char *const kept[] = {
        "ticket.phases=( { pruner = { plugin = \"imp\"; }; rounds = 1; data = \"distilled\";"
        "rewind = \"1it\"; rewind_momentum = true; } )"};
    bench a, b;
    bench_open(&a, base_config, plain, 1);
    bench_open(&b, base_config, kept, 1);
    assert_int_equal(a.study->stage_count, b.study->stage_count);
    for (size_t i = 0; i < a.study->stage_count; i++)
        assert_string_equal(a.study->stages[i].identity, b.study->stages[i].identity);
    bench_close(&a);
    bench_close(&b);
}

/* Runs share a directory where they lay out the same stages: config, data and plugins. */
static void a_plan_is_told_from_another_one(void **state)
{
    (void)state;
    static const char *const more[] = {"dataset.train_size=150"};
    bench a, b, c;
    bench_open(&a, base_config, NULL, 0);
    bench_open(&b, base_config, NULL, 0);
    bench_open(&c, base_config, more, 1);
    char *one = cop_study_outline_text(a.study), *same = cop_study_outline_text(b.study);
    char *other = cop_study_outline_text(c.study);
    assert_string_equal(one, same);
    assert_string_not_equal(one, other);
    for (size_t i = 0; i < a.study->stage_count; i++)
        assert_non_null(strstr(one, a.study->stages[i].id.hash));
    free(one);
    free(same);
    free(other);
    bench_close(&a);
    bench_close(&b);
    bench_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_settings_are_each_laid_out_once),
        cmocka_unit_test(settings_share_what_they_have_in_common),
        cmocka_unit_test(a_set_that_an_analysis_alone_wants_is_distilled_for_it),
        cmocka_unit_test(identities_hold_what_matters_and_nothing_else),
        cmocka_unit_test(a_larger_study_keeps_the_stages_of_a_smaller_one),
        cmocka_unit_test(a_pinned_distillation_pins_what_it_has_trained),
        cmocka_unit_test(what_momentum_does_not_change_keeps_its_identity),
        cmocka_unit_test(a_plan_is_told_from_another_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
