/* test_cli_instability.c: the analyzer instability in a study: copies that part at the start are the
 * study's own, those that part at the end are one network, and a place past the end is refused. */
#include "tiny_study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two epochs of two steps. */
static const char config_text[] =
    "study   = { name = \"tiny\"; copies = 2; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 64; test_size = 40; };\n" TINY_TICKET
    "train   = { recipe = \"sgd\"; duration = \"2ep\"; batch = 32; lr = 0.5; };\n"
    "analyze = ( { plugin = \"lmc\"; alphas = 5; },\n"
    "            { plugin = \"instability\"; alphas = 5; epochs = [2, 0, 1]; steps = [1]; } );\n";

static void copies_part_where_they_are_told_to(void **state)
{
    (void)state;
    static const char *const steps[] = {"4", "0", "2", "1"};
    tiny_study s;
    char cell[64], other[64];
    tiny_study_make(&s, config_text);
    tiny_study_run(&s, WORDS("run", s.config, "--out", s.out), 0);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 4; i++) {
            assert_string_equal(
                tiny_study_cell(&s, "instability", 4 * round + i, "step", cell, sizeof cell),
                steps[i]);
        }
        int end = 4 * round, start = end + 1;
        assert_true(tiny_study_number(&s, "instability", end, "test_loss_barrier") == 0.0);
        (void)tiny_study_cell(&s, "instability", end, "stable", cell, sizeof cell);
        assert_true(strcmp(cell, "stable") == 0 || strcmp(cell, "collapsed") == 0);
        static const char *const same[] = {"train_loss_barrier", "test_loss_barrier",
                                           "first_test_error", "second_test_error"};
        for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
            (void)tiny_study_cell(&s, "instability", start, same[i], cell, sizeof cell);
            (void)tiny_study_cell(&s, "lmc_barrier", round, same[i], other, sizeof other);
            assert_string_equal(cell, other);
            assert_true(cell[0] != '\0');
        }
        (void)tiny_study_cell(&s, "instability", start, "test_loss_barrier", cell, sizeof cell);
        (void)tiny_study_cell(&s, "instability", start + 1, "test_loss_barrier", other,
                              sizeof other);
        assert_string_not_equal(cell, other);
    }
    remove_tree(s.dir);
}

/* Of each ticket: two copies, what the copies share, and two copies more for each later place. */
static void trainings_are_shared_with_the_study(void **state)
{
    (void)state;
    tiny_study s;
    tiny_study_make(&s, config_text);
    tiny_study_run(&s, WORDS("check", s.config), 0);
    char *out = read_text(s.dir, "out");
    const char *row = strstr(out, "\n  train ");
    assert_non_null(row);
    assert_int_equal(strtol(row + strlen("\n  train "), NULL, 10), 2 * (2 + 1 + 3 * 2));
    free(out);
    remove_tree(s.dir);
}

static void what_cannot_be_is_refused_before_anything_runs(void **state)
{
    (void)state;
    static const struct {
        const char *set, *text;
    } cases[] = {
        {"analyze.[1].epochs=[3]", "snapshot \"3ep\" is past the end of the training (6 of 4 "
                                   "steps)"},
        {"analyze.[1].steps=[0]", "copies are to part at 0 steps twice"},
        {"analyze.[1].epochs=[1,1]", "copies are to part at 1 epochs twice"},
        {"analyze.[1].epochs=[-1]", "epochs"},
        {"analyze.[1].copies=1", "copies"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tiny_study s;
        tiny_study_make(&s, config_text);
        tiny_study_refuses(&s, WORDS("check", s.config, "--quiet", "--set", cases[i].set),
                           cases[i].text);
        remove_tree(s.dir);
    }
}

/* What the given copies were trained from is not known. */
static void given_copies_have_no_start_to_part_from(void **state)
{
    (void)state;
    static const char *const only = "analyze=({ plugin = \"instability\"; epochs = [0, 1]; })";
    tiny_study s;
    char first[300], second[300], start[320];
    tiny_study_make(&s, config_text);
    (void)snprintf(first, sizeof first, "%s/0.safetensors", s.dir);
    (void)snprintf(second, sizeof second, "%s/1.safetensors", s.dir);
    (void)snprintf(start, sizeof start, "ticket.start=\"%s\"", first);
    tiny_study_run(&s, WORDS("run", s.config, "--out", s.out, "--set", "analyze=()"), 0);
    tiny_study_run(&s, WORDS("export", s.out, "--round", "0", "--copy", "0", "--to", first), 0);
    tiny_study_run(&s, WORDS("export", s.out, "--round", "0", "--copy", "1", "--to", second), 0);
    tiny_study_refuses(&s,
                       WORDS("analyze", s.config, "--weights", first, "--weights", second, "--set",
                             only, "--quiet"),
                       "starts where the ticket does, and its copies are from files");
    tiny_study_run(&s,
                   WORDS("analyze", s.config, "--weights", first, "--weights", second, "--set",
                         only, "--set", start, "--out", s.out),
                   0);
    remove_tree(s.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_part_where_they_are_told_to),
        cmocka_unit_test(trainings_are_shared_with_the_study),
        cmocka_unit_test(given_copies_have_no_start_to_part_from),
        cmocka_unit_test(what_cannot_be_is_refused_before_anything_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
