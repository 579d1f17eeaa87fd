/* test_cli_identity.c: what the machine and its environment put into the names of results. */
#include "command.h"

#include "exec/inspect/versions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char config_text[] =
    "study   = { name = \"levels\"; copies = 1; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 40; test_size = 20; };\n"
    "ticket  = { model = { plugin = \"convnet\"; depth = 1; width = 4; }; };\n"
    "train   = { recipe = \"sgd\"; duration = \"1it\"; batch = 10; };\n";

/* The word that stands behind `key` in lines; the caller's. */
static char *word_of(const char *lines, const char *key)
{
    const char *at = strstr(lines, key);
    assert_non_null(at);
    at += strlen(key);
    return strndup(at, strcspn(at, "\n"));
}

static void the_levels_are_named_word_by_word(void **state)
{
    (void)state;
    char text[COP_ISA_SIZE];
    cop_error err = {0};
    assert_ok(cop_exec_isa(text, &err), &err);
    static const char *const keys[] = {"isa ", "\nonednn ", "\nopenblas "};
    for (size_t i = 0; i < 3; i++) {
        char *word = word_of(text, keys[i]);
        assert_true(strlen(word) > 0);
        free(word);
    }
}

/* What a run says of stages that are there. */
static void assert_done(const char *dir, const char *out, const char *line, const char *wanted)
{
    char config[300];
    const char *const environment[] = {line, NULL};
    const command_way way = {.environment = line != NULL ? environment : NULL};
    (void)snprintf(config, sizeof config, "%s/levels.cfg", dir);
    assert_ends(dir, start_program(dir, &way, WORDS("run", config, "--out", out)), 0);
    assert_contains(dir, "err", wanted);
}

/* Each names what no test machine takes by itself, so that the level is another one. */
static void results_of_another_level_are_computed_anew(void **state)
{
    (void)state;
    static const char *const levels[] = {"OPENBLAS_CORETYPE=Nehalem", "ONEDNN_MAX_CPU_ISA=SSE41"};
    char dir[256], out[300];
    make_temp_dir(dir, sizeof dir);
    write_text(dir, "levels.cfg", config_text);
    (void)snprintf(out, sizeof out, "%s/o", dir);
    assert_done(dir, out, NULL, "1 stages, 0 of them already done");
    for (size_t i = 0; i < 2; i++) {
        assert_done(dir, out, levels[i], "1 stages, 0 of them already done");
        assert_done(dir, out, levels[i], "1 stages, 1 of them already done");
    }
    assert_done(dir, out, NULL, "1 stages, 1 of them already done");
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_levels_are_named_word_by_word),
        cmocka_unit_test(results_of_another_level_are_computed_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
