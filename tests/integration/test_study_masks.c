/* test_study_masks.c: what plans say of masks is known before anything runs, goes from round to
 * round, and is what the finished masks are held to. */
#include "study_bench.h"

#include "study/estimates.h"
#include "study/running/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIXTURES COPPICE_TEST_BUILD_DIR "/tests/fixtures/plugins/"

/* No distilling and no training: every mask is made of the initialisation. */
static const char *const config =
    "study = { name = \"tiny\"; seeds = [0]; copies = 1; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 32; test_size = 16; };\n"
    "ticket = { model = { plugin = \"convnet\"; depth = 1; width = 4; }; retrain = \"none\";\n"
    "           phases = ( { pruner = { %s }; rounds = 2; data = \"real\"; },\n"
    "                      { pruner = { %s }; rounds = 2; data = \"real\"; } ); };\n"
    "train = { recipe = \"sgd\"; duration = \"1ep\"; };\n";

static char places[128];

/* The two fixtures, apart from those that cannot be opened. */
static int link_fixtures(void **state)
{
    (void)state;
    char path[512], search[1024];
    make_temp_dir(places, sizeof places);
    (void)snprintf(path, sizeof path, "%s/states_left.so", places);
    if (symlink(FIXTURES "states_left.so", path) != 0)
        return -1;
    (void)snprintf(path, sizeof path, "%s/rewires.so", places);
    if (symlink(FIXTURES "rewires.so", path) != 0)
        return -1;
    (void)snprintf(search, sizeof search, "%s:%s", places, COPPICE_TEST_BUILD_DIR "/plugins");
    return setenv("COPPICE_PLUGIN_PATH", search, 1);
}

static int unlink_fixtures(void **state)
{
    (void)state;
    remove_tree(places);
    return 0;
}

static void open_with(bench *b, const char *first, const char *second)
{
    char text[2048];
    (void)snprintf(text, sizeof text, config, first, second);
    bench_open(b, text, NULL, 0);
}

static const cop_mask_promise *promise_of(const bench *b, int64_t round)
{
    return &b->study->stages[ticket_at(b, round)->mask].work.promise;
}

static void every_round_knows_what_the_one_before_leaves(void **state)
{
    (void)state;
    bench b;
    open_with(&b, "plugin = \"random\"; rate = 0.3;", "plugin = \"states_left\"; off = 0;");
    int64_t stated[5] = {cop_model_prunable_count(b.study->opened[0].model)};
    for (int64_t round = 1; round <= 4; round++) {
        assert_true(promise_of(&b, round)->states_left);
        stated[round] = promise_of(&b, round)->left;
    }
    assert_int_equal(stated[3], stated[2] - 1);
    assert_int_equal(stated[4], stated[2] - 2);
    bench_run(&b);
    for (int64_t round = 0; round <= 4; round++) {
        cop_tensors *mask = mask_of(&b, ticket_at(&b, round));
        assert_int_equal(cop_mask_count(mask), stated[round]);
        cop_tensors_free(mask);
    }
    bench_close(&b);
}

static void what_a_round_does_not_say_the_next_does_not_know(void **state)
{
    (void)state;
    bench b;
    open_with(&b, "plugin = \"random\"; scope = \"layer\";", "plugin = \"random\"; rate = 0.5;");
    for (int64_t round = 1; round <= 4; round++)
        assert_false(promise_of(&b, round)->states_left);
    bench_run(&b);
    bench_close(&b);
}

/* The dense network's part of the study goes on. */
static void a_mask_of_another_number_fails_its_stage_alone(void **state)
{
    (void)state;
    bench b;
    cop_error err = {0};
    bool done = false;
    open_with(&b, "plugin = \"states_left\"; off = 2;", "plugin = \"random\";");
    assert_refused(cop_study_run(b.study, b.store, NULL, NULL, &err), COP_FAILED, &err,
                   "pruner 'states_left': the mask keeps");
    assert_true(cop_study_failed(b.study));
    const cop_stage *first = &b.study->stages[ticket_at(&b, 1)->mask];
    const cop_stage *last = &b.study->stages[ticket_at(&b, 4)->mask];
    assert_non_null(first->failure);
    assert_string_equal(last->failure, first->failure);
    assert_ok(cop_stage_done(b.store, first, &done, &err), &err);
    assert_false(done);
    bench_close(&b);
}

static void weights_come_back_where_the_plan_says_so(void **state)
{
    (void)state;
    bench b;
    open_with(&b, "plugin = \"random\"; rate = 0.5;", "plugin = \"rewires\";");
    bench_run(&b);
    cop_tensors *before = mask_of(&b, ticket_at(&b, 2)), *after = mask_of(&b, ticket_at(&b, 3));
    int64_t came_back = 0;
    for (size_t i = 0; i < cop_tensors_count(before); i++) {
        const cop_tensor *x = cop_tensors_at(before, i), *y = cop_tensors_at(after, i);
        for (int64_t k = 0; k < cop_shape_count(x->shape); k++)
            came_back += cop_f32(y)[k] > cop_f32(x)[k];
    }
    assert_int_equal(came_back, 1);
    assert_int_equal(cop_mask_count(after), cop_mask_count(before));
    cop_tensors_free(before);
    cop_tensors_free(after);
    bench_close(&b);
}

/* SNIP looks at the whole network in each round, whatever the mask so far: the second round's mask is
 * that of one round to its sparsity. */
static void rounds_of_snip_are_shots_of_their_own(void **state)
{
    (void)state;
    static const char *const one_round[] = {"ticket.phases.[0].rounds=1"};
    bench two, one;
    char text[2048];
    (void)snprintf(text, sizeof text, config, "plugin = \"snip\"; sparsity = 0.75; per_class = 1;",
                   "plugin = \"random\";");
    bench_open(&two, text, NULL, 0);
    bench_open(&one, text, one_round, 1);
    bench_run(&two);
    bench_run(&one);
    cop_tensors *steps = mask_of(&two, ticket_at(&two, 2)),
                *shot = mask_of(&one, ticket_at(&one, 1));
    int64_t all = cop_model_prunable_count(two.study->opened[0].model);
    assert_int_equal(cop_mask_count(steps), cop_share_of(0.25, all));
    for (size_t i = 0; i < cop_tensors_count(steps); i++) {
        const cop_tensor *x = cop_tensors_at(steps, i), *y = cop_tensors_at(shot, i);
        assert_memory_equal(x->data, y->data, (size_t)cop_shape_count(x->shape) * sizeof(float));
    }
    cop_tensors_free(steps);
    cop_tensors_free(shot);
    bench_close(&two);
    bench_close(&one);
}

static void check_shows_the_planned_sparsities(void **state)
{
    (void)state;
    bench b;
    cop_error err = {0};
    char text[8192] = "";
    open_with(&b, "plugin = \"random\"; rate = 0.5;", "plugin = \"rewires\";");
    FILE *out = tmpfile();
    assert_non_null(out);
    cop_estimates estimates;
    assert_ok(cop_estimates_make(b.study, b.store, false, &estimates, &err), &err);
    assert_ok(cop_study_print_outline(b.study, b.store, &estimates, out, &err), &err);
    cop_estimates_clear(&estimates);
    rewind(out);
    assert_true(fread(text, 1, sizeof text - 1, out) > 0);
    (void)fclose(out);
    assert_non_null(strstr(text, "sparsity by round, as planned: 0.5 0.75 ? ?\n"));
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_round_knows_what_the_one_before_leaves),
        cmocka_unit_test(what_a_round_does_not_say_the_next_does_not_know),
        cmocka_unit_test(a_mask_of_another_number_fails_its_stage_alone),
        cmocka_unit_test(weights_come_back_where_the_plan_says_so),
        cmocka_unit_test(rounds_of_snip_are_shots_of_their_own),
        cmocka_unit_test(check_shows_the_planned_sparsities),
    };
    return cmocka_run_group_tests(tests, link_fixtures, unlink_fixtures);
}
