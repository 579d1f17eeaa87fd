/* test_cli_robustness.c: the analyzer robustness in a study: what it finds where nothing is changed is
 * what `coppice eval` finds, whitened data are refused, and its figures are drawn. */
#include "tiny_study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char config_text[] =
    "study   = { name = \"tiny\"; copies = 2; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 60; test_size = 40; };\n" TINY_TICKET
    "train   = { recipe = \"sgd\"; duration = \"2ep\"; batch = 32; };\n"
    "analyze = ( { plugin = \"robustness\"; bits = [4, 2]; severities = [1, 5]; } );\n";

static void nothing_changed_is_what_eval_finds(void **state)
{
    (void)state;
    tiny_study s;
    tiny_study_make(&s, config_text);
    tiny_study_run(&s, WORDS("run", s.config, "--out", s.out), 0);
    for (int i = 0; i < 4; i++) { /* dense copies, then the ticket's */
        const char *round = i / 2 == 0 ? "0" : "1", *copy = i % 2 == 0 ? "0" : "1";
        tiny_study_run(&s, WORDS("export", s.out, "--round", round, "--copy", copy, "--to", s.to),
                       0);
        tiny_study_run(&s, WORDS("eval", s.config, "--weights", s.to, "--json"), 0);
        char *text = read_text(s.dir, "out");
        const char *accuracy = strstr(text, "\"accuracy\":"), *loss = strstr(text, "\"loss\":");
        assert_non_null(accuracy);
        assert_non_null(loss);
        assert_true(tiny_study_number(&s, "robustness", i, "test_accuracy") ==
                    strtod(accuracy + strlen("\"accuracy\":"), NULL));
        double found = tiny_study_number(&s, "robustness", i, "test_loss");
        double by = found - strtod(loss + strlen("\"loss\":"), NULL);
        assert_true(by < 1e-6 && by > -1e-6);
        free(text);
    }
    /* The tickets' line has the mean over copies. */
    double mean = tiny_study_number(&s, "tickets", 1, "robustness_mean_corruption_error");
    double first = tiny_study_number(&s, "robustness", 2, "mean_corruption_error");
    double second = tiny_study_number(&s, "robustness", 3, "mean_corruption_error");
    double by = mean - 0.5 * (first + second);
    assert_true(mean > 0.0 && by < 1e-9 && by > -1e-9);
    char *page = read_text(s.dir, "o/studies/tiny/report/index.html");
    assert_non_null(strstr(page, "Accuracy on corrupted images"));
    assert_non_null(strstr(page, "Accuracy with weights of few bits"));
    free(page);
    remove_tree(s.dir);
}

static void whitened_data_are_refused_before_anything_runs(void **state)
{
    (void)state;
    tiny_study s;
    tiny_study_make(&s, config_text);
    tiny_study_refuses(&s, WORDS("check", s.config, "--quiet", "--set", "dataset.zca=0.1"),
                       "corruptions are of pixels in [0, 1], and these data are whitened");
    assert_contains(s.dir, "err", "tiny.cfg:6: ");
    tiny_study_run(
        &s,
        WORDS("check", s.config, "--set", "dataset.zca=0.1", "--set", "analyze.[0].corruptions=[]"),
        0);
    remove_tree(s.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_changed_is_what_eval_finds),
        cmocka_unit_test(whitened_data_are_refused_before_anything_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
