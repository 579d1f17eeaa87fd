/* test_study_collapse.c: a layer that loses its last weight is said when its mask is made, counted in
 * the report, and no failure: what is trained of it is a network with finite numbers. */
#include "study_bench.h"

#include "core/file.h"
#include "core/log.h"
#include "report/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Half of the weights in the first round, all of the convolutions' in the second phase's. */
static const char *const config =
    "study = { name = \"empty\"; seeds = [0]; copies = 1; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 32; test_size = 16; };\n"
    "ticket = { model = { plugin = \"convnet\"; depth = 2; width = 4; norm = \"%s\"; };\n"
    "           phases = ( { pruner = { plugin = \"random\"; rate = 0.5; }; data = \"real\"; },\n"
    "                      { pruner = { plugin = \"magnitude\"; sparsity = 1.0;\n"
    "                                   exclude = [\"classifier\"]; }; data = \"real\"; } ); };\n"
    "train = { recipe = \"sgd\"; duration = \"1ep\"; };\n";

/* Runs it and gives what was said; the caller's. */
static char *run(bench *b, const char *norm)
{
    char text[2048], path[BENCH_PATH + 16], *said = NULL;
    size_t size = 0;
    cop_error err = {0};
    FILE *stream = open_memstream(&said, &size);
    (void)snprintf(text, sizeof text, config, norm);
    bench_load(b, text, NULL, 0);
    cop_logger *log = cop_logger_new(stream, COP_LOG_WARNING, false);
    (void)snprintf(path, sizeof path, "%s/out", b->dir);
    assert_ok(cop_store_open(path, &b->store, &err), &err);
    assert_ok(cop_study_new(b->config, NULL, false, log, &b->study, &err), &err);
    assert_ok(cop_study_run(b->study, b->store, NULL, log, &err), &err);
    cop_logger_free(log);
    (void)fclose(stream);
    return said;
}

static void a_collapsed_layer_is_said_with_its_round(void **state)
{
    (void)state;
    bench b;
    char *said = run(&b, "instance");
    static const char *const wanted[] = {
        "prune round 1 [empty, seed 0]: pruner 'magnitude' removed every weight of "
        "'layers.conv.0.weight': the layer has collapsed",
        "'layers.conv.1.weight': the layer has collapsed"};
    for (size_t i = 0; i < 2; i++)
        if (strstr(said, wanted[i]) == NULL)
            fail_msg("nothing said of \"%s\":\n%s", wanted[i], said);
    assert_null(strstr(said, "pruner 'random'"));
    assert_null(strstr(said, "'classifier.weight'"));
    free(said);
    bench_close(&b);
}

static void the_report_counts_collapsed_layers_and_numbers_are_finite(void **state)
{
    (void)state;
    static const char *const norms[] = {"instance", "batch", "none"};
    for (size_t n = 0; n < 3; n++) {
        bench b;
        cop_error err = {0};
        char record[BENCH_PATH + 64], path[BENCH_PATH + 128], *text = NULL;
        free(run(&b, norms[n]));
        (void)snprintf(record, sizeof record, "%s/studies/empty", cop_store_dir(b.store));
        assert_ok(cop_report(cop_store_dir(b.store), record, NULL, NULL, &err), &err);
        (void)snprintf(path, sizeof path, "%s/report/tickets.csv", record);
        assert_ok(cop_file_read(path, 1u << 20, &text, NULL, &err), &err);
        /* Dense, pruned, collapsed: no failure, no control, and how many layers. */
        assert_non_null(strstr(text, "failure,control,collapsed_layers\nempty,0,-1,0,0,"));
        const char *last = strstr(text, "\nempty,0,1,2,");
        assert_non_null(last);
        assert_non_null(strstr(last, ",,,2\n"));
        assert_null(strstr(text, "nan"));
        free(text);
        (void)snprintf(path, sizeof path, "%s/report/trainings.csv", record);
        assert_ok(cop_file_read(path, 1u << 20, &text, NULL, &err), &err);
        last = strstr(text, "\nempty,0,1,2,copy,");
        assert_non_null(last);
        assert_null(strstr(last, ",,")); /* what is not finite is left empty */
        free(text);
        bench_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_collapsed_layer_is_said_with_its_round),
        cmocka_unit_test(the_report_counts_collapsed_layers_and_numbers_are_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
