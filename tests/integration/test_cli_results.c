/* Tests of what a real, tiny study's results say: by the real command, from config to tables. */
#include "tiny_study.h"

#include "store/formats/safetensors.h"

#include <coppice/tensor.h>

#include <cjson/cJSON.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUICKSTART COPPICE_TEST_SOURCE_DIR "/tools/quickstart"

static const char config_text[] =
    "study   = { name = \"tiny\"; copies = 2; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 60; test_size = 40; };\n" TINY_TICKET
    "train   = { recipe = \"sgd\"; duration = \"1ep\"; batch = 32; };\n"
    "analyze = ( { plugin = \"lmc\"; alphas = 3; control = true; } );\n";

static void a_training_without_steps_is_evaluated(void **state)
{
    (void)state;
    tiny_study s;
    char cell[64];
    tiny_study_make(&s, config_text);
    tiny_study_run(&s, WORDS("run", s.config, "--out", s.out, "--set", "train.duration=0ep"), 0);
    for (int row = 0; row < 2; row++) {
        double accuracy = tiny_study_number(&s, "tickets", row, "test_accuracy");
        assert_true(accuracy > 0.0 && accuracy < 1.0);
        assert_string_not_equal(tiny_study_cell(&s, "trainings", row, "test_loss", cell, 64), "");
        assert_string_equal(tiny_study_cell(&s, "trainings", row, "train_loss", cell, 64), "");
        /* What has learnt nothing is no better than guessing, and neither verdict is passed. */
        assert_string_equal(tiny_study_cell(&s, "tickets", row, "collapsed", cell, 64), "2");
        assert_string_equal(tiny_study_cell(&s, "tickets", row, "lmc_barrier_stable", cell, 64),
                            "collapsed");
        assert_string_equal(tiny_study_cell(&s, "tickets", row, "lmc_barrier_matching", cell, 64),
                            "collapsed");
    }
    char *text = read_text(s.dir, "out");
    assert_non_null(strstr(text, "collapsed"));
    assert_non_null(strstr(text, "\ncontrols:\n"));
    free(text);
    remove_tree(s.dir);
}

/* The first tensor of a file becomes NaN, or infinite. */
static void spoil(const char *path, float with)
{
    cop_error err = {0};
    cop_tensors *set = NULL;
    assert_ok(cop_safetensors_read(path, &set, NULL, NULL, &err), &err);
    cop_f32(cop_tensors_at(set, 0))[1] = with;
    assert_ok(cop_safetensors_write(path, set, NULL, 0, &err), &err);
    cop_tensors_free(set);
}

static void eval_names_the_tensor_that_is_no_number(void **state)
{
    (void)state;
    tiny_study s;
    tiny_study_make(&s, config_text);
    tiny_study_run(&s, WORDS("run", s.config, "--out", s.out), 0);
    tiny_study_run(&s, WORDS("export", s.out, "--to", s.to), 0);
    for (int infinite = 0; infinite <= 1; infinite++) {
        spoil(s.to, infinite == 1 ? INFINITY : NAN);
        tiny_study_run(&s, WORDS("eval", s.config, "--weights", s.to), 1);
        char *out = read_text(s.dir, "out");
        assert_string_equal(out, "");
        tiny_study_said(&s, infinite == 1 ? "holds infinity" : "holds NaN");
        assert_contains(s.dir, "err", "tensor 'layers.");
        free(out);
    }
    remove_tree(s.dir);
}

static void what_an_analyzer_left_before_goes_without_it(void **state)
{
    (void)state;
    tiny_study s;
    char path[400];
    tiny_study_make(&s, config_text);
    (void)snprintf(path, sizeof path, "%s/studies/tiny/report/lmc_barrier.csv", s.out);
    tiny_study_run(&s, WORDS("run", s.config, "--out", s.out), 0);
    assert_int_equal(access(path, F_OK), 0);
    tiny_study_run(&s, WORDS("run", s.config, "--out", s.out, "--set", "analyze=()"), 0);
    assert_int_not_equal(access(path, F_OK), 0);
    (void)snprintf(path, sizeof path, "%s/studies/tiny/report/tickets.csv", s.out);
    assert_int_equal(access(path, F_OK), 0);
    remove_tree(s.dir);
}

static void a_report_speaks_to_programs(void **state)
{
    (void)state;
    tiny_study s;
    tiny_study_make(&s, config_text);
    tiny_study_run(&s, WORDS("run", s.config, "--out", s.out, "--watch-report"), 0);
    tiny_study_run(&s, WORDS("report", s.out, "--json"), 0);
    char *text = read_text(s.dir, "out");
    cJSON *root = cJSON_Parse(text);
    assert_non_null(root);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(root, "study")), "tiny");
    const cJSON *rows = cJSON_GetObjectItem(root, "summary");
    assert_int_equal(cJSON_GetArraySize(rows), 2);
    const cJSON *sparsity = cJSON_GetObjectItem(cJSON_GetArrayItem(rows, 1), "sparsity");
    assert_true(cJSON_IsNumber(sparsity) && fabs(sparsity->valuedouble - 0.5) < 0.01);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(root, "answers")), 1);
    cJSON_Delete(root);
    free(text);
    /* The CSV is the file. */
    tiny_study_run(&s, WORDS("report", s.out, "--csv"), 0);
    char *said = read_text(s.dir, "out");
    char *file = read_text(s.dir, "o/studies/tiny/report/summary.csv");
    assert_string_equal(said, file);
    free(said);
    free(file);
    tiny_study_run(&s, WORDS("report", s.out, "--csv", "--json"), 2);
    assert_contains(s.dir, "err", "two forms of one table");
    remove_tree(s.dir);
}

static void check_prints_no_control_characters(void **state)
{
    (void)state;
    tiny_study s;
    tiny_study_make(&s, config_text);
    /* Either refused or escaped: in no case is it the terminal's. */
    char *argv_text = NULL;
    char command[1400];
    (void)snprintf(command, sizeof command,
                   "'%s' check '%s' --out '%s' --set 'study.name=\"a\\x1b[31mb\"' >'%s/all' 2>&1",
                   COMMAND, s.config, s.out, s.dir);
    assert_int_not_equal(system(command), -1);
    argv_text = read_text(s.dir, "all");
    assert_true(strlen(argv_text) > 0);
    assert_null(strchr(argv_text, '\x1b'));
    free(argv_text);
    remove_tree(s.dir);
}

/* Runs the config with these analyzers; what it says of stages that are computed. */
static char *run_analyzers(const tiny_study *s, const char *analyzers)
{
    char option[400];
    (void)snprintf(option, sizeof option, "analyze=( %s )", analyzers);
    tiny_study_run(s, WORDS("run", s->config, "--out", s->out, "--set", option), 0);
    return read_text(s->dir, "err");
}

#define TWICE(first, second)                                                                       \
    "{ plugin = \"lmc\"; alphas = 3; " first " }, { plugin = \"lmc\"; alphas = 5; " second " }"

/* How many artifacts of analyses the store has. */
static size_t count_analyses(const tiny_study *s)
{
    char pattern[400];
    glob_t found;
    (void)snprintf(pattern, sizeof pattern, "%s/store/analyze-*", s->out);
    size_t count = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    globfree(&found);
    return count;
}

static void a_relabelled_analyzer_is_not_computed_again(void **state)
{
    (void)state;
    tiny_study s;
    char cell[64], before[64];
    tiny_study_make(&s, config_text);
    free(run_analyzers(&s, TWICE("", "")));
    assert_int_equal(count_analyses(&s), 4);
    (void)tiny_study_cell(&s, "lmc_barrier_alphas_3", 0, "test_error_barrier", before,
                          sizeof before);
    free(run_analyzers(&s, TWICE("label = \"Coarse!\";", "label = \"fine\";")));
    assert_int_equal(count_analyses(&s), 4);
    assert_string_equal(
        tiny_study_cell(&s, "lmc_barrier_coarse", 0, "test_error_barrier", cell, sizeof cell),
        before);
    (void)tiny_study_cell(&s, "lmc_barrier_fine", 0, "test_error_barrier", cell, sizeof cell);
    char *page = read_text(s.dir, "o/studies/tiny/report/index.html");
    assert_non_null(strstr(page, "(Coarse!)"));
    free(page);
    char *text = read_text(s.dir, "o/studies/tiny/config.cfg");
    assert_non_null(strstr(text, "label = \"Coarse!\";"));
    free(text);
    tiny_study_run(
        &s, WORDS("check", s.config, "--set", "analyze=( " TWICE("label = \"a\";", "") " )"), 0);
    text = read_text(s.dir, "out");
    assert_non_null(strstr(text, "\n    analyzers: lmc (a), lmc\n"));
    free(text);
    tiny_study_run(&s,
                   WORDS("check", s.config, "--set",
                         "analyze=( " TWICE("label = \"a\";", "label = \"a\";") " )"),
                   2);
    text = read_text(s.dir, "err");
    assert_non_null(strstr(text, "analyze has the analyzer \"lmc\" twice with label \"a\""));
    free(text);
    remove_tree(s.dir);
}

/* Seeds and rounds to look at: dear analyses of a few tickets beside cheap ones of all. */
static void an_analyzer_looks_at_the_rounds_it_is_limited_to(void **state)
{
    (void)state;
    static const struct {
        const char *analyze, *said;
    } refused[] = {
        {"analyze=( { plugin = \"lmc\"; rounds = [2]; } )",
         "an analyzer is limited to round 2, and the last one is 1"},
        {"analyze=( { plugin = \"lmc\"; seeds = [7]; } )",
         "an analyzer is limited to seed 7, which study.seeds lacks"},
        {"analyze=( { plugin = \"lmc\"; rounds = [1]; }, { plugin = \"lmc\"; } )",
         "limited to some seeds or rounds: it needs a label"},
    };
    tiny_study s;
    char cell[64];
    tiny_study_make(&s, config_text);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        tiny_study_run(&s, WORDS("check", s.config, "--set", refused[i].analyze), 2);
        assert_contains(s.dir, "err", refused[i].said);
    }
    free(run_analyzers(&s, "{ plugin = \"lmc\"; alphas = 3; rounds = [1]; seeds = [0]; }, "
                           "{ plugin = \"mask\"; }"));
    assert_int_equal(count_analyses(&s), 3);
    /* The dense network has what looks at it, and no barrier; the ticket has both, and a verdict. */
    assert_string_equal(
        tiny_study_cell(&s, "tickets", 0, "lmc_barrier_test_error_barrier", cell, sizeof cell), "");
    assert_string_equal(tiny_study_cell(&s, "tickets", 0, "lmc_barrier_stable", cell, sizeof cell),
                        "");
    assert_string_not_equal(
        tiny_study_cell(&s, "tickets", 1, "lmc_barrier_test_error_barrier", cell, sizeof cell), "");
    assert_string_not_equal(
        tiny_study_cell(&s, "tickets", 1, "lmc_barrier_stable", cell, sizeof cell), "");
    assert_string_not_equal(
        tiny_study_cell(&s, "tickets", 0, "mask_summary_least_kept", cell, sizeof cell), "");
    remove_tree(s.dir);
}

/* Runs the script as the test itself runs. */
static void quickstart(const tiny_study *s, const char *word, int wanted)
{
    const command_way way = {.program = QUICKSTART};
    assert_ends(s->dir, start_program(s->dir, &way, WORDS(word)), wanted);
}

static void quickstart_helps_without_installing(void **state)
{
    (void)state;
    tiny_study s;
    tiny_study_make(&s, config_text);
    quickstart(&s, "--help", 0);
    char *out = read_text(s.dir, "out"), *err = read_text(s.dir, "err");
    assert_non_null(strstr(out, "Usage: tools/quickstart [BUILD_DIR]"));
    assert_string_equal(err, "");
    free(out);
    free(err);
    quickstart(&s, "--frobnicate", 2);
    remove_tree(s.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_training_without_steps_is_evaluated),
        cmocka_unit_test(eval_names_the_tensor_that_is_no_number),
        cmocka_unit_test(what_an_analyzer_left_before_goes_without_it),
        cmocka_unit_test(a_report_speaks_to_programs),
        cmocka_unit_test(check_prints_no_control_characters),
        cmocka_unit_test(a_relabelled_analyzer_is_not_computed_again),
        cmocka_unit_test(an_analyzer_looks_at_the_rounds_it_is_limited_to),
        cmocka_unit_test(quickstart_helps_without_installing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
