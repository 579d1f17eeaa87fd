/* Tests of the command line: help, errors, exit status, and every subcommand that runs nothing. */
#include "support.h"

#include "core/file.h"
#include "fake_study.h"
#include "store/formats/safetensors.h"

#include <coppice/host.h>

#include <cjson/cJSON.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a command said. */
typedef struct said {
    int status;
    char *out, *err;
    size_t out_size, err_size;
} said;

/* Runs `coppice` with these words, NULL-terminated. */
static said command(const char *const *words)
{
    said s = {0};
    char *argv[24] = {0};
    int argc = 0;
    argv[argc++] = strdup("coppice");
    for (; words[argc - 1] != NULL; argc++)
        argv[argc] = strdup(words[argc - 1]);
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

/* One line on stderr that begins with the program's name. */
static void assert_one_error(const said *s, const char *part)
{
    assert_int_equal(strncmp(s->err, "coppice: ", 9), 0);
    assert_ptr_equal(strchr(s->err, '\n'), s->err + s->err_size - 1);
    assert_says(s->err, part);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void help_goes_to_stdout(void **state)
{
    (void)state;
    said s = command(WORDS("--help"));
    assert_int_equal(s.status, 0);
    assert_string_equal(s.err, "");
    static const char *const subcommands[] = {"run",    "check", "list",   "inspect", "status",
                                              "report", "eval",  "export", "explain", "bench"};
    for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0]; i++) {
        assert_says(s.out, subcommands[i]);
        said own = command(WORDS(subcommands[i], "--help"));
        char usage[64];
        (void)snprintf(usage, sizeof usage, "usage: coppice %s", subcommands[i]);
        assert_int_equal(own.status, 0);
        assert_int_equal(strncmp(own.out, usage, strlen(usage)), 0);
        assert_says(own.out, "--help");
        clear(&own);
    }
    clear(&s);
    s = command(WORDS("--version"));
    char version[64];
    (void)snprintf(version, sizeof version, "coppice %s\n", cop_version());
    assert_string_equal(s.out, version);
    clear(&s);
}

static void wrong_usage_is_status_two(void **state)
{
    (void)state;
    const struct {
        const char *words[6];
        const char *message;
    } cases[] = {
        {{"rnu"}, "unknown subcommand 'rnu'; did you mean 'run'?"},
        {{"zzzzzz"}, "unknown subcommand 'zzzzzz'; 'coppice --help' lists them"},
        {{"--plugin-dir", "x", "list"},
         "option '--plugin-dir' comes after the subcommand: coppice SUBCOMMAND --plugin-dir DIR"},
        {{"--plugin-dir=x", "list"}, "option '--plugin-dir' comes after the subcommand"},
        {{"--quiet", "run", "a.cfg"}, "coppice SUBCOMMAND --quiet\n"},
        {{"--frobnicate"}, "unknown option '--frobnicate'; a subcommand comes first"},
        {{"--"}, "unknown option '--'"},
        {{"run"}, "run wants CONFIG; see 'coppice run --help'"},
        {{"run", "a.cfg", "b.cfg"}, "unexpected 'b.cfg' after 'coppice run'"},
        {{"run", "a.cfg", "--jbos", "2"}, "did you mean '--jobs'?"},
        {{"run", "a.cfg", "--jobs", "none"}, "option '--jobs' is 'none', wanted a whole number"},
        {{"run", "a.cfg", "--threads", "0"}, "option '--threads' is '0'"},
        {{"check", "a.cfg", "--threads", "x"}, "option '--threads' is 'x'"},
        {{"check", "a.cfg", "--jobs", "1"}, "unknown option '--jobs'"},
        {{"report"}, "report wants DIR"},
        {{"list", "prunners"}, "unknown kind 'prunners'; did you mean 'pruners'?"},
        {{"list", "trees"}, "unknown kind 'trees', wanted models, datasets"},
        {{"inspect"}, "inspect wants PLUGIN"},
        {{"inspect", "impp"}, "unknown plugin \"impp\"; did you mean \"imp\"?"},
        {{"help", "rnu"}, "unknown subcommand 'rnu'; did you mean 'run'?"},
        {{"eval", "a.cfg"}, "eval wants --weights FILE"},
        {{"export"}, "export wants DIR"},
        {{"explain"}, "explain wants CONFIG"},
        {{"explain", "a.cfg", "--program", "tran"}, "is 'tran'; did you mean 'train'?"},
        {{"explain", "a.cfg", "--program", "x\n"}, "is 'x\\n', wanted train, eval or hessian"},
        {{"explain", "a.cfg", "--runs", "5"}, "option '--runs' goes with --profile"},
        {{"explain", "a.cfg", "--profile", "--runs", "0"}, "option '--runs' is '0'"},
        {{"explain", "a.cfg", "--threads", "some"}, "option '--threads' is 'some'"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        said s = command(cases[i].words);
        assert_int_equal(s.status, 2);
        assert_string_equal(s.out, "");
        assert_one_error(&s, cases[i].message);
        clear(&s);
    }
    said s = command((const char *const[]){NULL});
    assert_int_equal(s.status, 2);
    assert_string_equal(s.out, "");
    assert_says(s.err, "usage: coppice SUBCOMMAND");
    clear(&s);
}

static void messages_say_file_and_line(void **state)
{
    (void)state;
    char dir[256], config[300], start[400];
    cop_error err = {0};
    make_temp_dir(dir, sizeof dir);
    (void)snprintf(config, sizeof config, "%s/broken.cfg", dir);
    static const char text[] =
        "study = { name = \"x\"; };\n\ndataset = { plugin = \"shapess\"; };\n";
    assert_ok(cop_file_write(config, text, strlen(text), &err), &err);
    said s = command(WORDS("check", config));
    assert_int_equal(s.status, 2);
    (void)snprintf(start, sizeof start, "coppice: %s:3: ", config);
    assert_one_error(&s, start);
    assert_says(s.err, "shapes");
    clear(&s);
    s = command(WORDS("run", config, "--out", dir));
    assert_int_equal(s.status, 2);
    clear(&s);
    remove_tree(dir);
}

static void results_go_to_no_file(void **state)
{
    (void)state;
    static const char config[] = COPPICE_TEST_SOURCE_DIR "/configs/quickstart.cfg";
    static const char *const subcommands[] = {"check", "run"};
    for (size_t i = 0; i < 2; i++) {
        said s = command(WORDS(subcommands[i], config, "--quiet", "--out", "/dev/null"));
        assert_int_equal(s.status, 2);
        assert_string_equal(s.out, "");
        assert_one_error(&s, "/dev/null: results cannot go here: not a directory");
        clear(&s);
    }
}

static void plugins_are_listed_and_inspected(void **state)
{
    (void)state;
    said s = command(WORDS("list", "pruners"));
    assert_int_equal(s.status, 0);
    assert_says(s.out, "imp");
    assert_null(strstr(s.out, "datasets"));
    clear(&s);
    s = command(WORDS("list", "--json"));
    assert_int_equal(s.status, 0);
    assert_says(s.out, "\"plugins\"");
    clear(&s);
    s = command(WORDS("inspect", "pruner:random"));
    assert_int_equal(s.status, 0);
    assert_says(s.out, "rate");
    clear(&s);
    s = command(WORDS("inspect", "resnet_ap"));
    assert_int_equal(s.status, 0);
    assert_says(s.out, "\n  defaults   Kim et al.'s code for ImageNet");
    assert_says(s.out, "\n  departures layer and group norm are added; spectral norm and ");
    assert_says(s.out, "\n             "); /* broken into lines */
    clear(&s);
    s = command(WORDS("inspect", "resnet_ap", "--json"));
    cJSON *object = cJSON_Parse(s.out);
    assert_non_null(
        strstr(cJSON_GetStringValue(cJSON_GetObjectItem(object, "departures")), "spectral norm"));
    cJSON_Delete(object);
    clear(&s);
    s = command(WORDS("inspect", "random")); /* a pruner and a distiller */
    assert_int_equal(s.status, 2);
    clear(&s);
    s = command(WORDS("inspect", "config"));
    assert_int_equal(s.status, 0);
    assert_says(s.out, "copies");
    clear(&s);
    s = command(WORDS("inspect", "config", "--json"));
    assert_int_equal(s.status, 0);
    cJSON *root = cJSON_Parse(s.out);
    assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(root, "groups")) > 5);
    cJSON_Delete(root);
    clear(&s);
}

static void recipes_and_augmentations_are_named(void **state)
{
    (void)state;
    said s = command(WORDS("list", "recipes"));
    assert_int_equal(s.status, 0);
    assert_says(s.out, "  sgd ");
    clear(&s);
    s = command(WORDS("list", "augmentations", "--json"));
    assert_int_equal(s.status, 0);
    assert_says(s.out, "\"cutout\"");
    clear(&s);
    s = command(WORDS("inspect", "sgd"));
    assert_int_equal(s.status, 0);
    assert_says(s.out, "recipe sgd\n");
    assert_says(s.out, "  augment            \"padcrop_flip\"\n");
    clear(&s);
    /* A plugin comes before a recipe of its name. */
    s = command(WORDS("inspect", "idc"));
    assert_int_equal(s.status, 0);
    assert_says(s.out, "distiller idc\n");
    assert_says(s.out, "\"idc\" is a recipe too: coppice inspect recipe:idc\n");
    clear(&s);
    s = command(WORDS("inspect", "recipe:idc"));
    assert_int_equal(s.status, 0);
    assert_says(s.out, "recipe idc\n");
    clear(&s);
    s = command(WORDS("inspect", "recipe:sgd", "--json"));
    assert_int_equal(s.status, 0);
    cJSON *root = cJSON_Parse(s.out);
    assert_true(cJSON_GetObjectItem(root, "momentum")->valuedouble == 0.9);
    assert_true(cJSON_IsArray(cJSON_GetObjectItem(root, "milestones")));
    cJSON_Delete(root);
    clear(&s);
}

static void help_and_version_are_words_too(void **state)
{
    (void)state;
    said option = command(WORDS("--help")), word = command(WORDS("help"));
    assert_int_equal(word.status, 0);
    assert_string_equal(word.out, option.out);
    clear(&option);
    clear(&word);
    option = command(WORDS("run", "--help"));
    word = command(WORDS("help", "run"));
    assert_int_equal(word.status, 0);
    assert_string_equal(word.out, option.out);
    clear(&option);
    clear(&word);
    option = command(WORDS("--version"));
    word = command(WORDS("version"));
    assert_int_equal(word.status, 0);
    assert_string_equal(word.out, option.out);
    clear(&option);
    clear(&word);
}

static fake_study make_study(void)
{
    fake_study f = {.seconds = 1.0};
    make_temp_dir(f.dir, sizeof f.dir);
    fake_study_make(&f);
    return f;
}

static void report_prints_the_tickets(void **state)
{
    (void)state;
    fake_study f = make_study();
    said s = command(WORDS("report", f.dir));
    assert_int_equal(s.status, 0);
    assert_says(s.out, "44.53 ± 0.90");
    assert_says(s.out, "/report/index.html\n");
    clear(&s);
    char path[512];
    (void)fake_study_path(&f, fake_study_id("mask", 0, 3, 1), "summary.json", path, sizeof path);
    assert_int_equal(truncate(path, 3), 0);
    s = command(WORDS("report", f.dir, "--quiet"));
    assert_int_equal(s.status, 1);
    assert_one_error(&s, "lacks a damaged artifact: is damaged: 3 bytes, recorded ");
    clear(&s);
    remove_tree(f.dir);
}

static void export_lists_without_selectors(void **state)
{
    (void)state;
    fake_study f = make_study();
    said s = command(WORDS("export", f.dir));
    assert_int_equal(s.status, 0);
    assert_says(s.out, "seed 5  round 1   sparsity 50.00 %  copies there: 2 of 2");
    assert_says(s.out, "distilled sets");
    clear(&s);
    remove_tree(f.dir);
}

static void export_writes_a_masked_state_dict(void **state)
{
    (void)state;
    fake_study f = make_study();
    char file[300];
    (void)snprintf(file, sizeof file, "%s/ticket.safetensors", f.dir);
    said s =
        command(WORDS("export", f.dir, "--cell", "B", "--seed", "5", "--copy", "1", "--to", file));
    assert_int_equal(s.status, 0);
    assert_says(s.out, "B, seed 5, round 1, copy 1");
    cop_tensors *tensors = NULL;
    cop_metadata *notes = NULL;
    size_t count = 0;
    cop_error err = {0};
    assert_ok(cop_safetensors_read(file, &tensors, &notes, &count, &err), &err);
    const float wanted[] = {0, 2, 0, 4, 0, 6, 0, 8};
    assert_int_equal(cop_tensors_count(tensors), 1);
    assert_memory_equal(cop_tensors_find(tensors, "fc.weight")->data, wanted, sizeof wanted);
    assert_string_equal(cop_metadata_find(notes, count, "sparsity"), "0.5");
    free(notes);
    cop_tensors_free(tensors);
    clear(&s);
    remove_tree(f.dir);
}

static void export_writes_the_distilled_set(void **state)
{
    (void)state;
    fake_study f = make_study();
    char file[300], picture[300];
    (void)snprintf(file, sizeof file, "%s/set.safetensors", f.dir);
    (void)snprintf(picture, sizeof picture, "%s/distilled.png", f.dir);
    said s =
        command(WORDS("export", f.dir, "--synthetic", "--seed", "3", "--to", file, "--png", f.dir));
    assert_string_equal(s.err, "");
    assert_int_equal(s.status, 0);
    cop_tensors *tensors = NULL;
    cop_error err = {0};
    assert_ok(cop_safetensors_read(file, &tensors, NULL, NULL, &err), &err);
    assert_true(
        cop_shape_equal(cop_tensors_find(tensors, "pixels")->shape, cop_shape4(6, 1, 4, 6)));
    cop_tensors_free(tensors);
    assert_int_equal(access(picture, F_OK), 0);
    clear(&s);
    remove_tree(f.dir);
}

/* Exports a ticket of the fake study to `to`. */
static said export_to(const fake_study *f, const char *to)
{
    return command(WORDS("export", f->dir, "--cell", "B", "--seed", "5", "--to", to));
}

static void export_refuses_names_of_other_formats(void **state)
{
    (void)state;
    static const char *const names[] = {"x.pt", "x.npz", "a/b.PTH", "x.onnx", "x.h5"};
    fake_study f = make_study();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        said s = export_to(&f, names[i]);
        assert_int_equal(s.status, 2);
        assert_one_error(&s, "end it in .safetensors");
        clear(&s);
    }
    remove_tree(f.dir);
}

/* A link, a pipe or a device that the user names is written to, and stays what it is. */
static void export_writes_into_what_is_named(void **state)
{
    (void)state;
    fake_study f = make_study();
    char file[300], plain[300], linked[300], pipe[300];
    struct stat info, device;
    (void)snprintf(plain, sizeof plain, "%s/plain", f.dir);
    (void)snprintf(file, sizeof file, "%s/target", f.dir);
    (void)snprintf(linked, sizeof linked, "%s/link", f.dir);
    (void)snprintf(pipe, sizeof pipe, "%s/pipe", f.dir);
    said s = export_to(&f, plain);
    assert_int_equal(s.status, 0);
    clear(&s);
    assert_int_equal(stat(plain, &info), 0);
    off_t size = info.st_size;
    assert_int_equal(symlink("target", linked), 0);
    for (int there = 0; there <= 1; there++) { /* dangling at first */
        s = export_to(&f, linked);
        assert_int_equal(s.status, 0);
        clear(&s);
        assert_true(lstat(linked, &info) == 0 && S_ISLNK(info.st_mode));
        assert_true(lstat(file, &info) == 0 && S_ISREG(info.st_mode) && info.st_size == size);
    }
    /* Opened for both, so that nobody waits; the pipe has room for so much. */
    assert_int_equal(mkfifo(pipe, 0600), 0);
    int end = open(pipe, O_RDWR | O_CLOEXEC);
    assert_true(end >= 0);
    s = export_to(&f, pipe);
    assert_int_equal(s.status, 0);
    assert_string_equal(s.out, "");
    clear(&s);
    char bytes[4096];
    assert_int_equal(read(end, bytes, sizeof bytes), size);
    (void)close(end);
    assert_true(lstat(pipe, &info) == 0 && S_ISFIFO(info.st_mode));
    assert_int_equal(lstat("/dev/null", &device), 0);
    s = export_to(&f, "/dev/null");
    assert_int_equal(s.status, 0);
    clear(&s);
    assert_int_equal(lstat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode) && info.st_ino == device.st_ino);
    remove_tree(f.dir);
}

/* Links to links, of which the last leads to nothing yet. */
static void export_follows_a_row_of_links_to_its_end(void **state)
{
    (void)state;
    static const char *const links[][2] = {
        {"b", "a"}, {"sub/c", "b"}, {"d", "sub/c"}, {"round", "round"}};
    fake_study f = make_study();
    char path[300];
    struct stat info;
    (void)snprintf(path, sizeof path, "%s/sub", f.dir);
    assert_int_equal(mkdir(path, 0777), 0);
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", f.dir, links[i][1]);
        assert_int_equal(symlink(links[i][0], path), 0);
    }
    (void)snprintf(path, sizeof path, "%s/a", f.dir);
    said s = export_to(&f, path);
    assert_int_equal(s.status, 0);
    clear(&s);
    (void)snprintf(path, sizeof path, "%s/sub/d", f.dir);
    assert_true(lstat(path, &info) == 0 && S_ISREG(info.st_mode));
    (void)snprintf(path, sizeof path, "%s/round", f.dir);
    s = export_to(&f, path);
    assert_int_equal(s.status, 1);
    clear(&s);
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", f.dir, links[i][1]);
        assert_true(lstat(path, &info) == 0 && S_ISLNK(info.st_mode));
    }
    remove_tree(f.dir);
}

static void a_record_that_is_a_pipe_is_refused(void **state)
{
    (void)state;
    fake_study f = make_study();
    char path[300];
    (void)snprintf(path, sizeof path, "%s/" FAKE_RECORD "/study.json", f.dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    said s = command(WORDS("report", f.dir));
    assert_int_equal(s.status, 1);
    assert_one_error(&s, "it is not a regular file");
    clear(&s);
    remove_tree(f.dir);
}

static void a_directory_of_the_version_before_is_refused_with_what_to_do(void **state)
{
    (void)state;
    static const char *const commands[] = {"report", "export"};
    char dir[256], path[300];
    cop_error err = {0};
    static const char record[] =
        "{\"name\": \"t\", \"seeds\": [0], \"cells\": [], \"tickets\": []}";
    make_temp_dir(dir, sizeof dir);
    (void)snprintf(path, sizeof path, "%s/study.json", dir);
    assert_ok(cop_file_write(path, record, strlen(record), &err), &err);
    for (size_t i = 0; i < 2; i++) {
        said s = command(WORDS(commands[i], dir));
        assert_int_equal(s.status, 1);
        assert_one_error(&s, "was written by an earlier version of Coppice: run its config on this "
                             "directory again (coppice run CONFIG --out DIR)");
        clear(&s);
    }
    remove_tree(dir);
}

static void export_never_guesses(void **state)
{
    (void)state;
    fake_study f = make_study();
    const struct {
        const char *words[8];
        const char *message;
    } cases[] = {{{"--to", "x"}, "the study has several seeds"},
                 {{"--seed", "3", "--to", "x"}, "the study has several cells"},
                 {{"--cell", "B", "--to", "x"}, "the study has several seeds"},
                 {{"--cell", "C", "--seed", "3", "--to", "x"}, "no ticket of that cell"},
                 {{"--cell", "B", "--seed", "3", "--round", "2", "--to", "x"}, "no ticket"},
                 {{"--cell", "B", "--seed", "3", "--copy", "2", "--to", "x"}, "2 trained copies"},
                 {{"--cell", "B", "--seed", "3"}, "export wants --to FILE"},
                 {{"--seed", "x"}, "option '--seed' is 'x'"},
                 {{"--synthetic"}, "wants --to FILE or --png DIR"},
                 {{"--synthetic", "--to", "x"}, "several seeds"},
                 {{"--synthetic", "--cell", "B", "--to", "x"}, "no distilled set"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *words[12] = {"export", f.dir};
        for (size_t k = 0; k < 8 && cases[i].words[k] != NULL; k++)
            words[2 + k] = cases[i].words[k];
        said s = command(words);
        assert_int_equal(s.status, 2);
        assert_one_error(&s, cases[i].message);
        clear(&s);
    }
    assert_int_not_equal(access("x", F_OK), 0);
    remove_tree(f.dir);
}

static void a_full_disk_under_stdout_is_a_failure(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    if (full == NULL)
        skip();
    char *argv[] = {strdup("coppice"), strdup("--version")}, *text = NULL;
    size_t size = 0;
    FILE *err = open_memstream(&text, &size);
    assert_int_equal(cop_command(2, argv, full, err), 1);
    (void)fclose(err);
    (void)fclose(full);
    assert_says(text, "coppice: cannot write the results: No space left on device");
    free(text);
    free(argv[0]);
    free(argv[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_goes_to_stdout),
        cmocka_unit_test(wrong_usage_is_status_two),
        cmocka_unit_test(messages_say_file_and_line),
        cmocka_unit_test(results_go_to_no_file),
        cmocka_unit_test(plugins_are_listed_and_inspected),
        cmocka_unit_test(report_prints_the_tickets),
        cmocka_unit_test(export_lists_without_selectors),
        cmocka_unit_test(export_writes_a_masked_state_dict),
        cmocka_unit_test(export_writes_the_distilled_set),
        cmocka_unit_test(export_follows_a_row_of_links_to_its_end),
        cmocka_unit_test(a_record_that_is_a_pipe_is_refused),
        cmocka_unit_test(a_directory_of_the_version_before_is_refused_with_what_to_do),
        cmocka_unit_test(export_never_guesses),
        cmocka_unit_test(export_refuses_names_of_other_formats),
        cmocka_unit_test(export_writes_into_what_is_named),
        cmocka_unit_test(recipes_and_augmentations_are_named),
        cmocka_unit_test(help_and_version_are_words_too),
        cmocka_unit_test(a_full_disk_under_stdout_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
