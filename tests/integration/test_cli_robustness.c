/* test_cli_robustness.c: the analyzer robustness in a study: what it finds where nothing is changed is
 * what `coppice eval` finds, whitened data are refused, and its figures are drawn. */
#include "command.h"

#include "core/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char config_text[] =
    "study   = { name = \"tiny\"; copies = 2; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 60; test_size = 40; };\n"
    "ticket  = { model  = { plugin = \"convnet\"; depth = 1; width = 4; };\n"
    "            phases = ( { pruner = { plugin = \"random\"; rate = 0.5; }; rounds = 1; } ); };\n"
    "train   = { recipe = \"sgd\"; duration = \"2ep\"; batch = 32; };\n"
    "analyze = ( { plugin = \"robustness\"; bits = [4, 2]; severities = [1, 5]; } );\n";

typedef struct scene {
    char dir[256], config[300], out[300], to[300];
} scene;

static void make_scene(scene *s)
{
    cop_error err = {0};
    make_temp_dir(s->dir, sizeof s->dir);
    (void)snprintf(s->config, sizeof s->config, "%s/tiny.cfg", s->dir);
    (void)snprintf(s->out, sizeof s->out, "%s/o", s->dir);
    (void)snprintf(s->to, sizeof s->to, "%s/to.safetensors", s->dir);
    assert_ok(cop_file_write(s->config, config_text, strlen(config_text), &err), &err);
}

static void run(const scene *s, const char *const *words, int wanted)
{
    static const char *const without_gnuplot[] = {"PATH=/nowhere", NULL};
    const command_way way = {.program = COMMAND, .environment = without_gnuplot};
    assert_ends(s->dir, start_program(s->dir, &way, words), wanted);
}

/* A line of a table, from 0, without the line's end; the text is the caller's. */
static char *line_of(const scene *s, const char *table, int line)
{
    char file[200];
    (void)snprintf(file, sizeof file, "o/studies/tiny/report/%s.csv", table);
    char *text = read_text(s->dir, file), *rest = text, *found = NULL;
    for (int i = 0; i <= line; i++)
        found = strsep(&rest, "\n");
    char *copy = strdup(found != NULL ? found : "");
    free(text);
    return copy;
}

/* The cell of a row, from 0. */
static double number_of(const scene *s, const char *table, int row, const char *column)
{
    char *names = line_of(s, table, 0), *cells = line_of(s, table, 1 + row);
    char *name_rest = names, *cell_rest = cells, *name = NULL;
    double value = -1.0;
    while ((name = strsep(&name_rest, ",")) != NULL) {
        char *cell = strsep(&cell_rest, ",");
        if (strcmp(name, column) == 0 && cell != NULL)
            value = strtod(cell, NULL);
    }
    free(names);
    free(cells);
    return value;
}

static void nothing_changed_is_what_eval_finds(void **state)
{
    (void)state;
    scene s;
    make_scene(&s);
    run(&s, WORDS("run", s.config, "--out", s.out), 0);
    for (int i = 0; i < 4; i++) { /* dense copies, then the ticket's */
        const char *round = i / 2 == 0 ? "0" : "1", *copy = i % 2 == 0 ? "0" : "1";
        run(&s, WORDS("export", s.out, "--round", round, "--copy", copy, "--to", s.to), 0);
        run(&s, WORDS("eval", s.config, "--weights", s.to, "--json"), 0);
        char *text = read_text(s.dir, "out");
        const char *accuracy = strstr(text, "\"accuracy\":"), *loss = strstr(text, "\"loss\":");
        assert_non_null(accuracy);
        assert_non_null(loss);
        assert_true(number_of(&s, "robustness", i, "test_accuracy") ==
                    strtod(accuracy + strlen("\"accuracy\":"), NULL));
        double found = number_of(&s, "robustness", i, "test_loss");
        double by = found - strtod(loss + strlen("\"loss\":"), NULL);
        assert_true(by < 1e-6 && by > -1e-6);
        free(text);
    }
    /* The tickets' line has the mean over copies. */
    double mean = number_of(&s, "tickets", 1, "robustness_mean_corruption_error");
    double first = number_of(&s, "robustness", 2, "mean_corruption_error");
    double second = number_of(&s, "robustness", 3, "mean_corruption_error");
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
    scene s;
    make_scene(&s);
    run(&s, WORDS("check", s.config, "--quiet", "--set", "dataset.zca=0.1"), 2);
    char *err = read_text(s.dir, "err");
    assert_non_null(strstr(err, "tiny.cfg:6: "));
    assert_non_null(
        strstr(err, "corruptions are of pixels in [0, 1], and these data are whitened"));
    assert_ptr_equal(strchr(err, '\n'), err + strlen(err) - 1);
    free(err);
    run(&s,
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
