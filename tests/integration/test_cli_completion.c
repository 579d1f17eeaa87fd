/* What shells complete: subcommands, options, plugins, settings of the config that is named, cells. */
#include "tiny_study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const char config[] =
    "study   = { name = \"tiny\"; copies = 1; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 40; test_size = 20; };\n" TINY_TICKET
    "train   = { recipe = \"sgd\"; duration = \"1it\"; batch = 10; };\n"
    "sweep   = ( { path = \"train.lr\"; values = [0.1, 0.25]; labels = [\"slow\", \"fast lane\"]; "
    "} "
    ");\n";

static void expect(const tiny_study *t, const char *const *words, const char *wanted)
{
    tiny_study_run(t, words, 0);
    char *text = read_text(t->dir, "out");
    assert_string_equal(text, wanted);
    free(text);
}

static void subcommands_and_options_are_completed(void **state)
{
    (void)state;
    tiny_study t;
    tiny_study_make(&t, config);
    expect(&t, WORDS("complete", "--", "coppice", "re"), "report\n");
    expect(&t, WORDS("complete", "--", "coppice", "comp"), "completion\n");
    expect(&t, WORDS("complete", "--", "coppice", "help", "ch"), "check\n");
    expect(&t, WORDS("complete", "--", "coppice", "run", "--time"), "--time-budget\n");
    expect(&t, WORDS("complete", "--", "coppice", "gc", "--"), "--dry-run\n--forget\n--help\n");
    expect(&t, WORDS("complete", "--", "coppice", "inspect", "he"), "herding\nhessian\n");
    expect(&t, WORDS("complete", "--", "coppice", "list", "pr"), "pruners\n");
    /* a file or a number: the shell's */
    expect(&t, WORDS("complete", "--", "coppice", "run", "t"), "");
    expect(&t, WORDS("complete", "--", "coppice", "run", "x.cfg", "--jobs", ""), "");
    expect(&t, WORDS("complete", "--", "coppice"), "");
    expect(&t, WORDS("complete"), "");
    remove_tree(t.dir);
}

static void settings_and_cells_of_the_config_are_completed(void **state)
{
    (void)state;
    tiny_study t;
    tiny_study_make(&t, config);
    expect(&t, WORDS("complete", "--", "coppice", "run", t.config, "--set", "train.l"),
           "train.label_smoothing=\ntrain.lr=\n");
    expect(&t,
           WORDS("complete", "--", "coppice", "check", t.config, "--set", "ticket.phases.[0].ro"),
           "ticket.phases.[0].rounds=\n");
    expect(&t, WORDS("complete", "--", "coppice", "run", t.config, "--only", ""),
           "slow\nfast lane\n");
    /* as zsh has the word, and as bash cuts it */
    expect(&t, WORDS("complete", "--", "coppice", "run", t.config, "--set", "dataset.plugin=cifar"),
           "dataset.plugin=cifar10\ndataset.plugin=cifar100\n");
    expect(&t,
           WORDS("complete", "--", "coppice", "run", t.config, "--set", "dataset.plugin", "=",
                 "cifar"),
           "cifar10\ncifar100\n");
    expect(&t, WORDS("complete", "--", "coppice", "run", t.config, "--set", "dataset.plugin", "="),
           "cifar10\ncifar100\nimagefolder\nmnist\nnpy\nshapes\nsvhn\n");
    remove_tree(t.dir);
}

/* The script itself, in a bash that has no line to edit. */
static void bash_asks_by_the_script(void **state)
{
    (void)state;
    tiny_study t;
    char command[1500];
    tiny_study_make(&t, config);
    (void)snprintf(command, sizeof command,
                   "command -v bash >/dev/null || exit 77; PATH='%s':$PATH bash -c '"
                   "compopt() { :; }; source <(coppice completion bash); "
                   "COMP_WORDS=(coppice run \"%s\" --only \"\"); COMP_CWORD=4; _coppice; "
                   "printf \"%%s\\n\" \"${COMPREPLY[@]}\"' > '%s/found'",
                   COPPICE_TEST_BUILD_DIR, t.config, t.dir);
    int status = system(command); // NOLINT: words of the test's own
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    char *found = read_text(t.dir, "found");
    assert_string_equal(found, "slow\nfast lane\n");
    free(found);
    tiny_study_refuses(&t, WORDS("completion", "fish"),
                       "no completion for 'fish', wanted bash or zsh");
    remove_tree(t.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subcommands_and_options_are_completed),
        cmocka_unit_test(settings_and_cells_of_the_config_are_completed),
        cmocka_unit_test(bash_asks_by_the_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
