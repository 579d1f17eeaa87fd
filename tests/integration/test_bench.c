/* Tests of `coppice bench`: what is said about cases, the lines that it prints, and that the cases
 * which come with the program are sound. No time is asserted. */
#include "support.h"

#include "bench/bench.h"
#include "cli/cases.h"
#include "core/file.h"

#include <coppice/host.h>

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

#define DATA "dataset = { plugin = \"shapes\"; train_size = 40; test_size = 10; };\n"
#define TICKET                                                                                     \
    "ticket = { model = { plugin = \"convnet\"; depth = 1; width = 4; norm = \"batch\"; }; };\n"
#define TRAIN  "train = { recipe = \"sgd\"; batch = 8; };\n"
#define COMMON DATA TICKET TRAIN

typedef struct said {
    int status;
    char *out, *err;
    size_t out_size, err_size;
} said;

static said bench(const char *const *words)
{
    said s = {0};
    char *argv[24] = {0};
    int argc = 0;
    argv[argc++] = strdup("coppice");
    argv[argc++] = strdup("bench");
    for (; words[argc - 2] != NULL; argc++)
        argv[argc] = strdup(words[argc - 2]);
    FILE *out = open_memstream(&s.out, &s.out_size), *err = open_memstream(&s.err, &s.err_size);
    s.status = cop_command(argc, argv, out, err);
    (void)fclose(out);
    (void)fclose(err);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    return s;
}

static void clear(said *s)
{
    free(s->out);
    free(s->err);
}

static void assert_says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", text, part);
}

static void write_case(const char *dir, const char *name, const char *text)
{
    char path[400];
    cop_error err = {0};
    (void)snprintf(path, sizeof path, "%s/%s.cfg", dir, name);
    assert_ok(cop_file_write(path, text, strlen(text), &err), &err);
}

static double number(const cJSON *line, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(line, name);
    if (!cJSON_IsNumber(item))
        fail_msg("\"%s\" is no number", name);
    return item->valuedouble;
}

static void check_line(const char *text, const char *name, bool has_floor, int64_t samples)
{
    cJSON *line = cJSON_Parse(text);
    assert_non_null(line);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(line, "name")), name);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(line, "precision")),
                        "f32");
    assert_true(number(line, "threads") == 1.0);
    assert_true(number(line, "samples") == (double)samples);
    assert_true(number(line, "min_s") > 0.0);
    assert_true(number(line, "median_s") >= number(line, "min_s"));
    assert_true(number(line, "compile_s") >= 0.0);
    assert_true(number(line, "peak_mib") > 1.0);
    const cJSON *floor = cJSON_GetObjectItemCaseSensitive(line, "floor_share");
    assert_non_null(floor);
    assert_true(has_floor ? cJSON_IsNumber(floor) && floor->valuedouble > 0.0
                          : cJSON_IsNull(floor));
    assert_non_null(cJSON_GetObjectItemCaseSensitive(line, "gflops"));
    cJSON_Delete(line);
}

static void every_kind_prints_its_line(void **state)
{
    (void)state;
    const struct {
        const char *name, *text;
        bool has_floor;
    } cases[] = {
        {"train", "bench = { kind = \"train\"; };\n" COMMON, true},
        {"evaluate", "bench = { kind = \"evaluate\"; batch = 8; };\n" COMMON, true},
        {"product", "bench = { kind = \"hessian\"; batch = 8; };\n" COMMON, true},
        {"frozen", "bench = { kind = \"hessian\"; batch = 8; mode = \"eval\"; };\n" COMMON, true},
        {"match",
         "bench = { kind = \"distil\"; parts = 10; };\n"
         "distill = { plugin = \"idc\"; ipc = 1; start = \"noise\"; inner = 2; iterations = 1;\n"
         "  net_images = 0; model = { plugin = \"convnet\"; depth = 1; width = 4; }; };\n" COMMON,
         false},
    };
    char dir[256];
    make_temp_dir(dir, sizeof dir);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_case(dir, cases[i].name, cases[i].text);
        said s = bench(WORDS(cases[i].name, "--dir", dir, "--json", "--quiet", "--threads", "1",
                             "--repeat", "4"));
        assert_string_equal(s.err, "");
        assert_int_equal(s.status, 0);
        check_line(s.out, cases[i].name, cases[i].has_floor, 4);
        clear(&s);
    }
    remove_tree(dir);
}

static void samples_end_with_the_time_once_there_are_three(void **state)
{
    (void)state;
    char dir[256];
    make_temp_dir(dir, sizeof dir);
    write_case(dir, "short", "bench = { kind = \"train\"; seconds = 0; };\n" COMMON);
    said s = bench(WORDS("short", "--dir", dir, "--json", "--quiet", "--threads", "1"));
    assert_int_equal(s.status, 0);
    check_line(s.out, "short", true, 3);
    clear(&s);
    remove_tree(dir);
}

/* By the real command, since each case is a process that it starts. */
static void several_cases_are_processes_in_order(void **state)
{
    (void)state;
    char dir[256], command[600], line[1024];
    make_temp_dir(dir, sizeof dir);
    write_case(dir, "b", "bench = { kind = \"train\"; };\n" COMMON);
    write_case(dir, "a", "bench = { kind = \"evaluate\"; batch = 8; };\n" COMMON);
    static const char *const formats[] = {"--json", ""};
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(command, sizeof command,
                       "%s/coppice bench --dir '%s' --quiet --threads 1 --repeat 2 %s",
                       COPPICE_TEST_BUILD_DIR, dir, formats[i]);
        FILE *stream = popen(command, "r");
        assert_non_null(stream);
        if (i == 1) {
            assert_non_null(fgets(line, sizeof line, stream));
            assert_int_equal(strncmp(line, "case ", 5), 0);
        }
        for (const char *name = "a"; *name <= 'b'; name = *name == 'a' ? "b" : "c") {
            assert_non_null(fgets(line, sizeof line, stream));
            if (i == 0)
                check_line(line, name, true, 2);
            else
                assert_int_equal(line[0], name[0]);
        }
        assert_null(fgets(line, sizeof line, stream));
        assert_int_equal(pclose(stream), 0);
    }
    remove_tree(dir);
}

static void what_is_wrong_is_said_before_anything_runs(void **state)
{
    (void)state;
    const struct {
        const char *name, *text, *message;
    } cases[] = {
        {"misspelt", COMMON "bench = {\n  knid = \"train\"; };\n", "misspelt.cfg:5: "},
        {"kind", COMMON "bench = {\n  kind = \"tarin\"; };\n", "kind.cfg:5: "},
        {"none", COMMON "bench = { };\n", "kind"},
        {"batch", COMMON "bench = {\n  kind = \"hessian\";\n  batch = 0; };\n", "batch.cfg:6: "},
        {"study", COMMON, "study.cfg: no benchmark: it lacks bench"},
        {"distil", COMMON "bench = { kind = \"distil\"; };\n", "distil.cfg:4: "},
        {"swept",
         COMMON "bench = { kind = \"train\"; };\n"
                "sweep = ( { path = \"study.copies\"; values = [1, 2]; } );\n",
         "swept.cfg: a benchmark is of one cell, the config sweeps 2"},
        {"uneven",
         "bench = { kind = \"train\"; };\n" DATA TICKET
         "train = { recipe = \"sgd\"; batch = 16; };\n",
         "40 training samples are no whole number of batches of 16"},
        {"few", COMMON "bench = { kind = \"evaluate\"; batch = 41; };\n", "more than 40 samples"},
    };
    char dir[256];
    make_temp_dir(dir, sizeof dir);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[400];
        write_case(dir, cases[i].name, cases[i].text);
        (void)snprintf(path, sizeof path, "%s/%s.cfg", dir, cases[i].name);
        said s = bench(WORDS(path, "--quiet"));
        assert_says(s.err, cases[i].message);
        assert_ptr_equal(strchr(s.err, '\n'), s.err + s.err_size - 1);
        assert_int_equal(s.status, 2);
        assert_string_equal(s.out, "");
        clear(&s);
    }
    remove_tree(dir);
}

static void unknown_names_and_numbers_are_status_two(void **state)
{
    (void)state;
    const struct {
        const char *words[5];
        const char *message;
    } cases[] = {
        {{"train.convnet"}, "unknown case 'train.convnet'; did you mean 'train.convnet3'?"},
        {{"zzzzzzz"}, "unknown case 'zzzzzzz'; the cases are the .cfg files of "},
        {{"train.convnet3", "zzzzzzz"}, "unknown case 'zzzzzzz'"},
        {{"nowhere/x.cfg"}, "nowhere/x.cfg"},
        {{"--dir", "/nowhere"}, "/nowhere: cannot list benchmark cases"},
        {{"train.convnet3", "--repeat", "0"}, "option '--repeat' is '0'"},
        {{"train.convnet3", "--threads", "0"}, "option '--threads' is '0'"},
        {{"train.convnet3", "--threads", "two"}, "option '--threads' is 'two'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        said s = bench(cases[i].words);
        assert_says(s.err, cases[i].message);
        assert_int_equal(s.status, 2);
        assert_string_equal(s.out, "");
        clear(&s);
    }
}

static void the_cases_that_come_along_are_sound(void **state)
{
    (void)state;
    static const char *const names[] = {"eval.convnet3", "hvp.convnet3", "hvp.resnet18",
                                        "idc.inner",     "idc.match",    "train.convnet3",
                                        "train.resnet18"};
    const size_t count = sizeof names / sizeof names[0];
    cop_error err = {0};
    cop_cases cases = {0};
    cop_registry *registry = NULL;
    assert_ok(cop_cases_find(COPPICE_TEST_SOURCE_DIR "/configs/bench", NULL, 0, &cases, &err),
              &err);
    assert_ok(cop_registry_search(NULL, 0, NULL, &registry, &err), &err);
    assert_int_equal(cases.count, count);
    for (size_t i = 0; i < count; i++) {
        cop_config *config = NULL;
        assert_ok(cop_config_load(cases.paths[i], NULL, 0, registry, NULL, &config, &err), &err);
        assert_string_equal(config->name, names[i]);
        assert_ok(cop_bench_check(config, &err), &err);
        cop_config_free(config);
    }
    cop_registry_free(registry);
    cop_cases_clear(&cases);
}

static void a_line_is_read_as_it_was_written(void **state)
{
    (void)state;
    const cop_bench_result written = {.name = "a \"b\"",
                                      .precision = COP_PRECISION_F32,
                                      .threads = 3,
                                      .samples = 7,
                                      .median_s = 0.25,
                                      .min_s = 0.125,
                                      .gflops = NAN,
                                      .peak_mib = 100.5,
                                      .floor_share = 0.75,
                                      .compile_s = 0.5};
    cop_bench_result read;
    cop_error err = {0};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_ok(cop_bench_write(&written, out, &err), &err);
    (void)fclose(out);
    assert_ok(cop_bench_read(text, &read, &err), &err);
    assert_string_equal(read.name, written.name);
    assert_int_equal(read.precision, written.precision);
    assert_int_equal(read.threads, written.threads);
    assert_int_equal(read.samples, written.samples);
    assert_true(read.median_s == written.median_s && read.min_s == written.min_s);
    assert_true(isnan(read.gflops) && read.peak_mib == written.peak_mib);
    assert_true(read.floor_share == written.floor_share && read.compile_s == written.compile_s);
    free(text);
    static const char *const wrong[] = {"", "x", "{}", "{\"name\":\"a\",\"precision\":\"f32\"}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_refused(cop_bench_read(wrong[i], &read, &err), COP_FAILED, &err,
                       "no line of a benchmark");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_cases_are_processes_in_order),
        cmocka_unit_test(every_kind_prints_its_line),
        cmocka_unit_test(samples_end_with_the_time_once_there_are_three),
        cmocka_unit_test(what_is_wrong_is_said_before_anything_runs),
        cmocka_unit_test(unknown_names_and_numbers_are_status_two),
        cmocka_unit_test(the_cases_that_come_along_are_sound),
        cmocka_unit_test(a_line_is_read_as_it_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
