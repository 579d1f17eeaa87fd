/* test_study_going_on.c: a longer distillation goes on from where a shorter one ended, with the bits
 * of one that was run from its start. */
#include "study_bench.h"

#include "core/log.h"
#include "store/artifact_files.h"
#include "store/formats/series_csv.h"
#include "study/running/going_on.h"
#include "study/running/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A distillation and a training on its set: two steps for each outer iteration of IDC. */
static const char *const config =
    "study = { name = \"tiny\"; seeds = [0]; copies = 1; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 96; test_size = 40; };\n"
    "distill = { plugin = \"idc\"; ipc = 1; factor = 2; iterations = 2; inner = 2;"
    "            net_images = 32; batch_real = 8;"
    "            model = { plugin = \"convnet\"; depth = 1; width = 4; };"
    "            recipe = { recipe = \"idc\"; duration = \"3ep\"; }; };\n"
    "ticket = { model = { plugin = \"convnet\"; depth = 1; width = 4; }; retrain = \"none\";\n"
    "           phases = (); };\n"
    "train = { recipe = \"sgd\"; duration = \"1ep\"; batch = 32; };\n";
enum { STEPS_EACH = 2 };

static void open_length(bench *b, int iterations, const char *other)
{
    char length[64];
    (void)snprintf(length, sizeof length, "distill.iterations=%d", iterations);
    const char *overrides[] = {length, other};
    bench_open(b, config, overrides, other != NULL ? 2 : 1);
}

/* The same, in the store of another study. */
static void open_beside(bench *b, const bench *first, int iterations, const char *other)
{
    cop_error err = {0};
    open_length(b, iterations, other);
    cop_store_close(b->store);
    b->store = NULL;
    assert_ok(cop_store_open(cop_store_dir(first->store), &b->store, &err), &err);
}

static const cop_stage *distillation(const bench *b)
{
    for (size_t i = 0; i < b->study->stage_count; i++)
        if (b->study->stages[i].kind == COP_STAGE_DISTIL)
            return &b->study->stages[i];
    fail_msg("no distillation");
    return NULL;
}

static const char *bag_path(const bench *b, char *path, size_t size)
{
    cop_store_path(b->store, &distillation(b)->id, COP_BAG_FILE, path, size);
    return path;
}

/* Changes a byte in the middle of a finished distillation's kept bag. */
static void spoil_bag(const bench *b)
{
    char path[BENCH_PATH];
    FILE *file = fopen(bag_path(b, path, sizeof path), "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long middle = ftell(file) / 2;
    assert_int_equal(fseek(file, middle, SEEK_SET), 0);
    int was = fgetc(file);
    assert_int_equal(fseek(file, middle, SEEK_SET), 0);
    assert_int_equal(fputc(was ^ 1, file), was ^ 1);
    assert_int_equal(fclose(file), 0);
}

/* What the log says while the whole study runs; how many steps that took. */
static int64_t run_logged(const bench *b, char **said)
{
    cop_error err = {0};
    size_t size = 0;
    int64_t left = INT64_MAX;
    FILE *out = open_memstream(said, &size);
    assert_non_null(out);
    cop_logger *log = cop_logger_new(out, COP_LOG_INFO, false);
    assert_non_null(log);
    cop_runner r = {
        .study = b->study, .store = b->store, .log = log, .save_seconds = 1e9, .steps_left = &left};
    assert_ok(cop_run_stages(&r, &err), &err);
    cop_logger_free(log);
    assert_int_equal(fclose(out), 0);
    return INT64_MAX - left;
}

/* A study of that length from its start, and the steps that it took. */
static int64_t open_fresh(bench *fresh, int iterations)
{
    open_length(fresh, iterations, NULL);
    return run_at_most(fresh, INT64_MAX, 1e9, COP_OK);
}

static void twice_as_long_is_the_second_half_alone(void **state)
{
    (void)state;
    bench fresh, first, longer;
    char *said = NULL;
    int64_t whole = open_fresh(&fresh, 4);
    open_length(&first, 2, NULL);
    bench_run(&first);
    open_beside(&longer, &first, 4, NULL);
    assert_string_equal(distillation(&longer)->course, distillation(&first)->course);
    assert_int_equal(run_logged(&longer, &said), whole - 2 * STEPS_EACH);
    assert_non_null(strstr(said, "goes on from the 4 steps of distil-"));
    assert_same_results(&fresh, &longer);
    free(said);
    bench_close(&longer);
    bench_close(&first);
    bench_close(&fresh);
}

/* IDC records at each step; that the files are the same bits, the other tests see. */
static void what_was_recorded_goes_on_too(void **state)
{
    (void)state;
    bench first, longer;
    open_length(&first, 2, NULL);
    bench_run(&first);
    open_beside(&longer, &first, 4, NULL);
    bench_run(&longer);
    cop_error err = {0};
    char path[BENCH_PATH];
    cop_series *series = NULL;
    size_t count = 0;
    cop_arena *arena = cop_arena_new();
    assert_non_null(arena);
    cop_store_path(longer.store, &distillation(&longer)->id, COP_SERIES_FILE, path, sizeof path);
    assert_ok(cop_series_csv_read(path, arena, &series, &count, &err), &err);
    assert_int_equal(count, 2);
    assert_string_equal(series[0].name, "matching loss");
    assert_string_equal(series[1].name, "network loss");
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(series[i].count, 4 * STEPS_EACH);
        for (int64_t k = 0; k < 4 * STEPS_EACH; k++)
            assert_int_equal(series[i].points[k].step, k);
    }
    cop_arena_free(arena);
    bench_close(&longer);
    bench_close(&first);
}

static void one_that_goes_on_can_be_stopped_anywhere(void **state)
{
    (void)state;
    bench fresh;
    int64_t whole = open_fresh(&fresh, 4);
    for (int64_t cut_at = 0; cut_at <= 2 * STEPS_EACH; cut_at++) {
        bench first, longer;
        open_length(&first, 2, NULL);
        bench_run(&first);
        open_beside(&longer, &first, 4, NULL);
        int64_t rest = whole - 2 * STEPS_EACH;
        assert_int_equal(run_at_most(&longer, cut_at, cut_at % 2 == 0 ? 0.0 : 1e9, COP_CANCELLED),
                         cut_at);
        assert_int_equal(run_at_most(&longer, INT64_MAX, 1e9, COP_OK), rest - cut_at);
        assert_same_results(&fresh, &longer);
        bench_close(&longer);
        bench_close(&first);
    }
    bench_close(&fresh);
}

static void the_longest_bag_that_is_whole_is_taken(void **state)
{
    (void)state;
    bench fresh, first, second, longer, again;
    char *said = NULL;
    int64_t whole = open_fresh(&fresh, 4);
    open_length(&first, 1, NULL);
    bench_run(&first);
    open_beside(&second, &first, 3, NULL);
    bench_run(&second);
    spoil_bag(&second);
    open_beside(&longer, &first, 4, NULL);
    assert_int_equal(run_logged(&longer, &said), whole - STEPS_EACH);
    assert_non_null(strstr(said, "cannot go on from the 6 steps of another: "));
    assert_non_null(strstr(said, "goes on from the 2 steps of "));
    assert_same_results(&fresh, &longer);
    free(said);
    /* With none that is whole it is run from its start. */
    cop_error err = {0};
    char aside[BENCH_PATH];
    spoil_bag(&first);
    assert_ok(
        cop_store_set_aside(longer.store, &distillation(&longer)->id, aside, sizeof aside, &err),
        &err);
    open_beside(&again, &first, 4, NULL);
    assert_int_equal(run_logged(&again, &said), 4 * STEPS_EACH);
    assert_non_null(strstr(said, "cannot go on from the 2 steps of another: "));
    assert_same_results(&fresh, &again);
    free(said);
    bench_close(&again);
    bench_close(&longer);
    bench_close(&second);
    bench_close(&first);
    bench_close(&fresh);
}

static void another_distillation_and_a_longer_one_are_left_alone(void **state)
{
    (void)state;
    bench first, other, shorter;
    open_length(&first, 2, NULL);
    bench_run(&first);
    open_beside(&other, &first, 4, "distill.batch_real=4");
    assert_string_not_equal(distillation(&other)->course, distillation(&first)->course);
    int64_t left = 4 * STEPS_EACH - 1;
    assert_int_equal(run_at_most(&other, left, 1e9, COP_CANCELLED), left);
    bench_close(&other);
    open_beside(&shorter, &first, 1, NULL);
    cop_error err = {0};
    cop_saved from;
    cop_runner r = {.study = shorter.study, .store = shorter.store};
    assert_ok(cop_going_on_from(&r, distillation(&shorter), &from, &err), &err);
    assert_null(from.bag);
    bench_close(&shorter);
    bench_close(&first);
}

static void estimates_leave_out_what_is_kept(void **state)
{
    (void)state;
    bench first, longer;
    cop_error err = {0};
    int64_t steps = -1;
    open_length(&first, 2, NULL);
    open_beside(&longer, &first, 4, NULL);
    const cop_stage *stage = distillation(&longer);
    assert_ok(cop_steps_kept(longer.study, longer.store, stage, &steps, &err), &err);
    assert_int_equal(steps, 0);
    bench_run(&first);
    assert_ok(cop_steps_kept(longer.study, longer.store, stage, &steps, &err), &err);
    assert_int_equal(steps, 2 * STEPS_EACH);
    bench_close(&longer);
    bench_close(&first);
}

/* The shorter cell of a sweep comes first. */
static void a_sweep_of_lengths_does_each_step_once(void **state)
{
    (void)state;
    static const char sweep[] =
        "sweep = ( { path = \"distill.iterations\"; values = [1, 2, 3]; } );";
    bench b;
    char text[4096];
    int64_t steps = 0, sum = 0, distilling = 0;
    cop_error err = {0};
    (void)snprintf(text, sizeof text, "%s%s", config, sweep);
    bench_open(&b, text, NULL, 0);
    for (size_t i = 0; i < b.study->stage_count; i++) {
        const cop_stage *stage = &b.study->stages[i];
        if (stage->kind != COP_STAGE_DISTIL)
            continue;
        assert_ok(cop_steps_kept(b.study, b.store, stage, &steps, &err), &err);
        sum += stage->work.steps - steps;
        distilling += stage->work.steps;
    }
    assert_int_equal(sum, 3 * STEPS_EACH);
    assert_int_equal(distilling, 6 * STEPS_EACH);
    /* Beside the distillations there are three trainings on their sets, of one length. */
    bench one;
    open_length(&one, 3, NULL);
    int64_t training = run_at_most(&one, INT64_MAX, 1e9, COP_OK) - 3 * STEPS_EACH;
    assert_int_equal(run_at_most(&b, INT64_MAX, 1e9, COP_OK), 3 * STEPS_EACH + 3 * training);
    bench_close(&one);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twice_as_long_is_the_second_half_alone),
        cmocka_unit_test(what_was_recorded_goes_on_too),
        cmocka_unit_test(one_that_goes_on_can_be_stopped_anywhere),
        cmocka_unit_test(the_longest_bag_that_is_whole_is_taken),
        cmocka_unit_test(another_distillation_and_a_longer_one_are_left_alone),
        cmocka_unit_test(estimates_leave_out_what_is_kept),
        cmocka_unit_test(a_sweep_of_lengths_does_each_step_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
