/* test_study_seeds.c: each source of randomness has a seed of its own, which a config may fix or
 * sweep while the others follow the study's. */
#include "support.h"

#include "config_text.h"
#include "study/graph/graph.h"

#include <stdio.h>

static const char *const sources[COP_SEED_COUNT] = {"init",    "order", "augment",
                                                    "distill", "prune", "analyze"};

static cop_config *load_more(const char *more)
{
    char text[2048];
    cop_config *c = NULL;
    cop_error err = {0};
    (void)snprintf(text, sizeof text, "%s\nstudy = { seeds = [3, 4]; };\n%s", BASE, more);
    assert_ok(load_text(text, NULL, &c, &err), &err);
    return c;
}

static void without_a_word_all_follow_the_study(void **state)
{
    (void)state;
    cop_config *c = load_more("");
    for (int s = 0; s < COP_SEED_COUNT; s++)
        for (size_t i = 0; i < c->seed_count; i++)
            assert_int_equal(cop_study_seed(&c->cells[0], c->seeds[i], (cop_seed_source)s), 3 + i);
    cop_config_free(c);
}

static void one_source_stays_while_the_others_follow(void **state)
{
    (void)state;
    for (int fixed = 0; fixed < COP_SEED_COUNT; fixed++) {
        char more[64];
        (void)snprintf(more, sizeof more, "seeds = { %s = 0; };", sources[fixed]);
        cop_config *c = load_more(more);
        for (int s = 0; s < COP_SEED_COUNT; s++)
            for (size_t i = 0; i < c->seed_count; i++)
                assert_int_equal(cop_study_seed(&c->cells[0], c->seeds[i], (cop_seed_source)s),
                                 s == fixed ? 0 : 3 + i);
        cop_config_free(c);
    }
}

/* Without a group `seeds` in the config. */
static void one_source_is_swept_while_the_others_follow(void **state)
{
    (void)state;
    for (int swept = 0; swept < COP_SEED_COUNT; swept++) {
        char more[100];
        (void)snprintf(more, sizeof more, "sweep = ( { path = \"seeds.%s\"; values = [-1, 7]; } );",
                       sources[swept]);
        cop_config *c = load_more(more);
        assert_int_equal(c->cell_count, 2);
        for (int s = 0; s < COP_SEED_COUNT; s++) {
            assert_int_equal(cop_study_seed(&c->cells[0], 3, (cop_seed_source)s), 3);
            assert_int_equal(cop_study_seed(&c->cells[1], 3, (cop_seed_source)s),
                             s == swept ? 7 : 3);
        }
        cop_config_free(c);
    }
}

/* What each source alone does: a cell per source, in which the others are fixed. */
static void one_source_alone_varies(void **state)
{
    (void)state;
    cop_config *c = load_more(
        "sweep = ( { path = \"seeds\"; labels = [\"initialisation\", \"data order\"]; values = (\n"
        "{ order = 0; augment = 0; distill = 0; prune = 0; analyze = 0; },\n"
        "{ init = 0; augment = 0; distill = 0; prune = 0; analyze = 0; } ); } );");
    assert_int_equal(c->cell_count, 2);
    for (size_t cell = 0; cell < 2; cell++)
        for (int s = 0; s < COP_SEED_COUNT; s++)
            assert_int_equal(cop_study_seed(&c->cells[cell], 4, (cop_seed_source)s),
                             s == (int)cell ? 4 : 0);
    cop_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_word_all_follow_the_study),
        cmocka_unit_test(one_source_stays_while_the_others_follow),
        cmocka_unit_test(one_source_is_swept_while_the_others_follow),
        cmocka_unit_test(one_source_alone_varies),
    };
    return cmocka_run_group_tests(tests, open_fixtures, close_fixtures);
}
