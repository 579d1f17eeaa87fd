/* How sure barriers are, by the real command on one seed: an interval over its copies where there
 * are three, none where there are two, and the report says which. */
#include "command.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char config_text[] =
    "study   = { name = \"sure\"; copies = 3; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 60; test_size = 40; };\n"
    "ticket  = { model  = { plugin = \"convnet\"; depth = 1; width = 4; };\n"
    "            phases = ( { pruner = { plugin = \"random\"; rate = 0.5; }; rounds = 1; } ); };\n"
    "train   = { recipe = \"sgd\"; duration = \"1ep\"; batch = 32; };\n"
    "analyze = ( { plugin = \"lmc\"; alphas = 3; } );\n";

typedef struct scene {
    char dir[256];
} scene;

static void run_with(scene *s, const char *setting)
{
    static const char *const without_gnuplot[] = {"PATH=/nowhere", NULL};
    const command_way way = {.environment = without_gnuplot};
    char config[300], out[300];
    make_temp_dir(s->dir, sizeof s->dir);
    write_text(s->dir, "sure.cfg", config_text);
    (void)snprintf(config, sizeof config, "%s/sure.cfg", s->dir);
    (void)snprintf(out, sizeof out, "%s/o", s->dir);
    const char *const words[] = {"run", config, "--out", out, "--set", setting, NULL};
    assert_ends(s->dir, start_program(s->dir, &way, words), 0);
}

/* Comma-separated cells of a line, which it cuts; how many there are. */
static size_t cut(char *line, char **cells, size_t most)
{
    size_t count = 0;
    for (char *cell = NULL; count < most && (cell = strsep(&line, ",")) != NULL;)
        cells[count++] = cell;
    return count;
}

/* Writes the test loss barriers of the ticket's pairs, and counts them. */
static size_t read_barriers(const scene *s, double *values)
{
    char *text = read_text(s->dir, "o/studies/sure/report/lmc_barrier.csv"), *rest = text;
    char *cells[32], *head[32];
    size_t columns = cut(strsep(&rest, "\n"), head, 32), at = 0, count = 0;
    while (at < columns && strcmp(head[at], "test_loss_barrier") != 0)
        at++;
    assert_true(at < columns);
    for (char *line = NULL; (line = strsep(&rest, "\n")) != NULL && line[0] != '\0';) {
        assert_int_equal(cut(line, cells, 32), columns);
        if (strcmp(cells[3], "1") == 0) /* round */
            values[count++] = strtod(cells[at], NULL);
    }
    free(text);
    return count;
}

/* The interval's line of the ticket's test loss barrier, cut; *text is the caller's. */
static void read_interval(const scene *s, char **text, char **cells)
{
    *text = read_text(s->dir, "o/studies/sure/report/intervals.csv");
    char *rest = *text;
    for (char *line = NULL; (line = strsep(&rest, "\n")) != NULL;) {
        if (strstr(line, ",1,0.5,lmc_barrier_test_loss_barrier,") != NULL) {
            assert_int_equal(cut(line, cells, 11), 11);
            return;
        }
    }
    fail_msg("there is no interval of the ticket's test loss barrier");
}

/* Without a copy one of three pairs is left: the jackknife's variance is 2/3 of the sum of squares
 * about the mean, and t is of two degrees of freedom. */
static void three_copies_of_one_seed_have_an_interval_over_copies(void **state)
{
    (void)state;
    scene s;
    double pairs[8], squares = 0.0;
    char *text = NULL, *cells[11];
    run_with(&s, "study.copies=3");
    assert_int_equal(read_barriers(&s, pairs), 3);
    double mean = (pairs[0] + pairs[1] + pairs[2]) / 3.0;
    for (int i = 0; i < 3; i++)
        squares += (pairs[i] - mean) * (pairs[i] - mean);
    double half = 4.3026527299112747 * sqrt(2.0 / 3.0 * squares);
    read_interval(&s, &text, cells);
    assert_true(half > 0.0);
    assert_string_equal(cells[5], "1"); /* seeds */
    assert_string_equal(cells[6], "3"); /* pairs */
    assert_true(fabs(strtod(cells[7], NULL) - mean) < 1e-12);
    assert_true(fabs(strtod(cells[8], NULL) - (mean - half)) < 1e-8 * half);
    assert_true(fabs(strtod(cells[9], NULL) - (mean + half)) < 1e-8 * half);
    assert_string_equal(cells[10], "\"one seed: interval over copies by jackknife");
    free(text);
    assert_contains(s.dir, "o/studies/sure/report/index.html",
                    "; one seed: interval over copies by jackknife, 3 pairs");
    assert_contains(s.dir, "o/studies/sure/report/index.html",
                    "jackknife that leaves out one copy at a time");
    remove_tree(s.dir);
}

static void two_copies_of_one_seed_have_none(void **state)
{
    (void)state;
    scene s;
    char *text = NULL, *cells[11];
    run_with(&s, "study.copies=2");
    read_interval(&s, &text, cells);
    assert_string_equal(cells[6], "1");
    assert_string_equal(cells[8], "");
    assert_string_equal(cells[9], "");
    free(text);
    assert_contains(s.dir, "o/studies/sure/report/index.html",
                    "; one seed, 1 pair of copies: no interval");
    assert_lacks(s.dir, "o/studies/sure/report/index.html", "Brackets hold");
    remove_tree(s.dir);
}

static void two_seeds_have_an_interval_over_seeds(void **state)
{
    (void)state;
    scene s;
    char *text = NULL, *cells[11];
    run_with(&s, "study.seeds=[0, 1]");
    read_interval(&s, &text, cells);
    assert_string_equal(cells[5], "2");
    assert_string_equal(cells[6], "6");
    assert_true(strtod(cells[8], NULL) < strtod(cells[7], NULL));
    assert_string_equal(cells[10], "2 seeds: interval over seeds");
    free(text);
    assert_contains(s.dir, "o/studies/sure/report/index.html", "; n = 2 seeds");
    remove_tree(s.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_copies_of_one_seed_have_an_interval_over_copies),
        cmocka_unit_test(two_copies_of_one_seed_have_none),
        cmocka_unit_test(two_seeds_have_an_interval_over_seeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
