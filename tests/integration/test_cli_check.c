/* test_cli_check.c: `coppice check`: the cells by what differs, for people and for programs, and
 * how far it goes where the data are not there. */
#include "core/json.h"
#include "tiny_study.h"

#include <stdlib.h>
#include <string.h>

static const char config[] =
    "study   = { name = \"tiny\"; copies = 1; threads = 1; seeds = [0, 5]; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 40; test_size = 20; };\n" TINY_TICKET
    "train   = { recipe = \"sgd\"; duration = \"1it\"; batch = 10; };\n"
    "sweep   = ( { path = \"train.lr\"; values = [0.1, 0.25]; labels = [\"slow\", \"fast\"]; } "
    ");\n";

#define NO_DATA "dataset={ plugin = \"cifar10\"; path = \"/nonexistent\"; }"

static cJSON *read_json(const tiny_study *s)
{
    char *text = read_text(s->dir, "out");
    cJSON *root = NULL;
    cop_error err = {0};
    assert_ok(cop_json_parse(text, strlen(text), &root, &err), &err);
    free(text);
    return root;
}

static const char *item_text(const cJSON *list, int i)
{
    return cJSON_GetStringValue(cJSON_GetArrayItem(list, i));
}

static void prints_cells_by_what_differs(void **state)
{
    (void)state;
    tiny_study s;
    tiny_study_make(&s, config);
    tiny_study_run(&s, WORDS("check", s.config, "--quiet"), 0);
    char *text = read_text(s.dir, "out");
    assert_non_null(strstr(text, "     1  slow\n     2  fast\n"));
    assert_non_null(strstr(text, "\n  setting   1     2   \n  train.lr  0.1   0.25\n"));
    assert_non_null(strstr(text, "\ntiny: 2 cells x 2 seeds\n"));
    free(text);
    /* one cell differs from none */
    tiny_study_run(&s, WORDS("check", s.config, "--quiet", "--set", "sweep=()"), 0);
    text = read_text(s.dir, "out");
    assert_null(strstr(text, "setting"));
    free(text);
    remove_tree(s.dir);
}

/* What is too wide for a table is a list. */
static void lists_values_of_many_cells(void **state)
{
    (void)state;
    tiny_study s;
    tiny_study_make(&s, config);
    tiny_study_run(&s,
                   WORDS("check", s.config, "--quiet", "--set",
                         "sweep=({path=\"train.lr\"; values=[1,2,3,4,5,6,7,8,9];},"
                         "{path=\"train.batch\"; values=[5,10];})"),
                   0);
    char *text = read_text(s.dir, "out");
    assert_non_null(
        strstr(text, "  train.batch\n    5: 1, 3, 5, 7, 9, 11, 13, 15, 17\n    10: 2, "));
    assert_non_null(strstr(text, "  train.lr\n    1: 1, 2\n    2: 3, 4\n"));
    free(text);
    remove_tree(s.dir);
}

static void goes_as_far_as_it_can_without_the_data(void **state)
{
    (void)state;
    tiny_study s;
    tiny_study_make(&s, config);
    tiny_study_run(&s, WORDS("check", s.config, "--set", NO_DATA), 2);
    char *text = read_text(s.dir, "out");
    assert_non_null(strstr(text, "\n  train.lr  0.1   0.25\n"));
    assert_non_null(strstr(text, "# cell 2 of 2: \"fast\"\n"));
    free(text);
    tiny_study_said(&s, "/nonexistent");
    remove_tree(s.dir);
}

static void prints_for_programs(void **state)
{
    (void)state;
    tiny_study s;
    tiny_study_make(&s, config);
    tiny_study_run(&s, WORDS("check", s.config, "--json"), 0);
    cJSON *root = read_json(&s);
    assert_string_equal(cJSON_GetStringValue(cop_json_item(root, "study")), "tiny");
    assert_string_equal(item_text(cop_json_item(root, "seeds"), 1), "5");
    const cJSON *cell = cJSON_GetArrayItem(cop_json_item(root, "cells"), 1);
    assert_string_equal(cJSON_GetStringValue(cop_json_item(cell, "label")), "fast");
    const cJSON *rows = cop_json_item(root, "differences"), *row = cJSON_GetArrayItem(rows, 0);
    assert_int_equal(cop_json_length(rows), 1);
    assert_string_equal(cJSON_GetStringValue(cop_json_item(row, "setting")), "train.lr");
    assert_string_equal(item_text(cop_json_item(row, "values"), 1), "0.25");
    /* of each cell and seed: the dense network, its ticket, and what chose the mask */
    const cJSON *stages = cop_json_item(root, "stages"), *train = cJSON_GetArrayItem(stages, 1);
    assert_int_equal(cop_json_length(stages), 4);
    assert_string_equal(cJSON_GetStringValue(cop_json_item(train, "kind")), "train");
    assert_true(cJSON_GetNumberValue(cop_json_item(train, "count")) >= 8.0);
    assert_true(cJSON_GetNumberValue(cop_json_item(train, "done")) == 0.0);
    assert_true(cJSON_IsNull(cop_json_item(root, "missing")));
    cJSON_Delete(root);
    remove_tree(s.dir);
}

static void tells_programs_what_is_missing(void **state)
{
    (void)state;
    tiny_study s;
    tiny_study_make(&s, config);
    tiny_study_run(&s, WORDS("check", s.config, "--json", "--set", NO_DATA), 2);
    cJSON *root = read_json(&s);
    const cJSON *missing = cop_json_item(root, "missing");
    const char *message = cJSON_GetStringValue(cop_json_item(missing, "message"));
    assert_non_null(message);
    assert_non_null(strstr(message, "/nonexistent"));
    assert_true(cJSON_IsNull(cop_json_item(root, "stages")));
    assert_int_equal(cop_json_length(cop_json_item(root, "differences")), 1);
    cJSON_Delete(root);
    remove_tree(s.dir);
}

static double number_of(const cJSON *root, int stage, const char *name)
{
    const cJSON *stages = cop_json_item(root, "stages");
    return cJSON_GetNumberValue(cop_json_item(cJSON_GetArrayItem(stages, stage), name));
}

/* By those of one cell, which are done, the other's are known. */
static void estimates_by_what_is_done(void **state)
{
    (void)state;
    tiny_study s;
    tiny_study_make(&s, config);
    tiny_study_run(&s, WORDS("check", s.config, "--json", "--out", s.out), 0);
    cJSON *root = read_json(&s);
    double open = number_of(root, 1, "count");
    assert_true(number_of(root, 1, "guessed") == open);
    assert_true(number_of(root, 1, "memory") == 0.0);
    cJSON_Delete(root);
    tiny_study_run(&s, WORDS("run", s.config, "--out", s.out, "--only", "slow", "--quiet"), 0);
    tiny_study_run(&s, WORDS("check", s.config, "--json", "--out", s.out), 0);
    root = read_json(&s);
    assert_true(number_of(root, 1, "done") == open / 2.0);
    assert_true(number_of(root, 1, "guessed") == 0.0);
    assert_true(number_of(root, 2, "unknown") == 0.0);
    assert_true(number_of(root, 1, "seconds") > 0.0);
    assert_true(number_of(root, 1, "bytes") > 0.0);
    assert_true(number_of(root, 1, "memory") > 1e6);
    cJSON_Delete(root);
    tiny_study_run(&s, WORDS("run", s.config, "--out", s.out, "--quiet"), 0);
    tiny_study_run(&s, WORDS("check", s.config, "--json", "--out", s.out), 0);
    root = read_json(&s);
    assert_true(number_of(root, 1, "seconds") == 0.0);
    cJSON_Delete(root);
    remove_tree(s.dir);
}

static void tries_the_machine_where_that_is_asked_for(void **state)
{
    (void)state;
    tiny_study s;
    tiny_study_make(&s, config);
    tiny_study_run(&s,
                   WORDS("check", s.config, "--json", "--measure", "--out", s.out, "--set",
                         "train.duration=\"20it\""),
                   0);
    cJSON *root = read_json(&s);
    assert_true(number_of(root, 1, "guessed") == 0.0);
    assert_true(number_of(root, 1, "seconds") > 0.0);
    const cJSON *splits = cop_json_item(root, "splits"), *split = cJSON_GetArrayItem(splits, 0);
    assert_true(cop_json_length(splits) >= 1);
    assert_true(cJSON_GetNumberValue(cop_json_item(split, "threads")) == 1.0);
    assert_true(cJSON_GetNumberValue(cop_json_item(split, "steps_per_second")) > 0.0);
    cJSON_Delete(root);
    remove_tree(s.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_cells_by_what_differs),
        cmocka_unit_test(lists_values_of_many_cells),
        cmocka_unit_test(goes_as_far_as_it_can_without_the_data),
        cmocka_unit_test(prints_for_programs),
        cmocka_unit_test(tells_programs_what_is_missing),
        cmocka_unit_test(estimates_by_what_is_done),
        cmocka_unit_test(tries_the_machine_where_that_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
