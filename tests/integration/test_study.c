/* test_study.c: what a run promises: the same bits again, no result where there is none, and
 * studies that share a directory. On a tiny network and the embedded dataset, in this process. */
#include "store_fixture.h"
#include "study_bench.h"

#include "core/file.h"
#include "core/log.h"
#include "exec/compiler/cache.h"
#include "study/estimates.h"
#include "study/graph/record.h"

#include "store/formats/study_json.h"
#include "store/study_folders.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void the_same_config_gives_the_same_bits(void **state)
{
    (void)state;
    bench a, b;
    bench_open(&a, base_config, NULL, 0);
    bench_open(&b, base_config, NULL, 0);
    bench_run(&a);
    bench_run(&b);
    assert_same_results(&a, &b);
    bench_close(&a);
    bench_close(&b);
}

/* Every kind of stage, of two seeds, with programs that are kept and without. */
static void stages_share_their_programs_and_keep_their_bits(void **state)
{
    (void)state;
    const char *const overrides[] = {"study.seeds=[0, 1]"};
    bench a, b;
    bench_open(&a, resume_config, overrides, 1);
    assert_int_equal(setenv("COPPICE_PROGRAM_CACHE", "0", 1), 0);
    bench_open(&b, resume_config, overrides, 1);
    assert_int_equal(unsetenv("COPPICE_PROGRAM_CACHE"), 0);
    assert_null(b.study->programs);
    bench_run(&a);
    bench_run(&b);
    assert_same_results(&a, &b);
    cop_program_cache_counts counts = cop_program_cache_count(a.study->programs);
    assert_int_equal(counts.lent, 0);
    assert_int_equal(counts.dropped, 0);
    assert_true(counts.reused > 2 * counts.compiled);
    bench_close(&a);
    bench_close(&b);
}

static void a_size_for_kept_programs_that_is_none_is_refused(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_study *study = NULL;
    bench b;
    bench_load(&b, base_config, NULL, 0);
    assert_int_equal(setenv("COPPICE_PROGRAM_CACHE", "lots", 1), 0);
    assert_refused(cop_study_new(b.config, NULL, false, NULL, &study, &err), COP_INVALID, &err,
                   "COPPICE_PROGRAM_CACHE is \"lots\", wanted a number of MiB, 0 for none");
    assert_int_equal(unsetenv("COPPICE_PROGRAM_CACHE"), 0);
    bench_close(&b);
}

/* The loss of the only step is that of the initialisation; its update is what breaks the network.
 */
static const struct {
    const char *train, *text;
} divergences[] = {
    {"train={ recipe = \"sgd\"; duration = \"1it\"; lr = 1e300; }",
     "\" is not finite after step 1 (lr 1e+300)"},
    {"train={ recipe = \"sgd\"; duration = \"1it\"; lr = 1e30; }",
     "the test loss is not finite after step 1 (lr 1e+30)"},
};

static void a_diverged_network_is_not_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof divergences / sizeof divergences[0]; i++) {
        const char *const overrides[] = {divergences[i].train, "ticket.phases=()"};
        bench b;
        cop_error err = {0};
        bench_open(&b, base_config, overrides, 2);
        const cop_stage *copy = &b.study->stages[ticket_at(&b, 0)->copies[0]];
        cop_status status = cop_study_run(b.study, b.store, NULL, NULL, &err);
        assert_refused(status, COP_FAILED, &err, "the network diverged: ");
        assert_refused(status, COP_FAILED, &err, divergences[i].text);
        assert_false(store_has(b.store, &copy->id));
        bench_close(&b);
    }
}

/* Runs a study with one cell that diverges; it is the second of three. */
static void run_with_a_failing_cell(bench *b, cop_error *err)
{
    char text[4096];
    (void)snprintf(text, sizeof text,
                   "%ssweep = ( { path = \"train.lr\"; values = [0.1, 1e30, 0.01]; } );\n",
                   base_config);
    static const char *const overrides[] = {"ticket.phases.[0].data=\"real\""};
    bench_open(b, text, overrides, 1);
    assert_int_equal(cop_study_run(b->study, b->store, NULL, NULL, err), COP_FAILED);
}

static void what_does_not_depend_on_a_failed_stage_runs(void **state)
{
    (void)state;
    bench b;
    cop_error err = {0};
    size_t failed = 0;
    run_with_a_failing_cell(&b, &err);
    assert_true(cop_study_failed(b.study));
    for (size_t i = 0; i < b.study->stage_count; i++) {
        const cop_stage *stage = &b.study->stages[i];
        bool is_bad = stage->opened == &b.study->opened[1];
        assert_int_equal(store_has(b.store, &stage->id), !is_bad);
        assert_int_equal(stage->failure != NULL, is_bad);
        failed += is_bad ? 1 : 0;
        if (is_bad)
            assert_non_null(strstr(stage->failure, "[1e+30, seed 0]: "));
    }
    /* two copies of each of three tickets, two trainings for masks, two masks, three analyses */
    assert_int_equal(failed, 6 + 2 + 2 + 3);
    assert_non_null(strstr(err.message, "13 of 39 stages have no result: train"));
    bench_close(&b);
}

static void the_record_says_why_a_stage_has_no_result(void **state)
{
    (void)state;
    bench b;
    cop_error err = {0};
    char path[BENCH_PATH + 32], *text = NULL;
    run_with_a_failing_cell(&b, &err);
    (void)snprintf(path, sizeof path, "%s/studies/tiny/study.json", cop_store_dir(b.store));
    assert_ok(cop_file_read(path, 1u << 20, &text, NULL, &err), &err);
    cJSON *record = cJSON_Parse(text);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(record, "failed"), *entry = NULL;
    assert_int_equal(cJSON_GetArraySize(list), 13);
    cJSON_ArrayForEach(entry, list)
    {
        const cJSON *reason = cJSON_GetObjectItemCaseSensitive(entry, "reason");
        assert_non_null(strstr(cJSON_GetStringValue(reason), "[1e+30, seed 0]: "));
        assert_non_null(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "stage")));
    }
    cJSON_Delete(record);
    free(text);
    bench_close(&b);
}

static void bench_plan(const bench *b, char *text, size_t size)
{
    cop_error err = {0};
    FILE *out = fmemopen(text, size, "w");
    assert_non_null(out);
    cop_estimates estimates;
    assert_ok(cop_estimates_make(b->study, b->store, false, &estimates, &err), &err);
    assert_ok(cop_study_print_outline(b->study, b->store, &estimates, out, &err), &err);
    cop_estimates_clear(&estimates);
    assert_int_equal(fclose(out), 0);
}

/* Asserts that the plan counts so many trainings, and so many of them done. */
static void assert_planned(const bench *b, int count, int done)
{
    char plan[4096], line[80];
    bench_plan(b, plan, sizeof plan);
    (void)snprintf(line, sizeof line, "  train    %7d %7d ", count, done);
    if (strstr(plan, line) == NULL)
        fail_msg("wanted \"%s\" in\n%s", line, plan);
}

/* What was seen while a study ran. */
typedef struct seen {
    const bench *b;
    size_t calls, verdicts;
} seen;

/* Counts the analyses of the record that have verdicts by now. */
static void look(void *own)
{
    seen *s = own;
    cop_record record;
    char dir[BENCH_PATH], path[BENCH_PATH + 32];
    cop_error err = {0};
    cop_arena *arena = cop_arena_new();
    assert_ok(cop_study_folder_path(cop_store_dir(s->b->store), s->b->config->name, dir, sizeof dir,
                                    &err),
              &err);
    (void)snprintf(path, sizeof path, "%s/study.json", dir);
    assert_ok(cop_record_read(path, arena, &record, &err), &err);
    s->verdicts = 0;
    for (size_t i = 0; i < record.ticket_count; i++)
        for (size_t k = 0; k < record.tickets[i].analysis_count; k++)
            s->verdicts += record.tickets[i].analyses[k].verdicts != NULL;
    s->calls++;
    cop_arena_free(arena);
}

static void who_watches_sees_every_stage_with_its_verdicts(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, base_config, NULL, 0);
    seen s = {.b = &b};
    cop_study_watch(b.study, look, &s);
    bench_run(&b);
    assert_int_equal(s.calls, b.study->stage_count);
    assert_true(s.verdicts > 0);
    bench_run(&b); /* nothing is left to compute, so there is nothing new to see */
    assert_int_equal(s.calls, b.study->stage_count);
    bench_close(&b);
}

static void studies_on_one_directory_keep_each_others_snapshots(void **state)
{
    (void)state;
    static const char *const early[] = {
        "ticket.phases=( { pruner = { plugin = \"imp\"; }; rounds = 1; rewind = \"1it\"; } )",
        "analyze=()"};
    static const char *const late[] = {
        "ticket.phases=( { pruner = { plugin = \"imp\"; }; rounds = 1; rewind = \"4it\"; } )",
        "analyze=()"};
    bench a, b;
    cop_error err = {0};
    char path[BENCH_PATH + 32];
    bench_open(&a, resume_config, early, 2);
    bench_open(&b, resume_config, late, 2);
    cop_store_close(b.store);
    (void)snprintf(path, sizeof path, "%s/out", a.dir);
    assert_ok(cop_store_open(path, &b.store, &err), &err);
    bench_run(&a);
    /* The dense network's two copies are there; the training to rewind to lacks a snapshot. */
    int trainings = (int)count_kind(&b, COP_STAGE_TRAIN);
    assert_planned(&a, trainings, trainings);
    assert_planned(&b, trainings, 2);
    bench_run(&b);
    assert_planned(&b, trainings, trainings);
    assert_planned(&a, trainings, trainings);
    assert_int_equal(run_at_most(&a, 0, 1e9, COP_OK), 0);
    bench_close(&a);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_config_gives_the_same_bits),
        cmocka_unit_test(stages_share_their_programs_and_keep_their_bits),
        cmocka_unit_test(a_size_for_kept_programs_that_is_none_is_refused),
        cmocka_unit_test(a_diverged_network_is_not_published),
        cmocka_unit_test(what_does_not_depend_on_a_failed_stage_runs),
        cmocka_unit_test(the_record_says_why_a_stage_has_no_result),
        cmocka_unit_test(who_watches_sees_every_stage_with_its_verdicts),
        cmocka_unit_test(studies_on_one_directory_keep_each_others_snapshots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
