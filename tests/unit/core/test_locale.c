/* test_locale.c: numbers have points in a process whose locale has commas, whoever set it. */
#include "core/table.h"
#include "nn/synthetic.h"
#include "support.h"

#include "config/config.h"
#include "core/file.h"
#include "core/log.h"
#include "core/text.h"
#include "report/figures/figure.h"
#include "report/renderers/csv.h"
#include "store/artifact.h"
#include "store/formats/summary_json.h"
#include "store/formats/synthetic_file.h"
#include "store/formats/tables_json.h"
#include "train/recipe_text.h"

#include <coppice/host.h>

#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FIXTURES COPPICE_TEST_BUILD_DIR "/tests/fixtures/plugins"
#define LOCALE   "xx_XX"

static char dir[PATH_MAX];

/* A locale with a decimal comma, as glibc reads it: what localedef would make of a definition of
 * LC_NUMERIC alone. (Machines often have no other locale than C.) */
static void write_comma_locale(void)
{
    enum { MAGIC = 0x20031114, FIELDS = 6, HEAD = 4 * (2 + FIELDS) };
    static const char values[] = ",\0.\0\3\3\0\0,\0\0\0.\0\0\0ANSI_X3.4-1968";
    const uint32_t head[2 + FIELDS] = {MAGIC,    FIELDS,   HEAD,      HEAD + 2,
                                       HEAD + 4, HEAD + 8, HEAD + 12, HEAD + 16};
    char path[PATH_MAX + 64];
    (void)snprintf(path, sizeof path, "%s/" LOCALE, dir);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/" LOCALE "/LC_NUMERIC", dir);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(head, sizeof head, 1, file), 1);
    assert_int_equal(fwrite(values, sizeof values, 1, file), 1);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(setenv("LOCPATH", dir, 1), 0);
}

static int make_dir(void **state)
{
    (void)state;
    make_temp_dir(dir, sizeof dir);
    write_comma_locale();
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    remove_tree(dir);
    return 0;
}

static int use_commas(void **state)
{
    (void)state;
    return setlocale(LC_NUMERIC, LOCALE) != NULL ? 0 : -1;
}

static int use_points(void **state)
{
    (void)state;
    return setlocale(LC_NUMERIC, "C") != NULL ? 0 : -1;
}

static void assert_commas(void)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%g", 0.5);
    assert_string_equal(text, "0,5");
}

static char *read_file(const char *file)
{
    char path[PATH_MAX + 64], *text = NULL;
    cop_error err = {0};
    (void)snprintf(path, sizeof path, "%s/%s", dir, file);
    assert_ok(cop_file_read(path, 1u << 24, &text, NULL, &err), &err);
    return text;
}

static void reads_and_records_options(void **state)
{
    (void)state;
    static const char text[] =
        "dataset = { plugin = \"floatdata\"; pixel = 0.25; };\n"
        "ticket = { model = { plugin = \"toymodel\"; }; };\n"
        "train = { recipe = \"sgd\"; lr = 1.5e-3; milestones = (0.5); };\n"
        "analyze = ( { plugin = \"toyanalyzer\"; floats = [0.1, 0.25]; } );\n";
    static const char *const parts[] = {"pixel = 0.25;", "lr = 0.0015;", "milestones = (0.5);",
                                        "momentum = 0.75;", "floats = (0.1, 0.25);"};
    char path[PATH_MAX + 32];
    const char *dirs[] = {FIXTURES}, *override = "train.momentum=0.75";
    cop_registry *registry = NULL;
    cop_config *c = NULL;
    cop_error err = {0};
    assert_commas();
    (void)snprintf(path, sizeof path, "%s/t.cfg", dir);
    assert_ok(cop_file_write(path, text, strlen(text), &err), &err);
    assert_ok(cop_registry_search(dirs, 1, NULL, &registry, &err), &err);
    assert_ok(cop_config_load(path, &override, 1, registry, NULL, &c, &err), &err);
    assert_true(c->cells[0].train.lr == 1.5e-3);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strstr(c->effective, parts[i]) == NULL)
            fail_msg("\"%s\" is not in:\n%s", parts[i], c->effective);
    cop_config_free(c);
    override = "train.momentum=-0.5";
    assert_refused(cop_config_load(path, &override, 1, registry, NULL, &c, &err), COP_INVALID, &err,
                   "is -0.5; wanted 0 to 1");
    cop_registry_free(registry);
    assert_commas();
}

static void writes_and_reads_recipes(void **state)
{
    (void)state;
    char text[768], again[768];
    cop_recipe recipe, back;
    cop_error err = {0};
    recipe = *cop_recipe_named("idc", &err);
    (void)cop_recipe_text(&recipe, text, sizeof text);
    assert_null(strchr(text, ','));
    assert_true(cop_recipe_from_text(text, &back));
    assert_true(back.lr == 0.01 && back.cutmix == 0.5);
    assert_true(back.milestones.at[0].value == 2.0 / 3.0);
    assert_string_equal(cop_recipe_text(&back, again, sizeof again), text);
}

static void writes_and_reads_tables(void **state)
{
    (void)state;
    static const cop_column columns[] = {COP_COLUMN(FLOAT, "x", NULL, NULL)};
    static const double values[] = {1.1e-05, 0.5, 1234567.25, INFINITY};
    char path[PATH_MAX + 32];
    cop_error err = {0};
    cop_tables *tables = cop_tables_new(), *back = NULL;
    cop_table *table = cop_tables_put(tables, "t", NULL, columns, 1, NULL, &err);
    assert_non_null(table);
    for (size_t i = 0; i < 4; i++)
        assert_ok(cop_table_row(table, &(cop_table_value){.f = values[i]}, &err), &err);
    (void)snprintf(path, sizeof path, "%s/tables.json", dir);
    assert_ok(cop_tables_write(tables, path, &err), &err);
    assert_ok(cop_tables_read(path, &back, &err), &err);
    for (size_t i = 0; i < 4; i++)
        assert_true(cop_table_at(cop_tables_at(back, 0), i, 0).f == values[i]);
    cop_text csv = {0};
    assert_true(cop_csv_table(&csv, cop_tables_at(back, 0)));
    assert_string_equal(csv.data, "x\n1.1e-05\n0.5\n1234567.25\ninf\n");
    cop_text_free(&csv);
    cop_tables_free(tables);
    cop_tables_free(back);
}

static void writes_summaries_and_sets(void **state)
{
    (void)state;
    static const cop_summary summary = {.prunable = 8.0, .kept = 7.0, .sparsity = 0.125};
    char path[PATH_MAX + 32];
    cop_error err = {0};
    (void)snprintf(path, sizeof path, "%s/summary.json", dir);
    assert_ok(cop_summary_write(&summary, "mask", path, &err), &err);
    char *text = read_file("summary.json");
    assert_string_equal(text, "{\n  \"prunable\": 8,\n  \"kept\": 7,\n  \"sparsity\": 0.125,\n"
                              "  \"collapsed_layers\": 0\n}\n");
    free(text);

    cop_synthetic s = {.task = {1, 1, 2, 2}, .factor = 1}, back;
    s.normalization.mean[0] = 0.4914f;
    s.normalization.std[0] = 0.25f;
    assert_ok(cop_synthetic_set_recipe(&s, cop_recipe_named("idc", &err), &err), &err);
    assert_ok(cop_synthetic_allocate(&s, 1, &err), &err);
    s.labels[0] = 1.0f;
    (void)snprintf(path, sizeof path, "%s/set.safetensors", dir);
    assert_ok(cop_synthetic_write(&s, path, &err), &err);
    assert_ok(cop_synthetic_read(path, &back, &err), &err);
    assert_true(back.normalization.mean[0] == 0.4914f && back.normalization.std[0] == 0.25f);
    cop_synthetic_clear(&s);
    cop_synthetic_clear(&back);
}

static void says_numbers_with_points(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_fail(&err, COP_FAILED, "loss %g", 0.5);
    assert_string_equal(err.message, "loss 0.5");
    (void)cop_fail_within(&err, "at %.2f", 1.25);
    assert_string_equal(err.message, "at 1.25: loss 0.5");
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    cop_logger *log = cop_logger_new(stream, COP_LOG_INFO, false);
    cop_say(log, COP_LOG_INFO, "lr %g", 0.1);
    cop_progress(log, "train", 1, 1, "loss %.1f", 2.5);
    cop_logger_free(log);
    assert_int_equal(fclose(stream), 0);
    assert_non_null(strstr(text, "lr 0.1\n"));
    assert_non_null(strstr(text, "loss 2.5\n"));
    free(text);
}

static void draws_with_points(void **state)
{
    (void)state;
    static const char script[] = "#!/bin/sh\n"
                                 "echo \"$LC_ALL\" > said\n"
                                 "printf '<?xml version and so on'\n";
    char path[PATH_MAX + 32], *before = strdup(getenv("PATH"));
    cop_error err = {0};
    (void)snprintf(path, sizeof path, "%s/gnuplot", dir);
    assert_ok(cop_file_write(path, script, strlen(script), &err), &err);
    assert_int_equal(chmod(path, 0700), 0);
    assert_int_equal(setenv("PATH", dir, 1), 0);
    assert_int_equal(setenv("LC_ALL", LOCALE, 1), 0);
    cop_status status = cop_gnuplot(dir, "figure", COP_PICTURE_SVG, &err);
    assert_int_equal(setenv("PATH", before, 1), 0);
    assert_int_equal(unsetenv("LC_ALL"), 0);
    free(before);
    assert_ok(status, &err);
    char *said = read_file("said");
    assert_string_equal(said, "C\n");
    free(said);
}

/* Runs a tiny study by the command, in this process; gives the report's table. */
static char *run(const char *out, const char *dataset)
{
    char config[PATH_MAX + 32], text[2048], to[PATH_MAX + 64], file[256];
    cop_error err = {0};
    (void)snprintf(text, sizeof text,
                   "study = { name = \"t\"; threads = 1; };\n"
                   "dataset = { plugin = \"floatdata\"; size = 16; %s };\n"
                   "ticket = { model = { plugin = \"convnet\"; depth = 1; width = 4; }; };\n"
                   "train = { recipe = \"sgd\"; duration = \"2ep\"; batch = 5; lr = 0.03; };\n"
                   "analyze = ( { plugin = \"lmc\"; alphas = 3; } );\n",
                   dataset);
    (void)snprintf(config, sizeof config, "%s/run.cfg", dir);
    (void)snprintf(to, sizeof to, "%s/%s", dir, out);
    assert_ok(cop_file_write(config, text, strlen(text), &err), &err);
    char *words[] = {
        strdup("coppice"), strdup("run"),     config, strdup("--out"), to, strdup("--plugin-dir"),
        strdup(FIXTURES),  strdup("--quiet"), NULL};
    FILE *said = tmpfile();
    assert_int_equal(cop_command(8, words, said, said), 0);
    assert_int_equal(fclose(said), 0);
    static const int made[] = {0, 1, 3, 5, 6, 7};
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        free(words[made[i]]);
    (void)snprintf(file, sizeof file, "%s/studies/t/report/tickets.csv", out);
    return read_file(file);
}

/* The table of barriers is the same in a process with points, in one with commas, and where a
 * plugin asks for commas on the way. */
static void reports_the_same_barriers(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_NUMERIC, "C"));
    char *points = run("points", "");
    char *plugin = run("plugin", "locale = \"" LOCALE "\";");
    assert_commas();
    char *commas = run("commas", "");
    assert_string_equal(plugin, points);
    assert_string_equal(commas, points);
    assert_non_null(strchr(points, '.'));
    free(points);
    free(plugin);
    free(commas);
}

int main(void)
{
#define IN_COMMAS(test) cmocka_unit_test_setup_teardown(test, use_commas, use_points)
    const struct CMUnitTest tests[] = {
        IN_COMMAS(reads_and_records_options), IN_COMMAS(writes_and_reads_recipes),
        IN_COMMAS(writes_and_reads_tables),   IN_COMMAS(writes_summaries_and_sets),
        IN_COMMAS(says_numbers_with_points),  IN_COMMAS(draws_with_points),
        IN_COMMAS(reports_the_same_barriers),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
