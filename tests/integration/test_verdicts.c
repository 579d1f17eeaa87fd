/* Verdicts by the real command: they follow their thresholds, and nothing is computed anew for it.
 * */
#include "command.h"

#include "core/file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIXTURES COPPICE_TEST_BUILD_DIR "/tests/fixtures/plugins"

/* The dense network, and a ticket that has lost half. */
static const char config_text[] =
    "study   = { name = \"judged\"; copies = 2; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 60; test_size = 40; };\n"
    "ticket  = { model  = { plugin = \"convnet\"; depth = 1; width = 4; };\n"
    "            phases = ( { pruner = { plugin = \"random\"; rate = 0.5; }; rounds = 1; } ); };\n"
    "train   = { recipe = \"sgd\"; duration = \"1ep\"; batch = 32; };\n"
    "analyze = ( { plugin = \"lmc\"; alphas = 3; }, { plugin = \"judges\"; } );\n";

typedef struct scene {
    char dir[256];
} scene;

static void make_scene(scene *s)
{
    make_temp_dir(s->dir, sizeof s->dir);
    write_text(s->dir, "judged.cfg", config_text);
}

/* Runs the study with two settings; it is to end with that status. */
static void run(const scene *s, const char *first, const char *second, int wanted)
{
    static const char *const without_gnuplot[] = {"PATH=/nowhere", NULL};
    const command_way way = {.environment = without_gnuplot};
    char config[300], out[300];
    (void)snprintf(config, sizeof config, "%s/judged.cfg", s->dir);
    (void)snprintf(out, sizeof out, "%s/o", s->dir);
    const char *const words[] = {"run", config,  "--out", out, "--plugin-dir", FIXTURES, "--set",
                                 first, "--set", second,  NULL};
    assert_ends(s->dir, start_program(s->dir, &way, words), wanted);
}

/* The number in a column of the table of tickets: row 0 is the dense network, 1 the ticket. NaN for
 * an empty cell. */
static double ticket_number(const scene *s, int row, const char *column)
{
    char *text = read_text(s->dir, "o/studies/judged/report/tickets.csv"), *rest = text,
         *cell = NULL;
    char *line = strsep(&rest, "\n");
    int place = -1;
    for (int i = 0; (cell = strsep(&line, ",")) != NULL; i++)
        place = strcmp(cell, column) == 0 ? i : place;
    if (place < 0)
        fail_msg("there is no column %s", column);
    for (int i = 0; i <= row; i++)
        line = strsep(&rest, "\n");
    for (int i = 0; i <= place; i++)
        cell = strsep(&line, ",");
    double number = cell[0] != '\0' ? strtod(cell, NULL) : (double)NAN;
    free(text);
    return number;
}

static void another_threshold_is_another_verdict_on_the_same_results(void **state)
{
    (void)state;
    scene s;
    make_scene(&s);
    run(&s, "analyze.[1].most_lost=0.4", "analyze.[0].stable_threshold=2", 0);
    assert_true(ticket_number(&s, 0, "span_left") == 1.0);
    double left = ticket_number(&s, 1, "span_left");
    assert_true(left > 0.49 && left < 0.51);
    assert_true(ticket_number(&s, 0, "span_lossy") == 0.0);
    assert_true(ticket_number(&s, 1, "span_lossy") == 1.0);

    run(&s, "analyze.[1].most_lost=0.6", "analyze.[0].stable_threshold=99", 0);
    /* Two tickets: two copies and two analyses of each, and a mask that takes no training. */
    assert_contains(s.dir, "err", "9 stages, 9 of them already done");
    assert_true(ticket_number(&s, 1, "span_left") == left);
    assert_true(ticket_number(&s, 1, "span_lossy") == 0.0);
    remove_tree(s.dir);
}

/* Cells that differ in a threshold alone have one result and each a verdict of its own. */
static void a_sweep_over_thresholds_computes_once(void **state)
{
    (void)state;
    scene s;
    make_scene(&s);
    run(&s, "sweep=({path=\"analyze.[1].most_lost\"; values=[0.4, 0.6];})", "study.copies=2", 0);
    assert_contains(s.dir, "err", "9 stages, 0 of them already done");
    assert_true(ticket_number(&s, 1, "span_lossy") == 1.0);
    assert_true(ticket_number(&s, 3, "span_lossy") == 0.0);
    remove_tree(s.dir);
}

/* The results stand; the study fails, says why, and is right again as soon as the judge is. */
static void a_judge_that_fails_costs_its_verdict_alone(void **state)
{
    (void)state;
    static const struct {
        const char *answer, *reason;
    } cases[] = {
        {"analyze.[1].answer=\"failure\"", "analyzer 'judges': judge: no opinion"},
        {"analyze.[1].answer=\"misfit\"", "passed on table 'nowhere', which is not there"}};
    scene s;
    make_scene(&s);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run(&s, cases[i].answer, "study.copies=2", 1);
        assert_contains(s.dir, "err", cases[i].reason);
        assert_contains(s.dir, "o/studies/judged/report/failures.csv", cases[i].reason);
        assert_contains(s.dir, "o/studies/judged/report/tickets.csv", "span_left");
        assert_lacks(s.dir, "o/studies/judged/report/tickets.csv", "span_lossy");
        assert_contains(s.dir, "o/studies/judged/report/tickets.csv", "lmc_barrier_stable");
    }
    run(&s, "analyze.[1].most_lost=0.4", "study.copies=2", 0);
    assert_contains(s.dir, "err", "9 of them already done");
    assert_lacks(s.dir, "o/studies/judged/report/tickets.csv", "no opinion");
    assert_true(ticket_number(&s, 1, "span_lossy") == 1.0);
    remove_tree(s.dir);
}

/* Its columns have roles, and names that say nothing. */
static void an_analyzer_with_roles_gets_right_averages(void **state)
{
    (void)state;
    scene s;
    make_scene(&s);
    run(&s, "analyze.[1].most_lost=0.4", "study.copies=2", 0);
    for (int row = 0; row < 2; row++) {
        double left = ticket_number(&s, row, "span_left");
        double first = ticket_number(&s, row, "reading_manner_0_weight");
        double second = ticket_number(&s, row, "reading_manner_1_weight");
        assert_true(fabs(first - (left + 0.125)) < 1e-12);
        assert_true(fabs(second - (left + 10.125)) < 1e-12);
    }
    assert_lacks(s.dir, "o/studies/judged/report/tickets.csv", "attempt");
    remove_tree(s.dir);
}

/* The report needs no plugin: what was judged is in the record. */
static void a_report_shows_verdicts_without_the_plugin(void **state)
{
    (void)state;
    scene s;
    char out[300];
    make_scene(&s);
    run(&s, "analyze.[1].most_lost=0.4", "study.copies=2", 0);
    (void)snprintf(out, sizeof out, "%s/o/studies/judged/report/tickets.csv", s.dir);
    assert_int_equal(unlink(out), 0);
    (void)snprintf(out, sizeof out, "%s/o", s.dir);
    static const char *const nowhere[] = {"PATH=/nowhere", "COPPICE_PLUGIN_PATH=/nowhere", NULL};
    const command_way way = {.environment = nowhere};
    assert_ends(s.dir, start_program(s.dir, &way, WORDS("report", out)), 0);
    assert_true(ticket_number(&s, 1, "span_lossy") == 1.0);
    remove_tree(s.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_threshold_is_another_verdict_on_the_same_results),
        cmocka_unit_test(a_sweep_over_thresholds_computes_once),
        cmocka_unit_test(a_judge_that_fails_costs_its_verdict_alone),
        cmocka_unit_test(an_analyzer_with_roles_gets_right_averages),
        cmocka_unit_test(a_report_shows_verdicts_without_the_plugin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
