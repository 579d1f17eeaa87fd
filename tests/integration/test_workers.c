/* test_workers.c: a run's watch over its workers, which are shell scripts here that end at moments
 * that a real one hits by chance. */
#include "core/clock.h"
#include "core/log.h"
#include "study_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char config[] =
    "study   = { name = \"t\"; seeds = [0]; copies = 1; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 60; test_size = 40; };\n"
    "ticket  = { model  = { plugin = \"convnet\"; depth = 1; width = 4; };\n"
    "            phases = ( { pruner = { plugin = \"imp\"; }; rounds = 1; } ); };\n"
    "train   = { recipe = \"sgd\"; duration = \"1ep\"; batch = 32; };\n";

typedef struct scene {
    bench b;
    char script[BENCH_PATH + 16];
    const char *command[2];
    char *said; /* on the run's log; NULL until it has run */
} scene;

/* The first worker does what `once` says, a piece of a shell script in which $1 and $2 are names of
 * stages; later ones find nothing to do. */
static void open_scene(scene *s, const char *once, const char *const *overrides, size_t count)
{
    char name[2][COP_ARTIFACT_NAME_SIZE];
    memset(s, 0, sizeof *s);
    bench_open(&s->b, config, overrides, count);
    (void)snprintf(s->script, sizeof s->script, "%s/worker", s->b.dir);
    FILE *file = fopen(s->script, "w");
    assert_non_null(file);
    (void)fprintf(file,
                  "#!/bin/sh\nset -- %s %s\n"
                  "if [ -e '%s/again' ]; then exit 0; fi\n: >'%s/again'\n%s\n",
                  cop_artifact_text(&s->b.study->stages[0].id, name[0]),
                  cop_artifact_text(&s->b.study->stages[1].id, name[1]), s->b.dir, s->b.dir, once);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(s->script, 0755), 0);
    s->command[0] = s->script;
}

static cop_status run_at(scene *s, cop_log_level level, double seconds, cop_error *err)
{
    size_t size = 0;
    FILE *log = open_memstream(&s->said, &size);
    assert_non_null(log);
    cop_logger *logger = cop_logger_new(log, level, false);
    const cop_run_choice choice = {
        .jobs = 1, .worker = s->command, .limits = {.seconds = seconds, .began = cop_now()}};
    cop_study_choose(s->b.study, &choice);
    cop_status status = cop_study_run(s->b.study, s->b.store, NULL, logger, err);
    cop_logger_free(logger);
    assert_int_equal(fclose(log), 0);
    return status;
}

static cop_status run(scene *s, double seconds, cop_error *err)
{
    return run_at(s, COP_LOG_INFO, seconds, err);
}

static void close_scene(scene *s)
{
    free(s->said);
    bench_close(&s->b);
}

/* What it is asked to end for may have ended just before, and the next stage has begun. */
static void a_stage_that_ends_as_it_is_overdue_costs_nothing(void **state)
{
    (void)state;
    scene s;
    cop_error err = {0};
    const char *const limit[] = {"study.stage_seconds=0.3"};
    open_scene(&s,
               "trap 'echo ended $1; echo begun $2; echo left $2; exit 130' TERM\n"
               "echo begun $1\nwhile :; do sleep 0.05; done",
               limit, 1);
    assert_ok(run(&s, 0.0, &err), &err);
    assert_null(strstr(s.said, "stage_seconds"));
    close_scene(&s);
}

static void a_worker_that_is_killed_without_a_stage_is_replaced(void **state)
{
    (void)state;
    scene s;
    cop_error err = {0};
    open_scene(&s, "kill -KILL $$", NULL, 0);
    assert_ok(run(&s, 0.0, &err), &err);
    assert_non_null(strstr(s.said, "a worker ended that had no stage: SIGKILL; another takes its"));
    close_scene(&s);
}

/* One that always ends so is not started for ever. */
static void workers_that_are_killed_again_and_again_end_the_run(void **state)
{
    (void)state;
    scene s;
    cop_error err = {0};
    open_scene(&s, "", NULL, 0);
    FILE *file = fopen(s.script, "w");
    assert_non_null(file);
    (void)fprintf(file, "#!/bin/sh\nkill -KILL $$\n");
    assert_int_equal(fclose(file), 0);
    assert_int_equal(run(&s, 0.0, &err), COP_FAILED);
    assert_string_equal(err.message, "a worker ended: SIGKILL");
    close_scene(&s);
}

static void a_worker_that_ends_by_itself_without_a_stage_ends_the_run(void **state)
{
    (void)state;
    scene s;
    cop_error err = {0};
    open_scene(&s, "echo 'coppice: no data' >&2; exit 2", NULL, 0);
    assert_int_equal(run(&s, 0.0, &err), COP_FAILED);
    assert_string_equal(err.message, "a worker ended: no data");
    close_scene(&s);
}

/* What a plugin started may outlive the worker, with its pipes. */
static void what_a_worker_leaves_behind_is_not_waited_for(void **state)
{
    (void)state;
    scene s;
    cop_error err = {0};
    open_scene(&s, "sleep 290 &\necho $! >\"$(dirname $0)/left\"\nexit 0", NULL, 0);
    double began = cop_now();
    assert_ok(run(&s, 0.0, &err), &err);
    assert_true(cop_now() - began < 200.0);
    char command[2 * BENCH_PATH];
    (void)snprintf(command, sizeof command, "kill $(cat '%s/left')", s.b.dir);
    assert_int_equal(system(command), 0); // NOLINT: words of the test's own
    close_scene(&s);
}

/* A worker that is through as the budget is has done all there was. */
static void a_budget_that_is_up_at_the_end_costs_nothing(void **state)
{
    (void)state;
    scene s;
    cop_error err = {0};
    open_scene(&s, "trap 'exit 0' TERM\nwhile :; do sleep 0.05; done", NULL, 0);
    assert_ok(run(&s, 2.0, &err), &err);
    assert_non_null(strstr(s.said, "the time budget of 2.0 s is used up"));
    close_scene(&s);
}

static void what_a_worker_warns_of_is_a_warning(void **state)
{
    (void)state;
    scene s;
    cop_error err = {0};
    open_scene(&s, "echo 'warning: it rains' >&2; echo 'error: it pours' >&2; exit 0", NULL, 0);
    assert_ok(run_at(&s, COP_LOG_ERROR, 0.0, &err), &err);
    assert_string_equal(s.said, "error: it pours\n");
    free(s.said);
    char path[BENCH_PATH + 16];
    (void)snprintf(path, sizeof path, "%s/again", s.b.dir);
    assert_int_equal(unlink(path), 0);
    assert_ok(run_at(&s, COP_LOG_WARNING, 0.0, &err), &err);
    assert_string_equal(s.said, "warning: it rains\nerror: it pours\n");
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stage_that_ends_as_it_is_overdue_costs_nothing),
        cmocka_unit_test(a_worker_that_is_killed_without_a_stage_is_replaced),
        cmocka_unit_test(workers_that_are_killed_again_and_again_end_the_run),
        cmocka_unit_test(a_worker_that_ends_by_itself_without_a_stage_ends_the_run),
        cmocka_unit_test(what_a_worker_leaves_behind_is_not_waited_for),
        cmocka_unit_test(a_budget_that_is_up_at_the_end_costs_nothing),
        cmocka_unit_test(what_a_worker_warns_of_is_a_warning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
