/* Tests of comparisons.csv of a small study: three cells share the baseline's dense networks, and
 * one has its own. */
#include "support.h"

#include "core/file.h"
#include "core/log.h"
#include "core/text.h"
#include "report/report.h"
#include "store/artifact.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD "studies/four"

enum { CELLS = 4, SEEDS = 4, BASELINE = 1, OWN_DENSE = 3 };

static const char *const labels[CELLS] = {"one", "real", "two", "three"};

/* Of the tickets of round 1, by cell and seed. */
static const double accuracies[CELLS][SEEDS] = {{0.655, 0.66, 0.635, 0.655},
                                                {0.625, 0.65, 0.6, 0.64},
                                                {0.615, 0.655, 0.585, 0.645},
                                                {0.6, 0.64, 0.59, 0.6}};

/* Whose dense networks a cell has: the baseline's, or its own. */
static int dense_of(int cell)
{
    return cell == OWN_DENSE ? OWN_DENSE : BASELINE;
}

/* The dense networks are as good as round 1's of the baseline, cell three's own as those of cell
 * one. */
static double accuracy_of(int cell, int seed, int round)
{
    if (round > 0)
        return accuracies[cell][seed];
    return accuracies[dense_of(cell) == OWN_DENSE ? 0 : BASELINE][seed];
}

static cop_artifact_id name_training(int cell, int seed, int round, char *identity, size_t size)
{
    cop_artifact_id id;
    cop_error err = {0};
    (void)snprintf(identity, size, "training of %d, %d, %d", round > 0 ? cell : dense_of(cell),
                   seed, round);
    assert_ok(cop_artifact_name("train", identity, &id, &err), &err);
    return id;
}

static void write_file(const cop_draft *draft, const char *file, const char *text)
{
    char path[1024];
    cop_error err = {0};
    cop_draft_path(draft, file, path, sizeof path);
    assert_ok(cop_file_write(path, text, strlen(text), &err), &err);
}

/* Publishes a training, unless another cell's is the same one. */
static void make_training(cop_store *store, int cell, int seed, int round)
{
    char identity[64], text[256];
    bool is_there = false;
    cop_error err = {0};
    cop_draft *draft = NULL;
    cop_artifact_id id = name_training(cell, seed, round, identity, sizeof identity);
    assert_ok(cop_store_find(store, &id, &is_there, &err), &err);
    if (is_there)
        return;
    assert_ok(cop_draft_open(store, &id, &draft, &err), &err);
    (void)snprintf(text, sizeof text, "{\"samples\": 256, \"test_accuracy\": %.17g}",
                   accuracy_of(cell, seed, round));
    write_file(draft, "summary.json", text);
    (void)snprintf(text, sizeof text,
                   "epoch,lr,train_loss,train_accuracy,test_loss,test_accuracy\n"
                   "1,0.125,2,0.25,2.25,%.17g\n",
                   accuracy_of(cell, seed, round));
    write_file(draft, "history.csv", text);
    assert_ok(cop_draft_publish(draft, identity, 1.0, &err), &err);
}

static void append_ticket(cop_text *text, int cell, int seed, int round)
{
    char identity[64];
    cop_artifact_id id = name_training(cell, seed, round, identity, sizeof identity);
    cop_text_printf(
        text,
        "%s{\"cell\": %d, \"seed\": \"%d\", \"phase\": %d, \"round\": %d, \"points\": 7,"
        " \"mask\": null, \"training\": null, \"data\": null,"
        " \"copies\": [\"%s-%s\"], \"analyses\": []}",
        cell + seed + round > 0 ? ",\n" : "", cell, seed, round - 1, round, id.kind, id.hash);
}

static void write_record(const char *dir, const cop_text *tickets)
{
    char path[512];
    cop_error err = {0};
    cop_text text = {0};
    cop_text_printf(&text,
                    "{\"name\": \"four\", \"seeds\": [\"0\", \"1\", \"2\", \"3\"],"
                    " \"baseline\": %d, \"cells\": [",
                    BASELINE);
    for (int cell = 0; cell < CELLS; cell++)
        cop_text_printf(&text,
                        "%s{\"label\": \"%s\", \"analyzers\": [], \"distiller\": null,"
                        " \"chance\": 0.1}",
                        cell > 0 ? ", " : "", labels[cell]);
    cop_text_printf(&text, "], \"tickets\": [%s], \"distilled\": []}\n", tickets->data);
    (void)snprintf(path, sizeof path, "%s/" RECORD, dir);
    assert_ok(cop_make_dirs(path, &err), &err);
    (void)snprintf(path, sizeof path, "%s/" RECORD "/study.json", dir);
    assert_ok(cop_file_write(path, text.data, text.length, &err), &err);
    cop_text_free(&text);
}

static void make_study(const char *dir)
{
    cop_error err = {0};
    cop_store *store = NULL;
    cop_text tickets = {0};
    assert_ok(cop_store_open(dir, &store, &err), &err);
    for (int i = 0; i < CELLS * SEEDS * 2; i++) {
        int cell = i / (SEEDS * 2), seed = i / 2 % SEEDS, round = i % 2;
        make_training(store, cell, seed, round);
        append_ticket(&tickets, cell, seed, round);
    }
    cop_store_close(store);
    write_record(dir, &tickets);
    cop_text_free(&tickets);
}

/* What came of it. */
typedef struct made {
    char *table, *page;
} made;

/* The study's comparisons.csv, and its page; *state keeps them. No gnuplot is looked for: nothing here is drawn. */
static int make_comparisons(void **state)
{
    static made m;
    char dir[256], path[512];
    cop_error err = {0};
    if (setenv("PATH", "/nowhere", 1) != 0)
        return -1;
    make_temp_dir(dir, sizeof dir);
    make_study(dir);
    FILE *log = fopen("/dev/null", "w");
    cop_logger *logger = cop_logger_new(log, COP_LOG_INFO, false);
    (void)snprintf(path, sizeof path, "%s/" RECORD, dir);
    assert_ok(cop_report(dir, path, &(cop_report_print){.out = log, .width = 150}, logger, &err),
              &err);
    cop_logger_free(logger);
    (void)fclose(log);
    (void)snprintf(path, sizeof path, "%s/" RECORD "/report/comparisons.csv", dir);
    assert_ok(cop_file_read(path, 1u << 20, &m.table, NULL, &err), &err);
    (void)snprintf(path, sizeof path, "%s/" RECORD "/report/index.html", dir);
    assert_ok(cop_file_read(path, 1u << 24, &m.page, NULL, &err), &err);
    remove_tree(dir);
    *state = &m;
    return 0;
}

static int free_comparisons(void **state)
{
    made *m = *state;
    free(m->table);
    free(m->page);
    return 0;
}

/* The numbers of the one line that begins so, from "mean" to "p_holm". */
static void assert_line(const char *table, const char *beginning, const double wanted[9])
{
    static const char *const names[9] = {"mean",  "baseline_mean", "difference", "difference_sd",
                                         "low",   "high",          "effect",     "p",
                                         "p_holm"};
    const char *at = strstr(table, beginning);
    if (at == NULL)
        fail_msg("no %s in %s", beginning, table);
    at += strlen(beginning);
    for (int i = 0; i < 9; i++) {
        char *end = NULL;
        double got = strtod(at, &end);
        if (end == at || *end != (i < 8 ? ',' : '\n') || !(fabs(got - wanted[i]) < 1e-9))
            fail_msg("%s of %s: %.17g, wanted %.17g", names[i], beginning + 1, got, wanted[i]);
        at = end + 1;
    }
}

static size_t count_lines(const char *table, const char *with)
{
    size_t count = 0;
    for (const char *at = strstr(table, with); at != NULL; at = strstr(at + 1, with))
        count++;
    return count;
}

/* Of the four cells' dense networks one cell's alone are others than the baseline's. */
static void a_shared_dense_network_is_not_compared_with_itself(void **state)
{
    const char *table = ((const made *)*state)->table;
    assert_int_equal(count_lines(table, ",real,0,"), 1);
    assert_non_null(strstr(table, "\nthree,real,0,0,test_accuracy,fraction,4,0,"));
    assert_int_equal(count_lines(table, ",real,1,"), 3);
    assert_null(strstr(table, "\nreal,"));
}

/* SciPy 1.10: d = a - b; d.std(ddof=1), stats.t.interval(0.95, 3, d.mean(), stats.sem(d)),
 * d.mean() / d.std(ddof=1), stats.ttest_rel(a, b). Holm's by his definition: the smallest p thrice,
 * the next twice, the largest once. */
static void differences_are_scipys_and_corrected_by_holm(void **state)
{
    const char *table = ((const made *)*state)->table;
    assert_line(table, "\none,real,1,0,test_accuracy,fraction,4,0,",
                (double[]){0.65125, 0.62875, 0.0225, 0.011902380714238095, 0.0035606562359431736,
                           0.041439343764056863, 1.890378113437813, 0.032426713433225653,
                           0.097280140299676965});
    assert_line(table, "\ntwo,real,1,0,test_accuracy,fraction,4,0,",
                (double[]){0.625, 0.62875, -0.00375, 0.010307764064044161, -0.020151952830679623,
                           0.012651952830679616, -0.36380343755449945, 0.51949796186544883,
                           0.51949796186544883});
    assert_line(table, "\nthree,real,1,0,test_accuracy,fraction,4,0,",
                (double[]){0.6075, 0.62875, -0.02125, 0.014361406616345085, -0.044102202712436214,
                           0.001602202712436173, -1.4796600756234317, 0.059576508256327446,
                           0.11915301651265489});
}

/* One comparison is corrected for none beside it: the cells that share their networks are none. */
static void shared_networks_do_not_count_as_comparisons(void **state)
{
    const char *table = ((const made *)*state)->table;
    assert_line(table, "\nthree,real,0,0,test_accuracy,fraction,4,0,",
                (double[]){0.65125, 0.62875, 0.0225, 0.011902380714238095, 0.0035606562359431736,
                           0.041439343764056863, 1.890378113437813, 0.032426713433225653,
                           0.032426713433225653});
}

/* The answer is about the last round; another that differs beyond chance is named, by the p-values
 * above, and where none is compared nothing is said. */
static void the_answer_names_other_rounds_that_differ(void **state)
{
    const char *page = ((const made *)*state)->page;
    const char *said = "at other sparsities against real, each with p &lt; 0.05: test accuracy "
                       "+2.25 points at 0.0 %";
    const char *three = strstr(page, "<dt>three</dt>");
    assert_non_null(three);
    assert_int_equal(count_lines(page, "at other sparsities"), 1);
    assert_non_null(strstr(three, said));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shared_dense_network_is_not_compared_with_itself),
        cmocka_unit_test(differences_are_scipys_and_corrected_by_holm),
        cmocka_unit_test(shared_networks_do_not_count_as_comparisons),
        cmocka_unit_test(the_answer_names_other_rounds_that_differ),
    };
    return cmocka_run_group_tests(tests, make_comparisons, free_comparisons);
}
