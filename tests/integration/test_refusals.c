/* test_refusals.c: what the real command says where the system refuses memory, or a disk does not
 * read or has no room: just that. A good artifact is not called damaged, nothing is thrown away, and the next run
 * gives what it would have given. */
#include "command.h"

#include "core/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PRELOAD COPPICE_TEST_BUILD_DIR "/tests/refuse.so"

static const char config_text[] =
    "study   = { name = \"t\"; seeds = [0]; copies = 2; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 60; test_size = 40; };\n"
    "ticket  = { model = { plugin = \"convnet\"; depth = 1; width = 4; };\n"
    "            phases = ( { pruner = { plugin = \"imp\"; rate = 0.5; }; rounds = 1; } ); };\n"
    "train   = { recipe = \"sgd\"; duration = \"1ep\"; batch = 32; };\n"
    "analyze = ( { plugin = \"lmc\"; alphas = 3; } );\n";

/* A directory with the config, and under "whole" its finished study. */
typedef struct scene {
    char dir[256], config[300], whole[300], out[300];
} scene;

/* Runs the command with one more line of environment (NULL: none, and nothing put before the C
 * library). */
static int run(const scene *s, const char *refusal, const char *const *words)
{
    char count[400];
    (void)snprintf(count, sizeof count, "REFUSE_COUNT=%s/count.txt", s->dir);
    const char *const environment[] = {"LD_PRELOAD=" PRELOAD, refusal, count, NULL};
    const command_way way = {.environment = refusal != NULL ? environment : NULL};
    int status = wait_for_end(start_program(s->dir, &way, words));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int set_up(void **state)
{
    scene *s = calloc(1, sizeof *s);
    cop_error err = {0};
    assert_non_null(s);
    make_temp_dir(s->dir, sizeof s->dir);
    (void)snprintf(s->config, sizeof s->config, "%s/t.cfg", s->dir);
    (void)snprintf(s->whole, sizeof s->whole, "%s/whole", s->dir);
    (void)snprintf(s->out, sizeof s->out, "%s/results", s->dir);
    assert_ok(cop_file_write(s->config, config_text, strlen(config_text), &err), &err);
    assert_int_equal(run(s, NULL, WORDS("run", s->config, "--out", s->whole)), 0);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    scene *s = *state;
    remove_tree(s->dir);
    free(s);
    return 0;
}

/* Whether the shim is there: builds with sanitizers have none. */
static bool can_refuse(void)
{
    return access(PRELOAD, R_OK) == 0;
}

static void assert_same_tables(const char *one, const char *other)
{
    static const char *const tables[] = {"tickets.csv", "history.csv", "lmc_curve.csv"};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char file[64];
        (void)snprintf(file, sizeof file, "studies/t/report/%s", tables[i]);
        char *left = read_text(one, file), *right = read_text(other, file);
        assert_string_equal(left, right);
        free(left);
        free(right);
    }
}

/* The name of an artifact of that kind in the whole study's store. */
static void find_artifact(const scene *s, const char *kind, char *name, size_t size)
{
    char path[400];
    (void)snprintf(path, sizeof path, "%s/store", s->whole);
    DIR *listing = opendir(path);
    assert_non_null(listing);
    name[0] = '\0';
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        if (strncmp(entry->d_name, kind, strlen(kind)) == 0)
            (void)snprintf(name, size, "%s", entry->d_name); /* as long as a name can be */
    }
    assert_int_equal(closedir(listing), 0);
    assert_string_not_equal(name, "");
}

/* Nothing in a store but the mark and artifacts with whole names. */
static void assert_sound_names(const char *out)
{
    char path[400];
    (void)snprintf(path, sizeof path, "%s/store", out);
    DIR *listing = opendir(path);
    for (struct dirent *entry = listing != NULL ? readdir(listing) : NULL; entry != NULL;
         entry = readdir(listing)) {
        const char *dash = strchr(entry->d_name, '-');
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, "coppice-store") == 0)
            continue;
        if (dash == NULL || strlen(dash + 1) != 32 || strspn(dash + 1, "0123456789abcdef") != 32)
            fail_msg("the store holds %s", entry->d_name);
    }
    if (listing != NULL)
        assert_int_equal(closedir(listing), 0);
}

/* Words that are only right where something is wrong with what the user has. */
static void assert_blames_nothing(const scene *s, const char *what)
{
    static const char *const words[] = {"damaged",       "unknown",     "left out",
                                        "starting over", "is not JSON", "set aside"};
    char *text = read_text(s->dir, "err");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strstr(text, words[i]) != NULL)
            fail_msg("%s: \"%s\" in %s", what, words[i], text);
    }
    free(text);
}

/* A refusal may be harmless; otherwise it is this status with its reason. */
static void check_refusal(const scene *s, const char *what, int status, int failed)
{
    char *text = read_text(s->dir, "err");
    if (status != 0 && (status != failed || (strstr(text, "out of memory") == NULL &&
                                             strstr(text, strerror(ENOMEM)) == NULL)))
        fail_msg("%s: exit status %d: %s", what, status, text);
    free(text);
    assert_blames_nothing(s, what);
}

/* Refuses one allocation after the other, `tries` of all that the command asks for. */
static void refuse_memory(const scene *s, int tries, const char *const *words)
{
    char line[64], what[128];
    int failed = strcmp(words[0], "diff") == 0 ? 2 : 1; /* 1 would say that something differs */
    assert_int_equal(run(s, "REFUSE_ALLOCATION=1000000000", words), 0);
    char *text = read_text(s->dir, "count.txt");
    long count = strtol(text, NULL, 10);
    free(text);
    assert_true(count > tries);
    for (int i = 0; i < tries; i++) {
        long at = count * i / tries;
        (void)snprintf(line, sizeof line, "REFUSE_ALLOCATION=%ld", at);
        (void)snprintf(what, sizeof what, "%s, allocation %ld of %ld", words[0], at, count);
        if (strcmp(words[0], "run") == 0)
            remove_tree(s->out);
        check_refusal(s, what, run(s, line, words), failed);
        if (strcmp(words[0], "run") != 0)
            continue;
        assert_sound_names(s->out);
        assert_int_equal(run(s, NULL, words), 0);
        assert_blames_nothing(s, "the next run");
        assert_same_tables(s->whole, s->out);
    }
}

static void memory_that_is_refused_is_said_by_check(void **state)
{
    const scene *s = *state;
    if (!can_refuse())
        skip();
    refuse_memory(s, 16, WORDS("check", s->config, "--out", s->whole, "--quiet"));
}

static void memory_that_is_refused_is_said_by_report(void **state)
{
    const scene *s = *state;
    if (!can_refuse())
        skip();
    refuse_memory(s, 10, WORDS("report", s->whole));
}

static void memory_that_is_refused_is_said_by_those_that_look(void **state)
{
    const scene *s = *state;
    char mask[64];
    if (!can_refuse())
        skip();
    find_artifact(s, "mask-", mask, sizeof mask);
    refuse_memory(s, 12, WORDS("status", s->whole, "--json"));
    refuse_memory(s, 12, WORDS("why", s->whole, mask, "--all"));
    refuse_memory(s, 12, WORDS("diff", s->whole, s->whole));
}

static void memory_that_is_refused_costs_a_run_nothing(void **state)
{
    const scene *s = *state;
    if (!can_refuse())
        skip();
    refuse_memory(s, 6, WORDS("run", s->config, "--out", s->out));
}

/* Every n-th allocation of all processes of the run. */
static void memory_that_is_refused_costs_several_processes_nothing(void **state)
{
    const scene *s = *state;
    char line[64];
    if (!can_refuse())
        skip();
    const char *const *words = WORDS("run", s->config, "--out", s->out, "--jobs", "2");
    for (long at = 300; at < 3000; at += 900) {
        remove_tree(s->out);
        (void)snprintf(line, sizeof line, "REFUSE_ALLOCATION=%ld", at);
        check_refusal(s, line, run(s, line, words), 1);
        assert_sound_names(s->out);
        assert_int_equal(run(s, NULL, words), 0);
        assert_blames_nothing(s, "the next run");
        assert_same_tables(s->whole, s->out);
    }
}

/* What a run makes, by what its path has in it, and whether it is refused room there from the
 * beginning or when it is written. */
static const char *const full_disks[] = {
    "REFUSE_MAKE=/results",       "REFUSE_MAKE=/studies",        "REFUSE_MAKE=/draft-train",
    "REFUSE_MAKE=.lease",         "REFUSE_MAKE=run.guard",       "REFUSE_WRITE=/coppice-store",
    "REFUSE_WRITE=/config.cfg",   "REFUSE_WRITE=/stages.json",   "REFUSE_WRITE=/study.json",
    "REFUSE_WRITE=.checkpoint.",  "REFUSE_WRITE=/state.",        "REFUSE_WRITE=/history.csv",
    "REFUSE_WRITE=/summary.json", "REFUSE_WRITE=/artifact.json", "REFUSE_WRITE=/mask.",
    "REFUSE_WRITE=/tables.json",  "REFUSE_WRITE=/tickets.csv",   "REFUSE_WRITE=/index.html"};

/* One line that names the path and the reason, nothing wrong in the store, and the same command
 * ends well once there is room. */
static void a_disk_without_room_ends_a_run_with_a_line(void **state)
{
    const scene *s = *state;
    if (!can_refuse())
        skip();
    assert_int_equal(setenv("COPPICE_SAVE_SECONDS", "0", 1), 0);
    for (size_t i = 0; i < sizeof full_disks / sizeof full_disks[0]; i++) {
        const char *jobs = i % 2 == 0 ? "1" : "2", *part = strchr(full_disks[i], '=') + 1;
        const char *const *words = WORDS("run", s->config, "--out", s->out, "--jobs", jobs);
        remove_tree(s->out);
        int status = run(s, full_disks[i], words);
        char *text = read_text(s->dir, "err");
        const char *end = strstr(text, "\ncoppice: ");
        end = end != NULL ? end + 1 : text;
        if (status != 1 || strncmp(end, "coppice: ", 9) != 0 ||
            strstr(end, strerror(ENOSPC)) == NULL || strstr(end, part) == NULL)
            fail_msg("%s, --jobs %s: exit status %d: %s", full_disks[i], jobs, status, text);
        free(text);
        assert_blames_nothing(s, full_disks[i]);
        assert_sound_names(s->out);
        assert_int_equal(run(s, NULL, words), 0);
        assert_blames_nothing(s, "the next run");
        assert_same_tables(s->whole, s->out);
    }
    assert_int_equal(unsetenv("COPPICE_SAVE_SECONDS"), 0);
}

/* A stage that fails by itself while its reason cannot be kept either. */
static void a_failure_without_room_for_its_reason_is_a_failure_of_the_run(void **state)
{
    const scene *s = *state;
    if (!can_refuse())
        skip();
    for (int jobs = 1; jobs <= 2; jobs++) {
        const char *const *words = WORDS("run", s->config, "--out", s->out, "--jobs",
                                         jobs == 1 ? "1" : "2", "--set", "train.lr=1e30");
        remove_tree(s->out);
        int status = run(s, "REFUSE_WRITE=.failed", words);
        char *text = read_text(s->dir, "err");
        if (status != 1 || strstr(text, strerror(ENOSPC)) == NULL ||
            strstr(text, ".failed") == NULL)
            fail_msg("exit status %d: %s", status, text);
        free(text);
    }
}

static void assert_fails_to_read(const scene *s, int status, const char *file)
{
    char *text = read_text(s->dir, "err");
    if (status != 1 || strstr(text, strerror(EIO)) == NULL || strstr(text, file) == NULL)
        fail_msg("exit status %d: %s", status, text);
    free(text);
    assert_blames_nothing(s, file);
}

static void a_checkpoint_that_the_disk_does_not_give_is_kept(void **state)
{
    const scene *s = *state;
    char name[256], file[320], path[700];
    cop_error err = {0};
    if (!can_refuse())
        skip();
    remove_tree(s->out);
    find_artifact(s, "train-", name, sizeof name);
    (void)snprintf(file, sizeof file, "work/%s.checkpoint.safetensors", name);
    (void)snprintf(path, sizeof path, "%s/work", s->out);
    assert_ok(cop_make_dirs(path, &err), &err);
    (void)snprintf(path, sizeof path, "%s/%s", s->out, file);
    assert_ok(cop_file_write(path, "precious", 8, &err), &err);
    const char *const *words = WORDS("run", s->config, "--out", s->out);
    int status = run(s, "REFUSE_READ=.checkpoint.safetensors", words);
    assert_fails_to_read(s, status, file);
    char *text = read_text(s->dir, "err");
    assert_non_null(strstr(text, "to start this stage over, delete the file"));
    free(text);
    text = read_text(s->out, file);
    assert_string_equal(text, "precious");
    free(text);
    assert_int_equal(run(s, NULL, words), 0); /* now it reads, and is no checkpoint */
    text = read_text(s->dir, "err");
    assert_non_null(strstr(text, "starting over, checkpoint "));
    free(text);
    assert_same_tables(s->whole, s->out);
}

static void an_artifact_that_the_disk_does_not_give_is_kept(void **state)
{
    const scene *s = *state;
    static const char *const files[] = {"artifact.json", "summary.json", "state.safetensors"};
    char name[256], path[700];
    if (!can_refuse())
        skip();
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "REFUSE_READ=%s", files[i]);
        find_artifact(s, "analyze-", name, sizeof name);
        (void)snprintf(path, sizeof path, "%s/store/%s", s->whole, name);
        remove_tree(path); /* so that it is computed again, from the others */
        const char *const *words = WORDS("run", s->config, "--out", s->whole);
        assert_fails_to_read(s, run(s, line, words), files[i]);
        assert_int_equal(run(s, NULL, words), 0);
        assert_blames_nothing(s, files[i]);
        assert_sound_names(s->whole);
    }
}

static void a_report_is_not_made_of_what_the_disk_does_not_give(void **state)
{
    const scene *s = *state;
    static const char *const files[] = {"study.json", "artifact.json", "history.csv",
                                        "tables.json"};
    if (!can_refuse())
        skip();
    char *before = read_text(s->whole, "studies/t/report/tickets.csv");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "REFUSE_READ=%s", files[i]);
        assert_fails_to_read(s, run(s, line, WORDS("report", s->whole)), files[i]);
        char *behind = read_text(s->whole, "studies/t/report/tickets.csv");
        assert_string_equal(before, behind);
        free(behind);
    }
    free(before);
}

static void nothing_is_said_of_a_study_that_the_disk_does_not_give(void **state)
{
    const scene *s = *state;
    static const char *const files[] = {"study.json", "stages.json", "artifact.json"};
    if (!can_refuse())
        skip();
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "REFUSE_READ=%s", files[i]);
        assert_fails_to_read(s, run(s, line, WORDS("status", s->whole)), files[i]);
        char *out = read_text(s->dir, "out");
        assert_string_equal(out, "");
        free(out);
    }
}

static void a_config_that_the_disk_does_not_give_is_a_failure_and_not_wrong(void **state)
{
    const scene *s = *state;
    if (!can_refuse())
        skip();
    assert_fails_to_read(s, run(s, "REFUSE_READ=/t.cfg", WORDS("check", s->config)), "/t.cfg");
}

/* Neither is it an unknown plugin, nor does another of its id stand in for it. */
static void a_plugin_that_the_disk_does_not_give_is_a_failure(void **state)
{
    const scene *s = *state;
    char dir[300], path[400];
    cop_error err = {0};
    if (!can_refuse())
        skip();
    assert_fails_to_read(s, run(s, "REFUSE_READ=/pruner-imp.so", WORDS("check", s->config)),
                         "/pruner-imp.so");
    assert_fails_to_read(s, run(s, "REFUSE_READ=/pruner-imp.so", WORDS("inspect", "imp")),
                         "/pruner-imp.so");
    (void)snprintf(dir, sizeof dir, "%s/mine", s->dir);
    assert_int_equal(mkdir(dir, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/imp.so", dir);
    assert_ok(cop_file_write(path, "x", 1, &err), &err);
    assert_fails_to_read(
        s, run(s, "REFUSE_READ=/imp.so", WORDS("check", s->config, "--plugin-dir", dir)), path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_that_is_refused_is_said_by_check),
        cmocka_unit_test(memory_that_is_refused_is_said_by_report),
        cmocka_unit_test(memory_that_is_refused_is_said_by_those_that_look),
        cmocka_unit_test(memory_that_is_refused_costs_a_run_nothing),
        cmocka_unit_test(memory_that_is_refused_costs_several_processes_nothing),
        cmocka_unit_test(a_disk_without_room_ends_a_run_with_a_line),
        cmocka_unit_test(a_failure_without_room_for_its_reason_is_a_failure_of_the_run),
        cmocka_unit_test(a_checkpoint_that_the_disk_does_not_give_is_kept),
        cmocka_unit_test(an_artifact_that_the_disk_does_not_give_is_kept),
        cmocka_unit_test(a_report_is_not_made_of_what_the_disk_does_not_give),
        cmocka_unit_test(nothing_is_said_of_a_study_that_the_disk_does_not_give),
        cmocka_unit_test(a_plugin_that_the_disk_does_not_give_is_a_failure),
        cmocka_unit_test(a_config_that_the_disk_does_not_give_is_a_failure_and_not_wrong),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
