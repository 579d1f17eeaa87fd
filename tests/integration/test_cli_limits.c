/* What ends a run, or a stage, before it is done, and what is left out of it: budgets, a stage's
 * time,
 * --only, --dry-run; and the log that every stage keeps. */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIXTURES COPPICE_TEST_BUILD_DIR "/tests/fixtures/plugins"

#define STUDY(duration)                                                                            \
    "study   = { name = \"t\"; seeds = [0]; copies = 2; threads = 1; };\n"                         \
    "dataset = { plugin = \"shapes\"; train_size = 100; test_size = 60; };\n"                      \
    "ticket  = { model  = { plugin = \"convnet\"; depth = 1; width = 4; };\n"                      \
    "            phases = ( { pruner = { plugin = \"imp\"; }; rounds = 1; } ); };\n"               \
    "train   = { recipe = \"sgd\"; duration = \"" duration "\"; batch = 32; };\n"                  \
    "analyze = ( { plugin = \"lmc\"; alphas = 3; } );\n"

static const char quick[] = STUDY("1ep");
static const char slow[] = STUDY("3000ep"); /* some minutes */
static const char swept[] = STUDY("1ep") "sweep = ( { path = \"train.lr\"; labels = [\"low\", "
                                         "\"high\"]; values = (0.01, 0.1); } );\n";
static const char hanging[] = STUDY(
    "1ep") "sweep = ( { path = \"ticket.phases.[0].pruner.plugin\"; labels = [\"imp\", \"hang\"];\n"
           "            values = (\"imp\", \"endless_step\"); } );\n";

typedef struct scene {
    char dir[256], config[300], out[300];
} scene;

static scene make_scene(const char *config)
{
    scene s;
    make_temp_dir(s.dir, sizeof s.dir);
    (void)snprintf(s.config, sizeof s.config, "%s/t.cfg", s.dir);
    (void)snprintf(s.out, sizeof s.out, "%s/results", s.dir);
    write_text(s.dir, "t.cfg", config);
    return s;
}

/* Runs with up to six more words. */
static void run(const scene *s, int wanted, const char *const *more)
{
    const char *words[12] = {"run", s->config, "--out", s->out};
    for (size_t i = 0; more[i] != NULL; i++)
        words[4 + i] = more[i];
    assert_ends(s->dir, start_command(s->dir, words), wanted);
}

/* The only file of a folder of the results whose name begins so, as a text. */
static char *read_only(const scene *s, const char *pattern)
{
    char command[900];
    (void)snprintf(command, sizeof command, "cat '%s'/%s > '%s/found'", s->out, pattern, s->dir);
    assert_int_equal(system(command), 0); // NOLINT: words of the test's own
    return read_text(s->dir, "found");
}

static void a_time_budget_saves_reports_and_is_gone_on_with(void **state)
{
    (void)state;
    scene s = make_scene(slow);
    run(&s, 1, WORDS("--time-budget", "2s"));
    assert_contains(s.dir, "err",
                    "coppice: the time budget of 2.0 s is used up; the study is not "
                    "done, and the same command goes on\n");
    char *tickets = read_text(s.out, "studies/t/report/tickets.csv");
    assert_non_null(strstr(tickets, "\nt,0,0,")); /* reported on, not done */
    free(tickets);
    run(&s, 1, WORDS("--time-budget", "2s", "--jobs", "2"));
    assert_contains(s.dir, "err", "going on from step ");
    remove_tree(s.dir);
}

static void a_disk_budget_ends_a_run_and_a_larger_one_goes_on(void **state)
{
    (void)state;
    scene s = make_scene(quick);
    run(&s, 1, WORDS("--disk-budget", "10kB"));
    assert_contains(s.dir, "err",
                    "the disk budget of 10 kB is used up: the output directory holds ");
    run(&s, 0, WORDS("--disk-budget", "1GiB"));
    run(&s, 0, WORDS("--quiet"));
    remove_tree(s.dir);
}

/* Its step never ends, so the process does; what does not depend on it has its results. */
static void a_stage_that_takes_too_long_costs_itself_alone(void **state)
{
    (void)state;
    char plugins[300], from[400], to[400];
    scene s = make_scene(hanging);
    (void)snprintf(plugins, sizeof plugins, "%s/plugins", s.dir);
    (void)snprintf(from, sizeof from, FIXTURES "/endless_step.so");
    (void)snprintf(to, sizeof to, "%s/endless_step.so", plugins);
    assert_int_equal(mkdir(plugins, 0755), 0);
    assert_int_equal(symlink(from, to), 0);
    run(&s, 1, WORDS("--plugin-dir", plugins, "--set", "study.stage_seconds=3.0"));
    assert_contains(s.dir, "err", "it took longer than study.stage_seconds allows, 3.0 s");
    char *tickets = read_text(s.out, "studies/t/report/tickets.csv");
    assert_non_null(strstr(tickets, "\nimp,0,0,1,")); /* its masks' accuracy and barriers */
    assert_non_null(strstr(tickets, "study.stage_seconds"));
    free(tickets);
    remove_tree(s.dir);
}

/* Each part of a training that is cut again and again gets further. */
static void a_stage_that_took_too_long_goes_on_from_its_checkpoint(void **state)
{
    (void)state;
    scene s = make_scene(slow);
    const char *const *words =
        WORDS("--set", "study.stage_seconds=1.0", "--set", "study.copies=1", "--set", "analyze=()");
    run(&s, 1, words);
    assert_contains(s.dir, "err", "; the next run goes on from its checkpoint");
    run(&s, 1, words);
    assert_contains(s.dir, "err", "going on from step ");
    remove_tree(s.dir);
}

static void only_one_cell_is_computed_where_that_is_asked_for(void **state)
{
    (void)state;
    scene s = make_scene(swept);
    run(&s, 0, WORDS("--only", "high", "--dry-run"));
    assert_contains(s.dir, "out", "[high, seed 0]");
    assert_lacks(s.dir, "out", "[low, seed 0]");
    assert_contains(s.dir, "out", "\n8 of 8 stages would be computed\n");
    assert_int_not_equal(access(s.out, F_OK), 0);
    const char *const *jobs[] = {WORDS("--only", "high"), WORDS("--only", "high", "--jobs", "2")};
    for (int i = 0; i < 2; i++) {
        run(&s, 0, jobs[i]);
        assert_contains(s.dir, "err",
                        i == 0 ? "8 of 16 stages, 0 of them already done"
                               : "8 of 16 stages, 8 of them already done");
    }
    run(&s, 0, WORDS("--dry-run"));
    assert_contains(s.dir, "out", "\n8 of 16 stages would be computed\n");
    run(&s, 2, WORDS("--only", "hihg"));
    assert_contains(s.dir, "err", "no cell is labelled \"hihg\"; did you mean \"high\"?");
    remove_tree(s.dir);
}

/* What fits alone is computed, though nothing fits beside it. */
static void little_memory_has_stages_wait_for_each_other(void **state)
{
    (void)state;
    scene s = make_scene(swept);
    run(&s, 0, WORDS("--only", "high", "--quiet")); /* what stages take is known from here on */
    run(&s, 0, WORDS("--jobs", "2", "--memory", "1M", "--quiet"));
    run(&s, 0, WORDS("--dry-run"));
    assert_contains(s.dir, "out", "0 of 16 stages would be computed\n");
    run(&s, 2, WORDS("--memory", "much"));
    assert_contains(s.dir, "err", "option '--memory' is 'much', wanted a size such as 8G\n");
    remove_tree(s.dir);
}

static void every_stage_keeps_what_was_said_of_it(void **state)
{
    (void)state;
    scene s = make_scene(quick);
    run(&s, 0, WORDS("--quiet", "--jobs", "2"));
    char *log = read_only(&s, "logs/mask-*.log");
    assert_non_null(strstr(log, ": prune round 1 [t, seed 0]\n"));
    assert_non_null(strstr(log, "\npublished after "));
    free(log);
    log = read_only(&s, "logs/analyze-*.log");
    assert_non_null(strstr(log, " (100 %)")); /* how it went, though the run was quiet */
    free(log);
    remove_tree(s.dir);
}

static void budgets_that_are_none_are_refused(void **state)
{
    (void)state;
    scene s = make_scene(quick);
    static const char *const bad[] = {"", "0s", "-1h", "8", "h", "8 h", "8hours", "1e400s", "nans"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        run(&s, 2, WORDS("--time-budget", bad[i]));
        assert_contains(s.dir, "err", "wanted a time such as 90s, 45m, 8h or 2d\n");
        run(&s, 2, WORDS("--disk-budget", bad[i]));
        assert_contains(s.dir, "err", "wanted a size such as 500M, 20G or 1.5T\n");
    }
    assert_int_not_equal(access(s.out, F_OK), 0);
    remove_tree(s.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_budget_saves_reports_and_is_gone_on_with),
        cmocka_unit_test(a_disk_budget_ends_a_run_and_a_larger_one_goes_on),
        cmocka_unit_test(a_stage_that_takes_too_long_costs_itself_alone),
        cmocka_unit_test(a_stage_that_took_too_long_goes_on_from_its_checkpoint),
        cmocka_unit_test(only_one_cell_is_computed_where_that_is_asked_for),
        cmocka_unit_test(little_memory_has_stages_wait_for_each_other),
        cmocka_unit_test(every_stage_keeps_what_was_said_of_it),
        cmocka_unit_test(budgets_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
