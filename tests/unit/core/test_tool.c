/* Tests of asking a program something: both of its outputs, how it ended, and an end to waiting. */
#include "support.h"

#include "core/clock.h"
#include "core/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static cop_tool_answer ask(const char *script, double seconds)
{
    cop_tool_answer answer;
    cop_error err = {0};
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    assert_ok(cop_tool_run(argv, seconds, &answer, &err), &err);
    return answer;
}

static void gives_both_outputs_and_the_status(void **state)
{
    (void)state;
    char text[100];
    cop_tool_answer a = ask("cat; echo out; echo one >&2; echo two >&2; exit 3", 20.0);
    assert_int_equal(a.status, 3);
    assert_string_equal(a.said, "out\n");
    assert_string_equal(a.words, "one\ntwo\n");
    assert_string_equal(cop_tool_complaint(&a, text, sizeof text), "one; two");
    cop_tool_clear(&a);
    a = ask("exit 3", 20.0);
    assert_string_equal(a.said, "");
    assert_string_equal(cop_tool_complaint(&a, text, sizeof text), "exit status 3");
    cop_tool_clear(&a);
}

/* More than a pipe holds, of both at once. */
static void takes_long_answers(void **state)
{
    (void)state;
    cop_tool_answer a = ask("i=0; while [ $i -lt 20000 ]; do echo 0123456789; echo 9876543210 >&2; "
                            "i=$((i + 1)); done",
                            60.0);
    assert_int_equal(a.status, 0);
    assert_int_equal(strlen(a.said), 220000);
    assert_int_equal(strlen(a.words), 220000);
    cop_tool_clear(&a);
}

static void does_not_wait_for_ever(void **state)
{
    (void)state;
    char text[100];
    double began = cop_now();
    cop_tool_answer a = ask("echo half; exec sleep 100", 0.3);
    assert_true(cop_now() - began < 50.0);
    assert_int_equal(a.status, -1);
    assert_string_equal(a.said, "half\n");
    (void)cop_tool_complaint(&a, text, sizeof text);
    assert_non_null(strstr(text, "did not answer in time"));
    cop_tool_clear(&a);
}

static void a_program_that_is_not_there_is_named(void **state)
{
    (void)state;
    cop_tool_answer answer;
    cop_error err = {0};
    const char *const argv[] = {"/nowhere/sbatch", NULL};
    assert_int_equal(cop_tool_run(argv, 1.0, &answer, &err), COP_FAILED);
    assert_non_null(strstr(err.message, "cannot start /nowhere/sbatch"));
    cop_tool_clear(&answer);
}

static void looks_in_absolute_directories_alone(void **state)
{
    (void)state;
    char path[300], dir[256], *before = strdup(getenv("PATH"));
    assert_true(cop_tool_find("sh", path, sizeof path));
    assert_int_equal(path[0], '/');
    make_temp_dir(dir, sizeof dir);
    assert_int_equal(setenv("PATH", "bin:.:", 1), 0);
    assert_false(cop_tool_find("sh", path, sizeof path));
    assert_int_equal(setenv("PATH", dir, 1), 0);
    assert_false(cop_tool_find("sh", path, sizeof path));
    (void)snprintf(path, sizeof path, "%s/sh", dir); /* a directory is no program */
    assert_int_equal(mkdir(path, 0755), 0);
    assert_false(cop_tool_find("sh", path, sizeof path));
    assert_int_equal(setenv("PATH", before, 1), 0);
    remove_tree(dir);
    free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_both_outputs_and_the_status),
        cmocka_unit_test(takes_long_answers),
        cmocka_unit_test(does_not_wait_for_ever),
        cmocka_unit_test(a_program_that_is_not_there_is_named),
        cmocka_unit_test(looks_in_absolute_directories_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
