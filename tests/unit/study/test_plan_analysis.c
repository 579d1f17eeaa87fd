/* test_plan_analysis.c: the plan of an analyzer is told how many prunable weights the ticket's mask
 * keeps, where that is known before anything runs; tests/fixtures/plugins/counts_left.c makes steps
 * of it. */
#include "registry_scene.h"

#include "store/formats/safetensors.h"
#include "study/graph/graph.h"
#include "study/study.h"

#include <stdio.h>
#include <string.h>

enum { NOT_KNOWN = 1000000 }; /* the fixture's steps then */

typedef struct laid_out {
    cop_config *config;
    cop_study *study;
} laid_out;

/* Lays out a study of one cell with such a group `ticket`. */
static laid_out lay_out(const char *ticket)
{
    char path[PATH_MAX + 32];
    cop_error err = {0};
    laid_out l = {0};
    (void)snprintf(path, sizeof path, "%s/t.cfg", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file,
                  "study = { seeds = [0]; copies = 1; };\n"
                  "dataset = { plugin = \"floatdata\"; size = 20; };\n"
                  "ticket = { model = { plugin = \"convnet\"; depth = 2; width = 4; }; %s };\n"
                  "train = { recipe = \"sgd\"; duration = \"2ep\"; batch = 10; };\n"
                  "analyze = ( { plugin = \"counts_left\"; } );\n",
                  ticket);
    assert_int_equal(fclose(file), 0);
    assert_ok(cop_config_load(path, NULL, 0, registry, NULL, &l.config, &err), &err);
    assert_ok(cop_study_new(l.config, dir, false, NULL, &l.study, &err), &err);
    return l;
}

static void clear(laid_out *l)
{
    cop_study_free(l->study);
    cop_config_free(l->config);
}

static const cop_stage *analysis_of(const laid_out *l, const cop_ticket *t)
{
    assert_int_equal(t->analysis_count, 1);
    return &l->study->stages[t->analyses[0]];
}

/* Steps of the analysis of that round's ticket, or of the control beside it. */
static int64_t steps_of(const laid_out *l, int64_t round, cop_control control)
{
    for (size_t i = 0; i < l->study->ticket_count; i++) {
        const cop_ticket *t = &l->study->tickets[i];
        if (t->round == round && t->control == control)
            return analysis_of(l, t)->work.steps;
    }
    fail_msg("there is no ticket of round %lld", (long long)round);
    return -1;
}

static void a_plan_knows_what_the_rounds_before_state(void **state)
{
    (void)state;
    laid_out l = lay_out("retrain = \"all\"; controls = [\"reinit\", \"shuffle\"];\n"
                         "analyze_controls = true;\n"
                         "phases = ( { pruner = { plugin = \"random\"; rate = 0.25; };\n"
                         "             data = \"real\"; rounds = 2; } );\n");
    int64_t left = cop_model_prunable_count(l.study->opened[0].model);
    assert_int_equal(steps_of(&l, 0, COP_CONTROL_NONE), left); /* the dense network */
    for (int64_t round = 1; round <= 2; round++) {
        left -= cop_share_of(0.25, left);
        assert_int_equal(steps_of(&l, round, COP_CONTROL_NONE), left);
        assert_int_equal(steps_of(&l, round, COP_CONTROL_REINIT), left);
        assert_int_equal(steps_of(&l, round, COP_CONTROL_SHUFFLE), left);
    }
    clear(&l);
}

static void a_plan_knows_nothing_where_a_round_says_nothing(void **state)
{
    (void)state;
    laid_out l = lay_out("retrain = \"all\";\n"
                         "phases = ( { pruner = { plugin = \"counts_calls\"; };\n"
                         "             data = \"real\"; rounds = 1; },\n"
                         "           { pruner = { plugin = \"random\"; rate = 0.25; };\n"
                         "             data = \"real\"; rounds = 1; } );\n");
    assert_int_equal(steps_of(&l, 0, COP_CONTROL_NONE),
                     cop_model_prunable_count(l.study->opened[0].model));
    assert_int_equal(steps_of(&l, 1, COP_CONTROL_NONE), NOT_KNOWN);
    assert_int_equal(steps_of(&l, 2, COP_CONTROL_NONE), NOT_KNOWN);
    clear(&l);
}

/* Writes a mask of the study's model that lacks the first five weights of each layer; how many are
 * left. */
static int64_t write_mask(const cop_model *model, const char *path)
{
    cop_error err = {0};
    cop_tensors *mask = NULL;
    assert_ok(cop_model_full_mask(model, &mask, &err), &err);
    for (size_t i = 0; i < cop_tensors_count(mask); i++)
        memset(cop_tensors_at(mask, i)->data, 0, 5 * sizeof(float));
    int64_t left = cop_mask_count(mask);
    assert_int_equal(left, cop_model_prunable_count(model) - 5 * (int64_t)cop_tensors_count(mask));
    assert_ok(cop_safetensors_write(path, mask, NULL, 0, &err), &err);
    cop_tensors_free(mask);
    return left;
}

static void a_plan_knows_what_a_mask_from_a_file_keeps(void **state)
{
    (void)state;
    char path[PATH_MAX + 32], ticket[PATH_MAX + 64];
    laid_out dense = lay_out("");
    (void)snprintf(path, sizeof path, "%s/mask.st", dir);
    int64_t left = write_mask(dense.study->opened[0].model, path);
    clear(&dense);
    (void)snprintf(ticket, sizeof ticket, "mask = \"%s\";", path);
    laid_out given = lay_out(ticket);
    assert_int_equal(steps_of(&given, 0, COP_CONTROL_NONE), left);
    clear(&given);
}

/* What a plan makes of the number is part of the analysis's name. */
static void the_number_of_steps_is_part_of_the_identity(void **state)
{
    (void)state;
    char wanted[64];
    laid_out l = lay_out("retrain = \"all\";\n"
                         "phases = ( { pruner = { plugin = \"random\"; rate = 0.25; };\n"
                         "             data = \"real\"; rounds = 1; } );\n");
    for (size_t i = 0; i < l.study->ticket_count; i++) {
        const cop_stage *analysis = analysis_of(&l, &l.study->tickets[i]);
        (void)snprintf(wanted, sizeof wanted, "\nsteps %lld\n", (long long)analysis->work.steps);
        assert_non_null(strstr(analysis->identity, wanted));
    }
    clear(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_knows_what_the_rounds_before_state),
        cmocka_unit_test(a_plan_knows_nothing_where_a_round_says_nothing),
        cmocka_unit_test(a_plan_knows_what_a_mask_from_a_file_keeps),
        cmocka_unit_test(the_number_of_steps_is_part_of_the_identity),
    };
    return cmocka_run_group_tests(tests, open_plugins, close_plugins);
}
